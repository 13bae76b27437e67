//! The responders' keys and certificates in a home: one for each generation of an authority.
//!
//! Every certificate is for another key. The one before has no further use: its certificate lives for
//! thirty days at most, nothing that it signed is verified for longer, and whoever answers with it has
//! it in memory. So it is destroyed, by giving the new one its name: what is not there cannot be
//! stolen. A key that an interrupted rotation left without a certificate goes as well.

use std::fs;
use std::path::PathBuf;

use rand_core::CryptoRngCore;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::authority::Authority;
use crate::authority::DAY;
use crate::authority::ROTATION_DAYS;
use crate::authority::Recovery;
use crate::authority::Refused;
use crate::authority::Renewed;
use crate::authority::Rule;
use crate::authority::der_of;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::policy::ListTiming;
use crate::profile::Service;
use crate::profile::ServiceKey;
use crate::signer;
use crate::signer::KeyFileError;
use crate::signer::Passphrase;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::Store;
use crate::store::StoreError;

use super::Home;
use super::HomeError;
use super::Opening;
use super::service::Places;
use super::service::fault;
use super::service::next_key_file;
use super::service::read_if_there;

/// Whose responders' keys are rotated, and how.
#[derive(Clone, Copy, Debug, Default)]
pub struct RotateOptions {
    /// Those of this authority alone.
    pub ca: Option<CaName>,
    /// That of this generation alone; else of all that are in force.
    pub generation: Option<Generation>,
    /// What the new keys are; else what those before were, at first what the generation's own is.
    pub algorithm: Option<KeyAlgorithm>,
    /// Those alone whose certificates end within [`ROTATION_DAYS`], or that
    /// are missing.
    pub only_due: bool,
    /// Whether the keys before are compromised: their certificates are then revoked for it.
    pub compromised: bool,
}

/// What a rotation made, or would make.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotation {
    /// For each generation whose turn it was, by authority, oldest first.
    pub rotated: Vec<Rotated>,
    /// What a crash had left.
    pub recovery: Recovery,
}

/// What became of one responder's key. A failure concerns it alone.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rotated {
    /// The authority.
    pub ca: CaName,
    /// The generation.
    pub generation: Generation,
    /// The new key and its certificate, a refusal by rule, or what failed.
    pub outcome: Result<Result<NewResponder, Refused>, HomeError>,
}

/// A responder's key that was made, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewResponder {
    /// Its certificate.
    pub new: Renewed,
    /// What the key is.
    pub algorithm: KeyAlgorithm,
    /// The file of the key.
    pub key: PathBuf,
}

/// A generation's responder as it stands in a home.
#[derive(Debug)]
#[non_exhaustive]
pub struct Responder {
    /// The authority.
    pub ca: CaName,
    /// The generation.
    pub generation: Generation,
    /// When the generation's own certificate ends: none of its responder's lasts longer.
    pub issuer_not_after: Timestamp,
    /// The newest certificate with its DER, whatever became of it; none where there never was one.
    pub certificate: Option<(CertificateRecord, Vec<u8>)>,
    /// The key of that certificate, if it is in force; or why nothing can be signed.
    pub signer: Result<SoftwareSigner, ResponderFault>,
}

impl Responder {
    /// The instant from which on its key is to be rotated; none when it needs no other, since its certificate ends
    /// with the generation's own, and when there is none.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let (record, _) = self.certificate.as_ref()?;
        let end = record.not_after;
        let due = || end.plus_seconds(1 - i64::from(ROTATION_DAYS) * DAY);
        (end < self.issuer_not_after).then(due)
    }

    /// How it stands at an instant, where those who publish lists, and rotate keys with them, do so in
    /// these times.
    #[must_use]
    pub fn standing(&self, at: Timestamp, timing: ListTiming) -> ResponderStanding {
        if self.signer.as_ref().is_err_and(|fault| !fault.is_locked()) {
            return ResponderStanding::Missing;
        }
        let Some(due) = self.due_at() else { return ResponderStanding::Fresh };
        let late = at.to_unix() - due.to_unix();
        // Two runs with all their tries should have done it; at the latest a day before its end.
        let patience = (2 * timing.next_run_seconds()).min((i64::from(ROTATION_DAYS) - 1) * DAY);
        if late < 0 {
            ResponderStanding::Fresh
        } else if late <= patience {
            ResponderStanding::Due
        } else {
            ResponderStanding::Ending
        }
    }
}

