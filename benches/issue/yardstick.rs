//! The yardstick: what ring does with the same key on as many bytes, and nothing around it.

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::signer::PrivateKey;
use ring::error::KeyRejected;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use ring::signature::RsaKeyPair;
use ring::signature::UnparsedPublicKey;

/// A raw key.
pub(crate) struct Yardstick {
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

impl Yardstick {
    pub(crate) fn new(algorithm: KeyAlgorithm, key: &PrivateKey) -> Result<Self, KeyRejected> {
        let random = SystemRandom::new();
        let key = key.expose();
        let pair = match algorithm {
            KeyAlgorithm::P256 => {
                let signing = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
                Pair::P256(EcdsaKeyPair::from_pkcs8(signing, key, &random)?)
            }
            KeyAlgorithm::P384 => {
                let signing = &signature::ECDSA_P384_SHA384_ASN1_SIGNING;
                Pair::P384(EcdsaKeyPair::from_pkcs8(signing, key, &random)?)
            }
            _ => Pair::Rsa(RsaKeyPair::from_pkcs8(key)?),
        };
        Ok(Self { pair, random })
    }

    /// Signs the message and verifies the signature, `times` times.
    pub(crate) fn run(&self, message: &mut [u8], times: usize) -> Result<(), Unspecified> {
        for time in 0..times {
            // No two messages are alike, as no two certificates are.
            message[..8].copy_from_slice(&time.to_be_bytes());
            match &self.pair {
                Pair::Rsa(pair) => {
                    let mut value = vec![0; pair.public().modulus_len()];
                    pair.sign(&signature::RSA_PKCS1_SHA256, &self.random, message, &mut value)?;
                    UnparsedPublicKey::new(
                        &signature::RSA_PKCS1_2048_8192_SHA256,
                        pair.public_key(),
                    )
                    .verify(message, &value)?;
                }
                Pair::P256(pair) => {
                    let value = pair.sign(&self.random, message)?;
                    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, pair.public_key())
                        .verify(message, value.as_ref())?;
                }
                Pair::P384(pair) => {
                    let value = pair.sign(&self.random, message)?;
                    UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_ASN1, pair.public_key())
                        .verify(message, value.as_ref())?;
                }
            }
        }
        Ok(())
    }
}
