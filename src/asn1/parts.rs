//! A certificate taken apart, nothing judged.

use std::fmt;

use super::read::Reader;
use super::read::Value;
use super::write::tag;

/// The fields of a certificate (RFC 5280 section 4.1), each as the DER that stands there.
///
/// ```text
/// TBSCertificate ::= SEQUENCE {
///     version         [0] EXPLICIT Version DEFAULT v1,
///     serialNumber        CertificateSerialNumber,
///     signature           AlgorithmIdentifier,
///     issuer              Name,
///     validity            Validity,
///     subject             Name,
///     subjectPublicKeyInfo SubjectPublicKeyInfo,
///     issuerUniqueID  [1] IMPLICIT UniqueIdentifier OPTIONAL,
///     subjectUniqueID [2] IMPLICIT UniqueIdentifier OPTIONAL,
///     extensions      [3] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateParts<'a> {
    /// What is signed.
    pub tbs: Value<'a>,
    /// The version INTEGER, when it is there.
    pub version: Option<Value<'a>>,
    /// The serial number.
    pub serial: Value<'a>,
    /// The algorithm that the signed part names.
    pub tbs_algorithm: Value<'a>,
    /// The issuer's name.
    pub issuer: Value<'a>,
    /// The first instant of validity.
    pub not_before: Value<'a>,
    /// The last instant of validity.
    pub not_after: Value<'a>,
    /// The subject's name.
    pub subject: Value<'a>,
    /// The `SubjectPublicKeyInfo`.
    pub public_key: Value<'a>,
    /// The issuer's unique identifier.
    pub issuer_unique_id: Option<Value<'a>>,
    /// The subject's unique identifier.
    pub subject_unique_id: Option<Value<'a>>,
    /// The extensions, in encoded order.
    pub extensions: Vec<ExtensionParts<'a>>,
    /// The algorithm beside the signature.
    pub algorithm: Value<'a>,
    /// The signature BIT STRING.
    pub signature: Value<'a>,
}

impl<'a> CertificateParts<'a> {
    /// Takes a certificate apart; none when its skeleton is not that of one.
    #[must_use]
    pub fn read(der: &'a [u8]) -> Option<Self> {
        let mut outer = Value::only(der)?.tagged(tag::SEQUENCE)?.inside();
        let tbs = outer.next_if(tag::SEQUENCE)?;
        let algorithm = outer.next_if(tag::SEQUENCE)?;
        let signature = outer.next_if(tag::BIT_STRING)?;

        let mut fields = tbs.inside();
        let version = match fields.next_if(tag::context_constructed(0)) {
            Some(version) => Some(version.child()?.tagged(tag::INTEGER)?),
            None => None,
        };
        let serial = fields.next_if(tag::INTEGER)?;
        let tbs_algorithm = fields.next_if(tag::SEQUENCE)?;
        let issuer = fields.next_if(tag::SEQUENCE)?;
        let mut validity = fields.next_if(tag::SEQUENCE)?.inside();
        let (not_before, not_after) = (validity.any().ok()?, validity.any().ok()?);
        let subject = fields.next_if(tag::SEQUENCE)?;
        let public_key = fields.next_if(tag::SEQUENCE)?;
        let issuer_unique_id = fields.next_if(tag::context(1));
        let subject_unique_id = fields.next_if(tag::context(2));
        let extensions = match fields.next_if(tag::context_constructed(3)) {
            Some(extensions) => ExtensionParts::read_all(extensions.child()?)?,
            None => Vec::new(),
        };
        let complete = outer.is_empty() && fields.is_empty() && validity.is_empty();
        complete.then_some(Self {
            tbs,
            version,
            serial,
            tbs_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            issuer_unique_id,
            subject_unique_id,
            extensions,
            algorithm,
            signature,
        })
    }

    /// The value of the first extension with this identifier.
    #[must_use]
    pub fn extension(&self, oid: super::oid::ObjectIdentifier) -> Option<&'a [u8]> {
        let found = self.extensions.iter().find(|part| part.oid.contents == oid.as_bytes());
        found.map(|part| part.value)
    }
}

impl fmt::Debug for CertificateParts<'_> {
    /// Only its size: a certificate may hold personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateParts({} octets to be signed)", self.tbs.der.len())
    }
}

/// One extension.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtensionParts<'a> {
    /// Its OBJECT IDENTIFIER.
    pub oid: Value<'a>,
    /// Whether it is critical.
    pub critical: bool,
    /// The contents of the OCTET STRING.
    pub value: &'a [u8],
}

impl<'a> ExtensionParts<'a> {
    /// Takes `Extensions` apart; none when its skeleton is not that of one.
    #[must_use]
    pub fn read_all(extensions: Value<'a>) -> Option<Vec<Self>> {
        let extensions = extensions.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
        extensions.map(|extension| Self::read(extension.tagged(tag::SEQUENCE)?.inside())).collect()
    }

    fn read(mut fields: Reader<'a>) -> Option<Self> {
        let oid = fields.next_if(tag::OID)?;
        // FALSE is the default and DER leaves it out; some issuers write it.
        let critical = match fields.next_if(tag::BOOLEAN) {
            Some(flag) => flag.contents != [0],
            None => false,
        };
        let value = fields.next_if(tag::OCTET_STRING)?.contents;
        fields.is_empty().then_some(Self { oid, critical, value })
    }
}

impl fmt::Debug for ExtensionParts<'_> {
    /// Only its identifier and size, as for the certificate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let oid = self.oid.dotted().unwrap_or_default();
        write!(f, "ExtensionParts({oid}, {} octets)", self.value.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;
    use proptest::sample::Index;
    use x509_cert::Certificate;
    use x509_cert::der::Decode as _;
    use x509_cert::der::Encode as _;

    use crate::asn1::oid;

    use super::*;

    const SIGNCA02: &[u8] = include_bytes!("../../testdata/jlis-ca/signca02.cer");

    #[test]
    fn a_published_certificate_comes_apart() {
        let parts = CertificateParts::read(SIGNCA02).unwrap();
        assert_eq!(parts.version.and_then(Value::unsigned), Some(2));
        assert_eq!(parts.serial.unsigned(), Some(20_104_363));
        assert_eq!(parts.not_after.contents, b"290914145959Z");
        assert_eq!(parts.issuer, parts.subject);
        assert_eq!(parts.extensions.len(), 5);
        assert_eq!(parts.extension(oid::BASIC_CONSTRAINTS), Some(&[0x30, 3, 1, 1, 0xff][..]));
        assert_eq!(parts.extension(oid::AUTHORITY_KEY_IDENTIFIER), None);
        assert_eq!(CertificateParts::read(&SIGNCA02[..1303]), None);
        // Another tag where the extensions were.
        let mut foreign = SIGNCA02.to_vec();
        foreign[622] = tag::context(0);
        assert_eq!(CertificateParts::read(&foreign), None);
    }

    proptest! {
        #[test]
        fn what_others_read_we_take_apart(changes in vec((any::<Index>(), any::<u8>()), 1..4)) {
            let mut der = SIGNCA02.to_vec();
            for (at, octet) in changes {
                *at.get_mut(&mut der) = octet;
            }
            let ours = CertificateParts::read(&der);
            // It passes over tags that it does not know: what it has read is what it writes again.
            if let Ok(theirs) = Certificate::from_der(&der)
                && theirs.to_der().as_ref() == Ok(&der)
            {
                let ours = ours.unwrap();
                let extensions = theirs.tbs_certificate.extensions.unwrap_or_default();
                prop_assert_eq!(ours.extensions.len(), extensions.len());
            }
        }
    }
}
