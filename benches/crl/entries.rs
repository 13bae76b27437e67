//! Lists to be written: drawn as they are asked for, or packed in memory beforehand, so that drawing
//! them costs what is measured nothing.

use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::crl::Cause;
use jpki_ca::crl::Entry;

/// The entries of a list: rising serials of seven octets, dates of five years in no order, six
/// reasons of seven. The same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    left: u64,
    serial: u64,
    state: u64,
}

impl Drawn {
    pub(crate) fn new(count: u64) -> Self {
        Self { left: count, serial: 1 << 50, state: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Iterator for Drawn {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        self.left = self.left.checked_sub(1)?;
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (high, low) = (self.state >> 32, (self.state >> 12) & 0xf_ffff);
        self.serial += 1 + low;
        let second = FIRST_SECOND + ((high * FIVE_YEARS) >> 32).cast_signed();
        let reason = Reason::ALL[((low * 7) >> 20) as usize];
        Some(Entry {
            serial: Serial::new(self.serial).ok()?,
            at: Timestamp::from_unix(second).ok()?,
            cause: Cause::Because(reason),
            invalidity: None,
        })
    }
}

/// The same entries in memory, sixteen octets each: what a store or a segment has at hand.
#[derive(Debug)]
pub(crate) struct Packed(Vec<(Serial, u32, Cause)>);

impl Packed {
    pub(crate) fn new(count: u64) -> Self {
        let pack = |entry: Entry| {
            let second = entry.at.to_unix() - FIRST_SECOND;
            // Five years of seconds.
            (entry.serial, u32::try_from(second).unwrap_or_default(), entry.cause)
        };
        Self(Drawn::new(count).map(pack).collect())
    }

    #[inline]
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.0.iter().map_while(|(serial, second, cause)| {
            Some(Entry {
                serial: *serial,
                at: Timestamp::from_unix(FIRST_SECOND + i64::from(*second)).ok()?,
                cause: *cause,
                invalidity: None,
            })
        })
    }
}

/// 2024-01-01T00:00:00Z.
const FIRST_SECOND: i64 = 1_704_067_200;
const FIVE_YEARS: u64 = 5 * 366 * 86_400;
