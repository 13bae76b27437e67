//! User-authentication certificate (利用者証明用電子証明書): eight extensions, no personal data.

use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::Kind;

use super::extension;
use super::issuer::alternative_name;
use super::issuer::ca_name;
use super::subject;
use super::tbs::Grant;
use super::tbs::Subject;
use super::tbs::TbsCertificate;

/// The user-authentication certificate of a holder.
#[must_use]
pub fn user_authentication_certificate(grant: &Grant<'_>) -> TbsCertificate {
    let kind = Kind::UserAuthentication;
    let (realm, issuer) = (grant.realm, grant.issuer);
    let issuer_name = ca_name(issuer.ca, realm.organisation());
    let partition = Subject::Holder(kind, grant.carrier, grant.municipality).partition();
    grant.write(kind, &subject::user_authentication(grant), |der| {
        // 1. keyUsage: digitalSignature.
        extension::key_usage(der, [0x07, 0x80]);
        // 2. extKeyUsage: clientAuth.
        extension::extended_key_usage(der, oid::CLIENT_AUTH);
        // 3. certificatePolicies.
        extension::certificate_policies(der, realm.arc().policy(kind, grant.carrier));
        // 4. issuerAltName: the authority's Japanese name.
        extension::alternative_name(der, oid::ISSUER_ALT_NAME, &alternative_name(issuer.ca));
        // 5. cRLDistributionPoints: the municipality's list.
        extension::distribution_point(der, &partition.name(issuer.ca, realm.organisation()));
        // 6. authorityInfoAccess: where status is answered; only in this kind.
        der.extension(oid::AUTHORITY_INFO_ACCESS, false, |der| {
            der.sequence(|der| {
                der.sequence(|der| {
                    der.oid(oid::OCSP_ACCESS);
                    der.primitive(tag::context(6), realm.ocsp_url().as_bytes());
                });
            });
        });
        // 7. authorityKeyIdentifier.
        extension::authority_key_identifier(der, &issuer.key_id, &issuer_name, issuer.serial);
        // 8. subjectKeyIdentifier.
        extension::subject_key_identifier(der, &grant.key.key_id());
    })
}
