//! ML-DSA-65, an experiment: how it looks (RFC 9881). How long a key is (section 4) its reader says; what one
//! may be used for (section 5), the tables of the profile, which have no key that encrypts or agrees.

/// Whether this is the `AlgorithmIdentifier` of such keys and signatures: without parameters (section 2).
pub(super) fn is_identifier(der: &[u8]) -> bool {
    der == IDENTIFIER
}

/// Whether a signature beside this `AlgorithmIdentifier` can be one: all of this algorithm are equally long.
pub(super) fn can_be(identifier: &[u8], signature: &[u8]) -> bool {
    !is_identifier(identifier) || signature.len() == SIGNATURE
}

/// The `AlgorithmIdentifier` of id-ml-dsa-65.
pub(super) const IDENTIFIER: &[u8] = &[0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18];
/// FIPS 204, table 2.
const SIGNATURE: usize = 3309;
