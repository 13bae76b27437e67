//! The same list by the types of x509-cert, and a like one by rcgen.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use der::Decode as _;
use der::Encode as _;
use der::asn1::OctetString;
use der::asn1::UtcTime;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Reason;
use jpki_ca::crl::Cause;
use jpki_ca::crl::Edition;
use jpki_ca::crl::Entry;
use rcgen::CertificateParams;
use rcgen::CertificateRevocationListParams;
use rcgen::CrlDistributionPoint;
use rcgen::CrlIssuingDistributionPoint;
use rcgen::KeyIdMethod;
use rcgen::KeyPair;
use rcgen::KeyUsagePurpose;
use rcgen::RevocationReason;
use rcgen::RevokedCertParams;
use rcgen::SerialNumber;
use x509_cert::crl::RevokedCert;
use x509_cert::crl::TbsCertList;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::CrlReason;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::DistributionPointName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::Outcome;
use crate::entries::Drawn;

/// x509-cert: types that are built, then encoded.
pub(crate) struct X509Cert;

impl X509Cert {
    /// The signed part, byte for byte that of ours.
    pub(crate) fn list(edition: &Edition<'_>, count: u64) -> Outcome<Vec<u8>> {
        let names = edition.names();
        let head = edition.head(&names);
        let point = names.point.as_ref().unwrap_or(&names.issuer);
        let point = GeneralName::DirectoryName(Name::from_der(&point.to_der())?);
        let point = IssuingDistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(vec![point])),
            only_contains_user_certs: false,
            only_contains_ca_certs: false,
            only_some_reasons: None,
            indirect_crl: false,
            only_contains_attribute_certs: false,
        };
        let key = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(head.key_id)?),
            authority_cert_issuer: None,
            authority_cert_serial_number: None,
        };
        let revoked: Vec<RevokedCert> =
            Drawn::new(count).map(|entry| revoked(&entry)).collect::<Result<_, _>>()?;
        let algorithm = head.algorithm.signature_identifier();
        let list = TbsCertList {
            version: x509_cert::Version::V2,
            signature: spki::AlgorithmIdentifierOwned::from_der(&algorithm)?,
            issuer: Name::from_der(&names.issuer.to_der())?,
            this_update: time(head.this_update)?,
            next_update: Some(time(head.next_update)?),
            revoked_certificates: Some(revoked),
            crl_extensions: Some(vec![
                extension("2.5.29.35", false, key.to_der()?)?,
                extension("2.5.29.20", false, head.number.to_der()?)?,
                extension("2.5.29.28", true, point.to_der()?)?,
            ]),
        };
        Ok(list.to_der()?)
    }
}

fn revoked(entry: &Entry) -> der::Result<RevokedCert> {
    let extensions = match reason(entry) {
        Some((reason, _)) => Some(vec![extension("2.5.29.21", false, reason.to_der()?)?]),
        None => None,
    };
    Ok(RevokedCert {
        serial_number: entry.serial.get().into(),
        revocation_date: time(entry.at)?,
        crl_entry_extensions: extensions,
    })
}

fn extension(oid: &str, critical: bool, value: Vec<u8>) -> der::Result<Extension> {
    let extn_id = ObjectIdentifier::new_unwrap(oid);
    Ok(Extension { extn_id, critical, extn_value: OctetString::new(value)? })
}

fn time(at: Timestamp) -> der::Result<Time> {
    Ok(UtcTime::from_unix_duration(since_epoch(at))?.into())
}

fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_secs(at.to_unix().unsigned_abs())
}

/// The reason in the words of both; none where it is left out.
fn reason(entry: &Entry) -> Option<(CrlReason, RevocationReason)> {
    let Cause::Because(reason) = entry.cause else { return None };
    match reason {
        Reason::Unspecified => None,
        Reason::KeyCompromise => Some((CrlReason::KeyCompromise, RevocationReason::KeyCompromise)),
        Reason::CaCompromise => Some((CrlReason::CaCompromise, RevocationReason::CaCompromise)),
        Reason::AffiliationChanged => {
            Some((CrlReason::AffiliationChanged, RevocationReason::AffiliationChanged))
        }
        Reason::Superseded => Some((CrlReason::Superseded, RevocationReason::Superseded)),
        Reason::CessationOfOperation => {
            Some((CrlReason::CessationOfOperation, RevocationReason::CessationOfOperation))
        }
        Reason::CertificateHold => {
            Some((CrlReason::CertificateHold, RevocationReason::CertificateHold))
        }
    }
}

/// rcgen, with its own key.
pub(crate) struct Rcgen(rcgen::Issuer<'static, KeyPair>);

impl Rcgen {
    pub(crate) fn new() -> Outcome<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.key_usages = vec![KeyUsagePurpose::CrlSign];
        Ok(Self(rcgen::Issuer::new(params, KeyPair::generate()?)))
    }

    /// A complete list of the same entries.
    pub(crate) fn list(&self, count: u64) -> Outcome<usize> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let revoked_certs = Drawn::new(count).map(|entry| RevokedCertParams {
            serial_number: SerialNumber::from(entry.serial.get()),
            revocation_time: epoch + since_epoch(entry.at),
            reason_code: reason(&entry).map(|(_, reason)| reason),
            invalidity_date: None,
        });
        let point = CrlDistributionPoint { uris: vec!["http://crl.invalid".to_owned()] };
        let list = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2029, 12, 31),
            next_update: rcgen::date_time_ymd(2030, 1, 3),
            crl_number: SerialNumber::from(1000),
            issuing_distribution_point: Some(CrlIssuingDistributionPoint {
                distribution_point: point,
                scope: None,
            }),
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.0)?.der().len())
    }
}
