//! Public keys, and what may be said of private ones.

use const_oid::ObjectIdentifier;
use jpki_ca::asn1::Der;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::oid;
use jpki_ca::asn1::sha256;
use jpki_ca::asn1::tag;
use jpki_ca::signer::PrivateKey;
use jpki_ca::signer::Signer as _;
use jpki_ca::signer::SoftwareSigner;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use pkcs8::pkcs5::pbes2::PBES2_OID;
use ring::digest;
use ring::signature::Ed25519KeyPair;
use ring::signature::KeyPair as _;
use serde_json::json;

use super::algorithm;
use super::algorithm::bits;
use super::number::decimal;
use super::number::hex;
use super::shown::Object;
use super::shown::Shown;

/// A `SubjectPublicKeyInfo`.
pub(super) fn public_key(info: Value<'_>) -> Shown {
    read(info).unwrap_or_else(|| Shown::malformed("a public key", info.der))
}

/// A file that is a public key.
pub(super) fn public_key_object(info: &[u8]) -> Option<Object> {
    let info = Value::only(info)?;
    let mut object = Object::new("public_key", "公開鍵 Public key");
    object.fact("public_key", "公開鍵 Key", read(info)?);
    object.say("指紋 SHA-256", vec![hex(&sha256(info.der))]);
    Some(object)
}

/// PKCS #8 `PrivateKeyInfo`.
pub(super) fn pkcs8(der: &[u8]) -> Option<Object> {
    let mut fields = Value::only(der)?.inside();
    fields.next_if(tag::INTEGER)?;
    let identifier = fields.next_if(tag::SEQUENCE)?;
    let secret = fields.next_if(tag::OCTET_STRING)?;
    let public = match algorithm::parts(identifier) {
        Some(("rsaEncryption", _)) => rsa_public_half(secret.contents),
        Some(("id-ecPublicKey", Some(curve))) => ec_public_half(secret.contents, Some(curve)),
        Some(("id-Ed25519", _)) => ed25519_public_half(secret.contents, identifier),
        Some(("id-ml-dsa-65", None)) => ml_dsa_public_half(der),
        Some(_) | None => None,
    };
    Some(private_key("pkcs8", Some(identifier), public.as_deref()))
}

/// PKCS #8 `EncryptedPrivateKeyInfo`.
pub(super) fn encrypted_pkcs8(der: &[u8]) -> Option<Object> {
    let encryption = Value::only(der)?.inside().next_if(tag::SEQUENCE)?;
    let mut object = locked("pkcs8");
    let mut shown = algorithm::algorithm(encryption);
    // The database of names lacks the one that every tool writes.
    if encryption.inside().next_if(tag::OID)?.contents == PBES2_OID.as_bytes() {
        shown.lines = vec!["PBES2".to_owned()];
    }
    object.fact("encryption", "暗号化 Encryption", shown);
    Some(object)
}

/// A private key in PEM whose header says that it is encrypted (RFC 1421).
pub(super) fn encrypted_traditional() -> Object {
    locked("traditional")
}

/// PKCS #1 `RSAPrivateKey`.
pub(super) fn pkcs1(der: &[u8]) -> Option<Object> {
    let public = rsa_public_half(der)?;
    Some(private_key("pkcs1", None, Some(&public)))
}

/// SEC 1 `ECPrivateKey` (RFC 5915).
pub(super) fn sec1(der: &[u8]) -> Option<Object> {
    Value::only(der)?.inside().next_if(tag::INTEGER)?;
    Some(private_key("sec1", None, ec_public_half(der, None).as_deref()))
}

/// PKCS #1 `RSAPublicKey`, as the `SubjectPublicKeyInfo` that it is part of.
pub(super) fn rsa_info(der: &[u8]) -> Vec<u8> {
    Der::build(|out| {
        out.sequence(|out| {
            out.sequence(|out| {
                out.oid(oid::RSA_ENCRYPTION);
                out.null();
            });
            out.bit_string(der);
        });
    })
}

