//! What the law says, as pure functions with the article beside each rule: who may hold a
//! certificate, how long it lives, what ends it.
//!
//! "Act" is Act 153 of 2002 (公的個人認証法). Its chapter on user authentication repeats the one on
//! signatures article by article, nineteen numbers further on: 3 and 22, 5 and 24, 9 and 28, 12 and
//! 31, 15 and 34, 17 and 36; those of 12, 15 and 17 are confirmed, the others follow from the
//! parallel. The articles on phones, 16-2 to 16-15 and 35-2 to 35-15, are known in outline only.
//! Where neither law nor published facts decide, a switch of [`crate::policy`] does.

pub mod article;
mod birthday;
pub mod effect;
pub mod eligibility;
pub mod revocation;
pub mod rollover;
pub mod terms;
pub mod validity;

use std::fmt;

use crate::holder::Item;

/// A rule says no. Its message says what to do and holds nothing of the holder's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .rule.message())]
#[non_exhaustive]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
}

impl Refusal {
    /// `rule` says no.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule }
    }

    /// The stable code of the rule, `R-…`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.rule.code()
    }

    /// The item of the holder's data that the rule is about, if it is about one.
    #[must_use]
    pub fn item(&self) -> Option<Item> {
        self.rule.item()
    }
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self::new(rule)
    }
}

