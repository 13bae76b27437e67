//! Following the register: events in, exactly the right certificates ended, once (promise 8).
//!
//! Each event is one step: its record, the certificates that it ends and the audit entries are
//! committed together; events that arrive together share a commit. Per source they are taken
//! strictly in sequence. A refused event uses up its number and changes nothing; one whose
//! predecessor is missing waits in the store until that arrives.

mod outcome;
mod reissue;
mod resend;
mod sequence;

use std::collections::BTreeSet;

use crate::asn1::hex;
use crate::asn1::sha256;
use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::holder::Fault;
use crate::holder::Item;
use crate::law::revocation;
use crate::law::revocation::Certificate;
use crate::law::revocation::Effect;
use crate::law::revocation::Standing;
use crate::policy::FeedSignatures;
use crate::policy::InvalidityDate;
use crate::profile::Subject;
use crate::register::Cause;
use crate::register::Change;
use crate::register::Event;
use crate::register::EventForm;
use crate::register::FormError;
use crate::register::MAX_EVENT;
use crate::register::Refusals;
use crate::register::Rule;
use crate::register::Source;
use crate::register::Target;
use crate::register::Transition;
use crate::register::transition;
use crate::store::Arrival;
use crate::store::Behind;
use crate::store::CertificateRecord;
use crate::store::Deferred;
use crate::store::Due;
use crate::store::EventKey;
use crate::store::EventRow;
use crate::store::EventState;
use crate::store::SourceRow;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;
use crate::store::Voucher;

use super::Authority;
use super::AuthorityError;

use outcome::NOBODY;
use sequence::Feed;
use sequence::Feeds;

pub use outcome::EventOutcome;
pub use outcome::Fate;
pub use outcome::Finding;
pub use outcome::Touched;
pub use resend::Correction;

impl Authority {
    /// Takes the lines of a feed, in one commit; the outcomes come in order, those of events that
    /// had waited right behind the one that they waited for.
    ///
    /// # Errors
    /// When the store fails; nothing has changed then, and the lines can be given again.
    pub fn ingest(&self, lines: &[Vec<u8>]) -> Result<Vec<EventOutcome>, AuthorityError> {
        self.store.tx(self.now(), |tx| self.take_all(tx, lines, Visit::Event, None))
    }

    /// Like [`Authority::ingest`], from somebody who sends for these sources only: another source's
    /// line is refused and nothing of it is kept, so that nobody fills another's list.
    ///
    /// # Errors
    /// As for [`Authority::ingest`].
    pub fn ingest_from(
        &self,
        lines: &[Vec<u8>],
        sources: &BTreeSet<Source>,
    ) -> Result<Vec<EventOutcome>, AuthorityError> {
        self.store.tx(self.now(), |tx| self.take_all(tx, lines, Visit::Event, Some(sources)))
    }

    /// Like [`Authority::ingest`], in one visit with the new certificate: each event that ended a
    /// signature certificate because what it states changed, or that completes the move which did, is
    /// noted as owing the holder another, until [`Authority::reissued`].
    ///
    /// # Errors
    /// As for [`Authority::ingest`].
    pub fn ingest_to_reissue(
        &self,
        lines: &[Vec<u8>],
    ) -> Result<Vec<EventOutcome>, AuthorityError> {
        self.store.tx(self.now(), |tx| self.take_all(tx, lines, Visit::Reissue, None))
    }

