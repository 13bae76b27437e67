//! Every rule for certificates, in the order of the fields that it is about.

use super::finding::Rule;

pub(super) const DER: Rule = Rule::new(
    "L-DER",
    "RFC 5280 section 4.1, X.690 section 10",
    "not a certificate in the one encoding that DER allows",
);
pub(super) const TABLE: Rule = Rule::new(
    "L-KIND",
    "JPKI profile",
    "neither an authority's or its service's certificate nor one with a policy of JPKI: not held \
     against a table",
);
pub(super) const STATED: Rule = Rule::new(
    "L-STATED",
    "the bytes that are signed are the only truth",
    "what is recorded beside the bytes differs from them",
);
pub(super) const VERSION: Rule =
    Rule::new("L-VERSION", "RFC 5280 section 4.1.2.1", "the version is not 3");
pub(super) const SERIAL_FORM: Rule = Rule::new(
    "L-SERIAL-FORM",
    "X.690 section 8.3.2",
    "the serial number is not in its shortest form",
);
pub(super) const SERIAL_POSITIVE: Rule =
    Rule::new("L-SERIAL-POSITIVE", "RFC 5280 section 4.1.2.2", "the serial number is not positive");
pub(super) const SERIAL_LENGTH: Rule = Rule::new(
    "L-SERIAL-LENGTH",
    "RFC 5280 section 4.1.2.2",
    "the serial number has more than 20 octets",
);
pub(super) const ALGORITHM: Rule = Rule::new(
    "L-ALGORITHM",
    "JPKI profile, signature; RFC 4055 section 5; RFC 5758 section 3.2",
    "the signature algorithm is not the one of the issuer's key, or its parameters are wrong",
);
pub(super) const ISSUER: Rule = Rule::new(
    "L-ISSUER",
    "JPKI profile, issuer",
    "the issuer's name is not the authority's, attribute by attribute and string type by string type",
);
pub(super) const VALIDITY_FORM: Rule = Rule::new(
    "L-VALIDITY-FORM",
    "RFC 5280 section 4.1.2.5",
    "a time is not UTCTime through 2049 and GeneralizedTime from 2050, with seconds and Z",
);
pub(super) const VALIDITY_ORDER: Rule =
    Rule::new("L-VALIDITY-ORDER", "RFC 5280 section 4.1.2.5", "the validity ends before it begins");
pub(super) const VALIDITY_END: Rule = Rule::new(
    "L-VALIDITY-END",
    "JPKI profile, validity",
    "the validity does not end at 14:59:59Z, the last second of a day in Japan",
);
pub(super) const VALIDITY_ISSUER: Rule = Rule::new(
    "L-VALIDITY-ISSUER",
    "JPKI profile, validity",
    "the validity is not within that of the issuer's own certificate",
);
pub(super) const VALIDITY_HOLDER: Rule = Rule::new(
    "L-VALIDITY-HOLDER",
    "regulation on the term of certificates (sixth birthday after issue); next card (assumed, A-15)",
    "the validity is longer than any sixth birthday is away, of the next card any eleventh",
);
pub(super) const VALIDITY_AUTHORITY: Rule = Rule::new(
    "L-VALIDITY-AUTHORITY",
    "JPKI profile, authority certificate, validity; next card (assumed, A-14)",
    "the validity is not ten years less a day, for the next card twenty, counted in days of Japan",
);
pub(super) const VALIDITY_SERVICE: Rule = Rule::new(
    "L-VALIDITY-SERVICE",
    "service certificate, validity (assumed, A-12 and A-13)",
    "the validity is not three years less a day for publication or thirty days for a responder, \
     counted in days of Japan, or until the issuer's end",
);
pub(super) const VALIDITY_LINK: Rule = Rule::new(
    "L-VALIDITY-LINK",
    "link certificate, validity (assumed, A-18)",
    "the validity is longer than an authority's own",
);
pub(super) const SUBJECT: Rule = Rule::new(
    "L-SUBJECT",
    "JPKI profile, subject",
    "the subject's attributes, their order or their string types are not those of the profile",
);
pub(super) const SUBJECT_NUMBER: Rule = Rule::new(
    "L-SUBJECT-NUMBER",
    "JPKI profile, subject, commonName",
    "the common name does not have the form of the profile",
);
pub(super) const SUBJECT_PLACE: Rule = Rule::new(
    "L-SUBJECT-PLACE",
    "JPKI profile, subject, localityName",
    "the localities are not those of the municipality",
);
pub(super) const SUBJECT_WINDOW: Rule = Rule::new(
    "L-SUBJECT-WINDOW",
    "JPKI profile, subject, commonName; JIS X 0402",
    "the reception window is not one of the municipality",
);
pub(super) const KEY: Rule = Rule::new(
    "L-KEY",
    "RFC 5280 section 4.1.2.7, RFC 3279 section 2.3.1, RFC 5480 section 2",
    "the subject's key is not one that we know",
);
pub(super) const UNIQUE_ID: Rule =
    Rule::new("L-UNIQUE-ID", "RFC 5280 section 4.1.2.8", "a unique identifier is present");