/// A rule of law or policy that can refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// No signature certificate under 15 (practice under Act art. 3).
    Age15,
    /// Whether the holder is 15 cannot be told from the date of birth.
    AgeUnknown,
    /// No signature certificate for an adult ward (成年被後見人), by policy `adult_wards`.
    Guardianship,
    /// Someone under 15 acts through a legal representative (法定代理人), by policy `minors`.
    LegalRepresentative,
    /// A phone's certificates rest on the card's signature certificate (Act art. 16-2, 35-2).
    PhoneNeedsCard,
    /// The period of stay (在留期間) has ended, and card and register entry with it.
    StayEnded,
    /// The card's end cannot be computed: whether the holder was of age is unknown.
    CardEndUnknown,
    /// The card has ended (Act art. 15, 34: what it carries ends with it).
    CardLapsed,
    /// The user-authentication certificate that caps a signature certificate has ended.
    AuthenticationEnded,
    /// The day on which birthdays are counted is unknown, and policy `unknown_birthday` refuses.
    BirthdayUnknown,
    /// Card or user-authentication certificate end on the day of issue.
    NoTimeLeft,
    /// The certificate would outlive the authority's own, and nobody could verify it to its end.
    CaEnd,
    /// The end lies beyond the calendar, year 9998.
    Calendar,
    /// What is revoked stays revoked (Act art. 15, 34).
    AlreadyRevoked,
    /// What is held cannot be held again.
    AlreadyHeld,
    /// Only what is held can be released.
    NotHeld,
    /// This hold is never released: a signature certificate's, or a card's by policy
    /// `card_hold_release`.
    HoldFinal,
    /// `certificate-hold` is not a reason to revoke but an act of its own.
    ReasonHold,
    /// `ca-compromise` never ends a single certificate (Act art. 14, 33).
    ReasonCa,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 19] = [
        Self::Age15,
        Self::AgeUnknown,
        Self::Guardianship,
        Self::LegalRepresentative,
        Self::PhoneNeedsCard,
        Self::StayEnded,
        Self::CardEndUnknown,
        Self::CardLapsed,
        Self::AuthenticationEnded,
        Self::BirthdayUnknown,
        Self::NoTimeLeft,
        Self::CaEnd,
        Self::Calendar,
        Self::AlreadyRevoked,
        Self::AlreadyHeld,
        Self::NotHeld,
        Self::HoldFinal,
        Self::ReasonHold,
        Self::ReasonCa,
    ];

    /// The stable code, `R-…`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Age15 => "R-AGE-15",
            Self::AgeUnknown => "R-AGE-UNKNOWN",
            Self::Guardianship => "R-GUARDIANSHIP",
            Self::LegalRepresentative => "R-LEGAL-REPRESENTATIVE",
            Self::PhoneNeedsCard => "R-PHONE-NEEDS-CARD",
            Self::StayEnded => "R-STAY-ENDED",
            Self::CardEndUnknown => "R-CARD-END-UNKNOWN",
            Self::CardLapsed => "R-CARD-LAPSED",
            Self::AuthenticationEnded => "R-AUTHENTICATION-ENDED",
            Self::BirthdayUnknown => "R-BIRTHDAY-UNKNOWN",
            Self::NoTimeLeft => "R-NO-TIME-LEFT",
            Self::CaEnd => "R-CA-END",
            Self::Calendar => "R-CALENDAR",
            Self::AlreadyRevoked => "R-ALREADY-REVOKED",
            Self::AlreadyHeld => "R-ALREADY-HELD",
            Self::NotHeld => "R-NOT-HELD",
            Self::HoldFinal => "R-HOLD-FINAL",
            Self::ReasonHold => "R-REASON-HOLD",
            Self::ReasonCa => "R-REASON-CA",
        }
    }

    /// The item of the holder's data that the rule is about, if it is about one.
    #[must_use]
    pub fn item(self) -> Option<Item> {
        match self {
            Self::Age15 | Self::AgeUnknown | Self::BirthdayUnknown => Some(Item::BirthDate),
            Self::StayEnded => Some(Item::Residence),
            Self::CardEndUnknown | Self::CardLapsed => Some(Item::Card),
            Self::Guardianship
            | Self::LegalRepresentative
            | Self::PhoneNeedsCard
            | Self::AuthenticationEnded
            | Self::NoTimeLeft
            | Self::CaEnd
            | Self::Calendar
            | Self::AlreadyRevoked
            | Self::AlreadyHeld
            | Self::NotHeld
            | Self::HoldFinal
            | Self::ReasonHold
            | Self::ReasonCa => None,
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Age15 => {
                "no signature certificate under 15; issue user authentication only, or wait for \
                 the fifteenth birthday"
            }
            Self::AgeUnknown => {
                "the date of birth leaves open whether the holder is 15; have the register \
                 complete it"
            }
            Self::Guardianship => {
                "no signature certificate for an adult ward; issue user authentication only"
            }
            Self::LegalRepresentative => {
                "someone under 15 acts through a legal representative; set legal_representative \
                 when one is present"
            }
            Self::PhoneNeedsCard => {
                "a phone's certificate needs a live certificate on the card; issue the card's first"
            }
            Self::StayEnded => {
                "the period of stay has ended; have the register record its extension first"
            }
            Self::CardEndUnknown => {
                "the card's end cannot be computed, whether the holder was of age when applying is \
                 unknown; give card.expires"
            }
            Self::CardLapsed => "the card has ended; have a new card issued first",
            Self::AuthenticationEnded => {
                "the user-authentication certificate has ended; renew it first"
            }
            Self::BirthdayUnknown => {
                "the day of birth is not known and the policy unknown_birthday refuses to stand in \
                 for it; have the register complete it, or change the policy"
            }
            Self::NoTimeLeft => {
                "the certificate would end on the day of its issue; renew the card or the \
                 user-authentication certificate first"
            }
            Self::CaEnd => {
                "the certificate would outlive the authority's own; start the authority's next \
                 generation first"
            }
            Self::Calendar => "the end lies beyond the year 9998; check the day of issue",
            Self::AlreadyRevoked => {
                "the certificate is revoked, which is final; issue a new one if one is needed"
            }
            Self::AlreadyHeld => "the certificate is held already; revoke it to end it for good",
            Self::NotHeld => "the certificate is not held; there is nothing to release",
            Self::HoldFinal => {
                "this certificate's hold is final; revoke the certificate and issue a new one"
            }
            Self::ReasonHold => {
                "certificate-hold is no reason to revoke; hold the certificate instead"
            }
            Self::ReasonCa => {
                "ca-compromise ends all certificates of an authority, never one; give the reason \
                 that concerns this certificate"
            }
        }
    }
}

impl fmt::Display for Rule {
    /// The code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_messages_say_what_to_do() {
        let codes: HashSet<_> = Rule::ALL.into_iter().map(Rule::code).collect();
        let messages: HashSet<_> = Rule::ALL.into_iter().map(Rule::message).collect();
        assert_eq!((codes.len(), messages.len()), (Rule::ALL.len(), Rule::ALL.len()));
        for rule in Rule::ALL {
            let refusal = Refusal::from(rule);
            assert!(refusal.code().starts_with("R-"), "{rule}");
            assert!(refusal.to_string().contains("; "), "{rule}");
            assert!(!refusal.to_string().ends_with('.'), "{rule}");
            assert_eq!(refusal.item(), rule.item());
        }
    }

    #[test]
    fn every_rule_is_explained() {
        for rule in Rule::ALL {
            assert!(crate::register::explanation(rule.code()).is_some(), "{rule}");
        }
    }
}
