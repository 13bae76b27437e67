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
//! ```
//!
//! A key that a roll-over wrote before it was killed stays as `keys/<ca>-<generation>.unused-….pem`, a
//! publication key as `keys/publication.unused-….pem`.

mod answer;
mod config;
mod publication;
mod responder;
mod rotation;
mod serve;
mod service;

use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use rand_core::CryptoRngCore;
use rand_core::OsRng;

use crate::asn1::KeyAlgorithm;
use crate::clock::Clock;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::profile::Issuer;
use crate::profile::Organisation;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::profile::ServiceKey;
use crate::profile::usual_algorithm;
use crate::signer;
use crate::signer::KeyFileError;
use crate::signer::Passphrase;
use crate::signer::SignError;
use crate::signer::Signer;
use crate::signer::SoftwareSigner;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::StoreUrl;

use super::Authority;
use super::AuthorityError;
use super::FoundingKeys;
use super::NewGeneration;
use super::outcome::Refused;
use super::recover::Recovery;
use super::rule::Rule;

pub use config::Config;
pub use publication::PublicationRenewal;
pub use responder::Responder;
pub use responder::ResponderFault;
pub use responder::ResponderStanding;
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
}

/// What a roll-over made, or would make.
#[derive(Debug)]
#[non_exhaustive]
pub struct RollOver {
    /// The new generation.
    pub new: NewGeneration,
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// The file of its key.
    pub key: PathBuf,
    /// Where the key of an interrupted roll-over was laid aside.
    pub laid_aside: Option<PathBuf>,
    /// What became of its responder's key; nothing yet in a home to rehearse.
    pub responder: Option<Rotated>,
    /// What a crash had left.
    pub recovery: Recovery,
}

/// What `init` is told.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Organisation (O) of every name; a sandbox has one of its own.
    pub organisation: Option<Organisation>,
    /// For which cards the authorities issue.
    pub profile: Profile,
    /// What the keys of the authorities, of publication and of the responders are.
    pub algorithm: KeyAlgorithm,
    /// Where the records go, relative to the home.
    pub store: String,
    /// Where the keys go, relative to the home.
    pub key_store: String,
    /// Where status is answered.
    pub ocsp_url: Option<String>,
    /// Whether this is no sandbox: then it needs an organisation and a passphrase, states the
    /// production policies, and its clock can never be set.
    pub production: bool,
    /// The passphrase under which the keys are encrypted.
    pub passphrase: Option<Passphrase>,
}

impl InitOptions {
    /// A sandbox with RSA-2048 keys in plain files, like the published authorities'.
    #[must_use]
    pub fn sandbox() -> Self {
        Self {
            organisation: None,
            profile: Profile::Current,
            algorithm: KeyAlgorithm::RSA_2048,
            store: "sqlite:store.db".to_owned(),
            key_store: "file:keys".to_owned(),
            ocsp_url: None,
            production: false,
            passphrase: None,
        }
    }

    /// Whether `init` would accept these options and the folder; in whose name it would issue.
    ///
    /// # Errors
    /// As for [`Home::init`].
    pub fn check(&self, folder: &Path) -> Result<Realm, HomeError> {
        let realm = self.realm()?;
        refuse_occupied(folder)?;
        Config::read(&Config::template(&realm, &self.store, &self.key_store))?;
        Ok(realm)
    }

    fn realm(&self) -> Result<Realm, HomeError> {
        let problem = |text: &str| HomeError::Init(text.to_owned());
        let sandbox = Realm::sandbox();
        let (arc, organisation, url) = if self.production {
            if self.passphrase.is_none() {
                return Err(problem(
                    "a production home needs a passphrase: give --passphrase-file",
                ));
            }
            (
                PolicyArc::Production,
                self.organisation.clone().ok_or_else(|| {
                    problem("a production home needs an organisation: give --org")
                })?,
                self.ocsp_url.as_deref().unwrap_or(sandbox.ocsp_url()),
            )
        } else {
            (
                PolicyArc::Test,
                self.organisation.clone().unwrap_or_else(|| sandbox.organisation().clone()),
                self.ocsp_url.as_deref().unwrap_or(sandbox.ocsp_url()),
            )
        };
        Realm::new(organisation, arc, url).map_err(|error| HomeError::Init(error.to_string()))
    }
}

