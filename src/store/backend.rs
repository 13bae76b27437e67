//! What a back end offers: plain reads and writes; the rules about them are in `transaction`.

use std::fmt;

use crate::audit::Entry;
use crate::audit::Head;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::profile::ServiceKey;
use crate::register::Person;
use crate::seal::Intent;

use super::StoreError;
use super::feed::Arrival;
use super::feed::Behind;
use super::feed::CauseRow;
use super::feed::Deferred;
use super::feed::EventKey;
use super::feed::EventRow;
use super::feed::EventState;
use super::feed::ResidentRow;
use super::feed::SourceRow;
use super::feed::SourceStatus;
use super::listing::Listing;
use super::listing::View;
use super::record::CertificateRecord;
use super::record::Compromise;
use super::record::GenerationRecord;
use super::record::KeyUse;
use super::record::RequestRecord;
use super::record::State;
use super::retention::Retention;
use super::status::Follow;

/// A place where things are durable.
pub(super) trait Backend: fmt::Debug + Send + Sync {
    /// Begins a transaction that no other writer overlaps.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError>;

    /// Opens a view of what is committed now.
    fn view(&self) -> Result<Box<dyn View>, StoreError>;

    /// Opens a connection that follows what is committed.
    fn follow(&self) -> Result<Box<dyn Follow>, StoreError>;

    /// Writes durably something that stands there already.
    fn rewrite(&self) -> Result<(), StoreError>;
}

/// A transaction: undone when dropped without commit.
pub(super) trait Transaction: Register + Retention + Listing {
    /// Makes everything durable.
    fn commit(self: Box<Self>) -> Result<(), StoreError>;

    fn setting(&mut self, key: &str) -> Result<Option<String>, StoreError>;
    fn put_setting(&mut self, key: &str, value: &str) -> Result<(), StoreError>;

    /// Takes the next number of an authority's counter.
    fn draw_serial(&mut self, ca: CaName) -> Result<Serial, StoreError>;

