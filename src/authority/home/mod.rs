//! The folder in which an installation lives.
//!
//! ```text
//! jpki.toml                              settings
//! store.db                               records
//! keys/<ca>-<generation>.key.pem         private keys, mode 0600
//! keys/publication.key.pem               the key that signs what is published, mode 0600
//! keys/publication.replaced-….pem        those that did before, by the beginning of their key ids
//! keys/ocsp-<ca>-<generation>.key.pem    the responders' keys, mode 0600
//! ca/<ca>-<generation>.cer, .pem         the authorities' own certificates
//! ca/publication.cer, .pem               the publication certificate
//! ca/ocsp-<ca>-<generation>.cer, .pem    the responders' certificates
//! ca/link-<ca>-<one>-with-<other>.cer, .pem  one generation's key, certified by another
//! ```
//!
//! A key that a roll-over wrote before it was killed stays as `keys/<ca>-<generation>.unused-….pem`, a
//! publication key as `keys/publication.unused-….pem`.

mod answer;
mod config;
mod init;
mod keys;
mod link;
mod publication;
mod responder;
mod rollover;
mod rotation;
mod serve;
mod service;

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

use rand_core::OsRng;

use crate::clock::Clock;
use crate::profile::Issuer;
use crate::profile::ServiceKey;
use crate::signer::KeyFileError;
use crate::signer::Passphrase;
use crate::signer::SignError;
use crate::signer::Signer;
use crate::signer::pkcs11::Token;
use crate::signer::pkcs11::TokenError;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::StoreUrl;

use super::Authority;
use super::AuthorityError;
use super::FoundingKeys;
use super::recover::Recovery;

use keys::Keys;
use keys::Owner;

pub use config::Config;
pub use config::KeyStore;
pub use config::KeyStoreError;
pub use init::InitOptions;
pub use keys::KeyPlace;
pub use keys::KeySet;
pub use link::Linking;
pub use publication::PublicationRenewal;
pub use responder::Responder;
pub use responder::ResponderFault;
pub use responder::ResponderStanding;
pub use rollover::RollOver;
pub use rotation::NewResponder;
pub use rotation::RotateOptions;
pub use rotation::Rotated;
pub use rotation::Rotation;
pub use serve::AdminSettings;
pub use serve::CertificateFingerprint;
pub use serve::ClientRole;
pub use serve::ClientSettings;
pub use serve::CrlSettings;
pub use serve::LimitSettings;
pub use serve::Listen;
pub use serve::LogFormat;
pub use serve::OcspSettings;
pub use serve::RegisterSettings;
pub use serve::ServeConfig;
pub use serve::TlsSettings;

/// An installation's folder, with its settings read.
#[derive(Clone, Debug)]
pub struct Home {
    folder: PathBuf,
    config: Config,
    rehearsal: bool,
    /// What officers have brought.
    officers: Option<Passphrase>,
    /// The token with the keys, once it was opened: a process logs in once.
    token: Arc<OnceLock<Token>>,
}

