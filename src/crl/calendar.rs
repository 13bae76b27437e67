//! The calendar of UTCTime: the years 1950 to 2049, in which every fourth has a day more, 2000 as well.

/// Whether a year has a day more.
pub(super) const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4)
}

/// The first day of a year, counted from 1950-01-01.
pub(super) const fn first_day(year: u32) -> u32 {
    let years = year - 1950;
    // 1952 is the first that is longer.
    365 * years + (years + 1) / 4
}

/// How many days a month has.
pub(super) const fn month_length(month: u32, is_leap: bool) -> u32 {
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
