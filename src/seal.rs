//! The seal: what was checked and recorded is signed, once, and the signature is verified.
//!
//! [`Recorded`] is the permission: the store mints it after its commit, [`seal`] consumes it, and
//! there is no other way to a signature. With one in hand this compiles:
//!
//! ```
//! # use jpki_ca::{profile::TbsCertificate, seal::{Recorded, SealError, Sealed, seal}, signer::Signer};
//! fn sign(
//!     recorded: Recorded<TbsCertificate>,
//!     signer: &dyn Signer,
//! ) -> Result<Sealed<TbsCertificate>, SealError> {
//!     seal(recorded, signer)
//! }
//! ```
//!
//! # What nobody outside can do
//!
//! None of these compiles. Sign what one merely has, or what was only checked:
//!
//! ```compile_fail,E0308
//! # use jpki_ca::{profile::TbsCertificate, seal::seal, signer::Signer};
//! fn sign(tbs: TbsCertificate, signer: &dyn Signer) {
//!     let _ = seal(tbs, signer);
//! }
//! ```
//!
//! ```compile_fail,E0308
//! # use jpki_ca::{lint::Checked, profile::TbsCertificate, seal::seal, signer::Signer};
//! fn sign(checked: Checked<TbsCertificate>, signer: &dyn Signer) {
//!     let _ = seal(checked, signer);
//! }
//! ```
//!
//! Sign twice with one permission, or copy it:
//!
//! ```compile_fail,E0382
//! # use jpki_ca::{profile::TbsCertificate, seal::{Recorded, seal}, signer::Signer};
//! fn sign(recorded: Recorded<TbsCertificate>, signer: &dyn Signer) {
//!     let _ = seal(recorded, signer);
//!     let _ = seal(recorded, signer);
//! }
//! ```
//!
//! ```compile_fail,E0277
//! # use jpki_ca::{profile::TbsCertificate, seal::Recorded};
//! fn copy(recorded: &Recorded<TbsCertificate>) -> Recorded<TbsCertificate> {
//!     Recorded::clone(recorded)
//! }
//! ```
//!
//! Mint a permission, or say where an intent stands:
//!
//! ```compile_fail,E0624
//! # use jpki_ca::{lint::Checked, profile::TbsCertificate, seal::{Intent, Recorded}};
//! fn mint(checked: Checked<TbsCertificate>, intent: Intent) -> Recorded<TbsCertificate> {
//!     Recorded::mint(checked, intent)
//! }
//! ```
//!
//! ```compile_fail,E0451
//! # use jpki_ca::{lint::Checked, profile::TbsCertificate, seal::{Intent, Recorded}};
//! fn mint(checked: Checked<TbsCertificate>, intent: Intent) -> Recorded<TbsCertificate> {
//!     Recorded { checked, intent }
//! }
//! ```
//!
//! ```compile_fail,E0624
//! # use jpki_ca::seal::Intent;
//! fn intent() -> Intent {
//!     Intent::new(1)
//! }
//! ```
//!
//! Call something checked or sealed that is not:
//!
//! ```compile_fail,E0423
//! # use jpki_ca::{lint::Checked, profile::TbsCertificate};
//! fn check(tbs: TbsCertificate) -> Checked<TbsCertificate> {
//!     Checked(tbs)
//! }
//! ```
//!
//! ```compile_fail,E0451
//! # use jpki_ca::{asn1::KeyAlgorithm, profile::TbsCertificate, seal::{Intent, Sealed}};
//! fn seal(tbs: TbsCertificate, intent: Intent) -> Sealed<TbsCertificate> {
//!     let (algorithm, digest) = (KeyAlgorithm::P256, Vec::new());
//!     Sealed { tbs, intent, algorithm, digest, signature: Vec::new() }
//! }
//! ```
//!
//! Take the bytes out of something checked and change them:
//!
//! ```compile_fail,E0624
//! # use jpki_ca::{lint::Checked, profile::TbsCertificate};
//! fn change(checked: Checked<TbsCertificate>) -> TbsCertificate {
//!     checked.into_inner()
//! }
//! ```
//!
//! Any of that with an answer (OCSP):
//!
//! ```compile_fail,E0308
//! # use jpki_ca::{lint::Checked, ocsp::TbsAnswer, seal::seal, signer::Signer};
//! fn sign(checked: Checked<TbsAnswer>, signer: &dyn Signer) {
//!     let _ = seal(checked, signer);
//! }
//! ```
//!
//! ```compile_fail,E0624
//! # use jpki_ca::{lint::Checked, ocsp::TbsAnswer, seal::{Intent, Recorded}};
//! fn mint(checked: Checked<TbsAnswer>, intent: Intent) -> Recorded<TbsAnswer> {
//!     Recorded::mint(checked, intent)
//! }
//! ```
//!
//! ```compile_fail,E0423
//! # use jpki_ca::{lint::Checked, ocsp::TbsAnswer};
//! fn check(tbs: TbsAnswer) -> Checked<TbsAnswer> {
//!     Checked(tbs)
//! }
//! ```
//!
//! Bring a store of one's own that mints: a store's back end is no public trait.
//!
//! ```compile_fail,E0603
//! struct Mine;
//! impl jpki_ca::store::backend::Backend for Mine {}
//! ```