impl Home {
    /// Reads the settings of an existing home.
    ///
    /// # Errors
    /// When the folder is no home, or its settings are wrong.
    pub fn open(folder: &Path) -> Result<Self, HomeError> {
        let path = folder.join(CONFIG);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(HomeError::NotAHome { path: folder.to_owned() });
            }
            Err(source) => return Err(HomeError::Io { path, source }),
        };
        let config = Config::read(&text)?;
        Ok(Self {
            folder: folder.to_owned(),
            config,
            rehearsal: false,
            officers: None,
            token: Arc::default(),
        })
    }

    /// This home for a dry run: opening it leaves what a crash left, and only says what recovery
    /// would do.
    #[must_use]
    pub fn to_rehearse(self) -> Self {
        Self { rehearsal: true, ..self }
    }

    /// This home with what officers have brought together, which opens all key files but the responders'
    /// in the place of the passphrase.
    #[must_use]
    pub fn unlocked_by(self, officers: Passphrase) -> Self {
        Self { officers: Some(officers), ..self }
    }

    /// Its folder opened again, with the settings of now and what officers have brought.
    ///
    /// # Errors
    /// As for [`Home::open`].
    pub fn open_again(&self) -> Result<Self, HomeError> {
        Ok(Self { officers: self.officers.clone(), ..Self::open(&self.folder)? })
    }

    /// Whether officers have opened it.
    #[must_use]
    pub fn is_unlocked(&self) -> bool {
        self.officers.is_some()
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether it was initialised as a production home: recorded in the store, out of reach of the
    /// settings.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_production(&self, clock: &dyn Clock) -> Result<bool, HomeError> {
        let store = self.open_store()?;
        Ok(store.tx(clock.now(), |tx| tx.setting(PRODUCTION))?.is_some())
    }

    /// Whether its store is there and can be read; nothing is changed, and nobody is waited for.
    ///
    /// # Errors
    /// Those of the store.
    pub fn reach_store(&self) -> Result<(), HomeError> {
        Store::open_to_rehearse(&self.store_url())?;
        Ok(())
    }

    /// Takes up the authorities: opens the store and the keys, and resolves what a crash left.
    ///
    /// # Errors
    /// When a key file is missing, readable by others or closed to the passphrase; when settings,
    /// keys, certificates and store do not belong together; when the store fails. The key of a
    /// generation that has ended may be gone: it signs nothing any more.
    pub fn authority(
        &self,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
    ) -> Result<(Authority, Recovery), HomeError> {
        self.open_with_keys(clock, &self.keys(passphrase)?, Opening::Plain)
    }

    /// Opens the store alone.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open_store(&self) -> Result<Store, HomeError> {
        let url = self.store_url();
        Ok(if self.rehearsal { Store::open_to_rehearse(&url) } else { Store::open(&url) }?)
    }

    /// Takes up the authorities without their keys: for everything but issuing.
    ///
    /// # Errors
    /// As for [`Home::authority`], but for the key files.
    pub fn records(&self, clock: Box<dyn Clock>) -> Result<(Authority, Recovery), HomeError> {
        self.take_up(self.open_store()?, clock, Vec::new())
    }

    /// Writes the authorities' certificates that are not in their folder: a roll-over may have been
    /// killed before it did.
    fn write_missing_certificates(&self, authority: &Authority) -> Result<(), HomeError> {
        let folder = self.folder.join("ca");
        let mut written = false;
        for (issuer, der) in authority.authority_certificates() {
            let stem = certificate_stem(issuer);
            let is_there = |ending| folder.join(format!("{stem}.{ending}")).exists();
            if !(is_there("cer") && is_there("pem")) {
                fs::create_dir_all(&folder)
                    .map_err(|source| HomeError::Io { path: folder.clone(), source })?;
                write_certificate(&folder, &stem, der, true)?;
                written = true;
            }
        }
        if written {
            sync_folder(&folder)?;
        }
        self.write_link_certificates(authority)?;
        self.write_service_certificates(authority)
    }

    /// Opens the store and the keys.
    fn open_with_keys(
        &self,
        clock: Box<dyn Clock>,
        keys: &Keys,
        opening: Opening,
    ) -> Result<(Authority, Recovery), HomeError> {
        let store = self.open_store()?;
        let now = clock.now();
        let (generations, certified) = store.tx(now, |tx| {
            let publication = tx.newest_service_certificate(ServiceKey::Publication)?;
            Ok::<_, StoreError>((tx.generations()?, publication.map(|(_, key)| key)))
        })?;
        let mut signers = Vec::new();
        for record in &generations {
            let own = &record.certificate;
            let owner = Owner::Authority(own.ca, own.generation);
            match keys.certified(owner, |key| key.key_id() == record.key_id)? {
                Some(signer) => signers.push(signer),
                // One that has ended signs nothing any more: its key may have been destroyed.
                None if own.not_after < now => {}
                None => return Err(HomeError::NoKey { place: keys.place(owner) }),
            }
        }
        signers.extend(self.publication_signer(keys, certified, opening)?);
        self.take_up(store, clock, signers)
    }

    fn take_up(
        &self,
        store: Store,
        clock: Box<dyn Clock>,
        signers: Vec<Box<dyn Signer>>,
    ) -> Result<(Authority, Recovery), HomeError> {
        let Config { realm, policy, .. } = self.config.clone();
        if self.rehearsal {
            let authority = Authority::open_to_rehearse(store, clock, realm, policy, signers)?;
            let recovery = authority.rehearse_recovery()?;
            return Ok((authority, recovery));
        }
        let taken_up = Authority::open(store, clock, realm, policy, signers)?;
        self.write_missing_certificates(&taken_up.0)?;
        Ok(taken_up)
    }

    fn store_url(&self) -> StoreUrl {
        self.config.store.within(&self.folder)
    }
}

