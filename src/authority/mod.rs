//! The services of an authority, one file per verb; they hold the clock, the keys and the store
//! together and leave every judgement to the domain.

mod change;
mod compromise;
mod digest;
#[cfg(feature = "sqlite")]
#[cfg(test)]
mod fixture;
mod found;
mod generation;
pub mod home;
mod ingest;
mod issue;
mod link;
mod outcome;
pub mod publish;
mod records;
mod recover;
mod renew;
mod report;
mod request;
pub mod respond;
mod rollover;
mod rotate;
mod rule;
mod service;
mod tick;
mod verify;
mod why;

use crate::asn1::PublicKey;
use crate::audit::Entry;
use crate::audit::Head;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::lint;
use crate::policy::Policy;
use crate::profile::Issuer;
use crate::profile::Realm;
use crate::profile::ServiceKey;
use crate::profile::ca_name;
use crate::seal::SealError;
use crate::seal::assemble;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::GenerationRecord;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::Tx;

use renew::DAY;
use service::ServiceCertificate;

pub use change::Change;
pub use change::ChangeRequest;
pub use compromise::CompromiseRequest;
pub use compromise::Compromised;
pub use digest::Difference;
pub use digest::DigestLine;
pub use digest::Digests;
pub use digest::Incomplete;
pub use found::FoundingKeys;
pub use generation::Duty;
pub use generation::GenerationStanding;
pub use generation::RollOverPlan;
pub use ingest::Correction;
pub use ingest::EventOutcome;
pub use ingest::Fate;
pub use ingest::Finding;
pub use ingest::Touched;
pub use link::Link;
pub use link::Linked;
pub use link::NewLink;
pub use outcome::Issued;
pub use outcome::Outcome;
pub use outcome::Refused;
pub use outcome::Status;
pub use records::Imported;
pub use records::Registered;
pub use recover::Recovery;
pub use recover::Voided;
pub use renew::CertifiedKey;
pub use renew::RENEWAL_DAYS;
pub use renew::Renewed;
pub use report::CauseReport;
pub use report::ChangeReport;
pub use report::EventReport;
pub use report::IssuedReport;
pub use report::StandingReport;
pub use report::StateReport;
pub use report::StateWord;
pub use report::TimerReport;
pub use report::ToldReport;
pub use report::WhyReport;
pub use request::Ask;
pub use request::IssueRequest;
pub use request::KeyAsk;
pub use request::Kinds;
pub use request::RequestId;
pub use rollover::NewGeneration;
pub use rotate::ROTATION_DAYS;
pub use rule::Rule;
pub use tick::Tick;
pub use verify::Verdict;
pub use why::Why;

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
    services: Vec<ServiceCertificate>,
}

/// A key generation: its certificate, and its signing key unless it was left where it is.
#[derive(Debug)]
struct KeyGeneration {
    issuer: Issuer,
    /// As it stood when it was taken up.
    record: GenerationRecord,
    key: PublicKey,
    certificate: Vec<u8>,
    signer: Option<Box<dyn Signer>>,
}

impl KeyGeneration {
    /// One as the store has it, without its key.
    fn read(tx: &mut Tx<'_>, record: GenerationRecord) -> Result<Self, StoreError> {
        let unsigned = StoreError::Damaged("an authority is not signed");
        let algorithm = record.algorithm.signature_identifier();
        let certificate = der_of(tx, &record.certificate, &algorithm)?.ok_or(unsigned)?;
        let key = PublicKey::of_certificate(&certificate)
            .map_err(|_| StoreError::Damaged("an authority has no key"))?;
        let own = &record.certificate;
        let issuer = Issuer {
            ca: own.ca,
            generation: own.generation,
            serial: own.serial,
            key_id: record.key_id,
            algorithm: record.algorithm,
            profile: record.profile,
            not_before: own.not_before,
            not_after: own.not_after,
        };
        Ok(Self { issuer, record, key, certificate, signer: None })
    }

    /// Whether its key was compromised when it was taken up.
    fn is_compromised(&self) -> bool {
        self.record.compromised.is_some()
    }

    /// Whether its own certificate has begun and has not ended.
    fn is_in_force(&self, at: Timestamp) -> bool {
        self.issuer.is_in_force(at)
    }

    /// Settings that name another organisation than the certificates would issue what no verifier
    /// can chain.
    fn check_realm(&self, realm: &Realm) -> Result<(), AuthorityError> {
        let name = ca_name(self.issuer.ca, realm.organisation()).to_der();
        let is_named = self.certificate.windows(name.len()).any(|window| window == name);
        if is_named { Ok(()) } else { Err(AuthorityError::OtherRealm) }
    }
}

/// Every generation of both authorities, oldest first, without their keys.
fn generations(store: &Store, now: Timestamp) -> Result<Vec<KeyGeneration>, AuthorityError> {
    store.tx(now, |tx| {
        let records = tx.generations()?;
        let each = |record| Ok(KeyGeneration::read(tx, record)?);
        records.into_iter().map(each).collect()
    })
}

impl Authority {
    /// Takes up an installation: matches the signing keys with the generations and the services'
    /// certificates in the store and resolves what a crash left ([`Recovery`]).
    ///
    /// A generation or a service may stay without its key: everything but issuing, or what the
    /// service signs, works.
    ///
    /// # Errors
    /// When a key fits no generation and no service, or the store fails.
    pub fn open(
        store: Store,
        clock: Box<dyn Clock>,
        realm: Realm,
        policy: Policy,
        signers: Vec<Box<dyn Signer>>,
    ) -> Result<(Self, Recovery), AuthorityError> {
        let authority = Self::open_to_rehearse(store, clock, realm, policy, signers)?;
        let recovery = authority.recover()?;
        Ok((authority, recovery))
    }

