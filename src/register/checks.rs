//! The checks of an event that its reason selects: against the record, its source, its dates and the
//! items that it may change.

use crate::clock::Date;
use crate::holder::Item;
use crate::policy::MinorCorrection;
use crate::policy::Policy;

use super::change::Deletion;
use super::event::Event;
use super::items::ITEMS;
use super::reason::ChangeReason;
use super::record::Destination;
use super::record::Record;
use super::record::Status;
use super::refusal::Refusal;
use super::refusal::Refusals;
use super::rule::Rule;
use super::source::Source;

/// Refuses an event that does not fit the record. Whether the person is on record as the event
/// assumes, and whether the source is competent, is settled first; of the rest everything is said at
/// once.
pub(super) fn check(
    record: Option<&Record>,
    event: &Event,
    policy: &Policy,
    today: Date,
) -> Result<(), Refusals> {
    footing(record, event)?;
    source(record, event)?;
    let mut found = Vec::new();
    dates(record, event, today, &mut found);
    items(record, event, &mut found);
    note(event, policy, &mut found);
    nationality(record, event, &mut found);
    Refusals::new(found).map_or(Ok(()), Err)
}

/// How a person must stand in the register for an event.
enum Footing {
    /// Never recorded.
    Unknown,
    /// Not recorded now, and not dead.
    Unrecorded,
    /// Abroad, or not recorded.
    Abroad,
    /// Coming from another municipality.
    Arriving,
    /// In a municipality's register.
    Registered,
    /// In a municipality's register, or in the supplementary one.
    Recorded,
    /// Recorded, or between two municipalities.
    Alive,
}

fn needs(reason: ChangeReason) -> Footing {
    match reason {
        ChangeReason::Birth => Footing::Unknown,
        ChangeReason::Entry => Footing::Unrecorded,
        ChangeReason::ReturnFromAbroad => Footing::Abroad,
        ChangeReason::MoveIn | ChangeReason::SpecialMoveIn => Footing::Arriving,
        ChangeReason::MoveOut
        | ChangeReason::MoveAbroadContinued
        | ChangeReason::MoveAbroad
        | ChangeReason::Relocation
        | ChangeReason::HouseholdChange
        | ChangeReason::AliasChange
        | ChangeReason::AddressRenamed
        | ChangeReason::Naturalisation
        | ChangeReason::SupportSet => Footing::Registered,
        ChangeReason::NameChange
        | ChangeReason::FormerSurnameChange
        | ChangeReason::SexChange
        | ChangeReason::BirthDateCorrection
        | ChangeReason::Correction
        | ChangeReason::MinorCorrection
        | ChangeReason::MunicipalityMerged
        | ChangeReason::ResidentCodeChange
        | ChangeReason::IndividualNumberChange
        | ChangeReason::CardReissued => Footing::Recorded,
        ChangeReason::MoveOutCancelled
        | ChangeReason::Death
        | ChangeReason::DeclaredMissing
        | ChangeReason::Deletion
        | ChangeReason::NationalityLost
        | ChangeReason::ResidenceExtended
        | ChangeReason::ResidenceGrace
        | ChangeReason::PermanentResidence
        | ChangeReason::SupportEnded
        | ChangeReason::CardLost
        | ChangeReason::CardFound
        | ChangeReason::CardSurrendered
        | ChangeReason::CardContinued
        | ChangeReason::RevocationRequest
        | ChangeReason::KeyLeak
        | ChangeReason::RecordError
        | ChangeReason::Discarded
        | ChangeReason::PinReset
        | ChangeReason::PhoneIssued
        | ChangeReason::PhoneChanged
        | ChangeReason::PhoneLost
        | ChangeReason::PhoneRecovered
        | ChangeReason::GuardianshipStarted
        | ChangeReason::GuardianshipEnded => Footing::Alive,
    }
}

