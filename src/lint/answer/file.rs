//! A response found in a file, judged for people.

use der::Decode as _;
use der::Encode as _;
use x509_ocsp::BasicOcspResponse;
use x509_ocsp::OcspResponse;
use x509_ocsp::OcspResponseStatus;

use crate::asn1::KeyAlgorithm;
use crate::asn1::oid;
use crate::lint::experiment;
use crate::lint::finding::Finding;
use crate::lint::finding::Rule;
use crate::lint::finding::Severity;
use crate::ocsp::Answer;
use crate::ocsp::BasicAnswer;
use crate::ocsp::Delegate;
use crate::ocsp::IssuerHashes;
use crate::ocsp::MAX_RESPONSE;
use crate::ocsp::Refusal;

use super::Expected;
use super::read::Data;
use super::rules;

/// Judges a complete response in DER, by whomever.
///
/// It is held against the protocol, and, with warnings, against what our own answers are beyond
/// that. Without the issuer's certificate it cannot be known whether the responder is the issuer's;
/// a notice says so.
#[must_use]
pub fn answer_file(der: &[u8]) -> AnswerReport {
    match read(der) {
        Ok(None) => AnswerReport { refusal: refusal(der), ..AnswerReport::default() },
        Ok(Some(basic)) => {
            let expected = Expected { stated: None, responder: None, house: Severity::Warning };
            let tbs = basic.tbs_response_data.to_der().unwrap_or_default();
            // Stricter than the library here and there.
            let Some(data) = Data::read(&tbs) else { return unread(&rules::DER) };
            let mut findings = super::judge(&data, &expected);
            signature(der, &basic, &data, &mut findings);
            findings.push(rules::UNCHECKED.broken(Severity::Notice));
            AnswerReport { refusal: None, statements: Some(data.responses.len()), findings }
        }
        Err(rule) => unread(rule),
    }
}

fn unread(rule: &Rule) -> AnswerReport {
    AnswerReport { findings: vec![rule.broken(Severity::Error)], ..AnswerReport::default() }
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerReport {
    /// Why nothing is answered, when nothing is.
    pub refusal: Option<Refusal>,
    /// How many certificates are answered for; none when it is no answer, or could not be read.
    pub statements: Option<usize>,
    /// The findings, in the order of the fields that they are about.
    pub findings: Vec<Finding>,
}

impl AnswerReport {
    /// Whether the response is as the protocol has it, warnings aside.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity < Severity::Error)
    }
}

/// The answer in a response, nothing in a refusal, or the rule that stands in the way.
fn read(der: &[u8]) -> Result<Option<BasicOcspResponse>, &'static Rule> {
    if der.len() > MAX_RESPONSE {
        return Err(&rules::DER);
    }
    let response = OcspResponse::from_der(der).map_err(|_| &rules::DER)?;
    if !response.to_der().is_ok_and(|again| again == der) {
        return Err(&rules::DER);
    }
    let successful = response.response_status == OcspResponseStatus::Successful;
    let bytes = match (successful, response.response_bytes) {
        (false, None) => return Ok(None),
        (true, Some(bytes)) => bytes,
        (true, None) | (false, Some(_)) => return Err(&rules::STATUS),
    };
    if bytes.response_type != oid::OCSP_BASIC {
        return Err(&rules::TYPE);
    }
    let bytes = bytes.response.as_bytes();
    let basic = BasicOcspResponse::from_der(bytes).map_err(|_| &rules::DER)?;
    if basic.to_der().is_ok_and(|again| again == bytes) {
        Ok(Some(basic))
    } else {
        Err(&rules::DER)
    }
}

fn refusal(der: &[u8]) -> Option<Refusal> {
    match Answer::read(der) {
        Ok(Answer::Refused(refusal)) => Some(refusal),
        Ok(Answer::Basic(_)) | Err(_) => None,
    }
}

/// Judges what surrounds the signed part: algorithm, signature, the responder's certificate.
fn signature(der: &[u8], basic: &BasicOcspResponse, data: &Data<'_>, findings: &mut Vec<Finding>) {
    let mut find = |rule: &Rule, severity, broken: bool| {
        if broken {
            findings.push(rule.broken(severity));
        }
    };
    let algorithm = basic.signature_algorithm.to_der().unwrap_or_default();
    find(&rules::EXPERIMENT, Severity::Warning, experiment::is_identifier(&algorithm));
    let is_of = |key: KeyAlgorithm| key.signature_identifier() == algorithm;
    // What cannot be read whole was found above: times, nonce or extensions.
    let Ok(Answer::Basic(answer)) = Answer::read(der) else {
        return find(&rules::ALGORITHM, Severity::Warning, !KNOWN.into_iter().any(is_of));
    };
    let certificates = answer.certificates().iter().filter_map(|der| Delegate::read(der));
    let named: Vec<_> = certificates.filter(|one| one.is(answer.responder())).collect();
    let by = |one: &&Delegate<'_>| {
        one.key.as_ref().is_some_and(|key| is_of(key.algorithm()) && answer.is_signed_by(key))
    };
    let signer = named.iter().find(by).or(named.first());
    let Some((signer, key)) = signer.and_then(|signer| Some((signer, signer.key.as_ref()?))) else {
        find(&rules::ALGORITHM, Severity::Warning, !KNOWN.into_iter().any(is_of));
        return find(&rules::CERTIFICATE, Severity::Warning, true);
    };
    // Another algorithm may go with the key too, but is not one that we could verify.
    find(&rules::ALGORITHM, Severity::Warning, !is_of(key.algorithm()));
    let forged = is_of(key.algorithm()) && !answer.is_signed_by(key);
    find(&rules::SIGNATURE, Severity::Error, forged);
    if !is_issuer(signer, &answer) {
        find(&rules::DELEGATE, Severity::Error, !(signer.signs_answers() && signer.signs()));
        find(&rules::NO_CHECK, Severity::Warning, !signer.is_exempt());
    }
    let within = signer.validity().is_some_and(|valid| {
        let mut ends = data.responses.iter().filter_map(|one| one.next_update);
        valid.contains(&data.produced_at) && ends.all(|end| end <= *valid.end())
    });
    find(&rules::TIMES_RESPONDER, Severity::Error, !within);
}

/// Whether the certificate is that of the issuer itself, by the ids that are answered for.
fn is_issuer(signer: &Delegate<'_>, answer: &BasicAnswer) -> bool {
    let hashes = signer.key.as_ref().map(|key| IssuerHashes::new(signer.subject(), key));
    hashes.is_some_and(|hashes| answer.told().iter().all(|told| hashes.are_in(&told.id)))
}

/// One key of each family; the size does not show in a signature's algorithm.
const KNOWN: [KeyAlgorithm; 4] = KeyAlgorithm::FAMILIES;
