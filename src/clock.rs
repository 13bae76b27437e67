//! Time: instants in UTC, civil dates in Japan time, and the only place that reads the clock.
//!
//! Everything above takes a [`Timestamp`] as an argument; a request reads its [`Clock`] once.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil;
use jiff::tz;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

/// A source of the present instant.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The present instant, whole seconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let seconds = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
        };
        Timestamp::from_unix(seconds).unwrap_or(Timestamp::EPOCH)
    }
}

/// A clock that stands still, for simulations and tests.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

impl Clock for Arc<dyn Clock> {
    fn now(&self) -> Timestamp {
        self.as_ref().now()
    }
}

/// How long something takes, by a clock that nobody sets.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since then.
    #[must_use]
    pub fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}

/// An instant in UTC, whole seconds, from year 1 to year 9998.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The instant `seconds` after the epoch.
    ///
    /// # Errors
    /// When it lies outside the years 1 to 9998.
    #[inline]
    pub fn from_unix(seconds: i64) -> Result<Self, TimeError> {
        let is_inside = (FIRST_SECOND..=LAST_SECOND).contains(&seconds);
        if is_inside { Ok(Self(seconds)) } else { Err(TimeError::OutOfRange) }
    }

    /// Seconds since the epoch.
    #[must_use]
    #[inline]
    pub fn to_unix(self) -> i64 {
        self.0
    }

    /// For the calendar, which holds a year more on either side.
    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).unwrap_or_default()
    }

    /// The civil date in Japan (UTC+9, no summer time since 1951) at this instant.
    #[must_use]
    pub fn japan_date(self) -> Date {
        Date(japan().to_datetime(self.instant()).date())
    }

    /// Year, month, day, hour, minute, second in UTC, as certificates write them.
    #[must_use]
    pub fn utc(self) -> civil::DateTime {
        tz::Offset::UTC.to_datetime(self.instant())
    }

    /// Year, month, day, hour, minute, second in Japan time.
    #[must_use]
    pub fn japan(self) -> civil::DateTime {
        japan().to_datetime(self.instant())
    }

    /// This instant moved by `seconds`, held at the ends of the range.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_unix(self.to_unix().saturating_add(seconds)).unwrap_or(self)
    }
}

impl fmt::Debug for Timestamp {
    /// As it is displayed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC: `2026-11-21T12:34:56Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.utc())
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    /// Reads RFC 3339 with an offset; fractions of a second are cut off.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimeError::NotATimestamp)?;
        Self::from_unix(instant.as_second())
    }
}

impl Serialize for Timestamp {
    /// As it is displayed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    /// As it is parsed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A civil date in Japan time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// A date of the proleptic Gregorian calendar.
    ///
    /// # Errors
    /// When there is no such day, or the year is not 1 to 9998.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, TimeError> {
        if !(1..=9998).contains(&year) {
            return Err(TimeError::OutOfRange);
        }
        civil::Date::new(year, month, day).map(Self).map_err(|_| TimeError::NotADate)
    }

    /// The year, 1 to 9998.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The date `months` later (earlier when negative); a day that the target month lacks becomes
    /// its last day (Civil Code article 143, paragraph 2).
    ///
    /// # Errors
    /// When the result lies outside the years 1 to 9998.
    pub fn plus_months(self, months: i32) -> Result<Self, TimeError> {
        let span = jiff::Span::new().try_months(months).map_err(|_| TimeError::OutOfRange)?;
        self.moved(span)
    }

    /// The date `days` later (earlier when negative).
    ///
    /// # Errors
    /// When the result lies outside the years 1 to 9998.
    pub fn plus_days(self, days: i32) -> Result<Self, TimeError> {
        let span = jiff::Span::new().try_days(days).map_err(|_| TimeError::OutOfRange)?;
        self.moved(span)
    }

    /// 23:59:59 Japan time on this day, the instant at which certificates end: 14:59:59Z.
    #[must_use]
    pub fn end_of_day(self) -> Timestamp {
        self.at(23, 59, 59)
    }

    /// 00:00:00 Japan time on this day.
    #[must_use]
    pub fn start_of_day(self) -> Timestamp {
        self.at(0, 0, 0)
    }

    fn at(self, hour: i8, minute: i8, second: i8) -> Timestamp {
        let local = self.0.at(hour, minute, second, 0);
        // Years 1 to 9998 in Japan time are inside what jiff can hold, so this never falls back.
        japan().to_timestamp(local).map_or(Timestamp(LAST_SECOND), |at| Timestamp(at.as_second()))
    }

    fn moved(self, span: jiff::Span) -> Result<Self, TimeError> {
        let date = self.0.checked_add(span).map_err(|_| TimeError::OutOfRange)?;
        if (1..=9998).contains(&date.year()) { Ok(Self(date)) } else { Err(TimeError::OutOfRange) }
    }
}

