//! A register event, every item checked by itself.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::holder::BirthDate;
use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Municipality;
use crate::holder::Rule;
use crate::holder::Sex;

use super::event_form::ChangeForm;
use super::event_form::ChangesForm;
use super::event_form::EventForm;
use super::form::SubstituteForm;
use super::items;
use super::person::Person;
use super::person::check_handle;
use super::reason::ChangeReason;
use super::resident::date;
use super::resident::read_residence;
use super::resident::read_substitutes;
use super::resident_code::ResidentCode;
use super::source::Source;
use super::target::Target;

/// The id of an event: 1 to 64 ASCII letters, digits and `-_.:`, unique over all sources.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// An id.
    ///
    /// # Errors
    /// When it has another form.
    pub fn new(text: &str) -> Result<Self, Fault> {
        Self::of(Item::EventId, text)
    }

    fn of(item: Item, text: &str) -> Result<Self, Fault> {
        check_handle(item, text)?;
        Ok(Self(text.to_owned()))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({})", self.0)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A register event (異動). The three times never merge: what happened when, when it was notified,
/// when the register was changed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Who sent it.
    pub source: Source,
    /// Its number within the source; a resend may lack it.
    pub sequence: Option<u64>,
    /// Its id.
    pub id: EventId,
    /// Whom it concerns.
    pub person: Person,
    /// Why the register changed (異動事由).
    pub reason: ChangeReason,
    /// Day of the change (異動年月日); of a move-out or a move abroad, the planned day.
    pub event_date: Date,
    /// Day of the notice (届出年月日).
    pub notified_on: Option<Date>,
    /// When the register was changed: what certificates follow.
    pub recorded_at: Timestamp,
    /// The certificate that it is about.
    pub target: Option<Target>,
    /// What was noted.
    pub note: Option<String>,
    /// That the card goes on, and its end where the event states one.
    pub card: Option<CardChange>,
    /// The refused event that it repeats.
    pub resend_of: Option<EventId>,
    pub(super) changes: Vec<ItemChange>,
    pub(super) substitutes: Vec<SubstituteForm>,
}

/// What an event says of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardChange {
    /// The new end.
    pub expires: Option<Date>,
}

/// The old and the new value of an item, as texts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ItemChange {
    pub(super) item: Item,
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
}

impl Event {
    /// Checks a form item by item; `now` bounds what may lie in the past.
    ///
    /// # Errors
    /// The first item that is wrong.
    pub fn new(form: &EventForm, now: Timestamp) -> Result<Self, Fault> {
        let id = EventId::new(&form.id)?;
        let source = form.source.parse()?;
        let reason: ChangeReason = form.reason.parse()?;
        let resend_of =
            form.resend_of.as_deref().map(|id| EventId::of(Item::ResendOf, id)).transpose()?;
        if resend_of.as_ref() == Some(&id) {
            return Err(Fault::new(Item::ResendOf, Rule::Combination("an event repeats another")));
        }
        match (form.seq, &resend_of) {
            (None, None) => return Err(Fault::new(Item::Sequence, Rule::Missing(SEQUENCE))),
            (Some(0), _) => return Err(Fault::new(Item::Sequence, Rule::Number(SEQUENCE))),
            (Some(number), _) if i64::try_from(number).is_err() => {
                return Err(Fault::new(Item::Sequence, Rule::Number("is larger than 2^63 - 1")));
            }
            (Some(_) | None, _) => {}
        }
        let event_date = date(Item::EventDate, &form.event_date)?;
        let notified_on =
            form.notified_on.as_deref().map(|text| date(Item::NotifiedOn, text)).transpose()?;
        let recorded_at = recorded(&form.recorded_at, now)?;
        if notified_on.is_some_and(|day| day > recorded_at.japan_date()) {
            let why = "the notice cannot be later than the record";
            return Err(Fault::new(Item::NotifiedOn, Rule::Combination(why)));
        }
        let changes = read_changes(&form.changes, now.japan_date())?;
        read_substitutes(&form.substitutes)?;
        form.note.as_deref().map_or(Ok(()), check_note)?;
        if form.substitutes.iter().any(|one| !changes.iter().any(|c| c.item.as_str() == one.item)) {
            let why = "give substitutes of the items that change";
            return Err(Fault::new(Item::Substitutes, Rule::Unexpected(why)));
        }
        Ok(Self {
            source,
            sequence: form.seq,
            id,
            person: Person::new(&form.person)?,
            reason,
            event_date,
            notified_on,
            recorded_at,
            target: target(form, reason)?,
            note: form.note.clone(),
            card: card(form, reason)?,
            resend_of,
            changes,
            substitutes: form.substitutes.clone(),
        })
    }

