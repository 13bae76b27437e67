//! A key's test of itself, before it signs anything that counts.

use super::SignError;
use super::Signer;

/// What a key signs to show that it works. Nobody can take it for anything else that is signed here:
/// certificates, lists and answers begin with the octet of a SEQUENCE, manifests with a brace.
pub(super) const MESSAGE: &[u8] = b"jpki-ca: a test of this key by itself; it certifies nothing";

/// Lets a key sign a fixed message, by digest too where it takes digests, and verifies it with the public
/// half: whether the key works, and is the one that it is taken for.
///
/// # Errors
/// Those of the key; [`SignError::KeySwapped`] when what it signed does not verify.
pub fn self_test(signer: &dyn Signer) -> Result<(), SignError> {
    let key = signer.public_key();
    let signature = signer.sign(MESSAGE)?;
    key.verify(MESSAGE, &signature).map_err(|_| SignError::KeySwapped)?;
    if let Some(signature) = signer.sign_digest(&key.algorithm().digest(MESSAGE)) {
        key.verify(MESSAGE, &signature?).map_err(|_| SignError::KeySwapped)?;
    }
    Ok(())
}
