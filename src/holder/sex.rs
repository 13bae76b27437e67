//! Sex (性別), one digit in the certificate (subject alternative name, otherName .3).

use std::fmt;
use std::str::FromStr;

use super::Fault;
use super::Item;
use super::Rule;

/// Sex as the resident record states it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
    /// 不明.
    Unknown,
}

impl Sex {
    /// All three, by digit.
    pub const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Unknown];

    /// The digit of the certificate.
    #[must_use]
    pub fn digit(self) -> char {
        match self {
            Self::Male => '1',
            Self::Female => '2',
            Self::Unknown => '3',
        }
    }

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Debug for Sex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sex(redacted)")
    }
}

impl FromStr for Sex {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|sex| sex.as_str() == text);
        found.ok_or_else(|| Fault::new(Item::Sex, Rule::Word("male, female, unknown")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for (sex, digit) in Sex::ALL.into_iter().zip('1'..) {
            assert_eq!(sex.as_str().parse(), Ok(sex));
            assert_eq!(sex.digit(), digit);
        }
        for bad in ["", "Male", "男", "1", "female "] {
            assert_eq!(bad.parse::<Sex>().unwrap_err().code(), "E-WORD", "{bad}");
        }
    }

    #[test]
    fn it_does_not_print() {
        for sex in Sex::ALL {
            assert_eq!(format!("{sex:?} {sex:#?}"), "Sex(redacted) Sex(redacted)");
        }
    }
}
