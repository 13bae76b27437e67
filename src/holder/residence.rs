//! On what footing a holder lives in Japan (在留資格等), and until when.

use std::fmt;
use std::str::FromStr;

use crate::clock::Date;
use crate::holder::fault::Fault;
use crate::holder::fault::Item;
use crate::holder::fault::Rule;

/// A category with the end of the period where the category has one; the two always agree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Residence {
    category: Category,
    period_end: Option<Date>,
}

impl Residence {
    /// A residence.
    ///
    /// # Errors
    /// A [`Fault`] of the residence when the category needs a period's end and there is none, or
    /// has none and one is given.
    pub fn new(category: Category, period_end: Option<Date>) -> Result<Self, Fault> {
        match (category.needs_period_end(), period_end) {
            (true, None) => Err(combination(END_MISSING)),
            (false, Some(_)) => Err(combination(END_UNKNOWN)),
            (true, Some(_)) | (false, None) => Ok(Self { category, period_end }),
        }
    }

    /// The category.
    #[must_use]
    pub fn category(self) -> Category {
        self.category
    }

    /// The last day of the period (在留期間の満了日), for the categories that have one.
    #[must_use]
    pub fn period_end(self) -> Option<Date> {
        self.period_end
    }
}

impl fmt::Debug for Residence {
    /// Redacted: a residence is a holder's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Residence(…)")
    }
}

/// Category of residence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// Japanese national with an address in Japan (日本国民).
    National,
    /// Japanese national who moved abroad and is kept in the family-register annex (国外転出者).
    NationalAbroad,
    /// Permanent resident (永住者).
    Permanent,
    /// Special permanent resident (特別永住者).
    SpecialPermanent,
    /// Highly skilled professional (ii) (高度専門職第2号).
    HighlySkilled2,
    /// Other mid-to-long-term resident (中長期在留者).
    MidLongTerm,
    /// Holder of a permission for temporary refuge (一時庇護許可者).
    TemporaryRefuge,
    /// Holder of a permission for provisional stay (仮滞在許可者).
    ProvisionalStay,
    /// Transitional resident by birth or by loss of nationality (経過滞在者).
    Transitional,
}

impl Category {
    /// All categories, in the order in which files list them.
    pub const ALL: [Self; 9] = [
        Self::National,
        Self::NationalAbroad,
        Self::Permanent,
        Self::SpecialPermanent,
        Self::HighlySkilled2,
        Self::MidLongTerm,
        Self::TemporaryRefuge,
        Self::ProvisionalStay,
        Self::Transitional,
    ];

    /// Whether the register keeps the holder as a foreign resident (外国人住民).
    #[must_use]
    pub fn is_foreign(self) -> bool {
        match self {
            Self::National | Self::NationalAbroad => false,
            Self::Permanent
            | Self::SpecialPermanent
            | Self::HighlySkilled2
            | Self::MidLongTerm
            | Self::TemporaryRefuge
            | Self::ProvisionalStay
            | Self::Transitional => true,
        }
    }

    /// Whether the stay ends on a day of its own, and the card with it.
    #[must_use]
    pub fn needs_period_end(self) -> bool {
        match self {
            Self::National
            | Self::NationalAbroad
            | Self::Permanent
            | Self::SpecialPermanent
            | Self::HighlySkilled2 => false,
            Self::MidLongTerm
            | Self::TemporaryRefuge
            | Self::ProvisionalStay
            | Self::Transitional => true,
        }
    }

    /// The word of the holder file and of register events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::NationalAbroad => "national_abroad",
            Self::Permanent => "permanent",
            Self::SpecialPermanent => "special_permanent",
            Self::HighlySkilled2 => "highly_skilled_2",
            Self::MidLongTerm => "mid_long_term",
            Self::TemporaryRefuge => "temporary_refuge",
            Self::ProvisionalStay => "provisional_stay",
            Self::Transitional => "transitional",
        }
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::National => "日本国民",
            Self::NationalAbroad => "国外転出者",
            Self::Permanent => "永住者",
            Self::SpecialPermanent => "特別永住者",
            Self::HighlySkilled2 => "高度専門職第2号",
            Self::MidLongTerm => "中長期在留者",
            Self::TemporaryRefuge => "一時庇護許可者",
            Self::ProvisionalStay => "仮滞在許可者",
            Self::Transitional => "経過滞在者",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Category {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or_else(|| Fault::new(Item::Residence, Rule::Word(WORDS)))
    }
}

fn combination(message: &'static str) -> Fault {
    Fault::new(Item::Residence, Rule::Combination(message))
}

const WORDS: &str = "national, national_abroad, permanent, special_permanent, highly_skilled_2, \
                     mid_long_term, temporary_refuge, provisional_stay, transitional";
const END_MISSING: &str = "this category ends on a day of its own; give period_end";
const END_UNKNOWN: &str = "this category has no end of its own; leave period_end out";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_end_goes_with_the_last_four_categories_only() {
        let end = Date::new(2030, 3, 31).unwrap();
        for (i, category) in Category::ALL.into_iter().enumerate() {
            let (with, without) =
                (Residence::new(category, Some(end)), Residence::new(category, None));
            let (right, wrong) = if i < 5 { (without, with) } else { (with, without) };
            let fault = wrong.unwrap_err();
            assert_eq!((fault.item, fault.code()), (Item::Residence, "E-COMBINATION"));
            let residence = right.unwrap();
            assert_eq!(residence.category(), category);
            assert_eq!(residence.period_end().is_some(), i >= 5);
            assert_eq!(category.is_foreign(), i >= 2);
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
            assert!(WORDS.split(", ").any(|word| word == category.as_str()));
        }
        for unknown in ["", "National", "tourist", "mid-long-term"] {
            let fault = unknown.parse::<Category>().unwrap_err();
            assert_eq!((fault.item, fault.code()), (Item::Residence, "E-WORD"));
        }
    }

    #[test]
    fn debug_tells_nothing() {
        let residence = Residence::new(Category::Permanent, None).unwrap();
        assert_eq!(format!("{residence:?}"), "Residence(…)");
    }
}