impl fmt::Display for Date {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// Reads exactly `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let [y, m, d] = split_date(text).ok_or(TimeError::NotADate)?;
        let month = i8::try_from(m).map_err(|_| TimeError::NotADate)?;
        let day = i8::try_from(d).map_err(|_| TimeError::NotADate)?;
        Self::new(y, month, day)
    }
}

impl Serialize for Date {
    /// As it is displayed.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    /// As it is parsed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The three numbers of `YYYY-MM-DD`, digits only; whether such a day exists is not asked.
pub(crate) fn split_date(text: &str) -> Option<[i16; 3]> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| match i {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    Some([number(0..4)?, number(5..7)?, number(8..10)?])
}

/// Why a text or number is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not RFC 3339 with an offset.
    #[error("not a timestamp: write RFC 3339 with an offset, like 2026-11-21T09:00:00+09:00")]
    NotATimestamp,
    /// Not a day of the calendar.
    #[error("not a date: write an existing day as YYYY-MM-DD")]
    NotADate,
    /// Outside the years 1 to 9998.
    #[error("outside the years 1 to 9998")]
    OutOfRange,
}

fn japan() -> tz::Offset {
    tz::Offset::constant(9)
}

/// 0001-01-01T00:00:00Z in seconds since the epoch.
const FIRST_SECOND: i64 = -62_135_596_800;
/// 9998-12-31T23:59:59Z in seconds since the epoch.
const LAST_SECOND: i64 = 253_370_764_799;

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_at_14_59_59_utc() {
        assert_eq!(date("2030-02-17").end_of_day().to_string(), "2030-02-17T14:59:59Z");
        assert_eq!(date("2030-02-17").start_of_day().to_string(), "2030-02-16T15:00:00Z");
        assert_eq!(date("9998-12-31").end_of_day().to_string(), "9998-12-31T14:59:59Z");
    }

    #[test]
    fn the_japanese_day_begins_nine_hours_early() {
        let instant: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        assert_eq!(instant.japan_date(), date("2026-11-21"));
        let before: Timestamp = "2026-11-20T23:59:59.9+09:00".parse().unwrap();
        assert_eq!(before.japan_date(), date("2026-11-20"));
    }

    #[test]
    fn instants_end_with_the_years() {
        let first = Timestamp::from_unix(FIRST_SECOND).unwrap();
        assert_eq!(first.to_string(), "0001-01-01T00:00:00Z");
        let last = Timestamp::from_unix(LAST_SECOND).unwrap();
        assert_eq!(last.to_string(), "9998-12-31T23:59:59Z");
        for beyond in [FIRST_SECOND - 1, LAST_SECOND + 1, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_unix(beyond), Err(TimeError::OutOfRange));
        }
    }

    #[test]
    fn months_clamp_to_short_months() {
        assert_eq!(date("2030-05-31").plus_months(-3).unwrap(), date("2030-02-28"));
        assert_eq!(date("2024-02-29").plus_months(60).unwrap(), date("2029-02-28"));
    }

    #[test]
    fn only_exact_dates_are_read() {
        for bad in
            ["2026-2-03", "2026-02-30", "+026-02-03", "2026-02-03 ", "0000-01-01", "２０２６-01-01"]
        {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        for bad in ["2026-02-03", "2026-02-03T00:00:00", "yesterday"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}
