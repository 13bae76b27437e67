//! Renewing the services' certificates, and the publication certificate in particular (公開用証明書の更新):
//! in time, to the same key; or at any time to another one that takes its place. The next number of
//! the signature authority, by its newest generation in force.

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::lint;
use crate::profile::Issuer;
use crate::profile::Service;
use crate::profile::ServiceGrant;
use crate::profile::ServiceKey;
use crate::profile::TbsCertificate;
use crate::profile::service_certificate;
use crate::profile::service_end;
use crate::seal::Recorded;
use crate::seal::seal;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::Intention;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::KeyGeneration;
use super::outcome::Refused;
use super::recover::resolve;
use super::rule::Rule;
use super::service::ServiceCertificate;

/// Days before its end from which on the publication certificate is renewed. Publications are made
/// daily, so that ninety of them may fail before it is too late; and whoever keeps the certificate
/// elsewhere has a quarter of a year in which the one before still counts.
pub const RENEWAL_DAYS: u8 = 90;

/// For which key a service's certificate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertifiedKey {
    /// The one that there is.
    Kept,
    /// Another one.
    Replaced {
        /// Whether those before are compromised: their certificates are then revoked for it.
        compromised: bool,
    },
}

/// A service's certificate that was made, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewed {
    /// The service.
    pub service: Service,
    /// The authority that certifies it.
    pub ca: CaName,
    /// By which generation.
    pub generation: Generation,
    /// The number.
    pub serial: Serial,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// The numbers that were revoked with it.
    pub revoked: Vec<Serial>,
}

impl Authority {
    /// Whether the publication certificate is to be renewed now: none is in force, or the newest
    /// ends within [`RENEWAL_DAYS`] and another one would last longer.
    #[must_use]
    pub fn is_publication_ending(&self) -> bool {
        self.is_ending(PUBLICATION, i64::from(RENEWAL_DAYS) * DAY)
    }

    /// Certifies the publication key once more. The certificate before stays in force until its end.
    ///
    /// # Errors
    /// When the publication key or the issuer's is not here or fails, another opened the
    /// installation and changed its keys meanwhile, or the store fails; a refusal by rule is the
    /// inner error.
    pub fn renew_publication(&mut self) -> Result<Result<Renewed, Refused>, AuthorityError> {
        let key = self.publication_signer()?.public_key().clone();
        self.certify_service(PUBLICATION, &key, CertifiedKey::Kept)
    }

    /// Puts another publication key in the place of the one before, with a certificate. Those before
    /// stay in force until their end, or are `compromised` and revoked in the same transaction.
    ///
    /// # Errors
    /// As for [`Authority::renew_publication`], and when the key is weak or was certified before.
    pub fn replace_publication_key(
        &mut self,
        signer: Box<dyn Signer>,
        compromised: bool,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        let key = signer.public_key().clone();
        let replaced = CertifiedKey::Replaced { compromised };
        let made = self.certify_service(PUBLICATION, &key, replaced)?;
        if made.is_ok() {
            self.take_up_services_again(Some(signer))?;
        }
        Ok(made)
    }

    /// What a renewal would make, without making it.
    ///
    /// # Errors
    /// As for [`Authority::renew_publication`].
    pub fn rehearse_publication_renewal(
        &self,
        key: CertifiedKey,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        self.rehearse_renewal(PUBLICATION, key)
    }

    /// What the publication key is, whether it is here or not.
    pub(super) fn publication_algorithm(&self) -> Result<KeyAlgorithm, AuthorityError> {
        let newest = self.service_certificates(Service::Publication).last();
        let missing = AuthorityError::NoServiceCertificate { service: PUBLICATION };
        algorithm_of(newest.ok_or(missing)?.1)
    }

