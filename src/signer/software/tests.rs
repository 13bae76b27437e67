//! What every back end must do, whichever are built in.

use pkcs8::SecretDocument;
use rand_core::OsRng;

use super::super::conformance;
use super::*;

/// A key of each algorithm that was made by OpenSSL, once and for all.
const MADE: [(KeyAlgorithm, &str); 5] = [
    (KeyAlgorithm::RSA_2048, include_str!("../../../testdata/keys/rsa2048-1.pem")),
    (KeyAlgorithm::Rsa(3072), include_str!("../../../testdata/keys/rsa3072-1.pem")),
    (KeyAlgorithm::Rsa(4096), include_str!("../../../testdata/keys/rsa4096-1.pem")),
    (KeyAlgorithm::P256, include_str!("../../../testdata/keys/p256-1.pem")),
    (KeyAlgorithm::P384, include_str!("../../../testdata/keys/p384-1.pem")),
];

fn made(pem: &str) -> PrivateKey {
    PrivateKey::from_pkcs8(SecretDocument::from_pem(pem).unwrap().1.as_bytes())
}

/// Signs a message, and its digest where the key takes digests, and verifies both.
fn signs(key: &PrivateKey, algorithm: KeyAlgorithm) {
    let signer = SoftwareSigner::new(key).unwrap();
    let public = signer.public_key();
    assert_eq!(public.algorithm(), algorithm);
    conformance::conforms(&signer, algorithm);
    let signature = signer.sign(b"message").unwrap();
    let by_digest = signer.sign_digest(&algorithm.digest(b"message"));
    let takes_digests = cfg!(feature = "aws-lc-rs") || !matches!(algorithm, KeyAlgorithm::Rsa(_));
    assert_eq!(by_digest.is_some(), takes_digests, "{algorithm}");
    if let Some(by_digest) = by_digest {
        let by_digest = by_digest.unwrap();
        public.verify(b"message", &by_digest).unwrap();
        // PKCS #1 v1.5 has one signature for a message, however it is made.
        assert!(by_digest == signature || !matches!(algorithm, KeyAlgorithm::Rsa(_)));
    }
}

#[test]
fn every_kind_signs_what_its_public_half_verifies() {
    for (algorithm, pem) in MADE {
        signs(&made(pem), algorithm);
    }
}

#[test]
fn what_is_generated_signs_and_is_not_generated_twice() {
    for algorithm in [KeyAlgorithm::RSA_2048, KeyAlgorithm::P256, KeyAlgorithm::P384] {
        let [one, other] = [(); 2].map(|()| generate(algorithm, &mut OsRng).unwrap());
        assert_ne!(one.expose(), other.expose());
        signs(&one, algorithm);
        let public = SoftwareSigner::new(&one).unwrap().public_key().clone();
        crate::lint::key(&public).unwrap();
    }
}

#[test]
fn a_digest_of_another_length_is_not_signed() {
    for (algorithm, pem) in MADE {
        let signer = SoftwareSigner::new(&made(pem)).unwrap();
        for length in [0, 20, 64] {
            let signed = signer.sign_digest(&vec![7; length]);
            assert!(signed.is_none_or(|signed| signed.is_err()), "{algorithm} {length}");
        }
    }
}

#[test]
fn a_damaged_key_is_no_key() {
    for (algorithm, pem) in MADE {
        let key = made(pem);
        let der = key.expose();
        let cut = PrivateKey::from_pkcs8(der.get(..der.len() / 2).unwrap());
        assert_eq!(SoftwareSigner::new(&cut).unwrap_err(), SignError::NotAKey, "{algorithm}");
        // The last octets are of the public point, or of the coefficient of the primes.
        let mut other = der.to_vec();
        *other.last_mut().unwrap() ^= 1;
        let other = SoftwareSigner::new(&PrivateKey::from_pkcs8(&other));
        assert_eq!(other.unwrap_err(), SignError::NotAKey, "{algorithm}");
    }
}

#[test]
fn weak_sizes_have_no_generator_and_nothing_prints_a_key() {
    let weak = generate(KeyAlgorithm::Rsa(1024), &mut OsRng);
    assert_eq!(weak.unwrap_err(), SignError::NoGenerator(KeyAlgorithm::Rsa(1024)));
    let key = generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey(redacted)");
    let signer = SoftwareSigner::new(&key).unwrap();
    assert_eq!(format!("{signer:?}"), "SoftwareSigner(p256)");
}
