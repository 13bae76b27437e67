//! Known ends, edges, and what holds for any dates.

use std::collections::HashMap;

use proptest::option;
use proptest::prelude::Just;
use proptest::prelude::Strategy;
use proptest::prelude::prop_oneof;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use proptest::sample::select;

use crate::credential::Profile;
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

/// The terms of today's cards.
fn current(policy: &Policy) -> Terms {
    Terms::of(Profile::Current, policy)
}

fn answer(question: &Question) -> Result<(String, &'static str), Rule> {
    answer_under(Profile::Current, question)
}

fn answer_under(profile: Profile, question: &Question) -> Result<(String, &'static str), Rule> {
    let policy = Policy::default();
    match end(question, &Terms::of(profile, &policy), &policy) {
        Ok(end) => Ok((end.date.to_string(), end.clause.as_str())),
        Err(refusal) => Err(refusal.rule),
    }
}

fn ends(day: &str, clause: &'static str) -> Result<(String, &'static str), Rule> {
    Ok((day.to_owned(), clause))
}

#[test]
fn known_ends_come_out() {
    let known = [
        (Profile::Current, include_str!("../../../testdata/vectors/validity.tsv"), 22),
        (Profile::Next, include_str!("../../../testdata/vectors/validity-next.tsv"), 17),
    ];
    for (profile, table, least) in known {
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let header: Vec<_> = lines.next().unwrap().split('\t').collect();
        let mut count = 0;
        for line in lines {
            let cells: Vec<_> = line.split('\t').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            known_end(profile, header.iter().copied().zip(cells).collect());
            count += 1;
        }
        assert!(count >= least, "{count}");
    }
}

