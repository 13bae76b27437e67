//! ring: signs messages.

use ring::rand::SystemRandom;
use ring::signature;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use ring::signature::RsaKeyPair;

use super::Family;
use super::SignError;

/// A key that signs messages.
pub(super) struct MessageKey {
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
}

impl MessageKey {
    /// Takes up a private key of this family.
    pub(super) fn new(family: Family, pkcs8: &[u8]) -> Result<Self, SignError> {
        let random = SystemRandom::new();
        let ecdsa = |algorithm| {
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &random)
                .map(|pair| Pair::Ecdsa(Box::new(pair)))
                .map_err(|_| SignError::NotAKey)
        };
        let pair = match family {
            Family::Rsa => RsaKeyPair::from_pkcs8(pkcs8)
                .map(|pair| Pair::Rsa(Box::new(pair)))
                .map_err(|_| SignError::NotAKey)?,
            Family::P256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?,
            Family::P384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING)?,
        };
        Ok(Self { pair, random })
    }

    /// The public half, as a `SubjectPublicKeyInfo` has it in its BIT STRING.
    pub(super) fn public_bits(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ecdsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Signs by PKCS #1 v1.5 with SHA-256, or by ECDSA with the hash of the curve.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
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
}
