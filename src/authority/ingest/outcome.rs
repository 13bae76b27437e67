//! What becomes of an event.

use serde::Serialize;
use serde::Serializer;

use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Reason;
use crate::holder::Item;
use crate::register::Change;
use crate::register::Refusal;

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct EventOutcome {
    /// Its source, `?` when the line could not be read.
    pub source: String,
    /// Its number.
    pub seq: Option<u64>,
    /// Its id.
    pub id: String,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fate {
    /// Applied; these certificates changed.
    Applied {
        /// Whom it concerned.
        person: String,
        /// The certificates that it ended, held or released, after those that time had ended before.
        certificates: Vec<Touched>,
        /// Whether the holder is to have a new signature certificate at once, where that was asked.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        reissue: bool,
    },
    /// It had arrived before; nothing was done.
    Duplicate,
    /// Held back until the expected number arrives.
    Waiting {
        /// The number that is missing.
        expected: u64,
    },
    /// Refused; nothing changed but the list of refused events.
    Refused {
        /// Everything that was found wrong.
        findings: Vec<Finding>,
    },
}

/// A certificate that an event touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Touched {
    /// The authority.
    pub ca: CaName,
    /// The number, decimal.
    pub serial: String,
    /// `revoke`, `hold`, `release`, or `revoke-later` when policy puts it off.
    pub effect: &'static str,
    /// The reason for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What changed, as its word.
    #[serde(serialize_with = "word")]
    #[cfg_attr(feature = "http", schema(value_type = String))]
    pub change: Change,
    /// The ground.
    pub article: String,
    /// What carries it.
    #[serde(skip)]
    pub carrier: Carrier,
}

fn word<S: Serializer>(change: &Change, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(change.as_str())
}

/// Something found wrong with an event: its code, the item, and what to do; never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Finding {
    /// The stable code.
    pub code: &'static str,
    /// The item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<&'static str>,
    /// In words.
    pub message: String,
}

impl From<&Refusal> for Finding {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code(),
            item: refusal.item().map(Item::as_str),
            message: refusal.to_string(),
        }
    }
}

/// The source of lines that name none.
pub(super) const NOBODY: &str = "?";
