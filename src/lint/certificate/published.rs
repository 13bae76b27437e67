//! The published values, and ours for services, as the lint holds them against the bytes. They stand
//! here a second time, beside those of `profile`, so that a slip there is seen here.

use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::profile::PolicyArc;
use crate::profile::Service;
use crate::profile::assumed;

use super::name::Expectation;

/// The name of an authority.
pub(in crate::lint) fn authority_name(ca: CaName, organisation: &str) -> [Expectation<'_>; 4] {
    [
        COUNTRY,
        utf8(oid::ORGANIZATION, organisation),
        utf8(oid::ORGANIZATIONAL_UNIT, authority_unit(ca)),
        utf8(oid::ORGANIZATIONAL_UNIT, "Japan Agency for Local Authority Information Systems"),
    ]
}

/// The subject of a service.
pub(super) fn service_subject(
    ca: CaName,
    service: Service,
    organisation: &str,
) -> [Expectation<'_>; 4] {
    let [country, organisation, unit, _] = authority_name(ca, organisation);
    [country, organisation, unit, utf8(oid::COMMON_NAME, service_name(service))]
}

/// The common name of a service.
pub(super) fn service_name(service: Service) -> &'static str {
    match service {
        Service::Publication => "Publication",
        Service::Responder => "OCSP Responder",
    }
}

/// The Japanese name of an authority.
pub(super) fn japanese_name(ca: CaName) -> [Expectation<'static>; 4] {
    let unit = match ca {
        CaName::Signature => "公的個人認証サービス署名用",
        CaName::UserAuthentication => "公的個人認証サービス利用者証明用",
    };
    [
        COUNTRY,
        utf8(oid::ORGANIZATION, "公的個人認証サービス"),
        utf8(oid::ORGANIZATIONAL_UNIT, unit),
        utf8(oid::ORGANIZATIONAL_UNIT, "地方公共団体情報システム機構"),
    ]
}

/// The organisational unit that tells the two authorities apart.
pub(in crate::lint) fn authority_unit(ca: CaName) -> &'static str {
    match ca {
        CaName::Signature => "JPKI for digital signature",
        CaName::UserAuthentication => "JPKI for user authentication",
    }
}

/// The address at which the status of a published realm is answered.
pub(in crate::lint) fn known_ocsp_url(organisation: &str) -> Option<&'static str> {
    match organisation {
        "JPKI" => Some("http://ocspauthnorm.jpki.go.jp"),
        "JPKI-TEST" => Some("http://test-ocspauthnorm.jpki.go.jp"),
        _ => None,
    }
}

/// Content octets of the policy's OBJECT IDENTIFIER: 1.2.392.200149.8.5.1, environment, kind.
pub(super) fn policy(arc: PolicyArc, kind: Kind, carrier: Carrier) -> [u8; 11] {
    let [signature_phone, authentication_phone] = assumed::PHONE_TEST_POLICY;
    let (environment, last) = match (arc, kind, carrier) {
        (PolicyArc::Production, Kind::Signature, Carrier::Card) => (1, 20),
        (PolicyArc::Production, Kind::UserAuthentication, Carrier::Card) => (3, 30),
        (PolicyArc::Production, Kind::Signature, Carrier::Phone) => (1, 40),
        (PolicyArc::Production, Kind::UserAuthentication, Carrier::Phone) => {
            assumed::PHONE_USER_AUTHENTICATION_POLICY
        }
        (PolicyArc::Test, Kind::Signature, Carrier::Card) => (0, 20),
        (PolicyArc::Test, Kind::UserAuthentication, Carrier::Card) => (0, 30),
        (PolicyArc::Test, Kind::Signature, Carrier::Phone) => (0, signature_phone),
        (PolicyArc::Test, Kind::UserAuthentication, Carrier::Phone) => (0, authentication_phone),
    };
    [0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 0x08, 0x05, 0x01, environment, last]
}

/// An attribute that is a `UTF8String`.
pub(in crate::lint) fn utf8(oid: ObjectIdentifier, value: &str) -> Expectation<'_> {
    Expectation { oid, tag: tag::UTF8_STRING, value }
}

/// `C=JP`, a `PrintableString`.
pub(super) const COUNTRY: Expectation<'_> =
    Expectation { oid: oid::COUNTRY, tag: tag::PRINTABLE_STRING, value: "JP" };

/// Content octets of `anyPolicy`, 2.5.29.32.0.
pub(super) const ANY_POLICY: [u8; 4] = [0x55, 0x1d, 0x20, 0];

/// The practice statement.
pub(super) const CPS_URI: &[u8] = b"http://www.jpki.go.jp/cps.html";

/// Fourth attribute of a distribution point's name, and the end of its last.
pub(super) const DISTRIBUTION_POINTS: &str = "CRL Distribution Points";
pub(super) const DISTRIBUTION_POINT_END: &str = " CRLDP";

/// Characters of an address at most.
pub(super) const ADDRESS_LENGTH: usize = 200;
