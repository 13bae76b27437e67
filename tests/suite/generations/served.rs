//! Two generations before a running responder, and one of them compromised under it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::serve::Served;
use crate::serve::connect;
use crate::serve::get;
use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::line_with_key;

const CA: &str = "user-authentication";

/// A home that goes by the machine's clock, with two holders of each of two generations; their numbers.
fn two_generations() -> (Stage, [u64; 4]) {
    let stage = Stage::empty();
    stage.plain("init --algorithm p256").exits(0);
    let mut numbers = Vec::new();
    for people in [[1, 2], [3, 4]] {
        stage.write_lines("batch.jsonl", &people.map(line_with_key));
        let issued = stage.plain("issue --batch batch.jsonl --out out --json").exits(0).lines();
        numbers.extend(issued.iter().map(serial));
        if numbers.len() == 2 {
            stage.plain("ca rollover --ca user-authentication --algorithm p384").exits(0);
        }
    }
    (stage, numbers.try_into().unwrap())
}

fn serial(issued: &Value) -> u64 {
    issued["certificates"][0]["serial"].as_str().unwrap().parse().unwrap()
}

/// Asks with OpenSSL, by GET or POST with or without nonce; the answer must verify.
#[track_caller]
fn openssl(stage: &Stage, address: SocketAddr, generation: u8, serial: u64, words: &str) -> Run {
    let issuer = format!("home/ca/{CA}-{generation}.pem");
    let line = format!(
        "openssl ocsp -issuer {issuer} -CAfile {issuer} {words} -serial {serial} -url http://{address}"
    );
    stage.shell(&line).exits(0).says("Response verify OK")
}

#[track_caller]
fn status(run: &Run) -> &str {
    run.stdout.lines().next().unwrap().split_once(": ").unwrap().1
}

#[test]
fn both_are_accepted_with_their_certificates_lists_and_answers() {
    let (stage, [first, revoked, second, held]) = two_generations();
    stage.plain(&format!("revoke --ca {CA} --serial {revoked} --reason key-compromise")).exits(0);
    stage.plain(&format!("hold --ca {CA} --serial {held}")).exits(0);
    stage.plain("crl publish --out lists --partition 132217").exits(0);
    let served = Served::start(&stage, "--ocsp 127.0.0.1:0");
    let address = served.address("ocsp");
    for (generation, serial, good, reason) in [
        (1, first, true, ""),
        (1, revoked, false, "keyCompromise"),
        (2, second, true, ""),
        (2, held, false, "certificateHold"),
    ] {
        let issuer = format!("home/ca/{CA}-{generation}.pem");
        let list = format!("lists/current/{CA}-{generation}-132217.crl");
        stage.shell(&format!("openssl crl -inform DER -in {list} -out list.pem")).exits(0);
        let leaf = format!("out/{CA}-{serial}.pem");
        let check =
            format!("openssl verify -x509_strict -crl_check -CRLfile list.pem -CAfile {issuer}");
        let verdict = stage.shell(&format!("{check} {leaf}")).exits(if good { 0 } else { 2 });
        assert_eq!(verdict.stderr.contains("certificate revoked"), !good, "{verdict:?}");
        for words in ["", "-no_nonce", "-sha256"] {
            let run = openssl(&stage, address, generation, serial, words);
            assert_eq!(status(&run), if good { "good" } else { "revoked" }, "{run:?}");
            assert!(run.stdout.contains(reason), "{run:?}");
        }
        // Neither is taken for the other.
        let other = 3 - generation;
        let run = openssl(&stage, address, other, serial, "");
        assert_eq!(status(&run), "unknown");
        let other = format!("home/ca/{CA}-{other}.pem");
        stage.shell(&format!("openssl verify -CAfile {other} {leaf}")).exits(2);
    }
}

#[test]
fn from_the_next_answer_on_everything_is_revoked() {
    let (stage, [first, second, untouched, _]) = two_generations();
    let served = Served::start(&stage, "--ocsp 127.0.0.1:0 --admin 127.0.0.1:0");
    let address = served.address("ocsp");
    // Kept, as others would keep it.
    let path = |serial: u64| {
        let ask = format!(
            "openssl ocsp -issuer home/ca/{CA}-1.pem -serial {serial} -no_nonce -reqout ask.der"
        );
        stage.shell(&ask).exits(0);
        let base64 = stage.shell("base64 -w0 ask.der").exits(0).stdout;
        format!("/{}", base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"))
    };
    let paths = [path(first), path(second)];
    let mut stream = connect(address);
    let ask = |stream: &mut std::net::TcpStream, path: &str| {
        crate::serve::request(stream, "GET", path, &[])
    };
    let good: Vec<Vec<u8>> = paths.iter().map(|path| ask(&mut stream, path).body).collect();
    assert_eq!(good[0], ask(&mut stream, &paths[0]).body, "it is kept");
    for serial in [first, second] {
        assert_eq!(status(&openssl(&stage, address, 1, serial, "")), "good");
    }

    let words = format!("ca compromise --ca {CA} --generation 1 --json");
    let recorded = stage.plain(&words).exits(0).json();
    let since = recorded["since"].as_str().unwrap();
    // Kept or not, on a connection that was there before or another, by any hash.
    for (path, good) in paths.iter().zip(&good) {
        assert_ne!(ask(&mut stream, path).body, *good);
    }
    let time = stage.shell(&format!("TZ=UTC date -d {since} '+%b %e %H:%M:%S %Y GMT'"));
    let time = time.exits(0).stdout.trim().to_owned();
    // The responder's own certificate and the authority's, too.
    for serial in [1, 2, first, second] {
        for words in ["", "-no_nonce", "-sha256"] {
            let run = openssl(&stage, address, 1, serial, words);
            assert_eq!(status(&run), "revoked", "{serial} {run:?}");
            let said = run.stdout;
            assert!(said.contains("Reason: cACompromise"), "{said}");
            assert!(said.contains(&format!("Revocation Time: {time}")), "{said} at {time}");
        }
    }
    assert_eq!(status(&openssl(&stage, address, 2, untouched, "")), "good");
    let ready = get(served.address("admin"), "/readyz", &[]);
    assert_eq!(ready.status, 200, "{}", ready.text());
    // And after a start.
    drop(served);
    let served = Served::start(&stage, "--ocsp 127.0.0.1:0");
    let run = openssl(&stage, served.address("ocsp"), 1, first, "");
    assert!(run.stdout.contains("cACompromise"), "{run:?}");
    stage.plain("audit verify").exits(0);
}
