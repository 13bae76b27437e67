//! AWS-LC: signs digests with every kind of key, signs with P-384, and generates RSA pairs.
//!
//! It has its own source of randomness. Memory that it frees is wiped.

use aws_lc_rs::digest;
use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::encoding::Pkcs8V1Der;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature;
use aws_lc_rs::signature::EcdsaKeyPair;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::RsaKeyPair;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::Family;
use super::SignError;

/// A new RSA pair, in PKCS #8.
pub(super) fn generate_rsa(
    bits: u16,
    _random: &mut impl CryptoRngCore,
) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(SignError::Generation),
    };
    let key = RsaKeyPair::generate(size).map_err(|_| SignError::Generation)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| SignError::Generation)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// Whether messages are signed here too, since ring takes longer.
pub(super) fn outruns_ring(family: Family) -> bool {
    family == Family::P384
}

/// A key that signs digests.
pub(super) struct DigestKey {
    pair: Pair,
    hash: &'static digest::Algorithm,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl DigestKey {
    /// Takes up a private key of this family.
    pub(super) fn new(family: Family, pkcs8: &[u8]) -> Result<Option<Self>, SignError> {
        let ecdsa = |algorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8)
                .map(|pair| Pair::Ecdsa(Box::new(pair)))
                .map_err(|_| SignError::NotAKey)
        };
        let (pair, hash) = match family {
            Family::Rsa => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| SignError::NotAKey)?;
                (Pair::Rsa(Box::new(pair)), &digest::SHA256)
            }
            Family::P256 => (ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?, &digest::SHA256),
            Family::P384 => (ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?, &digest::SHA384),
        };
        Ok(Some(Self { pair, hash }))
    }

    /// The public half, as a `SubjectPublicKeyInfo` has it in its BIT STRING.
    pub(super) fn public_bits(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Signs a digest by PKCS #1 v1.5 or ECDSA.
    pub(super) fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, SignError> {
        // Refuses what is not as long as the hash.
        let digest =
            Digest::import_less_safe(digest, self.hash).map_err(|_| SignError::Unusable)?;
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&signature::RSA_PKCS1_SHA256, &digest, &mut signature)
                    .map_err(|_| SignError::Unusable)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => pair
                .sign_digest(&digest)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignError::Unusable),
        }
    }
}
