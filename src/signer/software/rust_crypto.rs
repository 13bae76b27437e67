//! RustCrypto: signs digests with elliptic keys, and generates RSA pairs.

use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use pkcs8::DecodePrivateKey as _;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::Family;
use super::SignError;

/// A new RSA pair, in PKCS #8. This is all that `rsa` ever does with a private key.
pub(super) fn generate_rsa(
    bits: u16,
    random: &mut impl CryptoRngCore,
) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let key = rsa::RsaPrivateKey::new(random, bits.into()).map_err(|_| SignError::Generation)?;
    super::pkcs8(&key)
}

/// Whether messages are signed here too, since ring takes longer.
pub(super) fn outruns_ring(_family: Family) -> bool {
    false
}

/// A key that signs digests; it wipes itself.
pub(super) enum DigestKey {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl DigestKey {
    /// Takes up a private key of this family; none of RSA, which nobody here signs with but ring.
    pub(super) fn new(family: Family, pkcs8: &[u8]) -> Result<Option<Self>, SignError> {
        Ok(match family {
            Family::Rsa => None,
            Family::P256 => Some(Self::P256(
                p256::ecdsa::SigningKey::from_pkcs8_der(pkcs8).map_err(|_| SignError::NotAKey)?,
            )),
            Family::P384 => Some(Self::P384(
                p384::ecdsa::SigningKey::from_pkcs8_der(pkcs8).map_err(|_| SignError::NotAKey)?,
            )),
        })
    }

    /// The public half, as a `SubjectPublicKeyInfo` has it in its BIT STRING.
    pub(super) fn public_bits(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_encoded_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_encoded_point(false).as_bytes().to_vec(),
        }
    }

    /// Signs a digest by ECDSA.
    pub(super) fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::P256(key) => key
                .sign_prehash(digest)
                .map(|signature: p256::ecdsa::Signature| signature.to_der().as_bytes().to_vec()),
            Self::P384(key) => key
                .sign_prehash(digest)
                .map(|signature: p384::ecdsa::Signature| signature.to_der().as_bytes().to_vec()),
        }
        .map_err(|_| SignError::Unusable)
    }
}
