//! Public keys, and the algorithms that go with them.

use std::fmt;

use der::Decode as _;
use der::Encode as _;
use der::asn1::UintRef;
use ring::digest;
use ring::signature;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;
use spki::SubjectPublicKeyInfoRef;

use super::ml_dsa;
use super::oid;
use super::write::Der;

/// A digest under way, by the hash that goes with a key.
pub struct Hasher(digest::Context);

impl Hasher {
    /// Takes the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.0.update(part);
    }

    /// The digest of all parts.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

/// What a key pair is: its family and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA with a modulus of this many bits; signs by PKCS #1 v1.5 with SHA-256.
    Rsa(u16),
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// ECDSA on P-384 with SHA-384.
    P384,
    /// ML-DSA-65 (RFC 9881): an experiment, there with the feature `experimental-ml-dsa` alone.
    MlDsa65,
}

impl KeyAlgorithm {
    /// RSA with 2048 bits, what JPKI issues today.
    pub const RSA_2048: Self = Self::Rsa(2048);

    /// One of each family: the size does not show in a signature's algorithm.
    pub(crate) const FAMILIES: [Self; 4] = [Self::RSA_2048, Self::P256, Self::P384, Self::MlDsa65];

    /// Whether it is there to be tried out and for nothing else.
    #[must_use]
    pub fn is_experimental(self) -> bool {
        matches!(self, Self::MlDsa65)
    }

    /// The digest of a message that such a key signs: SHA-256, or SHA-384 for P-384. An ML-DSA key
    /// signs the message itself; SHA-512 then names what it signed.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        digest::digest(self.hash(), message).as_ref().to_vec()
    }

    /// How many octets that digest has: 32, 48 for P-384, 64 for ML-DSA.
    #[must_use]
    pub fn digest_length(self) -> usize {
        self.hash().output_len()
    }

    /// As [`KeyAlgorithm::digest`], of a message that comes in parts.
    #[must_use]
    pub fn hasher(self) -> Hasher {
        Hasher(digest::Context::new(self.hash()))
    }

    fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Rsa(_) | Self::P256 => &digest::SHA256,
            Self::P384 => &digest::SHA384,
            Self::MlDsa65 => &digest::SHA512,
        }
    }

    /// The name of that digest: `sha256`, `sha384` or `sha512`.
    #[must_use]
    pub fn digest_name(self) -> &'static str {
        match self {
            Self::Rsa(_) | Self::P256 => "sha256",
            Self::P384 => "sha384",
            Self::MlDsa65 => "sha512",
        }
    }

    /// The `AlgorithmIdentifier` of a signature by such a key: parameters NULL for RSA (RFC 4055
    /// section 5), absent for ECDSA (RFC 5758 section 3.2) and ML-DSA (RFC 9881 section 2).
    #[must_use]
    pub fn signature_identifier(self) -> Vec<u8> {
        Der::build_in(16, |der| {
            der.sequence(|der| match self {
                Self::Rsa(_) => {
                    der.oid(oid::SHA256_WITH_RSA);
                    der.null();
                }
                Self::P256 => der.oid(oid::ECDSA_SHA256),
                Self::P384 => der.oid(oid::ECDSA_SHA384),
                Self::MlDsa65 => der.oid(oid::ML_DSA_65),
            });
        })
    }
}

impl fmt::Display for KeyAlgorithm {
    /// The word of the command line: `rsa2048`, `p256`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "rsa{bits}"),
            Self::P256 => f.write_str("p256"),
            Self::P384 => f.write_str("p384"),
            Self::MlDsa65 => f.write_str("ml-dsa-65"),
        }
    }
}

impl std::str::FromStr for KeyAlgorithm {
    type Err = PublicKeyError;

    /// Reads the words of the command line: `rsa2048`, `rsa3072`, `rsa4096`, `p256`, `p384`; and
    /// `ml-dsa-65` where it is built in.
    fn from_str(text: &str) -> Result<Self, PublicKeyError> {
        match text {
            "rsa2048" => Ok(Self::Rsa(2048)),
            "rsa3072" => Ok(Self::Rsa(3072)),
            "rsa4096" => Ok(Self::Rsa(4096)),
            "p256" => Ok(Self::P256),
            "p384" => Ok(Self::P384),
            "ml-dsa-65" if ml_dsa::IS_BUILT_IN => Ok(Self::MlDsa65),
            "ml-dsa-65" => Err(PublicKeyError::NotBuiltIn),
            _ => Err(PublicKeyError::Word),
        }
    }
}

/// A `SubjectPublicKeyInfo` of a family that we know, kept as its DER.
///
/// Whether the key is strong enough is not asked here but by `lint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    der: Vec<u8>,
    algorithm: KeyAlgorithm,
    /// The content of the BIT STRING: what the key identifier hashes and a verifier takes.
    bits: Vec<u8>,
    key_id: [u8; 20],
}