/// How a responder stands, from well to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResponderStanding {
    /// It answers, and needs no other key yet.
    Fresh,
    /// It answers, and the next run of `jpki crl publish` gives it another key.
    Due,
    /// It answers, and should have got another key.
    Ending,
    /// It cannot answer: a certificate in force or its key is missing.
    Missing,
}

impl ResponderStanding {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Due => "due",
            Self::Ending => "ending",
            Self::Missing => "missing",
        }
    }
}

/// Why a responder cannot sign. `jpki ocsp rotate` puts all of it right.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResponderFault {
    /// There never was a certificate.
    #[error("there is no certificate: run jpki ocsp rotate")]
    NoCertificate,
    /// The newest certificate is not in force.
    #[error("the certificate has expired, was revoked or has not begun: run jpki ocsp rotate")]
    NotInForce,
    /// The key of the newest certificate is not in its place.
    #[error("the key is not in {path}: run jpki ocsp rotate")]
    NoKey {
        /// Its place.
        path: PathBuf,
    },
    /// A key file that cannot be read.
    #[error(transparent)]
    Unreadable(HomeError),
}

impl ResponderFault {
    /// Whether the key is encrypted and nobody gave the passphrase: it may well be the right one.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Unreadable(HomeError::KeyFile(KeyFileError::PassphraseNeeded { .. })))
    }
}

