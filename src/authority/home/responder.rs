//! The responders in a home: one for each generation of an authority.

use crate::authority::DAY;
use crate::authority::ROTATION_DAYS;
use crate::authority::der_of;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::policy::ListTiming;
use crate::profile::ServiceKey;
use crate::signer::KeyFileError;
use crate::signer::Passphrase;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::Store;
use crate::store::StoreError;

use super::Home;
use super::HomeError;
use super::keys::KeyPlace;
use super::keys::Keys;
use super::keys::Owner;
use super::publication::is_hash;

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
    pub signer: Result<Box<dyn Signer>, ResponderFault>,
}

impl Responder {
    /// The instant from which on its key is to be rotated; none when it needs no other, since its
    /// certificate ends with the generation's own, and when there is none.
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
    #[error("the key is not in {place}: run jpki ocsp rotate")]
    NoKey {
        /// Its place.
        place: KeyPlace,
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

    /// Whether the passphrase that was given is not the key's: nothing is known of the key.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Unreadable(HomeError::KeyFile(KeyFileError::PassphraseWrong { .. })))
    }
}

impl Home {
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
        let keys = self.keys(passphrase)?;
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
                        Some((.., hash)) => keys.responder(key, *hash),
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
}

impl Keys {
    /// The key of a responder's certificate.
    pub(super) fn responder(
        &self,
        key: ServiceKey,
        hash: [u8; 32],
    ) -> Result<Box<dyn Signer>, ResponderFault> {
        let owner = Owner::Service(key);
        match self.certified(owner, is_hash(Some(hash))) {
            Ok(Some(signer)) => Ok(signer),
            Ok(None) | Err(HomeError::OtherKey { .. }) => {
                Err(ResponderFault::NoKey { place: self.place(owner) })
            }
            Err(error) => Err(ResponderFault::Unreadable(error)),
        }
    }
}

fn is_in_force(record: &CertificateRecord, now: Timestamp) -> bool {
    // Also where its issuer's key is compromised: nobody else may answer about what that has issued, and
    // all that there is to say of it is that it is revoked.
    record.recorded == State::Live && (record.not_before..=record.not_after).contains(&now)
}

/// How often the files are looked at. A rotation takes far longer than a look, so that twice is
/// enough; once more for the unlucky.
const TRIES: u8 = 3;

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::fs;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use rand_core::OsRng;

    use super::super::InitOptions;
    use super::super::RotateOptions;
    use super::*;
    use crate::asn1::KeyAlgorithm;
    use crate::asn1::PublicKey;
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
        let keys = home.folder().join("keys");
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
        fs::remove_file(keys.join("ocsp-signature-1.key.pem")).unwrap();
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
