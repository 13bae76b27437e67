//! Every rule for answers, in the order of the fields that it is about.

use crate::lint::finding::Rule;

pub(super) const DER: Rule = Rule::new(
    "L-OCSP-DER",
    "RFC 6960 section 4.2.1, X.690 section 10",
    "not an answer in the one encoding that DER allows",
);
pub(super) const STATUS: Rule = Rule::new(
    "L-OCSP-STATUS",
    "RFC 6960 section 4.2.1",
    "the status of the response does not go together with what it contains",
);
pub(super) const TYPE: Rule =
    Rule::new("L-OCSP-TYPE", "RFC 6960 section 4.2.1", "the answer is not of the basic type");
pub(super) const STATED: Rule = Rule::new(
    "L-OCSP-STATED",
    "the bytes that are signed are the only truth",
    "what is recorded beside the bytes differs from them",
);
pub(super) const RESPONDER: Rule = Rule::new(
    "L-OCSP-RESPONDER",
    "RFC 6960 section 4.2.1; RFC 5019 section 2.2.1",
    "the responder is not named by the SHA-1 of its key",
);
pub(super) const TIMES_RESPONDER: Rule = Rule::new(
    "L-OCSP-TIMES-RESPONDER",
    "RFC 6960 sections 2.4 and 4.2.2.2; RFC 5280 section 4.1.2.5",
    "the answer is not made, or not to be replaced, within the validity of the responder's \
     certificate",
);
pub(super) const TIMES_ISSUER: Rule = Rule::new(
    "L-OCSP-TIMES-ISSUER",
    "RFC 6960 section 2.4; RFC 5280 section 4.1.2.5",
    "the answer is to be replaced after the end of the issuer's certificate",
);
pub(super) const EMPTY: Rule = Rule::new(
    "L-OCSP-EMPTY",
    "RFC 6960 section 4.2.2.3",
    "the answer says nothing of any certificate",
);
pub(super) const ISSUER: Rule = Rule::new(
    "L-OCSP-ISSUER",
    "RFC 6960 section 4.2.2.2",
    "a certificate is not one of the key that the responder answers for",
);
pub(super) const SERIAL: Rule = Rule::new(
    "L-OCSP-SERIAL",
    "RFC 6960 section 2.2; RFC 5280 section 4.1.2.2",
    "something is said of a serial number as if it had been issued, which it cannot have been, or the \
     number is longer than any may be",
);
pub(super) const REVOKED_FUTURE: Rule = Rule::new(
    "L-OCSP-REVOKED-FUTURE",
    "RFC 6960 section 2.4",
    "a certificate is revoked from a time after the one of which the answer speaks",
);
pub(super) const REASON: Rule = Rule::new(
    "L-OCSP-REASON",
    "practice statement, reasons; RFC 5280 section 5.3.1",
    "a reason is not one of JPKI, or is unspecified and stated",
);
pub(super) const NEVER_ISSUED: Rule = Rule::new(
    "L-OCSP-NEVER-ISSUED",
    "RFC 6960 sections 2.2 and 4.4.8",
    "a hold since 1970-01-01, which says that a number was never issued, does not go together with \
     the extension that explains it",
);
pub(super) const TIMES: Rule = Rule::new(
    "L-OCSP-TIMES",
    "RFC 6960 section 2.4",
    "the answer is not made between the time of which it speaks and the time of the next",
);
pub(super) const NEXT: Rule = Rule::new(
    "L-OCSP-NEXT",
    "RFC 5019 section 2.2.4",
    "the answer does not say until when it may be relied on",
);
pub(super) const ARCHIVE: Rule = Rule::new(
    "L-OCSP-ARCHIVE",
    "RFC 6960 section 4.4.4",
    "the archive cutoff lies after the answer was made",
);
pub(super) const EXTENSION_FORM: Rule = Rule::new(
    "L-OCSP-EXT-FORM",
    "RFC 6960 sections 4.4.4 and 4.4.8; RFC 9654 section 2.1",
    "an extension does not contain what it is to contain, or a row of extensions has none",
);
pub(super) const EXTENSION_DUPLICATE: Rule =
    Rule::new("L-OCSP-EXT-DUPLICATE", "RFC 5280 section 4.2", "an extension stands there twice");
pub(super) const EXTENSION_UNKNOWN: Rule = Rule::new(
    "L-OCSP-EXT-UNKNOWN",
    "RFC 6960 section 4.2.2.3",
    "an extension stands there that answers of the authority do not have",
);
pub(super) const EXTENSION_CRITICAL: Rule = Rule::new(
    "L-OCSP-EXT-CRITICAL",
    "RFC 6960 sections 4.1.2 and 4.4.8",
    "an extension is critical, which none should be",
);
pub(super) const ALGORITHM: Rule = Rule::new(
    "L-OCSP-ALGORITHM",
    "RFC 6960 section 4.3; RFC 4055 section 5; RFC 5758 section 3.2; RFC 9881 section 2",
    "the signature algorithm is not the one that goes with the responder's key, or is not one that \
     we know",
);
pub(super) const CERTIFICATE: Rule = Rule::new(
    "L-OCSP-CERTIFICATE",
    "RFC 6960 section 4.2.2.3; RFC 5019 section 2.2.1",
    "the certificate of the responder that the answer names does not stand in it",
);
pub(super) const SIGNATURE: Rule = Rule::new(
    "L-OCSP-SIGNATURE",
    "RFC 6960 section 3.2",
    "the signature is not by the key of the responder's certificate",
);
pub(super) const DELEGATE: Rule = Rule::new(
    "L-OCSP-DELEGATE",
    "RFC 6960 section 4.2.2.2; RFC 5280 section 4.2.1.3",
    "the responder's certificate is not one for signing answers: OCSPSigning, and digitalSignature \
     where usages are stated",
);
pub(super) const NO_CHECK: Rule = Rule::new(
    "L-OCSP-NO-CHECK",
    "RFC 6960 section 4.2.2.2.1",
    "the responder's certificate does not say that its own status need not be asked",
);
pub(super) const EXPERIMENT: Rule = Rule::new(
    "L-OCSP-EXPERIMENT",
    "RFC 9881",
    "the answer is signed with ML-DSA-65, an experiment: few verifiers know it",
);
pub(super) const UNCHECKED: Rule = Rule::new(
    "L-OCSP-UNCHECKED",
    "RFC 6960 section 3.2",
    "not checked, since the issuer's certificate is not at hand: whether the responder is the \
     issuer's, and whether the answer ends with the issuer",
);

/// Every rule for answers.
pub static ALL: &[&Rule] = &[
    &DER,
    &STATUS,
    &TYPE,
    &STATED,
    &RESPONDER,
    &TIMES_RESPONDER,
    &TIMES_ISSUER,
    &EMPTY,
    &ISSUER,
    &SERIAL,
    &REVOKED_FUTURE,
    &REASON,
    &NEVER_ISSUED,
    &TIMES,
    &NEXT,
    &ARCHIVE,
    &EXTENSION_FORM,
    &EXTENSION_DUPLICATE,
    &EXTENSION_UNKNOWN,
    &EXTENSION_CRITICAL,
    &ALGORITHM,
    &CERTIFICATE,
    &SIGNATURE,
    &DELEGATE,
    &NO_CHECK,
    &EXPERIMENT,
    &UNCHECKED,
];
