//! Algorithms, and the signatures made with them.

use const_oid::ObjectIdentifier;
use const_oid::db::DB;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::oid;
use jpki_ca::asn1::tag;
use ring::signature;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;
use serde_json::json;

use super::number::hex;
use super::shown::Shown;

/// An `AlgorithmIdentifier`.
pub(super) fn algorithm(value: Value<'_>) -> Shown {
    read(value).unwrap_or_else(|| Shown::malformed("an algorithm", value.der))
}

fn read(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let kind = parts.next_if(tag::OID)?;
    let oid = kind.dotted()?;
    let name = known_name(kind);
    let parameters = parts.any().ok();
    let json = json!({
        "oid": oid,
        "name": name,
        "parameters": parameters.map(|parameters| hex(parameters.der)),
    });
    let ended = parts.is_empty();
    ended.then(|| Shown::new(json, name.unwrap_or(&oid)))
}

/// The name that the RFCs give an object identifier.
pub(super) fn known_name(value: Value<'_>) -> Option<&'static str> {
    let known = ObjectIdentifier::from_bytes(value.contents).ok()?;
    // The database is older than RFC 9881.
    if known == oid::ML_DSA_65 { Some("id-ml-dsa-65") } else { DB.by_oid(&known) }
}

/// The name of the algorithm in an `AlgorithmIdentifier`, and its parameters.
pub(super) fn parts(value: Value<'_>) -> Option<(&'static str, Option<Value<'_>>)> {
    let mut parts = value.inside();
    let name = known_name(parts.next_if(tag::OID)?)?;
    Some((name, parts.any().ok()))
}

/// Whether the signature over `message` is by the key; none when the algorithm or the kind of key is
/// not one that can be checked here.
///
/// Weak algorithms are checked too: this says who signed, not whether to trust it.
pub(super) fn verifies(
    algorithm: Value<'_>,
    public_key: Value<'_>,
    message: &[u8],
    signature: Value<'_>,
) -> Option<bool> {
    let (signed_with, _) = parts(algorithm)?;
    if signed_with == "id-ml-dsa-65" {
        let key = PublicKey::from_der(public_key.der).ok()?;
        if key.algorithm() != KeyAlgorithm::MlDsa65 {
            return None;
        }
        return Some(key.verify(message, bits(signature)?).is_ok());
    }
    let mut key = public_key.inside();
    let (kind, parameters) = parts(key.next_if(tag::SEQUENCE)?)?;
    let key = bits(key.next_if(tag::BIT_STRING)?)?;
    let curve = parameters.and_then(known_name);
    let verifier: &dyn VerificationAlgorithm = match (signed_with, kind, curve) {
        ("sha1WithRSAEncryption", "rsaEncryption", _) => {
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        ("sha256WithRSAEncryption", "rsaEncryption", _) => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        ("sha384WithRSAEncryption", "rsaEncryption", _) => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("sha512WithRSAEncryption", "rsaEncryption", _) => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        ("ecdsa-with-SHA256", "id-ecPublicKey", Some("secp256r1")) => {
            &signature::ECDSA_P256_SHA256_ASN1
        }
        ("ecdsa-with-SHA384", "id-ecPublicKey", Some("secp256r1")) => {
            &signature::ECDSA_P256_SHA384_ASN1
        }
        ("ecdsa-with-SHA256", "id-ecPublicKey", Some("secp384r1")) => {
            &signature::ECDSA_P384_SHA256_ASN1
        }
        ("ecdsa-with-SHA384", "id-ecPublicKey", Some("secp384r1")) => {
            &signature::ECDSA_P384_SHA384_ASN1
        }
        ("id-Ed25519", "id-Ed25519", _) => &signature::ED25519,
        _ => return None,
    };
    let signature = bits(signature)?;
    Some(UnparsedPublicKey::new(verifier, key).verify(message, signature).is_ok())
}

/// The octets of a BIT STRING without unused bits.
pub(super) fn bits(value: Value<'_>) -> Option<&[u8]> {
    match value.contents {
        [0, octets @ ..] => Some(octets),
        _ => None,
    }
}
