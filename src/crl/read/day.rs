//! Days of UTCTime, out of tables.

use crate::crl::calendar::first_day;
use crate::crl::calendar::is_leap;
use crate::crl::calendar::month_length;
use crate::crl::entry::UTC_TIME_FROM;

/// The first second of a day of the years 1950 to 2049, of which two digits are given; none when
/// there is no such day.
#[inline(always)]
pub(super) fn begins(year: u64, month: u64, day: u64) -> Option<i64> {
    if month > 12 || day > 31 {
        return None;
    }
    // Two digits say no more than these bits do.
    let year = TABLES.years.get(usize::try_from(year).ok()? & 127)?;
    let place = usize::try_from(month * 32 + day).ok()? & 511;
    let day = *TABLES.days.get(place | usize::from(year.table))?;
    (day != NONE).then(|| UTC_TIME_FROM + 86_400 * i64::from(year.first + u32::from(day)))
}

/// A year of UTCTime.
#[derive(Clone, Copy)]
struct Year {
    /// Its first day, counted from 1950-01-01.
    first: u32,
    /// Which half of [`Tables::days`] is its own.
    table: u16,
}

struct Tables {
    /// The years by their last two digits.
    years: [Year; 128],
    /// The days of a year, from zero, each at five bits of its own behind those of its month; and from
    /// [`LEAP`] on of a leap year.
    days: [u16; 1024],
}

#[expect(clippy::indexing_slicing, reason = "a slip does not compile")]
static TABLES: Tables = {
    let mut tables = Tables { years: [Year { first: 0, table: 0 }; _], days: [NONE; _] };
    let mut year = 1950;
    while year < 2050 {
        let table = if is_leap(year) { LEAP } else { 0 };
        tables.years[year as usize % 100] = Year { first: first_day(year), table };
        year += 1;
    }
    let mut leap = 0;
    while leap < 2 {
        let (mut place, mut month) = (0, 1);
        while month <= 12 {
            let mut day = 1;
            while day <= month_length(month, leap == 1) {
                tables.days[leap * LEAP as usize + (month * 32 + day) as usize] = place;
                place += 1;
                day += 1;
            }
            month += 1;
        }
        leap += 1;
    }
    tables
};

/// The place of no day.
const NONE: u16 = u16::MAX;
/// Where a leap year begins in [`Tables::days`].
const LEAP: u16 = 512;

#[cfg(test)]
mod tests {
    use super::super::time::utc;
    use super::*;

    #[test]
    fn the_tables_say_what_the_calendar_says() {
        for (year, month, day) in (0..100).flat_map(|year| {
            (0..100).flat_map(move |month| (0..100).map(move |day| (year, month, day)))
        }) {
            let text = format!("{year:02}{month:02}{day:02}000000Z");
            let midnight = utc(text.as_bytes()).map(crate::clock::Timestamp::to_unix);
            assert_eq!(begins(year, month, day), midnight, "{text}");
        }
    }
}
