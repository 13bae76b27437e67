//! Keys as objects of a token: how they are made, told apart, read and used.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use cryptoki::object::AttributeType;
use cryptoki::object::KeyType;
use cryptoki::object::ObjectClass;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::Value;
use crate::asn1::hex;
use crate::asn1::oid;
use crate::asn1::tag;

use super::TokenError;

/// What tells a key pair from others in its token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct KeyName {
    /// The label of the private half, which is the one that counts.
    pub(super) label: String,
    /// `CKA_ID`, which both halves share.
    pub(super) id: Vec<u8>,
}

impl KeyName {
    /// As messages name it.
    pub(super) fn shown(&self) -> String {
        format!("{:?} with the identifier {}", self.label, hex(&self.id))
    }

    /// The private half's handle in this session.
    pub(super) fn private(&self, session: &Session) -> Result<ObjectHandle, TokenError> {
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Token(true),
            Attribute::Label(self.label.clone().into_bytes()),
            Attribute::Id(self.id.clone()),
        ];
        self.only(session, &template)
    }

    /// The public half's handle in this session. Its label is for people's eyes.
    pub(super) fn public(&self, session: &Session) -> Result<ObjectHandle, TokenError> {
        let template = [
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::Token(true),
            Attribute::Id(self.id.clone()),
        ];
        self.only(session, &template)
    }

    fn only(&self, session: &Session, template: &[Attribute]) -> Result<ObjectHandle, TokenError> {
        match session.find_objects(template)?.as_slice() {
            [] => Err(TokenError::KeyMissing { key: self.shown() }),
            [only] => Ok(*only),
            [_, _, ..] => Err(TokenError::KeyTwice { key: self.shown() }),
        }
    }
}

/// The names of all private keys in the token, or of those with this label.
pub(super) fn names(session: &Session, label: Option<&str>) -> Result<Vec<KeyName>, TokenError> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Token(true)];
    template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
    let mut names = Vec::new();
    for object in session.find_objects(&template)? {
        let (mut label, mut id) = (None, None);
        let wanted = [AttributeType::Label, AttributeType::Id];
        for attribute in session.get_attributes(object, &wanted)? {
            match attribute {
                Attribute::Label(octets) => label = String::from_utf8(octets).ok(),
                Attribute::Id(octets) => id = Some(octets),
                _ => {}
            }
        }
        // A key of others, which carries no name that we give.
        if let (Some(label), Some(id)) = (label, id) {
            names.push(KeyName { label, id });
        }
    }
    names.sort();
    Ok(names)
}

/// Generates a key pair that never leaves the token, for signing alone. The identifier has to be new.
pub(super) fn generate(
    session: &Session,
    name: &KeyName,
    algorithm: KeyAlgorithm,
) -> Result<(ObjectHandle, ObjectHandle), TokenError> {
    let mut public = vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::Label(name.label.clone().into_bytes()),
        Attribute::Id(name.id.clone()),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Label(name.label.clone().into_bytes()),
        Attribute::Id(name.id.clone()),
    ];
    let mechanism = match algorithm {
        KeyAlgorithm::Rsa(bits @ (2048 | 3072 | 4096)) => {
            public.push(Attribute::ModulusBits(u64::from(bits).into()));
            public.push(Attribute::PublicExponent(vec![1, 0, 1]));
            public.push(Attribute::Encrypt(false));
            public.push(Attribute::Wrap(false));
            Mechanism::RsaPkcsKeyPairGen
        }
        KeyAlgorithm::Rsa(_) => return Err(TokenError::NoGenerator(algorithm)),
        KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
            let curve = if algorithm == KeyAlgorithm::P256 { oid::P256 } else { oid::P384 };
            public.push(Attribute::EcParams(Der::build(|der| der.oid(curve))));
            Mechanism::EccKeyPairGen
        }
    };
    Ok(session.generate_key_pair(&mechanism, &public, &private)?)
}

