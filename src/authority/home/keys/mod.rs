//! Where the keys of a home are.
//!
//! Whoever needs a key names its [`Owner`] and says which public half was certified for it. Where the
//! key is, while another one waits for its certificate, is the business of this module alone: a new
//! key is durable before the intent of its certificate, and whatever is interrupted between the two
//! leaves a key that is found by what the store says.

mod files;
mod token;

use std::fmt;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
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
use crate::signer;
use crate::signer::Passphrase;
use crate::signer::Signer;
use crate::signer::pkcs11::Token;
use crate::signer::pkcs11::TokenHealth;
use crate::signer::pkcs11::TokenLimits;
use crate::signer::pkcs11::TokenUri;

use super::Home;
use super::HomeError;
use super::config::KeyStore;
use super::service::fault;

use files::Files;
use token::TokenKeys;

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
    /// In the token.
    Token {
        /// Its label.
        label: String,
        /// Its identifier in hexadecimal, where several keys may bear the label.
        id: Option<String>,
    },
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Token { label, id: None } => write!(f, "pkcs11:object={label}"),
            Self::Token { label, id: Some(id) } => write!(f, "pkcs11:object={label};id={id}"),
        }
    }
}

/// The keys of a home, and the means to open them.
#[derive(Debug)]
pub(super) enum Keys {
    /// In files.
    Files(Files),
    /// In a token.
    Token(TokenKeys),
}

