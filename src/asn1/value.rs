//! What a value that was read says, for whoever describes bytes instead of judging them.
//!
//! It stands beside `der` and `x509-cert` because those refuse as a whole what must still be
//! described: negative serials, object identifiers beyond 39 octets, times before 1970, the one
//! field that is wrong among twenty that are right. Nothing here recurses: the depth is that of the
//! caller's own code.

use super::read::Reader;
use super::read::Value;
use super::write::tag;

impl<'a> Value<'a> {
    /// The value that `bytes` are, with nothing behind it.
    #[must_use]
    pub fn only(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let value = reader.any().ok()?;
        reader.is_empty().then_some(value)
    }

    /// This value, if it has that tag.
    #[must_use]
    pub fn tagged(self, tag: u8) -> Option<Self> {
        (self.tag == tag).then_some(self)
    }

    /// A reader of the values inside.
    #[must_use]
    pub fn inside(self) -> Reader<'a> {
        Reader::new(self.contents)
    }

    /// The one value inside.
    #[must_use]
    pub fn child(self) -> Option<Self> {
        Self::only(self.contents)
    }

    /// The values inside, up to the first octets that are no DER.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let mut reader = self.inside();
        std::iter::from_fn(move || reader.any().ok())
    }

    /// The values inside; none when anything there is no DER.
    #[must_use]
    pub fn all_children(self) -> Option<Vec<Self>> {
        let mut reader = self.inside();
        let mut all = Vec::new();
        while !reader.is_empty() {
            all.push(reader.any().ok()?);
        }
        Some(all)
    }

    /// A non-negative INTEGER of at most 64 bits, whatever the tag (it may be implicit).
    #[must_use]
    pub fn unsigned(self) -> Option<u64> {
        let significant = match self.contents {
            [] => return None,
            [first, ..] if first & 0x80 != 0 => return None,
            [0, rest @ ..] => rest,
            other => other,
        };
        let fits = significant.len() <= size_of::<u64>();
        fits.then(|| significant.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    /// An OBJECT IDENTIFIER in dotted form, whatever the tag; arcs may have 128 bits, as those made
    /// from a UUID do.
    #[must_use]
    pub fn dotted(self) -> Option<String> {
        if self.contents.len() > MAX_OID || self.contents.last()? & CONTINUES != 0 {
            return None;
        }
        let mut arcs = Vec::new();
        let (mut arc, mut fresh) = (0_u128, true);
        for octet in self.contents {
            if (fresh && *octet == CONTINUES) || arc.leading_zeros() < 7 {
                return None;
            }
            arc = arc << 7 | u128::from(octet & !CONTINUES);
            fresh = octet & CONTINUES == 0;
            if fresh && arcs.is_empty() {
                let root = (arc / 40).min(2);
                arcs.push(root.to_string());
                arcs.push((arc - 40 * root).to_string());
            } else if fresh {
                arcs.push(arc.to_string());
            }
            if fresh {
                arc = 0;
            }
        }
        Some(arcs.join("."))
    }

    /// A `UTF8String`.
    #[must_use]
    pub fn utf8(self) -> Option<&'a str> {
        std::str::from_utf8(self.tagged(tag::UTF8_STRING)?.contents).ok()
    }
}

impl<'a> Reader<'a> {
    /// The next value if it has this tag; otherwise nothing moves.
    pub fn next_if(&mut self, tag: u8) -> Option<Value<'a>> {
        let mut ahead = *self;
        let value = ahead.any().ok()?.tagged(tag)?;
        *self = ahead;
        Some(value)
    }
}

/// Top bit of an octet of an arc that is not its last.
const CONTINUES: u8 = 0x80;
/// Octets of an object identifier: RFC 5280 section 4.1.2.4 asks for 20 arcs of 28 bits, 80 octets;
/// more only makes long text.
const MAX_OID: usize = 128;

#[cfg(test)]
mod tests {
    use der::Encode as _;
    use proptest::prop_assert_eq;
    use proptest::prop_assume;
    use proptest::proptest;

    use crate::asn1::Der;
    use crate::asn1::oid::ObjectIdentifier;

    use super::*;

    #[test]
    fn a_row_is_read_while_it_is_der() {
        assert_eq!(Value::only(&[5, 0, 0]), None);
        let sequence = Value::only(&[0x30, 6, 5, 0, 1, 1, 0xff, 9]).unwrap();
        assert_eq!(sequence.children().map(|value| value.tag).collect::<Vec<_>>(), [5, 1]);
        assert_eq!(sequence.all_children(), None);
        let mut inside = sequence.inside();
        assert_eq!(inside.next_if(tag::BOOLEAN), None);
        assert!(inside.next_if(tag::NULL).is_some() && inside.next_if(tag::BOOLEAN).is_some());
        assert!(!inside.is_empty());
    }

    #[test]
    fn identifiers_are_dotted() {
        let dotted = |contents: &[u8]| {
            let der = Der::build(|der| der.primitive(tag::OID, contents));
            Value::only(&der).unwrap().dotted()
        };
        assert_eq!(dotted(&[0x2a, 0x86, 0x48]).as_deref(), Some("1.2.840"));
        assert_eq!(dotted(&[0x88, 0x37, 3]).as_deref(), Some("2.999.3"));
        let mut uuid = vec![0x69, 0x83];
        uuid.extend([0xff; 17]);
        uuid.push(0x7f);
        assert_eq!(dotted(&uuid).as_deref(), Some("2.25.340282366920938463463374607431768211455"));
        for bad in [&[][..], &[0x80, 1], &[0x2a, 0x86], &[0x2a, 0x80, 1], &[0x2a; 129]] {
            assert_eq!(dotted(bad), None, "{bad:02x?}");
        }
        uuid.insert(1, 0x87);
        assert_eq!(dotted(&uuid), None, "129 bits");
    }

    proptest! {
        #[test]
        fn numbers_and_identifiers_are_those_of_der(
            number: u64,
            root in 0_u32..3,
            second in 0_u32..40,
            arcs in proptest::collection::vec(0_u32..1 << 28, 1..5),
        ) {
            let der = number.to_der().unwrap();
            prop_assert_eq!(Value::only(&der).unwrap().unsigned(), Some(number));
            let arcs = || [root, second].into_iter().chain(arcs.iter().copied());
            let words = arcs().map(|arc| arc.to_string()).collect::<Vec<_>>().join(".");
            let oid = ObjectIdentifier::from_arcs(arcs()).unwrap();
            // The crate loses arcs of exactly 2^21.
            prop_assume!(oid.to_string() == words);
            let der = Der::build(|der| der.oid(oid));
            prop_assert_eq!(Value::only(&der).unwrap().dotted(), Some(words));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            let _ = Value::only(&bytes).and_then(Value::all_children);
            let der = Der::build(|der| der.primitive(tag::OID, &bytes));
            let value = Value::only(&der).unwrap();
            let _ = (value.unsigned(), value.dotted(), value.utf8());
        }
    }
}
