//! The authority's own certificate: self-signed, the same name in every generation.

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::clock::TimeError;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;

use super::assumed;
use super::extension;
use super::issuer::alternative_name;
use super::issuer::ca_name;
use super::realm::Realm;
use super::tbs::Fields;
use super::tbs::Subject;
use super::tbs::TbsCertificate;

/// What an authority's own certificate needs to be written.
#[derive(Clone, Copy, Debug)]
pub struct CaGrant<'a> {
    /// In whose name.
    pub realm: &'a Realm,
    /// Which authority.
    pub ca: CaName,
    /// Which generation of its key.
    pub generation: Generation,
    /// Under which number of the counter that the holders' certificates share.
    pub serial: Serial,
    /// Its key.
    pub key: &'a PublicKey,
    /// For which cards it issues.
    pub profile: Profile,
    /// When it begins.
    pub not_before: Timestamp,
}

/// When an authority's certificate that begins then ends: ten years less a day after that Japanese
/// day, twenty for the next card, at 23:59:59 Japan time.
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn ca_end(profile: Profile, not_before: Timestamp) -> Result<Timestamp, TimeError> {
    let years = i32::from(match profile {
        Profile::Current => assumed::CA_YEARS,
        Profile::Next => assumed::NEXT_CA_YEARS,
    });
    let last_day = not_before.japan_date().plus_months(12 * years)?.plus_days(-1)?;
    Ok(last_day.end_of_day())
}

/// What the keys of an authority, of its services and of its holders are where nobody says otherwise:
/// RSA-2048 today, P-384 with the next card. Each may be of any algorithm, whatever the others are.
#[must_use]
pub fn usual_algorithm(profile: Profile) -> KeyAlgorithm {
    match profile {
        Profile::Current => KeyAlgorithm::RSA_2048,
        Profile::Next => KeyAlgorithm::P384,
    }
}

/// The self-signed certificate of an authority, until its [end](ca_end).
///
/// # Errors
/// When that day lies beyond the year 9998.
pub fn ca_certificate(grant: &CaGrant<'_>) -> Result<TbsCertificate, TimeError> {
    let not_after = ca_end(grant.profile, grant.not_before)?;
    let name = ca_name(grant.ca, grant.realm.organisation());
    let algorithm = grant.key.algorithm().signature_identifier();
    let fields = Fields {
        serial: grant.serial,
        algorithm: &algorithm,
        issuer: &name,
        validity: (grant.not_before, not_after),
        subject: &name,
        key: grant.key,
    };
    let der = fields.write(|der| {
        // 1. keyUsage: keyCertSign, cRLSign.
        extension::key_usage(der, [0x01, 0x06]);
        // 2. subjectAltName: the authority's Japanese name.
        extension::alternative_name(der, oid::SUBJECT_ALT_NAME, &alternative_name(grant.ca));
        // 3. basicConstraints: cA, no path length.
        extension::authority_constraints(der);
        // 4. cRLDistributionPoints: its own name, where its own list stands.
        extension::distribution_point(der, &name);
        // 5. subjectKeyIdentifier.
        extension::subject_key_identifier(der, &grant.key.key_id());
    });
    Ok(TbsCertificate {
        der,
        issuer: (grant.ca, grant.generation),
        profile: grant.profile,
        serial: grant.serial,
        subject: Subject::Authority,
        not_before: grant.not_before,
        not_after,
        key: grant.key.clone(),
    })
}