pub(super) const EXTENSION_FORM: Rule = Rule::new(
    "L-EXT-FORM",
    "RFC 5280 section 4.1, X.690 section 11.5",
    "the extensions are not DER, or one states the default FALSE",
);
pub(super) const EXTENSION_MISSING: Rule = Rule::new(
    "L-EXT-MISSING",
    "JPKI profile, extensions",
    "an extension of the profile is missing",
);
pub(super) const EXTENSION_UNKNOWN: Rule = Rule::new(
    "L-EXT-UNKNOWN",
    "JPKI profile, extensions",
    "an extension stands there that the profile does not have",
);
pub(super) const EXTENSION_DUPLICATE: Rule =
    Rule::new("L-EXT-DUPLICATE", "RFC 5280 section 4.2", "an extension stands there twice");
pub(super) const EXTENSION_ORDER: Rule = Rule::new(
    "L-EXT-ORDER",
    "JPKI profile, extensions",
    "the extensions do not stand in the order of the profile",
);
pub(super) const EXTENSION_CRITICAL: Rule = Rule::new(
    "L-EXT-CRITICAL",
    "JPKI profile, extensions",
    "an extension is critical and should not be, or is not and should be",
);
pub(super) const KEY_USAGE: Rule = Rule::new(
    "L-KEY-USAGE",
    "JPKI profile, keyUsage",
    "the key usages are not exactly those of the profile",
);
pub(super) const EXTENDED_KEY_USAGE: Rule = Rule::new(
    "L-EXTENDED-KEY-USAGE",
    "JPKI profile, extKeyUsage; RFC 6960 section 4.2.2.2",
    "the extended key usage is not the profile's alone: clientAuth for a holder, OCSPSigning for a \
     responder",
);
pub(super) const OCSP_NO_CHECK: Rule = Rule::new(
    "L-OCSP-NOCHECK",
    "RFC 6960 section 4.2.2.2.1",
    "the value of ocsp-nocheck is not NULL",
);
pub(super) const BASIC_CONSTRAINTS: Rule = Rule::new(
    "L-BASIC-CONSTRAINTS",
    "JPKI profile, authority certificate, basicConstraints",
    "the basic constraints are not cA without a path length",
);
pub(super) const POLICY: Rule = Rule::new(
    "L-POLICY",
    "JPKI profile, certificatePolicies",
    "not exactly one policy, that of the realm for this kind and carrier, with one qualifier",
);
pub(super) const POLICY_CPS: Rule = Rule::new(
    "L-POLICY-CPS",
    "JPKI profile, certificatePolicies",
    "the policy does not point at the practice statement",
);
pub(super) const LINK_POLICY: Rule = Rule::new(
    "L-LINK-POLICY",
    "link certificate, certificatePolicies (assumed, A-18); RFC 5280 section 6.1.3 (e)",
    "not exactly anyPolicy without a qualifier",
);
pub(super) const ISSUER_ALT_NAME: Rule = Rule::new(
    "L-ISSUER-ALT-NAME",
    "JPKI profile, issuerAltName",
    "not exactly the Japanese name of the authority",
);
pub(super) const AUTHORITY_ALT_NAME: Rule = Rule::new(
    "L-AUTHORITY-ALT-NAME",
    "JPKI profile, authority certificate, subjectAltName",
    "not exactly the Japanese name of the authority",
);
pub(super) const DISTRIBUTION_POINT: Rule = Rule::new(
    "L-CRLDP",
    "JPKI profile, cRLDistributionPoints",
    "not exactly one distribution point with one directory name of the profile's form",
);
pub(super) const DISTRIBUTION_POINT_PLACE: Rule = Rule::new(
    "L-CRLDP-PLACE",
    "JPKI profile, cRLDistributionPoints",
    "the distribution point is not that of the municipality",
);
pub(super) const OCSP: Rule = Rule::new(
    "L-AIA",
    "JPKI profile, authorityInfoAccess",
    "not exactly one access by OCSP, at the address of the realm",
);
pub(super) const AUTHORITY_KEY_FORM: Rule = Rule::new(
    "L-AKI-FORM",
    "JPKI profile, authorityKeyIdentifier",
    "not the three parts key identifier, issuer and serial number",
);
pub(super) const AUTHORITY_KEY_ID: Rule = Rule::new(
    "L-AKI-KEY",
    "JPKI profile, authorityKeyIdentifier",
    "the key identifier is not that of the issuer's key",
);
pub(super) const AUTHORITY_KEY_ISSUER: Rule = Rule::new(
    "L-AKI-ISSUER",
    "JPKI profile, authorityKeyIdentifier",
    "the issuer named is not the authority",
);
pub(super) const AUTHORITY_KEY_SERIAL: Rule = Rule::new(
    "L-AKI-SERIAL",
    "JPKI profile, authorityKeyIdentifier",
    "the serial number is not that of the issuer's own certificate",
);
pub(super) const LINK_KEY: Rule = Rule::new(
    "L-LINK-KEY",
    "link certificate, subject's key; RFC 4210 section 4.4",
    "the key that is certified is the one that signs",
);
pub(super) const SUBJECT_KEY_ID: Rule = Rule::new(
    "L-SKI",
    "JPKI profile, subjectKeyIdentifier; RFC 5280 section 4.2.1.2, method 1",
    "the key identifier is not the SHA-1 of the subject's key",
);
pub(super) const ITEMS_FORM: Rule = Rule::new(
    "L-SAN-FORM",
    "JPKI profile, subjectAltName",
    "not a row of otherNames with one value each",
);
pub(super) const ITEMS: Rule = Rule::new(
    "L-SAN-ITEMS",
    "JPKI profile, subjectAltName",
    "the items are not the six of the profile, each once",
);
pub(super) const ITEMS_ORDER: Rule = Rule::new(
    "L-SAN-ORDER",
    "JPKI profile, subjectAltName",
    "the items do not stand in the order .1 .4 .3 .5 .2 .6",
);
pub(super) const ITEMS_STRING: Rule =
    Rule::new("L-SAN-STRING", "JPKI profile, subjectAltName", "an item is not a UTF8String");
