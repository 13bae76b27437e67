//! How long a certificate lives (有効期間): the earliest of up to three days, Act art. 5 for the
//! signature certificate and its counterpart art. 24 for user authentication, with the enforcement
//! regulation.
//!
//! | | signature | user authentication |
//! |---|---|---|
//! | fifth birthday after the day of issue, sixth on renewal | yes | yes |
//! | end of the user-authentication certificate, if there is one | yes | |
//! | end of the card | yes | yes |
//!
//! The residence period of a foreign resident acts through the card's end. All days are days in
//! Japan; a certificate ends when its last day does.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

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
use crate::policy::Policy;

/// The last day of a card (個人番号カード) issued on `issued` and applied for on `applied`: the tenth
/// birthday after issue for those of age when they applied, else the fifth; no later than the
/// period of stay.
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
    policy: &Policy,
) -> Result<Date, Refusal> {
    if residence.period_end().is_some_and(|end| end < issued) {
        return Err(Rule::StayEnded.into());
    }
    let applied_on = (applied.year(), applied.month(), applied.day());
    let of_age = if applied_on < MAJORITY_AT_18 { 20 } else { 18 };
    let birthdays = match birthday::reached(birth_date, of_age, applied, policy) {
        Reached::Yes => 10,
        Reached::No => 5,
        Reached::Unknown => return Err(Rule::CardEndUnknown.into()),
    };
    let birthday = Birthday::new(birth_date, policy)?.nth_after(issued, birthdays)?;
    Ok(residence.period_end().map_or(birthday, |end| end.min(birthday)))
}

/// The last day of a certificate, and which rule set it.
///
/// # Errors
/// A [`Refusal`]: card, user-authentication certificate or, for a phone, the card's certificate
/// have ended or end today; the birthday is unknown and policy refuses; the calendar ends.
pub fn end(question: &Question, policy: &Policy) -> Result<End, Refusal> {
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
    let renewed = question.replaced_end.is_some_and(|end| in_renewal_window(end, issued, policy));
    let (count, clause) = if renewed { (6, Clause::Birthday6) } else { (5, Clause::Birthday5) };
    let date = Birthday::new(question.birth_date, policy)?.nth_after(issued, count)?;

    // On a tie the rule named first has set the day.
    let mut end = End { date, clause };
    for (cap, clause) in [(authentication, Clause::Authentication), (Some(card), Clause::Card)] {
        if let Some(date) = cap.filter(|cap| *cap < end.date) {
            end = End { date, clause };
        }
    }
    if end.date > issued { Ok(end) } else { Err(Rule::NoTimeLeft.into()) }
}

