//! The row of extensions behind the entries: which, in what order, critical or not, and what they
//! contain (RFC 5280 section 5.2). Read once more from their bytes.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::tag;
use crate::crl::Coverage;
use crate::crl::Trailer;

use super::Judge;
use super::point;
use super::rules;

pub(super) fn judge(judge: &mut Judge<'_>, trailer: &Trailer) {
    let stated = judge.expected.stated.as_ref();
    let mut last = None;
    let mut found = [None; TABLE.len()];
    for extension in &trailer.extensions {
        let place = TABLE.iter().position(|row| extension.oid == row.oid);
        let Some((place, row)) = place.and_then(|at| Some((at, TABLE.get(at)?))) else {
            let oid = Value { tag: tag::OID, contents: &extension.oid, der: &[] }.dotted();
            judge.broken_at(&rules::EXTENSION_UNKNOWN, oid.unwrap_or_default());
            continue;
        };
        if last.is_some_and(|last| place < last) {
            judge.broken_at(&rules::EXTENSION_ORDER, row.name);
        }
        last = last.max(Some(place));
        if extension.critical != row.critical {
            judge.broken_at(&rules::EXTENSION_CRITICAL, row.name);
        }
        if let Some(found) = found.get_mut(place) {
            *found = Some(extension.value.as_slice());
        }
    }
    let [key, number, base, point] = found;
    for (row, missing) in TABLE.iter().zip([key.is_none(), number.is_none(), false, false]) {
        if missing {
            judge.broken_at(&rules::EXTENSION_MISSING, row.name);
        }
    }
    if let Some(value) = key {
        authority_key(judge, value);
    }
    let number = number.map(|value| positive(value));
    judge.require(&rules::NUMBER, number != Some(None));
    let number = number.flatten();
    let base = base.map(|value| positive(value));
    let below = match base {
        Some(Some(base)) => number.is_none_or(|number| is_below(base, number)),
        Some(None) => false,
        None => true,
    };
    judge.require(&rules::BASE, below);
    if let Some(stated) = stated {
        let octets = stated.number.to_be_bytes();
        if number.is_some_and(|number| number != significant(&octets)) {
            judge.broken_at(&rules::STATED, "number of the list");
        }
        let octets = stated.base.map(u64::to_be_bytes);
        let right = octets.as_ref().map(|octets| significant(octets));
        if base.map(Option::unwrap_or_default) != right {
            judge.broken_at(&rules::STATED, "base of the delta list");
        }
    }
    match (point, stated.map(|stated| stated.coverage)) {
        (Some(value), _) => point::judge(judge, value),
        // Without one, a list is about all certificates.
        (None, None | Some(Coverage::Everything)) => {}
        (None, Some(Coverage::Partition(_))) => {
            judge.broken_at(&rules::EXTENSION_MISSING, POINT.name);
        }
    }
}

/// `[0] keyIdentifier` and nothing else.
fn authority_key(judge: &mut Judge<'_>, value: &[u8]) {
    let read = || {
        let mut value = Reader::new(value);
        let mut parts = value.nested(tag::SEQUENCE)?;
        value.end()?;
        let id = parts.expect(tag::context(0))?;
        parts.end()?;
        Ok::<_, NotDer>(id)
    };
    let right = match (read(), &judge.expected.key) {
        (Ok(id), Some(key)) => id == key.id,
        (Ok(id), None) => id.len() == KEY_ID_OCTETS,
        (Err(NotDer), _) => false,
    };
    judge.require(&rules::AUTHORITY_KEY, right);
}

/// The significant octets of a positive INTEGER of at most 20 octets.
fn positive(value: &[u8]) -> Option<&[u8]> {
    let mut value = Reader::new(value);
    let octets = value.integer().ok()?;
    value.end().ok()?;
    let positive = octets.len() <= NUMBER_OCTETS
        && octets.first().is_some_and(|first| first & 0x80 == 0)
        && octets != [0];
    positive.then(|| significant(octets))
}

/// A number without the zeros before it.
fn significant(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// Whether a number, both of significant octets, is below another.
fn is_below(one: &[u8], other: &[u8]) -> bool {
    (one.len(), one) < (other.len(), other)
}

/// One extension that lists have.
struct Row {
    /// Contents of its OBJECT IDENTIFIER, below 2.5.29.
    oid: [u8; 3],
    name: &'static str,
    critical: bool,
}

/// The extensions of our lists, in their order.
const TABLE: [Row; 4] = [
    Row { oid: [0x55, 0x1d, 35], name: "authorityKeyIdentifier", critical: false },
    Row { oid: [0x55, 0x1d, 20], name: "cRLNumber", critical: false },
    Row { oid: [0x55, 0x1d, 27], name: "deltaCRLIndicator", critical: true },
    POINT,
];
const POINT: Row = Row { oid: [0x55, 0x1d, 28], name: "issuingDistributionPoint", critical: true };
/// Octets of a key identifier, a SHA-1.
const KEY_ID_OCTETS: usize = 20;
/// Octets of a number of a list, by RFC 5280 section 5.2.3.
const NUMBER_OCTETS: usize = 20;
