//! The generations of the authorities' keys.

use std::collections::BTreeMap;

use crate::audit::Act;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::Subject;
use crate::profile::TbsCertificate;
use crate::seal::Sealed;

use super::StoreError;
use super::record::CertificateRecord;
use super::record::Compromise;
use super::record::GenerationRecord;
use super::transaction::Tx;

impl Tx<'_> {
    /// Records that a certificate is that of a key generation, which issues to holders from its
    /// beginning, or from a later instant on.
    ///
    /// # Errors
    /// Those of the store.
    pub fn add_generation(
        &mut self,
        sealed: &Sealed<TbsCertificate>,
        issue_from: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let key = sealed.tbs().key();
        let algorithm = key.algorithm().to_string();
        let profile = sealed.tbs().profile();
        self.inner().insert_generation(sealed.intent(), &algorithm, &key.key_id(), profile)?;
        if let Some(from) = issue_from {
            let (ca, generation) = sealed.tbs().issuer();
            self.audit(&Act::TakesOver { ca, generation, from })?;
            self.inner().put_issue_from(ca, generation, from)?;
        }
        Ok(())
    }

    /// Every key generation of both authorities, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn generations(&mut self) -> Result<Vec<GenerationRecord>, StoreError> {
        let mut generations = self.inner().generations()?;
        for own in &mut generations {
            if let Some(compromise) = own.compromised {
                own.certificate.state = own.certificate.recorded.under_compromise(compromise.since);
            }
        }
        Ok(generations)
    }

    /// Records that a generation's key is compromised since then: by this one record every certificate
    /// that it issued is revoked, and for good.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when that is recorded already, or there is no such generation; those of
    /// the store.
    pub fn compromise(
        &mut self,
        ca: CaName,
        generation: Generation,
        since: Timestamp,
    ) -> Result<Compromise, StoreError> {
        let entry = self.audit(&Act::Compromised { ca, generation, since })?;
        let compromise = Compromise { since, at: self.at(), entry };
        self.inner().put_compromise(ca, generation, compromise)?;
        self.known().compromised = None;
        Ok(compromise)
    }

    /// Records that a list of everything under compromised keys was signed.
    ///
    /// # Errors
    /// Those of the store.
    pub fn compromise_listed(
        &mut self,
        ca: CaName,
        generation: Generation,
        number: u64,
        entries: u64,
        digest: &[u8],
    ) -> Result<(), StoreError> {
        let act = Act::CompromiseListed { ca, generation, number, entries, digest };
        self.audit(&act).map(drop)
    }

    /// Since when this generation's key is compromised, if it is.
    ///
    /// # Errors
    /// Those of the store.
    pub fn compromised_since(
        &mut self,
        ca: CaName,
        generation: Generation,
    ) -> Result<Option<Timestamp>, StoreError> {
        if self.known().compromised.is_none() {
            let read = self.inner().compromised()?.into_iter();
            self.known().compromised =
                Some(read.map(|(ca, own, since)| ((ca, own), since)).collect());
        }
        let found = self.known().compromised.as_ref();
        Ok(found.and_then(|found| found.get(&(ca, generation)).copied()))
    }

    /// Every certificate by which one generation certifies another's key, whatever became of it, by
    /// authority, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn links(&mut self) -> Result<Vec<CertificateRecord>, StoreError> {
        let links = self.inner().links()?;
        links.into_iter().map(|link| self.standing(link)).collect()
    }

    /// A record as it stands: a certificate counts as revoked whose issuer's key is compromised.
    pub(super) fn standing(
        &mut self,
        mut record: CertificateRecord,
    ) -> Result<CertificateRecord, StoreError> {
        if let Some(since) = self.compromised_since(record.ca, record.generation)? {
            record.state = record.recorded.under_compromise(since);
        }
        Ok(record)
    }

    /// Notes until when a generation certifies a holder.
    pub(super) fn note_end(&mut self, tbs: &TbsCertificate) {
        if let Subject::Holder(..) = tbs.subject() {
            let end = self.known().ends.entry(tbs.issuer()).or_insert_with(|| tbs.not_after());
            *end = tbs.not_after().max(*end);
        }
    }

    /// Keeps what was noted: once in a transaction, however many are certified in it.
    pub(super) fn keep_ends(&mut self) -> Result<(), StoreError> {
        for ((ca, generation), end) in std::mem::take(&mut self.known().ends) {
            self.inner().note_end(ca, generation, end)?;
        }
        Ok(())
    }
}

/// What a transaction knows of the generations.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those whose keys are compromised, and since when; none before anybody asked.
    compromised: Option<BTreeMap<(CaName, Generation), Timestamp>>,
    /// The latest ends of what was certified in it.
    ends: BTreeMap<(CaName, Generation), Timestamp>,
}
