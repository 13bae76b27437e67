//! Serial and list numbers as others choose them.

use std::fmt;

use crate::asn1::Reader;
use crate::asn1::Value;

/// An INTEGER of at most 20 octets in its shortest form: what RFC 5280 allows for serial numbers
/// (section 4.1.2.2) and list numbers (section 5.2.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer {
    octets: [u8; 20],
    length: u8,
}

impl Integer {
    /// Its contents: two's complement, big-endian.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length.into()).unwrap_or_default()
    }

    /// The number, when it is not negative and fits.
    #[must_use]
    #[inline]
    pub fn to_u64(self) -> Option<u64> {
        let [a, b, c, d, e, f, g, h, i, ..] = self.octets;
        if a & 0x80 != 0 {
            return None;
        }
        match self.length {
            length @ 1..=8 => {
                let significant = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
                Some(significant >> (64 - 8 * u32::from(length)))
            }
            9 if a == 0 => Some(u64::from_be_bytes([b, c, d, e, f, g, h, i])),
            _ => None,
        }
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        let [first, ..] = self.octets;
        first & 0x80 != 0
    }

    /// Of at most eight octets in their shortest form, highest first, zeros behind.
    #[inline(always)]
    pub(super) fn of_eight(significant: u64, length: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = significant.to_be_bytes();
        let octets = [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Self { octets, length }
    }

    /// Reads a whole value.
    #[inline]
    pub(super) fn read(value: Value<'_>) -> Option<Self> {
        Self::new(Reader::new(value.der).integer().ok()?)
    }

    /// Of contents in their shortest form.
    #[inline]
    pub(super) fn new(contents: &[u8]) -> Option<Self> {
        let mut octets = [0; 20];
        octets.get_mut(..contents.len())?.copy_from_slice(contents);
        Some(Self { octets, length: u8::try_from(contents.len()).ok()? })
    }
}

impl fmt::Debug for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Integer({self})")
    }
}

impl fmt::Display for Integer {
    /// `0x` and its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", crate::asn1::hex(self.as_bytes()))
    }
}
