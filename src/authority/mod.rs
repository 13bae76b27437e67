//! The services of an authority, one file per verb; they hold the clock, the keys and the store
//! together and leave every judgement to the domain.

mod change;
pub mod home;
mod issue;
mod outcome;
mod recover;
mod request;
mod rule;
mod verify;

use crate::audit::Entry;
use crate::audit::GENESIS;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::lint;
use crate::policy::Policy;
use crate::profile::CaGrant;
use crate::profile::Issuer;
use crate::profile::Realm;
use crate::profile::ca_certificate;
use crate::profile::ca_name;
use crate::seal::SealError;
use crate::seal::assemble;
use crate::seal::seal;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::Intention;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Tx;

pub use change::Change;
pub use change::ChangeRequest;
pub use outcome::Issued;
pub use outcome::Outcome;
pub use outcome::Refused;
pub use outcome::Status;
pub use recover::Recovery;
pub use recover::Voided;
pub use request::Ask;
pub use request::IssueRequest;
pub use request::KeyAsk;
pub use request::Kinds;
pub use request::RequestId;
pub use rule::Rule;
pub use verify::Verdict;

/// Both authorities of an installation: their keys, their store, their clock.
///
/// Shared by reference between threads; every call is a complete transaction.
#[derive(Debug)]
pub struct Authority {
    store: Store,
    clock: Box<dyn Clock>,
    realm: Realm,
    policy: Policy,
    generations: Vec<KeyGeneration>,
}

/// A key generation with its signing key.
#[derive(Debug)]
struct KeyGeneration {
    issuer: Issuer,
    signer: Box<dyn Signer>,
}

impl Authority {
    /// Founds an installation in a new store: both authorities issue their own certificates to
    /// these keys, each the first number of its counter.
    ///
    /// # Errors
    /// When a key is too weak or fails, or the store does.
    pub fn found(
        store: &Store,
        clock: &dyn Clock,
        realm: &Realm,
        signature: &dyn Signer,
        user_authentication: &dyn Signer,
    ) -> Result<(), AuthorityError> {
        let now = clock.now();
        for (ca, signer) in
            [(CaName::Signature, signature), (CaName::UserAuthentication, user_authentication)]
        {
            let ((), recorded) = store.record(now, |tx| {
                if ca == CaName::Signature {
                    tx.found()?;
                }
                let grant = CaGrant {
                    realm,
                    ca,
                    generation: Generation::FIRST,
                    serial: tx.draw_serial(ca)?,
                    key: signer.public_key(),
                    not_before: now,
                };
                lint::key(signer.public_key()).map_err(AuthorityError::Key)?;
                let tbs = ca_certificate(&grant).map_err(|_| AuthorityError::Time)?;
                let checked = lint::check(tbs, &lint::Authority { realm, issuer: None })?;
                let intention = Intention { person: None, request: FOUNDING, clause: None };
                tx.intend(checked, &intention)?;
                Ok::<_, AuthorityError>(())
            })?;
            for recorded in recorded {
                let sealed = seal(recorded, signer)?;
                store.tx(now, |tx| {
                    tx.complete(&sealed)?;
                    tx.add_generation(&sealed)
                })?;
            }
        }
        Ok(())
    }

    /// Takes up an installation: matches the signing keys with the generations in the store and
    /// resolves what a crash left ([`Recovery`]).
    ///
    /// # Errors
    /// When a generation has no key or a key no generation, or the store fails.
    pub fn open(
        store: Store,
        clock: Box<dyn Clock>,
        realm: Realm,
        policy: Policy,
        mut signers: Vec<Box<dyn Signer>>,
    ) -> Result<(Self, Recovery), AuthorityError> {
        let records = store.tx(clock.now(), |tx| tx.generations())?;
        let mut generations = Vec::new();
        for record in records {
            let own = &record.certificate;
            let position = signers
                .iter()
                .position(|signer| signer.public_key().key_id() == record.key_id)
                .ok_or(AuthorityError::NoKey { ca: own.ca, generation: own.generation })?;
            let signer = signers.swap_remove(position);
            if signer.public_key().algorithm() != record.algorithm {
                return Err(AuthorityError::NoKey { ca: own.ca, generation: own.generation });
            }
            let issuer = Issuer {
                ca: own.ca,
                generation: own.generation,
                serial: own.serial,
                key_id: record.key_id,
                algorithm: record.algorithm,
                not_before: own.not_before,
                not_after: own.not_after,
            };
            generations.push(KeyGeneration { issuer, signer });
        }
        if !signers.is_empty() {
            return Err(AuthorityError::StrangeKey);
        }
        let authority = Self { store, clock, realm, policy, generations };
        let recovery = authority.recover()?;
        Ok((authority, recovery))
    }

