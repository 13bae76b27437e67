//! The signed list around the signed part.

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::tag;

use super::encode::EncodeError;
use super::head::opening;

/// What makes a `CertificateList` of a `TBSCertList` (RFC 5280 section 5.1): the caller writes
/// [`before`](Self::before), the signed part, [`behind`](Self::behind), and never copies the part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// Everything before the signed part. Depends on the signature by its length alone.
    pub before: Vec<u8>,
    /// Everything behind the signed part: the algorithm and the signature.
    pub behind: Vec<u8>,
}

impl Envelope {
    /// The envelope of a signed part of `octets` octets, with its signature.
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] when the list would be longer than 4 GiB.
    pub fn new(
        algorithm: KeyAlgorithm,
        octets: u64,
        signature: &[u8],
    ) -> Result<Self, EncodeError> {
        let behind = Der::build(|der| {
            der.raw(&algorithm.signature_identifier());
            der.bit_string(signature);
        });
        let contents = octets.checked_add(behind.len() as u64).ok_or(EncodeError::TooLong)?;
        Ok(Self { before: opening(tag::SEQUENCE, contents)?, behind })
    }

    /// Octets of the complete list around a signed part of `octets` octets.
    #[must_use]
    pub fn octets(&self, octets: u64) -> u64 {
        octets.saturating_add((self.before.len() + self.behind.len()) as u64)
    }
}