    /// Whether a service needs another certificate now: none is in force, or the newest ends within
    /// so many seconds and another one would last longer.
    pub(super) fn is_ending(&self, service: ServiceKey, within: i64) -> bool {
        let now = self.now();
        let Ok(current) = self.in_force(service) else { return true };
        let is_better = |key: &KeyGeneration| {
            let of = |record: &CertificateRecord| (record.ca, record.generation);
            !key.is_compromised() && of(&key.record.certificate) != of(&current.record)
        };
        // Certified under a key that is compromised, where another can certify it by now.
        if current.record.state != current.record.recorded
            && self.certifying(service, now).is_ok_and(is_better)
        {
            return true;
        }
        let end = current.record.not_after;
        let lasts_longer = || {
            // Where the issuer ends as soon, another one would be made at every publication.
            let new_end = |key: &KeyGeneration| service_end(service.service(), now, &key.issuer);
            self.certifying(service, now).is_ok_and(|key| new_end(key).is_ok_and(|new| new > end))
        };
        end.to_unix() - now.to_unix() < within && lasts_longer()
    }

    /// What [`Authority::certify_service`] would make, without making it.
    pub(super) fn rehearse_renewal(
        &self,
        service: ServiceKey,
        key: CertifiedKey,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        self.store.rehearse(self.now(), |tx| {
            resolve(tx)?;
            let planned = self.plan_renewal(tx, service, key)?;
            Ok(planned.map(|(renewed, _)| renewed))
        })
    }

    /// Intends, seals and completes a service's certificate.
    pub(super) fn certify_service(
        &mut self,
        service: ServiceKey,
        key: &PublicKey,
        kept: CertifiedKey,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        if kept != CertifiedKey::Kept {
            lint::key(key).map_err(AuthorityError::Key)?;
        }
        let now = self.now();
        let (planned, recorded) = self.store.record(now, |tx| {
            let (renewed, issuer) = match self.plan_renewal(tx, service, kept)? {
                Ok(planned) => planned,
                Err(refused) => return Ok(Err(refused)),
            };
            if kept != CertifiedKey::Kept && !tx.key_use(&key.hash())?.is_empty() {
                return Err(AuthorityError::KeyUsed);
            }
            self.intend_service(tx, &renewed, issuer, key)?;
            Ok(Ok(renewed))
        })?;
        let mut renewed = match planned {
            Ok(renewed) => renewed,
            Err(refused) => return Ok(Err(refused)),
        };
        for recorded in recorded {
            let intent = recorded.intent();
            let revoked = self.put_service_in_force(recorded, service, kept, now);
            renewed.revoked = revoked.inspect_err(|_| self.give_up(&[intent]))?;
        }
        self.take_up_services_again(None)?;
        Ok(Ok(renewed))
    }

    /// The certificate to be made, and by whom, if there may be one now.
    fn plan_renewal(
        &self,
        tx: &mut Tx<'_>,
        of: ServiceKey,
        key: CertifiedKey,
    ) -> Result<Result<(Renewed, &Issuer), Refused>, AuthorityError> {
        self.check_generations(tx)?;
        self.check_service(tx, of)?;
        let not_before = tx.at();
        let KeyGeneration { issuer, signer, .. } = match self.certifying(of, not_before) {
            Ok(issuing) => issuing,
            Err(rule) => return Ok(Err(rule.into())),
        };
        let Issuer { ca, generation, .. } = *issuer;
        if signer.is_none() {
            return Err(AuthorityError::NoKey { ca, generation });
        }
        if key == CertifiedKey::Kept && self.is_publication_key_revoked()? {
            return Ok(Err(Rule::ServiceKeyRevoked.into()));
        }
        if tx.is_renewing(of)? {
            return Ok(Err(Rule::RenewalPending.into()));
        }
        let service = of.service();
        let serial = tx.draw_serial(ca)?;
        let not_after = service_end(service, not_before, issuer);
        let not_after = not_after.map_err(|_| AuthorityError::Time)?;
        let revoked = compromised(tx, of, key)?.iter().map(|record| record.serial).collect();
        let renewed = Renewed { service, ca, generation, serial, not_before, not_after, revoked };
        Ok(Ok((renewed, issuer)))
    }

    fn intend_service(
        &self,
        tx: &mut Tx<'_>,
        renewed: &Renewed,
        issuer: &Issuer,
        key: &PublicKey,
    ) -> Result<(), AuthorityError> {
        let realm = &self.realm;
        let Renewed { service, serial, not_before, .. } = *renewed;
        let grant = ServiceGrant { realm, issuer, service, serial, key, not_before };
        let tbs = service_certificate(&grant).map_err(|_| AuthorityError::Time)?;
        let checked = lint::check(tbs, &lint::Authority { realm, issuer: Some(issuer) })?;
        let request = match service {
            Service::Publication => "renew-publication",
            Service::Responder => "rotate-responder",
        };
        tx.intend(checked, &Intention { person: None, request, clause: None })?;
        Ok(())
    }

