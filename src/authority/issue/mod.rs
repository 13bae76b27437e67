//! Issuing (発行): plan and record, sign, complete.
//!
//! A group of requests shares two transactions. The first judges each request against the store,
//! numbers it and records the intent; then the keys sign what was recorded; the second puts the
//! certificates in force and ends those that they replace. Nothing leaves before the second commit.

mod decide;
#[cfg(all(feature = "pkcs11", feature = "sqlite"))]
#[cfg(test)]
mod device;

use std::collections::BTreeSet;

use crate::clock::Date;
use crate::credential::CaName;
use crate::credential::Kind;
use crate::law::validity::End;
use crate::lint;
use crate::lint::SoundKey;
use crate::profile::Attested;
use crate::profile::Grant;
use crate::profile::Issuer;
use crate::profile::TbsCertificate;
use crate::profile::signature_certificate;
use crate::profile::user_authentication_certificate;
use crate::seal::Intent;
use crate::seal::Recorded;
use crate::seal::SealError;
use crate::seal::Sealed;
use crate::seal::seal;
use crate::store::CertificateRecord;
use crate::store::Intention;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::KeyGeneration;
use super::change::supersede;
use super::change::void;
use super::generation::Issuing;
use super::outcome::Issued;
use super::outcome::Outcome;
use super::outcome::Refused;
use super::outcome::Status;
use super::recover::resolve;
use super::request::IssueRequest;
use super::request::RequestId;
use super::rule::Rule;

use decide::Denied;
use decide::Granted;

impl Authority {
    /// Issues to one request.
    ///
    /// # Errors
    /// When the store or a key fails; a refusal by rule is in the outcome.
    pub fn issue(&self, request: &IssueRequest) -> Result<Outcome, AuthorityError> {
        let mut outcomes = self.issue_all(std::slice::from_ref(request))?;
        outcomes.pop().ok_or(AuthorityError::Internal("a request without an outcome"))
    }

    /// Issues to many requests, an outcome for each in their order; one request's refusal does not
    /// touch the others. Larger groups cost fewer syncs to disk.
    ///
    /// # Errors
    /// When the store or a key fails, or an authority was rolled over since it was opened here. What
    /// was not completed then is void, and may be asked again under the same request id.
    pub fn issue_all(&self, requests: &[IssueRequest]) -> Result<Vec<Outcome>, AuthorityError> {
        let mut outcomes = Vec::with_capacity(requests.len());
        for group in independent(requests) {
            outcomes.extend(self.issue_group(group)?);
        }
        Ok(outcomes)
    }

