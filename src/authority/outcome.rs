//! What became of a request.

use serde::Serialize;
use serde::Serializer;

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
use crate::signer::SignError;

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
    /// Why the key did not sign, where that is why: for the operator, not for whoever asked.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_words")]
    #[source]
    pub cause: Option<SignError>,
}

impl Refused {
    /// A refusal by a rule that concerns no single item.
    #[must_use]
    pub fn new(rule: &'static str, message: impl Into<String>) -> Self {
        Self { rule, item: None, message: message.into(), cause: None }
    }

    /// A refusal on account of one item.
    fn of_item(rule: &'static str, item: Option<&'static str>, message: String) -> Self {
        Self { item, ..Self::new(rule, message) }
    }

    /// What is wrong, with why the key did not sign: for the operator.
    #[must_use]
    pub fn explained(&self) -> String {
        match self.cause {
            Some(cause) => format!("{} ({cause})", self.message),
            None => self.message.clone(),
        }
    }
}

/// A cause as its message.
fn in_words<S: Serializer>(cause: &Option<SignError>, serializer: S) -> Result<S::Ok, S::Error> {
    cause.map(|cause| cause.to_string()).serialize(serializer)
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::of_item(fault.code(), Some(fault.item.as_str()), fault.to_string())
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let item = refusal.item().map(crate::holder::Item::as_str);
        Self::of_item(refusal.code(), item, refusal.to_string())
    }
}

impl From<crate::register::Refusal> for Refused {
    fn from(refusal: crate::register::Refusal) -> Self {
        let item = refusal.item().map(crate::holder::Item::as_str);
        Self::of_item(refusal.code(), item, refusal.to_string())
    }
}

impl From<KeyFault> for Refused {
    fn from(fault: KeyFault) -> Self {
        Self::of_item(fault.code(), Some("public_key"), fault.to_string())
    }
}
