//! Revocation lists, published.

mod property;
mod sessions;
mod show;
