//! The verbs of a transaction: each writes its audit entry together with its effect.

use std::fmt;

use crate::asn1::sha256;
use crate::audit::Act;
use crate::audit::Entry;
use crate::audit::Head;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::lint::Checked;
use crate::profile::ServiceKey;
use crate::profile::TbsCertificate;
use crate::register::Person;
use crate::seal::Intent;
use crate::seal::Sealed;

use super::StoreError;
use super::backend::IntentRow;
use super::backend::StateChange;
use super::backend::Transaction;
use super::generation::Known;
use super::publication::Reserved;
use super::record::CertificateRecord;
use super::record::Intention;
use super::record::KeyUse;
use super::record::RequestRecord;
use super::record::State;

/// A transaction under way.
pub struct Tx<'a> {
    inner: Box<dyn Transaction + 'a>,
    at: Timestamp,
    /// Number and hash of the last audit entry, read when the first is written.
    head: Option<Head>,
    pledged: Vec<(Checked<TbsCertificate>, Intent)>,
    reserved: Reserved,
    known: Known,
}

impl<'a> Tx<'a> {
    pub(super) fn new(inner: Box<dyn Transaction + 'a>, at: Timestamp) -> Self {
        let (pledged, reserved, known) = (Vec::new(), Reserved::default(), Known::default());
        Self { inner, at, head: None, pledged, reserved, known }
    }

    pub(super) fn commit(mut self) -> Result<(), StoreError> {
        self.keep_ends()?;
        self.inner.commit()
    }

    pub(super) fn take_pledged(&mut self) -> Vec<(Checked<TbsCertificate>, Intent)> {
        std::mem::take(&mut self.pledged)
    }

