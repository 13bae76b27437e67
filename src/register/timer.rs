//! Time's work on a record: notified moves take place, cards end when nobody acts.

use crate::clock::Date;
use crate::holder::Item;
use crate::policy::Policy;

use super::change::Change;
use super::change::Deletion;
use super::change::Lapse;
use super::items::Items;
use super::record::CardState;
use super::record::Cause;
use super::record::Deadline;
use super::record::Departure;
use super::record::Destination;
use super::record::Origin;
use super::record::PhoneState;
use super::record::Record;
use super::record::Status;
use super::record::Timer;
use super::transition::Transition;
use super::transition::item_changes;

/// The earliest thing that time has done to a record by the end of the day before `today`, or on
/// `today` itself for a move: one version, as an event makes one. Call again until there is none.
///
/// A card that nobody continues, and a move that nobody files, end as the My Number Act's order has
/// it (art. 14): 30 days after the planned day of the move, 90 after the move-in. A card whose last
/// day has passed is void; its certificates expire by themselves.
#[must_use]
pub fn lapse(record: &Record, today: Date, policy: &Policy) -> Option<Transition> {
    let (day, timer) = next(record).filter(|(day, _)| *day <= today)?;
    let armed_by = armed_by(record, timer).cloned();
    let mut after = record.clone();
    let mut changes = Vec::new();
    match timer {
        Timer::Departure => depart(&mut after, policy, &mut changes),
        Timer::MoveInFiling => void_card(&mut after, Lapse::MoveInNotFiled, &mut changes),
        Timer::CardContinuation => void_card(&mut after, Lapse::NotContinued, &mut changes),
        Timer::CardEnd => void_card(&mut after, Lapse::Expired, &mut changes),
        Timer::SupportEnd => {
            after.support_until = None;
            changes.push(Change::SupportEnded);
        }
    }
    after.deadlines.retain(|deadline| deadline.rule != timer);
    after.version = after.version.saturating_add(1);
    after.cause = Cause::Timer(timer);
    Some(Transition { record: after, changes, on: day, armed_by, lapses: Vec::new() })
}

/// The event from which a timer runs; none where a baseline or the law set the day.
fn armed_by(record: &Record, timer: Timer) -> Option<&Origin> {
    match timer {
        Timer::Departure => record.departure.as_ref().map(|departure| &departure.by),
        Timer::MoveInFiling | Timer::CardContinuation => {
            let mut deadlines = record.deadlines.iter();
            deadlines.find(|deadline| deadline.rule == timer).map(|deadline| &deadline.by)
        }
        Timer::CardEnd => record.card_by.as_ref(),
        // No certificate follows.
        Timer::SupportEnd => None,
    }
}

/// The day on which time acts next, and how; of several on one day, the one that is listed first.
pub(super) fn next(record: &Record) -> Option<(Date, Timer)> {
    let after = |day: Date| day.plus_days(1).ok();
    let departure = record.departure.as_ref().map(|departure| departure.on);
    let card_end = record.card.ends.filter(|_| record.card.is_open()).and_then(after);
    let support_end = record.support_until.and_then(after);
    let waits =
        record.deadlines.iter().filter_map(|deadline| Some((after(deadline.on)?, deadline.rule)));
    let others = [
        (departure, Timer::Departure),
        (card_end, Timer::CardEnd),
        (support_end, Timer::SupportEnd),
    ];
    let others = others.into_iter().filter_map(|(day, timer)| Some((day?, timer)));
    waits.chain(others).min()
}

/// Everything that time has done by `today`, step by step.
pub(super) fn settle(record: &Record, today: Date, policy: &Policy) -> Vec<Transition> {
    let mut steps = Vec::new();
    let mut next = lapse(record, today, policy);
    while let Some(step) = next {
        next = lapse(&step.record, today, policy);
        steps.push(step);
    }
    steps
}

/// The notified move takes place.
pub(super) fn depart(record: &mut Record, _policy: &Policy, changes: &mut Vec<Change>) {
    let Some(Departure { to, on, by }) = record.departure.take() else {
        return;
    };
    match to {
        Destination::Municipality => {
            changes.push(Change::MovedOut);
            record.status = Status::MovedOut { since: on };
            if takes_back(record, Timer::CardContinuation) {
                // Moved again before the card was continued.
                void_card(record, Lapse::MovedAgain, changes);
            }
            if record.card.is_open() {
                await_until(record, Timer::MoveInFiling, on, FILING_DAYS, by);
            }
        }
        Destination::Abroad => {
            delete(record, Deletion::MovedAbroad, on, changes);
        }
        Destination::AbroadContinued { address, municipality } => {
            let before = record.items.clone();
            record.items.set(Item::Address, Some(&address));
            record.items.set(Item::Municipality, Some(&municipality));
            record.items.set(Item::Residence, Some(ABROAD));
            record.status = Status::Abroad { since: on };
            changes.push(Change::MovedAbroadContinued);
            changes.extend(diff(&before, &record.items));
        }
    }
}

/// The entry ends, and with it the card, the phone and whatever was awaited.
pub(super) fn delete(record: &mut Record, why: Deletion, on: Date, changes: &mut Vec<Change>) {
    record.status = Status::Deleted { why, on };
    record.departure = None;
    record.support_until = None;
    changes.push(Change::EntryDeleted(why));
    void_card(record, Lapse::EntryDeleted, changes);
    record.deadlines.clear();
    record.phone = PhoneState::None;
}

/// The card loses its effect, if it has any.
pub(super) fn void_card(record: &mut Record, why: Lapse, changes: &mut Vec<Change>) {
    if record.card.is_open() {
        record.card.state = CardState::Void(why);
        changes.push(Change::CardVoid(why));
        record.phone = PhoneState::None;
    }
    record.deadlines.clear();
}

/// Begins to wait for something until `days` after `from`, because of an event.
pub(super) fn await_until(record: &mut Record, rule: Timer, from: Date, days: i32, by: Origin) {
    record.deadlines.retain(|deadline| deadline.rule != rule);
    if let Ok(on) = from.plus_days(days) {
        record.deadlines.push(Deadline { rule, on, by });
    }
}

/// Stops waiting; whether it did.
pub(super) fn takes_back(record: &mut Record, rule: Timer) -> bool {
    let before = record.deadlines.len();
    record.deadlines.retain(|deadline| deadline.rule != rule);
    record.deadlines.len() < before
}

fn diff(before: &Items, after: &Items) -> Vec<Change> {
    item_changes(before, after, Change::BasicItem)
}

/// The category of nationals abroad, in the words of a holder file.
pub(super) const ABROAD: &str = "national_abroad";

/// Days after the planned day of a move within which the move-in is filed.
pub(super) const FILING_DAYS: i32 = 30;

/// Days after the move-in within which the card is continued.
pub(super) const CONTINUATION_DAYS: i32 = 90;