    /// What [`Authority::issue`] would do, without doing it: nothing is signed or kept.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rehearse_issue(&self, request: &IssueRequest) -> Result<Outcome, AuthorityError> {
        let now = self.now();
        let keys = sound_keys(request);
        let (plan, planned) = self.store.rehearse(now, |tx| {
            resolve(tx)?;
            let mut planned = Vec::new();
            let issuing = self.issuing(tx)?;
            let plan = self.plan(tx, &issuing, request, keys, &mut planned)?;
            Ok::<_, AuthorityError>((plan, planned))
        })?;
        let result = match plan {
            Plan::Refused(refused) => Err(refused),
            Plan::Existing(issued) => Ok((Status::Existing, issued)),
            Plan::Intended { .. } => Ok((Status::Issued, planned)),
        };
        Ok(Outcome { request_id: request.id.as_str().to_owned(), result })
    }

    /// The outcome of an earlier request with this id, if there was one: certificates issued to
    /// it, or the conflict when it asked for something else.
    ///
    /// # Errors
    /// When the store fails.
    pub fn find(&self, request: &IssueRequest) -> Result<Option<Outcome>, AuthorityError> {
        let found = self.store.tx(self.now(), |tx| self.earlier(tx, request))?;
        let result = match found {
            Some(Plan::Existing(issued)) => Ok((Status::Existing, issued)),
            Some(Plan::Refused(refused)) => Err(refused),
            Some(Plan::Intended { .. }) | None => return Ok(None),
        };
        Ok(Some(Outcome { request_id: request.id.as_str().to_owned(), result }))
    }

    /// The certificates that were issued to the request with this id, whatever it asked.
    ///
    /// # Errors
    /// When the store fails.
    pub fn served(&self, id: &RequestId) -> Result<Option<Outcome>, AuthorityError> {
        let found = self.store.tx(self.now(), |tx| {
            let Some(earlier) = tx.request(id.as_str())? else { return Ok(None) };
            let mut issued = Vec::new();
            for record in earlier.certificates.iter().filter(|one| one.issued_at.is_some()) {
                let der = self.der(tx, record)?.unwrap_or_default();
                issued.push(hand_over(record, der));
            }
            Ok::<_, AuthorityError>(Some(issued).filter(|issued| !issued.is_empty()))
        })?;
        let outcome = |issued| Outcome::new(id.as_str().to_owned(), Ok((Status::Existing, issued)));
        Ok(found.map(outcome))
    }

    fn issue_group(&self, requests: &[IssueRequest]) -> Result<Vec<Outcome>, AuthorityError> {
        let now = self.now();
        // What needs no store is judged before the transaction.
        let keys: Vec<_> = requests.iter().map(sound_keys).collect();
        let (plans, recorded) = self.store.record(now, |tx| {
            // By what the store says now: a generation may have been relieved, or compromised.
            let issuing = self.issuing(tx)?;
            for ca in CaName::ALL {
                if let Ok(KeyGeneration { issuer, signer: None, .. }) = issuing.of(ca) {
                    return Err(AuthorityError::NoKey { ca, generation: issuer.generation });
                }
            }
            requests
                .iter()
                .zip(keys)
                .map(|(request, keys)| {
                    let plan = self.plan(tx, &issuing, request, keys, &mut Vec::new())?;
                    if let Plan::Refused(refused) = &plan {
                        tx.refuse(request.id.as_str(), refused.rule)?;
                    }
                    Ok(plan)
                })
                .collect::<Result<Vec<_>, AuthorityError>>()
        })?;

        let mut sealed = recorded.into_iter().map(|recorded| self.seal_one(recorded));
        let mut works = Vec::with_capacity(plans.len());
        for plan in plans {
            works.push(match plan {
                Plan::Refused(refused) => Work::Done(Err(refused)),
                Plan::Existing(issued) => Work::Done(Ok((Status::Existing, issued))),
                Plan::Intended { intents, replaced } => {
                    Work::Sealed { sealed: sealed.by_ref().take(intents).collect(), replaced }
                }
            });
        }

        let intents: Vec<Intent> = works.iter().flat_map(Work::intents).collect();
        let results = self.store.tx(now, |tx| {
            works.into_iter().map(|work| self.complete(tx, work)).collect::<Result<Vec<_>, _>>()
        });
        let results = results.inspect_err(|_| self.give_up(&intents))?;
        Ok(requests
            .iter()
            .zip(results)
            .map(|(request, result)| Outcome { request_id: request.id.as_str().to_owned(), result })
            .collect())
    }

    /// Voids what could not be completed. Where the store does not take that either, the next start
    /// does it.
    pub(super) fn give_up(&self, intents: &[Intent]) {
        for intent in intents {
            let _voided = self.store.tx(self.now(), |tx| {
                let record = tx.at_intent(*intent)?;
                if record.state == State::Intended {
                    void(tx, &record)?;
                }
                Ok::<_, StoreError>(())
            });
        }
    }

    fn seal_one(
        &self,
        recorded: Recorded<TbsCertificate>,
    ) -> Result<Sealed<TbsCertificate>, SealError> {
        let (ca, generation) = recorded.tbs().issuer();
        let key = self.generation(ca, generation).ok().and_then(|key| key.signer.as_deref());
        match key {
            Some(signer) => seal(recorded, signer),
            None => Err(SealError::without_key(recorded.intent())),
        }
    }

    /// Judges a request and records its intents; what they will be goes to `planned`.
    fn plan(
        &self,
        tx: &mut Tx<'_>,
        issuing: &Issuing<'_>,
        request: &IssueRequest,
        keys: Result<SoundKeys<'_>, Refused>,
        planned: &mut Vec<Issued>,
    ) -> Result<Plan, AuthorityError> {
        if let Some(earlier) = self.earlier(tx, request)? {
            return Ok(earlier);
        }
        let keys = match keys {
            Ok(keys) => keys,
            Err(fault) => return Ok(Plan::Refused(fault)),
        };
        let situation = match self.meet(tx, request)? {
            Ok(situation) => situation,
            Err(refused) => return Ok(Plan::Refused(refused)),
        };
        let granted = match self.judge(tx, issuing, request, &situation) {
            Ok(granted) => granted,
            Err(Denied::Refused(refused)) => return Ok(Plan::Refused(refused)),
            Err(Denied::Failed(error)) => return Err(error),
        };
        let mut intents = Vec::new();
        let mut replaced = Vec::new();
        for Granted { kind, end, issuer } in granted {
            let key = keys.iter().find(|(other, _)| *other == kind);
            let (_, key) =
                key.ok_or(AuthorityError::Internal("a granted request without a key"))?;
            let tbs = self.write(tx, issuer, request, kind, *key, end.date)?;
            planned.push(announce(&tbs, kind, end));
            let authority = lint::Authority { realm: &self.realm, issuer: Some(issuer) };
            let checked = lint::check_with_key(tbs, &authority, *key)?;
            let intention = Intention {
                person: Some(&request.resident.person),
                request: request.id.as_str(),
                clause: Some(end.clause),
            };
            intents.push(tx.intend(checked, &intention)?);
            replaced.extend(situation.on(kind, request.carrier).cloned());
        }
        tx.put_request(request.id.as_str(), &request.content, &intents)?;
        Ok(Plan::Intended { intents: intents.len(), replaced })
    }

    /// What the request led to before: none when it is new, or all that it led to is void.
    fn earlier(
        &self,
        tx: &mut Tx<'_>,
        request: &IssueRequest,
    ) -> Result<Option<Plan>, AuthorityError> {
        let Some(earlier) = tx.request(request.id.as_str())? else {
            return Ok(None);
        };
        let pending = |record: &CertificateRecord| record.state == State::Intended;
        if earlier.certificates.iter().all(|r| r.issued_at.is_none() && !pending(r)) {
            return Ok(None);
        }
        if earlier.content != request.content {
            return Ok(Some(Plan::Refused(Rule::RequestConflict.into())));
        }
        if earlier.certificates.iter().any(pending) {
            return Ok(Some(Plan::Refused(Rule::RequestPending.into())));
        }
        let mut issued = Vec::new();
        for record in &earlier.certificates {
            let der = self.der(tx, record)?.unwrap_or_default();
            issued.push(hand_over(record, der));
        }
        Ok(Some(Plan::Existing(issued)))
    }

    fn write(
        &self,
        tx: &mut Tx<'_>,
        issuer: &Issuer,
        request: &IssueRequest,
        kind: Kind,
        key: SoundKey<'_>,
        end: Date,
    ) -> Result<TbsCertificate, AuthorityError> {
        let resident = &request.resident;
        let grant = Grant {
            realm: &self.realm,
            issuer,
            serial: tx.draw_serial(kind.ca())?,
            carrier: request.carrier,
            municipality: resident.municipality,
            key: key.get(),
            requested_at: resident.applied_at.unwrap_or(tx.at()),
            not_before: tx.at(),
            end,
        };
        Ok(match kind {
            Kind::UserAuthentication => user_authentication_certificate(&grant),
            Kind::Signature => {
                let birth_date =
                    self.policy.encoded_birth_date(resident.four.birth_date, resident.residence);
                let attested = Attested {
                    four: &resident.four,
                    former_surname: resident.former_surname.as_ref(),
                    alias: resident.alias.as_ref(),
                    birth_date: &birth_date,
                };
                signature_certificate(&grant, &attested)
            }
        })
    }

    /// Puts a request's certificates in force, all or none, and ends those that they replace.
    fn complete(
        &self,
        tx: &mut Tx<'_>,
        work: Work,
    ) -> Result<Result<(Status, Vec<Issued>), Refused>, AuthorityError> {
        let (sealed, replaced) = match work {
            Work::Done(result) => return Ok(result),
            Work::Sealed { sealed, replaced } => (sealed, replaced),
        };
        let mut standing = Vec::with_capacity(sealed.len());
        let mut is_compromised = false;
        for sealed in &sealed {
            let record = tx.at_intent(intent_of(sealed))?;
            is_compromised |= tx.compromised_since(record.ca, record.generation)?.is_some();
            if record.state == State::Intended {
                standing.push(record);
            }
        }
        let failure = sealed.iter().find_map(|sealed| sealed.as_ref().err());
        let refused = if let Some(SealError { cause, .. }) = failure {
            Some(Refused { cause: cause.of_key(), ..Rule::KeyFailed.into() })
        } else if is_compromised {
            // Recorded while the key signed: what it signed is given to nobody.
            Some(Rule::CaCompromised.into())
        } else {
            (standing.len() < sealed.len()).then(|| Rule::IssueInterrupted.into())
        };
        if let Some(refused) = refused {
            for record in standing {
                void(tx, &record)?;
            }
            return Ok(Err(refused));
        }
        for record in replaced {
            supersede(tx, record.intent, &self.policy)?;
        }
        let mut issued = Vec::with_capacity(sealed.len());
        for (record, sealed) in standing.iter().zip(sealed.into_iter().flatten()) {
            tx.complete(record, &sealed)?;
            issued.push(hand_over(record, sealed.to_der()));
        }
        Ok(Ok((Status::Issued, issued)))
    }
}

