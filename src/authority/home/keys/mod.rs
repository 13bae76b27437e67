//! Where the keys of a home are.
//!
//! Whoever needs a key names its [`Owner`] and says which public half was certified for it. Where the
//! key is, while another one waits for its certificate, is the business of this module alone: a new
//! key is durable before the intent of its certificate, and whatever is interrupted between the two
//! leaves a key that is found by what the store says.

mod files;

use std::fmt;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::authority::Refused;
use crate::authority::Rule;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::Service;
use crate::profile::ServiceKey;
use crate::signer::Passphrase;
use crate::signer::Signer;

use super::Home;
use super::HomeError;

use files::Files;

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A generation of an authority.
    Authority(CaName, Generation),
    /// A service.
    Service(ServiceKey),
}

impl Owner {
    /// What its key is called: `signature-1`, `publication`, `ocsp-signature-1`.
    fn stem(self) -> String {
        match self {
            Self::Authority(ca, generation) => format!("{ca}-{generation}"),
            Self::Service(service) => service.stem(),
        }
    }

    /// Whether a key that no certificate names, or none any more, is kept. Those of responders are
    /// destroyed: nothing that they signed is verified for long.
    fn keeps(self) -> bool {
        match self {
            Self::Authority(..) => true,
            Self::Service(key) => key.service() == Service::Publication,
        }
    }
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlace {
    /// In a file.
    File(PathBuf),
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The keys of a home, and the means to open them.
#[derive(Debug)]
pub(super) enum Keys {
    /// In files.
    Files(Files),
}

impl Keys {
    /// Where a new home under construction has its keys.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub(super) fn found(folder: &Path, passphrase: Option<&Passphrase>) -> Result<Self, HomeError> {
        private_folder(folder)?;
        Ok(Self::Files(Files::new(folder, passphrase, true)))
    }

    /// Keeps everybody else from making keys, for as long as the result lives; none when somebody
    /// else does.
    ///
    /// # Errors
    /// When the disk does not let it.
    pub(super) fn lock(&self) -> Result<Option<fs::File>, HomeError> {
        match self {
            Self::Files(files) => files.lock(),
        }
    }

    /// Where an owner's key is, or will be.
    pub(super) fn place(&self, owner: Owner) -> KeyPlace {
        match self {
            Self::Files(files) => files.place(owner),
        }
    }

    /// The key of an owner that was certified, wherever it is; none when it is not here.
    ///
    /// # Errors
    /// When keys are there, and none of them is it: the first thing that was wrong with them.
    pub(super) fn certified(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<Option<Box<dyn Signer>>, HomeError> {
        match self {
            Self::Files(files) => files.certified(owner, is_certified),
        }
    }

    /// Whether a key of the owner waits for its certificate, or for the place of the one before.
    ///
    /// # Errors
    /// When the disk does not say.
    pub(super) fn has_waiting(&self, owner: Owner) -> Result<bool, HomeError> {
        match self {
            Self::Files(files) => files.has_waiting(owner),
        }
    }

    /// Whether the key of the owner that waits for its place is the one that was certified.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn waits(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<bool, HomeError> {
        match self {
            Self::Files(files) => files.waits(owner, is_certified),
        }
    }

    /// Puts right what an interrupted run left: a key that waits gets its place if it was certified;
    /// else it is laid aside, or destroyed where the owner's are. The place to which it went, if it
    /// was laid aside. To be called under the lock.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) fn settle(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
        random: &mut impl CryptoRngCore,
    ) -> Result<Option<KeyPlace>, HomeError> {
        match self {
            Self::Files(files) => files.settle(owner, is_certified, random),
        }
    }

    /// A new key for an owner. It is durable, and waits; nothing else may. To be called under the
    /// lock.
    ///
    /// # Errors
    /// When the key cannot be made or kept.
    pub(super) fn make(
        &self,
        owner: Owner,
        algorithm: KeyAlgorithm,
        random: &mut impl CryptoRngCore,
    ) -> Result<Box<dyn Signer>, HomeError> {
        match self {
            Self::Files(files) => files.make(owner, algorithm, random),
        }
    }

    /// Gives the key that waits its place: it is certified. Where the one before went, if it was
    /// laid aside. To be called under the lock.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(super) fn adopt(&self, owner: Owner) -> Result<Option<KeyPlace>, HomeError> {
        match self {
            Self::Files(files) => files.adopt(owner),
        }
    }
}

impl Home {
    /// The keys, to be opened by a passphrase.
    pub(super) fn keys(&self, passphrase: Option<&Passphrase>) -> Keys {
        Keys::Files(Files::new(&self.key_folder(), passphrase, false))
    }

    /// Closes all keys to another passphrase, those that were laid aside included: every one, or none
    /// when this is killed. How many there are. A home [to rehearse](Home::to_rehearse) only opens
    /// them.
    ///
    /// # Errors
    /// When a key does not open with the passphrase that counted, or the disk does not take them; a
    /// refusal by rule is the inner error.
    pub fn close_keys(
        &self,
        passphrase: Option<&Passphrase>,
        new: &Passphrase,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<usize, Refused>, HomeError> {
        let Keys::Files(files) = self.keys(passphrase);
        let Some(_lock) = files.lock()? else { return Ok(Err(Rule::RenewalPending.into())) };
        let count = if self.rehearsal {
            files.each(|_, _| Ok(()))?
        } else {
            files.close_to(new, random)?
        };
        Ok(Ok(count))
    }

    /// Whether any of its keys needs a passphrase.
    ///
    /// # Errors
    /// When the folder or a key file cannot be read.
    pub fn keys_are_encrypted(&self) -> Result<bool, HomeError> {
        files::any_is_encrypted(&self.key_folder(), |_| true)
    }

    /// Whether any of the responders' keys needs a passphrase; the authorities' are not looked at.
    ///
    /// # Errors
    /// When the folder or a key file cannot be read.
    pub fn responder_keys_are_encrypted(&self) -> Result<bool, HomeError> {
        let prefix = format!("{}-", Service::Responder.as_str());
        files::any_is_encrypted(&self.key_folder(), |name| name.starts_with(&prefix))
    }

    pub(super) fn key_folder(&self) -> PathBuf {
        self.folder.join(&self.config.keys)
    }
}

/// A folder that only its owner enters.
pub(super) fn private_folder(folder: &Path) -> Result<(), HomeError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .map_err(|source| HomeError::Io { path: folder.to_owned(), source })
}
