//! What became of a request.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Kind;
use crate::credential::Serial;
use crate::holder::Fault;
use crate::law::Refusal;
use crate::law::validity::Clause;
use crate::lint::KeyFault;
use crate::profile::Partition;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The request's id.
    pub request_id: String,
    /// Its certificates, or the rule that refused it.
    pub result: Result<(Status, Vec<Issued>), Refused>,
}

impl Outcome {
    /// What became of the request with this id.
    #[must_use]
    pub fn new(request_id: String, result: Result<(Status, Vec<Issued>), Refused>) -> Self {
        Self { request_id, result }
    }
}

/// How the certificates of a request came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// Issued now.
    Issued,
    /// Issued earlier, to the same request.
    Existing,
}

/// A certificate, as it is handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// Which of the two.
    pub kind: Kind,
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: Generation,
    /// The number.
    pub serial: Serial,
    /// Its first instant.
    pub not_before: Timestamp,
    /// Its last instant.
    pub not_after: Timestamp,
    /// What decided its end.
    pub clause: Option<Clause>,
    /// The list on which a revocation appears.
    pub partition: Partition,
    /// The DER; empty in a dry run, which signs nothing.
    pub der: Vec<u8>,
}

impl Issued {
    /// The certificate in PEM.
    #[must_use]
    pub fn to_pem(&self) -> String {
        // Encoding to memory does not fail.
        der::pem::encode_string("CERTIFICATE", der::pem::LineEnding::LF, &self.der)
            .unwrap_or_default()
    }
}

/// A refusal by a rule: its stable id, the item, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{rule}: {message}")]
#[non_exhaustive]
pub struct Refused {
    /// The stable id, `R-…` for a rule, `E-…` for data.
    pub rule: &'static str,
    /// The item that broke it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<&'static str>,
    /// What is wrong and what to do, without a holder's data.
    pub message: String,
}

impl Refused {
    /// A refusal by a rule that concerns no single item.
    #[must_use]
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, item: None, message: message.into() }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { rule: fault.code(), item: Some(fault.item.as_str()), message: fault.to_string() }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self {
            rule: refusal.code(),
            item: refusal.item().map(crate::holder::Item::as_str),
            message: refusal.to_string(),
        }
    }
}

impl From<crate::register::Refusal> for Refused {
    fn from(refusal: crate::register::Refusal) -> Self {
        Self {
            rule: refusal.code(),
            item: refusal.item().map(crate::holder::Item::as_str),
            message: refusal.to_string(),
        }
    }
}

impl From<KeyFault> for Refused {
    fn from(fault: KeyFault) -> Self {
        Self { rule: fault.code(), item: Some("public_key"), message: fault.to_string() }
    }
}
