//! Every object identifier of the project, grouped by the document that defines it.

pub use const_oid::ObjectIdentifier;

/// Shorthand for the tables below.
const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

// X.520, attribute types.

/// `id-at-commonName`.
pub const COMMON_NAME: ObjectIdentifier = oid("2.5.4.3");
/// `id-at-countryName`.
pub const COUNTRY: ObjectIdentifier = oid("2.5.4.6");
/// `id-at-localityName`.
pub const LOCALITY: ObjectIdentifier = oid("2.5.4.7");
/// `id-at-organizationName`.
pub const ORGANIZATION: ObjectIdentifier = oid("2.5.4.10");
/// `id-at-organizationalUnitName`.
pub const ORGANIZATIONAL_UNIT: ObjectIdentifier = oid("2.5.4.11");

// RFC 5280, certificate extensions.

/// `id-ce-subjectKeyIdentifier`.
pub const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.14");
/// `id-ce-keyUsage`.
pub const KEY_USAGE: ObjectIdentifier = oid("2.5.29.15");
/// `id-ce-subjectAltName`.
pub const SUBJECT_ALT_NAME: ObjectIdentifier = oid("2.5.29.17");
/// `id-ce-issuerAltName`.
pub const ISSUER_ALT_NAME: ObjectIdentifier = oid("2.5.29.18");
/// `id-ce-basicConstraints`.
pub const BASIC_CONSTRAINTS: ObjectIdentifier = oid("2.5.29.19");
/// `id-ce-cRLDistributionPoints`.
pub const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = oid("2.5.29.31");
/// `id-ce-certificatePolicies`.
pub const CERTIFICATE_POLICIES: ObjectIdentifier = oid("2.5.29.32");
/// `anyPolicy`.
pub const ANY_POLICY: ObjectIdentifier = oid("2.5.29.32.0");
/// `id-ce-authorityKeyIdentifier`.
pub const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = oid("2.5.29.35");
/// `id-ce-extKeyUsage`.
pub const EXTENDED_KEY_USAGE: ObjectIdentifier = oid("2.5.29.37");
/// `id-pe-authorityInfoAccess`.
pub const AUTHORITY_INFO_ACCESS: ObjectIdentifier = oid("1.3.6.1.5.5.7.1.1");
/// `id-qt-cps`, the policy qualifier that points at the practice statement.
pub const CPS_QUALIFIER: ObjectIdentifier = oid("1.3.6.1.5.5.7.2.1");
/// `id-kp-clientAuth`.
pub const CLIENT_AUTH: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.2");
/// `id-kp-OCSPSigning`.
pub const OCSP_SIGNING: ObjectIdentifier = oid("1.3.6.1.5.5.7.3.9");
/// `id-ad-ocsp`.
pub const OCSP_ACCESS: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1");

// RFC 6960, the certificate of a responder.

/// `id-pkix-ocsp-nocheck`.
pub const OCSP_NOCHECK: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.5");

// RFC 5280, extensions of revocation lists and of their entries.

/// `id-ce-cRLNumber`.
pub const CRL_NUMBER: ObjectIdentifier = oid("2.5.29.20");
/// `id-ce-cRLReasons`, of an entry.
pub const REASON_CODE: ObjectIdentifier = oid("2.5.29.21");
/// `id-ce-invalidityDate`, of an entry.
pub const INVALIDITY_DATE: ObjectIdentifier = oid("2.5.29.24");
/// `id-ce-deltaCRLIndicator`.
pub const DELTA_CRL_INDICATOR: ObjectIdentifier = oid("2.5.29.27");
/// `id-ce-issuingDistributionPoint`.
pub const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = oid("2.5.29.28");

// RFC 6960, online status of certificates.

/// `id-pkix-ocsp-basic`, the type of answer that everyone understands.
pub const OCSP_BASIC: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.1");
/// `id-pkix-ocsp-nonce`; its form is that of RFC 9654.
pub const OCSP_NONCE: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.2");
/// `id-pkix-ocsp-response`, the types of answer that a client understands.
pub const OCSP_RESPONSE_TYPES: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.4");
/// `id-pkix-ocsp-nocheck`, of a responder's certificate whose own status nobody need ask.
pub const OCSP_NO_CHECK: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.5");
/// `id-pkix-ocsp-archive-cutoff`.
pub const OCSP_ARCHIVE_CUTOFF: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.6");
/// `id-pkix-ocsp-service-locator`.
pub const OCSP_SERVICE_LOCATOR: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.7");
/// `id-pkix-ocsp-pref-sig-algs`.
pub const OCSP_PREFERRED_ALGORITHMS: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.8");
/// `id-pkix-ocsp-extended-revoke`.
pub const OCSP_EXTENDED_REVOKE: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.9");

// RFC 3279 and RFC 5754, digests.

/// `id-sha1`.
pub const SHA1: ObjectIdentifier = oid("1.3.14.3.2.26");
/// `id-sha256`.
pub const SHA256: ObjectIdentifier = oid("2.16.840.1.101.3.4.2.1");

// RFC 2985, attributes of certificate requests.

/// `extensionRequest`.
pub const EXTENSION_REQUEST: ObjectIdentifier = oid("1.2.840.113549.1.9.14");

// RFC 8017 and RFC 5758, keys and signatures.

/// `rsaEncryption`.
pub const RSA_ENCRYPTION: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
/// `sha256WithRSAEncryption`.
pub const SHA256_WITH_RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.11");
/// `id-ecPublicKey`.
pub const EC_PUBLIC_KEY: ObjectIdentifier = oid("1.2.840.10045.2.1");
/// `prime256v1`, curve P-256.
pub const P256: ObjectIdentifier = oid("1.2.840.10045.3.1.7");
/// `secp384r1`, curve P-384.
pub const P384: ObjectIdentifier = oid("1.3.132.0.34");
/// `ecdsa-with-SHA256`.
pub const ECDSA_SHA256: ObjectIdentifier = oid("1.2.840.10045.4.3.2");
/// `ecdsa-with-SHA384`.
pub const ECDSA_SHA384: ObjectIdentifier = oid("1.2.840.10045.4.3.3");

// JPKI certificate profile (証明書プロファイル仕様), arc 1.2.392.200149.8.5.

/// Arc of the certificate policies: `…8.5.1.<environment>.<kind>`.
pub const JPKI_POLICY_ARC: ObjectIdentifier = oid("1.2.392.200149.8.5.1");
/// Name (氏名).
pub const JPKI_NAME: ObjectIdentifier = oid("1.2.392.200149.8.5.5.1");
/// Positions of substitute characters in the name (氏名の代替文字使用位置情報).
pub const JPKI_NAME_SUBSTITUTES: ObjectIdentifier = oid("1.2.392.200149.8.5.5.2");
/// Sex (性別).
pub const JPKI_SEX: ObjectIdentifier = oid("1.2.392.200149.8.5.5.3");
/// Date of birth (生年月日).
pub const JPKI_BIRTH_DATE: ObjectIdentifier = oid("1.2.392.200149.8.5.5.4");
/// Address (住所).
pub const JPKI_ADDRESS: ObjectIdentifier = oid("1.2.392.200149.8.5.5.5");
/// Positions of substitute characters in the address (住所の代替文字使用位置情報).
pub const JPKI_ADDRESS_SUBSTITUTES: ObjectIdentifier = oid("1.2.392.200149.8.5.5.6");
