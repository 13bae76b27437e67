//! How a request names a certificate.

use crate::asn1::Der;
use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::credential::Serial;

use super::issuer::IssuerHashes;

/// A certificate, named by hashes of its issuer's name and key and by its serial number, kept as
/// the exact DER that was asked, which the answer repeats (RFC 6960 section 4.1.1).
///
/// ```text
/// CertID ::= SEQUENCE {
///    hashAlgorithm       AlgorithmIdentifier,
///    issuerNameHash      OCTET STRING,
///    issuerKeyHash       OCTET STRING,
///    serialNumber        CertificateSerialNumber }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertId {
    der: Vec<u8>,
    hash: Option<Hash>,
    serial: Option<Serial>,
}

impl CertId {
    /// Names a certificate of ours.
    #[must_use]
    pub fn new(hash: Hash, issuer: &IssuerHashes, serial: Serial) -> Self {
        let (name, key) = issuer.by(hash);
        let der = Der::build(|der| {
            der.sequence(|der| {
                der.sequence(|der| {
                    der.oid(hash.oid());
                    // Absent and NULL are the same (RFC 5754 section 2); clients write NULL.
                    der.null();
                });
                der.primitive(tag::OCTET_STRING, name);
                der.primitive(tag::OCTET_STRING, key);
                der.unsigned(tag::INTEGER, serial.get());
            });
        });
        Self { der, hash: Some(hash), serial: Some(serial) }
    }

    /// Reads the DER of one, whatever the hash algorithm and the number.
    ///
    /// # Errors
    /// When it is not that.
    pub fn read(der: &[u8]) -> Result<Self, NotDer> {
        let parts = Parts::read(der)?;
        Ok(Self { der: der.to_vec(), hash: parts.hash(), serial: Serial::of_integer(parts.number) })
    }

    /// The exact bytes.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The hash algorithm; none when it is not one that we know.
    #[must_use]
    pub fn hash(&self) -> Option<Hash> {
        self.hash
    }

    /// The hash of the issuer's name.
    #[must_use]
    pub fn issuer_name_hash(&self) -> &[u8] {
        self.parts().map_or(&[], |parts| parts.name_hash)
    }

    /// The hash of the issuer's key.
    #[must_use]
    pub fn issuer_key_hash(&self) -> &[u8] {
        self.parts().map_or(&[], |parts| parts.key_hash)
    }

    /// The serial number; none when it is no number of ours: negative, zero, or above
    /// [`Serial::MAX`].
    #[must_use]
    pub fn serial(&self) -> Option<Serial> {
        self.serial
    }

    /// The contents of the serial number's INTEGER, whatever number that is.
    #[must_use]
    pub fn serial_contents(&self) -> &[u8] {
        self.parts().map_or(&[], |parts| parts.number)
    }

    /// What was read once is read again, which costs less than keeping every part apart.
    fn parts(&self) -> Option<Parts<'_>> {
        Parts::read(&self.der).ok()
    }
}

/// A hash algorithm of certificate ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1, which every client understands (RFC 5019 section 2.1.1). No signature rests on it.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Hash {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    /// Its identifier.
    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
        }
    }
}

struct Parts<'a> {
    algorithm: Reader<'a>,
    name_hash: &'a [u8],
    key_hash: &'a [u8],
    number: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self, NotDer> {
        let mut whole = Reader::new(der);
        let mut fields = whole.nested(tag::SEQUENCE)?;
        whole.end()?;
        let parts = Self {
            algorithm: fields.nested(tag::SEQUENCE)?,
            name_hash: fields.expect(tag::OCTET_STRING)?,
            key_hash: fields.expect(tag::OCTET_STRING)?,
            number: fields.integer()?,
        };
        fields.end()?;
        Ok(parts)
    }

    /// With parameters NULL or absent.
    fn hash(&self) -> Option<Hash> {
        let mut algorithm = self.algorithm;
        let identifier = algorithm.expect(tag::OID).ok()?;
        let null = algorithm.optional(tag::NULL).ok()?;
        let plain = algorithm.is_empty() && null.is_none_or(<[u8]>::is_empty);
        let known = Hash::ALL.into_iter().find(|hash| hash.oid().as_bytes() == identifier);
        known.filter(|_| plain)
    }
}
