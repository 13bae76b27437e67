//! When an authority's key must be rolled over (鍵の世代交代): while every certificate that it may be
//! asked for still ends before its own does. A certificate is never cut to the authority's end but refused
//! ([`within_ca`](super::validity::within_ca)), so whoever waits longer refuses people.

use crate::clock::Date;
use crate::clock::TimeError;
use crate::clock::Timestamp;
use crate::credential::Profile;
use crate::policy::Policy;

use super::terms::Terms;

/// The longest life of a certificate: up to so many birthdays after the day of issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongestLife {
    /// The number of birthdays.
    pub birthdays: u8,
}

impl LongestLife {
    /// That of the certificates that a generation of this profile issues: the last birthday on renewal
    /// ([`Terms::renewed`]). A card lasts longer, or as long for somebody, so nothing else shortens it for
    /// everybody.
    #[must_use]
    pub fn of(profile: Profile) -> Self {
        // How many birthdays, no policy decides.
        Self { birthdays: Terms::of(profile, &Policy::default()).renewed.count }
    }

    /// The last day of the longest certificate that may be issued on a day: so many years later, which is
    /// the birthday of whoever asks on a birthday; and one more, since those born on 29 February may have
    /// it a day later in one year than in another.
    ///
    /// # Errors
    /// When that day lies beyond the calendar.
    pub fn last_day(self, issued: Date) -> Result<Date, TimeError> {
        issued.plus_months(12 * i32::from(self.birthdays))?.plus_days(1)
    }
}

/// The day from which on another generation must issue, where this one's own certificate ends then: the
/// first on which the longest certificate would outlive it.
///
/// # Errors
/// When a day that is reckoned with lies beyond the calendar.
pub fn due(ca_not_after: Timestamp, longest: LongestLife) -> Result<Date, TimeError> {
    let last_day = ca_not_after.japan_date();
    let mut day = last_day.plus_months(-12 * i32::from(longest.birthdays))?.plus_days(-2)?;
    // Some days on at most: months and leap days are of different lengths.
    while longest.last_day(day)? <= last_day {
        day = day.plus_days(1)?;
    }
    Ok(day)
}

/// How a roll-over stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// There is time.
    Early,
    /// It is due within [`NOTICE_DAYS`].
    Near,
    /// It is overdue: some certificates are refused already.
    Past,
}

impl Standing {
    /// How one that is due on a day stands on another.
    #[must_use]
    pub fn on(today: Date, due: Date) -> Self {
        // A day beyond the calendar is far off.
        let noticed = today.plus_days(NOTICE_DAYS).map_or(true, |day| due <= day);
        match (due <= today, noticed) {
            (true, _) => Self::Past,
            (false, true) => Self::Near,
            (false, false) => Self::Early,
        }
    }

    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Near => "near",
            Self::Past => "past",
        }
    }
}

/// Days before it is due from which on a roll-over is spoken of.
pub const NOTICE_DAYS: i32 = 90;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::holder::BirthDate;
    use crate::law::birthday::Birthday;
    use crate::policy::LeapBirthday;
    use crate::policy::Policy;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_of_ten_years_issues_for_four() {
        // Founded on 1 April 2026, ten years less a day; published ones were replaced as early.
        let end = "2036-03-31T14:59:59Z".parse().unwrap();
        assert_eq!(due(end, LongestLife::of(Profile::Current)), Ok(day("2030-03-31")));
        let cards = LongestLife { birthdays: 10 };
        let twenty_years = "2046-03-31T14:59:59Z".parse().unwrap();
        assert_eq!(due(twenty_years, cards), Ok(day("2036-03-31")));
        for (today, standing) in [
            ("2029-12-30", Standing::Early),
            ("2029-12-31", Standing::Near),
            ("2030-03-30", Standing::Near),
            ("2030-03-31", Standing::Past),
        ] {
            assert_eq!(Standing::on(day(today), day("2030-03-31")), standing, "{today}");
        }
    }

    proptest! {
        /// Before that day nobody can be refused; on that day the arithmetic says that somebody could.
        #[test]
        fn it_is_the_first_day_on_which_a_certificate_may_be_too_long(
            end in 0_i32..40_000,
            years in 1_u8..=20,
        ) {
            let last_day = day("1990-01-01").plus_days(end).unwrap();
            let longest = LongestLife { birthdays: years };
            let due = due(last_day.end_of_day(), longest).unwrap();
            prop_assert!(longest.last_day(due).unwrap() > last_day);
            let before = due.plus_days(-1).unwrap();
            prop_assert!(longest.last_day(before).unwrap() <= last_day);
        }

        /// What it calls the longest is no shorter than any, and the longest but for leap days.
        #[test]
        fn no_birthday_is_further_away(
            born in 0_i32..36_000,
            issued in 36_000_i32..60_000,
            years in 1_u8..=10,
            march in any::<bool>(),
        ) {
            let leap_birthday = if march { LeapBirthday::Mar1 } else { LeapBirthday::Feb28 };
            let policy = Policy { leap_birthday, ..Policy::default() };
            let begin = day("1900-01-01");
            let born = begin.plus_days(born).unwrap();
            let issued = begin.plus_days(issued).unwrap();
            let birth_date = BirthDate::parse(&born.to_string()).unwrap();
            let end = Birthday::new(birth_date, &policy).unwrap();
            let end = end.nth_after(issued, years.into()).unwrap();
            let longest = LongestLife { birthdays: years };
            prop_assert!(end <= longest.last_day(issued).unwrap());
        }
    }
}