    fn insert_intent(&mut self, row: &IntentRow<'_>) -> Result<Intent, StoreError>;
    fn insert_signature(&mut self, intent: Intent, signature: &[u8]) -> Result<(), StoreError>;
    /// Moves a certificate from one state to another; `Changed` when it is not in the first.
    fn set_state(&mut self, change: &StateChange) -> Result<(), StoreError>;

    fn certificate(
        &mut self,
        ca: CaName,
        serial: Serial,
    ) -> Result<Option<CertificateRecord>, StoreError>;
    fn certificate_at(&mut self, intent: Intent) -> Result<Option<CertificateRecord>, StoreError>;
    /// The bytes to be signed and, when there is one, the signature.
    fn body(&mut self, intent: Intent) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError>;
    /// A person's certificates that are intended, live or held.
    fn current(&mut self, person: &Person) -> Result<Vec<CertificateRecord>, StoreError>;
    fn key_use(&mut self, key_hash: &[u8; 32]) -> Result<Vec<KeyUse>, StoreError>;

    /// The id of the request that asked for a certificate.
    fn request_of(&mut self, intent: Intent) -> Result<Option<String>, StoreError>;
    fn request(&mut self, id: &str) -> Result<Option<RequestRecord>, StoreError>;
    fn put_request(
        &mut self,
        id: &str,
        content: &[u8; 32],
        certificates: &[Intent],
    ) -> Result<(), StoreError>;

    fn insert_generation(
        &mut self,
        certificate: Intent,
        algorithm: &str,
        key_id: &[u8; 20],
        profile: Profile,
    ) -> Result<(), StoreError>;
    fn generations(&mut self) -> Result<Vec<GenerationRecord>, StoreError>;
    /// The generations whose keys are compromised, and since when.
    fn compromised(&mut self) -> Result<Vec<(CaName, Generation, Timestamp)>, StoreError>;
    /// Records a compromise; `Changed` when there is one.
    fn put_compromise(
        &mut self,
        ca: CaName,
        generation: Generation,
        compromise: Compromise,
    ) -> Result<(), StoreError>;
    fn put_issue_from(
        &mut self,
        ca: CaName,
        generation: Generation,
        from: Timestamp,
    ) -> Result<(), StoreError>;
    /// That a generation certifies a holder until then, unless it does one until later.
    fn note_end(
        &mut self,
        ca: CaName,
        generation: Generation,
        end: Timestamp,
    ) -> Result<(), StoreError>;
    /// Every certificate by which one generation certifies another's key, whatever became of it.
    fn links(&mut self) -> Result<Vec<CertificateRecord>, StoreError>;
    /// Whether an authority's own certificate is intended.
    fn is_rolling_over(&mut self, ca: CaName) -> Result<bool, StoreError>;

    /// Whether a certificate of this key's service is intended.
    fn is_renewing(&mut self, key: ServiceKey) -> Result<bool, StoreError>;
    /// Every certificate that was issued to this key or to those in its place before, oldest first.
    fn service_certificates(
        &mut self,
        key: ServiceKey,
    ) -> Result<Vec<CertificateRecord>, StoreError>;
    /// The newest of them, and the SHA-256 of the key that it is for.
    fn newest_service_certificate(
        &mut self,
        key: ServiceKey,
    ) -> Result<Option<(CertificateRecord, [u8; 32])>, StoreError>;

    /// Intents whose process is gone, oldest first, with the ids of their requests.
    fn dangling(&mut self) -> Result<Vec<(CertificateRecord, String)>, StoreError>;

    /// Where the record of acts ends.
    fn audit_head(&mut self) -> Result<Head, StoreError>;
    fn append_audit(&mut self, entry: &Entry) -> Result<(), StoreError>;
    /// At most `limit` entries with numbers above `after`, in order.
    fn audit_entries(&mut self, after: u64, limit: u32) -> Result<Vec<Entry>, StoreError>;
    /// The highest audit entry that a certificate names; 0 without certificates.
    fn last_change(&mut self) -> Result<u64, StoreError>;
}

/// What a back end offers about the register.
pub(super) trait Register {
    /// The record in JSON.
    fn resident(&mut self, person: &str) -> Result<Option<String>, StoreError>;
    fn put_resident(&mut self, row: &ResidentRow<'_>) -> Result<(), StoreError>;
    fn residents_due(
        &mut self,
        day: Date,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;
    fn residents(&mut self, after: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    fn source(&mut self, name: &str) -> Result<Option<SourceRow>, StoreError>;
    fn put_source(&mut self, source: &SourceRow) -> Result<(), StoreError>;
    fn source_statuses(&mut self) -> Result<Vec<SourceStatus>, StoreError>;

    fn event(&mut self, source: &str, id: &str) -> Result<Option<EventRow>, StoreError>;
    fn events_named(&mut self, id: &str) -> Result<Vec<EventRow>, StoreError>;
    fn event_numbered(
        &mut self,
        source: &str,
        sequence: u64,
    ) -> Result<Option<EventRow>, StoreError>;
    fn first_waiting(&mut self, source: &str, from: u64) -> Result<Option<u64>, StoreError>;
    fn insert_event(
        &mut self,
        arrival: &Arrival<'_>,
        state: EventState,
        findings: Option<&str>,
        at: Timestamp,
    ) -> Result<EventKey, StoreError>;
    fn settle_event(
        &mut self,
        key: EventKey,
        state: EventState,
        findings: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    fn dismiss_event(&mut self, key: EventKey, note: &str, at: Timestamp)
    -> Result<(), StoreError>;
    fn owe_reissue(&mut self, key: EventKey, owed: bool) -> Result<(), StoreError>;
    fn rejected(
        &mut self,
        after: EventKey,
        all: bool,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError>;
    fn waiting_below(&mut self, source: &str, next: u64) -> Result<Vec<EventRow>, StoreError>;
    fn changed_by(
        &mut self,
        event: EventKey,
    ) -> Result<Vec<(CertificateRecord, String)>, StoreError>;

    fn put_cause(
        &mut self,
        intent: Intent,
        change: &str,
        article: &str,
        behind: Behind,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    fn cause(&mut self, intent: Intent) -> Result<Option<CauseRow>, StoreError>;
    fn latencies(&mut self) -> Result<Vec<i64>, StoreError>;

    fn defer(&mut self, deferred: &Deferred) -> Result<(), StoreError>;
    fn take_deferred(&mut self, at: Timestamp, limit: u32) -> Result<Vec<Deferred>, StoreError>;
}

/// Everything that is fixed about a certificate when it is intended.
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "read by back ends alone"))]
pub(super) struct IntentRow<'a> {
    pub(super) ca: CaName,
    pub(super) generation: Generation,
    pub(super) serial: Serial,
    pub(super) subject: crate::profile::Subject,
    pub(super) person: Option<&'a Person>,
    pub(super) request: &'a str,
    pub(super) key_hash: [u8; 32],
    pub(super) tbs_hash: [u8; 32],
    pub(super) tbs: &'a [u8],
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) clause: Option<&'static str>,
    pub(super) entry: u64,
}

/// A move from one state to another, with the audit entry that records it.
#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "read by back ends alone"))]
pub(super) struct StateChange {
    pub(super) intent: Intent,
    pub(super) from: State,
    pub(super) to: State,
    pub(super) issued_at: Option<Timestamp>,
    pub(super) entry: u64,
}