fn footing(record: Option<&Record>, event: &Event) -> Result<(), Refusal> {
    let needs = needs(event.reason);
    let Some(record) = record else {
        return match needs {
            Footing::Unknown | Footing::Unrecorded | Footing::Abroad => Ok(()),
            Footing::Arriving | Footing::Registered | Footing::Recorded | Footing::Alive => {
                Err(Rule::NoRecord.into())
            }
        };
    };
    let refused = match (needs, record.status) {
        (Footing::Unknown, _)
        | (
            Footing::Unrecorded,
            Status::Registered | Status::MovedOut { .. } | Status::Abroad { .. },
        ) => Rule::Exists,
        // A return from abroad is a move-in (転入届).
        (Footing::Abroad, Status::Registered) => Rule::MoveInExisting,
        (Footing::Abroad, Status::MovedOut { .. }) => Rule::Exists,
        (Footing::Abroad | Footing::Unrecorded, Status::Deleted { why, .. }) => match why {
            Deletion::Death => Rule::Deleted,
            Deletion::DeclaredMissing
            | Deletion::MovedAbroad
            | Deletion::ExOfficio
            | Deletion::NationalityLost => return Ok(()),
        },
        (
            Footing::Arriving | Footing::Registered | Footing::Recorded | Footing::Alive,
            Status::Deleted { .. },
        ) => Rule::Deleted,
        (Footing::Arriving, Status::Registered) => return arrival(record, event),
        (Footing::Arriving | Footing::Registered, Status::Abroad { .. })
        | (Footing::Registered | Footing::Recorded, Status::MovedOut { .. }) => Rule::NotRegistered,
        (Footing::Abroad, Status::Abroad { .. })
        | (Footing::Arriving, Status::MovedOut { .. })
        | (Footing::Registered | Footing::Recorded | Footing::Alive, Status::Registered)
        | (Footing::Recorded | Footing::Alive, Status::Abroad { .. })
        | (Footing::Alive, Status::MovedOut { .. }) => return Ok(()),
    };
    Err(refused.into())
}

/// A move-in of someone who lives there is an error (現存する住民に対する転入); of someone who lives
/// elsewhere it needs the notice of the move-out.
fn arrival(record: &Record, event: &Event) -> Result<(), Refusal> {
    let destination =
        event.new_value(Item::Municipality).unwrap_or(record.items.municipality.as_str());
    if destination == record.items.municipality {
        return Err(Rule::MoveInExisting.into());
    }
    match record.departure.as_ref().map(|departure| &departure.to) {
        Some(Destination::Municipality) => Ok(()),
        Some(Destination::Abroad | Destination::AbroadContinued { .. }) | None => {
            Err(Rule::MoveInNoMoveOut.into())
        }
    }
}

/// Who may send what: a municipality all about its own residents and what makes someone one; the
/// immigration office stays alone; the card desk what becomes of cards, phones and certificates.
fn source(record: Option<&Record>, event: &Event) -> Result<(), Refusal> {
    let allowed = match event.source {
        Source::Municipality(sender) => {
            let home = record.map(|record| record.items.municipality.as_str());
            let next = event.new_value(Item::Municipality).or(home);
            let sender = Some(sender.code());
            match needs(event.reason) {
                Footing::Unknown | Footing::Unrecorded | Footing::Abroad | Footing::Arriving => {
                    next == sender
                }
                Footing::Registered | Footing::Recorded | Footing::Alive => {
                    home == sender
                        || (event.reason == ChangeReason::MunicipalityMerged && next == sender)
                }
            }
        }
        Source::Immigration => matches!(
            event.reason,
            ChangeReason::ResidenceExtended
                | ChangeReason::ResidenceGrace
                | ChangeReason::PermanentResidence
        ),
        Source::CardDesk => matches!(
            event.reason,
            ChangeReason::CardLost
                | ChangeReason::CardFound
                | ChangeReason::CardSurrendered
                | ChangeReason::CardReissued
                | ChangeReason::RevocationRequest
                | ChangeReason::KeyLeak
                | ChangeReason::RecordError
                | ChangeReason::Discarded
                | ChangeReason::PinReset
                | ChangeReason::PhoneIssued
                | ChangeReason::PhoneChanged
                | ChangeReason::PhoneLost
                | ChangeReason::PhoneRecovered
        ),
    };
    if allowed { Ok(()) } else { Err(Rule::Source.into()) }
}