use crate::asn1::Der;
use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKeyError;
use crate::crl::EncodeError;
use crate::crl::Envelope;
use crate::crl::Manifest;
use crate::crl::TbsList;
use crate::lint::Checked;
use crate::ocsp;
use crate::ocsp::TbsAnswer;
use crate::profile::TbsCertificate;
use crate::signer::SignError;
use crate::signer::Signer;

/// Something checked whose intent is durable: a permission to sign it, good for one signature.
///
/// There is no way to make one but to record it in a store, see [above](self).
#[derive(Debug)]
pub struct Recorded<T> {
    checked: Checked<T>,
    intent: Intent,
}

/// Where the intent stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Intent(i64);

#[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "read by back ends alone"))]
impl Intent {
    /// For the store alone.
    pub(crate) fn new(row: i64) -> Self {
        Self(row)
    }

    /// For the store alone.
    pub(crate) fn row(self) -> i64 {
        self.0
    }
}

impl<T> Recorded<T> {
    /// For the store alone, after its commit (a test holds every caller against this).
    pub(crate) fn mint(checked: Checked<T>, intent: Intent) -> Self {
        Self { checked, intent }
    }

    /// Where the intent stands in the store.
    #[must_use]
    pub fn intent(&self) -> Intent {
        self.intent
    }

    /// What is to be signed.
    #[must_use]
    pub fn tbs(&self) -> &T {
        self.checked.tbs()
    }
}

/// What is signed here: its exact bytes, as they were checked.
///
/// ```compile_fail,E0277
/// # use jpki_ca::{seal::{Recorded, seal}, signer::Signer};
/// fn sign(recorded: Recorded<Vec<u8>>, signer: &dyn Signer) {
///     let _ = seal(recorded, signer);
/// }
/// ```
pub trait ToBeSigned: sealed::Sealed {
    /// Whether it is named by its digest, which is then what a key that takes digests is given.
    const HAS_DIGEST: bool = false;

    /// Whether the signature is verified before anything leaves.
    ///
    /// It is, but for answers: a client waits for each, verifying costs more than signing, and one
    /// that does not verify is of no use to anyone and asked again. Everything else spends a number
    /// and is relied on for days or years.
    const VERIFIED: bool = true;

    /// The bytes to be signed.
    fn to_be_signed(&self) -> &[u8];

    /// The identifier of the key that has to sign, where the bytes state it and no other check
    /// would find another one.
    fn signer(&self) -> Option<[u8; 20]> {
        None
    }
}

impl ToBeSigned for TbsCertificate {
    fn to_be_signed(&self) -> &[u8] {
        self.as_der()
    }
}

impl ToBeSigned for TbsList {
    const HAS_DIGEST: bool = true;

    fn to_be_signed(&self) -> &[u8] {
        self.as_der()
    }
}

