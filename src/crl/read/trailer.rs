//! What stands behind the entries.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;

use super::fault::Fault;
use super::integer::Integer;

/// The extensions of a list, and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trailer {
    /// `crlExtensions`, all of them, in the order in which they stand there.
    pub extensions: Vec<Extension>,
    /// The signature; none when only the signed part was read.
    pub signature: Option<Signature>,
    authority_key_id: Option<Vec<u8>>,
    number: Option<Integer>,
    base: Option<Integer>,
    point: Option<Point>,
}

/// One extension of a list, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension {
    /// The contents of its OBJECT IDENTIFIER.
    pub oid: Vec<u8>,
    /// Whether it is critical.
    pub critical: bool,
    /// The contents of its OCTET STRING.
    pub value: Vec<u8>,
}

/// The signature of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// Its `AlgorithmIdentifier`, equal to the one in the [`Header`](super::Header).
    pub algorithm: Vec<u8>,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// An `issuingDistributionPoint` (RFC 5280 section 5.2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Point {
    /// The DER of the `DistributionPointName`'s contents, if there is one: names of whatever kind.
    pub name: Option<Vec<u8>>,
    /// The DER of the `Name`, when the full name is one directory name and nothing else.
    pub directory_name: Option<Vec<u8>>,
    /// `onlyContainsUserCerts`.
    pub only_user: bool,
    /// `onlyContainsCACerts`.
    pub only_ca: bool,
    /// `onlyContainsAttributeCerts`.
    pub only_attribute: bool,
    /// `onlySomeReasons` stands there.
    pub some_reasons: bool,
    /// `indirectCRL`: entries of other issuers.
    pub indirect: bool,
}

impl Trailer {
    /// The key identifier of `authorityKeyIdentifier`.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key_id.as_deref()
    }

    /// `cRLNumber`.
    #[must_use]
    pub fn number(&self) -> Option<Integer> {
        self.number
    }

    /// The base of `deltaCRLIndicator`; only delta lists have it.
    #[must_use]
    pub fn base(&self) -> Option<Integer> {
        self.base
    }

    /// `issuingDistributionPoint`.
    #[must_use]
    pub fn point(&self) -> Option<&Point> {
        self.point.as_ref()
    }

    /// The extension with this identifier.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid.as_bytes())
    }

    /// Whether a critical extension stands there that this reader does not know: the list must then
    /// not be relied on (RFC 5280 section 5.2).
    #[must_use]
    pub fn has_unknown_critical(&self) -> bool {
        let unknown =
            |extension: &Extension| KNOWN.iter().all(|known| known.as_bytes() != extension.oid);
        self.extensions.iter().any(|extension| extension.critical && unknown(extension))
    }

    /// Reads the contents of `crlExtensions`, `[0]` and all; nothing when a list has none.
    pub(super) fn read(contents: Option<&[u8]>) -> Result<Self, Fault> {
        let not = |NotDer| Fault::NotA("a row of extensions");
        let mut extensions: Vec<Extension> = Vec::new();
        if let Some(contents) = contents {
            let mut wrapped = Reader::new(contents);
            let mut row = wrapped.nested(tag::SEQUENCE).map_err(not)?;
            wrapped.end().map_err(|NotDer| Fault::Behind)?;
            if row.is_empty() {
                return Err(not(NotDer));
            }
            while !row.is_empty() {
                let (oid, critical, value) = row.extension().map_err(not)?;
                if extensions.iter().any(|before| before.oid == oid) {
                    return Err(Fault::Twice);
                }
                let (oid, value) = (oid.to_vec(), value.to_vec());
                extensions.push(Extension { oid, critical, value });
            }
        }
        let mut trailer = Self {
            extensions,
            signature: None,
            authority_key_id: None,
            number: None,
            base: None,
            point: None,
        };
        let value = |oid| trailer.extension(oid).map(|extension| extension.value.as_slice());
        let authority_key_id = value(oid::AUTHORITY_KEY_IDENTIFIER).map(key_id).transpose()?;
        let number = value(oid::CRL_NUMBER).map(list_number).transpose()?;
        let base = value(oid::DELTA_CRL_INDICATOR).map(list_number).transpose()?;
        let point = value(oid::ISSUING_DISTRIBUTION_POINT).map(Point::read).transpose()?;
        trailer.authority_key_id = authority_key_id.flatten();
        trailer.number = number;
        trailer.base = base;
        trailer.point = point;
        Ok(trailer)
    }
}

/// The key identifier of an `AuthorityKeyIdentifier`, if it has one.
fn key_id(value: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let read = || {
        let mut whole = Reader::new(value);
        let mut parts = whole.nested(tag::SEQUENCE)?;
        whole.end()?;
        let key_id = parts.optional(tag::context(0))?;
        parts.optional(tag::context_constructed(1))?;
        parts.optional(tag::context(2))?;
        parts.end()?;
        Ok(key_id.map(<[u8]>::to_vec))
    };
    read().map_err(|NotDer| Fault::NotA("an AuthorityKeyIdentifier"))
}

/// A `CRLNumber`: not negative.
fn list_number(value: &[u8]) -> Result<Integer, Fault> {
    let number = Value::only(value).and_then(Integer::read);
    number.filter(|number| !number.is_negative()).ok_or(Fault::NotA("a CRLNumber"))
}

impl Point {
    fn read(value: &[u8]) -> Result<Self, Fault> {
        let read = || {
            let mut whole = Reader::new(value);
            let mut parts = whole.nested(tag::SEQUENCE)?;
            whole.end()?;
            let name = parts.optional(tag::context_constructed(0))?;
            if let Some(name) = name {
                // A CHOICE: one of the two forms.
                let mut form = Reader::new(name);
                form.any()?;
                form.end()?;
            }
            let point = Self {
                name: name.map(<[u8]>::to_vec),
                directory_name: name.and_then(directory_name).map(<[u8]>::to_vec),
                only_user: flag(&mut parts, 1)?,
                only_ca: flag(&mut parts, 2)?,
                some_reasons: parts.optional(tag::context(3))?.is_some(),
                indirect: flag(&mut parts, 4)?,
                only_attribute: flag(&mut parts, 5)?,
            };
            parts.end()?;
            Ok(point)
        };
        read().map_err(|NotDer| Fault::NotA("an IssuingDistributionPoint"))
    }
}

/// A BOOLEAN DEFAULT FALSE under `[n]`.
fn flag(parts: &mut Reader<'_>, n: u8) -> Result<bool, NotDer> {
    match parts.optional(tag::context(n))? {
        Some([0xff]) => Ok(true),
        Some(_) => Err(NotDer),
        None => Ok(false),
    }
}

/// The `Name` of a `fullName` that is one directory name.
fn directory_name(name: &[u8]) -> Option<&[u8]> {
    let mut form = Reader::new(name);
    let mut names = form.nested(tag::context_constructed(0)).ok()?;
    let directory_name = names.wrapped(tag::context_constructed(4)).ok()?;
    names.end().ok()?;
    (directory_name.tag == tag::SEQUENCE).then_some(directory_name.der)
}

/// The extensions that are read beyond their bytes.
const KNOWN: [ObjectIdentifier; 4] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::CRL_NUMBER,
    oid::DELTA_CRL_INDICATOR,
    oid::ISSUING_DISTRIBUTION_POINT,
];
