//! Revocation lists, published.

mod kill;
mod property;
mod sessions;
mod show;
