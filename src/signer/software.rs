//! Keys in this process's memory. Fit for a sandbox and for small authorities; a national authority
//! keeps its key in a device.

use std::fmt;

use der::Encode as _;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use pkcs8::DecodePrivateKey as _;
use pkcs8::EncodePrivateKey as _;
use pkcs8::PrivateKeyInfo;
use rand_core::CryptoRngCore;
use ring::rand::SystemRandom;
use ring::signature;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use ring::signature::RsaKeyPair;
use zeroize::Zeroizing;

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::oid;

use super::SignError;
use super::Signer;

/// A private key in PKCS #8, wiped from memory when dropped; never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// A private key from PKCS #8 DER.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Self {
        Self(Zeroizing::new(der.to_vec()))
    }

    /// The PKCS #8 DER.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(redacted)")
    }
}

/// A new key pair of this kind from a source of randomness.
///
/// # Errors
/// When the kind has no generator here, or the source fails.
pub fn generate(
    algorithm: KeyAlgorithm,
    random: &mut impl CryptoRngCore,
) -> Result<PrivateKey, SignError> {
    let document = match algorithm {
        KeyAlgorithm::Rsa(bits @ (2048 | 3072 | 4096)) => {
            rsa::RsaPrivateKey::new(random, bits.into())
                .ok()
                .and_then(|key| key.to_pkcs8_der().ok())
        }
        KeyAlgorithm::Rsa(_) => return Err(SignError::NoGenerator(algorithm)),
        KeyAlgorithm::P256 => p256::SecretKey::random(random).to_pkcs8_der().ok(),
        KeyAlgorithm::P384 => p384::SecretKey::random(random).to_pkcs8_der().ok(),
    };
    let document = document.ok_or(SignError::Generation)?;
    Ok(PrivateKey(document.to_bytes()))
}

/// A [`Signer`] on a [`PrivateKey`], through ring (constant time).
///
/// Digests are signed by elliptic keys alone, through `p256` and `p384` (constant time, nonces by
/// RFC 6979): ring signs messages only.
pub struct SoftwareSigner {
    pair: Pair,
    digests: Option<DigestKey>,
    public: PublicKey,
    random: SystemRandom,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

/// A key that signs digests; both wipe themselves.
enum DigestKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl SoftwareSigner {
    /// Takes up a private key.
    ///
    /// # Errors
    /// When it is not an RSA, P-256 or P-384 key in PKCS #8, or inconsistent.
    pub fn new(key: &PrivateKey) -> Result<Self, SignError> {
        let random = SystemRandom::new();
        let info = PrivateKeyInfo::try_from(key.expose()).map_err(|_| SignError::NotAKey)?;
        let ecdsa = |algorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, key.expose(), &random)
                .map(|pair| Pair::Ecdsa(Box::new(pair)))
                .map_err(|_| SignError::NotAKey)
        };
        let pair = match (info.algorithm.oid, info.algorithm.parameters_oid().ok()) {
            (oid::RSA_ENCRYPTION, _) => RsaKeyPair::from_pkcs8(key.expose())
                .map(|pair| Pair::Rsa(Box::new(pair)))
                .map_err(|_| SignError::NotAKey)?,
            (oid::EC_PUBLIC_KEY, Some(oid::P256)) => {
                ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?
            }
            (oid::EC_PUBLIC_KEY, Some(oid::P384)) => {
                ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?
            }
            _ => return Err(SignError::NotAKey),
        };
        let bits = match &pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref(),
        };
        let algorithm = info.algorithm.to_der().map_err(|_| SignError::NotAKey)?;
        let spki = Der::build(|der| {
            der.sequence(|der| {
                der.raw(&algorithm);
                der.bit_string(bits);
            });
        });
        let public = PublicKey::from_der(&spki).map_err(|_| SignError::NotAKey)?;
        let digests = match public.algorithm() {
            KeyAlgorithm::Rsa(_) => None,
            KeyAlgorithm::P256 => Some(DigestKey::P256(
                p256::ecdsa::SigningKey::from_pkcs8_der(key.expose())
                    .map_err(|_| SignError::NotAKey)?,
            )),
            KeyAlgorithm::P384 => Some(DigestKey::P384(
                p384::ecdsa::SigningKey::from_pkcs8_der(key.expose())
                    .map_err(|_| SignError::NotAKey)?,
            )),
        };
        Ok(Self { pair, digests, public, random })
    }
}

impl Signer for SoftwareSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .map_err(|_| SignError::Unusable)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => pair
                .sign(&self.random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignError::Unusable),
        }
    }

    fn sign_digest(&self, digest: &[u8]) -> Option<Result<Vec<u8>, SignError>> {
        let key = self.digests.as_ref()?;
        // The crates would cut a longer one off.
        if digest.len() != self.public.algorithm().digest_length() {
            return Some(Err(SignError::Unusable));
        }
        Some(match key {
            DigestKey::P256(key) => key
                .sign_prehash(digest)
                .map(|signature: p256::ecdsa::Signature| signature.to_der().as_bytes().to_vec())
                .map_err(|_| SignError::Unusable),
            DigestKey::P384(key) => key
                .sign_prehash(digest)
                .map(|signature: p384::ecdsa::Signature| signature.to_der().as_bytes().to_vec())
                .map_err(|_| SignError::Unusable),
        })
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareSigner({})", self.public.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::super::conformance;
    use super::*;

    #[test]
    fn every_kind_conforms() {
        for algorithm in conformance::ALGORITHMS {
            let key = generate(algorithm, &mut OsRng).unwrap();
            let signer = SoftwareSigner::new(&key).unwrap();
            conformance::conforms(&signer, algorithm);
            let signature = signer.sign_digest(&algorithm.digest(b"message"));
            assert_eq!(signature.is_some(), !matches!(algorithm, KeyAlgorithm::Rsa(_)));
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
}
