//! Link certificate (リンク証明書): one generation of an authority certifies another's key, under the one
//! name that both bear. Whoever trusts the generation that signs comes by it to the certificates of the
//! one that is certified: *old with new*, the older key certified by the newer, to those that were issued
//! before a roll-over; *new with old* the other way round (RFC 4210 section 4.4). No published table has
//! it; ours stands here, and in `ARCHITECTURE.md` among what we assume.

use crate::asn1::PublicKey;
use crate::asn1::oid;
use crate::clock::Timestamp;
use crate::credential::Serial;

use super::extension;
use super::issuer::Issuer;
use super::issuer::alternative_name;
use super::issuer::ca_name;
use super::realm::Realm;
use super::tbs::Fields;
use super::tbs::Subject;
use super::tbs::TbsCertificate;

/// What a link certificate needs to be written.
#[derive(Clone, Copy, Debug)]
pub struct LinkGrant<'a> {
    /// In whose name.
    pub realm: &'a Realm,
    /// The generation that signs.
    pub issuer: &'a Issuer,
    /// The generation whose key is certified: another one of the same authority.
    pub certified: &'a Issuer,
    /// That key.
    pub key: &'a PublicKey,
    /// Under which number of the counter that the holders' certificates share.
    pub serial: Serial,
    /// When it begins.
    pub not_before: Timestamp,
}

/// When a link between two generations ends: with the first of them, since it is of use while both are
/// in force.
#[must_use]
pub fn link_end(one: &Issuer, other: &Issuer) -> Timestamp {
    one.not_after.min(other.not_after)
}

/// The certificate by which one generation certifies another's key, until its [end](link_end).
#[must_use]
pub fn link_certificate(grant: &LinkGrant<'_>) -> TbsCertificate {
    let LinkGrant { issuer, certified, .. } = *grant;
    let not_after = link_end(issuer, certified);
    let name = ca_name(issuer.ca, grant.realm.organisation());
    let algorithm = issuer.algorithm.signature_identifier();
    let fields = Fields {
        serial: grant.serial,
        algorithm: &algorithm,
        issuer: &name,
        validity: (grant.not_before, not_after),
        subject: &name,
        key: grant.key,
    };
    let der = fields.write(|der| {
        // 1. keyUsage: keyCertSign, cRLSign, as in the authority's own.
        extension::key_usage(der, [0x01, 0x06]);
        // 2. subjectAltName: the authority's Japanese name.
        extension::alternative_name(der, oid::SUBJECT_ALT_NAME, &alternative_name(issuer.ca));
        // 3. certificatePolicies: any, since a path through a certificate without would lose the
        //    holder's (RFC 5280 section 6.1.3 (e)). Not critical: it restricts nothing.
        extension::any_policy(der);
        // 4. basicConstraints: cA, no path length.
        extension::authority_constraints(der);
        // 5. cRLDistributionPoints: the authority's own list.
        extension::distribution_point(der, &name);
        // 6. authorityKeyIdentifier, of the generation that signs: the name alone tells nothing.
        extension::authority_key_identifier(der, &issuer.key_id, &name, issuer.serial);
        // 7. subjectKeyIdentifier, of the generation that is certified.
        extension::subject_key_identifier(der, &grant.key.key_id());
    });
    TbsCertificate {
        der,
        issuer: (issuer.ca, issuer.generation),
        serial: grant.serial,
        profile: issuer.profile,
        subject: Subject::Link(certified.generation),
        not_before: grant.not_before,
        not_after,
        key: grant.key.clone(),
    }
}
