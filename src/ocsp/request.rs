//! What a client asks.

use std::collections::BTreeSet;

use der::Decode as _;
use der::Encode as _;
use x509_cert::ext::Extension;
use x509_ocsp::OcspRequest;
use x509_ocsp::Signature;

use crate::asn1::NotDer;
use crate::asn1::PublicKey;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;

use super::cert_id::CertId;
use super::nonce::Nonce;
use super::refusal::Refusal;

/// Octets of a request: a hundred certificates take eight thousand, a signature with a chain of
/// certificates as many again.
pub const MAX_REQUEST: usize = 64 * 1024;

/// Certificates asked for in one request. A client that asks as the lightweight profile has it asks
/// for one (RFC 5019 section 2.1.1).
pub const MAX_ASKED: usize = 100;

/// A request that was read and may be answered (RFC 6960 section 4.1).
///
/// ```text
/// OCSPRequest ::= SEQUENCE {
///    tbsRequest              TBSRequest,
///    optionalSignature   [0] EXPLICIT Signature OPTIONAL }
///
/// TBSRequest ::= SEQUENCE {
///    version             [0] EXPLICIT Version DEFAULT v1,
///    requestorName       [1] EXPLICIT GeneralName OPTIONAL,
///    requestList             SEQUENCE OF Request,
///    requestExtensions   [2] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    asked: Vec<CertId>,
    nonce: Option<Nonce>,
    signer: Option<Vec<u8>>,
}

impl Request {
    /// Reads a request in DER, all of the bytes.
    ///
    /// # Errors
    /// The error response to be given instead of an answer.
    pub fn read(der: &[u8]) -> Result<Self, Refusal> {
        Self::read_or_fault(der).map_err(RequestFault::refusal)
    }

    /// As [`Request::read`], for whoever wants to know what is wrong.
    ///
    /// # Errors
    /// The first fault.
    pub fn read_or_fault(der: &[u8]) -> Result<Self, RequestFault> {
        if der.len() > MAX_REQUEST {
            return Err(RequestFault::Length);
        }
        plain(der).map_or_else(|| Self::read_with_library(der), Ok)
    }

    /// Reads whatever there may be in a request.
    pub(super) fn read_with_library(der: &[u8]) -> Result<Self, RequestFault> {
        let read = OcspRequest::from_der(der).map_err(|_| RequestFault::Der)?;
        // The library takes a default that is written out, and passes over fields between those
        // that it knows; what it would write of the rest is not what was read then.
        if !read.to_der().is_ok_and(|again| again == der) {
            return Err(RequestFault::Der);
        }
        let tbs = &read.tbs_request;
        let asked = tbs.request_list.len();
        if asked == 0 || asked > MAX_ASKED {
            return Err(if asked == 0 { RequestFault::Empty } else { RequestFault::TooMany });
        }
        let signed = signed_part(der).map_err(|NotDer| RequestFault::Der)?;
        let asked = asked_in(signed).map_err(|NotDer| RequestFault::Der)?;
        for single in &tbs.request_list {
            // RFC 6960 section 4.4.6: a service locator asks a responder to pass the question on.
            known(single.single_request_extensions.as_deref(), |_| Ok(false))?;
        }
        let mut nonce = None;
        known(tbs.request_extensions.as_deref(), |extension| {
            let value = extension.extn_value.as_bytes();
            match extension.extn_id {
                oid::OCSP_NONCE => {
                    nonce = Some(Nonce::of_extension(value).ok_or(RequestFault::Nonce)?);
                }
                oid::OCSP_RESPONSE_TYPES => accepts_basic(value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let signer = match &read.optional_signature {
            // RFC 6960 section 4.1.2: who signs shall say who it is.
            Some(_) if tbs.requestor_name.is_none() => return Err(RequestFault::Nameless),
            Some(signature) => Some(signer(signed, signature)?),
            None => None,
        };
        Ok(Self { asked, nonce, signer })
    }

    /// The certificates that are asked for, in their order: at least one, at most [`MAX_ASKED`].
    #[must_use]
    pub fn asked(&self) -> &[CertId] {
        &self.asked
    }

    /// The nonce, which the answer has to carry.
    #[must_use]
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Whether it is signed; the signature was verified then.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signer.is_some()
    }

    /// The DER of the certificate under which the signature verifies, when it is signed.
    ///
    /// The certificate itself was not verified: who issued it and whether its subject may ask is for
    /// the caller.
    #[must_use]
    pub fn signer(&self) -> Option<&[u8]> {
        self.signer.as_deref()
    }
}

/// A request as nearly everyone sends it: for certificates that may be ours, unsigned, with a nonce or
/// nothing; it is read in a tenth of the time. None where it is anything else, or is to be refused.
pub(super) fn plain(der: &[u8]) -> Option<Request> {
    let mut whole = Reader::new(der);
    let mut request = whole.nested(tag::SEQUENCE).ok()?;
    let mut fields = request.nested(tag::SEQUENCE).ok()?;
    if !whole.is_empty() || !request.is_empty() {
        return None;
    }
    let mut list = fields.nested(tag::SEQUENCE).ok()?;
    let mut asked = Vec::with_capacity(1);
    while !list.is_empty() {
        let id = list.wrapped(tag::SEQUENCE).and_then(|id| CertId::read(id.der)).ok()?;
        if asked.len() == MAX_ASKED || id.hash().is_none() || id.serial().is_none() {
            return None;
        }
        asked.push(id);
    }
    let nonce = if fields.is_empty() {
        None
    } else {
        let row = fields.wrapped(tag::context_constructed(2)).ok()?;
        if row.tag != tag::SEQUENCE || !fields.is_empty() {
            return None;
        }
        let mut row = row.inside();
        let (oid, _, value) = row.extension().ok()?;
        if oid != oid::OCSP_NONCE.as_bytes() || !row.is_empty() {
            return None;
        }
        Some(Nonce::of_extension(value)?)
    };
    (!asked.is_empty()).then_some(Request { asked, nonce, signer: None })
}

/// Why bytes are not a request that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// More than [`MAX_REQUEST`] octets.
    #[error("the request is longer than {MAX_REQUEST} octets")]
    Length,
    /// Not an `OCSPRequest` of version 1 in DER, or something stands behind it.
    #[error("not an OCSPRequest of version 1 in the one encoding that DER allows")]
    Der,
    /// No certificate is asked for.
    #[error("no certificate is asked for")]
    Empty,
    /// More than [`MAX_ASKED`] certificates are asked for.
    #[error("more than {MAX_ASKED} certificates are asked for")]
    TooMany,
    /// A row of extensions has none.
    #[error("a row of extensions stands there and has none")]
    NoExtensions,
    /// An extension stands there twice (RFC 5280 section 4.2).
    #[error("an extension stands there twice")]
    Twice,
    /// A critical extension that we do not know, or do not heed (RFC 6960 section 4.1.2).
    #[error("a critical extension is not known")]
    Critical,
    /// A nonce that is none (RFC 9654 section 2.1).
    #[error("the nonce is not an OCTET STRING of 1 to {} octets", Nonce::MAX)]
    Nonce,
    /// The client does not take basic answers, as every client shall (RFC 6960 section 4.4.3).
    #[error("the client names the types of answer that it takes, and basic is not among them")]
    Types,
    /// It is signed and does not say by whom (RFC 6960 section 4.1.2).
    #[error("the request is signed and does not name who asks")]
    Nameless,
    /// It is signed and no certificate stands with the signature.
    #[error("the request is signed and carries no certificate")]
    NoCertificate,
    /// The certificate's key or the algorithm is not one that we know, or they do not go together.
    #[error("the request is signed in an algorithm that is not known or does not go with the key")]
    Algorithm,
    /// The signature is not by the certificate's key.
    #[error("the signature of the request does not verify")]
    Signature,
}

impl RequestFault {
    /// The error response: what is not of the protocol is malformed (RFC 6960 section 2.3); who
    /// cannot show who it is may not ask.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        match self {
            Self::Length
            | Self::Der
            | Self::Empty
            | Self::TooMany
            | Self::NoExtensions
            | Self::Twice
            | Self::Critical
            | Self::Nonce
            | Self::Types
            | Self::Nameless => Refusal::MalformedRequest,
            Self::NoCertificate | Self::Algorithm | Self::Signature => Refusal::Unauthorized,
        }
    }
}

