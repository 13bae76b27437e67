//! What an answer is worth to whoever asked (RFC 6960 section 3.2).

use crate::asn1::CertificateParts;
use crate::asn1::Name;
use crate::asn1::PublicKey;
use crate::clock::Timestamp;
use crate::credential::Serial;

use super::delegate::Delegate;
use super::issuer::IssuerHashes;
use super::nonce::Nonce;
use super::read::Answer;
use super::read::BasicAnswer;
use super::read::ResponderName;
use super::read::Told;
use super::refusal::Refusal;

/// An issuer that the asker trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    pub(super) name: Vec<u8>,
    pub(super) key: PublicKey,
    hashes: IssuerHashes,
}

impl TrustedIssuer {
    /// Of this name and key.
    #[must_use]
    pub fn new(name: &Name, key: &PublicKey) -> Self {
        Self::of(name.to_der(), key.clone())
    }

    /// Of the subject and the key of a certificate in DER, which the caller trusts; none when it is
    /// no certificate, or its key is not of a family that we know.
    #[must_use]
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let parts = CertificateParts::read(der)?;
        let key = PublicKey::from_der(parts.public_key.der).ok()?;
        Some(Self::of(parts.subject.der.to_vec(), key))
    }

    fn of(name: Vec<u8>, key: PublicKey) -> Self {
        let hashes = IssuerHashes::new(&name, &key);
        Self { name, key, hashes }
    }

    /// The hashes by which certificate ids name it.
    #[must_use]
    pub fn hashes(&self) -> &IssuerHashes {
        &self.hashes
    }
}

/// What was asked, of whom, and when.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The issuer of the certificate.
    pub issuer: &'a TrustedIssuer,
    /// The certificate.
    pub serial: Serial,
    /// The nonce that was sent.
    pub nonce: Option<&'a Nonce>,
    /// The time at which the answer is to hold.
    pub at: Timestamp,
    /// By how many seconds clocks may differ.
    pub skew: u32,
}

/// What an answer is worth that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified<'a> {
    /// What it says of the certificate.
    pub told: &'a Told,
    /// When it was made.
    pub produced_at: Timestamp,
    /// Who signed it.
    pub signer: AnswerSigner<'a>,
}

/// Who signed an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSigner<'a> {
    /// The issuer itself.
    Issuer,
    /// A responder to whom the issuer has delegated its answers.
    Delegate {
        /// Its certificate, in DER.
        certificate: &'a [u8],
        /// Whether the issuer says that nobody need ask for the status of that one. Otherwise it
        /// was not asked for here, and might be revoked.
        is_exempt: bool,
    },
}

impl Answer {
    /// Judges what the answer is worth.
    ///
    /// # Errors
    /// The first check that it fails.
    pub fn judge<'a>(&'a self, asked: &Asked<'_>) -> Result<Verified<'a>, Unsound> {
        let basic = match self {
            Self::Refused(refusal) => return Err(Unsound::Refused(*refusal)),
            Self::Basic(basic) => basic,
        };
        let signer = signer(basic, asked)?;
        let told = told(basic, asked)?;
        match (asked.nonce, basic.nonce()) {
            (Some(_), None) => return Err(Unsound::NonceMissing),
            (Some(sent), Some(came)) if sent != came => return Err(Unsound::NonceDiffers),
            (Some(_), Some(_)) | (None, _) => {}
        }
        if basic.has_unknown_critical || told.has_unknown_critical {
            return Err(Unsound::Critical);
        }
        times(basic, told, asked)?;
        Ok(Verified { told, produced_at: basic.produced_at(), signer })
    }
}

/// Why an answer is worth nothing to whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// The responder did not answer.
    #[error("the responder refuses: {0}")]
    Refused(Refusal),
    /// The answer names a responder that is neither the issuer nor certified in the answer.
    #[error(
        "the responder that the answer names is neither the issuer nor certified in the answer"
    )]
    Responder,
    /// The algorithm of the signature is not the one that goes with the signer's key, or the key is
    /// none that we know.
    #[error("the answer is signed in an algorithm that is not known or does not go with the key")]
    Algorithm,
    /// The signature is not by the responder's key.
    #[error("the signature of the answer does not verify")]
    Signature,
    /// The responder's certificate is not by the issuer of the certificate that was asked for.
    #[error("the responder's certificate is not by the issuer")]
    DelegateIssuer,
    /// The responder's certificate does not state `id-kp-OCSPSigning`.
    #[error("the responder's certificate is not one for answers (OCSPSigning)")]
    DelegatePurpose,
    /// The responder's certificate does not state `digitalSignature`.
    #[error("the responder's certificate is not one for signatures (digitalSignature)")]
    DelegateUsage,
    /// The responder's certificate is not in force.
    #[error("the responder's certificate is not in force")]
    DelegateValidity,
    /// The responder's certificate has a critical extension that is not known here.
    #[error("the responder's certificate has a critical extension that is not known")]
    DelegateCritical,
    /// The answer says nothing of the certificate.
    #[error("the answer says nothing of the certificate that was asked for")]
    NotAsked,
    /// The answer says two things of the certificate.
    #[error("the answer says two different things of the certificate")]
    Contradiction,
    /// A nonce was sent and none came back: the answer may be an old one.
    #[error("the answer lacks the nonce that was sent: it may have been made before")]
    NonceMissing,
    /// Another nonce came back: the answer is to another question.
    #[error("the answer carries another nonce than was sent")]
    NonceDiffers,
    /// A critical extension that is not known here.
    #[error("the answer has a critical extension that is not known")]
    Critical,
    /// It speaks of a time to come.
    #[error("the answer is of a time to come: made or speaking of after the clock's time")]
    Future,
    /// There is something newer.
    #[error("the answer is stale: its next update lies in the past")]
    Stale,
    /// It does not say until when it may be relied on (RFC 5019 section 2.2.4).
    #[error("the answer does not say until when it may be relied on")]
    Endless,
    /// Its times contradict each other.
    #[error("the times of the answer contradict each other")]
    Disorder,
}

