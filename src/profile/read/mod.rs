//! Reading back what only certificates of JPKI have, from their bytes.
//!
//! Nothing is refused here: a part that is not as the profile has it is reported as it stands, or as
//! malformed, beside the parts that are. Whether the whole conforms is for `lint`.

mod attested;
mod common_name;
mod listed_on;

use crate::asn1::CertificateParts;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;

use super::issuer::unit;
use super::realm::PolicyArc;
use super::service::Service;

pub use attested::AttestedText;
pub use attested::ItemText;
pub use common_name::CommonName;
pub use common_name::Window;
pub use listed_on::ListedOn;

/// What a certificate says in terms of JPKI.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// What it is; none when its policy is one of JPKI that we do not know.
    pub role: Option<Role>,
    /// The environment that its policy states.
    pub arc: Option<PolicyArc>,
    /// What its policy says the key lives on.
    pub carrier: Option<Carrier>,
    /// The organisation (O) that issued it: `JPKI`, `JPKI-TEST`, `JPKI-SANDBOX`.
    pub organisation: Option<String>,
    /// The common name of the subject, if it has the form of a holder's.
    pub common_name: Option<CommonName>,
    /// The list on which its revocation would stand.
    pub partition: Option<ListedOn>,
    /// The items that it attests, if it has any.
    pub attested: Option<AttestedText>,
}

impl Reading {
    /// Reads a certificate; none when nothing in it is of JPKI.
    #[must_use]
    pub fn of(certificate: &CertificateParts<'_>) -> Option<Self> {
        let policies = policies(certificate);
        let jpki_policy = policies.iter().any(|policy| in_arc(policy));
        let known = policies.iter().find_map(|policy| {
            PolicyArc::stated_by(ObjectIdentifier::from_bytes(policy.contents).ok()?)
        });
        let attested = certificate
            .extension(oid::SUBJECT_ALT_NAME)
            .and_then(AttestedText::of_alternative_name);
        let authority = authority(certificate);
        let service = service(certificate);
        if !jpki_policy && attested.is_none() && authority.is_none() && service.is_none() {
            return None;
        }
        // Its own certificate names no issuer's key.
        let names_key = certificate.extension(oid::AUTHORITY_KEY_IDENTIFIER).is_some();
        let authority = authority.map(if names_key { Role::Link } else { Role::Authority });
        let service = service.map(|(ca, service)| Role::Service(ca, service));
        let holder = known.map(|(_, kind, _)| Role::Holder(kind));
        Some(Self {
            role: authority.or(service).or(holder),
            arc: known.map(|(arc, ..)| arc),
            carrier: known.map(|(.., carrier)| carrier),
            organisation: attribute(certificate.issuer, oid::ORGANIZATION).map(str::to_owned),
            common_name: attribute(certificate.subject, oid::COMMON_NAME).and_then(CommonName::of),
            partition: certificate.extension(oid::CRL_DISTRIBUTION_POINTS).and_then(ListedOn::of),
            attested,
        })
    }
}

/// What a certificate of JPKI is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An authority's own certificate (認証局の自己署名証明書).
    Authority(CaName),
    /// The key of another generation of an authority, certified by one: a link between the two.
    Link(CaName),
    /// The certificate of a service around an authority.
    Service(CaName, Service),
    /// A holder's certificate (利用者の電子証明書).
    Holder(Kind),
}

/// Which authority's own certificate this is: basicConstraints says that it is one, the
/// organisational unit which.
fn authority(certificate: &CertificateParts<'_>) -> Option<CaName> {
    let constraints = Value::only(certificate.extension(oid::BASIC_CONSTRAINTS)?)?;
    let flag = constraints.inside().next_if(tag::BOOLEAN)?;
    let mut units = attributes(certificate.subject, oid::ORGANIZATIONAL_UNIT);
    let first = units.next()?;
    let named = CaName::ALL.into_iter().find(|ca| unit(*ca) == first);
    named.filter(|_| flag.contents != [0])
}

/// Which authority's service this is: issuer and subject have the authority's organisational unit
/// first, and the subject the service's common name.
fn service(certificate: &CertificateParts<'_>) -> Option<(CaName, Service)> {
    let own = attribute(certificate.subject, oid::ORGANIZATIONAL_UNIT)?;
    let ca = CaName::ALL.into_iter().find(|ca| unit(*ca) == own)?;
    let name = attribute(certificate.subject, oid::COMMON_NAME)?;
    let service = Service::ALL.into_iter().find(|service| service.common_name() == name)?;
    let issuer = attribute(certificate.issuer, oid::ORGANIZATIONAL_UNIT);
    (issuer == Some(own)).then_some((ca, service))
}

/// The identifiers of the policies that a certificate states.
fn policies<'a>(certificate: &CertificateParts<'a>) -> Vec<Value<'a>> {
    let value = certificate.extension(oid::CERTIFICATE_POLICIES);
    let policies = value.and_then(Value::only).map(Value::children).into_iter().flatten();
    policies.filter_map(|policy| policy.inside().next_if(tag::OID)).collect()
}

/// Whether a policy lies in JPKI's arc.
fn in_arc(policy: &Value<'_>) -> bool {
    policy.contents.starts_with(oid::JPKI_POLICY_ARC.as_bytes())
}

/// The first attribute of this type in a name, if it is a string of UTF-8 or ASCII.
fn attribute(name: Value<'_>, oid: ObjectIdentifier) -> Option<&str> {
    attributes(name, oid).next()
}

/// The attributes of this type in a name that are strings of UTF-8 or ASCII, in encoded order.
fn attributes(name: Value<'_>, oid: ObjectIdentifier) -> impl Iterator<Item = &str> {
    name.children().flat_map(Value::children).filter_map(move |attribute| {
        let mut parts = attribute.inside();
        let of_type = parts.next_if(tag::OID)?.contents == oid.as_bytes();
        let value = parts.any().ok().filter(|_| of_type)?;
        match value.tag {
            tag::UTF8_STRING => value.utf8(),
            tag::PRINTABLE_STRING => std::str::from_utf8(value.contents).ok(),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
