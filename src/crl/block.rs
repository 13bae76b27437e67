//! Entries in their only form, written into blocks.
//!
//! This is the inner loop of a national list, so it works on whole words at places that are known:
//! an entry is laid into a window that is longer than any entry, each part over the surplus of the
//! one before it.

use std::io;

use crate::asn1::tag;
use crate::clock::Timestamp;

use super::entry::Entry;
use super::entry::serial_octets;

/// A block under way, and the days whose digits are known.
pub(super) struct Block<W> {
    sink: W,
    octets: Box<[u8]>,
    filled: usize,
    /// Octets handed to the sink.
    written: u64,
    days: Days,
}

impl<W: io::Write> Block<W> {
    /// For a list of `count` entries in `octets` octets.
    pub(super) fn new(sink: W, count: u64, octets: u64) -> Self {
        let room = usize::try_from(octets).unwrap_or(LARGEST).saturating_add(WINDOW).min(LARGEST);
        Self {
            sink,
            octets: vec![0; room].into_boxed_slice(),
            filled: 0,
            written: 0,
            days: Days::for_entries(count),
        }
    }

    /// Octets written so far, the block under way included.
    pub(super) fn written(&self) -> u64 {
        self.written + self.filled as u64
    }

    /// Writes octets as they are.
    pub(super) fn raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.flush()?;
        self.sink.write_all(octets)?;
        self.written += octets.len() as u64;
        Ok(())
    }

    /// Writes an entry.
    #[inline]
    pub(super) fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let rest = self.octets.get_mut(self.filled..).unwrap_or_default();
        if let Some(window) = rest.first_chunk_mut() {
            self.filled += lay(window, entry, &mut self.days);
            return Ok(());
        }
        self.flush()?;
        if let Some(window) = self.octets.first_chunk_mut() {
            self.filled = lay(window, entry, &mut self.days);
        }
        Ok(())
    }

    /// Hands the block to the sink.
    #[cold]
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let filled = self.octets.get(..self.filled).unwrap_or_default();
        if !filled.is_empty() {
            self.sink.write_all(filled)?;
            self.written += filled.len() as u64;
            self.filled = 0;
        }
        Ok(())
    }
}

/// Lays an entry at the window's beginning; how many octets it takes.
#[inline]
fn lay(window: &mut [u8; WINDOW], entry: &Entry, days: &mut Days) -> usize {
    let serial = serial_octets(entry.serial);
    // The significant octets first, zeros behind.
    let [.., serial_length] = serial.to_be_bytes();
    let significant = entry.serial.get() << (64 - 8 * serial.min(8));
    put(window, 4, significant.to_be_bytes());
    let mut end = 4 + usize::from(serial_length);

    let (day, second) = split(entry.at);
    let digits = days.digits(day, entry.at);
    if (UTC_TIME_FROM_DAY..UTC_TIME_UNTIL_DAY).contains(&day) {
        put(window, end, [tag::UTC_TIME, 13]);
        // Without the century.
        put(window, end + 2, (digits >> 16).to_le_bytes());
        put(window, end + 8, clock_digits(second).to_le_bytes());
        end += 15;
    } else {
        end = lay_generalized(window, end, digits, second);
    }

    let code = entry.cause.code();
    if let Some(invalidity) = entry.invalidity {
        let extensions = end;
        end += 2;
        if code != 0 {
            put(window, end, reason(code));
            end += 12;
        }
        put(window, end, INVALIDITY);
        let (day, second) = split(invalidity);
        end = lay_generalized(window, end + INVALIDITY.len(), days.digits(day, invalidity), second);
        put(window, extensions, [tag::SEQUENCE, octet(end - extensions - 2)]);
    } else if code != 0 {
        put(window, end, [tag::SEQUENCE, 12]);
        put(window, end + 2, reason(code));
        end += 14;
    }
    put(window, 0, [tag::SEQUENCE, octet(end - 2), tag::INTEGER, serial_length]);
    end
}

/// Lays a GeneralizedTime; where it ends.
#[inline]
fn lay_generalized(window: &mut [u8; WINDOW], at: usize, digits: u64, second: u64) -> usize {
    put(window, at, [tag::GENERALIZED_TIME, 15]);
    put(window, at + 2, digits.to_le_bytes());
    put(window, at + 10, clock_digits(second).to_le_bytes());
    at + 17
}

