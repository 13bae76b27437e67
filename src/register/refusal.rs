//! Why the register says no.

use std::fmt;

use crate::holder::Fault;
use crate::holder::Item;

use super::rule::Rule;

/// Why an event changes nothing, or a request is refused: a rule and the item, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A rule of the register.
    #[error("{}{}", prefix(*.item), .rule.message())]
    Rule {
        /// The rule.
        rule: Rule,
        /// The item that it is about.
        item: Option<Item>,
    },
    /// An item that cannot be, by itself or with the others.
    #[error("{0}")]
    Data(Fault),
}

impl Refusal {
    /// `rule` says no to `item`.
    #[must_use]
    pub fn of(rule: Rule, item: Item) -> Self {
        Self::Rule { rule, item: Some(item) }
    }

    /// The stable code, `R-…` of a rule, `E-…` of data.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rule { rule, .. } => rule.code(),
            Self::Data(fault) => fault.code(),
        }
    }

    /// The item that it is about.
    #[must_use]
    pub fn item(&self) -> Option<Item> {
        match self {
            Self::Rule { item, .. } => *item,
            Self::Data(fault) => Some(fault.item),
        }
    }
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self::Rule { rule, item: rule.item() }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Data(fault)
    }
}

/// Everything found wrong with an event at once, so that it is corrected at once; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    first: Refusal,
    rest: Vec<Refusal>,
}

impl Refusals {
    /// These refusals; nothing when there are none.
    #[must_use]
    pub fn new(refusals: Vec<Refusal>) -> Option<Self> {
        let mut refusals = refusals.into_iter();
        let first = refusals.next()?;
        Some(Self { first, rest: refusals.collect() })
    }

    /// The first, which names the event's fate.
    #[must_use]
    pub fn first(&self) -> &Refusal {
        &self.first
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Refusal> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

impl<R: Into<Refusal>> From<R> for Refusals {
    fn from(refusal: R) -> Self {
        Self { first: refusal.into(), rest: Vec::new() }
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, refusal) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {refusal}", refusal.code())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}

fn prefix(item: Option<Item>) -> String {
    item.map(|item| format!("{item}: ")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said() {
        let refusals = Refusals::new(vec![
            Refusal::of(Rule::OldValue, Item::Address),
            Rule::EventOrder.into(),
        ])
        .unwrap();
        assert_eq!(refusals.first().code(), "R-OLD-VALUE");
        let text = refusals.to_string();
        assert!(text.starts_with("R-OLD-VALUE: address: the old value"), "{text}");
        assert!(text.contains("; R-EVENT-ORDER: event_date: the event is dated"), "{text}");
        assert_eq!(Refusals::new(Vec::new()), None);
    }

    #[test]
    fn a_rule_about_one_item_names_it() {
        for rule in Rule::ALL {
            assert_eq!(Refusal::from(rule).item(), rule.item());
        }
    }
}
