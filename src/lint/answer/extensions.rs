//! The extensions of an answer and of what it says of one certificate (RFC 6960 section 4.4).

use std::collections::BTreeSet;

use der::Decode as _;
use x509_cert::ext::Extension;
use x509_ocsp::OcspGeneralizedTime;
use x509_ocsp::ext::Nonce;

use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::lint::finding::Severity;
use crate::ocsp;

use super::Judge;
use super::rules;
use super::seconds;

/// Judges those of the answer.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    extensions: Option<&[Extension]>,
    says_never_issued: bool,
) {
    let mut nonce = None;
    let mut extended = false;
    for extension in row(judge, extensions) {
        let value = extension.extn_value.as_bytes();
        let formed = match extension.extn_id {
            oid::OCSP_NONCE => {
                nonce = Nonce::from_der(value).ok();
                nonce
                    .as_ref()
                    .is_some_and(|nonce| (1..=ocsp::Nonce::MAX).contains(&nonce.0.as_bytes().len()))
            }
            oid::OCSP_EXTENDED_REVOKE => {
                extended = true;
                value == NULL
            }
            _ => {
                unknown(judge, extension);
                true
            }
        };
        judge.require(&rules::EXTENSION_FORM, formed);
    }
    let agree = match judge.expected.stated {
        Some(_) => extended == says_never_issued,
        // Others may say with it that they would say so (RFC 6960 section 4.4.8).
        None => extended || !says_never_issued,
    };
    judge.require(&rules::NEVER_ISSUED, agree);
    if let Some(stated) = judge.expected.stated {
        let said = nonce.as_ref().map(|nonce| nonce.0.as_bytes());
        judge.stated(said == stated.nonce().map(ocsp::Nonce::as_bytes), "the nonce");
    }
}

/// Judges those of what is said of one certificate; answers the archive cutoff.
pub(super) fn single(judge: &mut Judge<'_>, extensions: Option<&[Extension]>) -> Option<i64> {
    let mut cutoff = None;
    for extension in row(judge, extensions) {
        if extension.extn_id == oid::OCSP_ARCHIVE_CUTOFF {
            cutoff = OcspGeneralizedTime::from_der(extension.extn_value.as_bytes()).ok();
            judge.require(&rules::EXTENSION_FORM, cutoff.is_some());
        } else {
            unknown(judge, extension);
        }
    }
    cutoff.map(seconds)
}

/// What is to be said of a row as a whole.
fn row<'e>(judge: &mut Judge<'_>, extensions: Option<&'e [Extension]>) -> &'e [Extension] {
    let Some(extensions) = extensions else { return &[] };
    judge.require(&rules::EXTENSION_FORM, !extensions.is_empty());
    let mut seen: BTreeSet<ObjectIdentifier> = BTreeSet::new();
    let once = extensions.iter().all(|extension| seen.insert(extension.extn_id));
    judge.require(&rules::EXTENSION_DUPLICATE, once);
    judge.require(&rules::EXTENSION_CRITICAL, extensions.iter().all(|one| !one.critical));
    extensions
}

/// One that ours do not have. Critical, nobody may pass over it.
fn unknown(judge: &mut Judge<'_>, extension: &Extension) {
    let severity = if extension.critical { Severity::Error } else { judge.expected.house };
    judge.broken_at(&rules::EXTENSION_UNKNOWN, severity, extension.extn_id);
}

/// NULL, all of its octets.
const NULL: &[u8] = &[5, 0];
