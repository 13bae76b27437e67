//! A certificate found in a file, judged for people.

use crate::asn1::NotDer;
use crate::asn1::PublicKey;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::profile::PolicyArc;

use super::certificate;
use super::certificate::Expected;
use super::certificate::Parts;
use super::certificate::Table;
use super::finding::Finding;
use super::finding::Rule;
use super::finding::Severity;
use super::rules;

/// Judges a complete certificate in DER, issued by whomever: what it is and in whose name is read
/// from itself. How long it may live depends on the profile of the generation that issued it: it is
/// taken for the first whose life it fits.
///
/// Without the issuer's certificate it cannot check the signature of a holder's or a service's
/// certificate, nor the parts that repeat the issuer's; a notice says so. An authority's certificate
/// is checked whole.
#[must_use]
pub fn certificate_file(der: &[u8]) -> Report {
    match Certificate::read(der) {
        Ok(certificate) => certificate.judge(),
        Err(NotDer) => Report::without_table(&rules::DER),
    }
}

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The table that the certificate was held against; none when it is not one of JPKI.
    pub table: Option<Table>,
    /// The profile whose life it has: one of today's cards, or the next one's. Whoever knows the
    /// generation that issued it may know better; none where the profile has no say.
    pub profile: Option<Profile>,
    /// The findings, in the order of the fields that they are about.
    pub findings: Vec<Finding>,
}

impl Report {
    fn without_table(rule: &Rule) -> Self {
        Self { table: None, profile: None, findings: vec![rule.broken(Severity::Error)] }
    }

    /// Whether the certificate is as the profile has it, warnings aside.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// `Certificate` of RFC 5280 section 4.1.
struct Certificate<'a> {
    tbs: Value<'a>,
    parts: Parts<'a>,
    algorithm: Value<'a>,
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    fn read(der: &'a [u8]) -> Result<Self, NotDer> {
        if der.len() > LARGEST {
            return Err(NotDer);
        }
        let mut whole = Reader::new(der);
        let mut certificate = whole.nested(tag::SEQUENCE)?;
        whole.end()?;
        let tbs = certificate.any()?;
        let algorithm = certificate.any()?;
        let signature = certificate.bit_string()?;
        certificate.end()?;
        Ok(Self { tbs, parts: Parts::read(tbs.der)?, algorithm, signature })
    }

    fn judge(&self) -> Report {
        let name = certificate::organisation_and_unit(self.parts.issuer);
        let (organisation, unit) = name.unwrap_or_default();
        let Some((table, arc)) = self.table(unit) else {
            return Report::without_table(&rules::TABLE);
        };
        let profile = certificate::profile_of(table, &self.parts);
        let expected = Expected {
            table,
            profile: profile.unwrap_or_default(),
            organisation,
            arc: match organisation {
                "JPKI" => PolicyArc::Production,
                "JPKI-TEST" => PolicyArc::Test,
                _ => arc,
            },
            ocsp_url: certificate::known_ocsp_url(organisation),
            municipality: None,
            issuer: None,
            stated: None,
            sound: None,
            place: Severity::Warning,
        };
        let mut findings = certificate::judge(self.tbs.der, &expected);
        if self.algorithm.der != self.parts.algorithm.der {
            findings.push(rules::SIGNATURE_ALGORITHM.broken(Severity::Error));
        }
        match table {
            Table::Authority(_) if self.is_signed_by_itself() => {}
            Table::Authority(_) => findings.push(rules::SIGNATURE.broken(Severity::Error)),
            Table::Link(_) | Table::Service(..) | Table::Holder(..) => {
                findings.push(rules::UNCHECKED.broken(Severity::Notice));
            }
        }
        Report { table: Some(table), profile, findings }
    }

    /// By its subject a service's certificate, by its policy a holder's, by its basicConstraints an
    /// authority's: its own names no issuer's key, a link does.
    fn table(&self, unit: &str) -> Option<(Table, PolicyArc)> {
        let extensions = self.parts.extensions;
        let ca = CaName::ALL.into_iter().find(|ca| certificate::authority_unit(*ca) == unit);
        let service = certificate::service_of(self.parts.subject, unit);
        if let Some((ca, service)) = ca.zip(service) {
            return Some((Table::Service(ca, service), PolicyArc::Production));
        }
        let policies = certificate::value_of(extensions, oid::CERTIFICATE_POLICIES);
        let policy = policies.map(first_policy).transpose().ok()?;
        if let Some(policy) = policy.filter(|policy| *policy != oid::ANY_POLICY.as_bytes()) {
            return holder_tables()
                .find(|(arc, kind, carrier)| arc.policy(*kind, *carrier).as_bytes() == policy)
                .map(|(arc, kind, carrier)| (Table::Holder(kind, carrier), arc));
        }
        certificate::value_of(extensions, oid::BASIC_CONSTRAINTS)?;
        let table = match certificate::value_of(extensions, oid::AUTHORITY_KEY_IDENTIFIER) {
            Some(_) => Table::Link(ca?),
            None => Table::Authority(ca?),
        };
        Some((table, PolicyArc::Production))
    }

    fn is_signed_by_itself(&self) -> bool {
        let key = PublicKey::from_der(self.parts.key.der);
        key.is_ok_and(|key| key.verify(self.tbs.der, self.signature).is_ok())
    }
}

/// Content octets of the first policy's OBJECT IDENTIFIER.
fn first_policy(policies: &[u8]) -> Result<&[u8], NotDer> {
    Reader::new(policies).nested(tag::SEQUENCE)?.nested(tag::SEQUENCE)?.expect(tag::OID)
}

/// Every policy that a holder's certificate can state.
fn holder_tables() -> impl Iterator<Item = (PolicyArc, Kind, Carrier)> {
    let arcs = [PolicyArc::Production, PolicyArc::Test].into_iter();
    arcs.flat_map(|arc| Kind::ALL.into_iter().map(move |kind| (arc, kind)))
        .flat_map(|(arc, kind)| [Carrier::Card, Carrier::Phone].map(|carrier| (arc, kind, carrier)))
}

/// Octets of a file that is read: ten times the largest certificate of the profile.
const LARGEST: usize = 1 << 15;
