//! Requests that are not as the protocol has them, or not for us.

use std::io::Write as _;

use der::Decode as _;
use der::Encode as _;
use der::asn1::OctetString;
use jpki_ca::credential::CaName;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::MAX_ASKED;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::ToldStatus;
use x509_cert::ext::Extension;
use x509_ocsp::OcspRequest;

use crate::serve::Answer;
use crate::serve::Served;
use crate::serve::connect;
use crate::serve::request;
use crate::stage::Stage;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::get;
use super::id;
use super::path;
use super::populate;
use super::post;
use super::read;
use super::refused;
use super::told;

/// The nonce's identifier, and one that nobody knows.
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
const STRANGE: &str = "1.3.6.1.4.1.32473.1";

fn desk() -> (Stage, Served) {
    let stage = founded();
    populate(&stage, 2, "");
    let served = Served::start(&stage, OCSP);
    (stage, served)
}

/// A request with an extension of the whole, or of its first question.
fn extended(id: &CertId, single: bool, oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut request = OcspRequest::from_der(&ask_for(std::slice::from_ref(id))).unwrap();
    let extn_value = OctetString::new(value).unwrap();
    let extension = Extension { extn_id: oid.parse().unwrap(), critical, extn_value };
    let tbs = &mut request.tbs_request;
    let place = if single {
        &mut tbs.request_list[0].single_request_extensions
    } else {
        &mut tbs.request_extensions
    };
    *place = Some(vec![extension]);
    request.to_der().unwrap()
}

fn with_nonce(id: &CertId, octets: usize) -> Vec<u8> {
    let nonce = OctetString::new(vec![0xa5; octets]).unwrap().to_der().unwrap();
    extended(id, false, NONCE, false, &nonce)
}

#[test]
fn a_nonce_of_1_to_128_octets_comes_back_and_no_other_is_one() {
    let (stage, served) = desk();
    let id = id(&stage, CA, Hash::Sha1, FIRST);
    let mut stream = connect(served.address("ocsp"));
    for octets in [1, 8, 32, 128] {
        let asked = with_nonce(&id, octets);
        for answer in [post(&mut stream, &asked), get(&mut stream, &asked, &[])] {
            assert_eq!(read(&answer).nonce().unwrap().as_bytes(), vec![0xa5; octets]);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            for field in ["etag", "expires", "last-modified"] {
                assert_eq!(answer.header(field), None, "{field}");
            }
        }
    }
    for octets in [0, 129, 4000] {
        let asked = with_nonce(&id, octets);
        assert_eq!(refused(&post(&mut stream, &asked)), Refusal::MalformedRequest, "{octets}");
    }
    // Not wrapped as RFC 6960 has it.
    let bare = extended(&id, false, NONCE, false, &[0xa5; 16]);
    assert_eq!(refused(&post(&mut stream, &bare)), Refusal::MalformedRequest);
    assert_eq!(read(&post(&mut stream, &ask_for(&[id]))).nonce(), None);
}

#[test]
fn a_critical_extension_that_nobody_knows_is_refused() {
    let (stage, served) = desk();
    let id = id(&stage, CA, Hash::Sha256, FIRST);
    let mut stream = connect(served.address("ocsp"));
    for single in [false, true] {
        let passed_over = extended(&id, single, STRANGE, false, b"\x05\0");
        assert_eq!(told(&post(&mut stream, &passed_over)), ToldStatus::Good);
        let critical = extended(&id, single, STRANGE, true, b"\x05\0");
        assert_eq!(refused(&post(&mut stream, &critical)), Refusal::MalformedRequest);
    }
}

#[test]
fn what_is_no_request_is_told_so_in_the_protocol() {
    let (stage, served) = desk();
    let good = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let mut stream = connect(served.address("ocsp"));
    let mut behind = good.clone();
    behind.push(0);
    let cut = &good[..good.len() - 1];
    let empty: &[u8] = b"\x30\x04\x30\x02\x30\0";
    let garbage: [&[u8]; 7] = [b"", b"\0", b"\x30\x80\0\0", b"no request", empty, &behind, cut];
    for octets in garbage {
        assert_eq!(refused(&post(&mut stream, octets)), Refusal::MalformedRequest, "{octets:?}");
        let answer = get(&mut stream, octets, &[]);
        assert_eq!(refused(&answer), Refusal::MalformedRequest, "{octets:?}");
    }
    for target in ["/", "/favicon.ico", "/%%%", "/MEQwQjBAMD4", "/?a=b", "/robots.txt", "//"] {
        let answer = request(&mut stream, "GET", target, &[]);
        assert_eq!(refused(&answer), Refusal::MalformedRequest, "{target}");
    }
    // As many as are taken, and one more.
    let many = |count: u64| (FIRST..FIRST + count).map(|n| id(&stage, CA, Hash::Sha1, n));
    let most: Vec<_> = many(MAX_ASKED as u64).collect();
    assert_eq!(read(&post(&mut stream, &ask_for(&most))).told().len(), MAX_ASKED);
    let mut request = OcspRequest::from_der(&ask_for(&most)).unwrap();
    let first = request.tbs_request.request_list[0].clone();
    request.tbs_request.request_list.push(first);
    let one_more = request.to_der().unwrap();
    assert_eq!(refused(&post(&mut stream, &one_more)), Refusal::MalformedRequest);
    assert_eq!(told(&post(&mut stream, &good)), ToldStatus::Good);
}

