//! An answer of anyone, read.

use std::collections::BTreeSet;

use der::Decode as _;
use der::Encode as _;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::CertStatus;
use x509_ocsp::OcspGeneralizedTime;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;
use x509_ocsp::SingleResponse;

use crate::asn1::NotDer;
use crate::asn1::PublicKey;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::clock::Timestamp;

use super::cert_id::CertId;
use super::nonce::Nonce;
use super::refusal::Refusal;

/// Octets of a response that is read: a hundred statements take twenty thousand, as many remain for
/// certificates.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// A response that was read. Nothing in it is believed yet: see [`Answer::judge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An error response, which nobody signs.
    Refused(Refusal),
    /// A basic answer.
    Basic(Box<BasicAnswer>),
}

impl Answer {
    /// Reads a response in DER, all of the bytes.
    ///
    /// # Errors
    /// When it is not a response in the one encoding that DER allows, or of another type than basic.
    pub fn read(der: &[u8]) -> Result<Self, ReadError> {
        if der.len() > MAX_RESPONSE {
            return Err(ReadError::Length);
        }
        let response = OcspResponse::from_der(der).map_err(|_| ReadError::Der)?;
        // What the library takes though it could be written otherwise, it does not write so.
        if !response.to_der().is_ok_and(|again| again == der) {
            return Err(ReadError::Der);
        }
        match (refusal(response.response_status), response.response_bytes) {
            (Some(refusal), None) => Ok(Self::Refused(refusal)),
            (None, Some(bytes)) if bytes.response_type == oid::OCSP_BASIC => {
                let basic = BasicAnswer::read(bytes.response.as_bytes())?;
                Ok(Self::Basic(Box::new(basic)))
            }
            (None, Some(_)) => Err(ReadError::Type),
            (Some(_), Some(_)) | (None, None) => Err(ReadError::Status),
        }
    }
}

/// A basic answer (RFC 6960 section 4.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAnswer {
    tbs: Vec<u8>,
    pub(super) algorithm: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) has_unknown_critical: bool,
    responder: ResponderName,
    produced_at: Timestamp,
    nonce: Option<Nonce>,
    told: Vec<Told>,
    certificates: Vec<Vec<u8>>,
}

impl BasicAnswer {
    fn read(der: &[u8]) -> Result<Self, ReadError> {
        let basic = BasicOcspResponse::from_der(der).map_err(|_| ReadError::Der)?;
        if !basic.to_der().is_ok_and(|again| again == der) {
            return Err(ReadError::Der);
        }
        let data = basic.tbs_response_data;
        let parts = Parts::read(der).map_err(|NotDer| ReadError::Der)?;
        let mut nonce = None;
        let mut extended = false;
        let critical = strangers(data.response_extensions.as_deref(), |extension| {
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                oid::OCSP_NONCE => {
                    nonce = Some(Nonce::of_extension(value).ok_or(ReadError::Nonce)?);
                }
                oid::OCSP_EXTENDED_REVOKE => extended = true,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let told = data.responses.iter().map(|one| Told::read(one, extended));
        Ok(Self {
            tbs: parts.tbs.to_vec(),
            algorithm: parts.algorithm.to_vec(),
            signature: basic.signature.as_bytes().ok_or(ReadError::Der)?.to_vec(),
            has_unknown_critical: critical,
            responder: match data.responder_id {
                x509_ocsp::ResponderId::ByKey(hash) => ResponderName::Key(hash.as_bytes().to_vec()),
                x509_ocsp::ResponderId::ByName(name) => {
                    ResponderName::Name(name.to_der().map_err(|_| ReadError::Der)?)
                }
            },
            produced_at: instant(data.produced_at)?,
            nonce,
            told: told.collect::<Result<_, _>>()?,
            certificates: parts.certificates,
        })
    }

    /// The exact bytes that are signed.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// Whether the signature is by this key, in the algorithm that goes with it, whatever the answer
    /// says of the algorithm.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.tbs, &self.signature).is_ok()
    }

    /// The responder, as it names itself.
    #[must_use]
    pub fn responder(&self) -> &ResponderName {
        &self.responder
    }

    /// When it was made.
    #[must_use]
    pub fn produced_at(&self) -> Timestamp {
        self.produced_at
    }

    /// The nonce that it carries.
    #[must_use]
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// What it says of each certificate.
    #[must_use]
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// The certificates that it carries, each in DER.
    #[must_use]
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

/// How a responder names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponderName {
    /// By its name, in DER.
    Name(Vec<u8>),
    /// By the SHA-1 of its key.
    Key(Vec<u8>),
}

/// What an answer says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// The certificate.
    pub id: CertId,
    /// What is said.
    pub status: ToldStatus,
    /// When that was known.
    pub this_update: Timestamp,
    /// Until when there is something newer.
    pub next_update: Option<Timestamp>,
    /// Since when ended certificates are still answered for.
    pub archive_cutoff: Option<Timestamp>,
    /// Whether a critical extension of it is not known here.
    pub has_unknown_critical: bool,
}