    /// What [`Authority::ingest`] would do, without doing it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rehearse_ingest(&self, lines: &[Vec<u8>]) -> Result<Vec<EventOutcome>, AuthorityError> {
        self.store.rehearse(self.now(), |tx| self.take_all(tx, lines, Visit::Event, None))
    }

    /// What [`Authority::ingest_to_reissue`] would do, without doing it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rehearse_ingest_to_reissue(
        &self,
        lines: &[Vec<u8>],
    ) -> Result<Vec<EventOutcome>, AuthorityError> {
        self.store.rehearse(self.now(), |tx| self.take_all(tx, lines, Visit::Reissue, None))
    }

    fn take_all(
        &self,
        tx: &mut Tx<'_>,
        lines: &[Vec<u8>],
        visit: Visit,
        sources: Option<&BTreeSet<Source>>,
    ) -> Result<Vec<EventOutcome>, AuthorityError> {
        let mut outcomes = Vec::with_capacity(lines.len());
        let mut feeds = Feeds::default();
        for line in lines {
            self.take(tx, &mut feeds, line, visit, sources, &mut outcomes)?;
        }
        feeds.put(tx)?;
        Ok(outcomes)
    }

    /// Takes one line: the outcome of its event, and of those that waited for it.
    fn take(
        &self,
        tx: &mut Tx<'_>,
        feeds: &mut Feeds,
        line: &[u8],
        visit: Visit,
        sources: Option<&BTreeSet<Source>>,
        outcomes: &mut Vec<EventOutcome>,
    ) -> Result<(), AuthorityError> {
        let form = match EventForm::read(line) {
            Ok(form) => form,
            Err(error) => {
                outcomes.push(unreadable(tx, line, &error)?);
                return Ok(());
            }
        };
        // An event under a name that is no source has no sequence to stand in.
        let known = form.source.parse::<Source>();
        let source = if known.is_ok() { form.source.as_str() } else { NOBODY };
        let may_send = |source| sources.is_none_or(|sources| sources.contains(source));
        if sources.is_some() && !known.as_ref().is_ok_and(may_send) {
            let (source, seq, id) = (source.to_owned(), form.seq, form.id);
            let fate = refused_fate(&Rule::Sender.into());
            outcomes.push(EventOutcome { source, seq, id, fate });
            return Ok(());
        }
        let mut arrival = Arrival {
            source,
            sequence: None,
            id: &form.id,
            line,
            vouched: Voucher::Nobody,
            resend_of: None,
            recorded_at: form.recorded_at.parse().ok(),
        };
        let outcome = |fate| EventOutcome {
            source: source.to_owned(),
            seq: form.seq,
            id: form.id.clone(),
            fate,
        };
        if let Some(earlier) = tx.event(source, &form.id)? {
            let same = earlier.line == line || earlier.form().as_ref() == Some(&form);
            outcomes.push(if same {
                outcome(Fate::Duplicate)
            } else {
                turn_away(tx, &arrival, &Rule::EventConflict.into())?
            });
            return Ok(());
        }
        if let Err(fault) = known {
            outcomes.push(turn_away(tx, &arrival, &fault.into())?);
            return Ok(());
        }
        if form.seq.is_some_and(|seq| i64::try_from(seq).is_err()) {
            // No store can count so far: one line must not stop all others.
            let rule = crate::holder::Rule::Number("is larger than 2^63 - 1");
            let fault = Fault::new(Item::Sequence, rule);
            outcomes.push(turn_away(tx, &arrival, &fault.into())?);
            return Ok(());
        }
        let feed = feeds.of(tx, source)?;
        if let Err(refusals) = self.check_signature(&form, &feed.row) {
            outcomes.push(turn_away(tx, &arrival, &refusals)?);
            return Ok(());
        }
        arrival.vouched = Voucher::Source;
        if let Some(id) = &form.resend_of {
            match refused_before(tx, source, id)? {
                Some(original) => arrival.resend_of = Some(original),
                None if form.seq.is_none() => {
                    outcomes.push(turn_away(tx, &arrival, &Rule::ResendUnknown.into())?);
                    return Ok(());
                }
                None => {}
            }
        }
        if let Some(sequence) = form.seq {
            let next = feed.row.next;
            if sequence < next || feed.is_taken(tx, sequence)? {
                outcomes.push(turn_away(tx, &arrival, &Rule::Replayed.into())?);
                return Ok(());
            }
            arrival.sequence = Some(sequence);
            if sequence > next {
                tx.hold_back(&arrival)?;
                feed.held_back(sequence);
                outcomes.push(outcome(Fate::Waiting { expected: next }));
                return Ok(());
            }
        }
        let settled = self.apply(tx, &form, visit, |tx, verdict| match verdict {
            Ok(()) => tx.applied(&arrival),
            Err(findings) => tx.refused(&arrival, findings),
        })?;
        if let Some(original) = arrival.resend_of {
            tx.settle(original, EventState::Resent, None)?;
        }
        outcomes.push(outcome(settled));
        if form.seq.is_some() {
            feed.advance();
            self.drain(tx, feed, visit, outcomes)?;
        }
        Ok(())
    }

    /// Takes a feed up at the number that its row names: what was held back for one that will not
    /// come is due now, and what waited under a lower number is refused, since its turn is over. The
    /// row as it stands then, what was refused so, and what became of the others.
    pub(super) fn resume(
        &self,
        tx: &mut Tx<'_>,
        row: &SourceRow,
    ) -> Result<(SourceRow, u64, Vec<EventOutcome>), AuthorityError> {
        let mut passed = 0;
        for waiting in tx.waiting_below(&row.name, row.next)? {
            let findings = findings_json(&refused_fate(&Rule::SequencePassed.into()));
            tx.settle(waiting.key, EventState::Refused, Some(&findings))?;
            passed += 1;
        }
        let mut feed = Feed::set(tx, row)?;
        let mut resumed = Vec::new();
        self.drain(tx, &mut feed, Visit::Event, &mut resumed)?;
        Ok((feed.row, passed, resumed))
    }

    /// Settles the events that waited for the one just settled.
    fn drain(
        &self,
        tx: &mut Tx<'_>,
        feed: &mut Feed,
        visit: Visit,
        outcomes: &mut Vec<EventOutcome>,
    ) -> Result<(), AuthorityError> {
        while let Some(row) = feed.take_waiting(tx)? {
            let form = row.form().ok_or(StoreError::Damaged("an event that waited"))?;
            let original = match &form.resend_of {
                Some(id) => refused_before(tx, &row.source, id)?,
                None => None,
            };
            let fate = self.apply(tx, &form, visit, |tx, verdict| {
                match verdict {
                    Ok(()) => tx.settle(row.key, EventState::Applied, None)?,
                    Err(findings) => tx.settle(row.key, EventState::Refused, Some(findings))?,
                }
                Ok(row.key)
            })?;
            if let Some(original) = original {
                tx.settle(original, EventState::Resent, None)?;
            }
            let EventRow { source, sequence: seq, id, .. } = row;
            outcomes.push(EventOutcome { source, seq, id, fate });
        }
        Ok(())
    }

    /// Judges an event against the record of its person, keeps it by `keep`, and lets the
    /// certificates follow.
    fn apply(
        &self,
        tx: &mut Tx<'_>,
        form: &EventForm,
        visit: Visit,
        keep: impl FnOnce(&mut Tx<'_>, Result<(), &str>) -> Result<EventKey, StoreError>,
    ) -> Result<Fate, AuthorityError> {
        let judged = match Event::new(form, tx.at()) {
            Ok(event) => self.judge_event(tx, &event)?,
            Err(fault) => Err(fault.into()),
        };
        match judged {
            Ok(step) => {
                let key = keep(tx, Ok(()))?;
                let move_out = match visit {
                    Visit::Event => None,
                    Visit::Reissue => reissue::move_out(tx, &step)?,
                };
                // What time had done has causes of its own.
                let mut certificates = Vec::new();
                for lapse in &step.lapses {
                    certificates.extend(self.follow_time(tx, lapse)?);
                }
                tx.put_resident(&step.record, Some(key))?;
                let own = self.follow(tx, &step, Behind::event(key))?;
                let reissue = match visit {
                    Visit::Event => false,
                    Visit::Reissue => reissue::is_called_for(tx, &step.record, &own, move_out)?,
                };
                if reissue {
                    tx.owe_reissue(key, true)?;
                }
                certificates.extend(own);
                let person = step.record.person().as_str().to_owned();
                Ok(Fate::Applied { person, certificates, reissue })
            }
            Err(refusals) => {
                let fate = refused_fate(&refusals);
                keep(tx, Err(&findings_json(&fate)))?;
                Ok(fate)
            }
        }
    }

    fn judge_event(
        &self,
        tx: &mut Tx<'_>,
        event: &Event,
    ) -> Result<Result<Transition, Refusals>, AuthorityError> {
        let record = tx.resident(&event.person)?;
        let now = tx.at();
        if let Some(Target::Number(ca, serial)) = event.target {
            let certificate = tx.certificate(ca, serial)?;
            if certificate.is_none_or(|found| found.person.as_ref() != Some(&event.person)) {
                return Ok(Err(Rule::TargetUnknown.into()));
            }
        }
        if let Some(Target::Current(kind, carrier)) = event.target {
            let named = |record: &CertificateRecord| matches!(record.subject, Subject::Holder(k, c, _) if (k, c) == (kind, carrier));
            if !tx.current(&event.person)?.iter().any(named) {
                return Ok(Err(Rule::TargetUnknown.into()));
            }
        }
        Ok(transition(record.as_ref(), event, &self.policy, now))
    }

    /// Whether what a source sends has to carry its signature.
    fn must_be_signed(&self, source: &SourceRow) -> bool {
        match self.policy.feed_signatures {
            FeedSignatures::Required => true,
            FeedSignatures::Optional => source.key.is_some(),
        }
    }

    fn check_signature(&self, form: &EventForm, source: &SourceRow) -> Result<(), Refusals> {
        match (self.policy.feed_signatures, &source.key, &form.signature) {
            (FeedSignatures::Optional, None, None) => Ok(()),
            (FeedSignatures::Required, None, _) | (FeedSignatures::Optional, None, Some(_)) => {
                Err(Rule::SourceUnknown.into())
            }
            // Whoever has registered a key has said that every event will be signed.
            (FeedSignatures::Required | FeedSignatures::Optional, Some(_), None) => {
                Err(Rule::Unsigned.into())
            }
            (FeedSignatures::Required | FeedSignatures::Optional, Some(key), Some(signature)) => {
                let verified =
                    form.canonical().ok().zip(base64(signature)).is_some_and(
                        |(message, signature)| key.verify(&message, &signature).is_ok(),
                    );
                if verified { Ok(()) } else { Err(Rule::SignatureWrong.into()) }
            }
        }
    }

    /// Keeps what time did to a record, and lets the certificates follow. Behind it stands the event
    /// from which the timer ran, where one did.
    pub(super) fn follow_time(
        &self,
        tx: &mut Tx<'_>,
        step: &Transition,
    ) -> Result<Vec<Touched>, AuthorityError> {
        tx.put_resident(&step.record, None)?;
        let event = match &step.armed_by {
            Some(origin) => tx.event(origin.source(), origin.id().as_str())?.map(|row| row.key),
            None => None,
        };
        let timer = match step.record.cause() {
            Cause::Timer(timer) => Some(Due { timer: *timer, on: step.on }),
            Cause::Baseline | Cause::Event(_) => None,
        };
        self.follow(tx, step, Behind { event, timer })
    }

    /// Lets a person's certificates follow what changed, and records why.
    fn follow(
        &self,
        tx: &mut Tx<'_>,
        step: &Transition,
        behind: Behind,
    ) -> Result<Vec<Touched>, AuthorityError> {
        let mut touched = Vec::new();
        for record in tx.current(step.record.person())? {
            if record.not_after < tx.at() {
                continue;
            }
            let Subject::Holder(kind, carrier, _) = record.subject else { continue };
            let standing = match record.state {
                State::Intended | State::Live => Standing::Live,
                State::Held(_) => Standing::Held,
                State::Revoked(..) | State::Expired => Standing::Revoked,
            };
            let certificate = Certificate { kind, carrier, standing, serial: record.serial };
            let decided = revocation::decide(&step.changes, &certificate, &self.policy);
            let Some((change, effect)) = decided else { continue };
            let due = revocation::due(&change, effect, step.on, tx.at(), &self.policy);
            let since = step.on.start_of_day();
            if self.policy.invalidity_date == InvalidityDate::EventDate
                && matches!(effect, Effect::Revoke { .. })
                && since <= tx.at()
            {
                tx.date_back(record.intent, since)?;
            }
            let effected = carry_out(tx, &record, change, effect, due, behind)?;
            touched.extend(effected.map(|(word, reason, article)| Touched {
                ca: record.ca,
                serial: record.serial.to_string(),
                effect: word,
                reason,
                change,
                article: article.to_string(),
                carrier,
            }));
        }
        Ok(touched)
    }
}

