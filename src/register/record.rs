//! The record of one person.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Kind;
use crate::holder::Category;
use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Municipality;
use crate::holder::Residence;

use super::change::Deletion;
use super::change::Lapse;
use super::event::Event;
use super::event::EventId;
use super::form::HolderForm;
use super::items::ITEMS;
use super::items::Items;
use super::person::Person;
use super::refusal::Refusal;
use super::resident::Resident;
use super::resident::read_residence;
use super::rule::Rule;

/// The register's record of one person (住民票, or 戸籍の附票 of nationals abroad), in one version.
///
/// Its JSON is what stores keep: fields are added, never renamed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub(super) person: Person,
    pub(super) version: u64,
    pub(super) cause: Cause,
    pub(super) status: Status,
    pub(super) items: Items,
    pub(super) card: Card,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) card_by: Option<Origin>,
    #[serde(default, skip_serializing_if = "PhoneState::is_none")]
    pub(super) phone: PhoneState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) departure: Option<Departure>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deadlines: Vec<Deadline>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) support_until: Option<Date>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) special_extension: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) guardianship: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_event: Option<Date>,
}

impl Record {
    /// The first version of a record, from a holder file: a baseline, or an entry ex officio
    /// (職権記載).
    ///
    /// # Errors
    /// The first item that is wrong.
    pub fn open(form: &HolderForm, now: Timestamp) -> Result<Self, Fault> {
        let resident = Resident::new(form, now)?;
        let today = now.japan_date();
        let status = match resident.residence.category() {
            Category::NationalAbroad => Status::Abroad { since: today },
            Category::National
            | Category::Permanent
            | Category::SpecialPermanent
            | Category::HighlySkilled2
            | Category::MidLongTerm
            | Category::TemporaryRefuge
            | Category::ProvisionalStay
            | Category::Transitional => Status::Registered,
        };
        let mut record = Self::blank(resident.person, Items::of(form), Cause::Baseline);
        record.status = status;
        record.guardianship = form.guardianship;
        if let Some(ends) = resident.card_expires {
            record.card = Card { state: CardState::Issued, ends: Some(ends) };
        }
        Ok(record)
    }

    pub(super) fn blank(person: Person, items: Items, cause: Cause) -> Self {
        Self {
            person,
            version: 1,
            cause,
            status: Status::Registered,
            items,
            card: Card { state: CardState::None, ends: None },
            card_by: None,
            phone: PhoneState::None,
            departure: None,
            deadlines: Vec::new(),
            support_until: None,
            special_extension: false,
            guardianship: false,
            last_event: None,
        }
    }

    /// The resident whom it describes, as certificates are issued to them.
    ///
    /// # Errors
    /// The item that is wrong, when the record is older than the rules that would refuse it.
    pub fn resident(&self, now: Timestamp) -> Result<Resident, Fault> {
        Resident::new(&self.form(), now)
    }

    /// The holder file that says what the record says.
    #[must_use]
    pub fn form(&self) -> HolderForm {
        let ends = self.card.ends.map(|ends| ends.to_string());
        self.items.form(self.person.as_str(), ends, self.guardianship)
    }

    /// The items in which a holder file differs from the record; an end of the card is compared where
    /// both state one.
    #[must_use]
    pub fn differences(&self, form: &HolderForm) -> Vec<Item> {
        let theirs = Items::of(form);
        let mut differing = Vec::new();
        for item in ITEMS {
            if item == Item::ResidentCode {
                // No holder file has it.
                continue;
            }
            if self.items.get(item) != theirs.get(item) {
                differing.push(item);
            }
        }
        let substitutes = [Item::Name, Item::FormerSurname, Item::Address];
        if substitutes.into_iter().any(|item| {
            !differing.contains(&item)
                && self.items.substitutes_of(item) != theirs.substitutes_of(item)
        }) {
            differing.push(Item::Substitutes);
        }
        if form.guardianship != self.guardianship {
            differing.push(Item::Guardianship);
        }
        let stated = form.card.as_ref().and_then(|card| card.expires.as_deref());
        if let (Some(theirs), Some(ours)) = (stated, self.card.ends)
            && theirs != ours.to_string()
        {
            differing.push(Item::Card);
        }
        differing
    }

