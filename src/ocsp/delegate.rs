//! The certificate of a responder to whom an issuer has delegated its answers.

use std::ops::RangeInclusive;

use der::Decode as _;
use x509_cert::time::Time;

use crate::asn1::CertificateParts;
use crate::asn1::NotDer;
use crate::asn1::PublicKey;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;

use super::judge::TrustedIssuer;
use super::read::ResponderName;

/// A certificate that an answer carries, as far as it matters for answers.
pub(crate) struct Delegate<'a> {
    parts: CertificateParts<'a>,
    /// Its key; none when it is of no family that we know.
    pub(crate) key: Option<PublicKey>,
}

impl<'a> Delegate<'a> {
    /// Reads one; none when it is no certificate.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let parts = CertificateParts::read(der)?;
        let key = PublicKey::from_der(parts.public_key.der).ok();
        Some(Self { parts, key })
    }

    /// Whether it is the responder that an answer names.
    pub(crate) fn is(&self, named: &ResponderName) -> bool {
        match named {
            ResponderName::Name(name) => self.parts.subject.der == name,
            ResponderName::Key(hash) => {
                self.key.as_ref().is_some_and(|key| key.key_id() == hash.as_slice())
            }
        }
    }

    /// Its name, in DER.
    pub(crate) fn subject(&self) -> &'a [u8] {
        self.parts.subject.der
    }

    /// Whether its signature is by the issuer, in the issuer's name.
    pub(crate) fn is_issued_by(&self, issuer: &TrustedIssuer) -> bool {
        let algorithm = issuer.key.algorithm().signature_identifier();
        let parts = &self.parts;
        let Ok(signature) = Reader::new(parts.signature.der).bit_string() else { return false };
        parts.issuer.der == issuer.name
            && parts.tbs_algorithm.der == algorithm
            && parts.algorithm.der == algorithm
            && issuer.key.verify(parts.tbs.der, signature).is_ok()
    }

    /// Whether it may sign answers for its issuer: `id-kp-OCSPSigning` (RFC 6960 section 4.2.2.2).
    pub(crate) fn signs_answers(&self) -> bool {
        let purposes = self.parts.extension(oid::EXTENDED_KEY_USAGE);
        purposes.is_some_and(|value| holds(value, oid::OCSP_SIGNING).unwrap_or(false))
    }

    /// Whether its key may sign at all: `digitalSignature`, or no `keyUsage` (RFC 5280 section
    /// 4.2.1.3).
    pub(crate) fn signs(&self) -> bool {
        let Some(value) = self.parts.extension(oid::KEY_USAGE) else { return true };
        let bits = Reader::new(value).expect(tag::BIT_STRING).unwrap_or_default();
        bits.get(1).is_some_and(|first| first & DIGITAL_SIGNATURE != 0)
    }

    /// Whether its issuer says that nobody need ask for its own status (RFC 6960 section
    /// 4.2.2.2.1).
    pub(crate) fn is_exempt(&self) -> bool {
        self.parts.extension(oid::OCSP_NO_CHECK).is_some()
    }

    /// Whether a critical extension of it is not known here.
    pub(crate) fn has_unknown_critical(&self) -> bool {
        let known = |contents| KNOWN.iter().any(|oid| oid.as_bytes() == contents);
        self.parts.extensions.iter().any(|one| one.critical && !known(one.oid.contents))
    }

    /// When it is valid, in seconds since 1970; none when that is no time.
    pub(crate) fn validity(&self) -> Option<RangeInclusive<i64>> {
        let instant = |der| {
            let time = Time::from_der(der).ok()?;
            i64::try_from(time.to_unix_duration().as_secs()).ok()
        };
        Some(instant(self.parts.not_before.der)?..=instant(self.parts.not_after.der)?)
    }
}

/// Whether a purpose is among those of an `ExtKeyUsageSyntax`.
fn holds(value: &[u8], purpose: ObjectIdentifier) -> Result<bool, NotDer> {
    let mut purposes = Reader::new(value).nested(tag::SEQUENCE)?;
    let mut found = false;
    while !purposes.is_empty() {
        found |= purposes.expect(tag::OID)? == purpose.as_bytes();
    }
    Ok(found)
}

/// Bit 0 of `KeyUsage`.
const DIGITAL_SIGNATURE: u8 = 0x80;
/// Extensions whose meaning for a responder is heeded here, or that mean nothing for it.
const KNOWN: [ObjectIdentifier; 5] = [
    oid::KEY_USAGE,
    oid::EXTENDED_KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::OCSP_NO_CHECK,
];
