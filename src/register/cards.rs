//! Cards and phones.

use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Residence;
use crate::policy::PhoneWithoutCard;
use crate::policy::Policy;

use super::change::Change;
use super::change::Lapse;
use super::event::Event;
use super::record::Card;
use super::record::CardState;
use super::record::Origin;
use super::record::PhoneState;
use super::record::Record;
use super::record::Timer;
use super::refusal::Refusal;
use super::rule::Rule;
use super::timer::takes_back;

/// Reported lost or stolen: suspended (一時停止).
pub(super) fn lose(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.card.state != CardState::Issued {
        return Err(unusable(record));
    }
    record.card.state = CardState::Suspended;
    changes.push(Change::CardSuspended);
    Ok(())
}

/// Found: the suspension is lifted (一時停止解除).
pub(super) fn find(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.card.state != CardState::Suspended {
        return Err(unusable(record));
    }
    record.card.state = CardState::Issued;
    changes.push(Change::CardResumed);
    Ok(())
}

/// Given back or abolished (返納・廃止).
pub(super) fn surrender(
    record: &mut Record,
    policy: &Policy,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if !record.card.is_open() {
        return Err(unusable(record));
    }
    record.card.state = CardState::Surrendered;
    record.deadlines.clear();
    changes.push(Change::CardSurrendered);
    match policy.phone_without_card {
        PhoneWithoutCard::Revoke => record.phone = PhoneState::None,
        PhoneWithoutCard::Keep => {}
    }
    Ok(())
}

/// A new card in place of a closed or lost one (再交付).
pub(super) fn reissue(
    record: &mut Record,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    if record.card.state == CardState::Issued {
        return Err(Rule::CardOpen.into());
    }
    let missing = crate::holder::Rule::Missing("give the new card's end");
    let Some(ends) = event.card.and_then(|card| card.expires) else {
        return Err(Fault::new(Item::Card, missing).into());
    };
    let stay = record.residence().ok().and_then(Residence::period_end);
    if ends <= event.event_date || stay.is_some_and(|stay| ends > stay) {
        return Err(Rule::CardEnd.into());
    }
    record.card = Card { state: CardState::Issued, ends: Some(ends) };
    record.card_by = Some(Origin::of(event));
    record.deadlines.clear();
    changes.push(Change::CardReissued);
    Ok(())
}

/// Its use goes on after a move (継続利用).
pub(super) fn go_on(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if !record.card.is_open() {
        return Err(unusable(record));
    }
    if !takes_back(record, Timer::CardContinuation) {
        return Err(Rule::NoContinuation.into());
    }
    changes.push(Change::CardContinued);
    Ok(())
}

/// A PIN was reset; no certificate is concerned.
pub(super) fn reset_pin(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    match record.card.state {
        CardState::None | CardState::Issued => {
            changes.push(Change::PinReset);
            Ok(())
        }
        CardState::Suspended | CardState::Surrendered | CardState::Void(_) => Err(unusable(record)),
    }
}

/// A phone carries certificates: one, and on the ground of a card (Act art. 16-2, 35-2).
pub(super) fn issue_phone(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.card.state != CardState::Issued {
        return Err(unusable(record));
    }
    if record.phone != PhoneState::None {
        return Err(Rule::PhoneState.into());
    }
    record.phone = PhoneState::Active;
    changes.push(Change::PhoneIssued);
    Ok(())
}

/// The phone was replaced or given away: what it carries ends, whether or not it was known.
pub(super) fn change_phone(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    record.phone = PhoneState::None;
    changes.push(Change::PhoneChanged);
    Ok(())
}

/// A report of loss is taken even when no phone is on record: refusing it would leave certificates
/// in the hands of whoever found it.
pub(super) fn lose_phone(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.phone == PhoneState::Suspended {
        return Err(Rule::PhoneState.into());
    }
    record.phone = PhoneState::Suspended;
    changes.push(Change::PhoneLost);
    Ok(())
}

pub(super) fn find_phone(record: &mut Record, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.phone != PhoneState::Suspended {
        return Err(Rule::PhoneState.into());
    }
    record.phone = PhoneState::Active;
    changes.push(Change::PhoneRecovered);
    Ok(())
}

/// Why the card cannot be used for this: it has ended, or its state does not fit.
pub(super) fn unusable(record: &Record) -> Refusal {
    if record.card.state == CardState::Void(Lapse::Expired) {
        Rule::CardLapsed.into()
    } else {
        Rule::CardState.into()
    }
}
