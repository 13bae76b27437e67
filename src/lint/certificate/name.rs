//! Names, compared attribute by attribute with their string types.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::profile::Service;

use super::published;

/// One attribute as it should be.
#[derive(Clone, Copy)]
pub(in crate::lint) struct Expectation<'a> {
    pub(super) oid: ObjectIdentifier,
    pub(super) tag: u8,
    pub(super) value: &'a str,
}

/// One attribute as it stands there.
#[derive(Clone, Copy)]
pub(super) struct Attribute<'a> {
    oid: &'a [u8],
    tag: u8,
    value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// Whether it is exactly this.
    pub(super) fn is(&self, expected: &Expectation<'_>) -> bool {
        self.oid == expected.oid.as_bytes()
            && self.tag == expected.tag
            && self.value == expected.value.as_bytes()
    }

    /// Its text, if it is a `UTF8String` of this type.
    pub(super) fn utf8(&self, oid: ObjectIdentifier) -> Option<&'a str> {
        let right = self.oid == oid.as_bytes() && self.tag == tag::UTF8_STRING;
        std::str::from_utf8(self.value).ok().filter(|_| right)
    }
}

/// The attributes of a `Name`, one to each relative name.
pub(super) fn attributes<'a>(name: Value<'a>) -> Result<Vec<Attribute<'a>>, NotDer> {
    if name.tag != tag::SEQUENCE {
        return Err(NotDer);
    }
    let mut names = Reader::new(name.contents);
    let mut attributes = Vec::with_capacity(LONGEST);
    while !names.is_empty() {
        let one = names.wrapped(tag::SET)?;
        if one.tag != tag::SEQUENCE || attributes.len() == LONGEST {
            return Err(NotDer);
        }
        let mut parts = Reader::new(one.contents);
        let oid = parts.expect(tag::OID)?;
        let value = parts.any()?;
        parts.end()?;
        attributes.push(Attribute { oid, tag: value.tag, value: value.contents });
    }
    Ok(attributes)
}

/// Whether a `Name` has exactly these attributes.
pub(in crate::lint) fn is(name: Value<'_>, expected: &[Expectation<'_>]) -> bool {
    attributes(name).is_ok_and(|attributes| all_are(&attributes, expected))
}

/// Whether these attributes are exactly those.
pub(super) fn all_are(attributes: &[Attribute<'_>], expected: &[Expectation<'_>]) -> bool {
    attributes.len() == expected.len()
        && attributes.iter().zip(expected).all(|(attribute, expected)| attribute.is(expected))
}

/// The `Name` that is the only content of a `GeneralNames` (the contents of its SEQUENCE).
pub(in crate::lint) fn only_directory_name(names: &[u8]) -> Result<Value<'_>, NotDer> {
    let mut names = Reader::new(names);
    // [4], EXPLICIT because Name is a CHOICE.
    let name = names.wrapped(tag::context_constructed(4))?;
    names.end()?;
    Ok(name)
}

/// Organisation and first organisational unit of a name that has the form of an authority's.
pub(in crate::lint) fn organisation_and_unit(name: Value<'_>) -> Option<(&str, &str)> {
    let attributes = attributes(name).ok()?;
    let [country, organisation, unit, _] = attributes.as_slice() else { return None };
    let named = (organisation.utf8(oid::ORGANIZATION)?, unit.utf8(oid::ORGANIZATIONAL_UNIT)?);
    country.is(&published::COUNTRY).then_some(named)
}

/// The service that a subject names, if it has the form of one within this organisational unit.
pub(in crate::lint) fn service_of(name: Value<'_>, unit: &str) -> Option<Service> {
    let attributes = attributes(name).ok()?;
    let [_, _, own, service] = attributes.as_slice() else { return None };
    let named = service.utf8(oid::COMMON_NAME)?;
    let service = Service::ALL.into_iter().find(|known| published::service_name(*known) == named);
    service.filter(|_| own.utf8(oid::ORGANIZATIONAL_UNIT) == Some(unit))
}

/// Attributes of the longest name of the profile, a distribution point's.
const LONGEST: usize = 6;
