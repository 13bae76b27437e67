//! ML-DSA-65 (FIPS 204, RFC 9881), an experiment: built in with the feature `experimental-ml-dsa`, else no
//! such key is read and no such word known.

#[cfg(not(feature = "experimental-ml-dsa"))]
mod disabled;
#[cfg(feature = "experimental-ml-dsa")]
mod enabled;

#[cfg(not(feature = "experimental-ml-dsa"))]
use disabled as build;
#[cfg(feature = "experimental-ml-dsa")]
use enabled as build;

pub(super) use build::IS_BUILT_IN;
pub(super) use build::verifies;

/// Octets of a public key (FIPS 204, table 2).
pub(super) const PUBLIC_KEY: usize = 1952;
