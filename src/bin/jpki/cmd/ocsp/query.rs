//! `jpki ocsp query`.

use std::path::Path;

use jpki_ca::asn1::CertificateParts;
use jpki_ca::authority::Authority;
use jpki_ca::authority::Verdict;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::ocsp::Answer;
use jpki_ca::ocsp::AnswerSigner;
use jpki_ca::ocsp::Asked;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Nonce;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::ToldStatus;
use jpki_ca::ocsp::TrustedIssuer;
use jpki_ca::ocsp::Unsound;
use jpki_ca::ocsp::Verified;
use rand_core::OsRng;
use rand_core::RngCore as _;
use serde::Serialize;

use crate::args::HashArg;
use crate::args::QueryArgs;
use crate::cmd::input;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &QueryArgs) -> Result<Exit, Failure> {
    let subject = Subject::of(context, args)?;
    let hash = match args.hash {
        HashArg::Sha1 => Hash::Sha1,
        HashArg::Sha256 => Hash::Sha256,
    };
    let id = CertId::new(hash, subject.issuer.hashes(), subject.serial);
    let nonce = if args.nonce { Some(draw()?) } else { None };
    let query = Query { asked: &[id], nonce: nonce.as_ref() };
    let request = query.to_der().map_err(Failure::usage)?;
    let response = match &args.url {
        Some(url) => fetched(args, url, &request)?,
        None => answered_here(context, &request)?,
    };
    let at = context.clock().now();
    let answer = Answer::read(&response);
    let judged = answer.as_ref().map_err(ToString::to_string).map(|answer| {
        let asked = Asked {
            issuer: &subject.issuer,
            serial: subject.serial,
            nonce: nonce.as_ref(),
            at,
            skew: SKEW,
        };
        answer.judge(&asked)
    });
    match judged {
        Ok(Ok(verified)) => told(context, &subject, &verified, nonce.is_some()),
        Ok(Err(Unsound::Refused(refusal))) => {
            let json = NoAnswerJson { status: "refused", serial: &subject, why: refusal.as_str() };
            let text =
                format!("certificate  {subject}\nno answer    the responder refuses: {refusal}");
            context.report.result(&json, &text)?;
            Ok(exit_of(refusal))
        }
        Ok(Err(unsound)) => unsound_answer(context, &subject, &unsound.to_string()),
        Err(problem) => unsound_answer(context, &subject, &problem),
    }
}

/// The certificate that is asked for.
struct Subject {
    ca: Option<CaName>,
    serial: Serial,
    issuer: TrustedIssuer,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.ca {
            Some(ca) => write!(f, "{ca} {}", self.serial),
            None => write!(f, "serial {}", self.serial),
        }
    }
}

impl Serialize for Subject {
    /// The number.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.serial)
    }
}

impl Subject {
    fn of(context: &Context<'_>, args: &QueryArgs) -> Result<Self, Failure> {
        match (&args.certificate, &args.issuer, args.ca.zip(args.serial)) {
            (Some(certificate), Some(issuer), _) => {
                let serial = serial_of(certificate, &read(certificate)?)?;
                Ok(Self { ca: None, serial, issuer: trusted(issuer, &read(issuer)?)? })
            }
            (Some(certificate), None, _) => {
                let der = read(certificate)?;
                let (authority, _) = context.records_to_ask()?;
                Self::of_home(&authority, certificate, &der)
            }
            (None, _, Some((ca, serial))) => {
                let (authority, _) = context.records_to_ask()?;
                Self::numbered(&authority, ca, serial)
            }
            (None, _, None) => Err(Failure::usage("give --certificate, or --ca and --serial")),
        }
    }

    /// A certificate of this home.
    fn of_home(authority: &Authority, path: &Path, der: &[u8]) -> Result<Self, Failure> {
        let known = match authority.verify(der, authority.now())? {
            Verdict::Valid(known)
            | Verdict::NotYetValid(known)
            | Verdict::Expired(known)
            | Verdict::Held { known, .. }
            | Verdict::Revoked { known, .. } => known,
            other => {
                return Err(Failure::usage(format!(
                    "{}: {other}: give --issuer and --url",
                    path.display()
                )));
            }
        };
        Self::numbered(authority, known.ca, known.serial)
    }

