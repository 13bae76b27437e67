//! Revocation lists, published.

mod delta;
mod full;
mod kill;
mod property;
mod sessions;
mod show;
