//! The new signature certificate of whoever reports a change at the counter, in the same visit
//! (転入・氏名変更等と同時の発行).
//!
//! That it is owed is committed with the event, so that a process that dies before it has issued
//! leaves a note: whoever gives the event again finishes the visit.

use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::law::revocation;
use crate::profile::Subject;
use crate::register::Change;
use crate::register::Person;
use crate::register::Record;
use crate::register::Status;
use crate::register::Timer;
use crate::register::Transition;
use crate::store::CertificateRecord;
use crate::store::EventKey;
use crate::store::StoreError;
use crate::store::Tx;

use crate::authority::Authority;
use crate::authority::AuthorityError;

use super::outcome::Touched;

impl Authority {
    /// To whom a new signature certificate is owed since this event, until it is issued or has
    /// become pointless.
    ///
    /// # Errors
    /// When the store fails.
    pub fn owed(&self, source: &str, id: &str) -> Result<Option<Person>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let row = tx.event(source, id)?.filter(|row| row.reissue);
            // The line was checked when it was applied; it is erased long after the visit.
            let form = row.and_then(|row| row.form());
            Ok(form.and_then(|form| Person::new(&form.person).ok()))
        })
    }

    /// The visit is over: the certificate was handed over, or cannot be had.
    ///
    /// # Errors
    /// When the store fails.
    pub fn reissued(&self, source: &str, id: &str) -> Result<(), AuthorityError> {
        self.store.tx(self.now(), |tx| {
            if let Some(row) = tx.event(source, id)? {
                tx.owe_reissue(row.key, false)?;
            }
            Ok(())
        })
    }
}

/// The move-out that an event completes: the one notified, or the one since which a move-in is
/// awaited.
pub(super) fn move_out(
    tx: &mut Tx<'_>,
    step: &Transition,
) -> Result<Option<EventKey>, AuthorityError> {
    let before = match step.lapses.last() {
        Some(lapse) => Some(lapse.record.clone()),
        None => tx.resident(step.record.person())?,
    };
    let Some(before) = before else { return Ok(None) };
    let left = matches!(before.status(), Status::MovedOut { .. });
    if !left || step.record.status() != Status::Registered {
        return Ok(None);
    }
    let mut awaited = before.deadlines().iter();
    let Some(awaited) = awaited.find(|deadline| deadline.rule == Timer::MoveInFiling) else {
        return Ok(None);
    };
    // A move that does not take place changes nothing that a certificate would state anew.
    if step.changes.contains(&Change::MoveOutCancelled) {
        return Ok(None);
    }
    Ok(tx.event(awaited.by.source(), awaited.by.id().as_str())?.map(|row| row.key))
}

/// Whether an event calls for a new signature certificate on the card: it ended one because what it
/// states changed, or completes the move that did, and nothing else stands in the way. Whoever lost
/// both has to apply for both.
pub(super) fn is_called_for(
    tx: &mut Tx<'_>,
    record: &Record,
    own: &[Touched],
    move_out: Option<EventKey>,
) -> Result<bool, StoreError> {
    let on_card = |touched: &&Touched| touched.carrier == Carrier::Card;
    let revoked = |ca: CaName| {
        let mut ended = own.iter().filter(on_card);
        ended.find(|touched| touched.ca == ca && touched.effect == "revoke")
    };
    if record.may_hold(Kind::Signature).is_err() || revoked(CaName::UserAuthentication).is_some() {
        return Ok(false);
    }
    let is_signature = |certificate: &CertificateRecord| {
        matches!(certificate.subject, Subject::Holder(Kind::Signature, Carrier::Card, _))
    };
    let called = match (revoked(CaName::Signature), move_out) {
        (Some(touched), _) => revocation::calls_for_another(&touched.change),
        (None, Some(event)) => {
            let moved = [Change::MovedOut, Change::MoveOutNotified].map(Change::as_str);
            let ended = tx.changed_by(event)?;
            ended.iter().any(|(one, change)| is_signature(one) && moved.contains(&change.as_str()))
        }
        (None, None) => false,
    };
    // One under a compromised key is waiting for another, whatever the event says.
    Ok(called && !tx.current(record.person())?.iter().any(is_signature))
}
