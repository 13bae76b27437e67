//! What the store keeps of the register: residents' records, sources, events, and why certificates
//! ended; and the verbs of a transaction about them.

use std::fmt;

use crate::asn1::PublicKey;
use crate::audit::Act;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::law::revocation::Article;
use crate::register::EventForm;
use crate::register::Person;
use crate::register::Record;
use crate::register::Timer;
use crate::seal::Intent;

use super::StoreError;
use super::record::CertificateRecord;
use super::transaction::Tx;

/// Where an event stands in the store: numbered in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(pub(super) i64);

impl EventKey {
    /// Before the first.
    pub const NONE: Self = Self(0);
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventState {
    /// Held back: an earlier number of its source is missing.
    Waiting,
    /// Applied.
    Applied,
    /// Refused; it changed nothing.
    Refused,
    /// Refused, and repeated by another event since.
    Resent,
    /// Refused, and laid aside by the operator since.
    Dismissed,
}

/// Who answers for what an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Voucher {
    /// Nobody: it was turned away before its source was certain.
    Nobody,
    /// Its source: the signature was verified, or none is asked for.
    Source,
    /// The operator of this authority, who repeated what was refused.
    Operator,
}

/// What stands behind a change of a certificate's state: the event, and the timer that ran from it
/// when it was time's work. A command has neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// The event.
    pub event: Option<EventKey>,
    /// The timer.
    pub timer: Option<Due>,
}

impl Behind {
    /// An event by itself.
    #[must_use]
    pub fn event(event: EventKey) -> Self {
        Self { event: Some(event), timer: None }
    }
}

/// A timer that ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub timer: Timer,
    /// The day on which it acts.
    pub on: Date,
}

/// An event that arrived.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventRow {
    /// Where it stands in the store.
    pub key: EventKey,
    /// Who sent it.
    pub source: String,
    /// Its number; none for a resend without one, and for a line that nobody could read.
    pub sequence: Option<u64>,
    /// Its id.
    pub id: String,
    /// The line as it arrived.
    pub line: Vec<u8>,
    /// What became of it.
    pub state: EventState,
    /// Who answers for it.
    pub vouched: Voucher,
    /// What was found wrong with it, in JSON.
    pub findings: Option<String>,
    /// Why it was dismissed.
    pub note: Option<String>,
    /// The refused event that it repeats.
    pub resend_of: Option<EventKey>,
    /// Whether a new certificate is owed to the holder of one that it ended.
    pub reissue: bool,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When it was applied or refused.
    pub settled_at: Option<Timestamp>,
}

impl fmt::Debug for EventRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventRow({} {}, {:?}, …)", self.source, self.id, self.state)
    }
}

/// An event as it arrives.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "the line holds a holder's data")]
pub struct Arrival<'a> {
    /// Who sends it.
    pub source: &'a str,
    /// The number that it takes up; none when it takes up none.
    pub sequence: Option<u64>,
    /// Its id, unique within its source.
    pub id: &'a str,
    /// The line.
    pub line: &'a [u8],
    /// Who answers for it.
    pub vouched: Voucher,
    /// The refused event that it repeats.
    pub resend_of: Option<EventKey>,
    /// When the register was changed.
    pub recorded_at: Option<Timestamp>,
}

/// A source, and how its feed stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// The number that comes next.
    pub next: u64,
    /// The key that signs its events, when one is registered.
    pub key: Option<PublicKey>,
    /// The lowest number from there on whose event waits.
    pub waiting: Option<u64>,
}

/// Counts of a source's events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceStatus {
    /// Its name.
    pub name: String,
    /// The last number that was settled.
    pub last: u64,
    /// Events applied.
    pub applied: u64,
    /// Events that wait for an earlier number.
    pub waiting: u64,
    /// Events refused and not repeated.
    pub refused: u64,
    /// When the oldest of those arrived.
    pub oldest_refused: Option<Timestamp>,
}

/// Why a certificate's state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CauseRow {
    /// What changed, as the register's word.
    pub change: String,
    /// The ground.
    pub article: Article,
    /// The event behind it; none for a command, and where a timer ran from no event.
    pub event: Option<EventRow>,
    /// The timer, when it was time's work.
    pub timer: Option<Due>,
    /// The request that asked for the certificate.
    pub request: String,
    /// The audit entry of the certificate's last change.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
}

