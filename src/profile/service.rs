//! Certificates of the services around an authority: its own key signs certificates and lists only,
//! so whatever else is signed in its name has a key of its own, which the authority certifies.
//! No published table has them; theirs stands here, and in `ARCHITECTURE.md` among what we assume.

use std::fmt;

use crate::asn1::Name;
use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::clock::TimeError;
use crate::clock::Timestamp;
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
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 1] = [Self::Publication];

    /// The word of the command line and of file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publication => "publication",
        }
    }

    /// The common name of its subject.
    pub(super) fn common_name(self) -> &'static str {
        match self {
            Self::Publication => "Publication",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

/// When a service's certificate that begins then ends: three years less a day after that Japanese
/// day, at 23:59:59 Japan time, and never later than its issuer's own.
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn service_end(not_before: Timestamp, issuer: &Issuer) -> Result<Timestamp, TimeError> {
    let years = i32::from(assumed::SERVICE_YEARS);
    let last_day = not_before.japan_date().plus_months(12 * years)?.plus_days(-1)?;
    Ok(last_day.end_of_day().min(issuer.not_after))
}

/// The certificate of a service, until its [end](service_end).
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn service_certificate(grant: &ServiceGrant<'_>) -> Result<TbsCertificate, TimeError> {
    let ServiceGrant { issuer, service, .. } = *grant;
    let organisation = grant.realm.organisation();
    let not_after = service_end(grant.not_before, issuer)?;
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
        // 2. cRLDistributionPoints: the authority's own list.
        extension::distribution_point(der, &point);
        // 3. authorityKeyIdentifier.
        extension::authority_key_identifier(der, &issuer.key_id, &issuer_name, issuer.serial);
        // 4. subjectKeyIdentifier.
        extension::subject_key_identifier(der, &grant.key.key_id());
    });
    Ok(TbsCertificate {
        der,
        issuer: (issuer.ca, issuer.generation),
        serial: grant.serial,
        subject,
        not_before: grant.not_before,
        not_after,
        key: grant.key.clone(),
    })
}
