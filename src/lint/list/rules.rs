//! Every rule for lists, in the order of the fields that it is about.

use crate::lint::finding::Rule;

pub(super) const DER: Rule = Rule::new(
    "L-CRL-DER",
    "RFC 5280 section 5.1, X.690 section 10",
    "not a list in the one encoding that DER allows",
);
pub(super) const AUTHORITY: Rule = Rule::new(
    "L-CRL-AUTHORITY",
    "JPKI profile, issuer",
    "not a list of an authority of JPKI: not held against its name",
);
pub(super) const STATED: Rule = Rule::new(
    "L-CRL-STATED",
    "the bytes that are signed are the only truth",
    "what is recorded beside the bytes differs from them",
);
pub(super) const VERSION: Rule =
    Rule::new("L-CRL-VERSION", "RFC 5280 section 5.1.2.1", "the version is not 2");
pub(super) const ALGORITHM: Rule = Rule::new(
    "L-CRL-ALGORITHM",
    "RFC 5280 section 5.1.2.2; RFC 4055 section 5; RFC 5758 section 3.2; RFC 9881 section 2",
    "the signature algorithm is not the one of the issuer's key, or its parameters are wrong",
);
pub(super) const ISSUER: Rule = Rule::new(
    "L-CRL-ISSUER",
    "RFC 5280 section 5.1.2.3; JPKI profile, issuer",
    "the issuer's name is not the authority's, attribute by attribute and string type by string type",
);
pub(super) const TIME_FORM: Rule = Rule::new(
    "L-CRL-TIME-FORM",
    "RFC 5280 sections 5.1.2.4 and 5.1.2.5",
    "a time of the list is not UTCTime through 2049 and GeneralizedTime from 2050",
);
pub(super) const NEXT: Rule =
    Rule::new("L-CRL-NEXT", "RFC 5280 section 5.1.2.5", "the list states no next update");
