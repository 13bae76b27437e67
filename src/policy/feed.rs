//! Switches of the feed itself.

use serde::Deserialize;
use serde::Serialize;

/// What a request for someone who is not on record does.
///
/// A sandbox has no register of its own, so there the entry is made ex officio (職権記載); in
/// production only an event makes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownPeople {
    /// An entry is made from the request.
    #[default]
    Open,
    /// The request is refused.
    Strict,
}

impl UnknownPeople {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Open, Self::Strict];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Strict => "strict",
        }
    }
}

/// Whether events must be signed by their source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedSignatures {
    /// Those of a source with a registered key must be; others need not.
    #[default]
    Optional,
    /// All must be, so every source needs a registered key.
    Required,
}

impl FeedSignatures {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Optional, Self::Required];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}