impl ToBeSigned for Manifest {
    fn to_be_signed(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl ToBeSigned for TbsAnswer {
    const VERIFIED: bool = false;

    fn to_be_signed(&self) -> &[u8] {
        self.as_der()
    }

    fn signer(&self) -> Option<[u8; 20]> {
        Some(self.responder())
    }
}

mod sealed {
    /// Keeps the kinds of things that are signed to those that a lint judges.
    pub trait Sealed {}

    impl Sealed for crate::profile::TbsCertificate {}
    impl Sealed for crate::crl::TbsList {}
    impl Sealed for crate::crl::Manifest {}
    impl Sealed for crate::ocsp::TbsAnswer {}
}

/// Something signed, whose signature was verified; that of an answer was not
/// ([`ToBeSigned::VERIFIED`]).
#[derive(Debug)]
pub struct Sealed<T> {
    tbs: T,
    intent: Intent,
    algorithm: KeyAlgorithm,
    digest: Vec<u8>,
    signature: Vec<u8>,
}

impl<T> Sealed<T> {
    /// What was signed.
    #[must_use]
    pub fn tbs(&self) -> &T {
        &self.tbs
    }

    /// Where its intent stands in the store.
    #[must_use]
    pub fn intent(&self) -> Intent {
        self.intent
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What was signed, without its signature.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.tbs
    }
}

impl Sealed<TbsCertificate> {
    /// The complete DER. To be given away only after the store has completed it.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        assemble(self.tbs.as_der(), &self.algorithm.signature_identifier(), &self.signature)
    }
}

impl Sealed<TbsList> {
    /// The digest that was signed, by the hash that goes with the key.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// What stands around the signed part in the complete list.
    ///
    /// # Errors
    /// When the list would be longer than 4 GiB.
    pub fn envelope(&self) -> Result<Envelope, EncodeError> {
        Envelope::new(self.algorithm, self.tbs.as_der().len() as u64, &self.signature)
    }
}

impl Sealed<TbsAnswer> {
    /// The complete response, with the certificate of the responder that signed it (DER).
    #[must_use]
    pub fn to_der(&self, responder_certificate: &[u8]) -> Vec<u8> {
        ocsp::assemble(self.tbs.as_der(), self.algorithm, &self.signature, responder_certificate)
    }
}

/// Signs something with the key that it names, and verifies what came out.
///
/// # Errors
/// When the key fails, is not the one that an answer names, or its signature does not verify; the
/// intent is then to be made void.
pub fn seal<T: ToBeSigned>(
    recorded: Recorded<T>,
    signer: &dyn Signer,
) -> Result<Sealed<T>, SealError> {
    let Recorded { checked, intent } = recorded;
    let tbs = checked.into_inner();
    let fault = |cause| SealError { intent, cause };
    let (message, key) = (tbs.to_be_signed(), signer.public_key());
    if tbs.signer().is_some_and(|id| id != key.key_id()) {
        return Err(fault(Cause::OtherKey));
    }
    let algorithm = key.algorithm();
    let digest = if T::HAS_DIGEST { algorithm.digest(message) } else { Vec::new() };
    let by_digest = if T::HAS_DIGEST { signer.sign_digest(&digest) } else { None };
    let signature = by_digest
        .unwrap_or_else(|| signer.sign(message))
        .map_err(|error| fault(Cause::Sign(error)))?;
    if T::VERIFIED {
        key.verify(message, &signature).map_err(|error| fault(Cause::Verify(error)))?;
    }
    Ok(Sealed { tbs, intent, algorithm, digest, signature })
}

/// A certificate out of its three parts (RFC 5280 section 4.1).
pub(crate) fn assemble(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    Der::build(|der| {
        der.sequence(|der| {
            der.raw(tbs);
            der.raw(algorithm);
            der.bit_string(signature);
        });
    })
}

/// An intent that did not become a certificate.
#[derive(Debug, thiserror::Error)]
#[error("signing failed; its number is spent")]
pub struct SealError {
    /// The intent to be made void.
    pub intent: Intent,
    /// What went wrong.
    #[source]
    pub cause: Cause,
}

impl SealError {
    /// The failure of an intent whose issuer has no key here.
    pub(crate) fn without_key(intent: Intent) -> Self {
        Self { intent, cause: Cause::Sign(SignError::Unusable) }
    }
}

/// Why a seal failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The key.
    #[error(transparent)]
    Sign(SignError),
    /// The key: it is not the one that the answer names.
    #[error("the key is not that of the responder that the answer names")]
    OtherKey,
    /// The signature: it does not verify under the key that made it.
    #[error("the signature that the key made does not verify")]
    Verify(#[source] PublicKeyError),
}

impl Cause {
    /// What it says of the key.
    pub(crate) fn of_key(&self) -> Option<SignError> {
        match self {
            Self::Sign(error) => Some(*error),
            Self::OtherKey => Some(SignError::KeySwapped),
            Self::Verify(_) => Some(SignError::WrongSignature),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::*;
    use crate::clock::Timestamp;
    use crate::credential::CaName;
    use crate::credential::Generation;
    use crate::credential::Serial;
    use crate::lint;
    use crate::ocsp::Answer;
    use crate::ocsp::Asked;
    use crate::ocsp::CertId;
    use crate::ocsp::Edition;
    use crate::ocsp::Hash;
    use crate::ocsp::IssuerId;
    use crate::ocsp::Statement;
    use crate::ocsp::Status;
    use crate::ocsp::TrustedIssuer;
    use crate::profile::Realm;
    use crate::profile::ca_name;
    use crate::signer::SoftwareSigner;
    use crate::signer::generate;

    /// An answer by the responder with this key, about number 5 of an authority with the same key.
    fn recorded(issuer: &IssuerId, key_id: [u8; 20], now: Timestamp) -> Recorded<TbsAnswer> {
        let serial = Serial::new(5).unwrap();
        let id = CertId::new(Hash::Sha1, issuer.hashes(), serial);
        let tbs = TbsAnswer::encode(&Edition {
            issuer: (issuer.ca(), issuer.generation()),
            responder: key_id,
            produced_at: now,
            this_update: now,
            next_update: now.plus_seconds(900),
            nonce: None,
            statements: &[Statement { id, status: Status::Good, archive_cutoff: None }],
        });
        let end = now.plus_seconds(86_400);
        let responder = lint::Responder {
            issuer,
            issuer_not_after: end,
            key_id,
            not_before: now,
            not_after: end,
        };
        Recorded::mint(lint::check_answer(tbs, &responder).unwrap(), Intent::new(1))
    }

    #[test]
    fn an_answer_is_signed_by_the_key_that_it_names_alone() {
        let pair = |algorithm| SoftwareSigner::new(&generate(algorithm, &mut OsRng).unwrap());
        for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384] {
            let (own, other) = (pair(algorithm).unwrap(), pair(algorithm).unwrap());
            let realm = Realm::sandbox();
            let (ca, generation) = (CaName::Signature, Generation::FIRST);
            let name = ca_name(ca, realm.organisation());
            let issuer = IssuerId::new(ca, generation, &name, own.public_key());
            let now = "2026-11-21T00:00:00Z".parse().unwrap();
            let ask = || recorded(&issuer, own.public_key().key_id(), now);
            let refused = seal(ask(), &other).unwrap_err();
            assert!(matches!(refused.cause, Cause::OtherKey));
            let der = seal(ask(), &own).unwrap().to_der(&[0x30, 0]);
            // That is no certificate, so nobody reads it; with one, the issuer itself is believed.
            assert!(Answer::read(&der).is_err());
            let certificate = std::fs::read("testdata/jlis-ca/signca02.cer").unwrap();
            let answer = Answer::read(&seal(ask(), &own).unwrap().to_der(&certificate)).unwrap();
            let trusted = TrustedIssuer::new(&name, own.public_key());
            let serial = Serial::new(5).unwrap();
            let asked = Asked { issuer: &trusted, serial, nonce: None, at: now, skew: 0 };
            assert!(answer.judge(&asked).is_ok());
        }
    }
}
