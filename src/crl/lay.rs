//! An entry in its only form, laid out.
//!
//! This is the inner loop of a national list, and a digest with hardware behind it is nearly as
//! fast, so whole words are laid at known places of a window that is longer than any entry: each
//! part over the surplus of the one before it.

use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::Serial;

use super::civil::Civil;
use super::civil::Days;
use super::entry::Entry;
use super::entry::serial_octets;

/// What a serial looks like, and so the beginning of its entry: since serials rise, the same for
/// nearly all of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The highest serial that looks so.
    pub(super) ceiling: u64,
    /// How far its significant octets are from the top.
    shift: u32,
    /// Where the entry goes on behind it.
    tail: usize,
    /// The first four octets of the entry, lowest first, by the code of its reason.
    heads: [u32; CODES],
}

impl Shape {
    /// Before the first.
    pub(super) const NONE: Self = Self { ceiling: 0, shift: 0, tail: 0, heads: [0; CODES] };

    #[cold]
    #[inline(never)]
    pub(super) fn of(serial: Serial) -> Self {
        let [octets, ..] = serial_octets(serial).to_le_bytes();
        let [without, with] =
            [UTC_TIME_OCTETS, UTC_TIME_OCTETS + REASON_OCTETS].map(|behind| head(octets, behind));
        let mut heads = [with; CODES];
        let [unspecified, ..] = &mut heads;
        *unspecified = without;
        Self {
            ceiling: (1 << (8 * u32::from(octets) - 1)) - 1,
            shift: 64 - 8 * u32::from(octets),
            tail: usize::from(octets),
            heads,
        }
    }
}

/// The first four octets of an entry, lowest first: with a serial of so many octets, and so many
/// behind it.
fn head(serial: u8, behind: u8) -> u32 {
    u32::from_le_bytes([tag::SEQUENCE, 2 + serial + behind, tag::INTEGER, serial])
}

/// Lays an entry at the window's beginning; how many octets it takes.
#[inline(always)]
pub(super) fn lay(
    window: &mut [u8; WINDOW],
    entry: &Entry,
    code: u8,
    shape: &Shape,
    days: &mut Days,
) -> usize {
    let Some((beginning, behind)) = window.split_first_chunk_mut() else { return 0 };
    // The significant octets first, zeros behind.
    let significant = entry.serial.get().wrapping_shl(shape.shift);
    if let Some(place) = behind.first_chunk_mut() {
        *place = significant.to_be_bytes();
    }
    // At most eight; said so that the place need not be looked at twice.
    let behind = behind.get_mut(shape.tail & 15..);
    let Some(tail) = behind.and_then(|behind| behind.first_chunk_mut()) else { return 0 };
    let at = entry.at.to_unix();
    let opening = match (Civil::of(at), entry.invalidity) {
        (Some(civil), None) => {
            // Nearly every entry. The reason is laid in any case, and counted if there is one.
            lay_words(tail, days.digits(&civil), &civil, code);
            shape.heads.get(usize::from(code) % CODES).copied().unwrap_or_default()
        }
        (_, invalidity) => {
            let behind = lay_rarer(tail, at, code, invalidity.map(Timestamp::to_unix), days);
            let [serial, ..] = shape.tail.to_le_bytes();
            head(serial, behind)
        }
    };
    *beginning = opening.to_le_bytes();
    // What the second octet says, and the first two themselves.
    let [_, contents, ..] = *beginning;
    2 + usize::from(contents)
}

/// Lays a UTCTime, and a reason behind it.
#[inline(always)]
fn lay_words(tail: &mut [u8; TAIL], digits: u64, civil: &Civil, code: u8) {
    let words = [
        // 17 0d and the date without its century.
        digits,
        // The clock, and the beginning of 30 0c 30 0a 06 03 55 1d 15 04 03 0a 01.
        civil.clock(),
        u64::from_le_bytes([12, 0x30, 10, 6, 3, 0x55, 0x1d, 21]),
        u64::from_le_bytes([4, 3, 10, 1, code, 0, 0, 0]),
    ];
    for (place, word) in tail.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// Lays what is behind the serial of an entry with an invalidity date, or dated before 1950 or after
/// 2049; how many octets it takes.
#[inline(never)]
fn lay_rarer(
    tail: &mut [u8; TAIL],
    at: i64,
    code: u8,
    invalidity: Option<i64>,
    days: &mut Days,
) -> u8 {
    let mut end = 0_u8;
    let mut put = |octets: &[u8]| {
        for octet in octets {
            if let Some(place) = tail.get_mut(usize::from(end)) {
                *place = *octet;
            }
            end += 1;
        }
    };
    let generalized = days.generalized(at);
    if Civil::of(at).is_some() {
        let [_, _, utc @ ..] = generalized;
        put(&[tag::UTC_TIME, 13]);
        put(&utc);
    } else {
        put(&[tag::GENERALIZED_TIME, 15]);
        put(&generalized);
    }
    let reason = [0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1, code];
    match (code, invalidity) {
        (0, None) => {}
        (_, None) => {
            put(&[tag::SEQUENCE, 12]);
            put(&reason);
        }
        (0, Some(invalidity)) => {
            put(&[tag::SEQUENCE, 26]);
            put(&INVALIDITY);
            put(&days.generalized(invalidity));
        }
        (_, Some(invalidity)) => {
            put(&[tag::SEQUENCE, 38]);
            put(&reason);
            put(&INVALIDITY);
            put(&days.generalized(invalidity));
        }
    }
    end
}

/// Codes of a reason, and more.
const CODES: usize = 16;
/// Octets of a UTCTime.
const UTC_TIME_OCTETS: u8 = 15;
/// Octets of extensions that are a reason alone.
const REASON_OCTETS: u8 = 14;
/// Longer than any entry (69 octets) and what is laid beyond it. A power of two, so that no place in
/// it need be looked at twice.
pub(super) const WINDOW: usize = 128;
/// Longer than what is behind a serial: 57 octets.
const TAIL: usize = 64;
/// An `invalidityDate` extension up to its date (RFC 5280 section 5.3.2).
const INVALIDITY: [u8; 11] = [0x30, 24, 6, 3, 0x55, 0x1d, 24, 4, 17, 0x18, 15];