impl PublicKey {
    /// Reads the DER of a `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// When it is not DER, not a key of a family that this build knows, or its parameters are not the right
    /// ones.
    pub fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| PublicKeyError::NotAKey)?;
        let bits = info.subject_public_key.as_bytes().ok_or(PublicKeyError::NotAKey)?.to_vec();
        let algorithm = match info.algorithm.oid {
            oid::RSA_ENCRYPTION => {
                if !info.algorithm.parameters.is_some_and(der::asn1::AnyRef::is_null) {
                    return Err(PublicKeyError::Parameters);
                }
                let (modulus, _) = rsa_parts(&bits).ok_or(PublicKeyError::NotAKey)?;
                let modulus = UintRef::new(modulus).map_err(|_| PublicKeyError::NotAKey)?;
                let leading = modulus.as_bytes().first().map_or(8, |octet| octet.leading_zeros());
                let octets = u32::try_from(modulus.as_bytes().len()).unwrap_or(u32::MAX);
                let length = octets.saturating_mul(8).saturating_sub(leading);
                KeyAlgorithm::Rsa(u16::try_from(length).map_err(|_| PublicKeyError::NotAKey)?)
            }
            oid::EC_PUBLIC_KEY => {
                let parameters = info.algorithm.parameters.ok_or(PublicKeyError::Parameters)?;
                match parameters.decode_as::<oid::ObjectIdentifier>() {
                    Ok(oid::P256) => KeyAlgorithm::P256,
                    Ok(oid::P384) => KeyAlgorithm::P384,
                    Ok(_) | Err(_) => return Err(PublicKeyError::Curve),
                }
            }
            oid::ML_DSA_65 if !ml_dsa::IS_BUILT_IN => return Err(PublicKeyError::NotBuiltIn),
            oid::ML_DSA_65 => {
                if info.algorithm.parameters.is_some() {
                    return Err(PublicKeyError::Parameters);
                }
                if bits.len() != ml_dsa::PUBLIC_KEY {
                    return Err(PublicKeyError::NotAKey);
                }
                KeyAlgorithm::MlDsa65
            }
            _ => return Err(PublicKeyError::Family),
        };
        // One encoding per key: the duplicate-key check compares hashes of these bytes.
        if info.to_der().is_ok_and(|again| again == der) {
            let key_id = super::sha1(&bits);
            Ok(Self { der: der.to_vec(), algorithm, bits, key_id })
        } else {
            Err(PublicKeyError::NotAKey)
        }
    }

    /// Reads a `SubjectPublicKeyInfo` in PEM, or its DER in base64: as a line of a batch carries it.
    ///
    /// # Errors
    /// As for [`PublicKey::from_der`].
    pub fn from_text(text: &str) -> Result<Self, PublicKeyError> {
        let der = der_of_text(text, &[LABEL]).ok_or(PublicKeyError::NotAKey)?;
        Self::from_der(&der)
    }

    /// The DER of the `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Family and size.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The content of the BIT STRING.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Modulus and exponent of an RSA key, big-endian without sign octet.
    #[must_use]
    pub fn rsa(&self) -> Option<(&[u8], &[u8])> {
        match self.algorithm {
            KeyAlgorithm::Rsa(_) => rsa_parts(&self.bits),
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::MlDsa65 => None,
        }
    }

    /// The key identifier: SHA-1 of the BIT STRING content (RFC 5280 section 4.2.1.2, method 1).
    #[must_use]
    pub fn key_id(&self) -> [u8; 20] {
        self.key_id
    }

    /// Checks a signature over `message` in the algorithm that goes with the key.
    ///
    /// # Errors
    /// When the signature is not by this key over these bytes.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PublicKeyError> {
        let algorithm: &dyn VerificationAlgorithm = match self.algorithm {
            KeyAlgorithm::Rsa(_) => &signature::RSA_PKCS1_2048_8192_SHA256,
            KeyAlgorithm::P256 => &signature::ECDSA_P256_SHA256_ASN1,
            KeyAlgorithm::P384 => &signature::ECDSA_P384_SHA384_ASN1,
            KeyAlgorithm::MlDsa65 => {
                let verifies = ml_dsa::verifies(&self.bits, message, signature);
                return if verifies { Ok(()) } else { Err(PublicKeyError::Signature) };
            }
        };
        UnparsedPublicKey::new(algorithm, &self.bits)
            .verify(message, signature)
            .map_err(|_| PublicKeyError::Signature)
    }

    /// SHA-256 of the DER: what the store compares keys by.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        super::sha256(&self.der)
    }
}

