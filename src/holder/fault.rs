//! What is wrong with an item: the item and the rule, never the value.

use std::fmt;

/// An item of a holder's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        }
    }
}
