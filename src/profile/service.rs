//! Certificates of the services around an authority: its own key signs certificates and lists only,
//! so whatever else is signed in its name has a key of its own, which the authority certifies.
//! No published table has them; theirs stands here, and in `ARCHITECTURE.md` among what we assume.

use std::fmt;

use crate::asn1::Name;
use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::clock::TimeError;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;

use super::assumed;
use super::extension;
use super::issuer::Issuer;
use super::issuer::ca_name;
use super::issuer::unit;
use super::realm::Realm;
use super::tbs::Fields;
use super::tbs::Subject;
use super::tbs::TbsCertificate;

/// What a service signs in an authority's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Service {
    /// What is published: the manifest that names the revocation lists of a version.
    Publication,
    /// Answers about the status of certificates (OCSP).
    Responder,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 2] = [Self::Publication, Self::Responder];

    /// The word of the command line and of file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publication => "publication",
            Self::Responder => "ocsp",
        }
    }

    /// The common name of its subject.
    pub(super) fn common_name(self) -> &'static str {
        match self {
            Self::Publication => "Publication",
            Self::Responder => "OCSP Responder",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publication => "publication",
            Self::Responder => "OCSP responder",
        })
    }
}

/// Which of the services' keys. Each holds one at a time: publication one for the whole installation,
/// certified by the newest generation in force; a responder one for each generation of an authority,
/// certified by exactly that one, since verifiers take its answers about that one's certificates
/// alone (RFC 6960 section 4.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ServiceKey {
    /// That of publication.
    Publication,
    /// That of the responder for a generation of an authority.
    Responder(CaName, Generation),
}

impl ServiceKey {
    /// What it signs.
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::Publication => Service::Publication,
            Self::Responder(..) => Service::Responder,
        }
    }

    /// What the files of the key and of its certificate are called, without their endings:
    /// `publication`, `ocsp-signature-1`.
    #[must_use]
    pub fn stem(self) -> String {
        let service = self.service().as_str();
        match self {
            Self::Publication => service.to_owned(),
            Self::Responder(ca, generation) => format!("{service}-{ca}-{generation}"),
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.service();
        match self {
            Self::Publication => write!(f, "{service}"),
            Self::Responder(ca, generation) => write!(f, "{service} {ca}-{generation}"),
        }
    }
}

/// What a service's certificate needs to be written.
#[derive(Clone, Copy, Debug)]
pub struct ServiceGrant<'a> {
    /// In whose name.
    pub realm: &'a Realm,
    /// By which generation of the authority.
    pub issuer: &'a Issuer,
    /// For which service.
    pub service: Service,
    /// Under which number of the counter that the holders' certificates share.
    pub serial: Serial,
    /// For which key.
    pub key: &'a PublicKey,
    /// When it begins.
    pub not_before: Timestamp,
}

/// When a service's certificate that begins then ends, counted from that Japanese day, at 23:59:59
/// Japan time, and never later than its issuer's own: for publication after three years less a day,
/// for a responder with the thirtieth day.
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn service_end(
    service: Service,
    not_before: Timestamp,
    issuer: &Issuer,
) -> Result<Timestamp, TimeError> {
    let first_day = not_before.japan_date();
    let next_day = match service {
        Service::Publication => first_day.plus_months(12 * i32::from(assumed::SERVICE_YEARS))?,
        Service::Responder => first_day.plus_days(i32::from(assumed::RESPONDER_DAYS))?,
    };
    Ok(next_day.plus_days(-1)?.end_of_day().min(issuer.not_after))
}

/// The certificate of a service, until its [end](service_end).
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn service_certificate(grant: &ServiceGrant<'_>) -> Result<TbsCertificate, TimeError> {
    let ServiceGrant { issuer, service, .. } = *grant;
    let organisation = grant.realm.organisation();
    let not_after = service_end(service, grant.not_before, issuer)?;
    let issuer_name = ca_name(issuer.ca, organisation);
    let algorithm = issuer.algorithm.signature_identifier();
    let subject = Subject::Service(service);
    let fields = Fields {
        serial: grant.serial,
        algorithm: &algorithm,
        issuer: &issuer_name,
        validity: (grant.not_before, not_after),
        subject: &Name::japan()
            .with(oid::ORGANIZATION, organisation.as_str())
            .with(oid::ORGANIZATIONAL_UNIT, unit(issuer.ca))
            .with(oid::COMMON_NAME, service.common_name()),
        key: grant.key,
    };
    let point = subject.partition().name(issuer.ca, organisation);
    let der = fields.write(|der| {
        // 1. keyUsage: digitalSignature.
        extension::key_usage(der, [0x07, 0x80]);
        match service {
            // 2. cRLDistributionPoints: the authority's own list.
            Service::Publication => extension::distribution_point(der, &point),
            Service::Responder => {
                // 2. extKeyUsage: OCSPSigning, which is the delegation (RFC 6960 section 4.2.2.2).
                extension::extended_key_usage(der, oid::OCSP_SIGNING);
                // 3. id-pkix-ocsp-nocheck: trusted until its end, since who asks about a responder
                // would have to ask another (RFC 6960 section 4.2.2.2.1). Hence no list is named.
                extension::ocsp_no_check(der);
            }
        }
        // 3. or 4. authorityKeyIdentifier.
        extension::authority_key_identifier(der, &issuer.key_id, &issuer_name, issuer.serial);
        // 4. or 5. subjectKeyIdentifier.
        extension::subject_key_identifier(der, &grant.key.key_id());
    });
    Ok(TbsCertificate {
        der,
        issuer: (issuer.ca, issuer.generation),
        profile: issuer.profile,
        serial: grant.serial,
        subject,
        not_before: grant.not_before,
        not_after,
        key: grant.key.clone(),
    })
}
