//! Not built in: nobody has such a key.

use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::asn1::KeyAlgorithm;
use crate::signer::SignError;

pub(in crate::signer::software) fn generate(
    _random: &mut impl CryptoRngCore,
) -> Result<Zeroizing<Vec<u8>>, SignError> {
    Err(SignError::NoGenerator(KeyAlgorithm::MlDsa65))
}

/// A key that there is none of.
pub(in crate::signer::software) enum Key {}

impl Key {
    pub(in crate::signer::software) fn new(_pkcs8: &[u8]) -> Result<Self, SignError> {
        Err(SignError::NotAKey)
    }

    pub(in crate::signer::software) fn public_bits(&self) -> Vec<u8> {
        match *self {}
    }

    pub(in crate::signer::software) fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SignError> {
        match *self {}
    }
}
