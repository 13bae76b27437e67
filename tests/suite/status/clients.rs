//! Clients that others wrote: OpenSSL, GnuTLS, Python's cryptography; and pkilint, which judges form.

use std::fs;

use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Refusal;
use serde_json::Value;
use serde_json::json;

use crate::oracle::ask_script;
use crate::oracle::pkilint_findings;
use crate::serve::Served;
use crate::serve::connect;
use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::ask;
use super::ask_for;
use super::founded;
use super::id;
use super::populate;
use super::post;
use super::refused;

/// A home with three certificates, the second revoked, the third held, and its responder.
fn desk() -> (Stage, Served, String) {
    let stage = founded();
    populate(&stage, 3, "");
    stage.plain("revoke --ca user-authentication --serial 4 --reason key-compromise").exits(0);
    stage.plain("hold --ca user-authentication --serial 5").exits(0);
    let served = Served::start(&stage, OCSP);
    let url = format!("http://{}", served.address("ocsp"));
    (stage, served, url)
}

const ISSUER: &str = "home/ca/user-authentication-1.pem";
const RESPONDER: &str = "home/ca/ocsp-user-authentication-1.pem";
const GOOD: &str = "out/user-authentication-3.pem";
const REVOKED: &str = "out/user-authentication-4.pem";
const HELD: &str = "out/user-authentication-5.pem";

fn openssl(stage: &Stage, words: &str) -> Run {
    stage.shell(&format!("openssl ocsp -issuer {ISSUER} {words}"))
}

#[test]
fn openssl_is_answered_and_verifies() {
    let (stage, _served, url) = desk();
    let each = format!("-cert {GOOD} -cert {REVOKED} -sha256 -cert {HELD} -serial 5000 -url {url}");
    for trusted in ["-CAfile", "-VAfile"] {
        let anchor = if trusted == "-CAfile" { ISSUER } else { RESPONDER };
        for nonce in ["", "-no_nonce"] {
            let run = openssl(&stage, &format!("{trusted} {anchor} {nonce} {each}")).exits(0);
            let run = run.says("Response verify OK");
            let text = &run.stdout;
            assert!(text.contains(&format!("{GOOD}: good")), "{text}");
            assert!(text.contains(&format!("{REVOKED}: revoked")), "{text}");
            assert!(text.contains("Reason: keyCompromise"), "{text}");
            assert!(text.contains(&format!("{HELD}: revoked")), "{text}");
            assert!(text.contains("Reason: certificateHold"), "{text}");
            assert!(text.contains("5000: unknown"), "{text}");
            // With a nonce it was compared, else OpenSSL would have missed it.
            assert!(!run.stderr.contains("nonce in response"), "{run:?}");
        }
    }
    // Nobody who trusts another authority takes the answer.
    let other = format!("-CAfile home/ca/signature-1.pem -cert {GOOD} -url {url}");
    let run = openssl(&stage, &other);
    assert!(run.stderr.contains("Response Verify Failure"), "{run:?}");
    // Ours is not the authority that is asked for.
    let line = format!("openssl ocsp -issuer {GOOD} -serial 3 -CAfile {ISSUER} -url {url}");
    let run = stage.shell(&line);
    assert!(run.stdout.contains("Responder Error: unauthorized (6)"), "{run:?}");
}

