//! ML-DSA-65 keys, an experiment: built in with the feature `experimental-ml-dsa`.

#[cfg(not(feature = "experimental-ml-dsa"))]
mod disabled;
#[cfg(feature = "experimental-ml-dsa")]
mod enabled;

#[cfg(not(feature = "experimental-ml-dsa"))]
use disabled as build;
#[cfg(feature = "experimental-ml-dsa")]
use enabled as build;

pub(super) use build::Key;
pub(super) use build::generate;

#[cfg(feature = "experimental-ml-dsa")]
#[cfg(test)]
mod tests;
