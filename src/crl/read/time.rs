//! `Time` and `GeneralizedTime` as they stand there.

use crate::asn1::Value;
use crate::asn1::tag;
use crate::clock::Timestamp;

/// A time of a list, with the form it stands in. The years 0 and 9999 are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Time {
    /// The instant.
    pub at: Timestamp,
    /// Whether it is a GeneralizedTime: by RFC 5280 section 5.1.2.4 right from 2050 on and wrong
    /// before.
    pub generalized: bool,
}

impl Time {
    /// Reads one of the two forms, with seconds and `Z`, as DER has them.
    #[inline]
    pub(super) fn read(value: Value<'_>) -> Option<Self> {
        match (value.tag, value.contents) {
            (tag::UTC_TIME, text) => Some(Self { at: utc(text)?, generalized: false }),
            (tag::GENERALIZED_TIME, [c1, c2, y1, y2, rest @ ..]) => {
                let year = 100 * pair(*c1, *c2)? + pair(*y1, *y2)?;
                Some(Self { at: instant(year, rest)?, generalized: true })
            }
            _ => None,
        }
    }
}

/// The instant of `YYMMDDhhmmssZ`.
#[inline]
pub(super) fn utc(text: &[u8]) -> Option<Timestamp> {
    let [y1, y2, rest @ ..] = text else { return None };
    let year = pair(*y1, *y2)?;
    instant(if year < 50 { 2000 + year } else { 1900 + year }, rest)
}

/// The instant of a year and `MMDDhhmmssZ`.
#[inline]
fn instant(year: u16, rest: &[u8]) -> Option<Timestamp> {
    let [m1, m2, d1, d2, h1, h2, i1, i2, s1, s2, b'Z'] = *rest else { return None };
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let (hour, minute, second) = (pair(h1, h2)?, pair(i1, i2)?, pair(s1, s2)?);
    let leap = u16::from(
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)),
    );
    let (before, length) = match month {
        1 => (0, 31),
        2 => (31, 28 + leap),
        3 => (59 + leap, 31),
        4 => (90 + leap, 30),
        5 => (120 + leap, 31),
        6 => (151 + leap, 30),
        7 => (181 + leap, 31),
        8 => (212 + leap, 31),
        9 => (243 + leap, 30),
        10 => (273 + leap, 31),
        11 => (304 + leap, 30),
        12 => (334 + leap, 31),
        _ => return None,
    };
    if year == 0 || day == 0 || day > length || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 0001-01-01: whole years of the proleptic Gregorian calendar, then this one's.
    let years = i64::from(year - 1);
    let days = 365 * years + years / 4 - years / 100 + years / 400;
    let days = days + i64::from(before) + i64::from(day) - 1;
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Timestamp::from_unix(days * 86_400 + seconds + YEAR_ONE).ok()
}

/// The number of two digits.
#[inline]
fn pair(tens: u8, ones: u8) -> Option<u16> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u16::from(10 * tens + ones))
}

/// 0001-01-01T00:00:00Z in seconds since the epoch.
const YEAR_ONE: i64 = -62_135_596_800;
