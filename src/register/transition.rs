//! What an event makes of a record.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::policy::Policy;

use super::change::BasicItem;
use super::change::Change;
use super::event::Event;
use super::items::Items;
use super::record::Record;
use super::rule::Refusals;
use super::rule::Rule;

/// The next version of a record, and what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The new version.
    pub record: Record,
    /// What changed, cause before consequence; what becomes of certificates follows from these.
    pub changes: Vec<Change>,
    /// The day of the change.
    pub on: Date,
}

/// Judges an event against the record of its person, `None` when there is none, and makes the next
/// version.
///
/// # Errors
/// Every check that says no; nothing changes then.
pub fn transition(
    _record: Option<&Record>,
    _event: &Event,
    _policy: &Policy,
    _now: Timestamp,
) -> Result<Transition, Refusals> {
    Err(Rule::NoRecord.into())
}

/// What differs between two states of the items that certificates or records depend on.
pub(super) fn item_changes(
    _before: &Items,
    _after: &Items,
    _basic: impl Fn(BasicItem) -> Change,
) -> Vec<Change> {
    Vec::new()
}