impl Keys {
    /// Where a new home, under construction in this folder, has its keys.
    ///
    /// # Errors
    /// When the disk or the token does not take them, or the token has keys of these names.
    pub(super) fn found(
        store: &KeyStore,
        home: &Path,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, HomeError> {
        match store {
            KeyStore::Files(folder) => {
                let folder = home.join(folder);
                private_folder(&folder)?;
                Ok(Self::Files(Files::new(&folder, passphrase, true)))
            }
            KeyStore::Token(uri) => {
                Ok(Self::Token(TokenKeys::found(open_token(uri, passphrase)?, home)?))
            }
        }
    }

    /// The new home is complete.
    pub(super) fn keep(&self) {
        match self {
            Self::Files(_) => {}
            Self::Token(token) => token.keep(),
        }
    }

    /// Keeps everybody else from making keys, for as long as the result lives; none when somebody
    /// else does.
    ///
    /// # Errors
    /// When the disk does not let it.
    pub(super) fn lock(&self) -> Result<Option<fs::File>, HomeError> {
        match self {
            Self::Files(files) => files.lock(),
            Self::Token(token) => token.lock(),
        }
    }

    /// Where an owner's key is, or will be.
    pub(super) fn place(&self, owner: Owner) -> KeyPlace {
        match self {
            Self::Files(files) => files.place(owner),
            Self::Token(token) => token.place(owner),
        }
    }

    /// The key of an owner that was certified, wherever it is, after a test of itself; none when it is
    /// not here.
    ///
    /// # Errors
    /// When keys are there, and none of them is it: the first thing that was wrong with them. When the key
    /// does not work.
    pub(super) fn certified(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<Option<Box<dyn Signer>>, HomeError> {
        let found = match self {
            Self::Files(files) => files.certified(owner, is_certified),
            Self::Token(token) => token.certified(owner, is_certified),
        }?;
        if let Some(signer) = &found {
            signer::self_test(signer.as_ref())?;
        }
        Ok(found)
    }

    /// Whether a key of the owner waits for its certificate, or for the place of the one before.
    ///
    /// # Errors
    /// When the disk does not say.
    pub(super) fn has_waiting(&self, owner: Owner) -> Result<bool, HomeError> {
        match self {
            Self::Files(files) => files.has_waiting(owner),
            Self::Token(_) => Ok(false),
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
            Self::Token(_) => Ok(false),
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
            Self::Token(token) => token.settle(owner, is_certified),
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
            Self::Token(token) => token.make(owner, algorithm),
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
            Self::Token(_) => Ok(None),
        }
    }
}

impl Home {
    /// The keys, to be opened by a passphrase, or a token's PIN.
    pub(super) fn keys(&self, passphrase: Option<&Passphrase>) -> Result<Keys, HomeError> {
        match &self.config.keys {
            KeyStore::Files(folder) => {
                Ok(Keys::Files(Files::new(&self.folder.join(folder), passphrase, false)))
            }
            KeyStore::Token(uri) => {
                let token = match self.token.get() {
                    Some(token) => token.clone(),
                    None => {
                        let token = open_token(uri, passphrase)?;
                        self.token.get_or_init(|| token).clone()
                    }
                };
                Ok(Keys::Token(TokenKeys::new(token, &self.folder)))
            }
        }
    }

    /// How the token with the keys is, by the last calls of this process; none where they are in files,
    /// or were not opened.
    #[must_use]
    pub fn token_health(&self) -> Option<TokenHealth> {
        self.token.get().map(Token::health)
    }

    /// Keeps everybody else from making keys, as [`Keys::lock`] does, without opening them.
    pub(super) fn lock_keys(&self) -> Result<Option<fs::File>, HomeError> {
        match &self.config.keys {
            KeyStore::Files(folder) => try_lock(&self.folder.join(folder)),
            KeyStore::Token(_) => try_lock(&self.folder),
        }
    }

    /// Closes all keys to another passphrase, those that were laid aside included: every one, or none
    /// when this is killed. How many there are. A home [to rehearse](Home::to_rehearse) only opens
    /// them.
    ///
    /// # Errors
    /// When the keys are in a token, one does not open with the passphrase that counted, or the disk does
    /// not take them; a refusal by rule is the inner error.
    pub fn close_keys(
        &self,
        passphrase: Option<&Passphrase>,
        new: &Passphrase,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<usize, Refused>, HomeError> {
        let KeyStore::Files(folder) = &self.config.keys else {
            return Err(HomeError::KeysInToken);
        };
        let files = Files::new(&self.folder.join(folder), passphrase, false);
        let Some(_lock) = files.lock()? else { return Ok(Err(Rule::RenewalPending.into())) };
        let count = if self.rehearsal {
            files.each(|_, _| Ok(()))?
        } else {
            files.close_to(new, random)?
        };
        Ok(Ok(count))
    }

    /// Whether any of its keys needs a passphrase, or a PIN.
    ///
    /// # Errors
    /// When the folder or a key file cannot be read.
    pub fn keys_are_encrypted(&self) -> Result<bool, HomeError> {
        self.any_is_encrypted(|_| true)
    }

    /// Whether any of the responders' keys needs a passphrase, or a PIN; the authorities' are not looked
    /// at.
    ///
    /// # Errors
    /// When the folder or a key file cannot be read.
    pub fn responder_keys_are_encrypted(&self) -> Result<bool, HomeError> {
        let prefix = format!("{}-", Service::Responder.as_str());
        self.any_is_encrypted(|name| name.starts_with(&prefix))
    }

    fn any_is_encrypted(&self, counts: impl Fn(&str) -> bool) -> Result<bool, HomeError> {
        match &self.config.keys {
            KeyStore::Files(folder) => files::any_is_encrypted(&self.folder.join(folder), counts),
            KeyStore::Token(_) => Ok(true),
        }
    }
}

/// Opens the token; it needs its PIN.
fn open_token(uri: &TokenUri, pin: Option<&Passphrase>) -> Result<Token, HomeError> {
    let pin = pin.ok_or(HomeError::PinNeeded)?;
    Ok(Token::open(uri, pin, TokenLimits::default())?)
}

/// Locks a folder for as long as the result lives; none when somebody else has.
fn try_lock(folder: &Path) -> Result<Option<fs::File>, HomeError> {
    loop {
        let lock = fs::File::open(folder).map_err(fault(folder))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(fault(folder)(error)),
        }
        // Unless another folder has come into its place meanwhile.
        let inode = |found: fs::Metadata| (found.dev(), found.ino());
        let mine = lock.metadata().map(inode).map_err(fault(folder))?;
        if fs::metadata(folder).map(inode).map_err(fault(folder))? == mine {
            return Ok(Some(lock));
        }
    }
}

/// A folder that only its owner enters.
pub(super) fn private_folder(folder: &Path) -> Result<(), HomeError> {
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .map_err(|source| HomeError::Io { path: folder.to_owned(), source })
}