impl Tx<'_> {
    /// The record of a person.
    ///
    /// # Errors
    /// Those of the store.
    pub fn resident(&mut self, person: &Person) -> Result<Option<Record>, StoreError> {
        let body = self.inner().resident(person.as_str())?;
        body.map(|body| read_record(&body)).transpose()
    }

    /// Keeps a version of a person's record; the one before goes to the history.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put_resident(
        &mut self,
        record: &Record,
        event: Option<EventKey>,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_string(record)
            .map_err(|_| StoreError::Damaged("a record cannot be written"))?;
        let at = self.at();
        let due = record.next_timer();
        let row = ResidentRow {
            person: record.person().as_str(),
            version: record.version(),
            body: &body,
            due,
            event,
            since: at,
        };
        self.inner().put_resident(&row)
    }

    /// At most `limit` people on whose records time has work to do by `day`, in order of handles
    /// after `after`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn residents_due(
        &mut self,
        day: Date,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Record>, StoreError> {
        let bodies = self.inner().residents_due(day, after, limit)?;
        bodies.iter().map(|body| read_record(body)).collect()
    }

    /// At most `limit` records, in order of handles after `after`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn residents(&mut self, after: &str, limit: u32) -> Result<Vec<Record>, StoreError> {
        let bodies = self.inner().residents(after, limit)?;
        bodies.iter().map(|body| read_record(body)).collect()
    }

    /// How a source's feed stands; a new source expects number 1.
    ///
    /// # Errors
    /// Those of the store.
    pub fn source(&mut self, name: &str) -> Result<SourceRow, StoreError> {
        Ok(self.inner().source(name)?.unwrap_or_else(|| SourceRow {
            name: name.to_owned(),
            next: 1,
            key: None,
            waiting: None,
        }))
    }

    /// Keeps how a source's feed stands.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put_source(&mut self, source: &SourceRow) -> Result<(), StoreError> {
        self.inner().put_source(source)
    }

    /// Counts of every source, those included of whom nothing but refused lines has come.
    ///
    /// # Errors
    /// Those of the store.
    pub fn source_statuses(&mut self) -> Result<Vec<SourceStatus>, StoreError> {
        self.inner().source_statuses()
    }

    /// The event with this id.
    ///
    /// # Errors
    /// Those of the store.
    pub fn event(&mut self, source: &str, id: &str) -> Result<Option<EventRow>, StoreError> {
        self.inner().event(source, id)
    }

    /// The events with this id, of whatever source.
    ///
    /// # Errors
    /// Those of the store.
    pub fn events_named(&mut self, id: &str) -> Result<Vec<EventRow>, StoreError> {
        self.inner().events_named(id)
    }

    /// The event that took up a number of a source.
    ///
    /// # Errors
    /// Those of the store.
    pub fn event_numbered(
        &mut self,
        source: &str,
        sequence: u64,
    ) -> Result<Option<EventRow>, StoreError> {
        self.inner().event_numbered(source, sequence)
    }

    /// The lowest number, from `from` on, of an event of a source that waits for an earlier one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn first_waiting(&mut self, source: &str, from: u64) -> Result<Option<u64>, StoreError> {
        self.inner().first_waiting(source, from)
    }

    /// Keeps an event that has to wait for an earlier one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn hold_back(&mut self, arrival: &Arrival<'_>) -> Result<EventKey, StoreError> {
        let at = self.at();
        self.inner().insert_event(arrival, EventState::Waiting, None, at)
    }

    /// Keeps an event that is applied in this transaction.
    ///
    /// # Errors
    /// Those of the store.
    pub fn applied(&mut self, arrival: &Arrival<'_>) -> Result<EventKey, StoreError> {
        let at = self.at();
        let key = self.inner().insert_event(arrival, EventState::Applied, None, at)?;
        self.audit_event(key, "applied")?;
        Ok(key)
    }

    /// Keeps an event that is refused, with what was found, in JSON.
    ///
    /// # Errors
    /// Those of the store.
    pub fn refused(
        &mut self,
        arrival: &Arrival<'_>,
        findings: &str,
    ) -> Result<EventKey, StoreError> {
        let at = self.at();
        let key = self.inner().insert_event(arrival, EventState::Refused, Some(findings), at)?;
        self.audit_event(key, "refused")?;
        Ok(key)
    }

    /// Settles an event that waited, or marks a refused one as repeated.
    ///
    /// # Errors
    /// Those of the store.
    pub fn settle(
        &mut self,
        key: EventKey,
        state: EventState,
        findings: Option<&str>,
    ) -> Result<(), StoreError> {
        let at = self.at();
        self.inner().settle_event(key, state, findings, at)?;
        let word = match state {
            EventState::Waiting => "waiting",
            EventState::Applied => "applied",
            EventState::Refused => "refused",
            EventState::Resent => "resent",
            EventState::Dismissed => "dismissed",
        };
        self.audit_event(key, word)
    }

    /// Lays a refused event aside, with the reason.
    ///
    /// # Errors
    /// Those of the store.
    pub fn dismiss(&mut self, key: EventKey, note: &str) -> Result<(), StoreError> {
        let at = self.at();
        self.inner().dismiss_event(key, note, at)?;
        self.audit_event(key, "dismissed")
    }

    /// Records that the operator repeated a refused event by another.
    ///
    /// # Errors
    /// Those of the store.
    pub fn repeated(&mut self, original: EventKey, by: EventKey) -> Result<(), StoreError> {
        self.settle(original, EventState::Resent, None)?;
        let act = Act::Repeated { event: place(by)?, original: place(original)? };
        self.audit(&act).map(drop)
    }

    /// Notes whether a new certificate is owed to the holder of one that an event ended.
    ///
    /// # Errors
    /// Those of the store.
    pub fn owe_reissue(&mut self, key: EventKey, owed: bool) -> Result<(), StoreError> {
        self.inner().owe_reissue(key, owed)
    }

    /// At most `limit` refused events after `after`, in the order of arrival; `all` of them, or those
    /// that were neither repeated nor dismissed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn rejected(
        &mut self,
        after: EventKey,
        all: bool,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        self.inner().rejected(after, all, limit)
    }

    /// Every event of a source that waits under a number below `next`, in their order.
    ///
    /// # Errors
    /// Those of the store.
    pub fn waiting_below(&mut self, source: &str, next: u64) -> Result<Vec<EventRow>, StoreError> {
        self.inner().waiting_below(source, next)
    }

    /// The certificates whose state an event changed last, each with what changed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn changed_by(
        &mut self,
        event: EventKey,
    ) -> Result<Vec<(CertificateRecord, String)>, StoreError> {
        let found = self.inner().changed_by(event)?.into_iter();
        found.map(|(record, change)| Ok((self.standing(record)?, change))).collect()
    }

    /// Records why a certificate's state has changed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put_cause(
        &mut self,
        intent: Intent,
        change: &str,
        article: Article,
        behind: Behind,
    ) -> Result<(), StoreError> {
        let at = self.at();
        self.inner().put_cause(intent, change, &article.to_string(), behind, at)
    }

    /// Why a certificate's state has changed, when the register or a command recorded it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn cause(&mut self, intent: Intent) -> Result<Option<CauseRow>, StoreError> {
        self.inner().cause(intent)
    }

    /// Seconds from the register's record to ours of each event that ended a certificate by itself,
    /// sorted.
    ///
    /// # Errors
    /// Those of the store.
    pub fn latencies(&mut self) -> Result<Vec<i64>, StoreError> {
        self.inner().latencies()
    }

    /// Defers a revocation to an instant that policy sets.
    ///
    /// # Errors
    /// Those of the store.
    pub fn defer(&mut self, deferred: &Deferred) -> Result<(), StoreError> {
        self.inner().defer(deferred)
    }

    /// Takes out at most `limit` deferred revocations whose time has come.
    ///
    /// # Errors
    /// Those of the store.
    pub fn take_deferred(&mut self, limit: u32) -> Result<Vec<Deferred>, StoreError> {
        let at = self.at();
        self.inner().take_deferred(at, limit)
    }

    fn audit_event(&mut self, key: EventKey, outcome: &str) -> Result<(), StoreError> {
        self.audit(&Act::Event { event: place(key)?, outcome }).map(drop)
    }
}

