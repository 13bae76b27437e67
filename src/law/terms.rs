//! What a profile's rules count to: the same rules, other numbers.
//!
//! | | `current` | `next` |
//! |---|---|---|
//! | certificate, first | fifth birthday after issue | tenth |
//! | certificate, renewed | sixth | eleventh (assumed) |
//! | renewal window before its end | three months, by policy | a year, by policy |
//! | card of someone of age | tenth birthday after issue | tenth, and a month |
//! | card of someone under age | fifth birthday after issue | fifth, and a month |
//!
//! Those of `current` are law: Act art. 5 and 24 with the enforcement regulation. Those of `next` are
//! the plan of the task force on the next card (2024), see [`assumed`].

use crate::credential::Profile;
use crate::policy::Policy;
use crate::profile::assumed;

use super::validity::Clause;

/// The numbers of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// To which birthday after issue a first certificate lives.
    pub first: Birthdays,
    /// To which one a certificate lives that is issued in the last months of the one it replaces.
    pub renewed: Birthdays,
    /// How many calendar months before a certificate's end its renewal counts as such.
    pub renewal_window_months: u8,
    /// To which birthday after issue the card of someone lives who was of age when applying.
    pub card_of_age: u8,
    /// To which one that of others lives.
    pub card_under_age: u8,
    /// How many calendar months more, from that birthday.
    pub card_months: u8,
}

/// A count of birthdays, and the clause that stands for it in results and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Birthdays {
    /// How many.
    pub count: u8,
    /// The clause.
    pub clause: Clause,
}

impl Terms {
    /// Those of a profile, where policy leaves them open by policy.
    #[must_use]
    pub fn of(profile: Profile, policy: &Policy) -> Self {
        match profile {
            Profile::Current => Self {
                first: Birthdays { count: 5, clause: Clause::Birthday5 },
                renewed: Birthdays { count: 6, clause: Clause::Birthday6 },
                renewal_window_months: policy.renewal_window_months,
                card_of_age: 10,
                card_under_age: 5,
                card_months: 0,
            },
            Profile::Next => Self {
                first: Birthdays { count: assumed::NEXT_BIRTHDAYS, clause: Clause::Birthday10 },
                renewed: Birthdays {
                    count: assumed::NEXT_RENEWED_BIRTHDAYS,
                    clause: Clause::Birthday11,
                },
                renewal_window_months: policy.next_renewal_window_months,
                card_of_age: assumed::NEXT_CARD_OF_AGE,
                card_under_age: assumed::NEXT_CARD_UNDER_AGE,
                card_months: assumed::NEXT_CARD_MONTHS,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_says_the_count_that_it_stands_for() {
        for profile in Profile::ALL {
            let terms = Terms::of(profile, &Policy::default());
            for Birthdays { count, clause } in [terms.first, terms.renewed] {
                assert_eq!(clause.as_str(), format!("birthday{count}"), "{profile}");
                assert!(clause.japanese().contains(&format!("{count}回目の誕生日")));
            }
        }
    }

    #[test]
    fn each_profile_has_a_window_of_its_own() {
        let policy = Policy { renewal_window_months: 2, ..Policy::default() };
        assert_eq!(Terms::of(Profile::Current, &policy).renewal_window_months, 2);
        assert_eq!(Terms::of(Profile::Next, &policy).renewal_window_months, 12);
        let policy = Policy { next_renewal_window_months: 6, ..Policy::default() };
        assert_eq!(Terms::of(Profile::Current, &policy).renewal_window_months, 3);
        assert_eq!(Terms::of(Profile::Next, &policy).renewal_window_months, 6);
    }
}