fn dates(record: Option<&Record>, event: &Event, today: Date, found: &mut Vec<Refusal>) {
    let last = record.and_then(|record| record.last_event);
    if is_of_the_register(event.reason) && last.is_some_and(|last| event.event_date < last) {
        found.push(Rule::EventOrder.into());
    }
    if event.event_date > today {
        match event.reason {
            ChangeReason::MoveOut
            | ChangeReason::MoveAbroad
            | ChangeReason::MoveAbroadContinued => {}
            ChangeReason::Death | ChangeReason::DeclaredMissing => {
                found.push(Rule::DeathFuture.into());
            }
            ChangeReason::Birth
            | ChangeReason::MoveIn
            | ChangeReason::SpecialMoveIn
            | ChangeReason::MoveOutCancelled
            | ChangeReason::ReturnFromAbroad
            | ChangeReason::Relocation
            | ChangeReason::HouseholdChange
            | ChangeReason::NameChange
            | ChangeReason::FormerSurnameChange
            | ChangeReason::AliasChange
            | ChangeReason::SexChange
            | ChangeReason::BirthDateCorrection
            | ChangeReason::Correction
            | ChangeReason::MinorCorrection
            | ChangeReason::AddressRenamed
            | ChangeReason::MunicipalityMerged
            | ChangeReason::Entry
            | ChangeReason::Deletion
            | ChangeReason::NationalityLost
            | ChangeReason::Naturalisation
            | ChangeReason::ResidentCodeChange
            | ChangeReason::IndividualNumberChange
            | ChangeReason::ResidenceExtended
            | ChangeReason::ResidenceGrace
            | ChangeReason::PermanentResidence
            | ChangeReason::SupportSet
            | ChangeReason::SupportEnded
            | ChangeReason::CardLost
            | ChangeReason::CardFound
            | ChangeReason::CardSurrendered
            | ChangeReason::CardReissued
            | ChangeReason::CardContinued
            | ChangeReason::RevocationRequest
            | ChangeReason::KeyLeak
            | ChangeReason::RecordError
            | ChangeReason::Discarded
            | ChangeReason::PinReset
            | ChangeReason::PhoneIssued
            | ChangeReason::PhoneChanged
            | ChangeReason::PhoneLost
            | ChangeReason::PhoneRecovered
            | ChangeReason::GuardianshipStarted
            | ChangeReason::GuardianshipEnded => found.push(Rule::EventFuture.into()),
        }
    }
}

/// Whether a reason is an event of the register itself, whose dates must not go back. A card may be
/// reported lost the day after its holder died.
pub(super) fn is_of_the_register(reason: ChangeReason) -> bool {
    reason.rows().iter().all(|row| *row <= LAST_REGISTER_ROW)
}

/// Each item that changes: one that the reason changes, from the value on record, to another one.
fn items(record: Option<&Record>, event: &Event, found: &mut Vec<Refusal>) {
    let (may, must) = items_of(event.reason);
    let again = record.is_some_and(|record| matches!(record.status, Status::Deleted { .. }));
    let returns = again || event.reason == ChangeReason::ReturnFromAbroad;
    for change in &event.changes {
        let item = change.item;
        if !may.contains(&item) {
            let relocates = event.reason == ChangeReason::Relocation;
            let rule = if relocates { Rule::RelocExtra } else { Rule::ExtraItem };
            found.push(Refusal::of(rule, item));
            continue;
        }
        if change.new.is_none() && is_mandatory(item) {
            found.push(Refusal::of(Rule::NewMissing, item));
        } else if change.old == change.new {
            found.push(Refusal::of(Rule::OldNewEqual, item));
        } else {
            let stored = record.and_then(|record| record.items.get(item));
            // A returner's new municipality need not know what the old one wrote, and the code may
            // have come here never.
            let unknown =
                change.old.is_none() && returns || item == Item::ResidentCode && stored.is_none();
            if change.old != stored && !unknown {
                found.push(Refusal::of(Rule::OldValue, item));
            }
        }
    }
    let must = if record.is_none() { &ENTRY[..] } else { must };
    for item in must {
        let there = event.change(*item).is_some();
        let stays = match (event.reason, record.map(|record| record.status)) {
            // Back where they lived: there may be nothing new to say.
            (ChangeReason::MoveIn | ChangeReason::SpecialMoveIn, Some(Status::MovedOut { .. })) => {
                event.change(Item::Municipality).is_none()
            }
            (ChangeReason::Entry, Some(_)) => true,
            _ => false,
        };
        if !there && !stays {
            found.push(Refusal::of(Rule::NewMissing, *item));
        }
    }
    let corrects = matches!(
        event.reason,
        ChangeReason::Correction | ChangeReason::MinorCorrection | ChangeReason::MunicipalityMerged
    );
    if corrects && event.changes.is_empty() {
        found.push(Rule::NewMissing.into());
    }
}

