//! Ending, holding and releasing one certificate (失効, 一時保留, 一時保留解除).

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::revocation;
use crate::law::revocation::Act;
use crate::law::revocation::Since;
use crate::law::revocation::Standing;
use crate::policy::Policy;
use crate::profile::Subject;
use crate::seal::Intent;
use crate::store::Behind;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::outcome::Refused;
use super::recover::resolve;
use super::rule::Rule;

/// An act on one certificate.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRequest {
    /// The authority.
    pub ca: CaName,
    /// The number.
    pub serial: Serial,
    /// What to do.
    pub act: Act,
    /// Whether only to say what would happen.
    pub dry_run: bool,
}

/// What an act did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The certificate, as it was.
    pub before: CertificateRecord,
    /// Its state now.
    pub after: State,
}

impl Authority {
    /// Does an act on one certificate.
    ///
    /// # Errors
    /// When the store fails; a refusal by rule is the inner error.
    pub fn change(
        &self,
        request: &ChangeRequest,
    ) -> Result<Result<Change, Refused>, AuthorityError> {
        let body = |tx: &mut Tx<'_>| match self.judge_change(tx, request)? {
            Err(refused) => Ok(Err(refused)),
            Ok((before, outcome)) => {
                let after = apply(tx, &before, outcome)?;
                Ok::<_, AuthorityError>(Ok(Change { before, after }))
            }
        };
        if request.dry_run {
            self.store.rehearse(self.now(), |tx| {
                resolve(tx)?;
                body(tx)
            })
        } else {
            self.store.tx(self.now(), body)
        }
    }

    fn judge_change(
        &self,
        tx: &mut Tx<'_>,
        request: &ChangeRequest,
    ) -> Result<Result<(CertificateRecord, revocation::Outcome), Refused>, StoreError> {
        let Some(record) = tx.certificate(request.ca, request.serial)? else {
            return Ok(Err(missing(tx, request.ca, request.serial)?.into()));
        };
        let (kind, carrier) = match record.subject {
            Subject::Authority | Subject::Link(_) => {
                return Ok(Err(Rule::AuthorityItself.into()));
            }
            Subject::Service(_) => return Ok(Err(Rule::ServiceItself.into())),
            Subject::Holder(kind, carrier, _) => (kind, carrier),
        };
        let standing = match record.state {
            State::Intended => return Ok(Err(Rule::IssuePending.into())),
            State::Revoked(..) if record.issued_at.is_none() => {
                return Ok(Err(Rule::Void.into()));
            }
            State::Expired => return Ok(Err(Rule::AlreadyExpired.into())),
            State::Live => Standing::Live,
            State::Held(_) => Standing::Held,
            State::Revoked(..) => Standing::Revoked,
        };
        if record.not_after < tx.at() {
            return Ok(Err(Rule::AlreadyExpired.into()));
        }
        Ok(revocation::judge(kind, carrier, standing, request.act, &self.policy)
            .map(|outcome| (record, outcome))
            .map_err(Refused::from))
    }
}

/// Ends a certificate because another takes its place; what has ended already is left alone.
pub(super) fn supersede(
    tx: &mut Tx<'_>,
    intent: Intent,
    policy: &Policy,
) -> Result<(), StoreError> {
    let record = tx.at_intent(intent)?;
    let standing = match record.recorded {
        State::Live => Standing::Live,
        State::Held(_) => Standing::Held,
        State::Intended | State::Revoked(..) | State::Expired => return Ok(()),
    };
    if record.not_after < tx.at() {
        return tx.expire(&record);
    }
    // Under a compromised key it has ended already, which it now says itself: lists and answers agree.
    if let State::Revoked(since, reason) = record.state {
        tx.revoke(&record, reason, since)?;
        let ground = revocation::ground(record.ca.kind(), reason);
        return tx.put_cause(record.intent, BY_COMPROMISE, ground, Behind::default());
    }
    let Subject::Holder(kind, carrier, _) = record.subject else {
        return Ok(());
    };
    let act = Act::Revoke(Reason::Superseded);
    match revocation::judge(kind, carrier, standing, act, policy) {
        Ok(outcome) => apply(tx, &record, outcome).map(drop),
        // No rule keeps a live or held certificate from being superseded.
        Err(_) => Err(StoreError::Changed),
    }
}

fn apply(
    tx: &mut Tx<'_>,
    record: &CertificateRecord,
    outcome: revocation::Outcome,
) -> Result<State, StoreError> {
    let kind = record.ca.kind();
    let (state, reason) = match outcome {
        revocation::Outcome::Revoked { reason, since } => {
            let since = beginning(record, since, tx.at());
            tx.revoke(record, reason, since)?;
            (State::Revoked(since, reason), reason)
        }
        revocation::Outcome::Held => {
            tx.hold(record)?;
            (State::Held(tx.at()), Reason::CertificateHold)
        }
        revocation::Outcome::Released => {
            tx.release(record)?;
            (State::Live, Reason::CertificateHold)
        }
    };
    tx.put_cause(record.intent, BY_COMMAND, revocation::ground(kind, reason), Behind::default())?;
    Ok(state)
}

/// Since when a revocation counts: a hold that ends in one keeps its date.
fn beginning(record: &CertificateRecord, since: Since, now: Timestamp) -> Timestamp {
    match (since, record.state) {
        (Since::Hold, State::Held(held)) => held,
        _ => now,
    }
}

/// What stands in place of a change of the register when a command did it.
const BY_COMMAND: &str = "command";

/// The same where the key that issued a certificate is compromised.
pub(super) const BY_COMPROMISE: &str = "ca-compromise";

/// Gives an intended certificate up, and records why.
pub(super) fn void(tx: &mut Tx<'_>, record: &CertificateRecord) -> Result<(), StoreError> {
    tx.void(record)?;
    tx.put_cause(record.intent, BY_COMMAND, revocation::Article::DISCARDED, Behind::default())
}

/// Why there is no record of a number.
pub(super) fn missing(tx: &mut Tx<'_>, ca: CaName, serial: Serial) -> Result<Rule, StoreError> {
    Ok(if tx.was_drawn(ca, serial)? { Rule::Erased } else { Rule::Unknown })
}