pub(super) const TIMES: Rule = Rule::new(
    "L-CRL-TIMES",
    "RFC 5280 sections 5.1.2.4 and 5.1.2.5",
    "the next update lies before this one",
);
pub(super) const TIMES_ISSUER: Rule = Rule::new(
    "L-CRL-TIMES-ISSUER",
    "RFC 5280 section 6.3.3 (f)",
    "the list speaks before the issuer's own certificate begins",
);
pub(super) const EMPTY: Rule = Rule::new(
    "L-CRL-EMPTY",
    "RFC 5280 section 5.1.2.6",
    "a row of entries stands there and has none: it is to be absent",
);
pub(super) const ENTRY_SERIAL: Rule = Rule::new(
    "L-CRL-ENTRY-SERIAL",
    "RFC 5280 section 4.1.2.2",
    "an entry's serial number is not one that the authority issues",
);
pub(super) const ENTRY_ORDER: Rule = Rule::new(
    "L-CRL-ENTRY-ORDER",
    "lists of one authority are compared entry by entry",
    "the entries do not stand in the order of their serial numbers, each once",
);
pub(super) const ENTRY_TIME_FORM: Rule = Rule::new(
    "L-CRL-ENTRY-TIME-FORM",
    "RFC 5280 section 5.1.2.6",
    "an entry's date is not UTCTime through 2049 and GeneralizedTime from 2050",
);
pub(super) const ENTRY_FUTURE: Rule = Rule::new(
    "L-CRL-ENTRY-FUTURE",
    "RFC 5280 sections 5.1.2.6 and 5.3.2",
    "an entry's date lies after the list speaks",
);
pub(super) const ENTRY_REASON: Rule = Rule::new(
    "L-CRL-ENTRY-REASON",
    "practice statement, reasons; RFC 5280 section 5.3.1",
    "an entry's reason is not one of JPKI, or is unspecified and stated",
);
pub(super) const ENTRY_REMOVED: Rule = Rule::new(
    "L-CRL-ENTRY-REMOVED",
    "RFC 5280 section 5.3.1",
    "an entry of a complete list says that it was removed",
);
pub(super) const ENTRY_EXTENSION: Rule = Rule::new(
    "L-CRL-ENTRY-EXTENSION",
    "RFC 5280 section 5.3",
    "an entry has another extension than reason and invalidity date, or a critical one",
);
pub(super) const EXTENSION_MISSING: Rule = Rule::new(
    "L-CRL-EXT-MISSING",
    "RFC 5280 section 5.2",
    "an extension that every list has is missing",
);
pub(super) const EXTENSION_UNKNOWN: Rule = Rule::new(
    "L-CRL-EXT-UNKNOWN",
    "RFC 5280 section 5.2",
    "an extension stands there that lists of the authority do not have",
);
pub(super) const EXTENSION_ORDER: Rule = Rule::new(
    "L-CRL-EXT-ORDER",
    "one encoding of what is stated",
    "the extensions do not stand in their order: key, number, base, distribution point",
);
pub(super) const EXTENSION_CRITICAL: Rule = Rule::new(
    "L-CRL-EXT-CRITICAL",
    "RFC 5280 sections 5.2.1, 5.2.3, 5.2.4 and 5.2.5",
    "an extension is critical and should not be, or is not and should be",
);
pub(super) const AUTHORITY_KEY: Rule = Rule::new(
    "L-CRL-AKI",
    "RFC 5280 section 5.2.1",
    "the authority's key is not named by its key identifier alone",
);
pub(super) const NUMBER: Rule = Rule::new(
    "L-CRL-NUMBER",
    "RFC 5280 section 5.2.3",
    "the list's number is not a positive one of at most 20 octets",
);
pub(super) const BASE: Rule = Rule::new(
    "L-CRL-BASE",
    "RFC 5280 section 5.2.4",
    "the base of a delta list is not a positive number below the list's own",
);
pub(super) const POINT: Rule = Rule::new(
    "L-CRL-IDP",
    "RFC 5280 section 5.2.5",
    "not exactly one distribution point with one directory name, and the flags of its kind",
);
pub(super) const POINT_NAME: Rule = Rule::new(
    "L-CRL-IDP-NAME",
    "RFC 5280 section 5.2.5; JPKI profile, cRLDistributionPoints",
    "the distribution point is not the one in the certificates that the list is about",
);
pub(super) const SIGNATURE_ALGORITHM: Rule = Rule::new(
    "L-CRL-SIGNATURE-ALGORITHM",
    "RFC 5280 section 5.1.1.2",
    "the algorithm beside the signature is not the one within the signed part",
);
pub(super) const SIGNATURE_LENGTH: Rule = Rule::new(
    "L-CRL-SIGNATURE-LENGTH",
    "FIPS 204 table 2; RFC 9881 section 3",
    "the signature does not have the 3309 octets of ML-DSA-65",
);
pub(super) const EXPERIMENT: Rule = Rule::new(
    "L-CRL-EXPERIMENT",
    "JPKI profile, signature; RFC 9881",
    "the list is signed with ML-DSA-65, an experiment: no published profile has it",
);
pub(super) const UNCHECKED: Rule = Rule::new(
    "L-CRL-UNCHECKED",
    "RFC 5280 section 6.3.3",
    "not checked, since the issuer's certificate is not at hand: the signature and the issuer's key \
     identifier",
);

/// Every rule for lists.
pub static ALL: &[&Rule] = &[
    &DER,
    &AUTHORITY,
    &STATED,
    &VERSION,
    &ALGORITHM,
    &ISSUER,
    &TIME_FORM,
    &NEXT,
    &TIMES,
    &TIMES_ISSUER,
    &EMPTY,
    &ENTRY_SERIAL,
    &ENTRY_ORDER,
    &ENTRY_TIME_FORM,
    &ENTRY_FUTURE,
    &ENTRY_REASON,
    &ENTRY_REMOVED,
    &ENTRY_EXTENSION,
    &EXTENSION_MISSING,
    &EXTENSION_UNKNOWN,
    &EXTENSION_ORDER,
    &EXTENSION_CRITICAL,
    &AUTHORITY_KEY,
    &NUMBER,
    &BASE,
    &POINT,
    &POINT_NAME,
    &SIGNATURE_ALGORITHM,
    &SIGNATURE_LENGTH,
    &EXPERIMENT,
    &UNCHECKED,
];