/// Does to a certificate what the law decided, now or by policy later, and records why: what was
/// done, in a word, with the reason for lists and the ground.
fn carry_out(
    tx: &mut Tx<'_>,
    record: &CertificateRecord,
    change: Change,
    effect: Effect,
    due: Timestamp,
    behind: Behind,
) -> Result<Option<Effected>, AuthorityError> {
    let (word, reason, article) = match effect {
        Effect::Keep => return Ok(None),
        Effect::Revoke { reason, article } if due > tx.at() => {
            tx.defer(&Deferred::new(record.intent, due, reason, change.as_str(), article, behind))?;
            return Ok(Some(("revoke-later", Some(reason), article)));
        }
        Effect::Revoke { reason, article } => {
            match record.state {
                // It may have been signed, but nobody has it yet: it never comes into force.
                State::Intended => tx.void(record)?,
                State::Held(since) => tx.revoke(record, reason, since)?,
                State::Live | State::Revoked(..) | State::Expired => {
                    tx.revoke(record, reason, tx.at())?;
                }
            }
            ("revoke", Some(reason), article)
        }
        Effect::Hold { article } => {
            match record.state {
                State::Intended => tx.void(record)?,
                State::Live | State::Held(_) | State::Revoked(..) | State::Expired => {
                    tx.hold(record)?;
                }
            }
            ("hold", Some(Reason::CertificateHold), article)
        }
        Effect::Release { article } => {
            tx.release(record)?;
            ("release", None, article)
        }
    };
    tx.put_cause(record.intent, change.as_str(), article, behind)?;
    Ok(Some((word, reason, article)))
}

