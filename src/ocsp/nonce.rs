//! The nonce, which binds an answer to its request.

use crate::asn1::Reader;
use crate::asn1::tag;

/// What a client sends to have it sent back (RFC 9654 section 2.1): an answer that carries it was
/// made for this request.
///
/// ```text
/// Nonce ::= OCTET STRING(SIZE(1..128))
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// The most octets that one has.
    pub const MAX: usize = 128;

    /// A nonce of these octets.
    ///
    /// # Errors
    /// When there are none or more than [`Nonce::MAX`].
    pub fn new(octets: &[u8]) -> Result<Self, NonceLength> {
        if octets.is_empty() || octets.len() > Self::MAX {
            return Err(NonceLength);
        }
        Ok(Self(octets.to_vec()))
    }

    /// Its octets, without the OCTET STRING around them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Out of the value of the extension, which wraps it in an OCTET STRING of its own.
    pub(crate) fn of_extension(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let octets = reader.expect(tag::OCTET_STRING).ok()?;
        reader.end().ok()?;
        Self::new(octets).ok()
    }
}

/// A nonce of no octets, or of too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has 1 to {} octets", Nonce::MAX)]
pub struct NonceLength;
