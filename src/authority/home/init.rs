//! Founding an installation.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::clock::Clock;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::profile::Organisation;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::profile::ServiceKey;
use crate::signer::Passphrase;
use crate::store::Store;

use super::Authority;
use super::CONFIG;
use super::Config;
use super::FoundingKeys;
use super::Home;
use super::HomeError;
use super::PRODUCTION;
use super::certificate_stem;
use super::keys;
use super::keys::Keys;
use super::keys::Owner;
use super::sync_folder;
use super::write_certificate;
use super::write_whole;

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
    /// Where the keys go: `file:FOLDER`, relative to the home, or the address of a token.
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
            if self.algorithm.is_experimental() {
                return Err(problem(
                    "ml-dsa-65 is an experiment: a production home takes RSA, P-256 or P-384",
                ));
            }
            if self.passphrase.is_none() {
                return Err(problem(
                    "a production home needs a passphrase, or a token's PIN: give --passphrase-file",
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
        keys::private_folder(&staging.folder)?;

        let config = Config::template(&realm, &options.store, &options.key_store);
        let settings = Config::read(&config)?;
        let keys = Keys::found(&settings.keys, &staging.folder, options.passphrase.as_ref())?;
        let responders = CaName::ALL.map(|ca| ServiceKey::Responder(ca, Generation::FIRST));
        let services = std::iter::once(ServiceKey::Publication).chain(responders);
        let owners = CaName::ALL.map(|ca| Owner::Authority(ca, Generation::FIRST));
        let mut signers = Vec::new();
        for owner in owners.into_iter().chain(services.map(Owner::Service)) {
            signers.push(keys.make(owner, options.algorithm, random)?);
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
                signature: signature.as_ref(),
                user_authentication: user_authentication.as_ref(),
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
        sync_folder(&staging.folder)?;
        // Replaces an empty folder, fails on any other: whoever comes second changes nothing.
        fs::rename(&staging.folder, folder).map_err(|source| match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                HomeError::Occupied { path: folder.to_owned() }
            }
            _ => HomeError::Io { path: folder.to_owned(), source },
        })?;
        keys.keep();
        sync_folder(parent)?;
        Self::open(folder)
    }
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