/// An event's place as the record of acts names it.
fn place(key: EventKey) -> Result<u64, StoreError> {
    u64::try_from(key.0).map_err(|_| StoreError::Damaged("an event's place"))
}

/// A revocation that policy puts off.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deferred {
    /// The certificate.
    pub intent: Intent,
    /// When it takes effect.
    pub at: Timestamp,
    /// Why, for lists.
    pub reason: Reason,
    /// What changed.
    pub change: String,
    /// The ground.
    pub article: Article,
    /// What stands behind it.
    pub behind: Behind,
}

impl Deferred {
    /// A revocation of this certificate at this instant.
    #[must_use]
    pub fn new(
        intent: Intent,
        at: Timestamp,
        reason: Reason,
        change: &str,
        article: Article,
        behind: Behind,
    ) -> Self {
        Self { intent, at, reason, change: change.to_owned(), article, behind }
    }
}

/// A version of a record, column for column.
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "read by back ends alone"))]
pub(super) struct ResidentRow<'a> {
    pub(super) person: &'a str,
    pub(super) version: u64,
    pub(super) body: &'a str,
    pub(super) due: Option<Date>,
    pub(super) event: Option<EventKey>,
    pub(super) since: Timestamp,
}

impl EventRow {
    /// The form of the line, when it could be read.
    #[must_use]
    pub fn form(&self) -> Option<EventForm> {
        EventForm::read(&self.line).ok()
    }
}

fn read_record(body: &str) -> Result<Record, StoreError> {
    serde_json::from_str(body).map_err(|_| StoreError::Damaged("a resident's record"))
}
