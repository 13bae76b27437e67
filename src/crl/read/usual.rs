//! The usual entry, read in a few words: a serial of at most eight octets, a UTCTime, and no
//! extension or a reason.
//!
//! Whatever is not exactly that is left to [`Listed::read`], which knows every form and every fault.

use crate::clock::Timestamp;
use crate::crl::entry::UTC_TIME_FROM;

use super::integer::Integer;
use super::listed::Listed;
use super::time::Time;
use super::time::utc;

/// Days that were met, by the text that dates begin with, so that a date is not taken apart again.
///
/// A word holds `YYMMDD`, first character in its third octet, and in the two below the day's number,
/// with 1950-01-01 as the first; zero where none was met. Half of the nearest cache is left to the list.
pub(super) struct Days(Box<[u64; DAYS]>);

impl Days {
    pub(super) fn new() -> Self {
        Self(Box::new([0; DAYS]))
    }

    /// The first second of a day that was met.
    #[inline(always)]
    fn begins(&self, text: u64) -> Option<i64> {
        let word = *self.0.get(place(text))?;
        let number = word & 0xffff;
        // Whatever a text is made of, it is not that of a day that was not met.
        (word >> 16 == text && number != 0).then_some(begins(number))
    }

    /// The first second of a day that is met for the first time, with the time of day behind it.
    #[cold]
    #[inline(never)]
    fn meet(&mut self, text: &[u8]) -> Option<i64> {
        let since = utc(text)?.to_unix() - UTC_TIME_FROM;
        let number = 1 + u64::try_from(since / 86_400).ok()?;
        let text = u64::from_le_bytes(*text.first_chunk()?) & 0xffff_ffff_ffff;
        if let Some(place) = self.0.get_mut(place(text)) {
            *place = text << 16 | number;
        }
        Some(begins(number))
    }
}

/// The first second of the day with this number, at most 36,525.
#[inline(always)]
fn begins(number: u64) -> i64 {
    UTC_TIME_FROM - 86_400 + 86_400 * number.cast_signed()
}

/// Where a day is kept: no two days of five and a half years at the same place.
#[inline(always)]
fn place(text: u64) -> usize {
    let (year, month, day) = pairs(text & 0x0f0f_0f0f_0f0f);
    usize::try_from(year * 372 + month * 31 + day).unwrap_or_default() % DAYS
}

/// Three numbers of two digits, first digit lowest.
#[inline(always)]
fn pairs(values: u64) -> (u64, u64, u64) {
    let pairs = (values & 0x00ff_00ff_00ff) * 10 + (values >> 8 & 0x00ff_00ff_00ff);
    (pairs & 0xff, pairs >> 16 & 0xff, pairs >> 32)
}

/// The entry at the window's beginning and its octets, if it is a usual one.
#[inline(always)]
pub(super) fn read(window: &[u8; WINDOW], days: &mut Days) -> Option<(Listed, usize)> {
    let [0x30, entry @ 0..0x80, 2, length @ 1..=8, first, second, ..] = *window else {
        return None;
    };
    // The shortest form, as in Reader::integer.
    if length > 1 && matches!((first, second & 0x80), (0, 0) | (0xff, 0x80)) {
        return None;
    }
    let significant = u64::from_be_bytes(*window.get(4..)?.first_chunk()?);
    let significant = significant & u64::MAX << (64 - 8 * u32::from(length));
    let tail: &[u8; 32] = window.get(4 + usize::from(length & 15)..)?.first_chunk()?;
    let [date, clock, reason, code] = words(tail)?;
    if date & 0xffff != 0x0d17 || clock >> 48 & 0xff != u64::from(b'Z') {
        return None;
    }
    let second = second_of(clock)?;
    let begins = match days.begins(date >> 16) {
        Some(begins) => begins,
        None => days.meet(tail.get(2..15)?)?,
    };
    let at = Timestamp::from_unix(begins + second).ok()?;
    let reason = match entry - length.min(entry) {
        17 => None,
        31 if clock >> 56 == 0x30 && reason == REASON && code & CODE_MASK == CODE => {
            let [_, _, _, _, code, ..] = code.to_le_bytes();
            Some(code)
        }
        _ => return None,
    };
    let listed = Listed {
        serial: Integer::of_eight(significant, length),
        at: Time { at, generalized: false },
        reason,
        invalidity: None,
        unknown: None,
        wrongly_critical: false,
    };
    Some((listed, 2 + usize::from(entry)))
}

#[inline(always)]
fn words(octets: &[u8; 32]) -> Option<[u64; 4]> {
    let word = |at: usize| Some(u64::from_le_bytes(*octets.get(at..)?.first_chunk()?));
    Some([word(0)?, word(8)?, word(16)?, word(24)?])
}

/// The second of the day that `hhmmss` states, first character lowest.
#[inline(always)]
fn second_of(clock: u64) -> Option<i64> {
    let digits = clock & 0xffff_ffff_ffff;
    let values = digits ^ 0x3030_3030_3030;
    // No character outside 0 to 9: neither in its upper half, nor in its lower when six is added.
    if (values | values.wrapping_add(0x0606_0606_0606)) & 0xf0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let (hour, minute, second) = pairs(values);
    (hour < 24 && minute < 60 && second < 60)
        .then(|| (hour * 3600 + minute * 60 + second).cast_signed())
}

/// Octets that are looked at: more than a usual entry has.
pub(super) const WINDOW: usize = 64;
/// Days that are kept, more than five years of them: 16 KiB.
const DAYS: usize = 2048;
/// `0c 30 0a 06 03 55 1d 15`, first octet lowest.
const REASON: u64 = 0x151d_5503_060a_300c;
/// `04 03 0a 01` and a code below 128.
const CODE: u64 = 0x010a_0304;
const CODE_MASK: u64 = 0x80_ffff_ffff;
