//! Who sends events.

use std::fmt;
use std::str::FromStr;

use crate::holder::Fault;
use crate::holder::Item;
use crate::holder::Municipality;
use crate::holder::Rule;

/// Who sends events, each a feed of its own with its own sequence.
///
/// Only these may change what is recorded (入手経路の限定); what each may send is checked with the
/// event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A municipality's communication server (市町村CS).
    Municipality(Municipality),
    /// The Immigration Services Agency (出入国在留管理庁): stays of foreign residents.
    Immigration,
    /// The desk for cards and phones: hotline, portal, production (機構のカード窓口).
    CardDesk,
}

impl Source {
    /// The word in events: the municipality's code, `immigration`, `card-desk`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Municipality(municipality) => municipality.code(),
            Self::Immigration => IMMIGRATION,
            Self::CardDesk => CARD_DESK,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Source {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            IMMIGRATION => Ok(Self::Immigration),
            CARD_DESK => Ok(Self::CardDesk),
            code if code.bytes().all(|b| b.is_ascii_digit()) && !code.is_empty() => {
                Municipality::from_code(code)
                    .map(Self::Municipality)
                    .map_err(|fault| Fault::new(Item::Source, fault.rule))
            }
            _ => Err(Fault::new(Item::Source, Rule::Word(WORDS))),
        }
    }
}

const IMMIGRATION: &str = "immigration";
const CARD_DESK: &str = "card-desk";
const WORDS: &str = "a municipality's six-digit code, immigration, card-desk";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_as_they_are_written() {
        for word in ["132217", "immigration", "card-desk"] {
            assert_eq!(word.parse::<Source>().unwrap().to_string(), word);
        }
        for (word, code) in [
            ("132216", "E-MUNICIPALITY-CODE"),
            ("139998", "E-MUNICIPALITY-UNKNOWN"),
            ("011002", "E-MUNICIPALITY-WARD"),
            ("cs-132217", "E-WORD"),
            ("", "E-WORD"),
        ] {
            let fault = word.parse::<Source>().unwrap_err();
            assert_eq!((fault.item, fault.code()), (Item::Source, code), "{word}");
        }
    }
}