type Effected = (&'static str, Option<Reason>, revocation::Article);

/// What a visit to the counter is about.
#[derive(Clone, Copy)]
enum Visit {
    /// The event alone.
    Event,
    /// The event, and a new signature certificate where it calls for one.
    Reissue,
}

/// A line that is no event: kept under a name made of its bytes, so that it is listed once.
fn unreadable(
    tx: &mut Tx<'_>,
    line: &[u8],
    error: &FormError,
) -> Result<EventOutcome, AuthorityError> {
    let id = format!("unreadable-{}", digest(line));
    let finding = Finding { code: FormError::CODE, item: None, message: error.to_string() };
    let fate = if tx.event(NOBODY, &id)?.is_some() {
        Fate::Duplicate
    } else {
        let fate = Fate::Refused { findings: vec![finding] };
        let kept = line.get(..MAX_EVENT).unwrap_or(line);
        let arrival = Arrival {
            source: NOBODY,
            sequence: None,
            id: &id,
            line: kept,
            vouched: Voucher::Nobody,
            resend_of: None,
            recorded_at: None,
        };
        tx.refused(&arrival, &findings_json(&fate))?;
        fate
    };
    Ok(EventOutcome { source: NOBODY.to_owned(), seq: None, id, fate })
}

/// The refused event that a new one of its source repeats: no source takes another's off the list.
fn refused_before(tx: &mut Tx<'_>, source: &str, id: &str) -> Result<Option<EventKey>, StoreError> {
    let row = tx.event(source, id)?;
    Ok(row.filter(|row| row.state == EventState::Refused).map(|row| row.key))
}

/// Refuses an event that never came as far as its source's sequence. It may be anybody's, so it uses
/// up neither number nor id: it is kept under its id and what its bytes digest to, once.
fn turn_away(
    tx: &mut Tx<'_>,
    arrival: &Arrival<'_>,
    refusals: &Refusals,
) -> Result<EventOutcome, AuthorityError> {
    let id = format!("{}.{}", arrival.id, digest(arrival.line));
    let fate = if tx.event(arrival.source, &id)?.is_some() {
        Fate::Duplicate
    } else {
        let fate = refused_fate(refusals);
        tx.refused(&Arrival { id: &id, ..*arrival }, &findings_json(&fate))?;
        fate
    };
    Ok(EventOutcome { source: arrival.source.to_owned(), seq: arrival.sequence, id, fate })
}

/// The first eight octets of a line's SHA-256, in hexadecimal digits.
fn digest(line: &[u8]) -> String {
    hex(sha256(line).get(..8).unwrap_or_default())
}

fn refused_fate(refusals: &Refusals) -> Fate {
    Fate::Refused { findings: refusals.iter().map(Finding::from).collect() }
}

/// The findings as the store keeps them.
fn findings_json(fate: &Fate) -> String {
    match fate {
        // Codes and messages always become JSON.
        Fate::Refused { findings } => serde_json::to_string(findings).unwrap_or_default(),
        Fate::Applied { .. } | Fate::Duplicate | Fate::Waiting { .. } => String::new(),
    }
}

/// The bytes of a base64 text without line breaks.
fn base64(text: &str) -> Option<Vec<u8>> {
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|chunk| String::from_utf8_lossy(chunk).into_owned())
        .collect();
    let pem = format!("-----BEGIN S-----\n{}\n-----END S-----\n", lines.join("\n"));
    der::pem::decode_vec(pem.as_bytes()).ok().map(|(_, bytes)| bytes)
}

#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests;