    /// Like [`Authority::open`], but leaves what a crash left: for dry runs, which change nothing
    /// and judge as if it were resolved.
    ///
    /// # Errors
    /// As for [`Authority::open`].
    pub fn open_to_rehearse(
        store: Store,
        clock: Box<dyn Clock>,
        realm: Realm,
        policy: Policy,
        mut signers: Vec<Box<dyn Signer>>,
    ) -> Result<Self, AuthorityError> {
        let mut generations = generations(&store, clock.now())?;
        for generation in &mut generations {
            generation.check_realm(&realm)?;
            let position = signers.iter().position(|signer| *signer.public_key() == generation.key);
            generation.signer = position.map(|position| signers.swap_remove(position));
        }
        let services = Vec::new();
        let mut authority = Self { store, clock, realm, policy, generations, services };
        authority.services = authority.take_up_services(&mut signers)?;
        if !signers.is_empty() {
            return Err(AuthorityError::StrangeKey);
        }
        Ok(authority)
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

    /// For which cards an authority issues now, as far as this process knows; where none of its
    /// generations does, for which its newest would.
    ///
    /// # Errors
    /// When it has no generation.
    pub fn profile(&self, ca: CaName) -> Result<Profile, AuthorityError> {
        let standings = self.standings(self.now());
        let issues = standings.iter().find(|own| own.ca == ca && own.duty == Duty::Issues);
        let known = match issues {
            Some(own) => self.generation(ca, own.generation)?,
            None => self.newest(ca)?,
        };
        Ok(known.issuer.profile)
    }

    /// The certificate with this number, with its DER once it was issued.
    ///
    /// # Errors
    /// Those of the store.
    pub fn certificate(
        &self,
        ca: CaName,
        serial: Serial,
    ) -> Result<Option<WithDer>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let Some(record) = tx.certificate(ca, serial)? else {
                return Ok(None);
            };
            let der = self.der(tx, &record)?;
            Ok(Some((record, der)))
        })
    }

    /// The authorities' own certificates in DER, by authority, oldest generation first.
    pub fn authority_certificates(&self) -> impl Iterator<Item = (&Issuer, &[u8])> {
        self.generations.iter().map(|key| (&key.issuer, key.certificate.as_slice()))
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
        let mut previous = if after == 0 { Some(Head::GENESIS) } else { None };
        // Read first, since the record may grow meanwhile: it must reach at least so far.
        let least = match previous {
            Some(_) => self.store.tx(self.now(), |tx| tx.last_change())?,
            None => 0,
        };
        let mut position = after;
        loop {
            let page = self.store.tx(self.now(), |tx| tx.audit_entries(position, PAGE))?;
            let Some(last) = page.last() else {
                let missing = AuthorityError::AuditBroken { entry: position.saturating_add(1) };
                return if position < least { Err(missing) } else { Ok(()) };
            };
            position = last.number;
            for entry in &page {
                if previous.is_some_and(|previous| !entry.follows(previous)) {
                    return Err(AuthorityError::AuditBroken { entry: entry.number });
                }
                previous = Some(entry.head());
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
        // One that was given up may be that of a generation which never came to be.
        if record.issued_at.is_none() {
            return Ok(None);
        }
        let issuer = &self.generation(record.ca, record.generation)?.issuer;
        Ok(der_of(tx, record, &issuer.algorithm.signature_identifier())?)
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
}

/// A certificate's DER out of its stored parts; none when it was never signed.
fn der_of(
    tx: &mut Tx<'_>,
    record: &CertificateRecord,
    algorithm: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(signature) = tx.signature(record.intent)? else { return Ok(None) };
    Ok(Some(assemble(&tx.tbs(record.intent)?, algorithm, &signature)))
}

/// Why an authority could not do its work; refusals by rule are not here but in [`Refused`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key generation without its signing key.
    #[error("the signing key of the {ca} authority, generation {generation}, is not here")]
    NoKey {
        /// The authority.
        ca: CaName,
        /// The generation.
        generation: Generation,
    },
    /// A signing key that no generation and no service has.
    #[error("a signing key belongs to no generation and no service of this installation")]
    StrangeKey,
    /// No certificate of a service is in force.
    #[error("no {service} certificate is in force: it has expired or was revoked")]
    NoServiceCertificate {
        /// The service.
        service: ServiceKey,
    },
    /// A service without its key.
    #[error("the {service} key is not here")]
    NoServiceKey {
        /// The service.
        service: ServiceKey,
    },
    /// Two of the founding keys are one.
    #[error("two of the keys are the same: each authority and each service has its own")]
    KeyTwice,
    /// The key of a new generation, or of a service, is not new.
    #[error("this key was certified before: it must be a new one")]
    KeyUsed,
    /// An authority has another generation since the installation was opened.
    #[error("an authority's key was rolled over meanwhile: start again")]
    RolledOver,
    /// A link between generations was made, or a key compromised, since they were looked at.
    #[error("the generations or their links changed meanwhile: start again")]
    LinkChanged,
    /// A service has another certificate since the installation was opened.
    #[error("the {service} certificate was renewed or revoked meanwhile: start again")]
    ServiceChanged {
        /// The service.
        service: ServiceKey,
    },
    /// The settings name another organisation than the certificates.
    #[error(
        "realm.organisation in jpki.toml is not the one in the authorities' certificates: put it \
         back, or make a new home"
    )]
    OtherRealm,
    /// The key of an authority or a service is weak.
    #[error("the key of an authority or a service is not acceptable")]
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
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Internal(&'static str),
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

const PAGE: u32 = 1000;

/// A certificate's record, with its DER once it was issued.
type WithDer = (CertificateRecord, Option<Vec<u8>>);