/// The DER in a text that is PEM under one of these labels, or the DER in base64.
pub(super) fn der_of_text(text: &str, labels: &[&str]) -> Option<Vec<u8>> {
    let text = text.trim();
    let framed = if text.starts_with("-----BEGIN") {
        text.to_owned()
    } else {
        let label = labels.first()?;
        let mut framed = format!("-----BEGIN {label}-----\n");
        for (position, symbol) in text.chars().enumerate() {
            if position % 64 == 0 && position > 0 {
                framed.push('\n');
            }
            framed.push(symbol);
        }
        framed + &format!("\n-----END {label}-----\n")
    };
    let (label, der) = der::pem::decode_vec(framed.as_bytes()).ok()?;
    labels.contains(&label).then_some(der)
}

/// Why bytes are not a public key of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Not a `SubjectPublicKeyInfo` in DER.
    #[error("not a public key: give a SubjectPublicKeyInfo (openssl pkey -pubout)")]
    NotAKey,
    /// Neither RSA nor elliptic curve.
    #[error("unknown key family: give an RSA, P-256 or P-384 key")]
    Family,
    /// An elliptic curve other than P-256 and P-384.
    #[error("unknown curve: give a P-256 or P-384 key")]
    Curve,
    /// An experiment, which this build has not.
    #[error(
        "ml-dsa-65 is an experiment, and not in this build: build it with the feature \
         experimental-ml-dsa"
    )]
    NotBuiltIn,
    /// Algorithm parameters other than the standard ones.
    #[error("the algorithm parameters of the key are not the standard ones")]
    Parameters,
    /// Not a certification request.
    #[error("not a certification request: give PKCS #10 (openssl req -new)")]
    NotARequest,
    /// A request signed by another algorithm than goes with its key.
    #[error("the request is signed by an algorithm that does not go with its key: use SHA-256")]
    RequestAlgorithm,
    /// A signature that is not by this key over these bytes.
    #[error("the signature does not verify")]
    Signature,
    /// Not a word for an algorithm.
    #[error("not an algorithm: write rsa2048, rsa3072, rsa4096, p256 or p384")]
    Word,
}

const LABEL: &str = "PUBLIC KEY";

/// Modulus and exponent out of an `RSAPublicKey`.
fn rsa_parts(bits: &[u8]) -> Option<(&[u8], &[u8])> {
    let key = pkcs8_rsa::RsaPublicKey::from_der(bits).ok()?;
    Some((key.modulus.as_bytes(), key.public_exponent.as_bytes()))
}

/// `RSAPublicKey` of RFC 8017, borrowed.
#[expect(single_use_lifetimes, reason = "the derive macro needs the name")]
mod pkcs8_rsa {
    use der::Sequence;
    use der::asn1::UintRef;

    #[derive(Sequence)]
    pub(super) struct RsaPublicKey<'a> {
        pub(super) modulus: UintRef<'a>,
        pub(super) public_exponent: UintRef<'a>,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_certificate(der: &[u8]) -> Vec<u8> {
        let certificate = x509_cert::Certificate::from_der(der).unwrap();
        certificate.tbs_certificate.subject_public_key_info.to_der().unwrap()
    }

    #[test]
    fn a_published_key_has_its_published_identifier() {
        let spki = of_certificate(include_bytes!("../../testdata/jlis-ca/signca02.cer"));
        let key = PublicKey::from_der(&spki).unwrap();
        assert_eq!(key.algorithm(), KeyAlgorithm::RSA_2048);
        assert_eq!(key.rsa().unwrap().1, [1, 0, 1]);
        let id: String = key.key_id().iter().map(|octet| format!("{octet:02X}")).collect();
        assert_eq!(id, "4DE017DE4B7F473DCD867A62D38B134ACE83558A");
    }

    #[test]
    fn keys_are_read_as_text() {
        let pem = "-----BEGIN PUBLIC KEY-----\n\
                   MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n\
                   6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n\
                   -----END PUBLIC KEY-----\n";
        let key = PublicKey::from_text(pem).unwrap();
        assert_eq!(key.algorithm(), KeyAlgorithm::P256);
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(PublicKey::from_text(&base64).as_ref(), Ok(&key));
        let other = pem.replace("PUBLIC KEY", "PRIVATE KEY");
        for bad in ["", "鍵", &base64[1..], &base64[4..], &other] {
            assert_eq!(PublicKey::from_text(bad), Err(PublicKeyError::NotAKey), "{bad}");
        }
    }

    #[test]
    fn anything_behind_the_key_is_refused() {
        let mut spki = of_certificate(include_bytes!("../../testdata/jlis-ca/signca02.cer"));
        spki.push(0);
        assert_eq!(PublicKey::from_der(&spki), Err(PublicKeyError::NotAKey));
        assert_eq!(PublicKey::from_der(&[]), Err(PublicKeyError::NotAKey));
    }
}
