//! Birthdays (誕生日) and ages, counted in one place for certificates, cards and eligibility.

use crate::clock::Date;
use crate::clock::TimeError;
use crate::holder::BirthDate;
use crate::law::Refusal;
use crate::law::Rule;
use crate::policy::LeapBirthday;
use crate::policy::Policy;
use crate::policy::UnknownBirthday;

/// A day of the year that comes round, 29 February included.
#[derive(Clone, Copy)]
pub(super) struct Birthday {
    month: i8,
    day: i8,
    birth_year: Option<i16>,
    leap: LeapBirthday,
}

impl Birthday {
    /// The birthday that belongs to a date of birth; policy stands in for unknown parts.
    pub(super) fn new(birth_date: BirthDate, policy: &Policy) -> Result<Self, Refusal> {
        let (month, day) = match (birth_date.month(), birth_date.day()) {
            (Some(month), Some(day)) => (month, day),
            (month, _) => match policy.unknown_birthday {
                UnknownBirthday::FirstDay => (month.unwrap_or(1), 1),
                UnknownBirthday::LastDay => last_day(birth_date, month.unwrap_or(12))?,
                UnknownBirthday::Refuse => return Err(Rule::BirthdayUnknown.into()),
            },
        };
        Ok(Self { month, day, birth_year: birth_date.year(), leap: policy.leap_birthday })
    }

    /// The `count`-th birthday after `day`. A birthday on `day` itself is not after it, and the day
    /// of birth is no birthday.
    pub(super) fn nth_after(self, day: Date, count: i16) -> Result<Date, Refusal> {
        let born = self.birth_year.map_or(day.year(), |year| year.saturating_add(1));
        let first = day.year().max(born);
        let passed = i16::from(self.in_year(first)? <= day);
        self.in_year(first.saturating_add(passed).saturating_add(count).saturating_sub(1))
    }

    fn in_year(self, year: i16) -> Result<Date, Refusal> {
        let date = match (Date::new(year, self.month, self.day), self.leap) {
            // Of the days that come round, common years lack 29 February only.
            (Err(TimeError::NotADate), LeapBirthday::Feb28) => Date::new(year, 2, 28),
            (Err(TimeError::NotADate), LeapBirthday::Mar1) => Date::new(year, 3, 1),
            (date, LeapBirthday::Feb28 | LeapBirthday::Mar1) => date,
        };
        date.map_err(|_| Rule::Calendar.into())
    }
}

/// Whether an age has been reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// Certainly.
    Yes,
    /// Certainly not.
    No,
    /// The unknown parts of the date of birth leave it open.
    Unknown,
}

/// Whether someone has reached `age` on the day `on`: from the birthday itself, as the offices
/// count it. (Act 50 of 1902 on the counting of ages has it reached when the day before ends.)
/// Nothing stands in for unknown parts: neither right nor duty should hang on a guess.
pub(super) fn reached(birth_date: BirthDate, age: i16, on: Date, policy: &Policy) -> Reached {
    let has = |born: Date| {
        let birthday = Birthday {
            month: born.month(),
            day: born.day(),
            birth_year: Some(born.year()),
            leap: policy.leap_birthday,
        };
        birthday.in_year(born.year().saturating_add(age)).is_ok_and(|day| day <= on)
    };
    match (birth_date.earliest().map(has), birth_date.latest().map(has)) {
        (_, Some(true)) => Reached::Yes,
        (Some(false), _) => Reached::No,
        (None | Some(true), None | Some(false)) => Reached::Unknown,
    }
}

/// The last day that the birth date can be; in an unknown year February may have 29.
fn last_day(birth_date: BirthDate, month: i8) -> Result<(i8, i8), Refusal> {
    if let Some(latest) = birth_date.latest() {
        return Ok((latest.month(), latest.day()));
    }
    let last = Date::new(LEAP_YEAR, month, 1)
        .and_then(|first| first.plus_months(1))
        .and_then(|next| next.plus_days(-1))
        .map_err(|_| Rule::Calendar)?;
    Ok((month, last.day()))
}

