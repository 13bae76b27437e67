//! What is said when a request is not answered.

use std::fmt;

use crate::asn1::Der;
use crate::asn1::tag;

/// An error response: a status that stands alone, unsigned (RFC 6960 sections 2.3 and 4.2.1).
///
/// ```text
/// OCSPResponse ::= SEQUENCE {
///    responseStatus         OCSPResponseStatus,
///    responseBytes          [0] EXPLICIT ResponseBytes OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The request is not what the protocol has.
    MalformedRequest,
    /// The responder is in a state that it should not be in.
    InternalError,
    /// The responder cannot answer now: what it knows is too old.
    TryLater,
    /// Only signed requests are answered.
    SigRequired,
    /// This client may not ask, or nobody may ask this responder about that certificate
    /// (RFC 5019 section 2.2.3).
    Unauthorized,
}

impl Refusal {
    /// All of them, by code.
    pub const ALL: [Self; 5] = [
        Self::MalformedRequest,
        Self::InternalError,
        Self::TryLater,
        Self::SigRequired,
        Self::Unauthorized,
    ];

    /// The code of `OCSPResponseStatus`.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            // 4 is not used.
            Self::SigRequired => 5,
            Self::Unauthorized => 6,
        }
    }

    /// The name in RFC 6960.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformedRequest",
            Self::InternalError => "internalError",
            Self::TryLater => "tryLater",
            Self::SigRequired => "sigRequired",
            Self::Unauthorized => "unauthorized",
        }
    }

    /// The complete response: five octets.
    #[must_use]
    pub fn to_der(self) -> Vec<u8> {
        Der::build(|der| {
            der.sequence(|der| der.primitive(tag::ENUMERATED, &[self.code()]));
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use der::Decode as _;
    use x509_ocsp::OcspResponse;

    use super::*;

    #[test]
    fn each_is_the_bare_status() {
        for refusal in Refusal::ALL {
            let der = refusal.to_der();
            assert_eq!(der, [0x30, 3, 0x0a, 1, refusal.code()]);
            let theirs = OcspResponse::from_der(&der).unwrap();
            assert_eq!(theirs.response_status as u32, u32::from(refusal.code()));
            assert_eq!(theirs.response_bytes, None);
            let name = format!("{:?}", theirs.response_status);
            assert!(name.eq_ignore_ascii_case(refusal.as_str()), "{name}");
        }
    }
}
