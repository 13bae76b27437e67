mod check;
mod file;
mod library;
mod request;

use crate::lint::Finding;

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

/// Rules that are about more than the part to be signed, or not about ours: broken in the tests of
/// files.
const FILES: [&str; 10] = [
    "L-OCSP-REVOKED-FUTURE",
    "L-OCSP-STATUS",
    "L-OCSP-TYPE",
    "L-OCSP-ALGORITHM",
    "L-OCSP-CERTIFICATE",
    "L-OCSP-SIGNATURE",
    "L-OCSP-DELEGATE",
    "L-OCSP-NO-CHECK",
    "L-OCSP-EXPERIMENT",
    "L-OCSP-UNCHECKED",
];