/// What a request comes to before anything is signed.
enum Plan {
    /// A rule refuses it.
    Refused(Refused),
    /// It was served before.
    Existing(Vec<Issued>),
    /// So many intents were recorded for it; these certificates it replaces.
    Intended { intents: usize, replaced: Vec<CertificateRecord> },
}

/// What is left to do for a request after signing.
enum Work {
    Done(Result<(Status, Vec<Issued>), Refused>),
    Sealed {
        sealed: Vec<Result<Sealed<TbsCertificate>, SealError>>,
        replaced: Vec<CertificateRecord>,
    },
}

impl Work {
    /// The intents that are to be completed.
    fn intents(&self) -> Vec<Intent> {
        match self {
            Self::Done(_) => Vec::new(),
            Self::Sealed { sealed, .. } => sealed.iter().map(intent_of).collect(),
        }
    }
}

fn intent_of(sealed: &Result<Sealed<TbsCertificate>, SealError>) -> Intent {
    sealed.as_ref().map_or_else(|error| error.intent, Sealed::intent)
}

/// Cuts requests into runs within which no person and no request id comes twice: within a run the
/// first transaction would see the one's intent and not yet its certificate.
fn independent(requests: &[IssueRequest]) -> Vec<&[IssueRequest]> {
    let mut runs = Vec::new();
    let mut start = 0;
    let (mut people, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (position, request) in requests.iter().enumerate() {
        let fresh = people.insert(&request.resident.person) & ids.insert(request.id.as_str());
        if !fresh {
            runs.extend(requests.get(start..position));
            start = position;
            people = BTreeSet::from([&request.resident.person]);
            ids = BTreeSet::from([request.id.as_str()]);
        }
    }
    runs.extend(requests.get(start..));
    runs
}

/// A request's keys, each judged, which needs no store; the first that is weak refuses all.
fn sound_keys(request: &IssueRequest) -> Result<SoundKeys<'_>, Refused> {
    request.keys.iter().map(|(kind, key)| Ok((*kind, lint::key(key)?))).collect()
}

type SoundKeys<'a> = Vec<(Kind, SoundKey<'a>)>;

/// A certificate as a dry run announces it.
fn announce(tbs: &TbsCertificate, kind: Kind, end: End) -> Issued {
    let (ca, generation) = tbs.issuer();
    Issued {
        kind,
        ca,
        generation,
        serial: tbs.serial(),
        not_before: tbs.not_before(),
        not_after: tbs.not_after(),
        clause: Some(end.clause),
        partition: tbs.subject().partition(),
        der: Vec::new(),
    }
}

/// A certificate as it is handed over.
fn hand_over(record: &CertificateRecord, der: Vec<u8>) -> Issued {
    Issued {
        kind: record.ca.kind(),
        ca: record.ca,
        generation: record.generation,
        serial: record.serial,
        not_before: record.not_before,
        not_after: record.not_after,
        clause: record.clause,
        partition: record.subject.partition(),
        der,
    }
}
