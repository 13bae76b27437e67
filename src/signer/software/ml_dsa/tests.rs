//! Against the examples of RFC 9881, and what every signer has to do.

use pkcs8::SecretDocument;
use rand_core::OsRng;

use crate::asn1::CertificateParts;
use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::PublicKeyError;
use crate::asn1::oid;
use crate::lint;
use crate::signer::PrivateKey;
use crate::signer::SignError;
use crate::signer::Signer as _;
use crate::signer::SoftwareSigner;
use crate::signer::conformance;
use crate::signer::generate;

const ALGORITHM: KeyAlgorithm = KeyAlgorithm::MlDsa65;

const SEED: &str = include_str!("../../../../testdata/ml-dsa-65/seed.pem");
const EXPANDED: &str = include_str!("../../../../testdata/ml-dsa-65/expanded.pem");
const BOTH: &str = include_str!("../../../../testdata/ml-dsa-65/both.pem");
const CERTIFICATE: &str = include_str!("../../../../testdata/ml-dsa-65/certificate.pem");

fn pkcs8(pem: &str) -> Vec<u8> {
    SecretDocument::from_pem(pem).unwrap().1.as_bytes().to_vec()
}

fn signer(pkcs8: &[u8]) -> Result<SoftwareSigner, SignError> {
    SoftwareSigner::new(&PrivateKey::from_pkcs8(pkcs8))
}

/// The example's certificate, and its key.
fn certificate() -> (Vec<u8>, PublicKey) {
    let (_, der) = der::pem::decode_vec(CERTIFICATE.as_bytes()).unwrap();
    let key = PublicKey::of_certificate(&der).unwrap();
    (der, key)
}

#[test]
fn the_example_certificate_is_read_and_verifies() {
    let (der, key) = certificate();
    assert_eq!((key.algorithm(), key.bits().len()), (ALGORITHM, 1952));
    lint::key(&key).unwrap();
    let parts = CertificateParts::read(&der).unwrap();
    let identifier = ALGORITHM.signature_identifier();
    assert_eq!([parts.algorithm.der, parts.tbs_algorithm.der], [&identifier, &identifier]);
    let signature = &parts.signature.contents[1..];
    assert_eq!(signature.len(), 3309);
    key.verify(parts.tbs.der, signature).unwrap();
    for position in [0, 47, 1000, 3308] {
        let mut other = signature.to_vec();
        other[position] ^= 1;
        assert_eq!(key.verify(parts.tbs.der, &other), Err(PublicKeyError::Signature), "{position}");
    }
    for length in [0, 64, 3308] {
        assert!(key.verify(parts.tbs.der, &signature[..length]).is_err(), "{length}");
    }
    assert!(key.verify(parts.tbs.der, &[signature, &[0]].concat()).is_err());
    assert!(key.verify(&parts.tbs.der[1..], signature).is_err());
}

#[test]
fn the_example_keys_are_that_of_the_certificate() {
    let (_, certified) = certificate();
    for pem in [SEED, EXPANDED, BOTH] {
        let signer = signer(&pkcs8(pem)).unwrap();
        assert_eq!(signer.public_key(), &certified);
        certified.verify(b"message", &signer.sign(b"message").unwrap()).unwrap();
    }
}

#[test]
fn a_seed_and_an_expanded_key_that_do_not_belong_together_are_no_key() {
    // RFC 9881 section 8.2. The seed begins behind 32 octets, the expanded key behind 68.
    let both = pkcs8(BOTH);
    for position in [40, 80, 2000, both.len() - 1] {
        let mut other = both.clone();
        other[position] ^= 1;
        assert_eq!(signer(&other).unwrap_err(), SignError::NotAKey, "{position}");
    }
    let seed = pkcs8(SEED);
    for length in [0, 20, seed.len() - 1] {
        assert_eq!(signer(&seed[..length]).unwrap_err(), SignError::NotAKey, "{length}");
    }
    // Other parameters than none, and another parameter set.
    let mut other = seed;
    *other.get_mut(17).unwrap() = 17;
    assert_eq!(signer(&other).unwrap_err(), SignError::NotAKey);
}

#[test]
fn what_is_generated_does_what_every_signer_does() {
    let [one, other] = [(); 2].map(|()| generate(ALGORITHM, &mut OsRng).unwrap());
    assert_ne!(one.expose(), other.expose());
    // As a seed, which is what RFC 9881 recommends (section 8.1).
    assert_eq!(one.expose().len(), pkcs8(SEED).len());
    assert_eq!(one.expose()[..22], pkcs8(SEED)[..22]);
    let signer = signer(one.expose()).unwrap();
    conformance::conforms(&signer, ALGORITHM);
    assert!(signer.sign_digest(&ALGORITHM.digest(b"message")).is_none());
    // Signing is hedged: the same message has another signature every time.
    assert_ne!(signer.sign(b"message").unwrap(), signer.sign(b"message").unwrap());
    let strange = SoftwareSigner::new(&other).unwrap();
    let signature = strange.sign(b"message").unwrap();
    assert!(signer.public_key().verify(b"message", &signature).is_err());
    assert_eq!(format!("{signer:?}"), "SoftwareSigner(ml-dsa-65)");
}

#[test]
fn a_public_key_has_its_length_and_no_parameters() {
    let (_, key) = certificate();
    let spki = |parameters: &[u8], bits: &[u8]| {
        Der::build(|der| {
            der.sequence(|der| {
                der.sequence(|der| {
                    der.oid(oid::ML_DSA_65);
                    der.raw(parameters);
                });
                der.bit_string(bits);
            });
        })
    };
    assert_eq!(PublicKey::from_der(&spki(&[], key.bits())), Ok(key.clone()));
    let null = PublicKey::from_der(&spki(&[5, 0], key.bits()));
    assert_eq!(null, Err(PublicKeyError::Parameters));
    for bits in [&[][..], &key.bits()[1..], &[key.bits(), &[0]].concat()] {
        assert_eq!(PublicKey::from_der(&spki(&[], bits)), Err(PublicKeyError::NotAKey));
    }
}
