//! What is wrong with an item: the item and the rule, never the value.

use std::fmt;

/// An item of a holder's data, or of an event that changes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Item {
    /// Handle of the person in the register: opaque, not a number of the state.
    Person,
    /// Name (氏名).
    Name,
    /// Former surname (旧氏).
    FormerSurname,
    /// Alias of a foreign resident (通称).
    Alias,
    /// Date of birth (生年月日).
    BirthDate,
    /// Sex (性別).
    Sex,
    /// Address (住所).
    Address,
    /// Municipality of the register (住所地市町村).
    Municipality,
    /// Category and period of residence (在留資格等).
    Residence,
    /// Card (個人番号カード).
    Card,
    /// Substitute characters (代替文字).
    Substitutes,
    /// Day of application (申請日).
    AppliedAt,
    /// Whether the person is an adult ward (成年被後見人).
    Guardianship,
    /// Resident-record code (住民票コード).
    ResidentCode,
    /// Who sent an event.
    Source,
    /// The number of an event within its source.
    Sequence,
    /// The id of an event.
    EventId,
    /// Why the register changed (異動事由).
    Reason,
    /// Day of the change (異動年月日).
    EventDate,
    /// Day of the notice (届出年月日).
    NotifiedOn,
    /// When the register was changed (処理日時).
    RecordedAt,
    /// The certificate or device that an event is about.
    Target,
    /// What was noted with an event.
    Note,
    /// The refused event that an event repeats.
    ResendOf,
    /// The signature of the source.
    Signature,
}

impl Item {
    /// The name of the item in files and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Name => "name",
            Self::FormerSurname => "former_surname",
            Self::Alias => "alias",
            Self::BirthDate => "birth_date",
            Self::Sex => "sex",
            Self::Address => "address",
            Self::Municipality => "municipality",
            Self::Residence => "residence",
            Self::Card => "card",
            Self::Substitutes => "substitutes",
            Self::AppliedAt => "applied_at",
            Self::Guardianship => "guardianship",
            Self::ResidentCode => "resident_code",
            Self::Source => "source",
            Self::Sequence => "seq",
            Self::EventId => "id",
            Self::Reason => "reason",
            Self::EventDate => "event_date",
            Self::NotifiedOn => "notified_on",
            Self::RecordedAt => "recorded_at",
            Self::Target => "target",
            Self::Note => "note",
            Self::ResendOf => "resend_of",
            Self::Signature => "signature",
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An item broke a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item}: {rule}")]
#[non_exhaustive]
pub struct Fault {
    /// The item.
    pub item: Item,
    /// The rule that it broke.
    pub rule: Rule,
}

impl Fault {
    /// `item` broke `rule`.
    #[must_use]
    pub fn new(item: Item, rule: Rule) -> Self {
        Self { item, rule }
    }

    /// The stable code of the rule, `E-…`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.rule.code()
    }
}

/// A rule that an item can break. Positions count Unicode scalar values from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// The item is empty.
    #[error("must not be empty")]
    Empty,
    /// The item is longer than allowed.
    #[error("has {length} characters; at most {limit} are allowed")]
    TooLong {
        /// Characters found.
        length: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character that the item cannot carry: outside JIS X 0208 and JIS X 0212, or outside the
    /// Latin letters and marks of a foreign resident's name.
    #[error("character U+{code_point:04X} at position {position} is {class}; {proposal}")]
    Character {
        /// The character's code point.
        code_point: u32,
        /// Where it stands.
        position: usize,
        /// What kind of character it is.
        class: &'static str,
        /// What to do about it.
        proposal: String,
    },
    /// Parts are separated wrongly, or a space stands where none may.
    #[error("{0}")]
    Spacing(&'static str),
    /// Not a date of birth.
    #[error("{0}")]
    BirthDate(&'static str),
    /// Not a date.
    #[error("not a date: {0}")]
    Date(&'static str),
    /// Lies in the future.
    #[error("lies in the future")]
    Future,
    /// Not one of the words that the item knows.
    #[error("unknown word; write one of {0}")]
    Word(&'static str),
    /// Not six digits with a right check digit.
    #[error("{0}")]
    MunicipalityCode(&'static str),
    /// No municipality has this code.
    #[error("no municipality has this code")]
    MunicipalityUnknown,
    /// The code is that of a designated city, whose wards keep the register.
    #[error("is a designated city; give the code of the ward")]
    MunicipalityNeedsWard,
    /// The address does not begin with the prefecture and the municipality.
    #[error("must begin with the prefecture and the municipality that the code names")]
    AddressPlace,
    /// The address ends where the municipality ends.
    #[error("ends after the municipality; give the place and the number in it too")]
    AddressIncomplete,
    /// A substitute character does not fit the item.
    #[error("{0}")]
    Substitute(&'static str),
    /// A combination of items that cannot be.
    #[error("{0}")]
    Combination(&'static str),
    /// An item that the rules of the profile cannot express.
    #[error("{0}")]
    Unsupported(&'static str),
    /// An item is needed and not there.
    #[error("is missing; {0}")]
    Missing(&'static str),
    /// An item is there and has no place.
    #[error("has no place here; {0}")]
    Unexpected(&'static str),
    /// Not a number of the kind.
    #[error("{0}")]
    Number(&'static str),
    /// Not eleven digits with a right check digit.
    #[error("{0}")]
    ResidentCode(&'static str),
}

impl Rule {
    /// The stable code, `E-…`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "E-EMPTY",
            Self::TooLong { .. } => "E-LENGTH",
            Self::Character { .. } => "E-CHAR",
            Self::Spacing(_) => "E-SPACE",
            Self::BirthDate(_) => "E-BIRTH-DATE",
            Self::Date(_) => "E-DATE",
            Self::Future => "E-FUTURE",
            Self::Word(_) => "E-WORD",
            Self::MunicipalityCode(_) => "E-MUNICIPALITY-CODE",
            Self::MunicipalityUnknown => "E-MUNICIPALITY-UNKNOWN",
            Self::MunicipalityNeedsWard => "E-MUNICIPALITY-WARD",
            Self::AddressPlace => "E-ADDRESS-PLACE",
            Self::AddressIncomplete => "E-ADDRESS-INCOMPLETE",
            Self::Substitute(_) => "E-SUBSTITUTE",
            Self::Combination(_) => "E-COMBINATION",
            Self::Unsupported(_) => "E-UNSUPPORTED",
            Self::Missing(_) => "E-MISSING",
            Self::Unexpected(_) => "E-UNEXPECTED",
            Self::Number(_) => "E-NUMBER",
            Self::ResidentCode(_) => "E-RESIDENT-CODE",
        }
    }
}
