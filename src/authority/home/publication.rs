//! The publication key and its certificate in a home.
//!
//! Another key goes through `keys/publication.next.key.pem`: it is durable there before the intent
//! and takes the name of the one before when its certificate is. Killed between the two, the next
//! opening gives it the name; killed before, the next renewal lays it aside.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::asn1::hex;
use crate::authority::Authority;
use crate::authority::PublicationKey;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Renewed;
use crate::authority::Rule;
use crate::clock::Clock;
use crate::profile::Service;
use crate::signer;
use crate::signer::Passphrase;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;

use super::Home;
use super::HomeError;
use super::Opening;

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

/// The two places of publication keys.
struct Places {
    current: PathBuf,
    next: PathBuf,
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
        key: PublicationKey,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<PublicationRenewal, Refused>, HomeError> {
        let keys = self.folder.join(&self.config.keys);
        let Some(_lock) = super::lock_folder(&keys)? else {
            return Ok(Err(Rule::RenewalPending.into()));
        };
        let opening = Opening::Locked { publication: key == PublicationKey::Kept };
        let (mut authority, recovery) = self.open_with_keys(clock, passphrase, opening)?;
        let new = match authority.rehearse_publication_renewal(key)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let Places { current, next } = self.publication_places();
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
            PublicationKey::Kept => authority.renew_publication()?,
            PublicationKey::Replaced { compromised } => {
                let (file, stem) = (next_key_file(), Service::Publication.as_str());
                renewal.laid_aside = super::lay_aside(&keys, &file, stem, random)?;
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
        self.write_publication_certificate(&authority)?;
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
            let planned = authority.rehearse_publication_renewal(PublicationKey::Kept)?;
            return Ok(planned.map(Some));
        }
        let Some(_lock) = super::lock_folder(&self.folder.join(&self.config.keys))? else {
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
        self.write_publication_certificate(authority)?;
        Ok(Ok(Some(renewed)))
    }

    /// The publication key: the one that the newest certificate is for, if it is in either place.
    pub(super) fn publication_signer(
        &self,
        certified: Option<[u8; 32]>,
        passphrase: Option<&Passphrase>,
        opening: Opening,
    ) -> Result<Option<SoftwareSigner>, HomeError> {
        let Places { current, next } = self.publication_places();
        let is_right = |signer: &SoftwareSigner| {
            certified.is_some_and(|key| key == signer.public_key().hash())
        };
        let mut found = read_if_there(&current, passphrase)?;
        if !found.as_ref().is_some_and(is_right)
            && let Some(signer) = read_if_there(&next, passphrase)?.filter(is_right)
        {
            let keys = self.folder.join(&self.config.keys);
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
        let Places { current, next } = self.publication_places();
        let keys = self.folder.join(&self.config.keys);
        let aside = before.map(|before| {
            let id = hex(&before.public_key().key_id());
            keys.join(format!("{}.replaced-{id:.16}.pem", Service::Publication))
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

    /// Writes the newest publication certificate where none stands, or one of those before it. One
    /// that is not known stays: it may be newer than what this process knows.
    pub(super) fn write_publication_certificate(
        &self,
        authority: &Authority,
    ) -> Result<(), HomeError> {
        let certificates = authority.service_certificates(Service::Publication);
        let mut known: Vec<&[u8]> = certificates.map(|(_, der)| der).collect();
        let Some(newest) = known.pop() else { return Ok(()) };
        let folder = self.folder.join("ca");
        let stem = Service::Publication.as_str();
        let text = read_file(&folder.join(format!("{stem}.pem")))?;
        let der = read_file(&folder.join(format!("{stem}.cer")))?;
        let mut is_old = text.is_none() || der.is_none();
        for before in known {
            is_old |= der.as_deref() == Some(before);
            is_old |= text.as_deref() == Some(super::certificate_pem(before)?.as_bytes());
        }
        if is_old {
            fs::create_dir_all(&folder).map_err(fault(&folder))?;
            super::write_certificate(&folder, stem, newest, true)?;
            super::sync_folder(&folder)?;
        }
        Ok(())
    }

    fn publication_places(&self) -> Places {
        let keys = self.folder.join(&self.config.keys);
        Places {
            current: keys.join(super::service_key_file(Service::Publication)),
            next: keys.join(next_key_file()),
        }
    }
}

fn read_if_there(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Option<SoftwareSigner>, HomeError> {
    if super::is_there(path)? { super::read_signer(path, passphrase).map(Some) } else { Ok(None) }
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, HomeError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(path)(error)),
    }
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    move |source| HomeError::Io { path: path.to_owned(), source }
}

fn next_key_file() -> String {
    format!("{}.next.key.pem", Service::Publication)
}
