//! An entry in its only form, laid out.
//!
//! This is the inner loop of a national list, and a digest with hardware behind it is nearly as
//! fast, so whole words are laid at known places of a window that is longer than any entry: each
//! part over the surplus of the one before it.

use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::Serial;

use super::civil::Civil;
use super::civil::generalized;
use super::entry::Entry;
use super::entry::serial_octets;

/// What a serial looks like, and so the beginning of its entry: since serials rise, the same for
/// nearly all of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The highest serial that looks so.
    pub(super) ceiling: u64,
    /// Octets of the serial.
    serial: u8,
    /// How far they are from the top.
    shift: u32,
    /// Where the entry goes on behind it, from its own beginning.
    tail: usize,
    /// The first four octets of the entry, lowest first, by the code of its reason.
    heads: [u32; CODES],
}

impl Shape {
    /// Before the first.
    pub(super) const NONE: Self =
        Self { ceiling: 0, serial: 0, shift: 0, tail: 0, heads: [0; CODES] };

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
            serial: octets,
            shift: 64 - 8 * u32::from(octets),
            tail: OPENING + usize::from(octets),
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
pub(super) fn lay(window: &mut [u8; WINDOW], entry: &Entry, shape: &Shape) -> usize {
    let code = entry.cause.code();
    // The significant octets first, zeros behind.
    let significant = entry.serial.get().wrapping_shl(shape.shift);
    if let Some(place) = window.get_mut(OPENING..).and_then(<[u8]>::first_chunk_mut) {
        *place = significant.to_be_bytes();
    }
    // At most twelve; said so that the place need not be looked at twice.
    let behind = window.get_mut(shape.tail & 15..).and_then(<[u8]>::first_chunk_mut);
    let Some(tail) = behind else { return 0 };
    let opening = match (Civil::of(entry.at.to_unix()), entry.invalidity) {
        (Some(civil), None) => {
            // Nearly every entry. The reason is laid in any case, and counted if there is one.
            lay_words(tail, &civil, code);
            shape.heads.get(usize::from(code) % CODES).copied().unwrap_or_default()
        }
        (_, invalidity) => {
            // Numbers, which need no place in memory as instants do.
            let invalidity = invalidity.map(Timestamp::to_unix);
            let behind = lay_rarer(tail, code, entry.at.to_unix(), invalidity);
            head(shape.serial, behind)
        }
    };
    let opening = opening.to_le_bytes();
    if let Some(place) = window.first_chunk_mut() {
        *place = opening;
    }
    // What the second octet says, and the first two themselves.
    let [_, contents, ..] = opening;
    2 + usize::from(contents)
}

/// Lays a UTCTime, and a reason behind it.
#[inline(always)]
fn lay_words(tail: &mut [u8; TAIL], civil: &Civil, code: u8) {
    let [minute, second] = civil.time();
    let words = [
        minute,
        // Its last octet is the first of 30 0c 30 0a 06 03 55 1d 15 04 03 0a 01.
        second,
        u32::from_le_bytes([12, 0x30, 10, 6]),
        u32::from_le_bytes([3, 0x55, 0x1d, 21]),
        u32::from_le_bytes([4, 3, 10, 1]),
        u32::from(code),
    ];
    let Some((date, behind)) = tail.split_first_chunk_mut() else { return };
    *date = civil.date().to_le_bytes();
    for (place, word) in behind.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
}

/// Lays what is behind the serial of an entry with an invalidity date, or dated before 1950 or after
/// 2049; how many octets it takes.
#[inline(never)]
fn lay_rarer(tail: &mut [u8; TAIL], code: u8, at: i64, invalidity: Option<i64>) -> u8 {
    let mut end = 0_u8;
    let mut put = |octets: &[u8]| {
        for octet in octets {
            if let Some(place) = tail.get_mut(usize::from(end)) {
                *place = *octet;
            }
            end += 1;
        }
    };
    let text = generalized(at);
    if Civil::of(at).is_some() {
        let [_, _, utc @ ..] = text;
        put(&[tag::UTC_TIME, 13]);
        put(&utc);
    } else {
        put(&[tag::GENERALIZED_TIME, 15]);
        put(&text);
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
            put(&generalized(invalidity));
        }
        (_, Some(invalidity)) => {
            put(&[tag::SEQUENCE, 38]);
            put(&reason);
            put(&INVALIDITY);
            put(&generalized(invalidity));
        }
    }
    end
}

/// Codes of a reason, and more.
const CODES: usize = 16;
/// Octets up to the serial: two tags and two lengths.
const OPENING: usize = 4;
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
