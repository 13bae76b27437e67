//! An installation that was founded, for tests.

use rand_core::OsRng;

use crate::asn1::KeyAlgorithm;
use crate::clock::FixedClock;
use crate::credential::Profile;
use crate::policy::Policy;
use crate::profile::Realm;
use crate::signer;
use crate::signer::PrivateKey;
use crate::signer::Signer;
use crate::signer::SoftwareSigner;
use crate::store::Store;
use crate::store::StoreUrl;

use super::Authority;
use super::AuthorityError;
use super::FoundingKeys;

/// A store in which an installation was founded, with its keys: the authorities', that of publication,
/// the responders'.
#[derive(Debug)]
pub(super) struct Founded {
    folder: tempfile::TempDir,
    pub(super) keys: Vec<PrivateKey>,
}

pub(super) const BEGINS: &str = "2026-04-01T00:00:00Z";

impl Founded {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = || signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        let founded = Self { folder, keys: [(); 5].map(|()| pair()).into() };
        let [signature, user_authentication, publication, responder, other] =
            [0, 1, 2, 3, 4].map(|at| founded.signer(at));
        let store = Store::create(&founded.url()).unwrap();
        let (clock, realm) = (clock(BEGINS), Realm::sandbox());
        let keys = FoundingKeys {
            signature: &signature,
            user_authentication: &user_authentication,
            publication: publication.public_key(),
            signature_responder: responder.public_key(),
            user_authentication_responder: other.public_key(),
        };
        Authority::found(&store, &clock, &realm, Profile::Current, &keys).unwrap();
        founded
    }

    pub(super) fn url(&self) -> StoreUrl {
        StoreUrl::Sqlite(self.folder.path().join("store.db"))
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&self.url()).unwrap()
    }

    pub(super) fn signer(&self, position: usize) -> SoftwareSigner {
        SoftwareSigner::new(&self.keys[position]).unwrap()
    }

    /// Opened at an instant with some of its keys.
    pub(super) fn open(&self, at: &str, keys: &[usize]) -> Result<Authority, AuthorityError> {
        let signer = |at: &usize| -> Box<dyn Signer> { Box::new(self.signer(*at)) };
        let signers = keys.iter().map(signer).collect();
        let (realm, policy) = (Realm::sandbox(), Policy::default());
        Authority::open(self.store(), Box::new(clock(at)), realm, policy, signers)
            .map(|(authority, _)| authority)
    }
}

pub(super) fn clock(at: &str) -> FixedClock {
    FixedClock(at.parse().unwrap())
}