/// Who signed: the issuer, or somebody certified in the answer. Generations share a name, so an
/// answer that names its responder by name may mean several.
fn signer<'a>(basic: &'a BasicAnswer, asked: &Asked<'_>) -> Result<AnswerSigner<'a>, Unsound> {
    let mut fault = Unsound::Responder;
    let is_issuer = match basic.responder() {
        ResponderName::Name(name) => *name == asked.issuer.name,
        ResponderName::Key(hash) => *hash == asked.issuer.key.key_id(),
    };
    if is_issuer {
        match is_signed(basic, &asked.issuer.key) {
            Ok(()) => return Ok(AnswerSigner::Issuer),
            Err(unsound) => fault = unsound,
        }
    }
    for certificate in basic.certificates() {
        let delegate = Delegate::read(certificate).filter(|found| found.is(basic.responder()));
        let Some(delegate) = delegate else { continue };
        match judge_delegate(basic, &delegate, asked) {
            Ok(()) => {
                let is_exempt = delegate.is_exempt();
                return Ok(AnswerSigner::Delegate { certificate, is_exempt });
            }
            Err(unsound) => fault = unsound,
        }
    }
    Err(fault)
}

fn judge_delegate(
    basic: &BasicAnswer,
    delegate: &Delegate<'_>,
    asked: &Asked<'_>,
) -> Result<(), Unsound> {
    let key = delegate.key.as_ref().ok_or(Unsound::Algorithm)?;
    is_signed(basic, key)?;
    let (early, late) = around(asked);
    let in_force =
        delegate.validity().is_some_and(|valid| *valid.start() <= late && early <= *valid.end());
    let checks = [
        (delegate.is_issued_by(asked.issuer), Unsound::DelegateIssuer),
        (delegate.signs_answers(), Unsound::DelegatePurpose),
        (delegate.signs(), Unsound::DelegateUsage),
        (!delegate.has_unknown_critical(), Unsound::DelegateCritical),
        (in_force, Unsound::DelegateValidity),
    ];
    match checks.into_iter().find(|(holds, _)| !holds) {
        Some((_, unsound)) => Err(unsound),
        None => Ok(()),
    }
}

fn is_signed(basic: &BasicAnswer, key: &PublicKey) -> Result<(), Unsound> {
    if basic.algorithm != key.algorithm().signature_identifier() {
        return Err(Unsound::Algorithm);
    }
    if basic.is_signed_by(key) { Ok(()) } else { Err(Unsound::Signature) }
}

/// What is said of the certificate, by whichever hash it is named.
fn told<'a>(basic: &'a BasicAnswer, asked: &Asked<'_>) -> Result<&'a Told, Unsound> {
    let about = |told: &&Told| {
        told.id.serial() == Some(asked.serial) && asked.issuer.hashes.are_in(&told.id)
    };
    let mut all = basic.told().iter().filter(about);
    let first = all.next().ok_or(Unsound::NotAsked)?;
    let agree = all.all(|other| other.status == first.status);
    if agree { Ok(first) } else { Err(Unsound::Contradiction) }
}

fn times(basic: &BasicAnswer, told: &Told, asked: &Asked<'_>) -> Result<(), Unsound> {
    let (early, late) = around(asked);
    let (this_update, produced_at) = (told.this_update.to_unix(), basic.produced_at().to_unix());
    let next_update = told.next_update.ok_or(Unsound::Endless)?.to_unix();
    if next_update < this_update || produced_at < this_update {
        return Err(Unsound::Disorder);
    }
    if this_update > late || produced_at > late {
        return Err(Unsound::Future);
    }
    if next_update < early { Err(Unsound::Stale) } else { Ok(()) }
}

/// The earliest and the latest time that it may be.
fn around(asked: &Asked<'_>) -> (i64, i64) {
    let (at, skew) = (asked.at.to_unix(), i64::from(asked.skew));
    (at.saturating_sub(skew), at.saturating_add(skew))
}