pub(super) const NAME: Rule = Rule::new(
    "L-SAN-NAME",
    "JPKI profile, subjectAltName, name",
    "the name is empty, or its spaces do not each separate two parts",
);
pub(super) const BIRTH_DATE: Rule = Rule::new(
    "L-SAN-BIRTH-DATE",
    "JPKI profile, subjectAltName, date of birth",
    "the date of birth is not nine digits of a day before the certificate begins",
);
pub(super) const ERA: Rule = Rule::new(
    "L-SAN-ERA",
    "JPKI profile, subjectAltName, date of birth",
    "the date of birth does not lie in the era that its first digit states",
);
pub(super) const SEX: Rule = Rule::new(
    "L-SAN-SEX",
    "JPKI profile, subjectAltName, sex",
    "the sex is not one digit from 1 to 3",
);
pub(super) const ADDRESS: Rule = Rule::new(
    "L-SAN-ADDRESS",
    "JPKI profile, subjectAltName, address",
    "the address does not have 1 to 200 characters",
);
pub(super) const CHARACTERS: Rule = Rule::new(
    "L-SAN-CHARACTERS",
    "practice statement 3.1.7 and 3.1.8; JIS X 0208, JIS X 0212",
    "an item holds a character that a certificate cannot carry",
);
pub(super) const MASK: Rule = Rule::new(
    "L-SAN-MASK",
    "JPKI profile, subjectAltName, substitute-character positions",
    "a mask is not one 0 or 1 for each character of its item",
);
pub(super) const SIGNATURE_ALGORITHM: Rule = Rule::new(
    "L-SIGNATURE-ALGORITHM",
    "RFC 5280 section 4.1.1.2",
    "the algorithm beside the signature is not the one within the signed part",
);
pub(super) const SIGNATURE: Rule = Rule::new(
    "L-SIGNATURE",
    "RFC 5280 section 4.1.1.3",
    "the signature is not one by the certificate's own key",
);
pub(super) const UNCHECKED: Rule = Rule::new(
    "L-UNCHECKED",
    "JPKI profile, authorityKeyIdentifier, validity, signatureValue",
    "not checked, since the issuer's certificate is not at hand: the signature, the issuer's key \
     identifier and serial number, and whether the validity is within the issuer's",
);

