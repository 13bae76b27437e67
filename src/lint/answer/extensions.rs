//! The extensions of an answer and of what it says of one certificate (RFC 6960 section 4.4).

use std::collections::HashSet;

use crate::asn1::oid;
use crate::lint::finding::Severity;
use crate::ocsp;

use super::Judge;
use super::read::Extension;
use super::read::octets;
use super::read::only_time;
use super::rules;

/// Judges those of the answer.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    extensions: Option<&[Extension<'_>]>,
    says_never_issued: bool,
) {
    let mut nonce = None;
    let mut extended = false;
    for extension in row(judge, extensions) {
        let formed = if extension.is(oid::OCSP_NONCE) {
            nonce = octets(extension.value);
            nonce.is_some_and(|octets| (1..=ocsp::Nonce::MAX).contains(&octets.len()))
        } else if extension.is(oid::OCSP_EXTENDED_REVOKE) {
            extended = true;
            extension.value == NULL
        } else {
            unknown(judge, extension);
            true
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
        judge.stated(nonce == stated.nonce().map(ocsp::Nonce::as_bytes), "the nonce");
    }
}

/// Judges those of what is said of one certificate; answers the archive cutoff.
pub(super) fn single(judge: &mut Judge<'_>, extensions: Option<&[Extension<'_>]>) -> Option<i64> {
    let mut cutoff = None;
    for extension in row(judge, extensions) {
        if extension.is(oid::OCSP_ARCHIVE_CUTOFF) {
            cutoff = only_time(extension.value).ok();
            judge.require(&rules::EXTENSION_FORM, cutoff.is_some());
        } else {
            unknown(judge, extension);
        }
    }
    cutoff
}

/// What is to be said of a row as a whole.
fn row<'e, 'a>(
    judge: &mut Judge<'_>,
    extensions: Option<&'e [Extension<'a>]>,
) -> &'e [Extension<'a>] {
    let Some(extensions) = extensions else { return &[] };
    judge.require(&rules::EXTENSION_FORM, !extensions.is_empty());
    let once = match extensions {
        [] | [_] => true,
        [first, second] => first.oid() != second.oid(),
        more => {
            let mut seen = HashSet::new();
            more.iter().all(|extension| seen.insert(extension.oid()))
        }
    };
    judge.require(&rules::EXTENSION_DUPLICATE, once);
    judge.require(&rules::EXTENSION_CRITICAL, extensions.iter().all(|one| !one.critical));
    extensions
}

/// One that ours do not have. Critical, nobody may pass over it.
fn unknown(judge: &mut Judge<'_>, extension: &Extension<'_>) {
    let severity = if extension.critical { Severity::Error } else { judge.expected.house };
    judge.broken_at(&rules::EXTENSION_UNKNOWN, severity, extension.name());
}

/// NULL, all of its octets.
const NULL: &[u8] = &[5, 0];
