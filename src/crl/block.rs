//! Entries in their only form, written into blocks.
//!
//! This is the inner loop of a national list, and a digest with hardware behind it is nearly as
//! fast, so it lays whole words at known places of a window that is longer than any entry: each part
//! over the surplus of the one before it.

use std::borrow::Borrow;
use std::io;

use crate::asn1::tag;
use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::credential::Serial;

use super::encode::EncodeError;
use super::entry::Cause;
use super::entry::Entry;
use super::entry::UTC_TIME_FROM;
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
    /// For entries of so many octets.
    pub(super) fn new(sink: W, octets: u64) -> Self {
        let room = usize::try_from(octets).unwrap_or(LARGEST).saturating_add(WINDOW).min(LARGEST);
        let octets = vec![0; room].into_boxed_slice();
        Self { sink, octets, filled: 0, written: 0, days: Days::new() }
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

    /// Writes entries until there are no more.
    #[inline]
    pub(super) fn entries(
        &mut self,
        mut entries: impl Iterator<Item: Borrow<Entry>>,
        row: &mut Row,
    ) -> Result<(), EncodeError> {
        while !self.fill(&mut entries, row)? {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes entries until the block is full, or there are no more: says whether.
    #[inline(always)]
    fn fill(
        &mut self,
        entries: &mut impl Iterator<Item: Borrow<Entry>>,
        row: &mut Row,
    ) -> Result<bool, EncodeError> {
        // Everything that an entry changes is a local here: that is what registers are for.
        let (mut last, mut shape, mut count) = (row.last, row.shape, 0_u64);
        let mut rest = self.octets.get_mut(self.filled..).unwrap_or_default();
        let room = rest.len();
        let ended = loop {
            let Some(window) = rest.first_chunk_mut() else { break Ok(false) };
            let Some(entry) = entries.next() else { break Ok(true) };
            let entry: &Entry = entry.borrow();
            let serial = entry.serial.get();
            if serial <= last {
                break Err(EncodeError::Order(entry.serial));
            }
            let code = entry.cause.code();
            if code > row.highest_code {
                break Err(EncodeError::Removed(entry.serial));
            }
            last = serial;
            if serial > shape.ceiling {
                shape = Shape::of(entry.serial);
            }
            let octets = lay(window, entry, code, &shape, &mut self.days);
            rest = rest.get_mut(octets & (WINDOW - 1)..).unwrap_or_default();
            count = count.wrapping_add(1);
        };
        self.filled += room - rest.len();
        row.count += count;
        (row.last, row.shape) = (last, shape);
        ended
    }

    /// Hands the block to the sink.
    #[cold]
    #[inline(never)]
    fn flush(&mut self) -> io::Result<()> {
        let filled = self.octets.get(..self.filled).unwrap_or_default();
        if !filled.is_empty() {
            self.sink.write_all(filled)?;
            self.written += filled.len() as u64;
            self.filled = 0;
        }
        Ok(())
    }
}

/// The row of entries so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) count: u64,
    /// The highest code of a reason: that of an entry that was removed, on a delta list.
    highest_code: u8,
    /// The serial before, zero at first.
    last: u64,
    /// What the next serial looks like.
    shape: Shape,
}

impl Row {
    pub(super) fn new(is_delta: bool) -> Self {
        let highest =
            if is_delta { Cause::Removed } else { Cause::Because(Reason::CertificateHold) };
        let shape = Shape { ceiling: 0, shift: 0, tail: 0, head: 0 };
        Self { count: 0, highest_code: highest.code(), last: 0, shape }
    }
}

/// What a serial looks like, and so the beginning of its entry: since serials rise, the same for
/// nearly all of a list.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// The highest serial that looks so.
    ceiling: u64,
    /// How far its significant octets are from the top.
    shift: u32,
    /// Where the entry goes on behind it.
    tail: usize,
    /// The first four octets of the entry, lowest first, were nothing behind the serial.
    head: u32,
}

impl Shape {
    #[cold]
    #[inline(never)]
    fn of(serial: Serial) -> Self {
        let [octets, ..] = serial_octets(serial).to_le_bytes();
        Self {
            ceiling: (1 << (8 * u32::from(octets) - 1)) - 1,
            shift: 64 - 8 * u32::from(octets),
            tail: usize::from(octets),
            head: u32::from_le_bytes([tag::SEQUENCE, 2 + octets, tag::INTEGER, octets]),
        }
    }
}

