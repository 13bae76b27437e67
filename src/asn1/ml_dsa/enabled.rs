//! By AWS-LC.

use aws_lc_rs::signature::ML_DSA_65;
use aws_lc_rs::signature::UnparsedPublicKey;

pub(in crate::asn1) const IS_BUILT_IN: bool = true;

/// Whether a signature is by this key over this message, in pure mode with an empty context.
pub(in crate::asn1) fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ML_DSA_65, key).verify(message, signature).is_ok()
}