/// Writes a certificate as `<stem>.cer` (DER) and `<stem>.pem`, replacing what stood there, each
/// complete or not at all. With `sync` their contents are synced; the caller syncs the folder.
///
/// # Errors
/// When the disk does not take it.
pub fn write_certificate(
    folder: &Path,
    stem: &str,
    der: &[u8],
    sync: bool,
) -> Result<[PathBuf; 2], HomeError> {
    let pem = certificate_pem(der)?;
    let paths = [folder.join(format!("{stem}.cer")), folder.join(format!("{stem}.pem"))];
    let [cer, text] = &paths;
    write_whole(cer, der, sync)?;
    write_whole(text, pem.as_bytes(), sync)?;
    Ok(paths)
}

fn certificate_pem(der: &[u8]) -> Result<String, HomeError> {
    der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, der)
        .map_err(|_| HomeError::Init("a certificate could not be written as PEM".to_owned()))
}

/// Makes what was created or renamed in a folder durable.
///
/// # Errors
/// When the disk does not take it.
pub fn sync_folder(folder: &Path) -> Result<(), HomeError> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| HomeError::Io { path: folder.to_owned(), source })
}

/// Writes a file under a temporary name and renames it into place.
fn write_whole(path: &Path, bytes: &[u8], sync: bool) -> Result<(), HomeError> {
    let fault = |source| HomeError::Io { path: path.to_owned(), source };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".writing-{:08x}", rand_core::RngCore::next_u32(&mut OsRng)));
    let temporary = PathBuf::from(temporary);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            if sync { file.sync_all() } else { Ok(()) }
        })
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // Best effort: the name says what the file is.
        let _removed = fs::remove_file(&temporary);
    }
    written.map_err(fault)
}

/// Why a home cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// An option of `init` that does not fit.
    #[error("{0}")]
    Init(String),
    /// The folder is taken.
    #[error("{path} exists and is not empty: nothing was changed; name another folder")]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The folder is no home.
    #[error(
        "{path} is not a home (no jpki.toml): make one with jpki init, or name one with --home"
    )]
    NotAHome {
        /// The folder.
        path: PathBuf,
    },
    /// A setting is wrong.
    #[error("jpki.toml{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Config {
        /// The line, when it is known.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// A key is not where it belongs.
    #[error("there is no key in {place}")]
    NoKey {
        /// Its place.
        place: KeyPlace,
    },
    /// A key is not the one that was certified.
    #[error("the key in {place} is not the one that its certificate names: put that one there")]
    OtherKey {
        /// Its place.
        place: KeyPlace,
    },
    /// The keys are in a token, and nobody gave its PIN.
    #[error(
        "the keys are in a token: give its PIN, as pin-source in keys.store or as a passphrase"
    )]
    PinNeeded,
    /// What is asked concerns key files.
    #[error(
        "the keys are in a token, which has a PIN of its own: change it with the token's tools"
    )]
    KeysInToken,
    /// The token with the keys.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The file system said no.
    #[error("cannot use {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A key.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The authorities.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

/// How an authority's folder is opened with its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// As anybody does.
    Plain,
    /// By somebody who keeps the folder of the keys locked.
    Locked {
        /// Whether the publication key must be there.
        publication: bool,
    },
}

fn certificate_stem(issuer: &Issuer) -> String {
    format!("{}-{}", issuer.ca, issuer.generation)
}

const CONFIG: &str = "jpki.toml";
const PRODUCTION: &str = "production";
