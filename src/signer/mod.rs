//! Signing keys: one value is one key.
//!
//! A [`Signer`] may be a key file or a device; whoever holds one can sign, which is why `seal` alone
//! calls [`Signer::sign`] and asks for a token of what was checked and recorded.

#[cfg(test)]
pub(crate) mod conformance;
mod file;
pub mod pkcs11;
mod self_test;
mod shares;
mod software;

use std::fmt;

use crate::asn1::PublicKey;

pub use file::KeyFileError;
pub use file::Passphrase;
pub use file::is_encrypted;
pub use file::read_key_file;
pub use file::write_key_file;
pub use file::write_secret_file;
pub use self_test::self_test;
pub use shares::Quorum;
pub use shares::Share;
pub use shares::ShareError;
pub use shares::combine;
pub use shares::share_passphrase;
pub use software::PrivateKey;
pub use software::SoftwareSigner;
pub use software::generate;

/// One signing key.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` in the algorithm that goes with the key (SHA-256 for RSA and P-256, SHA-384
    /// for P-384; RSA by PKCS #1 v1.5, ECDSA as `Ecdsa-Sig-Value` in DER).
    ///
    /// # Errors
    /// When the key cannot be used; whether a signature was made is then unknown.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// Signs a message of which the key is shown the digest alone, by the hash that goes with it: a
    /// list of any size costs a device one short call. None when the key takes messages only.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    fn sign_digest(&self, digest: &[u8]) -> Option<Result<Vec<u8>, SignError>> {
        let _ = digest;
        None
    }
}

/// Why a key does not sign. Says little on purpose: details of a key's failure help an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// Not a private key of a kind that we sign with.
    #[error("not an RSA, P-256 or P-384 private key in PKCS #8")]
    NotAKey,
    /// The generator does not make this kind.
    #[error("no generator for {0} keys")]
    NoGenerator(crate::asn1::KeyAlgorithm),
    /// The key could not be generated.
    #[error("key generation failed")]
    Generation,
    /// The key could not be used.
    #[error("the key could not be used")]
    Unusable,
    /// The key's device is not to be had. It has signed nothing.
    #[error("the key device is not available")]
    Unavailable,
    /// The key's device failed too often and is left alone for a moment. It has signed nothing.
    #[error("the key device fails and is left alone for another {seconds} s")]
    Resting {
        /// Until it is tried again, rounded up.
        seconds: u64,
    },
    /// The key's device was asked and gave no answer, or none that says what it did. Nothing is asked twice.
    #[error("the key device gave no answer in time: whether it signed is not known")]
    Unanswered,
    /// The key's device refused the PIN.
    #[error("the key device refused the PIN")]
    PinRefused,
    /// The PIN of the key's device is locked.
    #[error("the PIN of the key device is locked")]
    PinLocked,
    /// The key is not in its device.
    #[error("the key is not in its device")]
    KeyMissing,
    /// The private key is not the one that belongs to the public key. It is not used.
    #[error("the private key does not belong to its public key")]
    KeySwapped,
    /// What the key's device signed does not verify, and was thrown away.
    #[error("the key device signed wrongly")]
    WrongSignature,
}

impl SignError {
    /// Whether the key's device may be well again in a moment, and the same be asked anew, as something new.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Unavailable | Self::Resting { .. } | Self::Unanswered)
    }
}
