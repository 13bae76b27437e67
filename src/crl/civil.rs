//! Times in digits, out of tables.

use crate::clock::Timestamp;

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

    /// Tag, length and `YYMMDD` of a UTCTime, first octet lowest.
    #[inline(always)]
    pub(super) fn date(&self) -> u64 {
        let day = usize::try_from(self.day).unwrap_or_default();
        TABLES.days.get(day).copied().unwrap_or_default()
    }

    /// What follows: `hhmm`, and `ssZ` with an octet of 0x30 behind it, which begins a SEQUENCE. Lowest
    /// first.
    #[inline(always)]
    pub(super) fn time(&self) -> [u32; 2] {
        [at(&TABLES.minutes, self.minute), at(&TABLES.seconds, self.second)]
    }
}

/// What a table has at a place. No place here is beyond its table, whose length is a power of two so that it
/// need not be looked at twice.
#[inline(always)]
fn at<const N: usize>(table: &[u32; N], place: u32) -> u32 {
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

/// Digits, first character lowest. One table of tables, so that one register leads to all of them.
struct Tables {
    /// Tag, length and `YYMMDD` of the days since 1950-01-01. The few years that a list is about are some
    /// kilobytes of it.
    days: [u64; DAYS],
    /// `hhmm` of the minutes of a day.
    minutes: [u32; 2048],
    /// `ssZ` of the seconds of a minute, and an octet of 0x30.
    seconds: [u32; 64],
}

#[expect(clippy::indexing_slicing, reason = "a slip does not compile")]
static TABLES: Tables = {
    let mut tables = Tables { days: [0; _], minutes: [0; _], seconds: [0; _] };
    let (mut place, mut year) = (0, 1950);
    while year < 2050 {
        let mut month = 1;
        while month <= 12 {
            let opening = 0x0d17 | (pair(year % 100) as u64) << 16 | (pair(month) as u64) << 32;
            let mut day = 1;
            while day <= month_length(month, is_leap(year)) {
                tables.days[place] = opening | (pair(day) as u64) << 48;
                place += 1;
                day += 1;
            }
            month += 1;
        }
        year += 1;
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

/// Days from 1950 to 2050.
const DAYS: usize = 36_525;
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
            let civil = Civil::of(at).unwrap();
            let [minute, second] = civil.time().map(u32::to_le_bytes);
            let laid = [&civil.date().to_le_bytes()[..], &minute, &second].concat();
            let [_, _, utc @ ..] = generalized(at);
            assert_eq!(laid, [&[0x17, 13], &utc[..], &[0x30]].concat(), "{at}");
            count += 1;
        }
        assert!(count > 36_524);
        for at in [UTC_TIME_FROM - 1, UTC_TIME_UNTIL] {
            assert!(Civil::of(at).is_none());
        }
    }
}
