//! The fields of a certificate to be signed, found but not judged.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::tag;

/// The fields of a `TBSCertificate` (RFC 5280 section 4.1), as they stand there.
pub(in crate::lint) struct Parts<'a> {
    /// Contents of the version's INTEGER; none when it is left out, which means 1.
    pub(super) version: Option<&'a [u8]>,
    /// Contents of the serial's INTEGER.
    pub(super) serial: &'a [u8],
    /// The signature algorithm.
    pub(in crate::lint) algorithm: Value<'a>,
    /// The issuer's name.
    pub(in crate::lint) issuer: Value<'a>,
    /// The first instant of validity.
    pub(super) not_before: Value<'a>,
    /// The last instant of validity.
    pub(super) not_after: Value<'a>,
    /// The subject's name.
    pub(in crate::lint) subject: Value<'a>,
    /// The subject's key.
    pub(in crate::lint) key: Value<'a>,
    /// Whether there is a unique identifier.
    pub(super) unique_id: bool,
    /// The row of extensions.
    pub(in crate::lint) extensions: Reader<'a>,
}

impl<'a> Parts<'a> {
    /// Finds the fields.
    pub(in crate::lint) fn read(der: &'a [u8]) -> Result<Self, NotDer> {
        let mut whole = Reader::new(der);
        let mut fields = whole.nested(tag::SEQUENCE)?;
        whole.end()?;
        let version = match fields.optional(tag::context_constructed(0))? {
            Some(explicit) => {
                let mut explicit = Reader::new(explicit);
                let version = explicit.integer()?;
                explicit.end()?;
                Some(version)
            }
            None => None,
        };
        let serial = fields.expect(tag::INTEGER)?;
        let algorithm = value(&mut fields, tag::SEQUENCE)?;
        let issuer = value(&mut fields, tag::SEQUENCE)?;
        let mut validity = fields.nested(tag::SEQUENCE)?;
        let (not_before, not_after) = (validity.any()?, validity.any()?);
        validity.end()?;
        let subject = value(&mut fields, tag::SEQUENCE)?;
        let key = value(&mut fields, tag::SEQUENCE)?;
        let issuer_id = fields.optional(tag::context(1))?;
        let subject_id = fields.optional(tag::context(2))?;
        let extensions = match fields.optional(tag::context_constructed(3))? {
            Some(explicit) => {
                let mut explicit = Reader::new(explicit);
                let extensions = explicit.nested(tag::SEQUENCE)?;
                explicit.end()?;
                extensions
            }
            None => Reader::new(&[]),
        };
        fields.end()?;
        let unique_id = issuer_id.is_some() || subject_id.is_some();
        Ok(Self {
            version,
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key,
            unique_id,
            extensions,
        })
    }
}

fn value<'a>(fields: &mut Reader<'a>, tag: u8) -> Result<Value<'a>, NotDer> {
    if fields.peek() == Some(tag) { fields.any() } else { Err(NotDer) }
}