impl Home {
    /// Founds an installation in a new folder: keys, the certificates of both authorities, of
    /// publication and of the responders, settings and store. The folder appears complete or not at
    /// all.
    ///
    /// # Errors
    /// When the folder exists and is not empty, an option does not fit, or the disk, the store or a
    /// key fails.
    pub fn init(
        folder: &Path,
        options: &InitOptions,
        clock: &dyn Clock,
        random: &mut impl CryptoRngCore,
    ) -> Result<Self, HomeError> {
        let realm = options.realm()?;
        refuse_occupied(folder)?;
        let name = folder.file_name().ok_or_else(|| {
            HomeError::Init("the home needs a name of its own, not a root or ..".to_owned())
        })?;
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| HomeError::Io { path, source }
        };
        fs::create_dir_all(parent).map_err(at(parent))?;
        let mut staging_name = std::ffi::OsString::from(".");
        staging_name.push(name);
        staging_name.push(format!(".init-{:016x}", random.next_u64()));
        let staging = Staging { folder: parent.join(staging_name) };
        private_folder(&staging.folder)?;

        let config = Config::template(&realm, &options.store, &options.key_store);
        let settings = Config::read(&config)?;
        let key_folder = staging.folder.join(&settings.keys);
        private_folder(&key_folder)?;
        let mut signers = Vec::new();
        let files = CaName::ALL.map(|ca| key_file(ca, Generation::FIRST));
        let responders = CaName::ALL.map(|ca| ServiceKey::Responder(ca, Generation::FIRST));
        let services = std::iter::once(ServiceKey::Publication).chain(responders);
        for file in files.into_iter().chain(services.map(service::key_file)) {
            let key = signer::generate(options.algorithm, random)?;
            let path = key_folder.join(file);
            signer::write_key_file(&path, &key, options.passphrase.as_ref(), random)?;
            signers.push(SoftwareSigner::new(&key)?);
        }
        let [signature, user_authentication, services @ ..] = signers.as_slice() else {
            return Err(HomeError::Init("each authority needs a key".to_owned()));
        };
        let [publication, signature_responder, user_authentication_responder] = services else {
            return Err(HomeError::Init("each service needs a key".to_owned()));
        };
        {
            let store = Store::create(&settings.store.within(&staging.folder))?;
            if options.production {
                store.tx(clock.now(), |tx| tx.put_setting(PRODUCTION, "true"))?;
            }
            let keys = FoundingKeys {
                signature,
                user_authentication,
                publication: publication.public_key(),
                signature_responder: signature_responder.public_key(),
                user_authentication_responder: user_authentication_responder.public_key(),
            };
            Authority::found(&store, clock, &realm, options.profile, &keys)?;
            let clock = Box::new(crate::clock::FixedClock(clock.now()));
            let (authority, _) = Authority::open(store, clock, realm, settings.policy, Vec::new())?;
            let certificates = staging.folder.join("ca");
            fs::create_dir(&certificates).map_err(at(&certificates))?;
            for (issuer, der) in authority.authority_certificates() {
                write_certificate(&certificates, &certificate_stem(issuer), der, true)?;
            }
            for key in authority.service_keys() {
                if let Some(der) = authority.newest_certificate(key) {
                    write_certificate(&certificates, &key.stem(), der, true)?;
                }
            }
            sync_folder(&certificates)?;
        }
        write_whole(&staging.folder.join(CONFIG), config.as_bytes(), true)?;
        sync_folder(&key_folder)?;
        sync_folder(&staging.folder)?;
        // Replaces an empty folder, fails on any other: whoever comes second changes nothing.
        fs::rename(&staging.folder, folder).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                HomeError::Occupied { path: folder.to_owned() }
            }
            _ => HomeError::Io { path: folder.to_owned(), source },
        })?;
        sync_folder(parent)?;
        Self::open(folder)
    }

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
        Ok(Self { folder: folder.to_owned(), config, rehearsal: false })
    }

    /// This home for a dry run: opening it leaves what a crash left, and only says what recovery
    /// would do.
    #[must_use]
    pub fn to_rehearse(self) -> Self {
        Self { rehearsal: true, ..self }
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
        Store::open(&self.store_url())?;
        Ok(())
    }

    /// Whether any of its keys needs a passphrase.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keys_are_encrypted(&self) -> Result<bool, HomeError> {
        any_is_encrypted(&self.key_folder(), |_| true)
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
        self.open_with_keys(clock, passphrase, Opening::Plain)
    }

    /// Opens the store alone.
    ///
    /// # Errors
    /// Those of the store.
    pub fn open_store(&self) -> Result<Store, HomeError> {
        Ok(Store::open(&self.store_url())?)
    }

    /// Takes up the authorities without their keys: for everything but issuing.
    ///
    /// # Errors
    /// As for [`Home::authority`], but for the key files.
    pub fn records(&self, clock: Box<dyn Clock>) -> Result<(Authority, Recovery), HomeError> {
        self.take_up(self.open_store()?, clock, Vec::new())
    }

    /// Makes a new generation of an authority's key and its responder, for the cards of that profile or
    /// the one before's. Without an algorithm the key is of the one before's, or for other cards of the
    /// [usual one](usual_algorithm). From then on it issues to holders, and those before it go on signing lists. A home
    /// [to rehearse](Home::to_rehearse) only says what it would make.
    ///
    /// The key file is durable before the intent, and closed to the same passphrase as the others.
    /// Whatever this is killed in, the next run goes on: a key that no certificate came of is laid
    /// aside, a number is void, the certificate's files are written anew; a responder that is missing
    /// is made by the next [rotation](Home::rotate_responders). What its making failed with is part of
    /// the result, since the generation is there.
    ///
    /// # Errors
    /// As for [`Home::authority`], and when the disk or the new key fails; a refusal by rule is the
    /// inner error.
    pub fn roll_over(
        &self,
        ca: CaName,
        profile: Option<Profile>,
        algorithm: Option<KeyAlgorithm>,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<RollOver, Refused>, HomeError> {
        let keys = self.key_folder();
        // Before the store is opened: what it says of the generations must be what counts.
        let Some(_lock) = lock_folder(&keys)? else { return Ok(Err(Rule::RollOverPending.into())) };
        let (mut authority, recovery) =
            self.open_with_keys(clock, passphrase, Opening::Locked { publication: true })?;
        let new = match authority.rehearse_roll_over(ca, profile)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let newest = authority.authority_certificates().map(|(issuer, _)| issuer);
        let newest = newest.filter(|issuer| issuer.ca == ca).last();
        let newest = newest.ok_or(AuthorityError::Internal("an authority without a key"))?;
        let algorithm = algorithm.unwrap_or_else(|| {
            if new.profile == newest.profile {
                newest.algorithm
            } else {
                usual_algorithm(new.profile)
            }
        });
        let path = keys.join(key_file(ca, new.generation));
        let mut rolled_over =
            RollOver { new, algorithm, key: path, laid_aside: None, responder: None, recovery };
        if self.rehearsal {
            return Ok(Ok(rolled_over));
        }
        let stem = format!("{ca}-{}", new.generation);
        rolled_over.laid_aside = lay_aside(&keys, &key_file(ca, new.generation), &stem, random)?;
        let key = signer::generate(algorithm, random)?;
        let passphrase = if self.keys_are_encrypted()? { passphrase } else { None };
        signer::write_key_file(&rolled_over.key, &key, passphrase, random)?;
        sync_folder(&keys)?;
        match authority.roll_over(ca, profile, Box::new(SoftwareSigner::new(&key)?))? {
            Ok(new) => rolled_over.new = new,
            Err(refused) => return Ok(Err(refused)),
        }
        self.write_missing_certificates(&authority)?;
        let NewGeneration { ca, generation, .. } = rolled_over.new;
        let options = RotateOptions::default();
        let outcome = self.rotate(&mut authority, (ca, generation), &options, passphrase, random);
        rolled_over.responder = Some(Rotated { ca, generation, outcome });
        Ok(Ok(rolled_over))
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
        self.write_service_certificates(authority)
    }

    /// Opens the store and the keys.
    fn open_with_keys(
        &self,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        opening: Opening,
    ) -> Result<(Authority, Recovery), HomeError> {
        let store = self.open_store()?;
        let now = clock.now();
        let (generations, certified) = store.tx(now, |tx| {
            let publication = tx.newest_service_certificate(ServiceKey::Publication)?;
            Ok::<_, StoreError>((tx.generations()?, publication.map(|(_, key)| key)))
        })?;
        let keys = self.key_folder();
        let mut signers: Vec<Box<dyn Signer>> = Vec::new();
        for own in generations.iter().map(|record| &record.certificate) {
            let path = keys.join(key_file(own.ca, own.generation));
            // One that has ended signs nothing any more: its key may have been destroyed.
            if own.not_after < now && !is_there(&path)? {
                continue;
            }
            signers.push(Box::new(read_signer(&path, passphrase)?));
        }
        if let Some(signer) = self.publication_signer(certified, passphrase, opening)? {
            signers.push(Box::new(signer));
        }
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

    /// Where the authorities' keys are, and that of publication.
    fn key_folder(&self) -> PathBuf {
        self.folder.join(&self.config.keys)
    }

    /// Where the responders' keys are.
    fn responder_key_folder(&self) -> PathBuf {
        self.key_folder()
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
    /// This version has no PKCS #11 key store.
    #[error("this version has no PKCS #11 key store: write file:FOLDER")]
    NoPkcs11,
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

/// A folder under construction, removed unless it was renamed into place.
struct Staging {
    folder: PathBuf,
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Gone already when init succeeded; else its name says what it is.
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

fn refuse_occupied(folder: &Path) -> Result<(), HomeError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(HomeError::Occupied { path: folder.to_owned() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(HomeError::Io { path: folder.to_owned(), source }),
    }
}

/// Whether any of a folder's key files with such a name needs a passphrase.
fn any_is_encrypted(folder: &Path, counts: impl Fn(&str) -> bool) -> Result<bool, HomeError> {
    let fault = |source| HomeError::Io { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if !name.ends_with(".key.pem") || !counts(&name) {
            continue;
        }
        match signer::is_encrypted(&path).map_err(HomeError::from) {
            Ok(false) => {}
            // A key that has got its name since.
            Err(error) if service::is_missing(&error) => {}
            decided => return decided,
        }
    }
    Ok(false)
}

/// A folder that only its owner enters.
fn private_folder(folder: &Path) -> Result<(), HomeError> {
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(folder)
        .map_err(|source| HomeError::Io { path: folder.to_owned(), source })
}

/// Locks the folder against others who roll over or renew, for as long as the result lives; none when somebody
/// else has.
fn lock_folder(folder: &Path) -> Result<Option<fs::File>, HomeError> {
    let fault = |source| HomeError::Io { path: folder.to_owned(), source };
    let lock = fs::File::open(folder).map_err(fault)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(fault(error)),
    }
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

/// Removes what an interrupted run had not finished writing of a key file.
fn clear_unfinished(keys: &Path, file: &str) -> Result<(), HomeError> {
    let fault = |source| HomeError::Io { path: keys.to_owned(), source };
    for entry in fs::read_dir(keys).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if name.is_some_and(|name| name.starts_with(&format!("{file}.writing-"))) {
            fs::remove_file(&path).map_err(fault)?;
        }
    }
    Ok(())
}

/// Clears the place of a new key: one that an interrupted run wrote goes under another name, since no
/// key of an authority or of publication is ever destroyed; what it had not finished writing goes.
fn lay_aside(
    keys: &Path,
    file: &str,
    stem: &str,
    random: &mut impl CryptoRngCore,
) -> Result<Option<PathBuf>, HomeError> {
    let fault = |source| HomeError::Io { path: keys.to_owned(), source };
    clear_unfinished(keys, file)?;
    let path = keys.join(file);
    if !path.try_exists().map_err(fault)? {
        return Ok(None);
    }
    let aside = keys.join(format!("{stem}.unused-{:08x}.pem", random.next_u32()));
    fs::rename(&path, &aside).map_err(fault)?;
    Ok(Some(aside))
}

fn is_there(path: &Path) -> Result<bool, HomeError> {
    path.try_exists().map_err(|source| HomeError::Io { path: path.to_owned(), source })
}

fn read_signer(path: &Path, passphrase: Option<&Passphrase>) -> Result<SoftwareSigner, HomeError> {
    Ok(SoftwareSigner::new(&signer::read_key_file(path, passphrase)?)?)
}

fn key_file(ca: CaName, generation: Generation) -> String {
    format!("{ca}-{generation}.key.pem")
}

fn certificate_stem(issuer: &Issuer) -> String {
    format!("{}-{}", issuer.ca, issuer.generation)
}

const CONFIG: &str = "jpki.toml";
const PRODUCTION: &str = "production";
