//! Sessions with the responder, `jpki serve --ocsp`: strangers ask it, and are told what was done.

mod clients;
mod exchange;
mod faults;
mod load;
mod protocol;
mod rotation;
mod states;
mod strain;
mod verifiers;

use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

use base64ct::Base64;
use base64ct::Encoding as _;
use jpki_ca::clock::Stopwatch;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Serial;
use jpki_ca::ocsp;
use jpki_ca::ocsp::BasicAnswer;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Nonce;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::ToldStatus;
use jpki_ca::ocsp::TrustedIssuer;
use serde_json::Value;

use crate::serve::Answer;
use crate::serve::PATIENCE;
use crate::serve::request;
use crate::stage::Stage;
use crate::stage::line_with_key;

/// The authority that most sessions are about.
const CA: CaName = CaName::UserAuthentication;
/// The first of its numbers that a holder gets: the founding takes those before.
const FIRST: u64 = 3;
/// Where the responder listens, and whoever asks how it stands.
const OCSP: &str = "--ocsp 127.0.0.1:0";
const OCSP_AND_ADMIN: &str = "--ocsp 127.0.0.1:0 --admin 127.0.0.1:0";

/// A home that goes by the machine's clock, as those who ask do.
fn founded() -> Stage {
    let stage = Stage::empty();
    stage.plain("init --algorithm p256").exits(0);
    stage
}

/// Issues a user-authentication certificate to so many people; the numbers from [`FIRST`] on.
fn populate(stage: &Stage, count: u64, words: &str) {
    let lines: Vec<Value> = (1..=count).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    stage.plain(&format!("issue --batch batch.jsonl --out out --json {words}")).exits(0);
}

/// An authority, known by the certificate of one of its generations.
fn issuer(stage: &Stage, ca: CaName, generation: u16) -> TrustedIssuer {
    let der = stage.read(&format!("home/ca/{ca}-{generation}.cer"));
    TrustedIssuer::of_certificate(&der).unwrap()
}

/// Names a certificate of an authority's first generation.
fn id(stage: &Stage, ca: CaName, hash: Hash, serial: u64) -> CertId {
    CertId::new(hash, issuer(stage, ca, 1).hashes(), Serial::new(serial).unwrap())
}

/// A request about these, without a nonce.
fn ask_for(ids: &[CertId]) -> Vec<u8> {
    Query { asked: ids, nonce: None }.to_der().unwrap()
}

/// A request about one certificate with a nonce.
fn ask_once(id: &CertId, nonce: &[u8]) -> Vec<u8> {
    let nonce = Nonce::new(nonce).unwrap();
    Query { asked: std::slice::from_ref(id), nonce: Some(&nonce) }.to_der().unwrap()
}

/// Sends a request in a body.
#[track_caller]
fn post(stream: &mut TcpStream, der: &[u8]) -> Answer {
    try_post(stream, der).unwrap_or_else(|read| panic!("no answer: {read:?}"))
}

/// As [`post`]; what came where it was no answer.
fn try_post(stream: &mut TcpStream, der: &[u8]) -> Result<Answer, Vec<u8>> {
    let length = der.len();
    let mut octets = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/ocsp-request\r\n\
         content-length: {length}\r\n\r\n"
    )
    .into_bytes();
    octets.extend_from_slice(der);
    // Whoever is cut off is told so by what is read.
    let _sent = stream.write_all(&octets);
    Answer::try_read(stream, "POST")
}

/// The path in which a request is sent.
fn path(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    format!("/{}", text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
}

/// Sends a request in a path.
#[track_caller]
fn get(stream: &mut TcpStream, der: &[u8], fields: &[&str]) -> Answer {
    request(stream, "GET", &path(der), fields)
}

/// Asks for one certificate, on a connection of its own.
#[track_caller]
fn ask(address: SocketAddr, id: &CertId) -> Answer {
    post(&mut crate::serve::connect(address), &ask_for(std::slice::from_ref(id)))
}

/// The answer in a response, which it is.
#[track_caller]
fn read(answer: &Answer) -> BasicAnswer {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/ocsp-response"));
    match ocsp::Answer::read(&answer.body) {
        Ok(ocsp::Answer::Basic(basic)) => *basic,
        other => panic!("no answer: {other:?}"),
    }
}

/// What an answer says of the one certificate that was asked for.
#[track_caller]
fn told(answer: &Answer) -> ToldStatus {
    let basic = read(answer);
    let [told] = basic.told() else { panic!("{basic:?}") };
    told.status
}

/// Why nothing is answered, which it is not.
#[track_caller]
fn refused(answer: &Answer) -> Refusal {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/ocsp-response"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    match ocsp::Answer::read(&answer.body) {
        Ok(ocsp::Answer::Refused(refusal)) => refusal,
        other => panic!("no refusal: {other:?}"),
    }
}

/// Looks again and again until it is so; panics where that takes too long.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let watch = Stopwatch::start();
    while !is_so() {
        assert!(watch.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    watch.elapsed()
}