    /// A number: of the generation that issued it, or of the newest where nobody did.
    fn numbered(authority: &Authority, ca: CaName, serial: Serial) -> Result<Self, Failure> {
        let record = authority.certificate(ca, serial)?.map(|(record, _)| record.generation);
        let own = authority.authority_certificates().filter(|(issuer, _)| {
            issuer.ca == ca && record.is_none_or(|generation| generation == issuer.generation)
        });
        let own = own.last().and_then(|(_, der)| TrustedIssuer::of_certificate(der));
        let issuer = own.ok_or_else(|| Failure::usage("this home has no such authority"))?;
        Ok(Self { ca: Some(ca), serial, issuer })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = input::read(path, CERTIFICATE_LIMIT)?;
    let fault = |problem| Failure::usage(format!("{}: {problem}", path.display()));
    input::der(&bytes, "CERTIFICATE").map_err(fault)
}

fn serial_of(path: &Path, der: &[u8]) -> Result<Serial, Failure> {
    let fault =
        || Failure::usage(format!("{}: not a certificate with such a number", path.display()));
    let parts = CertificateParts::read(der).ok_or_else(fault)?;
    Serial::of_integer(parts.serial.contents).ok_or_else(fault)
}

fn trusted(path: &Path, der: &[u8]) -> Result<TrustedIssuer, Failure> {
    TrustedIssuer::of_certificate(der).ok_or_else(|| {
        Failure::usage(format!("{}: not a certificate with an RSA or EC key", path.display()))
    })
}

/// A nonce that nobody can foresee.
fn draw() -> Result<Nonce, Failure> {
    let mut octets = [0; 32];
    OsRng.fill_bytes(&mut octets);
    Nonce::new(&octets).map_err(Failure::usage)
}

/// The answer of this home's own responders.
fn answered_here(context: &Context<'_>, request: &[u8]) -> Result<Vec<u8>, Failure> {
    let home = context.home()?;
    let passphrase = if home.responder_keys_are_encrypted()? {
        context.passphrase(&home, "the responders' keys")?
    } else {
        None
    };
    let responder = home.responder(context.clock(), passphrase.as_ref())?;
    Ok(responder.respond(request).der.to_vec())
}

#[cfg(feature = "http")]
fn fetched(args: &QueryArgs, url: &str, request: &[u8]) -> Result<Vec<u8>, Failure> {
    use jpki_ca::http::Fetch;
    use jpki_ca::http::FetchError;
    use jpki_ca::http::TlsFiles;
    use jpki_ca::http::fetch;

    let client = args.tls_certificate.clone().zip(args.tls_key.clone());
    let tls = TlsFiles { authorities: args.tls_authorities.clone(), client };
    let path;
    let (url, body) = if args.get {
        path = jpki_ca::http::ocsp_url(url, request);
        (path.as_str(), None)
    } else {
        (url, Some((request, "application/ocsp-request")))
    };
    let sent = Fetch { url, body, most: jpki_ca::ocsp::MAX_RESPONSE, tls: &tls };
    fetch(&sent).map_err(|error| {
        let exit = match error {
            FetchError::Network(_) | FetchError::Late => Exit::Unavailable,
            FetchError::Status(401 | 403) => Exit::Unauthorised,
            FetchError::Status(_) => Exit::Unavailable,
            _ => Exit::Usage,
        };
        Failure::Other(exit, error.into())
    })
}

#[cfg(not(feature = "http"))]
fn fetched(_: &QueryArgs, _: &str, _: &[u8]) -> Result<Vec<u8>, Failure> {
    Err(Failure::usage("this build asks nobody else: it was made without the feature http"))
}

/// What the answer says, which holds.
fn told(
    context: &Context<'_>,
    subject: &Subject,
    verified: &Verified<'_>,
    with_nonce: bool,
) -> Result<Exit, Failure> {
    let told = verified.told;
    let (status, since, reason) = match told.status {
        ToldStatus::Good => ("good", None, None),
        ToldStatus::Revoked { since, reason } => ("revoked", Some(since), reason),
        ToldStatus::Unknown => ("unknown", None, None),
        ToldStatus::NeverIssued => ("never-issued", None, None),
    };
    let named = reason.map(|code| {
        Reason::from_code(code).map_or_else(|_| code.to_string(), |reason| reason.to_string())
    });
    let said = match (told.status, since) {
        (ToldStatus::Good, _) => "good 有効".to_owned(),
        (ToldStatus::Revoked { .. }, Some(since)) => {
            let known = reason.and_then(|code| Reason::from_code(code).ok());
            let japanese = known.map_or("理由なし", Reason::japanese);
            let word = named.as_deref().unwrap_or("no reason");
            format!("revoked since {since} ({word}) 失効（{japanese}）")
        }
        (ToldStatus::NeverIssued, _) => "never issued 未発行".to_owned(),
        _ => "unknown 不明".to_owned(),
    };
    let (signer, certificate) = match verified.signer {
        AnswerSigner::Issuer => ("the issuer itself".to_owned(), None),
        AnswerSigner::Delegate { certificate, .. } => {
            let serial = CertificateParts::read(certificate)
                .and_then(|parts| Serial::of_integer(parts.serial.contents))
                .map_or_else(|| "?".to_owned(), |serial| serial.to_string());
            (format!("a delegated responder, serial {serial}"), Some(serial))
        }
    };
    let mut lines = vec![
        format!("certificate  {subject}"),
        format!("status       {said}"),
        format!("known at     {}", told.this_update),
    ];
    lines.extend(told.next_update.map(|next| format!("good until   {next}")));
    lines.extend(told.archive_cutoff.map(|cutoff| {
        format!(
            "has ended    and is answered for since records of {} are kept",
            cutoff.japan_date()
        )
    }));
    lines.push(format!("made at      {}", verified.produced_at));
    lines.push(format!("signed by    {signer}"));
    let nonce = if with_nonce { ", nonce" } else { "" };
    lines.push(format!("verified     signature, delegation, certificate, times{nonce}"));
    let json = ToldJson {
        status,
        ca: subject.ca,
        serial: subject,
        since,
        reason: named,
        this_update: told.this_update,
        next_update: told.next_update,
        produced_at: verified.produced_at,
        archive_cutoff: told.archive_cutoff,
        responder_serial: certificate,
        nonce: with_nonce,
        verified: true,
    };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(if told.status == ToldStatus::Good { Exit::Done } else { Exit::Negative })
}

fn unsound_answer(context: &Context<'_>, subject: &Subject, why: &str) -> Result<Exit, Failure> {
    let json = NoAnswerJson { status: "unsound", serial: subject, why };
    let text = format!("certificate  {subject}\nno answer    {why}: rely on nothing of it");
    context.report.result(&json, &text)?;
    Ok(Exit::Negative)
}

fn exit_of(refusal: Refusal) -> Exit {
    match refusal {
        Refusal::MalformedRequest => Exit::Usage,
        Refusal::SigRequired | Refusal::Unauthorized => Exit::Unauthorised,
        Refusal::InternalError | Refusal::TryLater => Exit::Unavailable,
    }
}

#[derive(Serialize)]
struct ToldJson<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<CaName>,
    serial: &'a Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    this_update: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<Timestamp>,
    produced_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive_cutoff: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responder_serial: Option<String>,
    nonce: bool,
    verified: bool,
}

#[derive(Serialize)]
struct NoAnswerJson<'a> {
    status: &'static str,
    serial: &'a Subject,
    why: &'a str,
}

/// Octets of a certificate file.
const CERTIFICATE_LIMIT: u64 = 64 << 10;
/// By how many seconds clocks may differ.
const SKEW: u32 = 60;
