//! The services' certificates, as they were taken up with the installation, and their keys where they
//! are here.

use crate::asn1::PublicKey;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::Service;
use crate::profile::ServiceKey;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;

/// A service's certificate, and its key unless it was left where it is.
#[derive(Debug)]
pub(super) struct ServiceCertificate {
    pub(super) of: ServiceKey,
    pub(super) record: CertificateRecord,
    pub(super) certificate: Vec<u8>,
    pub(super) signer: Option<Box<dyn Signer>>,
}

impl Authority {
    /// The certificates of a service with their DER, whatever became of them: those of publication
    /// oldest first; of each generation's responder the newest, by authority and generation.
    pub fn service_certificates(
        &self,
        service: Service,
    ) -> impl Iterator<Item = (&CertificateRecord, &[u8])> {
        self.services
            .iter()
            .filter(move |known| known.of.service() == service)
            .map(|known| (&known.record, known.certificate.as_slice()))
    }

    /// The newest certificate of a generation's responder with its DER, whatever became of it; none
    /// where there never was one.
    #[must_use]
    pub fn responder_certificate(
        &self,
        ca: CaName,
        generation: Generation,
    ) -> Option<(&CertificateRecord, &[u8])> {
        let key = ServiceKey::Responder(ca, generation);
        let known = self.services.iter().find(|known| known.of == key)?;
        Some((&known.record, &known.certificate))
    }

    /// The publication certificate in DER: the newest that is in force.
    ///
    /// # Errors
    /// When none is: it has expired or was revoked.
    pub fn publication_certificate(&self) -> Result<&[u8], AuthorityError> {
        Ok(&self.in_force(ServiceKey::Publication)?.certificate)
    }

    /// The publication certificate with its key, which `seal` alone uses.
    pub(super) fn publication(&self) -> Result<(&[u8], &dyn Signer), AuthorityError> {
        let service = ServiceKey::Publication;
        let current = self.in_force(service)?;
        let signer = current.signer.as_deref().ok_or(AuthorityError::NoServiceKey { service })?;
        Ok((&current.certificate, signer))
    }

    /// The newest certificate of a service's key that is in force now; its state is that of the
    /// opening. One whose issuer's key is compromised counts: its own key is not, and while the
    /// authority has no other generation, nobody could certify it anew.
    pub(super) fn in_force(
        &self,
        service: ServiceKey,
    ) -> Result<&ServiceCertificate, AuthorityError> {
        let now = self.now();
        let in_force = |known: &&ServiceCertificate| {
            let record = &known.record;
            known.of == service
                && record.recorded == State::Live
                && (record.not_before..=record.not_after).contains(&now)
        };
        let found = self.services.iter().rev().find(in_force);
        found.ok_or(AuthorityError::NoServiceCertificate { service })
    }

    /// The services' certificates; each takes its key out of `signers`. Where several have one key,
    /// it goes to the newest.
    pub(super) fn take_up_services(
        &self,
        signers: &mut Vec<Box<dyn Signer>>,
    ) -> Result<Vec<ServiceCertificate>, AuthorityError> {
        let mut services = self.store.tx(self.now(), |tx| {
            let mut services = Vec::new();
            for of in self.service_keys() {
                for record in taken_up(tx, of)? {
                    let unsigned = StoreError::Damaged("a service's certificate is not signed");
                    let certificate = self.der(tx, &record)?.ok_or(unsigned)?;
                    services.push(ServiceCertificate { of, record, certificate, signer: None });
                }
            }
            Ok::<_, AuthorityError>(services)
        })?;
        for known in services.iter_mut().rev() {
            let key = PublicKey::of_certificate(&known.certificate)
                .map_err(|_| StoreError::Damaged("a service has no key"))?;
            let position = signers.iter().position(|signer| *signer.public_key() == key);
            known.signer = position.map(|position| signers.swap_remove(position));
        }
        Ok(services)
    }

    /// Reads the services' certificates again, which another process may have renewed; each keeps
    /// its key, and `signer` finds its own.
    pub(super) fn take_up_services_again(
        &mut self,
        signer: Option<Box<dyn Signer>>,
    ) -> Result<(), AuthorityError> {
        let known = self.services.iter_mut().filter_map(|known| known.signer.take());
        let mut signers: Vec<_> = known.chain(signer).collect();
        self.services = self.take_up_services(&mut signers)?;
        Ok(())
    }

    /// Whether a service's certificates still stand as they were taken up.
    pub(super) fn check_service(
        &self,
        tx: &mut Tx<'_>,
        service: ServiceKey,
    ) -> Result<(), AuthorityError> {
        let known = self.services.iter().filter(|known| known.of == service);
        if taken_up(tx, service)?.iter().eq(known.map(|known| &known.record)) {
            Ok(())
        } else {
            Err(AuthorityError::ServiceChanged { service })
        }
    }

    /// The newest certificate of a service's key in DER, whatever became of it.
    pub(super) fn newest_certificate(&self, service: ServiceKey) -> Option<&[u8]> {
        let mut known = self.services.iter().rev();
        known.find(|known| known.of == service).map(|known| known.certificate.as_slice())
    }

    /// The SHA-256 of the key of a service's newest certificate; none where there never was one.
    pub(super) fn certified_key_hash(
        &self,
        service: ServiceKey,
    ) -> Result<Option<[u8; 32]>, AuthorityError> {
        let Some(der) = self.newest_certificate(service) else { return Ok(None) };
        let certified = PublicKey::of_certificate(der)
            .map_err(|_| StoreError::Damaged("a service has no key"))?;
        Ok(Some(certified.hash()))
    }

    /// Every service's key that there is, or should be.
    pub(super) fn service_keys(&self) -> impl Iterator<Item = ServiceKey> {
        let responders = self.generations.iter().map(|key| &key.issuer);
        let responders = responders.map(|own| ServiceKey::Responder(own.ca, own.generation));
        std::iter::once(ServiceKey::Publication).chain(responders)
    }
}

/// What is taken up of a service's certificates: those of publication are all of use, since what was
/// signed under one goes on to count; a responder has another every other week, of which one answers.
fn taken_up(tx: &mut Tx<'_>, of: ServiceKey) -> Result<Vec<CertificateRecord>, StoreError> {
    match of.service() {
        Service::Publication => tx.service_certificates(of),
        Service::Responder => {
            Ok(tx.newest_service_certificate(of)?.map(|(record, _)| record).into_iter().collect())
        }
    }
}