/// Holds a private key against what was asked for: made here, and never to be seen outside.
pub(super) fn check_kept(session: &Session, private: ObjectHandle) -> Result<(), TokenError> {
    let wanted = [
        (AttributeType::Token, Attribute::Token(true), "CKA_TOKEN is not true"),
        (AttributeType::Private, Attribute::Private(true), "CKA_PRIVATE is not true"),
        (AttributeType::Sensitive, Attribute::Sensitive(true), "CKA_SENSITIVE is not true"),
        (AttributeType::Extractable, Attribute::Extractable(false), "CKA_EXTRACTABLE is not false"),
        (
            AttributeType::AlwaysSensitive,
            Attribute::AlwaysSensitive(true),
            "CKA_ALWAYS_SENSITIVE is not true",
        ),
        (
            AttributeType::NeverExtractable,
            Attribute::NeverExtractable(true),
            "CKA_NEVER_EXTRACTABLE is not true",
        ),
        (AttributeType::Local, Attribute::Local(true), "CKA_LOCAL is not true"),
        (AttributeType::Sign, Attribute::Sign(true), "CKA_SIGN is not true"),
    ];
    for (kind, value, attribute) in wanted {
        if session.get_attributes(private, &[kind])? != [value] {
            return Err(TokenError::Exposed { attribute });
        }
    }
    Ok(())
}

/// Holds a private key that is found against what still counts of it: it cannot be got out. How it came in
/// may have been lost where a device was restored from a backup.
pub(super) fn check_safe(
    session: &Session,
    private: ObjectHandle,
    name: &KeyName,
) -> Result<(), TokenError> {
    let wanted = [AttributeType::Sensitive, AttributeType::Extractable];
    match session.get_attributes(private, &wanted)?.as_slice() {
        [Attribute::Sensitive(true), Attribute::Extractable(false)] => Ok(()),
        _ => Err(TokenError::Extractable { key: name.shown() }),
    }
}

/// Reads the public half.
pub(super) fn read_public(
    session: &Session,
    object: ObjectHandle,
    name: &KeyName,
) -> Result<PublicKey, TokenError> {
    let strange = || TokenError::KeyStrange { key: name.shown() };
    let kinds = [AttributeType::KeyType];
    let wanted: &[AttributeType] = match session.get_attributes(object, &kinds)?.as_slice() {
        [Attribute::KeyType(KeyType::RSA)] => {
            &[AttributeType::Modulus, AttributeType::PublicExponent]
        }
        [Attribute::KeyType(KeyType::EC)] => &[AttributeType::EcParams, AttributeType::EcPoint],
        _ => return Err(strange()),
    };
    let spki = match session.get_attributes(object, wanted)?.as_slice() {
        [Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)] => {
            rsa_spki(modulus, exponent)
        }
        [Attribute::EcParams(curve), Attribute::EcPoint(point)] => ec_spki(curve, point),
        _ => return Err(strange()),
    };
    PublicKey::from_der(&spki).map_err(|_| strange())
}

fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = Der::build(|der| {
        der.sequence(|der| {
            integer(der, modulus);
            integer(der, exponent);
        });
    });
    Der::build(|der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.oid(oid::RSA_ENCRYPTION);
                der.null();
            });
            der.bit_string(&key);
        });
    })
}

fn ec_spki(curve: &[u8], point: &[u8]) -> Vec<u8> {
    // The standard has an OCTET STRING around the point; some devices leave it out. Its tag is that of an
    // uncompressed point as well, so the length decides.
    let is_point = |value: &Value<'_>| matches!(value.contents.len(), 65 | 97);
    let inner =
        Value::only(point).filter(|value| value.tag == tag::OCTET_STRING && is_point(value));
    let point = inner.map_or(point, |value| value.contents);
    Der::build(|der| {
        der.sequence(|der| {
            der.sequence(|der| {
                der.oid(oid::EC_PUBLIC_KEY);
                der.raw(curve);
            });
            der.bit_string(point);
        });
    })
}