fn read(info: Value<'_>) -> Option<Shown> {
    let mut parts = info.tagged(tag::SEQUENCE)?.inside();
    let identifier = parts.next_if(tag::SEQUENCE)?;
    let key = parts.next_if(tag::BIT_STRING).filter(|_| parts.is_empty())?;
    let octets = bits(key)?;
    let algorithm = algorithm::algorithm(identifier);
    let key_id = hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref());
    let mut json = json!({
        "algorithm": algorithm.value,
        "kind": null,
        "size": null,
        "curve": null,
        "modulus": null,
        "exponent": null,
        "bits": hex(octets),
        "key_id": key_id,
        "sha256": hex(&sha256(info.der)),
    });
    let mut set = |key: &str, value: serde_json::Value| {
        if let Some(slot) = json.get_mut(key) {
            *slot = value;
        }
    };
    let line = match algorithm::parts(identifier) {
        Some(("rsaEncryption", _)) => {
            let (modulus, exponent) = rsa_numbers(octets)?;
            let size = bit_length(modulus.contents);
            set("kind", "rsa".into());
            set("size", size.into());
            set("modulus", hex(unsigned(modulus.contents)).into());
            set("exponent", decimal(exponent.contents).into());
            let exponent = decimal(exponent.contents).unwrap_or_default();
            format!("RSA {size} bits, e={exponent}")
        }
        Some(("id-ecPublicKey", Some(parameters))) => {
            let curve = parameters.tagged(tag::OID).and_then(algorithm::known_name);
            set("kind", "ec".into());
            let (name, size) = match curve {
                Some("secp256r1") => (Some("P-256"), Some(256)),
                Some("secp384r1") => (Some("P-384"), Some(384)),
                Some("secp521r1") => (Some("P-521"), Some(521)),
                Some("secp224r1") => (Some("P-224"), Some(224)),
                other => (other, None),
            };
            let dotted = parameters.tagged(tag::OID).and_then(Value::dotted);
            let name = name.map(str::to_owned).or(dotted);
            set("size", size.into());
            set("curve", name.clone().into());
            format!("EC {}", name.as_deref().unwrap_or("独自の曲線 explicit curve"))
        }
        Some(("id-Ed25519", _)) => {
            set("kind", "ed25519".into());
            "Ed25519".to_owned()
        }
        Some(("id-ml-dsa-65", None)) => {
            set("kind", "ml-dsa-65".into());
            "ML-DSA-65 （実験用） an experiment".to_owned()
        }
        Some(_) | None => algorithm.line(),
    };
    Some(Shown { value: json, lines: vec![line, format!("key id {key_id}")] })
}

/// What may be said of a private key: what it is, and its public half.
fn private_key(format: &str, identifier: Option<Value<'_>>, public: Option<&[u8]>) -> Object {
    let mut object = Object::new("private_key", "秘密鍵 Private key");
    object.fact("format", "形式 Format", Shown::text(format));
    object.data("encrypted", false);
    object.data("algorithm", identifier.map(|value| algorithm::algorithm(value).value));
    match public.and_then(Value::only).and_then(|info| Some((info, read(info)?))) {
        Some((info, shown)) => {
            object.fact("public_key", "公開鍵 Public half", shown);
            object.say("公開鍵の指紋 SHA-256", vec![hex(&sha256(info.der))]);
        }
        None => {
            object.data("public_key", serde_json::Value::Null);
            let kind = identifier.map(|value| algorithm::algorithm(value).line());
            object.say("種類 Algorithm", kind.into_iter().collect());
        }
    }
    object.say("", vec![NOTHING_SECRET.to_owned()]);
    object
}

fn locked(format: &str) -> Object {
    let mut object = Object::new("private_key", "秘密鍵（暗号化） Private key, encrypted");
    object.fact("format", "形式 Format", Shown::text(format));
    object.data("encrypted", true);
    object.data("public_key", serde_json::Value::Null);
    object
}

