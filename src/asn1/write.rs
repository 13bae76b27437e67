//! A DER writer for values whose bytes are fixed by a table.

use const_oid::ObjectIdentifier;

use crate::clock::Timestamp;

/// DER under construction: each method appends one complete value.
///
/// ```
/// use jpki_ca::asn1::{Der, tag};
/// let mut der = Der::new();
/// der.nested(tag::SEQUENCE, |der| der.boolean_true());
/// assert_eq!(der.into_bytes(), [0x30, 3, 1, 1, 0xff]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Der(Vec<u8>);

impl Der {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes of a value that `content` writes.
    pub fn build(content: impl FnOnce(&mut Self)) -> Vec<u8> {
        // No value of the profile is longer; the most frequent, a certificate, is nearly as long.
        Self::build_in(2048, content)
    }

    /// As [`Der::build`], with room for so many octets from the beginning: to be told where many short
    /// values are written, since memory by the kilobyte is dear.
    pub fn build_in(octets: usize, content: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut der = Self(Vec::with_capacity(octets));
        content(&mut der);
        der.0
    }

    /// The bytes written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A constructed value, or a string that wraps other values.
    pub fn nested(&mut self, tag: u8, content: impl FnOnce(&mut Self)) {
        // Most values are short: their length has one octet, and its place is kept free.
        self.0.extend_from_slice(&[tag, 0]);
        let start = self.0.len();
        content(self);
        let (length, octets) = length_octets(self.0.len() - start);
        let [first, more @ ..] = &length;
        if let Some(place) = self.0.get_mut(start - 1) {
            *place = *first;
        }
        let more = more.get(..octets - 1).unwrap_or_default();
        if !more.is_empty() {
            self.0.extend_from_slice(more);
            self.0.get_mut(start..).unwrap_or_default().rotate_right(more.len());
        }
    }

    /// As [`Der::nested`], with contents of so many octets, which are then written where they stay.
    /// Where there turn out to be more or fewer, they are moved.
    pub fn nested_of(&mut self, octets: usize, tag: u8, content: impl FnOnce(&mut Self)) {
        let (length, count) = length_octets(octets);
        let begin = self.0.len();
        self.0.push(tag);
        self.0.extend_from_slice(length.get(..count).unwrap_or_default());
        let start = self.0.len();
        content(self);
        if self.0.len() - start != octets {
            let contents = self.0.split_off(start);
            self.0.truncate(begin);
            self.primitive(tag, &contents);
        }
    }

    /// The octets of a value with contents of so many.
    #[must_use]
    pub fn length_of(contents: usize) -> usize {
        let (_, count) = length_octets(contents);
        1 + count + contents
    }

    /// A SEQUENCE.
    pub fn sequence(&mut self, content: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, content);
    }

    /// A primitive value with these contents.
    pub fn primitive(&mut self, tag: u8, contents: &[u8]) {
        let (length, octets) = length_octets(contents.len());
        self.0.push(tag);
        self.0.extend_from_slice(length.get(..octets).unwrap_or_default());
        self.0.extend_from_slice(contents);
    }

    /// A value that is already DER.
    pub fn raw(&mut self, der: &[u8]) {
        self.0.extend_from_slice(der);
    }

    /// An OBJECT IDENTIFIER.
    pub fn oid(&mut self, oid: ObjectIdentifier) {
        self.primitive(tag::OID, oid.as_bytes());
    }

    /// An `Extension` (RFC 5280 section 4.1): `critical` is a DEFAULT FALSE, so it is left out then.
    pub fn extension(
        &mut self,
        oid: ObjectIdentifier,
        critical: bool,
        value: impl FnOnce(&mut Self),
    ) {
        self.sequence(|der| {
            der.oid(oid);
            if critical {
                der.boolean_true();
            }
            der.nested(tag::OCTET_STRING, value);
        });
    }

    /// BOOLEAN TRUE; FALSE is a DEFAULT wherever we write one, and DER leaves defaults out.
    pub fn boolean_true(&mut self) {
        self.primitive(tag::BOOLEAN, &[0xff]);
    }

    /// NULL.
    pub fn null(&mut self) {
        self.primitive(tag::NULL, &[]);
    }

    /// A non-negative INTEGER under `tag` ([`tag::INTEGER`], or an implicit one).
    pub fn unsigned(&mut self, tag: u8, number: u64) {
        let octets = number.to_be_bytes();
        let zeros = octets.iter().take_while(|octet| **octet == 0).count().min(7);
        let significant = octets.get(zeros..).unwrap_or_default();
        if significant.first().is_some_and(|octet| octet & 0x80 != 0) {
            let mut padded = Vec::with_capacity(9);
            padded.push(0);
            padded.extend_from_slice(significant);
            self.primitive(tag, &padded);
        } else {
            self.primitive(tag, significant);
        }
    }

    /// A BIT STRING without unused bits.
    pub fn bit_string(&mut self, octets: &[u8]) {
        self.nested(tag::BIT_STRING, |der| {
            der.0.push(0);
            der.0.extend_from_slice(octets);
        });
    }

    /// A `Time`: UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
    pub fn time(&mut self, instant: Timestamp) {
        let text = time_text(instant);
        if (1950..2050).contains(&instant.utc().year()) {
            // Without the century.
            self.primitive(tag::UTC_TIME, text.get(2..).unwrap_or_default());
        } else {
            self.primitive(tag::GENERALIZED_TIME, &text);
        }
    }

    /// A GeneralizedTime in seconds of UTC (RFC 5280 section 4.1.2.5.2), whatever the year.
    pub fn generalized_time(&mut self, instant: Timestamp) {
        self.primitive(tag::GENERALIZED_TIME, &time_text(instant));
    }
}