/// The items that a reason may change, and those that it must.
fn items_of(reason: ChangeReason) -> (&'static [Item], &'static [Item]) {
    match reason {
        ChangeReason::Birth | ChangeReason::Entry => (&ITEMS, &[]),
        ChangeReason::ReturnFromAbroad => (&ITEMS, &[Item::Address, Item::Residence]),
        ChangeReason::Correction => (&ITEMS, &[]),
        ChangeReason::MoveIn | ChangeReason::SpecialMoveIn => {
            (&[Item::Address, Item::Municipality], &[Item::Address])
        }
        ChangeReason::MoveAbroadContinued => {
            (&[Item::Address, Item::Municipality, Item::Residence], &[])
        }
        ChangeReason::Relocation | ChangeReason::AddressRenamed => {
            (&[Item::Address], &[Item::Address])
        }
        ChangeReason::MunicipalityMerged => (&[Item::Address, Item::Municipality], &[]),
        ChangeReason::NameChange => (&[Item::Name], &[Item::Name]),
        ChangeReason::FormerSurnameChange => (&[Item::FormerSurname], &[Item::FormerSurname]),
        ChangeReason::AliasChange => (&[Item::Alias], &[Item::Alias]),
        ChangeReason::SexChange => (&[Item::Sex], &[Item::Sex]),
        ChangeReason::BirthDateCorrection => (&[Item::BirthDate], &[Item::BirthDate]),
        ChangeReason::MinorCorrection => {
            (&[Item::Name, Item::FormerSurname, Item::Alias, Item::Address], &[])
        }
        ChangeReason::Naturalisation => {
            (&[Item::Name, Item::FormerSurname, Item::Alias, Item::Residence], &[Item::Residence])
        }
        ChangeReason::ResidentCodeChange => (&[Item::ResidentCode], &[Item::ResidentCode]),
        ChangeReason::ResidenceExtended
        | ChangeReason::ResidenceGrace
        | ChangeReason::PermanentResidence => (&[Item::Residence], &[Item::Residence]),
        ChangeReason::MoveOut
        | ChangeReason::MoveOutCancelled
        | ChangeReason::MoveAbroad
        | ChangeReason::HouseholdChange
        | ChangeReason::Death
        | ChangeReason::DeclaredMissing
        | ChangeReason::Deletion
        | ChangeReason::NationalityLost
        | ChangeReason::IndividualNumberChange
        | ChangeReason::SupportSet
        | ChangeReason::SupportEnded
        | ChangeReason::CardLost
        | ChangeReason::CardFound
        | ChangeReason::CardSurrendered
        | ChangeReason::CardReissued
        | ChangeReason::CardContinued
        | ChangeReason::RevocationRequest
        | ChangeReason::KeyLeak
        | ChangeReason::RecordError
        | ChangeReason::Discarded
        | ChangeReason::PinReset
        | ChangeReason::PhoneIssued
        | ChangeReason::PhoneChanged
        | ChangeReason::PhoneLost
        | ChangeReason::PhoneRecovered
        | ChangeReason::GuardianshipStarted
        | ChangeReason::GuardianshipEnded => (&[], &[]),
    }
}

/// Whether every record has the item.
fn is_mandatory(item: Item) -> bool {
    ENTRY.contains(&item) || item == Item::ResidentCode
}

/// A correction states its ground (職権修正); a minor one is on the list of policy.
fn note(event: &Event, policy: &Policy, found: &mut Vec<Refusal>) {
    let listed = |note: &str| {
        MinorCorrection::ALL
            .into_iter()
            .any(|one| one.as_str() == note && policy.minor_corrections.contains(&one))
    };
    match (event.reason, event.note.as_deref()) {
        (ChangeReason::Correction | ChangeReason::MinorCorrection, None) => {
            found.push(Rule::NoteMissing.into());
        }
        (ChangeReason::MinorCorrection, Some(note)) if !listed(note) => {
            found.push(Rule::MinorList.into());
        }
        _ => {}
    }
}

fn nationality(record: Option<&Record>, event: &Event, found: &mut Vec<Refusal>) {
    let Some(category) = record.and_then(|record| record.residence().ok()) else {
        return;
    };
    let foreign = category.category().is_foreign();
    let nationals = matches!(
        event.reason,
        ChangeReason::FormerSurnameChange
            | ChangeReason::MoveAbroadContinued
            | ChangeReason::NationalityLost
    );
    let foreigners = matches!(
        event.reason,
        ChangeReason::AliasChange
            | ChangeReason::Naturalisation
            | ChangeReason::ResidenceExtended
            | ChangeReason::ResidenceGrace
            | ChangeReason::PermanentResidence
    );
    if nationals && foreign {
        found.push(Rule::NationalsOnly.into());
    }
    if foreigners && !foreign {
        found.push(Rule::ForeignersOnly.into());
    }
}

/// The items of every record.
const ENTRY: [Item; 6] =
    [Item::Name, Item::BirthDate, Item::Sex, Item::Address, Item::Municipality, Item::Residence];

/// The last row of the event matrix that changes the register itself; then come support measures,
/// cards and certificates.
const LAST_REGISTER_ROW: u8 = 30;
