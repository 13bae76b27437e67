//! The usual entry, read in a few words: a serial of at most eight octets, a UTCTime, and no
//! extension or a reason.
//!
//! Whatever is not exactly that is left to [`Listed::read`], which knows every form and every fault.

use crate::clock::Timestamp;

use super::day;
use super::integer::Integer;
use super::listed::Listed;
use super::time::Time;

/// The entry at the window's beginning and its octets, if it is a usual one.
#[inline(always)]
pub(super) fn read(window: &[u8; WINDOW]) -> Option<(Listed, usize)> {
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
    let (year, month, day) = numbers(date >> 16)?;
    let (hour, minute, second) = numbers(clock & 0xffff_ffff_ffff)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let begins = day::begins(year, month, day)?;
    let second = (hour * 3600 + minute * 60 + second).cast_signed();
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

/// Three numbers of two digits, first digit lowest.
#[inline(always)]
fn numbers(digits: u64) -> Option<(u64, u64, u64)> {
    let values = digits ^ 0x3030_3030_3030;
    // No character outside 0 to 9: neither in its upper half, nor in its lower when six is added.
    if (values | values.wrapping_add(0x0606_0606_0606)) & 0xf0f0_f0f0_f0f0 != 0 {
        return None;
    }
    let pairs = (values & 0x00ff_00ff_00ff) * 10 + (values >> 8 & 0x00ff_00ff_00ff);
    Some((pairs & 0xff, pairs >> 16 & 0xff, pairs >> 32))
}

/// Octets that are looked at: more than a usual entry has.
pub(super) const WINDOW: usize = 64;
/// `0c 30 0a 06 03 55 1d 15`, first octet lowest.
const REASON: u64 = 0x151d_5503_060a_300c;
/// `04 03 0a 01` and a code below 128.
const CODE: u64 = 0x010a_0304;
const CODE_MASK: u64 = 0x80_ffff_ffff;
