//! Times in digits, out of tables.

use crate::clock::Timestamp;

use super::calendar::first_day;
use super::calendar::is_leap;
use super::calendar::month_length;
use super::entry::UTC_TIME_FROM;

/// An instant of the years 1950 to 2049, those of UTCTime.
pub(super) struct Civil {
    /// Days since 1950-01-01: at most 36,524.
    day: u32,
    /// Minutes since its beginning.
    minute: u32,
    /// Seconds since the beginning of that.
    second: u32,
}

impl Civil {
    /// Of seconds since the epoch, unless they are of other years.
    #[inline(always)]
    pub(super) fn of(at: i64) -> Option<Self> {
        let since =
            u32::try_from(at.wrapping_sub(UTC_TIME_FROM)).ok().filter(|since| *since < CENTURY)?;
        let (day, minutes) = (since / 86_400, since / 60);
        let minute = minutes.wrapping_sub(day.wrapping_mul(1440));
        let second = since.wrapping_sub(minutes.wrapping_mul(60));
        Some(Self { day, minute, second })
    }

    /// A UTCTime with its tag and length, and an octet of 0x30 behind it: what follows is a SEQUENCE.
    /// Four words, first octet lowest.
    #[inline(always)]
    pub(super) fn utc_time(&self) -> [u32; 4] {
        // Every fourth year of that century has a day more, 2000 as well, and 1952 is the first.
        let year = 4_u32.wrapping_mul(self.day).wrapping_add(2) / DAYS_OF_FOUR_YEARS;
        let year = at(&TABLES.years, year);
        let day = at(&TABLES.days, self.day.wrapping_add(year.shift));
        [year.digits, day, at(&TABLES.minutes, self.minute), at(&TABLES.seconds, self.second)]
    }
}

/// What a table has at a place. No place here is beyond its table.
#[inline(always)]
fn at<T: Copy + Default, const N: usize>(table: &[T; N], place: u32) -> T {
    table.get(usize::try_from(place).unwrap_or_default() % N).copied().unwrap_or_default()
}

/// `YYYYMMDDhhmmssZ`.
pub(super) fn generalized(at: i64) -> [u8; 15] {
    // Every instant here was a Timestamp.
    let utc = Timestamp::from_unix(at).unwrap_or(Timestamp::EPOCH).utc();
    let year = utc.year().unsigned_abs();
    let [month, day, hour, minute, second] =
        [utc.month(), utc.day(), utc.hour(), utc.minute(), utc.second()]
            .map(|part| u16::from(part.unsigned_abs()));
    let mut text = [b'Z'; 15];
    let pairs = [year / 100, year % 100, month, day, hour, minute, second];
    for (place, number) in text.chunks_exact_mut(2).zip(pairs) {
        let [tens, ones, ..] = pair(number.into()).to_le_bytes();
        place.copy_from_slice(&[tens, ones]);
    }
    text
}

/// A year of UTCTime.
#[derive(Clone, Copy, Default)]
struct Year {
    /// Tag and length of a UTCTime and `YY`, first octet lowest.
    digits: u32,
    /// What makes a place in [`Tables::days`] of a day since 1950-01-01: added, with a carry.
    shift: u32,
}

/// Digits, first character lowest. One table of tables, so that one register leads to all of them.
struct Tables {
    /// The years since 1950.
    years: [Year; 128],
    /// `MMDD` of the days of a year, and from [`LEAP`] on of a leap year.
    days: [u32; 1024],
    /// `hhmm` of the minutes of a day.
    minutes: [u32; 2048],
    /// `ssZ` of the seconds of a minute, and an octet of 0x30.
    seconds: [u32; 64],
}

#[expect(clippy::indexing_slicing, reason = "a slip does not compile")]
static TABLES: Tables = {
    let mut tables = Tables {
        years: [Year { digits: 0, shift: 0 }; _],
        days: [0; _],
        minutes: [0; _],
        seconds: [0; _],
    };
    let mut year = 1950;
    while year < 2050 {
        let table = if is_leap(year) { LEAP } else { 0 };
        tables.years[year as usize - 1950] = Year {
            digits: 0x0d17 | pair(year % 100) << 16,
            shift: table.wrapping_sub(first_day(year)),
        };
        year += 1;
    }
    let mut leap = 0;
    while leap < 2 {
        let (mut place, mut month) = (leap * LEAP as usize, 1);
        while month <= 12 {
            let mut day = 1;
            while day <= month_length(month, leap == 1) {
                tables.days[place] = pair(month) | pair(day) << 16;
                place += 1;
                day += 1;
            }
            month += 1;
        }
        leap += 1;
    }
    let mut minute = 0;
    while minute < 1440 {
        tables.minutes[minute as usize] = pair(minute / 60) | pair(minute % 60) << 16;
        minute += 1;
    }
    let mut second = 0;
    while second < 60 {
        tables.seconds[second as usize] = pair(second) | 0x305a_0000;
        second += 1;
    }
    tables
};

/// The two digits of a number below 100.
const fn pair(number: u32) -> u32 {
    0x3030 + number / 10 + ((number % 10) << 8)
}

/// Where a leap year begins in [`Tables::days`].
const LEAP: u32 = 512;
const DAYS_OF_FOUR_YEARS: u32 = 1461;
/// Seconds from 1950 to 2050.
const CENTURY: u32 = 3_155_760_000;

#[cfg(test)]
mod tests {
    use super::super::entry::UTC_TIME_UNTIL;
    use super::*;

    #[test]
    fn the_tables_say_what_the_calendar_says() {
        // Every day of the century, and every second of a day over and over.
        let step = 86_399;
        let instants = (0..).map(|count| UTC_TIME_FROM + count * step);
        let mut count = 0;
        for at in instants.take_while(|at| *at < UTC_TIME_UNTIL) {
            let [one, two, three, four] =
                Civil::of(at).unwrap().utc_time().map(|word| word.to_le_bytes());
            let [_, _, utc @ ..] = generalized(at);
            let laid = [one, two, three, four].concat();
            assert_eq!(laid, [&[0x17, 13], &utc[..], &[0x30]].concat(), "{at}");
            count += 1;
        }
        assert!(count > 36_524);
        for at in [UTC_TIME_FROM - 1, UTC_TIME_UNTIL] {
            assert!(Civil::of(at).is_none());
        }
    }
}