    /// Refuses a certificate of this kind for someone whose entry or card has ended.
    ///
    /// # Errors
    /// The [`Refusal`]: the entry ended, the card is suspended or closed, or, for a signature
    /// certificate, the person lives nowhere at present.
    pub fn may_hold(&self, kind: Kind) -> Result<(), Refusal> {
        match (self.status, kind) {
            (Status::Deleted { .. }, Kind::Signature | Kind::UserAuthentication) => {
                return Err(Rule::Deleted.into());
            }
            (Status::MovedOut { .. }, Kind::Signature) => return Err(Rule::NotRegistered.into()),
            (Status::MovedOut { .. }, Kind::UserAuthentication)
            | (
                Status::Registered | Status::Abroad { .. },
                Kind::Signature | Kind::UserAuthentication,
            ) => {}
        }
        match self.card.state {
            CardState::None | CardState::Issued => Ok(()),
            CardState::Suspended | CardState::Surrendered | CardState::Void(_) => {
                Err(Rule::CardState.into())
            }
        }
    }

    /// Notes the card that a certificate was issued on, when the record knew of none; the version
    /// stays, since the register itself did not change.
    pub fn note_card(&mut self, ends: Date) {
        if self.card.state == CardState::None {
            self.card = Card { state: CardState::Issued, ends: Some(ends) };
        }
    }

    /// Whose record it is.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// Its version, from 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What made this version.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// How the person stands in the register.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The municipality that keeps it, or kept it last.
    ///
    /// # Errors
    /// When the code is one that a merger ended since.
    pub fn municipality(&self) -> Result<Municipality, Fault> {
        Municipality::from_code(&self.items.municipality)
    }

    /// The residence.
    ///
    /// # Errors
    /// When the record is older than the rules that would refuse it.
    pub fn residence(&self) -> Result<Residence, Fault> {
        read_residence(&self.items.residence)
    }

    /// The card.
    #[must_use]
    pub fn card(&self) -> Card {
        self.card
    }

    /// The event that set the card's end; none where a baseline or the law did.
    #[must_use]
    pub fn card_by(&self) -> Option<&Origin> {
        self.card_by.as_ref()
    }

    /// The phone.
    #[must_use]
    pub fn phone(&self) -> PhoneState {
        self.phone
    }

    /// The move that is notified and has not taken place.
    #[must_use]
    pub fn departure(&self) -> Option<&Departure> {
        self.departure.as_ref()
    }

    /// What will end the card unless something happens before.
    #[must_use]
    pub fn deadlines(&self) -> &[Deadline] {
        &self.deadlines
    }

    /// The last day of the support measure (支援措置).
    #[must_use]
    pub fn support_until(&self) -> Option<Date> {
        self.support_until
    }

    /// Whether the special extension (特例期間) of this stay was used.
    #[must_use]
    pub fn special_extension(&self) -> bool {
        self.special_extension
    }

    /// Whether the person is an adult ward.
    #[must_use]
    pub fn guardianship(&self) -> bool {
        self.guardianship
    }

    /// The date of the last event of the register itself; those of cards and certificates do not
    /// count.
    #[must_use]
    pub fn last_event(&self) -> Option<Date> {
        self.last_event
    }

    /// The day on which [`lapse`](super::lapse) has something to do next, for whoever keeps an
    /// agenda.
    #[must_use]
    pub fn next_timer(&self) -> Option<Date> {
        super::timer::next(self).map(|(day, _)| day)
    }
}

impl fmt::Debug for Record {
    /// Redacted: a person's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({:?}, version {}, …)", self.person, self.version)
    }
}

