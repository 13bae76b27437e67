//! Not built in.

pub(in crate::asn1) const IS_BUILT_IN: bool = false;

/// Nothing verifies.
pub(in crate::asn1) fn verifies(_key: &[u8], _message: &[u8], _signature: &[u8]) -> bool {
    false
}
