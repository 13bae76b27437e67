//! A request found in a file, judged for people.

use crate::lint::finding::Finding;
use crate::lint::finding::Rule;
use crate::lint::finding::Severity;
use crate::ocsp::Request;
use crate::ocsp::RequestFault;

/// Judges a request in DER as a responder would: up to the first fault, since with that it is not
/// answered.
#[must_use]
pub fn request_file(der: &[u8]) -> RequestReport {
    let request = match Request::read_or_fault(der) {
        Ok(request) => request,
        Err(fault) => {
            let findings = vec![rule(fault).broken_at(Severity::Error, fault)];
            return RequestReport { findings, ..RequestReport::default() };
        }
    };
    let mut findings = Vec::new();
    if request.nonce().is_some_and(|nonce| nonce.as_bytes().len() < LEAST_NONCE) {
        findings.push(NONCE_SHORT.broken(Severity::Warning));
    }
    if request.is_signed() {
        findings.push(UNCHECKED.broken(Severity::Notice));
    }
    let asked = Some(request.asked().len());
    RequestReport { asked, is_signed: request.is_signed(), findings }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestReport {
    /// How many certificates are asked for; none when it is no request that is answered.
    pub asked: Option<usize>,
    /// Whether it is signed.
    pub is_signed: bool,
    /// The findings.
    pub findings: Vec<Finding>,
}

impl RequestReport {
    /// Whether the request is one that is answered.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

fn rule(fault: RequestFault) -> &'static Rule {
    match fault {
        RequestFault::Length | RequestFault::Der => &DER,
        RequestFault::Empty | RequestFault::TooMany => &ASKED,
        RequestFault::NoExtensions | RequestFault::Twice => &EXTENSIONS,
        RequestFault::Critical => &CRITICAL,
        RequestFault::Nonce => &NONCE,
        RequestFault::Types => &TYPES,
        RequestFault::Nameless | RequestFault::NoCertificate => &SIGNER,
        RequestFault::Algorithm | RequestFault::Signature => &SIGNATURE,
    }
}

/// Octets of a nonce below which responders may ignore it.
const LEAST_NONCE: usize = 16;

const DER: Rule = Rule::new(
    "L-OCSP-REQ-DER",
    "RFC 6960 section 4.1.1, X.690 section 10",
    "not a request in the one encoding that DER allows",
);
const ASKED: Rule = Rule::new(
    "L-OCSP-REQ-ASKED",
    "RFC 6960 section 4.1.1; RFC 5019 section 2.1.1",
    "not a number of certificates that is answered for at once",
);
const EXTENSIONS: Rule = Rule::new(
    "L-OCSP-REQ-EXTENSIONS",
    "RFC 5280 sections 4.1 and 4.2",
    "the extensions are not a row of at least one, each once",
);
const CRITICAL: Rule = Rule::new(
    "L-OCSP-REQ-CRITICAL",
    "RFC 6960 section 4.1.2",
    "an extension is critical that no responder has to know",
);
const NONCE: Rule =
    Rule::new("L-OCSP-REQ-NONCE", "RFC 9654 section 2.1", "the nonce is not what the standard has");
const NONCE_SHORT: Rule = Rule::new(
    "L-OCSP-REQ-NONCE-SHORT",
    "RFC 9654 section 2.1",
    "the nonce has fewer than 16 octets, which responders may ignore",
);
const TYPES: Rule = Rule::new(
    "L-OCSP-REQ-TYPES",
    "RFC 6960 section 4.4.3",
    "the types of answer that the client takes are not what they have to be",
);
const SIGNER: Rule = Rule::new(
    "L-OCSP-REQ-SIGNER",
    "RFC 6960 section 4.1.2",
    "it is signed and does not say by whom",
);
const SIGNATURE: Rule = Rule::new(
    "L-OCSP-REQ-SIGNATURE",
    "RFC 6960 section 4.1.2",
    "the signature is not one by the key of the first certificate",
);
const UNCHECKED: Rule = Rule::new(
    "L-OCSP-REQ-UNCHECKED",
    "RFC 6960 section 4.1.2",
    "not checked: who issued the certificate of whoever signed",
);

/// Every rule for requests.
pub static ALL: &[&Rule] = &[
    &DER,
    &ASKED,
    &EXTENSIONS,
    &CRITICAL,
    &NONCE,
    &NONCE_SHORT,
    &TYPES,
    &SIGNER,
    &SIGNATURE,
    &UNCHECKED,
];