/// What made a version of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A baseline or an entry ex officio from a holder file.
    Baseline,
    /// An event.
    Event(EventId),
    /// Time.
    Timer(Timer),
}

/// How a person stands in the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Status {
    /// In the register of the municipality.
    Registered,
    /// Moved out and nowhere moved in.
    MovedOut {
        /// The planned day.
        since: Date,
    },
    /// A national abroad, in the supplementary family register (戸籍の附票).
    Abroad {
        /// The day of the move, or of the baseline.
        since: Date,
    },
    /// The entry has ended.
    Deleted {
        /// Why.
        why: Deletion,
        /// The day.
        on: Date,
    },
}

/// The card (個人番号カード).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Its state.
    pub state: CardState,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Date>,
}

impl Card {
    /// Whether it is in effect, suspended or not.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self.state {
            CardState::Issued | CardState::Suspended => true,
            CardState::None | CardState::Surrendered | CardState::Void(_) => false,
        }
    }
}

/// The state of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardState {
    /// None is known.
    None,
    /// In use.
    Issued,
    /// Suspended (一時停止).
    Suspended,
    /// Given back or abolished (返納・廃止).
    Surrendered,
    /// Without effect (失効).
    Void(Lapse),
}

/// The state of a phone's certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneState {
    /// None is known.
    #[default]
    None,
    /// In use.
    Active,
    /// Reported lost.
    Suspended,
}

impl PhoneState {
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A move that is notified for a day to come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Departure {
    /// Where to.
    pub to: Destination,
    /// The planned day.
    pub on: Date,
    /// The notice.
    pub by: Origin,
}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Departure({}, …)", self.on)
    }
}

/// Where a move goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Another municipality.
    Municipality,
    /// Abroad; the entry ends.
    Abroad,
    /// Abroad; the card goes on on the ground of the supplementary family register.
    AbroadContinued {
        /// The address to record.
        address: String,
        /// The municipality that keeps the family register.
        municipality: String,
    },
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Municipality => "Municipality",
            Self::Abroad => "Abroad",
            Self::AbroadContinued { .. } => "AbroadContinued(redacted)",
        })
    }
}

/// A day on which a card ends unless something happens before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// What it waits for.
    pub rule: Timer,
    /// The last day.
    pub on: Date,
    /// The event from which the days are counted.
    pub by: Origin,
}

/// The event behind a timer, by its source and its id: what time does later is done because of it.
///
/// The source is kept as it was written, since a merger may end a municipality's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    source: String,
    id: EventId,
}

impl Origin {
    /// This event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self { source: event.source.to_string(), id: event.id.clone() }
    }

    /// Who sent it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &EventId {
        &self.id
    }
}

/// What time does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// A notified move takes place.
    Departure,
    /// No move-in within 30 days of the planned day.
    MoveInFiling,
    /// The card not continued within 90 days of the move-in or return.
    CardContinuation,
    /// The card's last day has passed.
    CardEnd,
    /// The support measure's last day has passed.
    SupportEnd,
}

impl Timer {
    /// All timers.
    pub const ALL: [Self; 5] = [
        Self::Departure,
        Self::MoveInFiling,
        Self::CardContinuation,
        Self::CardEnd,
        Self::SupportEnd,
    ];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Departure => "departure",
            Self::MoveInFiling => "move-in-filing",
            Self::CardContinuation => "card-continuation",
            Self::CardEnd => "card-end",
            Self::SupportEnd => "support-end",
        }
    }

    /// The timer of this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|timer| timer.as_str() == word)
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Departure => "転出予定日の到来",
            Self::MoveInFiling => "転入届の期間満了（予定日から30日）",
            Self::CardContinuation => "継続利用の期間満了（転入届から90日）",
            Self::CardEnd => "カードの有効期間満了",
            Self::SupportEnd => "支援措置の期間満了",
        }
    }
}
