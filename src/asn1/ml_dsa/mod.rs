//! ML-DSA-65 (FIPS 204, RFC 9881), an experiment: built in with the feature `experimental-ml-dsa`, else no
//! such key is read and no such word known.

#[cfg(not(feature = "experimental-ml-dsa"))]
mod disabled;
#[cfg(feature = "experimental-ml-dsa")]
mod enabled;

#[cfg(not(feature = "experimental-ml-dsa"))]
pub(super) use disabled::IS_BUILT_IN;
#[cfg(not(feature = "experimental-ml-dsa"))]
pub(super) use disabled::verifies;
#[cfg(feature = "experimental-ml-dsa")]
pub(super) use enabled::IS_BUILT_IN;
#[cfg(feature = "experimental-ml-dsa")]
pub(super) use enabled::verifies;

/// Octets of a public key (FIPS 204, table 2).
pub(super) const PUBLIC_KEY: usize = 1952;
