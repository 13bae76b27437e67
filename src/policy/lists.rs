//! How long revocation lists live, how often they are made, and what they say of an event.

use serde::Deserialize;
use serde::Serialize;

/// The times of revocation lists. As configuration it is a table of these fields; what is left out
/// has its default, what is unknown is refused.
///
/// The practice statement's own figures are not public but for one: lists are made daily.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListTiming {
    /// Hours from a list's `thisUpdate` to its `nextUpdate`.
    pub life_hours: u16,
    /// Hours between two runs of `jpki crl publish`.
    pub period_hours: u16,
    /// How many times a run that failed is tried again before somebody is called.
    pub retries: u16,
    /// Minutes between two tries.
    pub retry_minutes: u16,
}

impl Default for ListTiming {
    fn default() -> Self {
        Self { life_hours: 72, period_hours: 24, retries: 3, retry_minutes: 60 }
    }
}

impl ListTiming {
    /// Whether the next list is out while half the life of the last is left (promise 13), even if
    /// all tries but the last fail.
    ///
    /// # Errors
    /// When it is not, with the arithmetic.
    pub fn check(self) -> Result<(), String> {
        if self.life_hours == 0 || self.period_hours == 0 {
            return Err("life_hours and period_hours: write at least 1".to_owned());
        }
        if self.next_run_seconds() <= self.half_life_seconds() {
            return Ok(());
        }
        Err(format!(
            "a list may be replaced only after period_hours {} h + retries {} × retry_minutes {} \
             min = {}, but half of its life_hours {} h is over after {}: make life_hours at least \
             {}, or run more often",
            self.period_hours,
            self.retries,
            self.retry_minutes,
            hours_and_minutes(self.next_run_seconds()),
            self.life_hours,
            hours_and_minutes(self.half_life_seconds()),
            (2 * self.next_run_seconds() + 3599) / 3600,
        ))
    }

    /// Seconds from a list's `thisUpdate` to its `nextUpdate`.
    #[must_use]
    pub fn life_seconds(self) -> i64 {
        i64::from(self.life_hours) * 3600
    }

    /// Half of that: how long a list may stand.
    #[must_use]
    pub fn half_life_seconds(self) -> i64 {
        self.life_seconds() / 2
    }

    /// Seconds from one run to the end of the next, its tries included.
    #[must_use]
    pub fn next_run_seconds(self) -> i64 {
        i64::from(self.period_hours) * 3600 + i64::from(self.retries) * self.retry_seconds()
    }

    fn retry_seconds(self) -> i64 {
        i64::from(self.retry_minutes) * 60
    }

    /// Whether a list of this age, in seconds, has to be replaced now: the next run could come after
    /// half of its life.
    #[must_use]
    pub fn is_due(self, age: i64) -> bool {
        age.saturating_add(self.next_run_seconds()) > self.half_life_seconds()
    }

    /// Whether half of the life of a list of this age, in seconds, is gone.
    #[must_use]
    pub fn is_stale(self, age: i64) -> bool {
        age > self.half_life_seconds()
    }
}

/// Whether an entry carries `invalidityDate` (RFC 5280 section 5.3.2): the day of the event of the
/// register, where that brought the revocation.
///
/// Open: the profile of the lists is not public. By default not; that the authority learnt late of a
/// move is then in its records, not in its lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InvalidityDate {
    /// Entries do not.
    #[default]
    LeaveOut,
    /// The beginning of that day in Japan, unless it lies ahead.
    EventDate,
}

impl InvalidityDate {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::LeaveOut, Self::EventDate];

    /// The word in `jpki.toml`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeaveOut => "leave-out",
            Self::EventDate => "event-date",
        }
    }
}

fn hours_and_minutes(seconds: i64) -> String {
    match (seconds / 3600, seconds % 3600 / 60) {
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_leaves_half_a_life() {
        assert_eq!(ListTiming::default().check(), Ok(()));
    }

    #[test]
    fn a_list_that_could_be_late_is_refused_with_the_arithmetic() {
        let timing = ListTiming { life_hours: 48, ..ListTiming::default() };
        let said = timing.check().unwrap_err();
        for part in ["24 h + retries 3 × retry_minutes 60 min = 27 h", "after 24 h", "at least 54"]
        {
            assert!(said.contains(part), "{said}");
        }
        assert!(ListTiming { life_hours: 54, ..timing }.check().is_ok());
        assert!(ListTiming { life_hours: 0, ..timing }.check().is_err());
    }

    proptest! {
        #[test]
        fn whoever_runs_in_time_never_finds_a_stale_list(
            life_hours in 1_u16..1000,
            period_hours in 1_u16..200,
            retries in 0_u16..10,
            retry_minutes in 0_u16..200,
            late in 0_f64..1.0,
        ) {
            let timing = ListTiming { life_hours, period_hours, retries, retry_minutes };
            prop_assume!(timing.check().is_ok());
            // The age at a run that found the list not due, and at the next run's last try.
            let age = (0..=timing.life_seconds()).step_by(60).take_while(|age| !timing.is_due(*age)).last();
            #[expect(clippy::cast_possible_truncation, reason = "below a year of seconds")]
            let later = (timing.next_run_seconds() as f64 * late) as i64;
            prop_assert!(!timing.is_stale(age.unwrap_or(0) + later));
        }
    }
}
