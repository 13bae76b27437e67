//! A DER reader for judging bytes: it borrows, allocates nothing and takes one encoding of each
//! value only.

use super::write::tag;

/// DER being read from its beginning. A value that could have been written otherwise is refused.
///
/// ```
/// use jpki_ca::asn1::{Reader, tag};
/// let mut reader = Reader::new(&[0x30, 3, 2, 1, 5]);
/// let mut sequence = reader.nested(tag::SEQUENCE)?;
/// assert_eq!(sequence.integer()?, [5]);
/// sequence.end()?;
/// reader.end()?;
/// # Ok::<(), jpki_ca::asn1::NotDer>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next value.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever it is.
    ///
    /// # Errors
    /// When it is cut short, its length is not in the shortest form, or its tag takes more than one
    /// octet.
    pub fn any(&mut self) -> Result<Value<'a>, NotDer> {
        let all = self.rest;
        let (&tag, behind) = all.split_first().ok_or(NotDer)?;
        if tag & HIGH_TAG_NUMBER == HIGH_TAG_NUMBER {
            return Err(NotDer);
        }
        let (length, behind) = length(behind)?;
        let (contents, rest) = behind.split_at_checked(length).ok_or(NotDer)?;
        let (der, _) = all.split_at_checked(all.len() - rest.len()).ok_or(NotDer)?;
        self.rest = rest;
        Ok(Value { tag, contents, der })
    }

    /// The contents of the next value, which must have this tag.
    ///
    /// # Errors
    /// When it has another tag, or [`Reader::any`] fails.
    pub fn expect(&mut self, tag: u8) -> Result<&'a [u8], NotDer> {
        if self.peek() == Some(tag) { Ok(self.any()?.contents) } else { Err(NotDer) }
    }

    /// The contents of the next value if it has this tag, nothing otherwise.
    ///
    /// # Errors
    /// When [`Reader::any`] fails.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, NotDer> {
        if self.peek() == Some(tag) { Ok(Some(self.any()?.contents)) } else { Ok(None) }
    }

    /// The values within the next value, which must have this tag.
    ///
    /// # Errors
    /// As [`Reader::expect`].
    pub fn nested(&mut self, tag: u8) -> Result<Self, NotDer> {
        self.expect(tag).map(Self::new)
    }

    /// The one value within the next value, which must have this tag and hold nothing else.
    ///
    /// # Errors
    /// As [`Reader::expect`], and when it holds no or several values.
    pub fn wrapped(&mut self, tag: u8) -> Result<Value<'a>, NotDer> {
        let mut within = self.nested(tag)?;
        let value = within.any()?;
        within.end()?;
        Ok(value)
    }

    /// The contents of an INTEGER in its shortest form, two's complement.
    ///
    /// # Errors
    /// As [`Reader::expect`], and when a shorter form exists.
    pub fn integer(&mut self) -> Result<&'a [u8], NotDer> {
        let contents = self.expect(tag::INTEGER)?;
        if is_shortest(contents) { Ok(contents) } else { Err(NotDer) }
    }

    /// The octets of a BIT STRING without unused bits.
    ///
    /// # Errors
    /// As [`Reader::expect`], and when bits are unused.
    pub fn bit_string(&mut self) -> Result<&'a [u8], NotDer> {
        match self.expect(tag::BIT_STRING)?.split_first() {
            Some((0, octets)) => Ok(octets),
            Some(_) | None => Err(NotDer),
        }
    }

    /// The next `Extension` (RFC 5280 section 4.1): the contents of its identifier, whether it is
    /// critical, the contents of its value.
    ///
    /// # Errors
    /// As [`Reader::expect`], and when FALSE is written, which is the default.
    pub fn extension(&mut self) -> Result<(&'a [u8], bool, &'a [u8]), NotDer> {
        let mut parts = self.nested(tag::SEQUENCE)?;
        let oid = parts.expect(tag::OID)?;
        let critical = match parts.optional(tag::BOOLEAN)? {
            Some([0xff]) => true,
            Some(_) => return Err(NotDer),
            None => false,
        };
        let value = parts.expect(tag::OCTET_STRING)?;
        parts.end()?;
        Ok((oid, critical, value))
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// When something does.
    pub fn end(self) -> Result<(), NotDer> {
        if self.is_empty() { Ok(()) } else { Err(NotDer) }
    }
}

