//! What each reason does beside changing items.

use crate::clock::Date;
use crate::holder::Category;
use crate::holder::Fault;
use crate::holder::Item;
use crate::policy::NumberChange;
use crate::policy::Policy;

use super::cards;
use super::change::Change;
use super::change::Deletion;
use super::change::Lapse;
use super::event::Event;
use super::moves;
use super::reason::ChangeReason;
use super::record::Record;
use super::record::Status;
use super::refusal::Refusal;
use super::rule::Rule;
use super::stays;
use super::target::Target;
use super::timer::delete;
use super::timer::depart;
use super::timer::void_card;

/// What comes before the items change: an arrival completes the move that was notified.
pub(super) fn before_items(
    record: &mut Record,
    event: &Event,
    policy: &Policy,
    changes: &mut Vec<Change>,
) {
    if matches!(event.reason, ChangeReason::MoveIn | ChangeReason::SpecialMoveIn) {
        depart(record, policy, changes);
    }
}

/// What a reason does beside changing items, with the checks that hang on it alone. `after` has the
/// new items already.
pub(super) fn act(
    after: &mut Record,
    before: Option<&Record>,
    event: &Event,
    policy: &Policy,
    today: Date,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    match event.reason {
        ChangeReason::Birth => birth(after, event, changes),
        ChangeReason::Entry => {
            entry(after, event, changes);
            Ok(())
        }
        ChangeReason::MoveIn => {
            moves::arrive(after, before, event, changes);
            Ok(())
        }
        ChangeReason::SpecialMoveIn => moves::arrive_with_card(after, before, event, changes),
        ChangeReason::MoveOut => moves::leave(after, event, today, policy, changes),
        ChangeReason::MoveOutCancelled => moves::stay(after, changes),
        ChangeReason::MoveAbroadContinued => {
            moves::leave_for_abroad_with_card(after, event, today, policy, changes)
        }
        ChangeReason::MoveAbroad => moves::leave_for_abroad(after, event, today, policy, changes),
        ChangeReason::ReturnFromAbroad => {
            moves::come_back(after, before, event, changes);
            Ok(())
        }
        ChangeReason::Relocation
        | ChangeReason::NameChange
        | ChangeReason::FormerSurnameChange
        | ChangeReason::AliasChange
        | ChangeReason::SexChange
        | ChangeReason::BirthDateCorrection
        | ChangeReason::MinorCorrection
        | ChangeReason::AddressRenamed
        | ChangeReason::MunicipalityMerged => Ok(()),
        ChangeReason::Correction => {
            stays::cap_card(after, event);
            Ok(())
        }
        ChangeReason::HouseholdChange => note(changes, Change::HouseholdChanged),
        ChangeReason::Death => end(after, Deletion::Death, event, changes),
        ChangeReason::DeclaredMissing => end(after, Deletion::DeclaredMissing, event, changes),
        ChangeReason::Deletion => end(after, Deletion::ExOfficio, event, changes),
        ChangeReason::NationalityLost => end(after, Deletion::NationalityLost, event, changes),
        ChangeReason::Naturalisation => {
            let national = after.residence()?.category() == Category::National;
            after.special_extension = false;
            changes.push(Change::Naturalised);
            if national { Ok(()) } else { Err(Rule::ResidenceCategory.into()) }
        }
        ChangeReason::ResidentCodeChange => {
            new_number(after, policy.resident_code_change, Lapse::ResidentCode, changes);
            Ok(())
        }
        ChangeReason::IndividualNumberChange => {
            changes.push(Change::IndividualNumberChanged);
            new_number(after, policy.individual_number_change, Lapse::IndividualNumber, changes);
            Ok(())
        }
        ChangeReason::ResidenceExtended => stays::extend(after, before, event, changes),
        ChangeReason::ResidenceGrace => stays::bridge(after, before, event, changes),
        ChangeReason::PermanentResidence => stays::settle(after, before, event, changes),
        ChangeReason::SupportSet => stays::support(after, event, changes),
        ChangeReason::SupportEnded => match after.support_until.take() {
            Some(_) => note(changes, Change::SupportEnded),
            None => Err(Rule::SupportNone.into()),
        },
        ChangeReason::CardLost => cards::lose(after, changes),
        ChangeReason::CardFound => cards::find(after, changes),
        ChangeReason::CardSurrendered => cards::surrender(after, policy, changes),
        ChangeReason::CardReissued => cards::reissue(after, event, changes),
        ChangeReason::CardContinued => cards::go_on(after, changes),
        ChangeReason::PinReset => cards::reset_pin(after, changes),
        ChangeReason::PhoneIssued => cards::issue_phone(after, changes),
        ChangeReason::PhoneChanged => cards::change_phone(after, changes),
        ChangeReason::PhoneLost => cards::lose_phone(after, changes),
        ChangeReason::PhoneRecovered => cards::find_phone(after, changes),
        ChangeReason::RevocationRequest => of_certificate(event, Change::HolderRequest, changes),
        ChangeReason::KeyLeak => of_certificate(event, Change::KeyLeak, changes),
        ChangeReason::RecordError => of_certificate(event, Change::RecordError, changes),
        ChangeReason::Discarded => of_certificate(event, Change::Discarded, changes),
        ChangeReason::GuardianshipStarted => guardianship(after, true, changes),
        ChangeReason::GuardianshipEnded => guardianship(after, false, changes),
    }
}

fn note(changes: &mut Vec<Change>, change: Change) -> Result<(), Refusal> {
    changes.push(change);
    Ok(())
}

fn end(
    record: &mut Record,
    why: Deletion,
    event: &Event,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    delete(record, why, event.event_date, changes);
    Ok(())
}

fn birth(record: &mut Record, event: &Event, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    changes.push(Change::EntryMade);
    if record.items.birth_date == event.event_date.to_string() {
        Ok(())
    } else {
        Err(Rule::BirthDate.into())
    }
}

/// An entry ex officio (職権記載); a national living abroad is entered in the supplementary register.
pub(super) fn entry(record: &mut Record, event: &Event, changes: &mut Vec<Change>) {
    record.status = if record.items.residence.category == super::timer::ABROAD {
        Status::Abroad { since: event.event_date }
    } else {
        Status::Registered
    };
    record.special_extension = false;
    changes.push(Change::EntryMade);
}

/// A new number takes the card along, which carries or rests on it.
fn new_number(record: &mut Record, policy: NumberChange, why: Lapse, changes: &mut Vec<Change>) {
    match policy {
        NumberChange::VoidCard => void_card(record, why, changes),
        NumberChange::KeepCard => {}
    }
}

fn of_certificate(
    event: &Event,
    change: impl Fn(Target) -> Change,
    changes: &mut Vec<Change>,
) -> Result<(), Refusal> {
    let missing = || Fault::new(Item::Target, crate::holder::Rule::Missing("name the certificate"));
    changes.push(change(event.target.ok_or_else(missing)?));
    Ok(())
}

fn guardianship(record: &mut Record, ward: bool, changes: &mut Vec<Change>) -> Result<(), Refusal> {
    if record.guardianship == ward {
        return Err(Rule::GuardianshipState.into());
    }
    record.guardianship = ward;
    changes.push(if ward { Change::GuardianshipStarted } else { Change::GuardianshipEnded });
    Ok(())
}
