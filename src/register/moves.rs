//! Moves: within Japan, abroad and back.

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::holder::Item;
use crate::policy::Policy;

use super::acts::entry;
use super::cards;
use super::change::Change;
use super::change::Lapse;
use super::event::Event;
use super::record::CardState;
use super::record::Departure;
use super::record::Destination;
use super::record::Origin;
use super::record::Record;
use super::record::Status;
use super::record::Timer;
use super::refusal::Refusal;
use super::rule::Rule;
use super::timer::ABROAD;
use super::timer::CONTINUATION_DAYS;
use super::timer::FILING_DAYS;
use super::timer::await_until;
use super::timer::depart;
use super::timer::takes_back;
use super::timer::void_card;

/// A move-in (転入). The card goes on when the event says so; else it waits 90 days for it. Filed too
/// late, it has lost its effect.
pub(super) fn arrive(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) {
    record.status = Status::Registered;
    takes_back(record, Timer::MoveInFiling);
    if is_late(before, event) {
        void_card(record, Lapse::MoveInNotFiled, changes);
    }
    continue_or_wait(record, event, changes);
}

/// A special move-in (特例転入, Basic Resident Register Act art. 24-2): with the card, in time.
pub(super) fn arrive_with_card(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if is_late(before, event) {
        return Err(Rule::SpecialMoveInLate.into());
    }
    if record.card.state != CardState::Issued {
        return Err(cards::unusable(record));
    }
    record.status = Status::Registered;
    takes_back(record, Timer::MoveInFiling);
    takes_back(record, Timer::CardContinuation);
    changes.push(Change::CardContinued);
    Ok(())
}

/// A notice of a move to another municipality (転出届).
pub(super) fn leave(
    record: &mut Record,
    event: &Event,
    today: Date,
    policy: &Policy,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    set_out(record, Destination::Municipality, event, today, policy, changes)
}

/// The move does not take place (転出取消): the entry stands again. What ended stays ended.
pub(super) fn stay(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.departure.take().is_none() {
        match record.status {
            Status::MovedOut { .. } => {
                record.status = Status::Registered;
                takes_back(record, Timer::MoveInFiling);
            }
            Status::Registered | Status::Abroad { .. } | Status::Deleted { .. } => {
                return Err(Rule::NoMoveOut.into());
            }
        }
    }
    changes.push(Change::MoveOutCancelled);
    Ok(())
}

/// A move abroad that ends the entry.
pub(super) fn leave_for_abroad(
    record: &mut Record,
    event: &Event,
    today: Date,
    policy: &Policy,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    set_out(record, Destination::Abroad, event, today, policy, changes)
}

/// A move abroad with the card (継続利用, since 27 May 2024), filed by the day before.
pub(super) fn leave_for_abroad_with_card(
    record: &mut Record,
    event: &Event,
    today: Date,
    policy: &Policy,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if event.notified_on.is_none_or(|filed| filed >= event.event_date) {
        return Err(Rule::AbroadNotice.into());
    }
    if record.card.state != CardState::Issued {
        return Err(cards::unusable(record));
    }
    let address = event.new_value(Item::Address).unwrap_or(ADDRESS_ABROAD).to_owned();
    let municipality =
        event.new_value(Item::Municipality).unwrap_or(&record.items.municipality).to_owned();
    if event.new_value(Item::Residence).is_some_and(|residence| residence != ABROAD) {
        return Err(Rule::ResidenceCategory.into());
    }
    // The items of the day of the move must be sound before it is promised.
    let mut then = record.items.clone();
    then.set(Item::Address, Some(&address));
    then.set(Item::Municipality, Some(&municipality));
    then.set(Item::Residence, Some(ABROAD));
    let form = then.form(record.person.as_str(), None, record.guardianship);
    super::resident::Resident::new(&form, moment(today))?;
    let to = Destination::AbroadContinued { address, municipality };
    set_out(record, to, event, today, policy, changes)
}

/// A return from abroad, or a first entry from there (国外からの転入).
pub(super) fn come_back(
    record: &mut Record,
    before: Option<&Record>,
    event: &Event,
    changes: &mut Vec<Change>,
) {
    let abroad = before.is_some_and(|before| matches!(before.status, Status::Abroad { .. }));
    if abroad {
        record.status = Status::Registered;
        continue_or_wait(record, event, changes);
    } else {
        entry(record, event, changes);
    }
}

fn set_out(
    record: &mut Record,
    to: Destination,
    event: &Event,
    today: Date,
    policy: &Policy,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if record.departure.is_some() {
        return Err(Rule::MoveOutPending.into());
    }
    record.departure = Some(Departure { to, on: event.event_date, by: Origin::of(event) });
    changes.push(Change::MoveOutNotified);
    if event.event_date <= today {
        depart(record, policy, changes);
    }
    Ok(())
}

/// Whether a move-in is filed after 14 days of the move or 30 of the planned day.
fn is_late(before: Option<&Record>, event: &Event) -> bool {
    let filed = event.filed_on();
    let past = |day: Date, days: i32| day.plus_days(days).is_ok_and(|last| filed > last);
    let planned = before.and_then(|before| match (&before.departure, before.status) {
        (Some(departure), _) => Some(departure.on),
        (None, Status::MovedOut { since }) => Some(since),
        (None, Status::Registered | Status::Abroad { .. } | Status::Deleted { .. }) => None,
    });
    past(event.event_date, NOTICE_DAYS) || planned.is_some_and(|on| past(on, FILING_DAYS))
}

fn continue_or_wait(record: &mut Record, event: &Event, changes: &mut Vec<Change>) {
    if !record.card.is_open() {
        return;
    }
    if event.card.is_some() {
        takes_back(record, Timer::CardContinuation);
        changes.push(Change::CardContinued);
    } else {
        let by = Origin::of(event);
        await_until(record, Timer::CardContinuation, event.filed_on(), CONTINUATION_DAYS, by);
    }
}

fn moment(day: Date) -> Timestamp {
    day.end_of_day()
}

/// Days after a move within which it is notified (Basic Resident Register Act art. 22).
const NOTICE_DAYS: i32 = 14;

/// The address of a national abroad where the event states none; the exact form of the item is not
/// published.
const ADDRESS_ABROAD: &str = "国外転出";