    /// Signs the certificate and puts it in force; revokes what is compromised in the same
    /// transaction, so that there is no moment without a certificate or with one too many.
    fn put_service_in_force(
        &self,
        recorded: Recorded<TbsCertificate>,
        service: ServiceKey,
        key: CertifiedKey,
        now: Timestamp,
    ) -> Result<Vec<Serial>, AuthorityError> {
        let (ca, generation) = recorded.tbs().issuer();
        let signer = self.generation(ca, generation)?.signer.as_deref();
        let sealed = seal(recorded, signer.ok_or(AuthorityError::NoKey { ca, generation })?)?;
        self.store.tx(now, |tx| {
            let compromised = compromised(tx, service, key)?;
            let record = tx.at_intent(sealed.intent())?;
            tx.complete(&record, &sealed)?;
            for record in &compromised {
                tx.revoke(record, Reason::KeyCompromise, now)?;
            }
            Ok(compromised.iter().map(|record| record.serial).collect())
        })
    }

    /// The generation that certifies a service's key: a responder's is its own, publication's the
    /// newest in force whose key is not compromised. Where a holder's certificate would be refused because the newest has not
    /// begun, publication goes on.
    fn certifying(&self, service: ServiceKey, at: Timestamp) -> Result<&KeyGeneration, Rule> {
        match service {
            ServiceKey::Responder(ca, generation) => {
                let own = self.generation(ca, generation).map_err(|_| Rule::UnknownGeneration)?;
                if own.is_in_force(at) {
                    Ok(own)
                } else if at < own.issuer.not_before {
                    Err(Rule::CaNotYet)
                } else {
                    Err(Rule::GenerationEnded)
                }
            }
            _ => {
                let own =
                    || self.generations.iter().filter(|key| key.issuer.ca == CaName::Signature);
                let in_force = own().filter(|key| key.is_in_force(at));
                // One whose key is compromised where there is no other: lists must go on.
                in_force.max_by_key(|key| (!key.is_compromised(), key.issuer.generation)).ok_or({
                    let is_to_come = own().any(|key| at < key.issuer.not_before);
                    if is_to_come { Rule::CaNotYet } else { Rule::CaEnded }
                })
            }
        }
    }

    /// The publication key that is here.
    fn publication_signer(&self) -> Result<&dyn Signer, AuthorityError> {
        let own = self.services.iter().filter(|known| known.of == PUBLICATION);
        let signer = own.rev().find_map(|known| known.signer.as_deref());
        signer.ok_or(AuthorityError::NoServiceKey { service: PUBLICATION })
    }

    /// Whether a certificate of the publication key that is here was revoked.
    fn is_publication_key_revoked(&self) -> Result<bool, AuthorityError> {
        let key = self.publication_signer()?.public_key();
        let is_its = |known: &ServiceCertificate| {
            PublicKey::of_certificate(&known.certificate).is_ok_and(|own| own == *key)
        };
        let is_revoked =
            |known: &&ServiceCertificate| matches!(known.record.recorded, State::Revoked(..));
        Ok(self.services.iter().filter(is_revoked).any(is_its))
    }
}

/// What the key of a service's certificate is.
pub(super) fn algorithm_of(certificate: &[u8]) -> Result<KeyAlgorithm, AuthorityError> {
    let key = PublicKey::of_certificate(certificate)
        .map_err(|_| StoreError::Damaged("a service has no key"))?;
    Ok(key.algorithm())
}

/// The certificates that end because their keys are compromised: all that have not ended, since the
/// keys before the last one lay where it does.
fn compromised(
    tx: &mut Tx<'_>,
    service: ServiceKey,
    key: CertifiedKey,
) -> Result<Vec<CertificateRecord>, StoreError> {
    if key != (CertifiedKey::Replaced { compromised: true }) {
        return Ok(Vec::new());
    }
    let at = tx.at();
    let mut records = tx.service_certificates(service)?;
    records.retain(|record| record.recorded == State::Live && record.not_after >= at);
    Ok(records)
}