    /// The instant of the transaction: what its audit entries and state changes carry.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// A lasting fact about the installation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn setting(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.inner.setting(key)
    }

    /// Records a lasting fact about the installation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put_setting(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        self.inner.put_setting(key, value)
    }

    /// Opens the record of acts of a new installation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn found(&mut self) -> Result<(), StoreError> {
        self.audit(&Act::Founded).map(drop)
    }

    /// Takes the next number of an authority's counter. It is spent when the transaction commits.
    ///
    /// # Errors
    /// Those of the store, and when the counter is used up.
    pub fn draw_serial(&mut self, ca: CaName) -> Result<Serial, StoreError> {
        self.inner.draw_serial(ca)
    }

    /// Records that a certificate is about to be signed: number, hash of its bytes, key, holder,
    /// partition and request (promise 1).
    ///
    /// # Errors
    /// Those of the store; the holder having another intended certificate of the kind on the carrier
    /// is one.
    pub fn intend(
        &mut self,
        checked: Checked<TbsCertificate>,
        intention: &Intention<'_>,
    ) -> Result<Intent, StoreError> {
        let tbs = checked.tbs();
        let (ca, generation) = tbs.issuer();
        let certificate = crate::audit::Subject { ca, generation, serial: tbs.serial() };
        let tbs_hash = sha256(tbs.as_der());
        let act = Act::Intended { certificate, request: intention.request, tbs: tbs_hash };
        let entry = self.audit(&act)?;
        let intent = self.inner.insert_intent(&IntentRow {
            ca,
            generation,
            serial: tbs.serial(),
            subject: tbs.subject(),
            person: intention.person,
            request: intention.request,
            key_hash: tbs.key().hash(),
            tbs_hash,
            tbs: tbs.as_der(),
            not_before: tbs.not_before(),
            not_after: tbs.not_after(),
            clause: intention.clause.map(|clause| clause.as_str()),
            entry,
        })?;
        self.note_end(checked.tbs());
        self.pledged.push((checked, intent));
        Ok(intent)
    }

    /// Puts a signed certificate in force; the record is that of its intent.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no longer merely intended, or the record is another's;
    /// those of the store.
    pub fn complete(
        &mut self,
        record: &CertificateRecord,
        sealed: &Sealed<TbsCertificate>,
    ) -> Result<(), StoreError> {
        if record.intent != sealed.intent() || record.state != State::Intended {
            return Err(StoreError::Changed);
        }
        self.inner.insert_signature(record.intent, sealed.signature())?;
        let certificate = record.audit_subject();
        let entry = self.audit(&Act::Issued { certificate, intent: record.entry })?;
        self.move_to(record, State::Live, Some(self.at), entry)
    }

    /// Gives an intended certificate up: its number is revoked as discarded before delivery
    /// (promise 6), because it may have been signed.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no longer merely intended; those of the store.
    pub fn void(&mut self, record: &CertificateRecord) -> Result<(), StoreError> {
        if record.state != State::Intended {
            return Err(StoreError::Changed);
        }
        let certificate = record.audit_subject();
        let entry = self.audit(&Act::Voided { certificate, intent: record.entry })?;
        self.move_to(record, State::Revoked(self.at, Reason::Unspecified), None, entry)
    }

    /// Revokes a live or held certificate; lists and answers will say `since`.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when what is recorded of it is no longer so; those of the store.
    pub fn revoke(
        &mut self,
        record: &CertificateRecord,
        reason: Reason,
        since: Timestamp,
    ) -> Result<(), StoreError> {
        let certificate = record.audit_subject();
        let entry = self.audit(&Act::Revoked { certificate, reason, since })?;
        self.change(record, State::Revoked(since, reason), entry)
    }

    /// Holds a live certificate.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no longer in the state of the record; those of the store.
    pub fn hold(&mut self, record: &CertificateRecord) -> Result<(), StoreError> {
        let entry = self.audit(&Act::Held { certificate: record.audit_subject() })?;
        self.change(record, State::Held(self.at), entry)
    }

    /// Releases a held certificate.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no longer in the state of the record; those of the store.
    pub fn release(&mut self, record: &CertificateRecord) -> Result<(), StoreError> {
        let entry = self.audit(&Act::Released { certificate: record.audit_subject() })?;
        self.change(record, State::Live, entry)
    }

    /// Lays an expired certificate aside, because another one takes its place.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is no longer in the state of the record; those of the store.
    pub fn expire(&mut self, record: &CertificateRecord) -> Result<(), StoreError> {
        let entry = self.audit(&Act::Expired { certificate: record.audit_subject() })?;
        self.change(record, State::Expired, entry)
    }

    /// Records that a request was refused.
    ///
    /// # Errors
    /// Those of the store.
    pub fn refuse(&mut self, request: &str, rule: &str) -> Result<(), StoreError> {
        self.audit(&Act::Refused { request, rule }).map(drop)
    }

    /// Records how many requests for the status of certificates were answered, and refused.
    ///
    /// # Errors
    /// Those of the store.
    pub fn answered(&mut self, answered: u64, refused: u64) -> Result<(), StoreError> {
        self.audit(&Act::Answered { answered, refused }).map(drop)
    }

    /// The certificate with this number.
    ///
    /// # Errors
    /// Those of the store.
    pub fn certificate(
        &mut self,
        ca: CaName,
        serial: Serial,
    ) -> Result<Option<CertificateRecord>, StoreError> {
        let found = self.inner.certificate(ca, serial)?;
        found.map(|record| self.standing(record)).transpose()
    }

    /// The certificate of an intent.
    ///
    /// # Errors
    /// Those of the store.
    pub fn at_intent(&mut self, intent: Intent) -> Result<CertificateRecord, StoreError> {
        let found = self.inner.certificate_at(intent)?;
        self.standing(found.ok_or(StoreError::Damaged("an intent is missing"))?)
    }

    /// The bytes that were recorded to be signed, unchanged since.
    ///
    /// # Errors
    /// Those of the store; bytes that do not have the recorded hash are one.
    pub fn tbs(&mut self, intent: Intent) -> Result<Vec<u8>, StoreError> {
        self.inner.body(intent).map(|(tbs, _)| tbs)
    }

    /// The signature over them, when the certificate was completed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn signature(&mut self, intent: Intent) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.body(intent).map(|(_, signature)| signature)
    }

    /// A person's certificates that are intended, live or held; those that stand revoked because the key
    /// that issued them is compromised are among them until others take their places.
    ///
    /// # Errors
    /// Those of the store.
    pub fn current(&mut self, person: &Person) -> Result<Vec<CertificateRecord>, StoreError> {
        let found = self.inner.current(person)?;
        found.into_iter().map(|record| self.standing(record)).collect()
    }

    /// Every use of a key, by the SHA-256 of its `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn key_use(&mut self, key_hash: &[u8; 32]) -> Result<Vec<KeyUse>, StoreError> {
        self.inner.key_use(key_hash)
    }

    /// The id of the request that asked for a certificate.
    ///
    /// # Errors
    /// Those of the store.
    pub fn request_of(&mut self, intent: Intent) -> Result<String, StoreError> {
        self.inner.request_of(intent)?.ok_or(StoreError::Damaged("an intent is missing"))
    }

    /// The request with this id.
    ///
    /// # Errors
    /// Those of the store.
    pub fn request(&mut self, id: &str) -> Result<Option<RequestRecord>, StoreError> {
        let Some(mut request) = self.inner.request(id)? else { return Ok(None) };
        let certificates = request.certificates.into_iter();
        request.certificates =
            certificates.map(|record| self.standing(record)).collect::<Result<_, _>>()?;
        Ok(Some(request))
    }

    /// Records what a request asked and led to; what it led to before is replaced.
    ///
    /// # Errors
    /// Those of the store.
    pub fn put_request(
        &mut self,
        id: &str,
        content: &[u8; 32],
        certificates: &[Intent],
    ) -> Result<(), StoreError> {
        self.inner.put_request(id, content, certificates)
    }

    /// Whether a new generation of this authority is intended.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_rolling_over(&mut self, ca: CaName) -> Result<bool, StoreError> {
        self.inner.is_rolling_over(ca)
    }

    /// Whether another certificate is intended in the place of this service's key.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_renewing(&mut self, key: ServiceKey) -> Result<bool, StoreError> {
        self.inner.is_renewing(key)
    }

    /// Every certificate that was issued to this service's key or to those that it has replaced,
    /// whatever became of it, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn service_certificates(
        &mut self,
        key: ServiceKey,
    ) -> Result<Vec<CertificateRecord>, StoreError> {
        let found = self.inner.service_certificates(key)?;
        found.into_iter().map(|record| self.standing(record)).collect()
    }

    /// The newest certificate that was issued to this service's key, whatever became of it, with the
    /// SHA-256 of the key's `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn newest_service_certificate(
        &mut self,
        key: ServiceKey,
    ) -> Result<Option<(CertificateRecord, [u8; 32])>, StoreError> {
        let Some((record, hash)) = self.inner.newest_service_certificate(key)? else {
            return Ok(None);
        };
        Ok(Some((self.standing(record)?, hash)))
    }

    /// Intents whose process is gone, oldest first, with the ids of their requests.
    ///
    /// # Errors
    /// Those of the store.
    pub fn dangling(&mut self) -> Result<Vec<(CertificateRecord, String)>, StoreError> {
        self.inner.dangling()
    }

    /// At most `limit` audit entries with numbers above `after`, in order.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit_entries(&mut self, after: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.inner.audit_entries(after, limit)
    }

    /// The last audit entry that a certificate rests on: the record reaches at least as far.
    ///
    /// # Errors
    /// Those of the store.
    pub fn last_change(&mut self) -> Result<u64, StoreError> {
        self.inner.last_change()
    }

    fn change(
        &mut self,
        record: &CertificateRecord,
        to: State,
        entry: u64,
    ) -> Result<(), StoreError> {
        self.move_to(record, to, record.issued_at, entry)
    }

    /// Every change of state comes through here, and is counted for the lists.
    fn move_to(
        &mut self,
        record: &CertificateRecord,
        to: State,
        issued_at: Option<Timestamp>,
        entry: u64,
    ) -> Result<(), StoreError> {
        let (intent, from) = (record.intent, record.recorded);
        self.inner.set_state(&StateChange { intent, from, to, issued_at, entry })?;
        self.recount(record, to, entry)
    }

    /// For the verbs in `generation`.
    pub(super) fn known(&mut self) -> &mut Known {
        &mut self.known
    }

    /// For the verbs in `listing`.
    pub(super) fn reserved(&mut self) -> &mut Reserved {
        &mut self.reserved
    }

    /// For the verbs in `feed`.
    pub(super) fn inner(&mut self) -> &mut (dyn Transaction + '_) {
        &mut *self.inner
    }

    pub(super) fn audit(&mut self, act: &Act<'_>) -> Result<u64, StoreError> {
        let head = match self.head {
            Some(head) => head,
            None => self.inner.audit_head()?,
        };
        let entry = Entry::following(head, self.at, act);
        self.inner.append_audit(&entry)?;
        self.head = Some(entry.head());
        Ok(entry.number)
    }
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("at", &self.at).finish_non_exhaustive()
    }
}
