//! What a listener is for.

use std::fmt;

use prometheus_client::encoding::EncodeLabelValue;
use prometheus_client::encoding::LabelValueEncoder;
use serde::Serialize;
use serde::Serializer;

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Answers about status: RFC 6960.
    Ocsp,
    /// Published lists, their manifest, and the authorities' certificates.
    Crl,
    /// Events of the register, issuing and revoking.
    Register,
    /// Health and metrics.
    Admin,
}

impl Role {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Ocsp, Self::Crl, Self::Register, Self::Admin];

    /// The word in options, settings and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ocsp => "ocsp",
            Self::Crl => "crl",
            Self::Register => "register",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Role {
    /// As it is displayed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl EncodeLabelValue for Role {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.as_str().encode(encoder)
    }
}