/// Lays an entry at the window's beginning; how many octets it takes.
#[inline(always)]
fn lay(
    window: &mut [u8; WINDOW],
    entry: &Entry,
    code: u8,
    shape: &Shape,
    days: &mut Days,
) -> usize {
    let (head, behind) = window.split_at_mut(4);
    // The significant octets first, zeros behind.
    let significant = entry.serial.get().wrapping_shl(shape.shift);
    if let Some(place) = behind.first_chunk_mut() {
        *place = significant.to_be_bytes();
    }
    // At most eight; said so that the place need not be looked at twice.
    let behind = behind.get_mut(shape.tail & 15..);
    let Some(tail) = behind.and_then(|behind| behind.first_chunk_mut()) else { return 0 };
    let at = entry.at.to_unix();
    let octets = match (Civil::of(at), entry.invalidity) {
        (Some(civil), None) => {
            // Nearly every entry. The reason is laid in any case, and counted if there is one.
            lay_words(tail, days.digits(&civil), &civil, code);
            if code == 0 { 15 } else { 29 }
        }
        (_, invalidity) => lay_rarer(tail, at, code, invalidity.map(Timestamp::to_unix), days),
    };
    let opening = shape.head.wrapping_add(u32::from(octets) << 8);
    head.copy_from_slice(&opening.to_le_bytes());
    shape.tail.wrapping_add(4).wrapping_add(usize::from(octets))
}

/// Lays a UTCTime, and a reason behind it.
#[inline(always)]
fn lay_words(tail: &mut [u8; TAIL], digits: u64, civil: &Civil, code: u8) {
    let words = [
        // 17 0d and the date without its century.
        digits & !0xffff | 0x0d17,
        // The clock, and the beginning of 30 0c 30 0a 06 03 55 1d 15 04 03 0a 01.
        civil.clock() | 0x30 << 56,
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

/// An instant of the years 1950 to 2049, those of UTCTime.
struct Civil {
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
    fn of(at: i64) -> Option<Self> {
        let since = u32::try_from(at.wrapping_sub(UTC_TIME_FROM)).ok()?;
        let (day, minutes) = (since / 86_400, since / 60);
        let minute = minutes.wrapping_sub(day.wrapping_mul(1440));
        let second = since.wrapping_sub(minutes.wrapping_mul(60));
        (since < CENTURY).then_some(Self { day, minute, second })
    }

    /// `hhmmssZ`, first character lowest, and an octet of zero.
    #[inline(always)]
    fn clock(&self) -> u64 {
        clock(self.minute, self.second)
    }
}

#[inline(always)]
fn clock(minute: u32, second: u32) -> u64 {
    let minute = MINUTES.get(usize::try_from(minute).unwrap_or_default() % MINUTES.len());
    let second = SECONDS.get(usize::try_from(second).unwrap_or_default() % SECONDS.len());
    u64::from(minute.copied().unwrap_or_default())
        | u64::from(second.copied().unwrap_or_default()) << 32
        | u64::from(b'Z') << 48
}

/// Digits of the days that were met. A holder's certificates live for six years, so the dates on a
/// list repeat by the thousand, but in no order that one could follow.
///
/// A word holds `YYMMDD`, first character in its third octet, and below that the day, counted from
/// 1950 and from one; zero for none.
struct Days(Box<[u64; DAYS]>);

impl Days {
    fn new() -> Self {
        Self(Box::new([0; DAYS]))
    }

    /// `YYMMDD`, first character in the third octet; the two below are anything.
    #[inline(always)]
    fn digits(&mut self, civil: &Civil) -> u64 {
        let place = usize::try_from(civil.day).unwrap_or_default() % DAYS;
        let key = u64::from(civil.day.wrapping_add(1));
        match self.0.get(place) {
            Some(known) if *known & 0xffff == key => *known,
            Some(_) | None => self.learn(civil.day),
        }
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, day: u32) -> u64 {
        let at = UTC_TIME_FROM + 86_400 * i64::from(day);
        let word = day_digits(at) & !0xffff | u64::from(day + 1);
        if let Some(place) = self.0.get_mut(usize::try_from(day).unwrap_or_default() % DAYS) {
            *place = word;
        }
        word
    }

    /// `YYYYMMDDhhmmssZ`.
    fn generalized(&mut self, at: i64) -> [u8; 15] {
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

/// `ss` of the seconds of a minute, first character lowest.
static SECONDS: [u16; 64] = {
    let mut seconds = [0; 64];
    let mut second = 0;
    while second < 60 {
        seconds[second as usize] = 0x3030 + (second / 10 | (second % 10) << 8);
        second += 1;
    }
    seconds
};

/// Octets of a block: enough that a write costs nothing per entry, few enough to stay in the cache.
const LARGEST: usize = 1 << 16;
/// Longer than any entry (69 octets) and what is laid beyond it. A power of two, so that no place in
/// it need be looked at twice.
const WINDOW: usize = 128;
/// Longer than what is behind a serial: 57 octets.
const TAIL: usize = 64;
/// Days whose digits are kept: five and a half years, 16 KiB.
const DAYS: usize = 2048;
/// Seconds from 1950 to 2050.
const CENTURY: u32 = 3_155_760_000;
/// 2000-01-01, counted from 1950-01-01.
const DAY_OF_2000: u32 = 18_262;
/// The digit 0.
const ZERO: u64 = 0x30;
/// An `invalidityDate` extension up to its date (RFC 5280 section 5.3.2).
const INVALIDITY: [u8; 11] = [0x30, 24, 6, 3, 0x55, 0x1d, 24, 4, 17, 0x18, 15];