const LEAP_YEAR: i16 = 2000;

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn nth(born: &str, after: &str, count: i16, policy: &Policy) -> Result<String, Refusal> {
        let birthday = Birthday::new(born.parse().unwrap(), policy)?;
        birthday.nth_after(date(after), count).map(|day| day.to_string())
    }

    /// Every day of a leap year, under each reading, from issue days around it and far from it,
    /// against walking the calendar day by day.
    #[test]
    fn every_birthday_is_the_one_that_the_calendar_shows() {
        for leap in [LeapBirthday::Feb28, LeapBirthday::Mar1] {
            let policy = Policy { leap_birthday: leap, ..Policy::default() };
            let mut born = date("2000-01-01");
            while born.year() == 2000 {
                let birthday = Birthday::new(born.to_string().parse().unwrap(), &policy).unwrap();
                for year in [2023, 2024] {
                    let issued = [date("2024-06-15"), birthday.in_year(year).unwrap()];
                    let eve = issued[1].plus_days(-1).unwrap();
                    for issued in issued.into_iter().chain([eve]) {
                        let mut day = issued;
                        let mut seen = 0;
                        while seen < 5 {
                            day = day.plus_days(1).unwrap();
                            seen += i32::from(is_birthday(born, day, leap));
                        }
                        assert_eq!(birthday.nth_after(issued, 5), Ok(day), "{born} {issued}");
                    }
                }
                born = born.plus_days(1).unwrap();
            }
        }
    }

    fn is_birthday(born: Date, day: Date, leap: LeapBirthday) -> bool {
        let today = (day.month(), day.day());
        let leap_year = Date::new(day.year(), 2, 29).is_ok();
        match ((born.month(), born.day()), leap_year, leap) {
            ((2, 29), false, LeapBirthday::Feb28) => today == (2, 28),
            ((2, 29), false, LeapBirthday::Mar1) => today == (3, 1),
            (birthday, true | false, LeapBirthday::Feb28 | LeapBirthday::Mar1) => today == birthday,
        }
    }

    #[test]
    fn policy_stands_in_for_an_unknown_day() {
        let first = Policy::default();
        let last = Policy { unknown_birthday: UnknownBirthday::LastDay, ..Policy::default() };
        for (born, with_first, with_last) in [
            ("1950-00-00", "2027-01-01", "2026-12-31"),
            ("1950-05-00", "2027-05-01", "2027-05-31"),
            ("1999-02-00", "2027-02-01", "2027-02-28"),
            ("2000-02-00", "2027-02-01", "2027-02-28"),
            ("0000-00-00", "2027-01-01", "2026-12-31"),
            ("0000-11-00", "2027-11-01", "2026-11-30"),
            ("0000-05-10", "2027-05-10", "2027-05-10"),
        ] {
            assert_eq!(nth(born, "2026-11-21", 1, &first).as_deref(), Ok(with_first), "{born}");
            assert_eq!(nth(born, "2026-11-21", 1, &last).as_deref(), Ok(with_last), "{born}");
        }
        // In a leap year the last day of a February of unknown year is the 29th.
        assert_eq!(nth("0000-02-00", "2027-11-21", 1, &last).as_deref(), Ok("2028-02-29"));
        let refuse = Policy { unknown_birthday: UnknownBirthday::Refuse, ..Policy::default() };
        for unknown in ["1950-00-00", "1950-05-00", "0000-00-00"] {
            let refused = nth(unknown, "2026-11-21", 1, &refuse);
            assert_eq!(refused, Err(Rule::BirthdayUnknown.into()), "{unknown}");
        }
        assert!(nth("0000-05-10", "2026-11-21", 1, &refuse).is_ok());
    }

    #[test]
    fn the_day_of_birth_is_no_birthday() {
        let last = Policy { unknown_birthday: UnknownBirthday::LastDay, ..Policy::default() };
        assert_eq!(nth("2026-00-00", "2026-06-01", 1, &last).as_deref(), Ok("2027-12-31"));
        let policy = Policy::default();
        assert_eq!(nth("2026-05-01", "2026-05-01", 1, &policy).as_deref(), Ok("2027-05-01"));
    }

    #[test]
    fn no_birthday_lies_beyond_the_calendar() {
        let policy = Policy::default();
        assert_eq!(nth("1990-05-01", "9993-06-01", 5, &policy).as_deref(), Ok("9998-05-01"));
        let beyond = nth("1990-05-01", "9995-06-01", 5, &policy);
        assert_eq!(beyond, Err(Rule::Calendar.into()));
        assert!(nth("9998-05-01", "9998-06-01", 5, &policy).is_err());
    }

    #[test]
    fn an_age_is_reached_on_the_birthday() {
        let policy = Policy::default();
        let at = |born: &str, on: &str| reached(born.parse().unwrap(), 15, date(on), &policy);
        assert_eq!(at("2011-11-21", "2026-11-20"), Reached::No);
        assert_eq!(at("2011-11-21", "2026-11-21"), Reached::Yes);
        assert_eq!(at("2012-02-29", "2027-02-27"), Reached::No);
        assert_eq!(at("2012-02-29", "2027-02-28"), Reached::Yes);
        let mar1 = Policy { leap_birthday: LeapBirthday::Mar1, ..Policy::default() };
        let leapling = "2012-02-29".parse().unwrap();
        assert_eq!(reached(leapling, 15, date("2027-02-28"), &mar1), Reached::No);
        assert_eq!(reached(leapling, 15, date("2027-03-01"), &mar1), Reached::Yes);
        assert_eq!(at("9998-01-01", "9998-12-31"), Reached::No);
    }

    #[test]
    fn an_unknown_part_leaves_an_age_open_only_where_it_matters() {
        let policy = Policy::default();
        let at = |born: &str, on: &str| reached(born.parse().unwrap(), 15, date(on), &policy);
        assert_eq!(at("1950-00-00", "2026-11-21"), Reached::Yes);
        assert_eq!(at("2012-00-00", "2026-12-31"), Reached::No);
        assert_eq!(at("2011-00-00", "2026-12-30"), Reached::Unknown);
        assert_eq!(at("2011-00-00", "2026-12-31"), Reached::Yes);
        assert_eq!(at("2011-05-00", "2026-04-30"), Reached::No);
        assert_eq!(at("2011-05-00", "2026-05-01"), Reached::Unknown);
        assert_eq!(at("2011-05-00", "2026-05-31"), Reached::Yes);
        assert_eq!(at("0000-05-01", "2026-11-21"), Reached::Unknown);
    }
}
