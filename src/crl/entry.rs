//! What is listed, and how many octets it takes.

use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::credential::Serial;

/// One certificate on a list (RFC 5280 section 5.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number.
    pub serial: Serial,
    /// Since when it is revoked or held: `revocationDate`.
    pub at: Timestamp,
    /// Why it is listed.
    pub cause: Cause,
    /// Since when it is known or suspected not to be good: `invalidityDate` (RFC 5280 section
    /// 5.3.2).
    pub invalidity: Option<Timestamp>,
}

impl Entry {
    /// Octets of the encoded entry, tag and length included: 21 to 69.
    #[must_use]
    #[inline]
    pub fn octets(&self) -> u64 {
        let reason = if self.cause.code() == 0 { 0 } else { REASON_OCTETS };
        let invalidity = if self.invalidity.is_some() { INVALIDITY_OCTETS } else { 0 };
        let extensions = reason + invalidity;
        let wrapper = if extensions == 0 { 0 } else { 2 };
        2 + 2 + serial_octets(self.serial) + time_octets(self.at) + wrapper + extensions
    }
}

/// Why a certificate is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It is revoked or held for this reason.
    Because(Reason),
    /// It was on the base list and no longer is, `removeFromCRL`: stands on delta lists alone (RFC
    /// 5280 section 5.3.1).
    Removed,
}

impl Cause {
    /// The code of `CRLReason`. Zero is never written: its only right form is its absence (RFC 5280
    /// section 5.3.1).
    #[must_use]
    #[inline]
    pub fn code(self) -> u8 {
        match self {
            Self::Because(reason) => reason.code(),
            Self::Removed => REMOVE_FROM_CRL,
        }
    }

    /// The cause with this code of `CRLReason`; none for a code that JPKI does not use.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        if code == REMOVE_FROM_CRL {
            return Some(Self::Removed);
        }
        Reason::from_code(code).ok().map(Self::Because)
    }
}

/// How many entries a list has and how many octets they take: what must be known before its first
/// octet can be written, since DER states lengths first.
///
/// Entries are measured in any order. Whoever keeps a running total keeps both numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Entries.
    pub count: u64,
    /// Octets of all entries, by [`Entry::octets`].
    pub octets: u64,
}

impl Measure {
    /// Counts one more entry.
    #[inline]
    pub fn add(&mut self, entry: &Entry) {
        self.count += 1;
        self.octets += entry.octets();
    }
}

impl<'a> FromIterator<&'a Entry> for Measure {
    fn from_iter<I: IntoIterator<Item = &'a Entry>>(entries: I) -> Self {
        let mut measure = Self::default();
        for entry in entries {
            measure.add(entry);
        }
        measure
    }
}

impl FromIterator<Entry> for Measure {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut measure = Self::default();
        for entry in entries {
            measure.add(&entry);
        }
        measure
    }
}

/// Content octets of the INTEGER: one bit more than the number has, for the sign.
#[inline]
pub(super) fn serial_octets(serial: Serial) -> u64 {
    u64::from((64 - serial.get().leading_zeros()) / 8 + 1)
}

/// Octets of a `Time`: UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 5.1.2.6).
#[inline]
pub(super) fn time_octets(at: Timestamp) -> u64 {
    if (UTC_TIME_FROM..UTC_TIME_UNTIL).contains(&at.to_unix()) { 15 } else { 17 }
}

/// 1950-01-01T00:00:00Z, the first second of UTCTime, since the epoch.
pub(super) const UTC_TIME_FROM: i64 = -631_152_000;
/// 2050-01-01T00:00:00Z, the first second after UTCTime, since the epoch.
pub(super) const UTC_TIME_UNTIL: i64 = 2_524_608_000;
/// Octets of a `reasonCode` extension.
pub(super) const REASON_OCTETS: u64 = 12;
/// Octets of an `invalidityDate` extension.
pub(super) const INVALIDITY_OCTETS: u64 = 26;
/// The code of `removeFromCRL`.
const REMOVE_FROM_CRL: u8 = 8;