    /// The items that it changes.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        self.changes.iter().map(|change| change.item)
    }

    /// The day on which it was brought before the office: that of the notice; without one the day of
    /// the change, or of the record where that is earlier.
    #[must_use]
    pub fn filed_on(&self) -> Date {
        self.notified_on.unwrap_or_else(|| self.event_date.min(self.recorded_at.japan_date()))
    }

    pub(super) fn change(&self, item: Item) -> Option<&ItemChange> {
        self.changes.iter().find(|change| change.item == item)
    }

    /// The new value of an item.
    pub(super) fn new_value(&self, item: Item) -> Option<&str> {
        self.change(item)?.new.as_deref()
    }
}

impl fmt::Debug for Event {
    /// Redacted: a person's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {} from {}, …)", self.id, self.reason, self.source)
    }
}

impl fmt::Debug for ItemChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemChange({}, redacted)", self.item)
    }
}

/// The moment of the record; a sender's clock may run ahead a little.
fn recorded(text: &str, now: Timestamp) -> Result<Timestamp, Fault> {
    let why = "write RFC 3339 with an offset";
    let at: Timestamp = text.parse().map_err(|_| Fault::new(Item::RecordedAt, Rule::Date(why)))?;
    if at > now.plus_seconds(CLOCK_SKEW) {
        return Err(Fault::new(Item::RecordedAt, Rule::Future));
    }
    Ok(at)
}

/// Checks what can be checked without the record: the rest of an item depends on the others.
fn read_changes(form: &ChangesForm, today: Date) -> Result<Vec<ItemChange>, Fault> {
    let mut changes = Vec::new();
    let texts = [
        (Item::Name, &form.name),
        (Item::FormerSurname, &form.former_surname),
        (Item::Alias, &form.alias),
        (Item::BirthDate, &form.birth_date),
        (Item::Sex, &form.sex),
        (Item::Address, &form.address),
        (Item::Municipality, &form.municipality),
        (Item::ResidentCode, &form.resident_code),
    ];
    for (item, change) in texts {
        if let Some(ChangeForm { old, new }) = change.clone() {
            changes.push(ItemChange { item, old, new });
        }
    }
    if let Some(ChangeForm { old, new }) = &form.residence {
        for residence in new.iter() {
            read_residence(residence)?;
        }
        changes.push(ItemChange {
            item: Item::Residence,
            old: old.as_ref().map(items::residence_text),
            new: new.as_ref().map(items::residence_text),
        });
    }
    for (item, new) in changes.iter().filter_map(|c| Some((c.item, c.new.as_deref()?))) {
        if item == Item::BirthDate {
            new.parse::<BirthDate>()?.check_not_after(today)?;
        } else if item == Item::Sex {
            new.parse::<Sex>()?;
        } else if item == Item::Municipality {
            Municipality::from_code(new)?;
        } else if item == Item::ResidentCode {
            ResidentCode::new(new)?;
        }
    }
    Ok(changes)
}

fn target(form: &EventForm, reason: ChangeReason) -> Result<Option<Target>, Fault> {
    match (&form.target, reason.names_a_certificate()) {
        (Some(target), true) => Target::new(target).map(Some),
        (None, true) => Err(Fault::new(Item::Target, Rule::Missing("name the certificate"))),
        (Some(_), false) => Err(Fault::new(Item::Target, Rule::Unexpected("leave it out"))),
        (None, false) => Ok(None),
    }
}

fn card(form: &EventForm, reason: ChangeReason) -> Result<Option<CardChange>, Fault> {
    let Some(card) = &form.card else {
        return Ok(None);
    };
    if !reason.may_state_the_card() {
        return Err(Fault::new(Item::Card, Rule::Unexpected("leave it out")));
    }
    let expires = card.expires.as_deref().map(|text| date(Item::Card, text)).transpose()?;
    Ok(Some(CardChange { expires }))
}

/// Refuses what is no note: empty, longer than 1000 characters, or with control characters.
///
/// # Errors
/// The [`Fault`] of the note.
pub fn check_note(text: &str) -> Result<(), Fault> {
    let length = text.chars().count();
    let rule = if text.trim().is_empty() {
        Rule::Empty
    } else if length > NOTE {
        Rule::TooLong { length, limit: NOTE }
    } else if text.contains(char::is_control) {
        Rule::Spacing("holds a control character")
    } else {
        return Ok(());
    };
    Err(Fault::new(Item::Note, rule))
}

const SEQUENCE: &str = "number the events of a source 1, 2, 3, …";

/// Seconds by which a sender's clock may run ahead of ours.
const CLOCK_SKEW: i64 = 300;

/// Characters of a note at most.
const NOTE: usize = 1000;
