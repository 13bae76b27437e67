//! What an event makes of a record.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::holder::Category;
use crate::holder::Item;
use crate::policy::Policy;

use super::acts;
use super::change::BasicItem;
use super::change::Change;
use super::checks;
use super::event::Event;
use super::form::ResidenceForm;
use super::items::Items;
use super::reason::ChangeReason;
use super::record::Cause;
use super::record::Origin;
use super::record::Record;
use super::record::Status;
use super::refusal::Refusals;
use super::rule::Rule;
use super::timer;

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
    /// Of time's work, the event from which the timer ran.
    pub armed_by: Option<Origin>,
    /// What time had done before an event, step by step: each is followed on its own, since the event
    /// is not the cause of it.
    pub lapses: Vec<Self>,
}

/// Judges an event against the record of its person, `None` when there is none, and makes the next
/// version.
///
/// What time had done by the day on which the event was filed is done first ([`lapse`](super::lapse)),
/// so that the outcome does not hang on when timers were last run.
///
/// # Errors
/// Every check that says no; nothing changes then.
pub fn transition(
    record: Option<&Record>,
    event: &Event,
    policy: &Policy,
    now: Timestamp,
) -> Result<Transition, Refusals> {
    let today = now.japan_date();
    let filed = event.filed_on().min(today);
    let lapses = record.map_or_else(Vec::new, |record| timer::settle(record, filed, policy));
    let before = lapses.last().map(|step| &step.record).or(record).cloned();
    let mut changes = Vec::new();
    checks::check(before.as_ref(), event, policy, today)?;
    let mut after = match &before {
        Some(before) => Record {
            version: before.version.saturating_add(1),
            cause: Cause::Event(event.id.clone()),
            ..before.clone()
        },
        None => Record::blank(event.person.clone(), blank_items(), Cause::Event(event.id.clone())),
    };
    acts::before_items(&mut after, event, policy, &mut changes);
    // A move abroad to come takes its items along.
    if event.reason != ChangeReason::MoveAbroadContinued {
        put_items(&mut after.items, event);
    }
    let items = before.as_ref().map(|before| &before.items);
    if let Some(items) = items {
        changes.extend(item_changes(items, &after.items, kind_of_change(event.reason)));
    }
    acts::act(&mut after, before.as_ref(), event, policy, today, &mut changes)?;
    if items != Some(&after.items) {
        check_whole(&after, now)?;
    }
    if checks::is_of_the_register(event.reason) && event.event_date <= today {
        after.last_event = after.last_event.max(Some(event.event_date));
    }
    Ok(Transition { record: after, changes, on: event.event_date, armed_by: None, lapses })
}

/// What differs between two states of the items; `basic` says how a change of an item that
/// certificates carry counts.
pub(super) fn item_changes(
    before: &Items,
    after: &Items,
    basic: impl Fn(BasicItem) -> Change,
) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for one in BasicItem::ALL {
        let item = item_of(one);
        let differs = before.get(item) != after.get(item)
            || before.substitutes_of(item) != after.substitutes_of(item);
        let change = basic(one);
        if differs && !changes.contains(&change) {
            changes.push(change);
        }
    }
    if before.residence != after.residence {
        changes.push(Change::ResidenceChanged);
    }
    if before.resident_code != after.resident_code {
        changes.push(Change::ResidentCodeChanged);
    }
    changes
}

/// The law itself sets some changes of these items apart, by their nature.
fn kind_of_change(reason: ChangeReason) -> impl Fn(BasicItem) -> Change {
    move |item| {
        if reason == ChangeReason::MinorCorrection {
            Change::MinorCorrection
        } else if reason == ChangeReason::AddressRenamed {
            Change::AddressRenamed
        } else if reason == ChangeReason::MunicipalityMerged {
            Change::MunicipalityMerged
        } else {
            Change::BasicItem(item)
        }
    }
}

fn item_of(item: BasicItem) -> Item {
    match item {
        BasicItem::Name => Item::Name,
        BasicItem::FormerSurname => Item::FormerSurname,
        BasicItem::Alias => Item::Alias,
        BasicItem::BirthDate => Item::BirthDate,
        BasicItem::Sex => Item::Sex,
        BasicItem::Address => Item::Address,
    }
}

pub(super) fn put_items(items: &mut Items, event: &Event) {
    for change in &event.changes {
        items.set(change.item, change.new.as_deref());
    }
    items.substitutes.extend(event.substitutes.iter().cloned());
}

/// The items together: each by itself, against the others, and against where the person is.
pub(super) fn check_whole(record: &Record, now: Timestamp) -> Result<(), Refusals> {
    let resident = record.resident(now)?;
    let abroad = resident.residence.category() == Category::NationalAbroad;
    let agrees = match record.status {
        Status::Registered | Status::MovedOut { .. } => !abroad,
        Status::Abroad { .. } => abroad,
        Status::Deleted { .. } => true,
    };
    if agrees { Ok(()) } else { Err(Rule::ResidenceCategory.into()) }
}

fn blank_items() -> Items {
    Items {
        name: String::new(),
        former_surname: None,
        alias: None,
        birth_date: String::new(),
        sex: String::new(),
        address: String::new(),
        municipality: String::new(),
        residence: ResidenceForm { category: String::new(), period_end: None },
        substitutes: Vec::new(),
        resident_code: None,
    }
}
