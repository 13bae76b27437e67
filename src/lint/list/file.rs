//! A list found in a file, judged for people.

use std::io;

use crate::asn1::Value;
use crate::credential::CaName;
use crate::crl::Reader;
use crate::lint::certificate;
use crate::lint::experiment;
use crate::lint::finding::Finding;
use crate::lint::finding::Severity;

use super::Expected;
use super::ListSummary;
use super::rules;
use super::unread;

/// Judges a complete list in DER, issued by whomever: in whose name is read from itself.
///
/// Without the issuer's certificate neither the signature nor the key identifier can be checked; a
/// notice says so.
#[must_use]
pub fn list_file(file: impl io::Read) -> ListReport {
    let reader = match Reader::new(file) {
        Ok(reader) => reader,
        Err(error) => {
            return ListReport { findings: vec![unread(&error)], ..ListReport::default() };
        }
    };
    let issuer = reader.header().issuer.clone();
    let named = Value::only(&issuer).and_then(certificate::organisation_and_unit);
    let named = named.and_then(|(organisation, unit)| {
        let ca = CaName::ALL.into_iter().find(|ca| certificate::authority_unit(*ca) == unit)?;
        Some((ca, organisation))
    });
    let Some((ca, organisation)) = named else {
        let findings = vec![rules::AUTHORITY.broken(Severity::Error)];
        return ListReport { findings, ..ListReport::default() };
    };
    let expected = Expected { ca, organisation, key: None, stated: None, count: None };
    let (summary, mut findings) = super::judge(reader, &expected, |_| ());
    let signature = summary.as_ref().and_then(|summary| summary.trailer.signature.as_ref());
    if let Some(signature) = signature {
        if !experiment::can_be(&signature.algorithm, &signature.octets) {
            findings.push(rules::SIGNATURE_LENGTH.broken(Severity::Error));
        }
        if experiment::is_identifier(&signature.algorithm) {
            findings.push(rules::EXPERIMENT.broken(Severity::Warning));
        }
    }
    findings.push(rules::UNCHECKED.broken(Severity::Notice));
    ListReport { ca: Some(ca), summary, findings }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListReport {
    /// Whose list it is; none when it is not one of JPKI.
    pub ca: Option<CaName>,
    /// What it says; none when it could not be read to its end, or is not one of JPKI.
    pub summary: Option<ListSummary>,
    /// The findings, in the order of the fields that they are about.
    pub findings: Vec<Finding>,
}

impl ListReport {
    /// Whether the list is as the profile has it, warnings aside.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}
