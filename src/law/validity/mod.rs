//! How long a certificate lives (有効期間): the earliest of up to three days, Act art. 5 for the
//! signature certificate and its counterpart art. 24 for user authentication, with the enforcement
//! regulation.
//!
//! | | signature | user authentication |
//! |---|---|---|
//! | fifth birthday after the day of issue, sixth on renewal; of the next card tenth, eleventh | yes | yes |
//! | end of the user-authentication certificate, if there is one | yes | |
//! | end of the card | yes | yes |
//!
//! The residence period of a foreign resident acts through the card's end. All days are days in
//! Japan; a certificate ends when its last day does. To which birthdays is counted, and in which last
//! months of a certificate its renewal counts as one, is a matter of the profile: [`Terms`].

mod clause;

use std::fmt;

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::holder::BirthDate;
use crate::holder::Residence;
use crate::law::Refusal;
use crate::law::Rule;
use crate::law::birthday;
use crate::law::birthday::Birthday;
use crate::law::birthday::Reached;
use crate::law::terms::Birthdays;
use crate::law::terms::Terms;
use crate::policy::Policy;

pub use clause::Clause;

/// The last day of a card (個人番号カード) issued on `issued` and applied for on `applied`: the tenth
/// birthday after issue for those of age when they applied, else the fifth; of the next card a month
/// later; no later than the period of stay.
///
/// Of age is 18; for applications before 1 April 2022 it was 20.
///
/// # Errors
/// A [`Refusal`]: the stay has ended, the age is unknown, the birthday is unknown and policy
/// refuses, the calendar ends.
pub fn card_end(
    birth_date: BirthDate,
    residence: Residence,
    applied: Date,
    issued: Date,
    terms: &Terms,
    policy: &Policy,
) -> Result<Date, Refusal> {
    if residence.period_end().is_some_and(|end| end < issued) {
        return Err(Rule::StayEnded.into());
    }
    let applied_on = (applied.year(), applied.month(), applied.day());
    let of_age = if applied_on < MAJORITY_AT_18 { 20 } else { 18 };
    let birthdays = match birthday::reached(birth_date, of_age, applied, policy) {
        Reached::Yes => terms.card_of_age,
        Reached::No => terms.card_under_age,
        Reached::Unknown => return Err(Rule::CardEndUnknown.into()),
    };
    let birthday = Birthday::new(birth_date, policy)?.nth_after(issued, birthdays.into())?;
    let last = birthday.plus_months(terms.card_months.into()).map_err(|_| Rule::Calendar)?;
    Ok(residence.period_end().map_or(last, |end| end.min(last)))
}

/// The last day of a certificate, and which rule set it.
///
/// # Errors
/// A [`Refusal`]: card, user-authentication certificate or, for a phone, the card's certificate
/// have ended or end today; the birthday is unknown and policy refuses; the calendar ends.
pub fn end(question: &Question, terms: &Terms, policy: &Policy) -> Result<End, Refusal> {
    let issued = question.issued;
    if question.card_end < issued {
        return Err(Rule::CardLapsed.into());
    }
    let card = question.card_end.min(match (question.carrier, question.card_certificate_end) {
        (Carrier::Card, _) => question.card_end,
        (Carrier::Phone, Some(end)) if end >= issued => end,
        (Carrier::Phone, Some(_) | None) => return Err(Rule::PhoneNeedsCard.into()),
    });
    let authentication = match (question.kind, question.authentication_end) {
        (Kind::Signature, Some(end)) if end < issued => {
            return Err(Rule::AuthenticationEnded.into());
        }
        (Kind::Signature, end) => end,
        (Kind::UserAuthentication, _) => None,
    };
    let renewed = question.replaced_end.is_some_and(|end| in_renewal_window(end, issued, terms));
    let Birthdays { count, clause } = if renewed { terms.renewed } else { terms.first };
    let date = Birthday::new(question.birth_date, policy)?.nth_after(issued, count.into())?;

    // On a tie the rule named first has set the day.
    let mut end = End { date, clause };
    for (cap, clause) in [(authentication, Clause::Authentication), (Some(card), Clause::Card)] {
        if let Some(date) = cap.filter(|cap| *cap < end.date) {
            end = End { date, clause };
        }
    }
    if end.date > issued { Ok(end) } else { Err(Rule::NoTimeLeft.into()) }
}

/// Whether a certificate issued on `issued` in place of one that ends on `replaced_end` earns a
/// birthday more: from three months before the end, of the next card from a year, to the last day
/// itself. The regulation looks at the application; here application and issue fall on one day.
#[must_use]
pub fn in_renewal_window(replaced_end: Date, issued: Date, terms: &Terms) -> bool {
    // A first day before the year 1 is before every day of issue.
    let opened = replaced_end
        .plus_months(-i32::from(terms.renewal_window_months))
        .map_or(true, |first| first <= issued);
    opened && issued <= replaced_end
}

/// Refuses a certificate that would outlive the authority's own.
///
/// # Errors
/// A [`Refusal`] by [`Rule::CaEnd`].
pub fn within_ca(end: Date, ca_not_after: Timestamp) -> Result<(), Refusal> {
    if end.end_of_day() <= ca_not_after { Ok(()) } else { Err(Rule::CaEnd.into()) }
}

/// What the end of a certificate depends on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The kind of certificate.
    pub kind: Kind,
    /// What it goes on.
    pub carrier: Carrier,
    /// The holder's date of birth.
    pub birth_date: BirthDate,
    /// The day of issue (発行の日), which is not the day on which the card is handed over.
    pub issued: Date,
    /// The card's last day.
    pub card_end: Date,
    /// For a signature certificate: the last day of the holder's live user-authentication
    /// certificate on the same carrier, one issued together with it included. Else not looked at.
    pub authentication_end: Option<Date>,
    /// For a phone: the last day of the card's certificate of the same kind. Else not looked at.
    /// Assumption: no published text has the exact rule.
    pub card_certificate_end: Option<Date>,
    /// The last day of the certificate that this one replaces.
    pub replaced_end: Option<Date>,
}

impl fmt::Debug for Question {
    /// Redacted: most ends give the birthday away.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, carrier, issued, .. } = self;
        write!(f, "Question({kind} on {carrier}, {issued}, …)")
    }
}

/// The end of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day; the certificate ends with it.
    pub date: Date,
    /// The rule that set it.
    pub clause: Clause,
}

impl End {
    /// The instant for the certificate: 23:59:59 Japan time on the last day.
    #[must_use]
    pub fn not_after(self) -> Timestamp {
        self.date.end_of_day()
    }
}

/// From this day of application on, 18 is of age for a card.
const MAJORITY_AT_18: (i16, i8, i8) = (2022, 4, 1);

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
