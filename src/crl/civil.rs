//! Times in digits: of days that were met before, without taking them apart again.

use crate::clock::Timestamp;

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
    /// Of seconds since the epoch.
    #[inline(always)]
    pub(super) fn of(at: i64) -> Option<Self> {
        let since =
            u32::try_from(at.wrapping_sub(UTC_TIME_FROM)).ok().filter(|since| *since < CENTURY)?;
        let (day, minutes) = (since / 86_400, since / 60);
        let minute = minutes.wrapping_sub(day.wrapping_mul(1440));
        let second = since.wrapping_sub(minutes.wrapping_mul(60));
        Some(Self { day, minute, second })
    }

    /// `hhmmssZ`, first character lowest, and an octet of 0x30: what follows is a SEQUENCE.
    #[inline(always)]
    pub(super) fn clock(&self) -> u64 {
        clock(self.minute, self.second)
    }
}

#[inline(always)]
fn clock(minute: u32, second: u32) -> u64 {
    let minute = MINUTES.get(usize::try_from(minute).unwrap_or_default() % MINUTES.len());
    let second = SECONDS.get(usize::try_from(second).unwrap_or_default() % SECONDS.len());
    u64::from(minute.copied().unwrap_or_default()) | second.copied().unwrap_or_default()
}

/// Digits of the days that were met. A holder's certificates live for six years, so the dates on a
/// list repeat by the thousand, but in no order that one could follow.
///
/// A word holds `YYMMDD`, first character in its third octet, and in the two below [`UTC_TIME`] with
/// the day since 1950-01-01 in an exclusive or: who takes that day away again has what is to be
/// written, and sees whether it is the day's.
pub(super) struct Days(Box<[u64; DAYS]>);

impl Days {
    pub(super) fn new() -> Self {
        Self(Box::new([NONE; DAYS]))
    }

    /// `YYMMDD`, first character in the third octet, and [`UTC_TIME`] in the two below.
    #[inline(always)]
    pub(super) fn digits(&mut self, civil: &Civil) -> u64 {
        let place = usize::try_from(civil.day).unwrap_or_default() % DAYS;
        let key = u64::from(civil.day);
        match self.0.get(place).map(|known| known ^ key) {
            Some(word) if word & 0xffff == UTC_TIME => word,
            Some(_) | None => self.learn(civil.day),
        }
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, day: u32) -> u64 {
        let at = UTC_TIME_FROM + 86_400 * i64::from(day);
        let word = day_digits(at) & !0xffff | UTC_TIME;
        if let Some(place) = self.0.get_mut(usize::try_from(day).unwrap_or_default() % DAYS) {
            *place = word ^ u64::from(day);
        }
        word
    }

    /// `YYYYMMDDhhmmssZ`.
    pub(super) fn generalized(&mut self, at: i64) -> [u8; 15] {
        let (digits, clock) = match Civil::of(at) {
            Some(civil) => {
                let century = if civil.day < DAY_OF_2000 { *b"19" } else { *b"20" };
                let century = u64::from(u16::from_le_bytes(century));
                (self.digits(&civil) & !0xffff | century, civil.clock())
            }
            None => {
                let second = u32::try_from(at.rem_euclid(86_400)).unwrap_or_default();
                (day_digits(at), clock(second / 60, second % 60))
            }
        };
        let mut text = [0; 15];
        let octets = digits.to_le_bytes().into_iter().chain(clock.to_le_bytes());
        for (place, octet) in text.iter_mut().zip(octets) {
            *place = octet;
        }
        text
    }
}

/// `YYYYMMDD`, first character lowest.
fn day_digits(at: i64) -> u64 {
    // Every instant here was a Timestamp, or the beginning of its day.
    let utc = Timestamp::from_unix(at).unwrap_or(Timestamp::EPOCH).utc();
    let year = u64::from(utc.year().unsigned_abs());
    let (month, day) = (u64::from(utc.month().unsigned_abs()), u64::from(utc.day().unsigned_abs()));
    let mut digits = 0;
    for pair in [day, month, year % 100, year / 100] {
        digits = digits << 16 | (ZERO + pair % 10) << 8 | (ZERO + pair / 10);
    }
    digits
}

/// `hhmm` of the minutes of a day, first character lowest.
#[expect(clippy::indexing_slicing, reason = "a slip does not compile")]
static MINUTES: [u32; 2048] = {
    let mut minutes = [0; 2048];
    let mut minute = 0;
    while minute < 1440 {
        let (hours, rest) = (minute / 60, minute % 60);
        let digits = (hours / 10) | (hours % 10) << 8 | (rest / 10) << 16 | (rest % 10) << 24;
        minutes[minute as usize] = 0x3030_3030 + digits;
        minute += 1;
    }
    minutes
};

/// `ssZ` of the seconds of a minute, first character in the fifth octet, and an octet of 0x30. Written
/// out, since a word is laid with one instruction less than three parts of it.
#[expect(clippy::indexing_slicing, reason = "a slip does not compile")]
static SECONDS: [u64; 64] = {
    let mut seconds = [0; 64];
    let (mut second, mut digits) = (0, 0);
    while second < 60 {
        // Tens in the lower octet, ones in the upper.
        seconds[second] = (0x3030 + digits) << 32 | 0x305a << 48;
        digits = if digits >> 8 == 9 { (digits & 0xff) + 1 } else { digits + 0x100 };
        second += 1;
    }
    seconds
};

/// Days whose digits are kept: five and a half years, 16 KiB.
const DAYS: usize = 2048;
/// Seconds from 1950 to 2050.
const CENTURY: u32 = 3_155_760_000;
/// 2000-01-01, counted from 1950-01-01.
const DAY_OF_2000: u32 = 18_262;
/// Tag and length of a UTCTime, first octet lowest.
const UTC_TIME: u64 = 0x0d17;
/// The word of none: no day has a number that would make [`UTC_TIME`] of it.
const NONE: u64 = 0xffff;
/// The digit 0.
const ZERO: u64 = 0x30;