/// The `TBSRequest`, which a signature is over.
fn signed_part(der: &[u8]) -> Result<Value<'_>, NotDer> {
    Reader::new(der).nested(tag::SEQUENCE)?.any()
}

/// The certificate ids, each the exact bytes.
fn asked_in(tbs: Value<'_>) -> Result<Vec<CertId>, NotDer> {
    let mut fields = tbs.inside();
    for optional in [0, 1] {
        fields.optional(tag::context_constructed(optional))?;
    }
    let mut list = fields.nested(tag::SEQUENCE)?;
    let mut asked = Vec::new();
    while !list.is_empty() {
        asked.push(CertId::read(list.nested(tag::SEQUENCE)?.any()?.der)?);
    }
    Ok(asked)
}

/// Every extension once, the critical ones heeded by `heed`; the others are passed over (RFC 6960
/// section 4.1.2).
fn known(
    extensions: Option<&[Extension]>,
    mut heed: impl FnMut(&Extension) -> Result<bool, RequestFault>,
) -> Result<(), RequestFault> {
    let Some(extensions) = extensions else { return Ok(()) };
    if extensions.is_empty() {
        return Err(RequestFault::NoExtensions);
    }
    let mut seen: BTreeSet<ObjectIdentifier> = BTreeSet::new();
    for extension in extensions {
        if !seen.insert(extension.extn_id) {
            return Err(RequestFault::Twice);
        }
        if !heed(extension)? && extension.critical {
            return Err(RequestFault::Critical);
        }
    }
    Ok(())
}

/// Whether basic answers are among those that the client takes.
fn accepts_basic(value: &[u8]) -> Result<(), RequestFault> {
    let read = || {
        let mut whole = Reader::new(value);
        let mut types = whole.nested(tag::SEQUENCE)?;
        whole.end()?;
        let mut basic = false;
        while !types.is_empty() {
            basic |= types.expect(tag::OID)? == oid::OCSP_BASIC.as_bytes();
        }
        Ok::<_, NotDer>(basic)
    };
    if read() == Ok(true) { Ok(()) } else { Err(RequestFault::Types) }
}

/// The first certificate, if the signature verifies under it.
fn signer(signed: Value<'_>, signature: &Signature) -> Result<Vec<u8>, RequestFault> {
    let certificate = signature.certs.iter().flatten().next();
    let certificate = certificate.ok_or(RequestFault::NoCertificate)?;
    let info = certificate.tbs_certificate.subject_public_key_info.to_der();
    let key = info.map_err(|_| RequestFault::Algorithm)?;
    let key = PublicKey::from_der(&key).map_err(|_| RequestFault::Algorithm)?;
    let algorithm = signature.signature_algorithm.to_der();
    if !algorithm.is_ok_and(|named| named == key.algorithm().signature_identifier()) {
        return Err(RequestFault::Algorithm);
    }
    let octets = signature.signature.as_bytes().ok_or(RequestFault::Signature)?;
    key.verify(signed.der, octets).map_err(|_| RequestFault::Signature)?;
    // It is what was read: the request as a whole is.
    certificate.to_der().map_err(|_| RequestFault::Der)
}
