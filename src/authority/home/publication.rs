//! The publication key and its certificate in a home.
//!
//! Another key that waits for its certificate gets its name from the next opening where the run was
//! killed behind the commit; where it was killed before, the next renewal lays it aside.

use std::fs;
use std::io;
use std::path::PathBuf;

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::asn1::hex;
use crate::authority::Authority;
use crate::authority::CertifiedKey;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Renewed;
use crate::authority::Rule;
use crate::clock::Clock;
use crate::profile::ServiceKey;
use crate::signer;
use crate::signer::Passphrase;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;

use super::Home;
use super::HomeError;
use super::Opening;
use super::service::Places;
use super::service::fault;
use super::service::next_key_file;
use super::service::read_if_there;

/// What a renewal of the publication certificate made, or would make.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicationRenewal {
    /// The certificate.
    pub new: Renewed,
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// The file of its key.
    pub key: PathBuf,
    /// Where the key before was put, when there is another.
    pub replaced: Option<PathBuf>,
    /// Where the key of an interrupted renewal was laid aside.
    pub laid_aside: Option<PathBuf>,
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
        let keys = self.key_folder();
        let Some(_lock) = super::lock_folder(&keys)? else {
            return Ok(Err(Rule::RenewalPending.into()));
        };
        let opening = Opening::Locked { publication: key == CertifiedKey::Kept };
        let (mut authority, recovery) = self.open_with_keys(clock, passphrase, opening)?;
        let new = match authority.rehearse_publication_renewal(key)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let Places { current, next, .. } = self.places(PUBLICATION);
        let mut renewal = PublicationRenewal {
            new,
            algorithm: authority.publication_algorithm()?,
            key: current.clone(),
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
                let (file, stem) = (next_key_file(PUBLICATION), PUBLICATION.stem());
                renewal.laid_aside = super::lay_aside(&keys, &file, &stem, random)?;
                let before = read_if_there(&current, passphrase)?;
                let pair = signer::generate(renewal.algorithm, random)?;
                let passphrase = if self.keys_are_encrypted()? { passphrase } else { None };
                signer::write_key_file(&next, &pair, passphrase, random)?;
                super::sync_folder(&keys)?;
                let signer = Box::new(SoftwareSigner::new(&pair)?);
                let renewed = authority.replace_publication_key(signer, compromised)?;
                if renewed.is_ok() {
                    renewal.replaced = self.put_next_in_place(before.as_ref())?;
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
        let Some(_lock) = super::lock_folder(&self.key_folder())? else {
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

    /// The publication key: the one that the newest certificate is for, if it is in either place.
    pub(super) fn publication_signer(
        &self,
        certified: Option<[u8; 32]>,
        passphrase: Option<&Passphrase>,
        opening: Opening,
    ) -> Result<Option<SoftwareSigner>, HomeError> {
        let Places { current, next, .. } = self.places(PUBLICATION);
        let is_right = |signer: &SoftwareSigner| {
            certified.is_some_and(|key| key == signer.public_key().hash())
        };
        let mut found = read_if_there(&current, passphrase)?;
        if !found.as_ref().is_some_and(is_right)
            && let Some(signer) = read_if_there(&next, passphrase)?.filter(is_right)
        {
            let keys = self.key_folder();
            let lock = match opening {
                Opening::Plain if !self.rehearsal => super::lock_folder(&keys)?,
                Opening::Plain | Opening::Locked { .. } => None,
            };
            let is_locked = lock.is_some() || opening != Opening::Plain;
            // Whoever has the lock may have been faster.
            if is_locked && !self.rehearsal && super::is_there(&next)? {
                let before = read_if_there(&current, passphrase)?;
                self.put_next_in_place(before.as_ref())?;
            }
            found = Some(signer);
        }
        if found.is_none() && opening != (Opening::Locked { publication: false }) {
            let source = io::Error::from(io::ErrorKind::NotFound);
            return Err(signer::KeyFileError::Io { path: current, source }.into());
        }
        Ok(found)
    }

    /// Gives the next key its name; the one before is laid aside under the beginning of its key id,
    /// and never is there none. The folder must be locked.
    fn put_next_in_place(
        &self,
        before: Option<&SoftwareSigner>,
    ) -> Result<Option<PathBuf>, HomeError> {
        let Places { current, next, .. } = self.places(PUBLICATION);
        let keys = self.key_folder();
        let aside = before.map(|before| {
            let id = hex(&before.public_key().key_id());
            keys.join(format!("{}.replaced-{id:.16}.pem", PUBLICATION.stem()))
        });
        if let Some(aside) = &aside {
            match fs::hard_link(&current, aside) {
                // An earlier run was killed behind this line.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked.map_err(fault(aside))?,
            }
            super::sync_folder(&keys)?;
        }
        fs::rename(&next, &current).map_err(fault(&next))?;
        super::sync_folder(&keys)?;
        Ok(aside)
    }
}

const PUBLICATION: ServiceKey = ServiceKey::Publication;