impl Told {
    /// `extended`: the answer explains a hold since 1970 as a number that was never issued.
    fn read(response: &SingleResponse, extended: bool) -> Result<Self, ReadError> {
        let id = response.cert_id.to_der().map_err(|_| ReadError::Der)?;
        let mut archive_cutoff = None;
        let critical = strangers(response.single_extensions.as_deref(), |extension| {
            if extension.extn_id != oid::OCSP_ARCHIVE_CUTOFF {
                return Ok(false);
            }
            let value = extension.extn_value.as_bytes();
            let time = OcspGeneralizedTime::from_der(value).map_err(|_| ReadError::Time)?;
            archive_cutoff = Some(instant(time)?);
            Ok(true)
        })?;
        let status = match response.cert_status {
            CertStatus::Good(_) => ToldStatus::Good,
            CertStatus::Unknown(_) => ToldStatus::Unknown,
            CertStatus::Revoked(info) => {
                let since = instant(info.revocation_time)?;
                let hold = info.revocation_reason == Some(CrlReason::CertificateHold);
                if extended && hold && since == Timestamp::EPOCH {
                    ToldStatus::NeverIssued
                } else {
                    let code = |reason: CrlReason| u8::try_from(reason as u32).ok();
                    let reason = info.revocation_reason.and_then(code);
                    ToldStatus::Revoked { since, reason }
                }
            }
        };
        Ok(Self {
            id: CertId::read(&id).map_err(|NotDer| ReadError::Der)?,
            status,
            this_update: instant(response.this_update)?,
            next_update: response.next_update.map(instant).transpose()?,
            archive_cutoff,
            has_unknown_critical: critical,
        })
    }
}

/// What is said of a certificate, by whomever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ToldStatus {
    /// Neither revoked nor held.
    Good,
    /// Revoked or held.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// The code of `CRLReason`, where one stands there.
        reason: Option<u8>,
    },
    /// The responder does not know it.
    Unknown,
    /// There is no certificate of that number (RFC 6960 section 4.4.8).
    NeverIssued,
}

/// Why bytes are not a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// More than [`MAX_RESPONSE`] octets.
    #[error("the response is longer than {MAX_RESPONSE} octets")]
    Length,
    /// Not an `OCSPResponse` in DER, or something stands behind it.
    #[error("not an OCSPResponse in the one encoding that DER allows")]
    Der,
    /// Successful and without an answer, or an error with one.
    #[error("the status of the response does not go together with what it contains")]
    Status,
    /// An answer of another type than basic.
    #[error("the answer is not of the basic type")]
    Type,
    /// A time that is not one, or after the year 9998.
    #[error("a time of the answer is out of range")]
    Time,
    /// A nonce that is none.
    #[error("the nonce is not an OCTET STRING of 1 to {} octets", Nonce::MAX)]
    Nonce,
    /// An extension stands there twice.
    #[error("an extension stands there twice")]
    Twice,
}

/// The parts of a `BasicOCSPResponse`, each as it stands there.
struct Parts<'a> {
    tbs: &'a [u8],
    algorithm: &'a [u8],
    certificates: Vec<Vec<u8>>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self, NotDer> {
        let mut fields = Reader::new(der).nested(tag::SEQUENCE)?;
        let tbs = fields.any()?.der;
        let algorithm = fields.any()?.der;
        fields.bit_string()?;
        let mut certificates = Vec::new();
        if !fields.is_empty() {
            let mut row = fields.nested(tag::context_constructed(0))?.nested(tag::SEQUENCE)?;
            while !row.is_empty() {
                certificates.push(row.any()?.der.to_vec());
            }
        }
        Ok(Self { tbs, algorithm, certificates })
    }
}

/// Takes each extension once; answers whether a critical one was left.
fn strangers(
    extensions: Option<&[Extension]>,
    mut take: impl FnMut(&Extension) -> Result<bool, ReadError>,
) -> Result<bool, ReadError> {
    let mut seen: BTreeSet<ObjectIdentifier> = BTreeSet::new();
    let mut critical = false;
    for extension in extensions.unwrap_or_default() {
        if !seen.insert(extension.extn_id) {
            return Err(ReadError::Twice);
        }
        critical |= !take(extension)? && extension.critical;
    }
    Ok(critical)
}

fn refusal(status: OcspResponseStatus) -> Option<Refusal> {
    match status {
        OcspResponseStatus::Successful => None,
        OcspResponseStatus::MalformedRequest => Some(Refusal::MalformedRequest),
        OcspResponseStatus::InternalError => Some(Refusal::InternalError),
        OcspResponseStatus::TryLater => Some(Refusal::TryLater),
        OcspResponseStatus::SigRequired => Some(Refusal::SigRequired),
        OcspResponseStatus::Unauthorized => Some(Refusal::Unauthorized),
    }
}

fn instant(time: OcspGeneralizedTime) -> Result<Timestamp, ReadError> {
    let seconds = i64::try_from(time.0.to_unix_duration().as_secs());
    seconds.ok().and_then(|at| Timestamp::from_unix(at).ok()).ok_or(ReadError::Time)
}
