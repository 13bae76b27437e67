//! The wire: every object identifier once, names with their string types, public keys, a DER writer
//! and a DER reader.
//!
//! Files of others are read through `der` and `x509-cert`. A profile is written through [`Der`],
//! because it is easiest to hold against the published table when it is written in the table's order,
//! and because the exact string type of every attribute is part of that table; it is judged through
//! [`Reader`] for the same reasons, and because that borrows. What must be described although those
//! refuse it comes apart as [`CertificateParts`].

mod ml_dsa;
mod name;
pub mod oid;
mod parts;
mod public_key;
mod read;
mod request;
mod value;
mod write;

pub use name::Attribute;
pub use name::Name;
pub use name::StringType;
pub use parts::CertificateParts;
pub use parts::ExtensionParts;
pub use public_key::Hasher;
pub use public_key::KeyAlgorithm;
pub use public_key::PublicKey;
pub use public_key::PublicKeyError;
pub use read::NotDer;
pub use read::Reader;
pub use read::Value;
pub use write::Der;
pub use write::tag;

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    for (slot, octet) in hash.iter_mut().zip(digest.as_ref()) {
        *slot = *octet;
    }
    hash
}

/// SHA-1, where a standard names things by it; no signature rests on it.
#[must_use]
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut hash = [0; 20];
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    for (slot, octet) in hash.iter_mut().zip(digest.as_ref()) {
        *slot = *octet;
    }
    hash
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| HEX.get(usize::from(value & 15)).copied().unwrap_or(b'0');
    let hex = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]);
    let mut digits = Vec::with_capacity(bytes.len() * 2);
    digits.extend(hex);
    String::from_utf8(digits).unwrap_or_default()
}

const HEX: &[u8; 16] = b"0123456789abcdef";
