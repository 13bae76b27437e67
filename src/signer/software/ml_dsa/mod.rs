//! ML-DSA-65 keys, an experiment: built in with the feature `experimental-ml-dsa`.

#[cfg(not(feature = "experimental-ml-dsa"))]
mod disabled;
#[cfg(feature = "experimental-ml-dsa")]
mod enabled;

#[cfg(not(feature = "experimental-ml-dsa"))]
pub(super) use disabled::Key;
#[cfg(not(feature = "experimental-ml-dsa"))]
pub(super) use disabled::generate;
#[cfg(feature = "experimental-ml-dsa")]
pub(super) use enabled::Key;
#[cfg(feature = "experimental-ml-dsa")]
pub(super) use enabled::generate;

#[cfg(feature = "experimental-ml-dsa")]
#[cfg(test)]
mod tests;
