//! By AWS-LC, which is constant time and wipes what it frees.

use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::ML_DSA_65_SIGNING;
use aws_lc_rs::signature::PqdsaKeyPair;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::signer::SignError;

/// A new pair, in PKCS #8 as its seed (RFC 9881 section 6).
pub(in crate::signer::software) fn generate(
    random: &mut impl CryptoRngCore,
) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let mut seed = Zeroizing::new([0; 32]);
    random.try_fill_bytes(seed.as_mut()).map_err(|_| SignError::Generation)?;
    let pair = PqdsaKeyPair::from_seed(&ML_DSA_65_SIGNING, seed.as_ref());
    let document = pair.map_err(|_| SignError::Generation)?.to_pkcs8v1();
    let document = document.map_err(|_| SignError::Generation)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// A key that signs messages: in pure mode nobody can sign what only has their digest.
pub(in crate::signer::software) struct Key(Box<PqdsaKeyPair>);

impl Key {
    pub(in crate::signer::software) fn new(pkcs8: &[u8]) -> Result<Self, SignError> {
        let pair = PqdsaKeyPair::from_pkcs8(&ML_DSA_65_SIGNING, pkcs8);
        pair.map(|pair| Self(Box::new(pair))).map_err(|_| SignError::NotAKey)
    }

    /// The public half, as a `SubjectPublicKeyInfo` has it in its BIT STRING.
    pub(in crate::signer::software) fn public_bits(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_vec()
    }

    pub(in crate::signer::software) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signature = vec![0; ML_DSA_65_SIGNING.signature_len()];
        let length = self.0.sign(message, &mut signature).map_err(|_| SignError::Unusable)?;
        signature.truncate(length);
        Ok(signature)
    }
}