    /// The present instant, by the authority's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// In whose name it issues.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The certificate with this number, with its DER once it was issued.
    ///
    /// # Errors
    /// Those of the store.
    pub fn certificate(
        &self,
        ca: CaName,
        serial: Serial,
    ) -> Result<Option<(CertificateRecord, Option<Vec<u8>>)>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let Some(record) = tx.certificate(ca, serial)? else {
                return Ok(None);
            };
            let der = self.der(tx, &record)?;
            Ok(Some((record, der)))
        })
    }

    /// The DER of every authority certificate, oldest generation first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn authority_certificates(&self) -> Result<Vec<(Issuer, Vec<u8>)>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let mut found = Vec::new();
            for KeyGeneration { issuer, .. } in &self.generations {
                let record = tx.certificate(issuer.ca, issuer.serial)?;
                let record = record.ok_or(StoreError::Damaged("an authority is missing"))?;
                let der = self.der(tx, &record)?;
                found.push((
                    issuer.clone(),
                    der.ok_or(StoreError::Damaged("an authority is not signed"))?,
                ));
            }
            Ok(found)
        })
    }

    /// Whether the authorities' own certificates carry the names of the realm.
    ///
    /// # Errors
    /// [`AuthorityError::OtherRealm`] when the settings name another organisation.
    pub(crate) fn check_realm(&self) -> Result<(), AuthorityError> {
        for (issuer, der) in self.authority_certificates()? {
            let name = ca_name(issuer.ca, self.realm.organisation()).to_der();
            if !der.windows(name.len()).any(|window| window == name) {
                return Err(AuthorityError::OtherRealm);
            }
        }
        Ok(())
    }

    /// Passes every audit entry above `after` to `each`, in order, and checks the chain from the
    /// beginning on when `after` is 0.
    ///
    /// # Errors
    /// Those of the store and of `each`; the first entry that breaks the chain.
    pub fn audit(
        &self,
        after: u64,
        mut each: impl FnMut(&Entry) -> Result<(), AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let mut previous = if after == 0 { Some((0, GENESIS)) } else { None };
        let mut position = after;
        loop {
            let page = self.store.tx(self.now(), |tx| tx.audit_entries(position, PAGE))?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            position = last.number;
            for entry in &page {
                if previous.is_some_and(|previous| !entry.follows(previous)) {
                    return Err(AuthorityError::AuditBroken { entry: entry.number });
                }
                previous = Some((entry.number, entry.hash));
                each(entry)?;
            }
        }
    }

    /// The certificate's DER out of its stored parts; none when it was never signed.
    fn der(
        &self,
        tx: &mut Tx<'_>,
        record: &CertificateRecord,
    ) -> Result<Option<Vec<u8>>, AuthorityError> {
        let Some(signature) = tx.signature(record.intent)? else {
            return Ok(None);
        };
        let tbs = tx.tbs(record.intent)?;
        let generation = self.generation(record.ca, record.generation)?;
        let algorithm = generation.issuer.algorithm.signature_identifier();
        Ok(Some(assemble(&tbs, &algorithm, &signature)))
    }

    fn generation(
        &self,
        ca: CaName,
        generation: Generation,
    ) -> Result<&KeyGeneration, AuthorityError> {
        self.generations
            .iter()
            .find(|key| key.issuer.ca == ca && key.issuer.generation == generation)
            .ok_or(AuthorityError::NoKey { ca, generation })
    }

    /// The generation that issues to holders: the newest.
    fn issuing(&self, ca: CaName) -> Result<&KeyGeneration, AuthorityError> {
        self.generations
            .iter()
            .filter(|key| key.issuer.ca == ca)
            .max_by_key(|key| key.issuer.generation)
            .ok_or(AuthorityError::NoKey { ca, generation: Generation::FIRST })
    }
}

/// Why an authority could not do its work; refusals by rule are not here but in [`Refused`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key generation without its signing key.
    #[error("the {ca} authority's generation {generation} has no signing key that fits")]
    NoKey {
        /// The authority.
        ca: CaName,
        /// The generation.
        generation: Generation,
    },
    /// A signing key that no generation has.
    #[error("a signing key belongs to no generation of this installation")]
    StrangeKey,
    /// The settings name another organisation than the certificates.
    #[error(
        "realm.organisation in jpki.toml is not the one in the authorities' certificates: put it \
         back, or make a new home"
    )]
    OtherRealm,
    /// An authority's own key is weak.
    #[error("the authority's key is not acceptable")]
    Key(#[source] lint::KeyFault),
    /// What was to be signed does not conform: a fault of this program.
    #[error("refused to sign what does not conform to the profile")]
    Lint(#[from] lint::Findings),
    /// The key failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The clock is beyond what certificates can say.
    #[error("the clock is out of range")]
    Time,
    /// The record of acts was changed.
    #[error("the audit record is broken at entry {entry}: it is not what was written")]
    AuditBroken {
        /// The first entry that does not follow.
        entry: u64,
    },
    /// A receiver of results failed.
    #[error("the results could not be passed on")]
    Sink(#[source] std::io::Error),
}

const FOUNDING: &str = "founding";
const PAGE: u32 = 1000;