/// Every rule for certificates; those for keys are the variants of [`KeyFault`](super::KeyFault).
pub static ALL: &[&Rule] = &[
    &DER,
    &TABLE,
    &STATED,
    &VERSION,
    &SERIAL_FORM,
    &SERIAL_POSITIVE,
    &SERIAL_LENGTH,
    &ALGORITHM,
    &ISSUER,
    &VALIDITY_FORM,
    &VALIDITY_ORDER,
    &VALIDITY_END,
    &VALIDITY_ISSUER,
    &VALIDITY_HOLDER,
    &VALIDITY_AUTHORITY,
    &VALIDITY_SERVICE,
    &VALIDITY_LINK,
    &SUBJECT,
    &SUBJECT_NUMBER,
    &SUBJECT_PLACE,
    &SUBJECT_WINDOW,
    &KEY,
    &UNIQUE_ID,
    &EXTENSION_FORM,
    &EXTENSION_MISSING,
    &EXTENSION_UNKNOWN,
    &EXTENSION_DUPLICATE,
    &EXTENSION_ORDER,
    &EXTENSION_CRITICAL,
    &KEY_USAGE,
    &EXTENDED_KEY_USAGE,
    &OCSP_NO_CHECK,
    &BASIC_CONSTRAINTS,
    &POLICY,
    &POLICY_CPS,
    &LINK_POLICY,
    &ISSUER_ALT_NAME,
    &AUTHORITY_ALT_NAME,
    &DISTRIBUTION_POINT,
    &DISTRIBUTION_POINT_PLACE,
    &OCSP,
    &AUTHORITY_KEY_FORM,
    &AUTHORITY_KEY_ID,
    &AUTHORITY_KEY_ISSUER,
    &AUTHORITY_KEY_SERIAL,
    &LINK_KEY,
    &SUBJECT_KEY_ID,
    &ITEMS_FORM,
    &ITEMS,
    &ITEMS_ORDER,
    &ITEMS_STRING,
    &NAME,
    &BIRTH_DATE,
    &ERA,
    &SEX,
    &ADDRESS,
    &CHARACTERS,
    &MASK,
    &SIGNATURE_ALGORITHM,
    &SIGNATURE,
    &UNCHECKED,
];