/// Whether a certificate issued on `issued` in place of one that ends on `replaced_end` earns the
/// sixth birthday: from three months before the end, by default, to the last day itself. The
/// regulation looks at the application; here application and issue fall on one day.
#[must_use]
pub fn in_renewal_window(replaced_end: Date, issued: Date, policy: &Policy) -> bool {
    // A first day before the year 1 is before every day of issue.
    let opened = replaced_end
        .plus_months(-i32::from(policy.renewal_window_months))
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

/// The rule that set a certificate's end. Of rules that give the same day the first counts, in this
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clause {
    /// Fifth birthday after issue.
    Birthday5,
    /// Sixth birthday after issue, on renewal.
    Birthday6,
    /// End of the user-authentication certificate.
    Authentication,
    /// End of the card, or for a phone of the card's certificate.
    Card,
}

impl Clause {
    /// All clauses, in the order in which they count.
    pub const ALL: [Self; 4] = [Self::Birthday5, Self::Birthday6, Self::Authentication, Self::Card];

    /// The word of results and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Birthday5 => "birthday5",
            Self::Birthday6 => "birthday6",
            Self::Authentication => "authentication",
            Self::Card => "card",
        }
    }

    /// The rule in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Birthday5 => "発行の日後の5回目の誕生日（公的個人認証法第5条・第24条）",
            Self::Birthday6 => {
                "有効期間の満了まで3月未満の更新につき、発行の日後の6回目の誕生日\
                 （公的個人認証法第5条・第24条）"
            }
            Self::Authentication => {
                "利用者証明用電子証明書の有効期間が満了する日（公的個人認証法第5条）"
            }
            Self::Card => "個人番号カードの有効期間が満了する日（公的個人認証法第5条・第24条）",
        }
    }

    /// The rule in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Birthday5 => "fifth birthday after the day of issue (Act 153/2002 art. 5, 24)",
            Self::Birthday6 => {
                "sixth birthday after the day of issue, as less than three months of the renewed \
                 certificate were left (Act 153/2002 art. 5, 24)"
            }
            Self::Authentication => {
                "end of the holder's user-authentication certificate (Act 153/2002 art. 5)"
            }
            Self::Card => {
                "end of the card; for a phone, of the card's certificate (Act 153/2002 art. 5, 24)"
            }
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// From this day of application on, 18 is of age for a card.
const MAJORITY_AT_18: (i16, i8, i8) = (2022, 4, 1);

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::option;
    use proptest::prelude::Just;
    use proptest::prelude::Strategy;
    use proptest::prelude::prop_oneof;
    use proptest::prop_assert;
    use proptest::prop_assert_eq;
    use proptest::proptest;
    use proptest::sample::select;

    use crate::holder::Category;
    use crate::policy::LeapBirthday;
    use crate::policy::UnknownBirthday;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn born(text: &str) -> BirthDate {
        text.parse().unwrap()
    }

    fn national() -> Residence {
        Residence::new(Category::National, None).unwrap()
    }

    /// User authentication on a card that lives long.
    fn question(birth_date: &str, issued: &str) -> Question {
        Question {
            kind: Kind::UserAuthentication,
            carrier: Carrier::Card,
            birth_date: born(birth_date),
            issued: date(issued),
            card_end: date("2099-12-31"),
            authentication_end: None,
            card_certificate_end: None,
            replaced_end: None,
        }
    }

    fn answer(question: &Question) -> Result<(String, &'static str), Rule> {
        match end(question, &Policy::default()) {
            Ok(end) => Ok((end.date.to_string(), end.clause.as_str())),
            Err(refusal) => Err(refusal.rule),
        }
    }

    fn ends(day: &str, clause: &'static str) -> Result<(String, &'static str), Rule> {
        Ok((day.to_owned(), clause))
    }

    #[test]
    fn known_ends_come_out() {
        let mut lines = include_str!("../../testdata/vectors/validity.tsv")
            .lines()
            .filter(|l| !l.starts_with('#'));
        let header: Vec<_> = lines.next().unwrap().split('\t').collect();
        let mut count = 0;
        for line in lines {
            let cells: Vec<_> = line.split('\t').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            let mut row: HashMap<_, _> = header.iter().copied().zip(cells).collect();
            let mut take = |column: &str| row.remove(column).unwrap();
            let note = take("note");
            let optional = |text: &str| (!text.is_empty()).then(|| date(text));

            let leap_birthday = match take("leap_birthday") {
                "feb28" => LeapBirthday::Feb28,
                "mar1" => LeapBirthday::Mar1,
                other => panic!("{other}"),
            };
            let policy = Policy { leap_birthday, ..Policy::default() };
            let period_end = optional(take("period_end"));
            let residence = Residence::new(take("category").parse().unwrap(), period_end).unwrap();
            let (birth_date, issued) = (born(take("birth_date")), date(take("issued")));
            let card_end = optional(take("card_given")).unwrap_or_else(|| {
                card_end(birth_date, residence, issued, issued, &policy).unwrap()
            });
            assert_eq!(card_end.to_string(), take("card_end"), "{note}");
            let question = Question {
                kind: take("kind").parse().unwrap(),
                carrier: Carrier::Card,
                birth_date,
                issued,
                card_end,
                authentication_end: optional(take("auth_end")),
                card_certificate_end: None,
                replaced_end: optional(take("old_end")),
            };
            let end = end(&question, &policy).unwrap();
            assert_eq!(
                (end.date.to_string().as_str(), end.clause.as_str()),
                (take("end"), take("clause")),
                "{note}"
            );
            assert!(row.is_empty(), "columns that nothing looked at: {row:?}");
            count += 1;
        }
        assert!(count >= 22, "{count}");
    }

    #[test]
    fn the_published_test_card_comes_out() {
        let end = end(&question("1980-02-17", "2025-10-27"), &Policy::default()).unwrap();
        assert_eq!(end.not_after().to_string(), "2030-02-17T14:59:59Z");
    }

    #[test]
    fn on_a_tie_birthday_comes_before_authentication_before_card() {
        let mut tied = question("1990-12-07", "2025-04-02");
        tied.kind = Kind::Signature;
        for day in ["2029-12-07", "2029-12-06"] {
            tied.authentication_end = Some(date(day));
            tied.card_end = date(day);
            let clause = if day.ends_with('7') { "birthday5" } else { "authentication" };
            assert_eq!(answer(&tied), ends(day, clause));
        }
        tied.authentication_end = None;
        assert_eq!(answer(&tied), ends("2029-12-06", "card"));
    }

    #[test]
    fn the_authentication_certificate_caps_signatures_only() {
        let mut capped = question("1990-12-07", "2025-04-02");
        capped.authentication_end = Some(date("2027-12-07"));
        assert_eq!(answer(&capped), ends("2029-12-07", "birthday5"));
        capped.kind = Kind::Signature;
        assert_eq!(answer(&capped), ends("2027-12-07", "authentication"));
    }

    #[test]
    fn the_renewal_window_is_closed_at_both_ends() {
        let policy = Policy::default();
        for (old_end, issued, within) in [
            ("2029-12-07", "2029-09-06", false),
            ("2029-12-07", "2029-09-07", true),
            ("2029-12-07", "2029-12-07", true),
            ("2029-12-07", "2029-12-08", false),
            ("2030-05-31", "2030-02-27", false),
            ("2030-05-31", "2030-02-28", true),
            ("2028-05-31", "2028-02-28", false),
            ("2028-05-31", "2028-02-29", true),
            ("0001-01-15", "0001-01-01", true),
        ] {
            let renews = in_renewal_window(date(old_end), date(issued), &policy);
            assert_eq!(renews, within, "{old_end} {issued}");
        }
        let year = Policy { renewal_window_months: 12, ..policy };
        assert!(in_renewal_window(date("2029-12-07"), date("2028-12-07"), &year));
    }

    #[test]
    fn a_renewal_on_the_last_day_earns_the_sixth_birthday_and_the_day_after_the_fifth() {
        let mut renewal = question("1990-12-07", "2029-12-07");
        renewal.replaced_end = Some(date("2029-12-07"));
        // Issued on the birthday: six birthdays are six years, and the card may allow it.
        assert_eq!(answer(&renewal), ends("2035-12-07", "birthday6"));
        renewal.issued = date("2029-12-08");
        assert_eq!(answer(&renewal), ends("2034-12-07", "birthday5"));
    }

    #[test]
    fn what_has_ended_or_ends_today_caps_nothing() {
        let mut late = question("1990-12-07", "2025-04-02");
        late.kind = Kind::Signature;
        late.card_end = date("2025-04-01");
        assert_eq!(answer(&late), Err(Rule::CardLapsed));
        late.card_end = date("2025-04-02");
        assert_eq!(answer(&late), Err(Rule::NoTimeLeft));
        late.card_end = date("2025-04-03");
        assert_eq!(answer(&late), ends("2025-04-03", "card"));
        late.authentication_end = Some(date("2025-04-01"));
        assert_eq!(answer(&late), Err(Rule::AuthenticationEnded));
        late.authentication_end = Some(date("2025-04-02"));
        assert_eq!(answer(&late), Err(Rule::NoTimeLeft));
    }

    #[test]
    fn a_phone_ends_with_the_cards_certificate() {
        let mut phone = question("1990-12-07", "2025-04-02");
        phone.carrier = Carrier::Phone;
        assert_eq!(answer(&phone), Err(Rule::PhoneNeedsCard));
        phone.card_certificate_end = Some(date("2025-04-01"));
        assert_eq!(answer(&phone), Err(Rule::PhoneNeedsCard));
        phone.card_certificate_end = Some(date("2025-04-02"));
        assert_eq!(answer(&phone), Err(Rule::NoTimeLeft));
        phone.card_certificate_end = Some(date("2027-12-07"));
        assert_eq!(answer(&phone), ends("2027-12-07", "card"));
        phone.card_end = date("2026-08-31");
        assert_eq!(answer(&phone), ends("2026-08-31", "card"));
        phone.carrier = Carrier::Card;
        phone.card_certificate_end = Some(date("2026-01-01"));
        assert_eq!(answer(&phone), ends("2026-08-31", "card"));
    }

    #[test]
    fn an_unknown_birthday_follows_policy() {
        let unknown = question("1950-00-00", "2026-11-21");
        assert_eq!(answer(&unknown), ends("2031-01-01", "birthday5"));
        let refuse = Policy { unknown_birthday: UnknownBirthday::Refuse, ..Policy::default() };
        assert_eq!(end(&unknown, &refuse), Err(Rule::BirthdayUnknown.into()));
    }

    #[test]
    fn a_card_lives_ten_birthdays_for_those_of_age_when_they_applied() {
        let policy = Policy::default();
        let card = |birth: &str, applied: &str, issued: &str| {
            card_end(born(birth), national(), date(applied), date(issued), &policy)
                .map(|end| end.to_string())
                .map_err(|refusal| refusal.rule)
        };
        let answers = |day: &str| Ok(day.to_owned());
        // Age counts on the day of application, birthdays from the day of issue.
        assert_eq!(card("2008-11-21", "2026-11-20", "2026-12-01"), answers("2031-11-21"));
        assert_eq!(card("2008-11-21", "2026-11-21", "2026-12-01"), answers("2036-11-21"));
        // 18 has been of age since April 2022.
        assert_eq!(card("2003-06-01", "2022-03-31", "2022-04-20"), answers("2026-06-01"));
        assert_eq!(card("2003-06-01", "2022-04-01", "2022-04-20"), answers("2031-06-01"));
        assert_eq!(card("2002-03-31", "2022-03-31", "2022-04-20"), answers("2032-03-31"));
        assert_eq!(card("0000-05-10", "2026-11-21", "2026-11-21"), Err(Rule::CardEndUnknown));
        assert_eq!(card("2008-00-00", "2026-11-21", "2026-11-21"), Err(Rule::CardEndUnknown));
        assert_eq!(card("1950-00-00", "2026-11-21", "2026-11-21"), answers("2036-01-01"));
    }

    #[test]
    fn a_card_ends_with_the_stay() {
        let policy = Policy::default();
        for category in Category::ALL.into_iter().filter(|one| one.needs_period_end()) {
            let card = |stay: &str| {
                let residence = Residence::new(category, Some(date(stay))).unwrap();
                let issued = date("2026-11-21");
                card_end(born("1985-07-30"), residence, issued, issued, &policy)
            };
            assert_eq!(card("2026-11-20"), Err(Rule::StayEnded.into()));
            assert_eq!(card("2026-11-21"), Ok(date("2026-11-21")));
            assert_eq!(card("2028-01-31"), Ok(date("2028-01-31")));
            assert_eq!(card("2050-01-31"), Ok(date("2036-07-30")));
        }
    }

    #[test]
    fn nothing_outlives_the_authority() {
        let end = date("2029-12-07");
        let last = end.end_of_day();
        assert_eq!(within_ca(end, last), Ok(()));
        assert_eq!(within_ca(end, last.plus_seconds(-1)), Err(Rule::CaEnd.into()));
    }

    #[test]
    fn clauses_are_written_with_one_word() {
        for clause in Clause::ALL {
            assert_eq!(serde_json::to_value(clause).unwrap(), clause.as_str());
            assert!(clause.english().contains("art. 5"));
            assert!(clause.japanese().contains("第5条"));
        }
    }

    #[test]
    fn debug_gives_no_birthday_away() {
        let text = format!("{:?}", question("1990-12-07", "2025-04-02"));
        assert_eq!(text, "Question(user-authentication on card, 2025-04-02, …)");
    }

    fn any_date() -> impl Strategy<Value = Date> {
        (1_i16..=9998, 1_i8..=12, 1_i8..=31)
            .prop_filter_map("a day", |(year, month, day)| Date::new(year, month, day).ok())
    }

    /// Days within a holder's life, so that the rules meet.
    fn near_date() -> impl Strategy<Value = Date> {
        (0_i32..8000).prop_map(|days| date("2015-01-01").plus_days(days).unwrap())
    }

    fn any_birth_date() -> impl Strategy<Value = BirthDate> {
        let leap = (0_i16..=30).prop_map(|n| format!("{:04}-02-29", 1904 + 4 * n));
        let any =
            (1900_i16..=2024, 0_i8..=12, 0_i8..=31, 0_u8..8).prop_map(|(y, m, d, unknown)| {
                let year = if unknown == 0 { 0 } else { y };
                format!("{year:04}-{m:02}-{d:02}")
            });
        prop_oneof![1 => leap, 4 => any].prop_filter_map("a date", |text| text.parse().ok())
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        let leap = select(vec![LeapBirthday::Feb28, LeapBirthday::Mar1]);
        let unknown = select(vec![
            UnknownBirthday::FirstDay,
            UnknownBirthday::LastDay,
            UnknownBirthday::Refuse,
        ]);
        (leap, unknown, prop_oneof![Just(3_u8), 0_u8..=255]).prop_map(
            |(leap_birthday, unknown_birthday, renewal_window_months)| Policy {
                leap_birthday,
                unknown_birthday,
                renewal_window_months,
                ..Policy::default()
            },
        )
    }

    fn any_question<D>(dates: fn() -> D) -> impl Strategy<Value = Question>
    where
        D: Strategy<Value = Date>,
    {
        let words = (select(Kind::ALL.to_vec()), select(vec![Carrier::Card, Carrier::Phone]));
        let caps = (option::of(dates()), option::of(dates()), option::of(dates()));
        (words, any_birth_date(), dates(), dates(), caps).prop_map(
            |((kind, carrier), birth_date, issued, card_end, caps)| Question {
                kind,
                carrier,
                birth_date,
                issued,
                card_end,
                authentication_end: caps.0,
                card_certificate_end: caps.1,
                replaced_end: caps.2,
            },
        )
    }

    proptest! {
        #[test]
        fn an_end_keeps_every_limit(question in any_question(near_date), policy in any_policy()) {
            let Ok(answer) = end(&question, &policy) else { return Ok(()) };
            prop_assert!(answer.date > question.issued);
            prop_assert!(answer.date <= question.card_end);
            if question.kind == Kind::Signature {
                prop_assert!(question.authentication_end.is_none_or(|cap| answer.date <= cap));
            }
            if question.carrier == Carrier::Phone {
                prop_assert!(question.card_certificate_end.is_some_and(|cap| answer.date <= cap));
            }
            let limit = match answer.clause {
                Clause::Birthday5 => 5,
                Clause::Birthday6 => 6,
                Clause::Authentication | Clause::Card => 7,
            };
            // A birthday moves by a day when it is 29 February; born this year, the first of them
            // is a year away.
            let year = question.issued.year();
            let late = question.birth_date.year().is_some_and(|born| born >= year);
            let latest = question.issued.plus_months(12 * limit).unwrap().plus_days(1).unwrap();
            prop_assert!(answer.date <= latest || late);
        }

        #[test]
        fn the_clause_names_the_limit_that_was_met(
            question in any_question(near_date),
            policy in any_policy(),
        ) {
            let Ok(answer) = end(&question, &policy) else { return Ok(()) };
            let renews = question
                .replaced_end
                .is_some_and(|old| in_renewal_window(old, question.issued, &policy));
            match answer.clause {
                Clause::Birthday5 => prop_assert!(!renews),
                Clause::Birthday6 => {
                    prop_assert!(renews);
                    prop_assert!(question.replaced_end.is_some_and(|old| question.issued <= old));
                }
                Clause::Authentication => {
                    prop_assert_eq!(question.kind, Kind::Signature);
                    prop_assert_eq!(Some(answer.date), question.authentication_end);
                }
                Clause::Card => prop_assert!(
                    answer.date == question.card_end
                        || Some(answer.date) == question.card_certificate_end
                ),
            }
        }

        #[test]
        fn a_longer_card_or_a_renewal_never_shortens(
            question in any_question(near_date),
            days in 0_i32..4000,
            policy in any_policy(),
        ) {
            let Ok(answer) = end(&question, &policy) else { return Ok(()) };
            let card_end = question.card_end.plus_days(days).unwrap();
            let longer = end(&Question { card_end, ..question }, &policy).unwrap();
            prop_assert!(longer.date >= answer.date);
            let uncapped = Question { authentication_end: None, ..question };
            prop_assert!(end(&uncapped, &policy).unwrap().date >= answer.date);
            let first = end(&Question { replaced_end: None, ..question }, &policy).unwrap();
            prop_assert!(first.date <= answer.date);
        }

        #[test]
        fn a_later_issue_never_ends_earlier(
            question in any_question(near_date),
            days in 0_i32..4000,
            policy in any_policy(),
        ) {
            let plain = Question { replaced_end: None, ..question };
            let later = Question { issued: plain.issued.plus_days(days).unwrap(), ..plain };
            if let (Ok(early), Ok(late)) = (end(&plain, &policy), end(&later, &policy)) {
                prop_assert!(early.date <= late.date);
            }
        }

        #[test]
        fn a_cards_end_keeps_every_limit(
            birth_date in any_birth_date(),
            applied in near_date(),
            issued in near_date(),
            period_end in option::of(near_date()),
            policy in any_policy(),
        ) {
            let category =
                period_end.map_or(Category::National, |_| Category::MidLongTerm);
            let residence = Residence::new(category, period_end).unwrap();
            if let Ok(end) = card_end(birth_date, residence, applied, issued, &policy) {
                prop_assert!(end >= issued);
                prop_assert!(period_end.is_none_or(|stay| end <= stay));
                prop_assert!(end > issued || period_end == Some(issued));
            }
        }

        #[test]
        fn any_dates_are_answered(
            question in any_question(any_date),
            applied in any_date(),
            policy in any_policy(),
        ) {
            let _ = end(&question, &policy);
            let residence = Residence::new(Category::Transitional, question.replaced_end)
                .unwrap_or_else(|_| national());
            let issued = question.issued;
            let _ = card_end(question.birth_date, residence, applied, issued, &policy);
            let _ = within_ca(question.card_end, applied.end_of_day());
        }
    }
}