/// `YYYYMMDDHHMMSSZ`.
fn time_text(instant: Timestamp) -> [u8; 15] {
    let utc = instant.utc();
    let date = [utc.year() / 100, utc.year() % 100, utc.month().into(), utc.day().into()];
    let time = [utc.hour().into(), utc.minute().into(), utc.second().into()];
    let mut text = [b'Z'; 15];
    for (digits, number) in text.chunks_exact_mut(2).zip(date.into_iter().chain(time)) {
        let digit = |number: i16| b'0' + u8::try_from(number % 10).unwrap_or_default();
        digits.copy_from_slice(&[digit(number / 10), digit(number)]);
    }
    text
}

/// Tags, with the constructed bit where the value is constructed.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
    /// SET.
    pub const SET: u8 = 0x31;

    /// `[n]`, primitive: an IMPLICIT tag on a primitive type; `n` below 31.
    #[must_use]
    pub const fn context(n: u8) -> u8 {
        0x80 | n
    }

    /// `[n]`, constructed: an EXPLICIT tag, or an IMPLICIT one on a constructed type; `n` below 31.
    #[must_use]
    pub const fn context_constructed(n: u8) -> u8 {
        0xa0 | n
    }
}

/// The length octets of a value of `length` octets, and how many of them count.
fn length_octets(length: usize) -> ([u8; 9], usize) {
    let mut octets = [0; 9];
    let bytes = (length as u64).to_be_bytes();
    if length < 0x80 {
        octets[0] = bytes[7];
        return (octets, 1);
    }
    let zeros = bytes.iter().take_while(|octet| **octet == 0).count();
    let significant = bytes.get(zeros..).unwrap_or_default();
    octets[0] = 0x80 | u8::try_from(significant.len()).unwrap_or(8);
    for (slot, octet) in octets.iter_mut().skip(1).zip(significant) {
        *slot = *octet;
    }
    (octets, significant.len() + 1)
}

#[cfg(test)]
mod tests {
    use der::Decode as _;
    use der::Encode as _;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_change_form_in_2050() {
        let written = |text: &str| Der::build(|der| der.time(text.parse().unwrap()));
        assert_eq!(written("2049-12-31T14:59:59Z"), b"\x17\x0d491231145959Z");
        assert_eq!(written("2050-01-01T14:59:59Z"), b"\x18\x0f20500101145959Z");
        assert_eq!(written("1950-01-01T00:00:00Z"), b"\x17\x0d500101000000Z");
        let instant = "2026-11-21T09:08:07Z".parse().unwrap();
        let general = Der::build(|der| der.generalized_time(instant));
        assert_eq!(general, b"\x18\x0f20261121090807Z");
    }

    proptest! {
        #[test]
        fn integers_are_those_of_der(number: u64) {
            let ours = Der::build(|der| der.unsigned(tag::INTEGER, number));
            prop_assert_eq!(ours, number.to_der().unwrap());
        }

        #[test]
        fn octet_strings_of_any_length_are_those_of_der(length in 0_usize..70_000) {
            let contents = vec![7_u8; length];
            let ours = Der::build(|der| der.primitive(tag::OCTET_STRING, &contents));
            let theirs = der::asn1::OctetString::from_der(&ours).unwrap();
            prop_assert_eq!(theirs.as_bytes().len(), length);
            let nested = Der::build(|der| der.nested(tag::OCTET_STRING, |der| der.raw(&contents)));
            prop_assert_eq!(&nested, &ours);
            prop_assert_eq!(Der::length_of(length), ours.len());
            for told in [length, 0, 127, 128, 70_000] {
                let nested = Der::build(|der| {
                    der.nested_of(told, tag::OCTET_STRING, |der| der.raw(&contents));
                });
                prop_assert_eq!(&nested, &ours);
            }
        }
    }
}
