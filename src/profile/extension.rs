//! The extensions that more than one profile carries.

use crate::asn1::Der;
use crate::asn1::Name;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::credential::Serial;

use super::assumed;

/// `keyUsage`, critical; `bits` are the contents of the BIT STRING with its unused-bits octet.
pub(super) fn key_usage(der: &mut Der, bits: [u8; 2]) {
    der.extension(oid::KEY_USAGE, true, |der| der.primitive(tag::BIT_STRING, &bits));
}

/// `extKeyUsage` of one purpose.
pub(super) fn extended_key_usage(der: &mut Der, purpose: ObjectIdentifier) {
    der.extension(oid::EXTENDED_KEY_USAGE, false, |der| der.sequence(|der| der.oid(purpose)));
}

/// `id-pkix-ocsp-nocheck`, whose value is NULL (RFC 6960 section 4.2.2.2.1).
pub(super) fn ocsp_no_check(der: &mut Der) {
    der.extension(oid::OCSP_NOCHECK, false, Der::null);
}

/// `certificatePolicies`, critical: one policy with the practice statement's address.
pub(super) fn certificate_policies(der: &mut Der, policy: ObjectIdentifier) {
    der.extension(oid::CERTIFICATE_POLICIES, true, |der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.oid(policy);
                der.sequence(|der| {
                    der.sequence(|der| {
                        der.oid(oid::CPS_QUALIFIER);
                        der.primitive(tag::IA5_STRING, assumed::CPS_URI.as_bytes());
                    });
                });
            });
        });
    });
}

/// `certificatePolicies`, not critical, of any policy and no qualifier.
pub(super) fn any_policy(der: &mut Der) {
    der.extension(oid::CERTIFICATE_POLICIES, false, |der| {
        der.sequence(|der| der.sequence(|der| der.oid(oid::ANY_POLICY)));
    });
}

/// `basicConstraints`, critical, of an authority, without a path length.
pub(super) fn authority_constraints(der: &mut Der) {
    der.extension(oid::BASIC_CONSTRAINTS, true, |der| der.sequence(Der::boolean_true));
}

/// `subjectAltName` or `issuerAltName` of one directory name.
pub(super) fn alternative_name(der: &mut Der, oid: ObjectIdentifier, name: &Name) {
    der.extension(oid, false, |der| der.sequence(|der| directory_name(der, name)));
}

/// `cRLDistributionPoints`: one point whose full name is one directory name.
pub(super) fn distribution_point(der: &mut Der, name: &Name) {
    der.extension(oid::CRL_DISTRIBUTION_POINTS, false, |der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.nested(tag::context_constructed(0), |der| {
                    der.nested(tag::context_constructed(0), |der| directory_name(der, name));
                });
            });
        });
    });
}

/// `authorityKeyIdentifier` with all three parts: generations share a name, so the key identifier
/// and the serial are what tells them apart.
pub(super) fn authority_key_identifier(
    der: &mut Der,
    key_id: &[u8; 20],
    issuer: &Name,
    serial: Serial,
) {
    der.extension(oid::AUTHORITY_KEY_IDENTIFIER, false, |der| {
        der.sequence(|der| {
            der.primitive(tag::context(0), key_id);
            der.nested(tag::context_constructed(1), |der| directory_name(der, issuer));
            der.unsigned(tag::context(2), serial.get());
        });
    });
}

/// `subjectKeyIdentifier`.
pub(super) fn subject_key_identifier(der: &mut Der, key_id: &[u8; 20]) {
    der.extension(oid::SUBJECT_KEY_IDENTIFIER, false, |der| {
        der.primitive(tag::OCTET_STRING, key_id);
    });
}

/// `GeneralName` of type directoryName: `[4]`, EXPLICIT because Name is a CHOICE.
fn directory_name(der: &mut Der, name: &Name) {
    der.nested(tag::context_constructed(4), |der| name.write(der));
}