/// Modulus and exponent at the front of an `RSAPublicKey`.
fn rsa_numbers(octets: &[u8]) -> Option<(Value<'_>, Value<'_>)> {
    let mut numbers = Value::only(octets)?.tagged(tag::SEQUENCE)?.inside();
    Some((numbers.next_if(tag::INTEGER)?, numbers.next_if(tag::INTEGER)?))
}

/// The public half that stands open in an `RSAPrivateKey`: the private numbers are not looked at.
fn rsa_public_half(private: &[u8]) -> Option<Vec<u8>> {
    let mut numbers = Value::only(private)?.tagged(tag::SEQUENCE)?.inside();
    numbers.next_if(tag::INTEGER)?;
    let (modulus, exponent) = (numbers.next_if(tag::INTEGER)?, numbers.next_if(tag::INTEGER)?);
    let key = Der::build(|out| {
        out.sequence(|out| {
            out.raw(modulus.der);
            out.raw(exponent.der);
        });
    });
    Some(rsa_info(&key))
}

/// The public half of an `ECPrivateKey`: computed where the curve is one of ours, because the file
/// may state another; as stated on other curves.
fn ec_public_half(private: &[u8], curve: Option<Value<'_>>) -> Option<Vec<u8>> {
    let mut fields = Value::only(private)?.tagged(tag::SEQUENCE)?.inside();
    fields.next_if(tag::INTEGER)?;
    let secret = fields.next_if(tag::OCTET_STRING)?.contents;
    let stated_curve = fields.next_if(tag::context_constructed(0)).and_then(Value::child);
    let stated = fields.next_if(tag::context_constructed(1)).and_then(Value::child);
    let curve = curve.or(stated_curve)?;
    let point = match ObjectIdentifier::from_bytes(curve.contents).ok() {
        Some(oid::P256) => {
            let key = p256::SecretKey::from_slice(secret).ok()?.public_key();
            key.to_encoded_point(false).as_bytes().to_vec()
        }
        Some(oid::P384) => {
            let key = p384::SecretKey::from_slice(secret).ok()?.public_key();
            key.to_encoded_point(false).as_bytes().to_vec()
        }
        Some(_) | None => bits(stated?)?.to_vec(),
    };
    Some(Der::build(|out| {
        out.sequence(|out| {
            out.sequence(|out| {
                out.oid(oid::EC_PUBLIC_KEY);
                out.raw(curve.der);
            });
            out.bit_string(&point);
        });
    }))
}

/// The public half of an Ed25519 key (RFC 8410 section 7: the seed is an OCTET STRING of its own).
fn ed25519_public_half(private: &[u8], identifier: Value<'_>) -> Option<Vec<u8>> {
    let seed = Value::only(private)?.tagged(tag::OCTET_STRING)?.contents;
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
    Some(Der::build(|out| {
        out.sequence(|out| {
            out.raw(identifier.der);
            out.bit_string(pair.public_key().as_ref());
        });
    }))
}

/// The public half of an ML-DSA-65 key in PKCS #8, where they are built in.
fn ml_dsa_public_half(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let signer = SoftwareSigner::new(&PrivateKey::from_pkcs8(pkcs8)).ok()?;
    Some(signer.public_key().as_der().to_vec())
}

/// Bits of a non-negative integer.
fn bit_length(contents: &[u8]) -> usize {
    let significant = unsigned(contents);
    let leading = significant.first().map_or(0, |first| first.leading_zeros());
    (significant.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0))
}

/// An integer's contents without the octet that only holds its sign.
fn unsigned(contents: &[u8]) -> &[u8] {
    contents.strip_prefix(&[0]).unwrap_or(contents)
}

const NOTHING_SECRET: &str = "秘密の値は表示しません no private value is shown";