/// A `reasonCode` extension (RFC 5280 section 5.3.1).
#[inline]
const fn reason(code: u8) -> [u8; 12] {
    [0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1, code]
}

#[inline]
fn put<const N: usize>(window: &mut [u8; WINDOW], at: usize, octets: [u8; N]) {
    // Every place is within the window, which is longer than the longest entry by a word.
    if let Some(place) = window.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = octets;
    }
}

/// The low octet of a number below 128.
#[inline]
fn octet(number: usize) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

/// The day, counted from the beginning of [`DAY_ZERO`], and the second within it.
#[inline]
fn split(at: Timestamp) -> (u64, u64) {
    // No Timestamp lies before that day, so the sum is not negative.
    let seconds = at.to_unix().wrapping_sub(DAY_ZERO).unsigned_abs();
    (seconds / DAY, seconds % DAY)
}

/// `hhmmssZ`, first character lowest, and a surplus octet. All six digits at once: a lane of 16 bits
/// for each pair.
#[inline]
fn clock_digits(second: u64) -> u64 {
    let pairs = second / 3600 | second / 60 % 60 << 16 | second % 60 << 32;
    // Dividing by ten, exactly for numbers below 100.
    let tens = pairs.wrapping_mul(103) >> 10 & 0x000f_000f_000f;
    let ones = pairs.wrapping_sub(tens.wrapping_mul(10));
    tens | ones << 8 | 0x5a_3030_3030_3030
}

/// Digits of the days that were met. A holder's certificates live for six years, so the dates on a
/// list repeat by the thousand, but in no order that one could follow.
struct Days(Box<[Known]>);

/// A day and its digits, `YYYYMMDD`, first character lowest.
#[derive(Clone, Copy)]
struct Known {
    day: u64,
    digits: u64,
}

impl Days {
    fn for_entries(count: u64) -> Self {
        let room = count.next_power_of_two().clamp(1, MOST_DAYS);
        let known = Known { day: u64::MAX, digits: 0 };
        Self(vec![known; usize::try_from(room).unwrap_or(1)].into_boxed_slice())
    }

    #[inline]
    fn digits(&mut self, day: u64, at: Timestamp) -> u64 {
        let place = day & (self.0.len() as u64).wrapping_sub(1);
        let place = usize::try_from(place).unwrap_or_default();
        match self.0.get_mut(place) {
            Some(known) if known.day == day => known.digits,
            Some(known) => {
                *known = Known { day, digits: day_digits(at) };
                known.digits
            }
            None => day_digits(at),
        }
    }
}

#[cold]
fn day_digits(at: Timestamp) -> u64 {
    let utc = at.utc();
    let year = u64::from(utc.year().unsigned_abs());
    let (month, day) = (u64::from(utc.month().unsigned_abs()), u64::from(utc.day().unsigned_abs()));
    let mut digits = 0;
    for pair in [day, month, year % 100, year / 100] {
        digits = digits << 16 | (ZERO + pair % 10) << 8 | (ZERO + pair / 10);
    }
    digits
}

/// Octets of a block: enough that a write costs nothing per entry, few enough to stay in the cache.
const LARGEST: usize = 1 << 16;
/// Longer than any entry (69 octets) and the surplus behind its last part.
const WINDOW: usize = 80;
/// Days whose digits are kept: five and a half years, a third of an inner cache.
const MOST_DAYS: u64 = 2048;
/// Seconds of a day.
const DAY: u64 = 86_400;
/// 0001-01-01T00:00:00Z, the first instant that a `Timestamp` can be, in seconds since the epoch.
const DAY_ZERO: i64 = -62_135_596_800;
/// 1950-01-01, the first day of UTCTime.
const UTC_TIME_FROM_DAY: u64 = 711_857;
/// 2050-01-01, the first day after UTCTime.
const UTC_TIME_UNTIL_DAY: u64 = 748_382;
/// The digit 0.
const ZERO: u64 = 0x30;
/// An `invalidityDate` extension up to its date (RFC 5280 section 5.3.2).
const INVALIDITY: [u8; 9] = [0x30, 24, 6, 3, 0x55, 0x1d, 24, 4, 17];
