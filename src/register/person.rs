//! The handle of a person.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Rule;

/// The register's handle of a person: opaque here, unique there.
///
/// Never a number of the state: an individual number (個人番号) or a resident-record code
/// (住民票コード) may not be used for this by law, so what could be one is refused.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(String);

impl Person {
    /// A handle of 1 to 64 ASCII letters, digits and `-_.:`.
    ///
    /// # Errors
    /// When it has another form, or is a number whose check digit makes it one of the state's.
    pub fn new(handle: &str) -> Result<Self, Fault> {
        check_handle(Item::Person, handle)?;
        let fault = |rule| Err(Fault::new(Item::Person, rule));
        let digits: Vec<u32> = handle.chars().filter_map(|c| c.to_digit(10)).collect();
        let of_digits = handle.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if of_digits && is_number_of_the_state(&digits) {
            return fault(Rule::Combination(
                "looks like an individual number or a resident-record code, which the law keeps \
                 from this use; give an opaque handle, like p-0001",
            ));
        }
        Ok(Self(handle.to_owned()))
    }

    /// The handle.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Person {
    /// Handles stand in files and on screens, so they may stand in a debug print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.0)
    }
}

impl Serialize for Person {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Person {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Refuses what is not a handle: 1 to 64 ASCII letters, digits and `-_.:`.
pub(super) fn check_handle(item: Item, handle: &str) -> Result<(), Fault> {
    let rule = if handle.is_empty() {
        Rule::Empty
    } else if handle.len() > LIMIT {
        Rule::TooLong { length: handle.chars().count(), limit: LIMIT }
    } else if !handle.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) {
        Rule::Word("ASCII letters, digits and the signs - _ . :")
    } else {
        return Ok(());
    };
    Err(Fault::new(item, rule))
}

/// Twelve digits of an individual number or eleven of a resident-record code.
fn is_number_of_the_state(digits: &[u32]) -> bool {
    matches!(digits.len(), 11 | 12) && has_right_check_digit(digits)
}

/// Whether the last digit is the check digit of the others: modulus 11 over the weights 2 to 7
/// repeating from the right (Ordinance of MIC No. 85 of 2014, article 5).
pub(super) fn has_right_check_digit(digits: &[u32]) -> bool {
    let Some((check, rest)) = digits.split_last() else {
        return false;
    };
    let weights = (2..=7).cycle();
    let sum: u32 = rest.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
    let expected = match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    };
    *check == expected
}

const LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_state_are_no_handles() {
        // Published specimens and trivial sequences.
        for number in ["123456789018", "1234-5678-9018", "983205673214", "24727059608"] {
            assert_eq!(Person::new(number).unwrap_err().code(), "E-COMBINATION");
        }
        for handle in ["123456789012", "p-0001", "24727059609", "1", "A:b_c.d"] {
            Person::new(handle).unwrap();
        }
    }

    #[test]
    fn handles_are_short_and_plain() {
        assert_eq!(Person::new("").unwrap_err().code(), "E-EMPTY");
        assert_eq!(Person::new(&"a".repeat(65)).unwrap_err().code(), "E-LENGTH");
        for bad in ["山田", "a b", "a/b", "a\n"] {
            assert_eq!(Person::new(bad).unwrap_err().code(), "E-WORD");
        }
    }
}