/// Seconds of a day.
pub(super) const DAY: i64 = 24 * 3600;
const PUBLICATION: ServiceKey = ServiceKey::Publication;

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use rand_core::OsRng;

    use super::super::fixture::Founded;
    use super::*;
    use crate::authority::publish::PublishError;
    use crate::authority::publish::PublishOptions;
    use crate::policy::ListTiming;
    use crate::profile::Partition;
    use crate::signer;
    use crate::signer::SoftwareSigner;

    /// The end of the founding's publication certificate, and ninety days before.
    const END: &str = "2029-03-31T14:59:59Z";
    const IN_TIME: &str = "2028-12-31T14:59:59Z";
    /// The last instant of the founding's generation.
    const LAST: &str = "2036-03-31T14:59:59Z";

    fn new_signer() -> Box<dyn Signer> {
        let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        Box::new(SoftwareSigner::new(&key).unwrap())
    }

    fn opened(founded: &Founded, at: &str) -> Authority {
        founded.open(at, &[0, 1, 2]).unwrap()
    }

    fn publish(authority: &Authority) -> Result<(), PublishError> {
        let folder = tempfile::tempdir().unwrap();
        let mut options = PublishOptions::due(ListTiming::default());
        options.partition = Some(Partition::Authority);
        authority.publish(folder.path(), &options, &|_, _| ()).map(drop)
    }

    #[test]
    fn it_is_renewed_for_the_same_key_in_its_last_ninety_days() {
        let founded = Founded::new();
        assert!(!opened(&founded, IN_TIME).is_publication_ending());
        let mut authority = opened(&founded, "2028-12-31T15:00:00Z");
        assert!(authority.is_publication_ending());
        let rehearsed = authority.rehearse_publication_renewal(CertifiedKey::Kept);
        let renewed = authority.renew_publication().unwrap().unwrap();
        assert_eq!(rehearsed.unwrap().unwrap(), renewed);
        assert_eq!((renewed.serial.get(), &*renewed.revoked), (4, &[][..]));
        assert_eq!(renewed.not_after, "2031-12-31T14:59:59Z".parse().unwrap());
        assert!(!authority.is_publication_ending());
        publish(&authority).unwrap();
        let all: Vec<_> = authority.service_certificates(Service::Publication).collect();
        let [(old, before), (_, newest)] = all[..] else { panic!("{all:?}") };
        assert_eq!((old.state, old.not_after), (State::Live, END.parse().unwrap()), "it stays");
        let key = |der: &[u8]| PublicKey::of_certificate(der).unwrap();
        assert_eq!(key(before), key(newest));
        assert_eq!(authority.publication_certificate().unwrap(), newest);
    }

    #[test]
    fn it_is_renewed_after_its_end_too() {
        let founded = Founded::new();
        let mut authority = opened(&founded, "2030-01-01T00:00:00Z");
        assert!(publish(&authority).is_err());
        assert!(authority.is_publication_ending());
        authority.renew_publication().unwrap().unwrap();
        publish(&authority).unwrap();
        // It ends with its issuer at the latest; then another one would not last longer.
        let mut last = opened(&founded, "2035-01-01T00:00:00Z");
        let renewed = last.renew_publication().unwrap().unwrap();
        assert_eq!(renewed.not_after, LAST.parse().unwrap());
        assert!(!opened(&founded, LAST).is_publication_ending());
        let mut ended = opened(&founded, "2036-04-01T00:00:00Z");
        assert!(ended.is_publication_ending());
        assert_eq!(ended.renew_publication().unwrap(), Err(Rule::CaEnded.into()));
    }

    #[test]
    fn the_newest_generation_in_force_certifies_it() {
        let founded = Founded::new();
        let mut authority = opened(&founded, "2030-01-01T00:00:00Z");
        authority.roll_over(CaName::Signature, None, new_signer(), None).unwrap().unwrap();
        let renewed = authority.renew_publication().unwrap().unwrap();
        assert_eq!((renewed.generation.get(), renewed.serial.get()), (2, 5));
        // The clock set back: the second has not begun, and the first needs no help.
        let mut back = opened(&founded, "2027-01-01T00:00:00Z");
        assert!(!back.is_publication_ending());
        assert_eq!(back.renew_publication().unwrap().unwrap().generation.get(), 1);
        let mut early = opened(&founded, "2026-03-31T23:59:59Z");
        assert_eq!(early.renew_publication().unwrap(), Err(Rule::CaNotYet.into()));
        let mut no_key = founded.open("2027-01-01T00:00:00Z", &[1, 2]).unwrap();
        let error = no_key.renew_publication().unwrap_err();
        assert!(matches!(error, AuthorityError::NoKey { .. }), "{error:?}");
    }

    #[test]
    fn another_key_takes_its_place() {
        let founded = Founded::new();
        let mut authority = opened(&founded, "2027-01-01T00:00:00Z");
        let renewed = authority.replace_publication_key(new_signer(), false).unwrap().unwrap();
        assert_eq!(renewed.revoked, []);
        publish(&authority).unwrap();
        let certified = PublicKey::of_certificate(authority.publication_certificate().unwrap());
        assert_ne!(certified.unwrap(), *founded.signer(2).public_key());
        // What was certified before is not new.
        let again = Box::new(founded.signer(2));
        let error = authority.replace_publication_key(again, false).unwrap_err();
        assert!(matches!(error, AuthorityError::KeyUsed), "{error:?}");
        // The key before is here, and it is not the one that counts.
        let old = opened(&founded, "2027-01-01T00:00:00Z").publication().unwrap_err();
        assert!(matches!(old, AuthorityError::NoServiceKey { .. }), "{old:?}");
    }

    #[test]
    fn compromised_keys_lose_all_their_certificates_at_once_and_get_no_other() {
        let founded = Founded::new();
        let mut authority = opened(&founded, "2027-01-01T00:00:00Z");
        authority.renew_publication().unwrap().unwrap();
        let mut before = opened(&founded, "2027-01-02T00:00:00Z");
        let mut other = opened(&founded, "2027-01-02T00:00:00Z");
        let renewed = other.replace_publication_key(new_signer(), true).unwrap().unwrap();
        assert_eq!(renewed.revoked.iter().map(|n| n.get()).collect::<Vec<_>>(), [2, 4]);
        let at = "2027-01-02T00:00:00Z".parse().unwrap();
        let states =
            other.service_certificates(Service::Publication).map(|(record, _)| record.state);
        let revoked = State::Revoked(at, Reason::KeyCompromise);
        assert_eq!(states.collect::<Vec<_>>(), [revoked, revoked, State::Live]);
        publish(&other).unwrap();
        // Who opened before goes on with a key that is no good: not with this installation.
        let stale = publish(&before).unwrap_err();
        let changed =
            |error: &AuthorityError| matches!(error, AuthorityError::ServiceChanged { .. });
        assert!(matches!(&stale, PublishError::Authority(error) if changed(error)), "{stale:?}");
        assert!(changed(&before.renew_publication().unwrap_err()));
        let mut old = opened(&founded, "2027-01-03T00:00:00Z");
        assert_eq!(old.renew_publication().unwrap(), Err(Rule::ServiceKeyRevoked.into()));
        old.replace_publication_key(new_signer(), false).unwrap().unwrap();
    }

    #[test]
    fn one_renews_at_a_time() {
        let founded = Founded::new();
        let authority = opened(&founded, "2027-01-01T00:00:00Z");
        let pending = authority.store.tx(authority.now(), |tx| {
            let (renewed, issuer) = authority
                .plan_renewal(tx, PUBLICATION, CertifiedKey::Kept)?
                .map_err(|_| StoreError::Busy)?;
            let key = authority.publication_signer()?.public_key();
            authority.intend_service(tx, &renewed, issuer, key)?;
            authority.plan_renewal(tx, PUBLICATION, CertifiedKey::Kept)
        });
        let pending = pending.unwrap().map(|(renewed, _)| renewed);
        assert_eq!(pending, Err(Rule::RenewalPending.into()));
    }
}