#[test]
fn what_another_key_issued_is_not_for_us_to_say() {
    let (stage, served) = desk();
    let (other, _) = desk();
    let mut stream = connect(served.address("ocsp"));
    let strange = id(&other, CA, Hash::Sha1, FIRST);
    let own = id(&stage, CA, Hash::Sha1, FIRST);
    let signature = id(&stage, CaName::Signature, Hash::Sha1, 3);
    for ids in [
        vec![strange.clone()],
        vec![own.clone(), strange.clone()],
        vec![strange, own.clone()],
        // Answered for by two keys, which cannot be one answer.
        vec![own.clone(), signature.clone()],
    ] {
        assert_eq!(refused(&post(&mut stream, &ask_for(&ids))), Refusal::Unauthorized);
    }
    for id in [own, signature] {
        assert_eq!(told(&post(&mut stream, &ask_for(&[id]))), ToldStatus::Good);
    }
}

#[test]
fn what_does_not_reach_the_responder_gets_a_status_of_http() {
    let (stage, served) = desk();
    let address = served.address("ocsp");
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let send = |method: &str, target: &str, fields: &str, body: &[u8]| {
        let mut stream = connect(address);
        let head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let _sent = stream.write_all(body);
        Answer::read(&mut stream, method)
    };
    let length = der.len();
    for kind in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/ocsp-response\r\n",
        "content-type: application/ocsp-request2\r\n",
    ] {
        let answer = send("POST", "/", &format!("{kind}content-length: {length}\r\n"), &der);
        assert_eq!(answer.status, 415, "{kind}");
    }
    for kind in ["application/ocsp-request; charset=binary", "Application/OCSP-Request"] {
        let fields = format!("content-type: {kind}\r\ncontent-length: {length}\r\n");
        assert_eq!(told(&send("POST", "/", &fields, &der)), ToldStatus::Good, "{kind}");
    }
    let kind = "content-type: application/ocsp-request\r\n";
    let chunked = [format!("{length:x}\r\n").as_bytes(), &der, b"\r\n0\r\n\r\n"].concat();
    let answer = send("POST", "/", &format!("{kind}transfer-encoding: chunked\r\n"), &chunked);
    assert_eq!(told(&answer), ToldStatus::Good);
    // Told before it comes, and found out while it comes.
    let answer = send("POST", "/", &format!("{kind}content-length: 65537\r\n"), b"");
    assert_eq!(answer.status, 413);
    let large = [b"10001\r\n".as_slice(), &[b'x'; 0x10001], b"\r\n0\r\n\r\n"].concat();
    let answer = send("POST", "/", &format!("{kind}transfer-encoding: chunked\r\n"), &large);
    assert_eq!(answer.status, 413);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = send(method, &path(&der), "", b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    }
    let long = format!("/{}", "A".repeat(9000));
    let answer = send("GET", &long, "", b"");
    assert_eq!(refused(&answer), Refusal::MalformedRequest);
    assert_eq!(send("GET", &format!("/{}", "A".repeat(20_000)), "", b"").status, 431);
}

/// The address in certificates has a path, and a proxy may take it off.
#[test]
fn requests_are_answered_behind_the_path_of_the_address_and_without_it() {
    let stage = founded();
    populate(&stage, 1, "");
    let before = stage.read_text("home/jpki.toml");
    let (_, url) = before.split_once("ocsp_url = \"").unwrap();
    let (url, _) = url.split_once('"').unwrap();
    stage.set(url, "http://ocsp.example.jp/status/v1");
    let served = Served::start(&stage, OCSP);
    let der = ask_once(&id(&stage, CA, Hash::Sha1, FIRST), b"nonce");
    let mut stream = connect(served.address("ocsp"));
    let path = path(&der);
    for target in [format!("/status/v1{path}"), path.clone(), format!("/status/v1/{path}")] {
        let answer = request(&mut stream, "GET", &target, &[]);
        assert_eq!(told(&answer), ToldStatus::Good, "{target}");
    }
    let answer = request(&mut stream, "GET", &format!("/status/v2{path}"), &[]);
    assert_eq!(refused(&answer), Refusal::MalformedRequest);
}