/// One value that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Value<'a> {
    /// Its tag.
    pub tag: u8,
    /// What it contains.
    pub contents: &'a [u8],
    /// All of it: tag, length, contents.
    pub der: &'a [u8],
}

/// Bytes are not the DER of what was to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the DER of what belongs here")]
pub struct NotDer;

/// Whether these contents of an INTEGER are the shortest (X.690 section 8.3.2).
fn is_shortest(contents: &[u8]) -> bool {
    match contents {
        [] => false,
        [_] => true,
        [first, second, ..] => !matches!((first, second & 0x80), (0, 0) | (0xff, 0x80)),
    }
}

/// A length in its only form (X.690 section 10.1), and what is behind it.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), NotDer> {
    let (&first, behind) = bytes.split_first().ok_or(NotDer)?;
    if first < 0x80 {
        return Ok((first.into(), behind));
    }
    let count = usize::from(first & 0x7f);
    // 0x80 is the indefinite form; above four octets no value of ours reaches.
    if count == 0 || count > 4 {
        return Err(NotDer);
    }
    let (octets, behind) = behind.split_at_checked(count).ok_or(NotDer)?;
    let length = octets.iter().fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
    if octets.first() == Some(&0) || length < 0x80 {
        return Err(NotDer);
    }
    Ok((usize::try_from(length).map_err(|_| NotDer)?, behind))
}

/// All tag-number bits set: the number follows in further octets.
const HIGH_TAG_NUMBER: u8 = 0x1f;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::asn1::Der;

    #[test]
    fn only_the_shortest_length_is_read() {
        let read = |bytes: &[u8]| Reader::new(bytes).any().map(|value| value.contents.len());
        assert_eq!(read(&[4, 1, 0]), Ok(1));
        assert_eq!(read(&[4, 0x81, 1, 0]), Err(NotDer), "long form below 128");
        assert_eq!(read(&[4, 0x82, 0, 0x80]), Err(NotDer), "leading zero");
        assert_eq!(read(&[0x30, 0x80, 0, 0]), Err(NotDer), "indefinite");
        assert_eq!(read(&[4, 0x85, 1, 0, 0, 0, 0]), Err(NotDer), "beyond four octets");
        assert_eq!(read(&[4, 0x84, 0xff, 0xff, 0xff, 0xff]), Err(NotDer), "cut short");
        assert_eq!(read(&[0x1f, 0x20, 0]), Err(NotDer), "long tag");
        assert_eq!(read(&[]), Err(NotDer));
    }

    #[test]
    fn only_the_shortest_integer_is_read() {
        let read = |bytes: &[u8]| Reader::new(bytes).integer().is_ok();
        assert!(read(&[2, 1, 0]) && read(&[2, 2, 0, 0x80]) && read(&[2, 2, 0xff, 0x7f]));
        assert!(!read(&[2, 0]) && !read(&[2, 2, 0, 0x7f]) && !read(&[2, 2, 0xff, 0x80]));
    }

    proptest! {
        #[test]
        fn what_the_writer_wrote_is_read(contents: Vec<u8>, repeat in 1_usize..300) {
            let contents = contents.repeat(repeat);
            let der = Der::build(|der| {
                der.sequence(|der| der.primitive(tag::OCTET_STRING, &contents));
            });
            let mut reader = Reader::new(&der);
            let value = reader.wrapped(tag::SEQUENCE).unwrap();
            prop_assert_eq!(value.contents, &contents[..]);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn what_is_read_is_what_would_be_written(bytes: Vec<u8>) {
            if let Ok(value) = Reader::new(&bytes).any() {
                let again = Der::build(|der| der.primitive(value.tag, value.contents));
                prop_assert_eq!(value.der, again);
            }
        }
    }
}
