//! Keys in this process's memory. Fit for a sandbox and for small authorities; a national authority
//! keeps its key in a device.
//!
//! Who does what with a key:
//!
//! | | as built by default | with the feature `aws-lc-rs` |
//! |---|---|---|
//! | RSA, a message | ring | ring |
//! | RSA, a digest | nobody | AWS-LC |
//! | P-256, a message | ring | ring |
//! | P-256, a digest | `p256` | AWS-LC |
//! | P-384, a message | ring | AWS-LC: five times as fast |
//! | P-384, a digest | `p384` | AWS-LC |
//! | a new RSA pair | `rsa` | AWS-LC: three times as fast |
//! | a new P-256 or P-384 pair | `p256`, `p384` | the same |
//!
//! All signing is constant time. ring and AWS-LC blind RSA and multiply points in constant time, as
//! BoringSSL does, from which both come. `p256` and `p384` are written to be constant time, and take
//! their nonces from key and digest (RFC 6979), so that no randomness can betray the key. `rsa` is not
//! (RUSTSEC-2023-0071), and never signs: `clippy.toml` forbids what it could sign or decrypt with, and a
//! test of the house its very names outside the one place that generates.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod ring;
#[cfg(not(feature = "aws-lc-rs"))]
mod rust_crypto;

use std::fmt;

use der::Encode as _;
use pkcs8::EncodePrivateKey;
use pkcs8::PrivateKeyInfo;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::oid;

use super::SignError;
use super::Signer;

/// The back end that signs digests and generates RSA pairs.
#[cfg(feature = "aws-lc-rs")]
use self::aws_lc as second;
use self::ring::MessageKey;
#[cfg(not(feature = "aws-lc-rs"))]
use self::rust_crypto as second;

/// A private key in PKCS #8, wiped from memory when dropped; never printed.
pub struct PrivateKey(Zeroizing<Vec<u8>>);

impl PrivateKey {
    /// A private key from PKCS #8 DER.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Self {
        Self(Zeroizing::new(der.to_vec()))
    }

    /// The PKCS #8 DER.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(redacted)")
    }
}

/// A new key pair of this kind, from a source of randomness; RSA with the feature `aws-lc-rs` from that
/// library's own.
///
/// # Errors
/// When the kind has no generator here, or the source fails.
pub fn generate(
    algorithm: KeyAlgorithm,
    random: &mut impl CryptoRngCore,
) -> Result<PrivateKey, SignError> {
    let document = match algorithm {
        KeyAlgorithm::Rsa(bits @ (2048 | 3072 | 4096)) => second::generate_rsa(bits, random)?,
        KeyAlgorithm::Rsa(_) => return Err(SignError::NoGenerator(algorithm)),
        KeyAlgorithm::P256 => pkcs8(&p256::SecretKey::random(random))?,
        KeyAlgorithm::P384 => pkcs8(&p384::SecretKey::random(random))?,
    };
    Ok(PrivateKey(document))
}

fn pkcs8(key: &impl EncodePrivateKey) -> Result<Zeroizing<Vec<u8>>, SignError> {
    key.to_pkcs8_der().map(|document| document.to_bytes()).map_err(|_| SignError::Generation)
}

/// What a private key says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
}

/// A [`Signer`] on a [`PrivateKey`].
///
/// A key that takes messages only is ring's, which wipes nothing; the others wipe themselves.
pub struct SoftwareSigner {
    messages: Option<MessageKey>,
    digests: Option<second::DigestKey>,
    public: PublicKey,
}

impl SoftwareSigner {
    /// Takes up a private key.
    ///
    /// # Errors
    /// When it is not an RSA, P-256 or P-384 key in PKCS #8, or inconsistent.
    pub fn new(key: &PrivateKey) -> Result<Self, SignError> {
        let pkcs8 = key.expose();
        let info = PrivateKeyInfo::try_from(pkcs8).map_err(|_| SignError::NotAKey)?;
        let family = match (info.algorithm.oid, info.algorithm.parameters_oid().ok()) {
            (oid::RSA_ENCRYPTION, _) => Family::Rsa,
            (oid::EC_PUBLIC_KEY, Some(oid::P256)) => Family::P256,
            (oid::EC_PUBLIC_KEY, Some(oid::P384)) => Family::P384,
            _ => return Err(SignError::NotAKey),
        };
        let digests = second::DigestKey::new(family, pkcs8)?;
        let (messages, bits) = match &digests {
            Some(key) if second::outruns_ring(family) => (None, key.public_bits()),
            Some(_) | None => {
                let key = MessageKey::new(family, pkcs8)?;
                let bits = key.public_bits();
                (Some(key), bits)
            }
        };
        let algorithm = info.algorithm.to_der().map_err(|_| SignError::NotAKey)?;
        let spki = Der::build(|der| {
            der.sequence(|der| {
                der.raw(&algorithm);
                der.bit_string(&bits);
            });
        });
        let public = PublicKey::from_der(&spki).map_err(|_| SignError::NotAKey)?;
        Ok(Self { messages, digests, public })
    }
}

impl Signer for SoftwareSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match (&self.messages, &self.digests) {
            (Some(key), _) => key.sign(message),
            (None, Some(key)) => key.sign_digest(&self.public.algorithm().digest(message)),
            (None, None) => Err(SignError::Unusable),
        }
    }

    fn sign_digest(&self, digest: &[u8]) -> Option<Result<Vec<u8>, SignError>> {
        let key = self.digests.as_ref()?;
        // Some back ends would cut a longer one off.
        if digest.len() != self.public.algorithm().digest_length() {
            return Some(Err(SignError::Unusable));
        }
        Some(key.sign_digest(digest))
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareSigner({})", self.public.algorithm())
    }
}

#[cfg(test)]
mod tests;
