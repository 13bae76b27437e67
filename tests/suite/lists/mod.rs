//! Revocation lists, published.

mod delta;
mod full;
mod kill;
mod property;
pub(crate) mod sessions;
mod show;