impl Home {
    /// Makes new keys for responders, each with its certificate, and writes these to
    /// `ca/ocsp-<ca>-<generation>.cer` and `.pem`. A home [to rehearse](Home::to_rehearse) only says
    /// what it would make.
    ///
    /// Whatever this is killed in leaves a key and a certificate that belong together, in one place or
    /// the other, and [`Home::responder_signers`] finds them; the next rotation puts the files in
    /// place.
    ///
    /// # Errors
    /// As for [`Home::authority`], but that the services' keys may be missing; a refusal of all by
    /// rule is the inner error. What concerns one alone is part of the result.
    pub fn rotate_responders(
        &self,
        options: &RotateOptions,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<Rotation, Refused>, HomeError> {
        let Some(_lock) = super::lock_folder(&self.key_folder())? else {
            return Ok(Err(Rule::RenewalPending.into()));
        };
        let opening = Opening::Locked { publication: false };
        let (mut authority, recovery) = self.open_with_keys(clock, passphrase, opening)?;
        let of_ca = |ca| options.ca.is_none_or(|only| only == ca);
        let asked: Vec<_> = match options.generation {
            Some(generation) => {
                let cas = CaName::ALL.into_iter().filter(|ca| of_ca(*ca));
                cas.map(|ca| (ca, generation)).collect()
            }
            None => authority.generations_in_force().filter(|(ca, _)| of_ca(*ca)).collect(),
        };
        let mut rotated = Vec::new();
        for (ca, generation) in asked {
            let is_due = || self.is_responder_due(&authority, (ca, generation), passphrase);
            let outcome = match if options.only_due { is_due() } else { Ok(true) } {
                Ok(false) => continue,
                Ok(true) => {
                    self.rotate(&mut authority, (ca, generation), options, passphrase, random)
                }
                Err(error) => Err(error),
            };
            rotated.push(Rotated { ca, generation, outcome });
        }
        Ok(Ok(Rotation { rotated, recovery }))
    }

    /// Rotates the keys of those responders for which it is time: their certificates end within
    /// [`ROTATION_DAYS`], or are missing or not in force, or their
    /// keys are. Else does nothing. A home [to rehearse](Home::to_rehearse) only says what it would
    /// make.
    ///
    /// # Errors
    /// When the disk or the store fails. What concerns one alone is part of the result.
    pub fn rotate_responders_in_time(
        &self,
        authority: &mut Authority,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Vec<Rotated>, HomeError> {
        let asked: Vec<_> = authority.generations_in_force().collect();
        let mut turns = Vec::new();
        for of in &asked {
            let due = self.is_responder_due(authority, *of, passphrase);
            // Or an interrupted rotation has something to be put in place.
            let place = self.places(ServiceKey::Responder(of.0, of.1)).next;
            if !matches!(due, Ok(false)) || super::is_there(&place)? {
                turns.push((*of, due));
            }
        }
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let lock = if self.rehearsal { None } else { super::lock_folder(&self.key_folder())? };
        let is_alone = self.rehearsal || lock.is_some();
        if lock.is_some() {
            // Another may have done it since the opening.
            authority.take_up_services_again(None)?;
        }
        let options = RotateOptions::default();
        let mut rotated = Vec::new();
        for ((ca, generation), due) in turns {
            let of = (ca, generation);
            let due = if lock.is_some() {
                let settled = self.settle(authority, of, passphrase);
                settled.and_then(|()| self.is_responder_due(authority, of, passphrase))
            } else {
                due
            };
            let is_in_force = || authority.in_force(ServiceKey::Responder(ca, generation)).is_ok();
            let outcome = match due {
                Ok(false) => continue,
                Ok(true) if is_alone => self.rotate(authority, of, &options, passphrase, random),
                // Whoever is at it now does the same, or the next run will.
                Ok(true) if is_in_force() => continue,
                Ok(true) => Ok(Err(Rule::RenewalPending.into())),
                Err(error) => Err(error),
            };
            rotated.push(Rotated { ca, generation, outcome });
        }
        Ok(rotated)
    }

    /// The responders of all generations that are in force, by authority, oldest first, each with its
    /// certificate and its key: for answering. Reads `store` and the responders' key files, and no
    /// other; writes nothing.
    ///
    /// Beside a rotation in another process it finds the pair before or the pair behind it. A server
    /// calls it again to take up new keys; that somebody has rotated is seen, without reading keys, in
    /// [`Tx::newest_service_certificate`](crate::store::Tx::newest_service_certificate).
    ///
    /// # Errors
    /// When the store fails. What is wrong with one responder is part of the result: the others can
    /// answer.
    pub fn responder_signers(
        &self,
        store: &Store,
        now: Timestamp,
        passphrase: Option<&Passphrase>,
    ) -> Result<Vec<Responder>, HomeError> {
        let generations = store.tx(now, |tx| tx.generations())?;
        let in_force = generations.iter().filter(|generation| {
            let own = &generation.certificate;
            (own.not_before..=own.not_after).contains(&now)
        });
        in_force
            .map(|own| {
                let (ca, generation) = (own.certificate.ca, own.certificate.generation);
                let key = ServiceKey::Responder(ca, generation);
                let mut tries = TRIES;
                loop {
                    let newest = store.tx(now, |tx| {
                        let Some((record, hash)) = tx.newest_service_certificate(key)? else {
                            return Ok(None);
                        };
                        let unsigned = StoreError::Damaged("a service's certificate is not signed");
                        let algorithm = own.algorithm.signature_identifier();
                        let der = der_of(tx, &record, &algorithm)?.ok_or(unsigned)?;
                        Ok::<_, StoreError>(Some((record, der, hash)))
                    })?;
                    let signer = match &newest {
                        None => Err(ResponderFault::NoCertificate),
                        Some((record, ..)) if !is_in_force(record, now) => {
                            Err(ResponderFault::NotInForce)
                        }
                        Some((.., hash)) => self.certified_key(key, *hash, passphrase),
                    };
                    tries -= 1;
                    // Between the look into the store and the one at the files, a rotation may have
                    // come to its end: then the store has another certificate now.
                    if tries > 0 && matches!(signer, Err(ResponderFault::NoKey { .. })) {
                        continue;
                    }
                    let certificate = newest.map(|(record, der, _)| (record, der));
                    let issuer_not_after = own.certificate.not_after;
                    return Ok(Responder { ca, generation, issuer_not_after, certificate, signer });
                }
            })
            .collect()
    }

    /// Whether any of the responders' keys needs a passphrase; the authorities' are not looked at.
    ///
    /// # Errors
    /// When the folder or a key file cannot be read.
    pub fn responder_keys_are_encrypted(&self) -> Result<bool, HomeError> {
        let prefix = format!("{}-", Service::Responder.as_str());
        super::any_is_encrypted(&self.responder_key_folder(), |name| name.starts_with(&prefix))
    }

    /// Makes one responder another key, with its certificate. The folder must be locked, unless this
    /// is a rehearsal.
    pub(super) fn rotate(
        &self,
        authority: &mut Authority,
        (ca, generation): (CaName, Generation),
        options: &RotateOptions,
        passphrase: Option<&Passphrase>,
        random: &mut impl CryptoRngCore,
    ) -> Result<Result<NewResponder, Refused>, HomeError> {
        let compromised = options.compromised;
        let new = match authority.rehearse_responder_rotation(ca, generation, compromised)? {
            Ok(new) => new,
            Err(refused) => return Ok(Err(refused)),
        };
        let algorithm = match options.algorithm {
            Some(algorithm) => algorithm,
            None => authority.responder_algorithm(ca, generation)?,
        };
        let Places { folder, current, next } = self.places(ServiceKey::Responder(ca, generation));
        let mut made = NewResponder { new, algorithm, key: current.clone() };
        if self.rehearsal {
            return Ok(Ok(made));
        }
        self.settle(authority, (ca, generation), passphrase)?;
        let pair = signer::generate(algorithm, random)?;
        let passphrase = if self.keys_are_encrypted()? { passphrase } else { None };
        signer::write_key_file(&next, &pair, passphrase, random)?;
        super::sync_folder(&folder)?;
        let signer = SoftwareSigner::new(&pair)?;
        let key = signer.public_key();
        match authority.rotate_responder(ca, generation, key, compromised)? {
            Ok(new) => made.new = new,
            Err(refused) => return Ok(Err(refused)),
        }
        // The key before is destroyed, unlike an authority's: see above.
        fs::rename(&next, &current).map_err(fault(&next))?;
        super::sync_folder(&folder)?;
        self.write_service_certificates(authority)?;
        Ok(Ok(made))
    }

    /// Puts right what an interrupted rotation left: a key that was certified gets its name, one that
    /// was not is destroyed. The folder must be locked, and `authority` taken up since.
    fn settle(
        &self,
        authority: &Authority,
        (ca, generation): (CaName, Generation),
        passphrase: Option<&Passphrase>,
    ) -> Result<(), HomeError> {
        let key = ServiceKey::Responder(ca, generation);
        let Places { folder, current, next } = self.places(key);
        super::clear_unfinished(&folder, &next_key_file(key))?;
        let Some(waiting) = read_if_there(&next, passphrase)? else { return Ok(()) };
        let certified = certified_hash(authority, key)?;
        if certified == Some(waiting.public_key().hash()) {
            fs::rename(&next, &current).map_err(fault(&next))?;
        } else {
            fs::remove_file(&next).map_err(fault(&next))?;
        }
        super::sync_folder(&folder)
    }

    /// Whether a responder needs another key now: it is time, or the one that it has is not here.
    fn is_responder_due(
        &self,
        authority: &Authority,
        (ca, generation): (CaName, Generation),
        passphrase: Option<&Passphrase>,
    ) -> Result<bool, HomeError> {
        if authority.is_responder_ending(ca, generation) {
            return Ok(true);
        }
        let key = ServiceKey::Responder(ca, generation);
        let Some(hash) = certified_hash(authority, key)? else { return Ok(true) };
        match self.certified_key(key, hash, passphrase) {
            Ok(_) => Ok(false),
            Err(ResponderFault::Unreadable(error)) => Err(error),
            Err(_) => Ok(true),
        }
    }

    /// The key with this hash, in its place or still in the one where it waited.
    fn certified_key(
        &self,
        key: ServiceKey,
        hash: [u8; 32],
        passphrase: Option<&Passphrase>,
    ) -> Result<SoftwareSigner, ResponderFault> {
        let Places { current, next, .. } = self.places(key);
        let mut unreadable = None;
        for path in [&current, &next] {
            match read_if_there(path, passphrase) {
                Ok(Some(signer)) if signer.public_key().hash() == hash => return Ok(signer),
                Ok(_) => {}
                // The other place may have it.
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
        Err(match unreadable {
            Some(error) => ResponderFault::Unreadable(error),
            None => ResponderFault::NoKey { path: current },
        })
    }
}

/// The SHA-256 of the key of a service's newest certificate.
fn certified_hash(authority: &Authority, key: ServiceKey) -> Result<Option<[u8; 32]>, HomeError> {
    let Some(der) = authority.newest_certificate(key) else { return Ok(None) };
    let certified =
        PublicKey::of_certificate(der).map_err(|_| StoreError::Damaged("a service has no key"))?;
    Ok(Some(certified.hash()))
}

fn is_in_force(record: &CertificateRecord, now: Timestamp) -> bool {
    record.state == State::Live && (record.not_before..=record.not_after).contains(&now)
}

/// How often the files are looked at. A rotation takes far longer than a look, so that twice is
/// enough; once more for the unlucky.
const TRIES: u8 = 3;

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use rand_core::OsRng;

    use super::super::InitOptions;
    use super::*;
    use crate::clock::FixedClock;

    fn founded(folder: &tempfile::TempDir) -> Home {
        let mut options = InitOptions::sandbox();
        options.algorithm = KeyAlgorithm::P256;
        let clock = FixedClock(now());
        Home::init(&folder.path().join("home"), &options, &clock, &mut OsRng).unwrap()
    }

    fn now() -> Timestamp {
        "2026-04-01T00:00:00Z".parse().unwrap()
    }

    fn signers(home: &Home) -> Vec<Responder> {
        home.responder_signers(&home.open_store().unwrap(), now(), None).unwrap()
    }

    /// The key is that of the certificate.
    fn is_a_pair(responder: &Responder) -> bool {
        let certified = responder.certificate.as_ref().map(|(_, der)| der);
        let key = certified.and_then(|der| PublicKey::of_certificate(der).ok());
        responder.signer.as_ref().is_ok_and(|signer| Some(signer.public_key()) == key.as_ref())
    }

    #[test]
    fn responders_are_opened_without_any_key_of_the_authorities() {
        let folder = tempfile::tempdir().unwrap();
        let home = founded(&folder);
        let keys = home.key_folder();
        for file in ["signature-1", "user-authentication-1", "publication"] {
            // A folder that nobody can read as a file.
            let path = keys.join(format!("{file}.key.pem"));
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        }
        assert!(home.keys_are_encrypted().is_err());
        assert!(!home.responder_keys_are_encrypted().unwrap());
        let found = signers(&home);
        assert_eq!(found.len(), 2);
        for responder in &found {
            assert!(is_a_pair(responder), "{responder:?}");
            assert_eq!(responder.issuer_not_after, "2036-03-31T14:59:59Z".parse().unwrap());
        }
        let of = |ca| home.places(ServiceKey::Responder(ca, Generation::FIRST)).current;
        fs::remove_file(of(CaName::Signature)).unwrap();
        let found = signers(&home);
        let fault = found[0].signer.as_ref().unwrap_err();
        assert!(matches!(fault, ResponderFault::NoKey { .. }), "{fault:?}");
        assert!(is_a_pair(&found[1]));
    }

    #[test]
    fn whoever_looks_beside_rotations_finds_a_pair_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = founded(&folder);
        let is_over = AtomicBool::new(false);
        let seen = std::thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let store = home.open_store().unwrap();
                let mut numbers = std::collections::BTreeSet::new();
                while !is_over.load(Ordering::Relaxed) {
                    for responder in home.responder_signers(&store, now(), None).unwrap() {
                        assert!(is_a_pair(&responder), "{responder:?}");
                        numbers.extend(responder.certificate.map(|(record, _)| record.serial));
                    }
                }
                numbers.len()
            });
            for _ in 0..20 {
                let clock = Box::new(FixedClock(now()));
                let options = RotateOptions::default();
                let rotated = home.rotate_responders(&options, clock, None, &mut OsRng);
                for one in rotated.unwrap().unwrap().rotated {
                    one.outcome.unwrap().unwrap();
                }
            }
            is_over.store(true, Ordering::Relaxed);
            looks.join().unwrap()
        });
        assert!(seen > 2, "{seen}");
    }
}
