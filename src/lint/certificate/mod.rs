//! A certificate, judged from its bytes against the table of its kind.

mod contents;
mod extensions;
mod fields;
mod items;
mod name;
mod parts;
mod published;
mod subject;

use std::fmt;

use crate::asn1::PublicKey;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::holder::Municipality;
use crate::profile::Issuer;
use crate::profile::PolicyArc;
use crate::profile::Service;
use crate::profile::TbsCertificate;

use super::finding::Finding;
use super::finding::Rule;
use super::finding::Severity;
use super::key::SoundKey;
use super::rules;

pub(super) use extensions::value_of;
pub(super) use fields::profile_of;
pub(super) use name::is as is_name;
pub(super) use name::only_directory_name;
pub(super) use name::organisation_and_unit;
pub(super) use name::service_of;
pub(super) use parts::Parts;
pub(super) use published::authority_name;
pub(super) use published::authority_unit;
pub(super) use published::known_ocsp_url;
pub(super) use published::utf8;

/// Which table a certificate is held against: one of the published ones, or ours for a service and for
/// a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// An authority's own certificate.
    Authority(CaName),
    /// The key of another generation, certified by an authority.
    Link(CaName),
    /// The certificate of a service around an authority.
    Service(CaName, Service),
    /// A holder's certificate.
    Holder(Kind, Carrier),
}

impl Table {
    /// The authority that signs.
    pub(super) fn ca(self) -> CaName {
        match self {
            Self::Authority(ca) | Self::Link(ca) | Self::Service(ca, _) => ca,
            Self::Holder(kind, _) => kind.ca(),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(ca) => write!(f, "authority certificate ({ca})"),
            Self::Link(ca) => write!(f, "link certificate ({ca})"),
            Self::Service(ca, service) => write!(f, "{service} certificate ({ca})"),
            Self::Holder(kind, carrier) => write!(f, "{kind} certificate ({carrier})"),
        }
    }
}

/// What the certificate is held against; what is not known is not checked.
pub(super) struct Expected<'a> {
    /// Which table.
    pub(super) table: Table,
    /// Whose limits the life is held against.
    pub(super) profile: Profile,
    /// The organisation in every name.
    pub(super) organisation: &'a str,
    /// Which policies.
    pub(super) arc: PolicyArc,
    /// Where status is answered.
    pub(super) ocsp_url: Option<&'a str>,
    /// Where the holder is registered.
    pub(super) municipality: Option<Municipality>,
    /// Who signs; for an authority's certificate none does but itself.
    pub(super) issuer: Option<&'a Issuer>,
    /// What was recorded beside the bytes.
    pub(super) stated: Option<&'a TbsCertificate>,
    /// A key that was judged before.
    pub(super) sound: Option<SoundKey<'a>>,
    /// How bad it is when places differ: the labels of municipalities are our reading of them, so
    /// that a certificate of another authority may well differ.
    pub(super) place: Severity,
}

/// Judges the bytes of a `TBSCertificate`.
pub(super) fn judge(der: &[u8], expected: &Expected<'_>) -> Vec<Finding> {
    let mut judge = Judge { expected, key: None, begins: None, findings: Vec::new() };
    match Parts::read(der) {
        Ok(parts) => {
            fields::judge(&mut judge, &parts);
            extensions::judge(&mut judge, parts.extensions);
        }
        Err(_) => judge.broken(&rules::DER),
    }
    judge.findings
}

/// A judgement under way.
struct Judge<'a> {
    expected: &'a Expected<'a>,
    /// The subject's key, once it was read.
    key: Option<PublicKey>,
    /// The first instant of validity, once it was read.
    begins: Option<Timestamp>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn require(&mut self, rule: &Rule, holds: bool) {
        if !holds {
            self.broken(rule);
        }
    }

    fn require_place(&mut self, rule: &Rule, holds: bool) {
        if !holds {
            self.findings.push(rule.broken(self.expected.place));
        }
    }

    fn broken(&mut self, rule: &Rule) {
        self.findings.push(rule.broken(Severity::Error));
    }

    fn broken_at(&mut self, rule: &Rule, detail: impl fmt::Display) {
        self.findings.push(rule.broken_at(Severity::Error, detail));
    }
}

#[cfg(test)]
mod tests;
