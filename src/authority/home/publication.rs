//! The publication key and its certificate in a home.
//!
//! Another key that waits for its certificate gets its name from the next opening where the run was
//! killed behind the commit; where it was killed before, the next renewal lays it aside.

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::authority::Authority;
use crate::authority::CertifiedKey;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Renewed;
use crate::authority::Rule;
use crate::clock::Clock;
use crate::profile::ServiceKey;
use crate::signer::Passphrase;
use crate::signer::Signer;

use super::Home;
use super::HomeError;
use super::Opening;
use super::keys::KeyPlace;
use super::keys::Keys;
use super::keys::Owner;

/// What a renewal of the publication certificate made, or would make.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicationRenewal {
    /// The certificate.
    pub new: Renewed,
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// Where its key is.
    pub key: KeyPlace,
    /// Where the key before was put, when there is another.
    pub replaced: Option<KeyPlace>,
    /// Where the key of an interrupted renewal was laid aside.
    pub laid_aside: Option<KeyPlace>,
    /// What a crash had left.
    pub recovery: Recovery,
}

impl Home {
    /// Makes a new publication certificate, for the key that there is or another one of its kind,
    /// and writes it to `ca/publication.cer` and `.pem`. A home [to rehearse](Home::to_rehearse)
    /// only says what it would make.
    ///
    /// Whatever this is killed in leaves a key and a certificate that belong together; the next
    /// opening puts their files in place.
    ///
    /// # Errors
    /// As for [`Home::authority`], but that a publication key which is to be replaced may be
    /// missing; and when the disk or the new key fails; a refusal by rule is the inner error.
    pub fn renew_publication(
        &self,
        key: CertifiedKey,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<PublicationRenewal, Refused>, HomeError> {
        let keys = self.keys(passphrase)?;
        let Some(_lock) = keys.lock()? else {
            return Ok(Err(Rule::RenewalPending.into()));
        };
        let opening = Opening::Locked { publication: key == CertifiedKey::Kept };
        let (mut authority, recovery) = self.open_with_keys(clock, &keys, opening)?;
        let new = match authority.rehearse_publication_renewal(key)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut renewal = PublicationRenewal {
            new,
            algorithm: authority.publication_algorithm()?,
            key: keys.place(PUBLICATION),
            replaced: None,
            laid_aside: None,
            recovery,
        };
        if self.rehearsal {
            return Ok(Ok(renewal));
        }
        let renewed = match key {
            CertifiedKey::Kept => authority.renew_publication()?,
            CertifiedKey::Replaced { compromised } => {
                let certified = authority.certified_key_hash(ServiceKey::Publication)?;
                renewal.laid_aside = keys.settle(PUBLICATION, is_hash(certified), random)?;
                let signer = keys.make(PUBLICATION, renewal.algorithm, random)?;
                let renewed = authority.replace_publication_key(signer, compromised)?;
                if renewed.is_ok() {
                    renewal.replaced = keys.adopt(PUBLICATION)?;
                }
                renewed
            }
        };
        match renewed {
            Ok(new) => renewal.new = new,
            Err(refused) => return Ok(Err(refused)),
        }
        self.write_service_certificates(&authority)?;
        Ok(Ok(renewal))
    }

    /// Renews the publication certificate when [it is time](Authority::is_publication_ending), for
    /// the key that there is; else does nothing. A home [to rehearse](Home::to_rehearse) only says
    /// what it would make.
    ///
    /// # Errors
    /// When a key is not here or fails, or the disk or the store does; a refusal by rule is the
    /// inner error.
    pub fn renew_publication_in_time(
        &self,
        authority: &mut Authority,
    ) -> Result<Result<Option<Renewed>, Refused>, HomeError> {
        if !authority.is_publication_ending() {
            return Ok(Ok(None));
        }
        if self.rehearsal {
            let planned = authority.rehearse_publication_renewal(CertifiedKey::Kept)?;
            return Ok(planned.map(Some));
        }
        let Some(_lock) = self.lock_keys()? else {
            // Whoever is at it now does the same, or the next publication will.
            let still = authority.publication_certificate().is_ok();
            return Ok(if still { Ok(None) } else { Err(Rule::RenewalPending.into()) });
        };
        // Another may have done it since the opening.
        authority.take_up_services_again(None)?;
        if !authority.is_publication_ending() {
            return Ok(Ok(None));
        }
        let renewed = match authority.renew_publication()? {
            Ok(renewed) => renewed,
            Err(refused) => return Ok(Err(refused)),
        };
        self.write_service_certificates(authority)?;
        Ok(Ok(Some(renewed)))
    }

    /// The publication key: the one that the newest certificate is for. If it still waits for its
    /// place, it gets it now, unless somebody else is at it.
    pub(super) fn publication_signer(
        &self,
        keys: &Keys,
        certified: Option<[u8; 32]>,
        opening: Opening,
    ) -> Result<Option<Box<dyn Signer>>, HomeError> {
        let signer = match keys.certified(PUBLICATION, is_hash(certified)) {
            // It is to be replaced, whatever it is.
            Ok(None) | Err(_) if opening == (Opening::Locked { publication: false }) => {
                return Ok(None);
            }
            Ok(None) => return Err(HomeError::NoKey { place: keys.place(PUBLICATION) }),
            Ok(Some(signer)) => signer,
            Err(error) => return Err(error),
        };
        if !self.rehearsal && keys.has_waiting(PUBLICATION)? {
            let lock = if opening == Opening::Plain { keys.lock()? } else { None };
            let is_locked = lock.is_some() || opening != Opening::Plain;
            // Whoever has the lock may have been faster; one that was not certified stays for the
            // next renewal.
            if is_locked && keys.waits(PUBLICATION, is_hash(certified))? {
                keys.adopt(PUBLICATION)?;
            }
        }
        Ok(Some(signer))
    }
}

/// Whether a key is the one with this hash.
pub(super) fn is_hash(certified: Option<[u8; 32]>) -> impl Fn(&PublicKey) -> bool {
    move |key| certified.is_some_and(|certified| certified == key.hash())
}

const PUBLICATION: Owner = Owner::Service(ServiceKey::Publication);