#[test]
fn a_signed_request_is_answered_if_the_signature_is_by_the_key_that_it_names() {
    let (stage, served, url) = desk();
    stage.write_json("holder.json", &holder("p-9"));
    stage.plain("issue --holder holder.json --holder-algorithm p256 --out out").exits(0);
    stage
        .shell(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -subj /CN=rsa \
             -days 30",
        )
        .exits(0);
    let elliptic = ("out/signature-4.pem", "out/signature-4.key.pem");
    for (certificate, key) in [elliptic, ("rsa.pem", "rsa.key")] {
        let words = format!("-CAfile {ISSUER} -cert {GOOD} -signer {certificate} -signkey {key}");
        let run = openssl(&stage, &format!("{words} -reqout signed.der -url {url}")).exits(0);
        assert!(run.says("Response verify OK").stdout.contains("good"));
        // What was signed is not what is sent.
        let mut der = stage.read("signed.der");
        let nonce = [0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
        let at = der.windows(9).position(|window| window == nonce).unwrap();
        der[at + 9 + 4] ^= 1;
        let mut stream = connect(served.address("ocsp"));
        assert_eq!(refused(&post(&mut stream, &der)), Refusal::Unauthorized);
        // Nobody says who signed: the certificates are left out.
        openssl(&stage, &format!("{words} -no_certs -reqout bare.der")).exits(0);
        let answer = post(&mut stream, &stage.read("bare.der"));
        assert_eq!(refused(&answer), Refusal::Unauthorized);
    }
}

#[test]
fn gnutls_is_answered_and_verifies() {
    let (stage, _served, url) = desk();
    for (certificate, status) in [(GOOD, "good"), (REVOKED, "revoked"), (HELD, "revoked")] {
        for anchor in [format!("--load-trust={ISSUER}"), format!("--load-signer={RESPONDER}")] {
            for nonce in ["--nonce", "--no-nonce"] {
                let words = format!("--load-issuer={ISSUER} --load-cert={certificate} {anchor}");
                let run = stage.shell(&format!("ocsptool --ask={url} {nonce} {words}")).exits(0);
                let text = &run.stdout;
                assert!(text.contains(&format!("Certificate Status: {status}")), "{run:?}");
                assert!(text.contains("Verifying OCSP Response: Success."), "{run:?}");
            }
        }
    }
}

#[test]
fn python_is_answered_and_verifies() {
    let (stage, _served, url) = desk();
    let why = stage.plain("why --ca user-authentication --serial 4 --json").exits(0).json();
    let since: jpki_ca::clock::Timestamp = why["since"].as_str().unwrap().parse().unwrap();
    let authority = stage.path("home/ca/user-authentication-1.cer");
    for (serial, status) in [("3", "GOOD"), ("4", "REVOKED"), ("5000", "UNKNOWN")] {
        let verdict = ask_script("judge_ocsp.py", [&url, authority.to_str().unwrap(), serial]);
        assert!(verdict.accepted, "{}", verdict.text);
        let lines: Vec<Value> =
            verdict.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 8);
        let (reason, since) = match serial {
            "4" => (json!("keyCompromise"), json!(since.to_unix())),
            _ => (Value::Null, Value::Null),
        };
        for (line, hash) in lines.iter().zip(["sha1"; 4].into_iter().chain(["sha256"; 4])) {
            let expected = json!({
                "hash": hash,
                "serial": serial.parse::<u64>().unwrap(),
                "status": status,
                "reason": reason,
                "since": since,
                "life": 1800,
            });
            assert_eq!(line, &expected);
        }
    }
}

#[test]
fn pkilint_finds_nothing_in_our_answers() {
    let (stage, served, _url) = desk();
    let address = served.address("ocsp");
    let mut files = Vec::new();
    let mut save = |name: &str, body: &[u8]| {
        let file = stage.path(&format!("{name}.ors"));
        fs::write(&file, body).unwrap();
        files.push(file);
    };
    for (serial, name) in (FIRST..).zip(["good", "revoked", "held", "unknown"]) {
        save(name, &ask(address, &id(&stage, CA, Hash::Sha256, serial)).body);
    }
    let each: Vec<_> = (FIRST..FIRST + 4).map(|n| id(&stage, CA, Hash::Sha1, n)).collect();
    let mut stream = connect(address);
    save("several", &post(&mut stream, &ask_for(&each)).body);
    save("nonce", &post(&mut stream, &super::ask_once(&each[0], &[7; 32])).body);
    save("refused", &post(&mut stream, b"no request").body);
    let paths: Vec<_> = files.iter().map(AsRef::as_ref).collect();
    let findings = pkilint_findings(&paths);
    assert!(findings.is_empty(), "{findings:?}");
    // It speaks when there is something to say: here, of an answer that is over before it begins.
    let mut der = fs::read(&files[0]).unwrap();
    let next_update = [0xa0, 0x11, 0x18, 0x0f];
    let at = der.windows(4).position(|window| window == next_update).unwrap();
    der[at + 4..][..4].copy_from_slice(b"2020");
    let wrong = stage.path("wrong.ors");
    fs::write(&wrong, der).unwrap();
    let found: Vec<_> = pkilint_findings(&[&wrong]).into_values().flatten().collect();
    assert_eq!(found, ["ERROR pkix.ocsp_negative_validity_period"]);
}