fn known_end(profile: Profile, mut row: HashMap<&str, &str>) {
    let mut take = |column: &str| row.remove(column).unwrap();
    let note = take("note");
    let optional = |text: &str| (!text.is_empty()).then(|| date(text));

    let leap_birthday = match take("leap_birthday") {
        "feb28" => LeapBirthday::Feb28,
        "mar1" => LeapBirthday::Mar1,
        other => panic!("{other}"),
    };
    let policy = Policy { leap_birthday, ..Policy::default() };
    let terms = Terms::of(profile, &policy);
    let period_end = optional(take("period_end"));
    let residence = Residence::new(take("category").parse().unwrap(), period_end).unwrap();
    let (birth_date, issued) = (born(take("birth_date")), date(take("issued")));
    let card_end = optional(take("card_given")).unwrap_or_else(|| {
        card_end(birth_date, residence, issued, issued, &terms, &policy).unwrap()
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
    let end = end(&question, &terms, &policy).unwrap();
    assert_eq!(
        (end.date.to_string().as_str(), end.clause.as_str()),
        (take("end"), take("clause")),
        "{note}"
    );
    assert!(row.is_empty(), "columns that nothing looked at: {row:?}");
}

#[test]
fn the_published_test_card_comes_out() {
    let policy = Policy::default();
    let end = end(&question("1980-02-17", "2025-10-27"), &current(&policy), &policy).unwrap();
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
    let terms = current(&policy);
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
        let renews = in_renewal_window(date(old_end), date(issued), &terms);
        assert_eq!(renews, within, "{old_end} {issued}");
    }
    let year = current(&Policy { renewal_window_months: 12, ..policy.clone() });
    assert!(in_renewal_window(date("2029-12-07"), date("2028-12-07"), &year));
    // The next card's is a year, whatever policy says of today's cards.
    let next = Terms::of(Profile::Next, &Policy { renewal_window_months: 1, ..policy });
    for (issued, within) in [("2037-12-06", false), ("2037-12-07", true), ("2038-12-08", false)] {
        assert_eq!(in_renewal_window(date("2038-12-07"), date(issued), &next), within, "{issued}");
    }
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
fn of_the_next_card_a_renewal_in_the_last_year_earns_the_eleventh_birthday() {
    let mut renewal = question("1990-12-07", "2037-12-07");
    let next = |question: &Question| answer_under(Profile::Next, question);
    assert_eq!(next(&renewal), ends("2047-12-07", "birthday10"));
    renewal.replaced_end = Some(date("2038-12-07"));
    assert_eq!(next(&renewal), ends("2048-12-07", "birthday11"));
    // By today's rules it is no renewal in the last months.
    assert_eq!(answer(&renewal), ends("2042-12-07", "birthday5"));
    renewal.issued = date("2037-12-06");
    assert_eq!(next(&renewal), ends("2046-12-07", "birthday10"));
    // Today's certificate renewed with the next card: its last year counts.
    renewal.issued = date("2028-12-07");
    renewal.replaced_end = Some(date("2029-12-07"));
    assert_eq!(next(&renewal), ends("2039-12-07", "birthday11"));
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
    assert_eq!(end(&unknown, &current(&refuse), &refuse), Err(Rule::BirthdayUnknown.into()));
}

#[test]
fn a_card_lives_ten_birthdays_for_those_of_age_when_they_applied() {
    let policy = Policy::default();
    let card = |birth: &str, applied: &str, issued: &str| {
        card_end(born(birth), national(), date(applied), date(issued), &current(&policy), &policy)
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
fn the_next_card_lives_a_month_longer() {
    let policy = Policy::default();
    let card = |profile, birth: &str| {
        let terms = Terms::of(profile, &policy);
        let issued = date("2029-04-02");
        card_end(born(birth), national(), issued, issued, &terms, &policy).unwrap().to_string()
    };
    for (birth, today, next) in [
        ("1990-12-07", "2038-12-07", "2039-01-07"),
        // Of age on the day itself, which as a birthday does not count; and a day short of it.
        ("2011-04-02", "2039-04-02", "2039-05-02"),
        ("2011-04-03", "2033-04-03", "2033-05-03"),
        // A shorter month.
        ("1970-01-31", "2039-01-31", "2039-02-28"),
    ] {
        assert_eq!(card(Profile::Current, birth), today);
        assert_eq!(card(Profile::Next, birth), next);
    }
}

#[test]
fn a_card_ends_with_the_stay() {
    let policy = Policy::default();
    for category in Category::ALL.into_iter().filter(|one| one.needs_period_end()) {
        let card = |stay: &str| {
            let residence = Residence::new(category, Some(date(stay))).unwrap();
            let issued = date("2026-11-21");
            card_end(born("1985-07-30"), residence, issued, issued, &current(&policy), &policy)
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
    let any = (1900_i16..=2024, 0_i8..=12, 0_i8..=31, 0_u8..8).prop_map(|(y, m, d, unknown)| {
        let year = if unknown == 0 { 0 } else { y };
        format!("{year:04}-{m:02}-{d:02}")
    });
    prop_oneof![1 => leap, 4 => any].prop_filter_map("a date", |text| text.parse().ok())
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let leap = select(vec![LeapBirthday::Feb28, LeapBirthday::Mar1]);
    let unknown =
        select(vec![UnknownBirthday::FirstDay, UnknownBirthday::LastDay, UnknownBirthday::Refuse]);
    let months = |usual| prop_oneof![Just(usual), 0_u8..=255];
    (leap, unknown, months(3), months(12)).prop_map(
        |(leap_birthday, unknown_birthday, renewal_window_months, next_renewal_window_months)| {
            Policy {
                leap_birthday,
                unknown_birthday,
                renewal_window_months,
                next_renewal_window_months,
                ..Policy::default()
            }
        },
    )
}

/// A policy, a profile, and the terms that they come to.
fn any_terms() -> impl Strategy<Value = (Policy, Terms)> {
    (any_policy(), select(Profile::ALL.to_vec()))
        .prop_map(|(policy, profile)| (policy.clone(), Terms::of(profile, &policy)))
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
    fn an_end_keeps_every_limit(question in any_question(near_date), (policy, terms) in any_terms()) {
        let Ok(answer) = end(&question, &terms, &policy) else { return Ok(()) };
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
            Clause::Birthday10 => 10,
            Clause::Birthday11 => 11,
            Clause::Authentication | Clause::Card => 12,
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
        (policy, terms) in any_terms(),
    ) {
        let Ok(answer) = end(&question, &terms, &policy) else { return Ok(()) };
        let renews = question
            .replaced_end
            .is_some_and(|old| in_renewal_window(old, question.issued, &terms));
        match answer.clause {
            Clause::Birthday5 | Clause::Birthday10 => {
                prop_assert!(!renews);
                prop_assert_eq!(answer.clause, terms.first.clause);
            }
            Clause::Birthday6 | Clause::Birthday11 => {
                prop_assert!(renews);
                prop_assert_eq!(answer.clause, terms.renewed.clause);
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
        (policy, terms) in any_terms(),
    ) {
        let Ok(answer) = end(&question, &terms, &policy) else { return Ok(()) };
        let card_end = question.card_end.plus_days(days).unwrap();
        let longer = end(&Question { card_end, ..question }, &terms, &policy).unwrap();
        prop_assert!(longer.date >= answer.date);
        let uncapped = Question { authentication_end: None, ..question };
        prop_assert!(end(&uncapped, &terms, &policy).unwrap().date >= answer.date);
        let first = end(&Question { replaced_end: None, ..question }, &terms, &policy).unwrap();
        prop_assert!(first.date <= answer.date);
    }

    #[test]
    fn the_next_card_never_shortens_a_certificate_or_a_card(
        question in any_question(near_date),
        applied in near_date(),
    ) {
        let policy = Policy::default();
        let [today, next] = Profile::ALL.map(|profile| Terms::of(profile, &policy));
        if let Ok(answer) = end(&question, &today, &policy) {
            prop_assert!(end(&question, &next, &policy).unwrap().date >= answer.date);
        }
        let Question { birth_date, issued, .. } = question;
        let card = |terms| card_end(birth_date, national(), applied, issued, terms, &policy);
        if let Ok(end) = card(&today) {
            let later = end.plus_months(1).unwrap();
            prop_assert_eq!(card(&next), Ok(later));
        }
    }

    #[test]
    fn a_later_issue_never_ends_earlier(
        question in any_question(near_date),
        days in 0_i32..4000,
        (policy, terms) in any_terms(),
    ) {
        let plain = Question { replaced_end: None, ..question };
        let later = Question { issued: plain.issued.plus_days(days).unwrap(), ..plain };
        if let (Ok(early), Ok(late)) = (end(&plain, &terms, &policy), end(&later, &terms, &policy)) {
            prop_assert!(early.date <= late.date);
        }
    }

    #[test]
    fn a_cards_end_keeps_every_limit(
        birth_date in any_birth_date(),
        applied in near_date(),
        issued in near_date(),
        period_end in option::of(near_date()),
        (policy, terms) in any_terms(),
    ) {
        let category =
            period_end.map_or(Category::National, |_| Category::MidLongTerm);
        let residence = Residence::new(category, period_end).unwrap();
        if let Ok(end) = card_end(birth_date, residence, applied, issued, &terms, &policy) {
            prop_assert!(end >= issued);
            prop_assert!(period_end.is_none_or(|stay| end <= stay));
            prop_assert!(end > issued || period_end == Some(issued));
        }
    }

    #[test]
    fn any_dates_are_answered(
        question in any_question(any_date),
        applied in any_date(),
        (policy, terms) in any_terms(),
    ) {
        let _ = end(&question, &terms, &policy);
        let residence = Residence::new(Category::Transitional, question.replaced_end)
            .unwrap_or_else(|_| national());
        let issued = question.issued;
        let _ = card_end(question.birth_date, residence, applied, issued, &terms, &policy);
        let _ = within_ca(question.card_end, applied.end_of_day());
    }
}