/// How a key of this kind signs a digest: the mechanism and what it is given.
pub(super) fn to_sign(
    algorithm: KeyAlgorithm,
    digest: &[u8],
) -> Result<(Mechanism<'static>, Vec<u8>), TokenError> {
    let (mechanism, prefix) = match algorithm {
        KeyAlgorithm::Rsa(_) => (Mechanism::RsaPkcs, SHA256_DIGEST_INFO),
        KeyAlgorithm::P256 | KeyAlgorithm::P384 => (Mechanism::Ecdsa, NO_PREFIX),
    };
    if digest.len() != algorithm.digest_length() {
        return Err(TokenError::DigestLength { length: digest.len() });
    }
    Ok((mechanism, [prefix, digest].concat()))
}

/// A signature as certificates carry it: `Ecdsa-Sig-Value` out of the two halves that devices give.
pub(super) fn signature(algorithm: KeyAlgorithm, made: Vec<u8>) -> Result<Vec<u8>, TokenError> {
    let half = match algorithm {
        KeyAlgorithm::Rsa(bits) => {
            let is_whole = made.len() == usize::from(bits).div_ceil(8);
            return if is_whole { Ok(made) } else { Err(TokenError::WrongSignature) };
        }
        KeyAlgorithm::P256 => 32,
        KeyAlgorithm::P384 => 48,
    };
    match made.split_at_checked(half) {
        Some((r, s)) if s.len() == half => Ok(Der::build(|der| {
            der.sequence(|der| {
                integer(der, r);
                integer(der, s);
            });
        })),
        _ => Err(TokenError::WrongSignature),
    }
}

/// A number out of its octets: none that could be left out, and one where the first would be a sign.
fn integer(der: &mut Der, octets: &[u8]) {
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let octets = octets.get(start..).unwrap_or_default();
    let mut contents = Vec::with_capacity(octets.len() + 1);
    if octets.first().is_none_or(|octet| octet & 0x80 != 0) {
        contents.push(0);
    }
    contents.extend_from_slice(octets);
    der.primitive(tag::INTEGER, &contents);
}

/// What stands before a SHA-256 digest in a `DigestInfo` (RFC 8017 section 9.2, note 1).
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
const NO_PREFIX: &[u8] = &[];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_become_a_signature_in_der() {
        let mut made = vec![0; 64];
        made[31] = 0x7f;
        made[32] = 0x80;
        let der = signature(KeyAlgorithm::P256, made).unwrap();
        let mut expected = vec![0x30, 0x26, 0x02, 0x01, 0x7f, 0x02, 0x21, 0x00, 0x80];
        expected.extend([0; 31]);
        assert_eq!(der, expected);
        let zero = signature(KeyAlgorithm::P256, vec![0; 64]).unwrap();
        assert_eq!(zero, [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00]);
        for length in [0, 31, 32, 63, 65, 96] {
            let refused = signature(KeyAlgorithm::P256, vec![1; length]).unwrap_err();
            assert_eq!(refused, TokenError::WrongSignature, "{length}");
        }
        assert!(signature(KeyAlgorithm::P384, vec![1; 96]).is_ok());
        assert!(signature(KeyAlgorithm::RSA_2048, vec![1; 255]).is_err());
    }

    #[test]
    fn a_digest_goes_with_its_key() {
        let digest = KeyAlgorithm::P256.digest(b"message");
        let (_, data) = to_sign(KeyAlgorithm::P256, &digest).unwrap();
        assert_eq!(data, digest);
        let (_, data) = to_sign(KeyAlgorithm::RSA_2048, &digest).unwrap();
        assert_eq!(data.len(), 51);
        let refused = to_sign(KeyAlgorithm::P384, &digest).unwrap_err();
        assert_eq!(refused, TokenError::DigestLength { length: 32 });
    }
}
