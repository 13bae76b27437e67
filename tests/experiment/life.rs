//! The life of an installation whose every key is an experiment.

use std::path::Path;
use std::process::Command;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::home::Home;
use jpki_ca::clock::FixedClock;
use jpki_ca::credential::Serial;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Query;
use jpki_ca::ocsp::TrustedIssuer;
use serde_json::Value;

use crate::stage::FOUNDED;
use crate::stage::NOW;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::THE_USER_AUTHENTICATION;
use crate::stage::USER_AUTHENTICATION;
use crate::stage::holder;

const ISSUE: &str = "issue --holder holder.json --holder-algorithm ml-dsa-65 --out out --json";
const PUBLISH: &str = "crl publish --partition 132217 --json";

/// Whether the other implementation finds it so; the words after the verb name files of the stage.
fn judge(stage: &Stage, words: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(root.join("target/venv/bin/python"));
    command.args(["-I", "-B"]).arg(root.join("tests/experiment/judge.py"));
    let output = command.args(words.split_whitespace()).current_dir(stage.path(".")).output();
    let output =
        output.unwrap_or_else(|error| panic!("no target/venv: run tests/run.sh ({error})"));
    let said = String::from_utf8_lossy(&output.stderr);
    let judged = said.is_empty() || said.contains("AssertionError") || said.contains("InvalidSig");
    assert!(judged, "the judge did not judge: {words}\n{said}");
    output.status.success()
}

/// A home whose keys are all of ML-DSA-65, and a holder whose keys are.
fn lived() -> Stage {
    let stage = Stage::empty();
    let made = stage.plain(&format!("init --algorithm ml-dsa-65 --at {FOUNDED} --json")).exits(0);
    for authority in made.json()["authorities"].as_array().unwrap() {
        assert_eq!(authority["algorithm"], "ml-dsa-65");
    }
    let _made = made.says("ml-dsa-65 is an experiment (実験)");
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(ISSUE).exits(0).says("ml-dsa-65 is an experiment");
    stage
}

/// An answer of the home's responder about a certificate, into a file.
fn answer(stage: &Stage, ca: &str, serial: u64, out: &str) {
    let home = Home::open(&stage.path("home")).unwrap();
    let clock = FixedClock(NOW.parse().unwrap());
    let responder = home.responder(Box::new(clock), None).unwrap();
    let issuer =
        TrustedIssuer::of_certificate(&stage.read(&format!("home/ca/{ca}-1.cer"))).unwrap();
    let id = CertId::new(Hash::Sha1, issuer.hashes(), Serial::new(serial).unwrap());
    let query = Query { asked: &[id], nonce: None }.to_der().unwrap();
    stage.write(out, responder.respond(&query).der.as_slice());
}

#[test]
fn all_that_is_signed_verifies_elsewhere() {
    let stage = lived();
    stage.jpki(&format!("revoke {THE_SIGNATURE} --reason key-compromise")).exits(0);
    stage.jpki(PUBLISH).exits(0);
    for (ca, certificate, others) in [
        ("signature", SIGNATURE, "home/ca/publication.cer home/ca/ocsp-signature-1.cer"),
        ("user-authentication", USER_AUTHENTICATION, "home/ca/ocsp-user-authentication-1.cer"),
    ] {
        let own = format!("home/ca/{ca}-1.cer");
        assert!(judge(&stage, &format!("certificate {own} {own} {certificate} {others}")));
        let list = format!("home/crl/current/{ca}-1-132217.crl");
        assert!(judge(&stage, &format!("list {own} {list}")));
        let serial = if ca == "signature" { 4 } else { 3 };
        answer(&stage, ca, serial, "answer.der");
        assert!(judge(&stage, &format!("answer home/ca/ocsp-{ca}-1.cer answer.der")));
        let key = certificate.replace(".cer", ".key.pem");
        assert!(judge(&stage, &format!("key {certificate} {key}")));
        assert!(!judge(&stage, &format!("key {own} {key}")), "another's key");

        let mut forged = stage.read(certificate);
        // Within the date of birth or the key: the signed part.
        let middle = forged.len() / 3;
        forged[middle] ^= 1;
        stage.write("forged.cer", &forged);
        assert!(!judge(&stage, &format!("certificate {own} forged.cer")));
        for (file, rule) in [
            (own.as_str(), "L-EXPERIMENT"),
            (certificate, "L-EXPERIMENT"),
            (&list, "L-CRL-EXPERIMENT"),
            ("answer.der", "L-OCSP-EXPERIMENT"),
        ] {
            let report = stage.jpki(&format!("lint {file}")).exits(0);
            assert!(report.stdout.contains(rule), "{report:?}");
            assert!(!report.stdout.contains("error"), "{report:?}");
        }
    }
    let current = "home/crl/current";
    let words =
        format!("bytes {current}/publication.cer {current}/manifest.json {current}/manifest.sig");
    assert!(judge(&stage, &words));
    let shown = stage.plain("show home/ca/signature-1.cer --json").exits(0).json();
    let shown = &shown["objects"][0];
    assert_eq!(shown["signature_algorithm"]["name"], "id-ml-dsa-65");
    assert_eq!(shown["public_key"]["kind"], "ml-dsa-65");
    assert_eq!(shown["self_signature"], true);
    assert_eq!(stage.verdict(SIGNATURE), "revoked");
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
    let asked = stage.jpki(&format!("ocsp query {THE_SIGNATURE} --json")).exits(1).json();
    assert_eq!(asked["status"], "revoked");
    stage.jpki(&format!("ocsp query {THE_USER_AUTHENTICATION} --nonce")).exits(0);
    stage.is_whole();
}

#[test]
fn a_request_that_was_made_elsewhere_is_taken() {
    let stage = Stage::founded();
    assert!(judge(&stage, "request mine.csr"));
    stage.write_json("holder.json", &holder("p-1"));
    let words = "issue --holder holder.json --kind signature --csr mine.csr --out out --json";
    stage.jpki(words).exits(0);
    let certified = PublicKey::of_certificate(&stage.read(SIGNATURE)).unwrap();
    assert_eq!(certified.algorithm(), KeyAlgorithm::MlDsa65);
    stage.plain(&format!("lint {SIGNATURE}")).exits(0);
    let request = stage.read_text("mine.csr");
    // Within the signature.
    let from = request.len() - 200;
    let to = if request[from..].starts_with('A') { "B" } else { "A" };
    stage.write("broken.csr", format!("{}{to}{}", &request[..from], &request[from + 1..]));
    stage.jpki(&words.replace("mine.csr", "broken.csr")).exits(2).says("broken.csr");
}

#[test]
fn keys_are_closed_to_a_passphrase_and_rolled_over() {
    let stage = lived();
    stage.write("passphrase", "correct horse\n");
    stage.plain("key passphrase --new-passphrase-file passphrase").exits(0);
    for owner in ["signature-1", "publication", "ocsp-user-authentication-1"] {
        let files = format!("home/ca/{owner}.cer home/keys/{owner}.key.pem");
        assert!(stage.read_text(&format!("home/keys/{owner}.key.pem")).contains("ENCRYPTED"));
        assert!(judge_closed(&stage, &files));
    }
    let open = "--passphrase-file passphrase";
    stage.jpki(PUBLISH).exits(4);
    stage.jpki(&format!("{PUBLISH} {open}")).exits(0);
    let rolled = stage.jpki(&format!(
        "ca rollover --ca signature --algorithm p256 --json {open} --at 2026-05-01T09:00:00+09:00"
    ));
    assert_eq!(rolled.exits(0).json()["algorithm"], "p256");
    let back = stage.jpki(&format!(
        "ca rollover --ca signature --algorithm ml-dsa-65 --json {open} --at 2026-06-01T09:00:00+09:00"
    ));
    let back = back.exits(0).says("is an experiment");
    assert_eq!(back.json()["algorithm"], "ml-dsa-65");
    // The old key certified by the new one, where the new one is of this algorithm.
    assert!(judge(&stage, "certificate home/ca/signature-3.cer home/ca/signature-3.cer"));
    assert!(judge(
        &stage,
        "certificate home/ca/signature-3.cer home/ca/link-signature-2-with-3.cer"
    ));
    let rotated = stage.jpki(&format!(
        "ocsp rotate --ca user-authentication {open} --json --at 2026-06-02T09:00:00+09:00"
    ));
    let rotated = rotated.exits(0).json();
    assert_eq!(rotated["rotated"][0]["algorithm"], "ml-dsa-65", "{rotated}");
    let list = stage.plain("ca list --json --at 2026-06-02T09:00:00+09:00").exits(0).json();
    let algorithms: Vec<&Value> =
        list["generations"].as_array().unwrap().iter().map(|own| &own["algorithm"]).collect();
    assert_eq!(algorithms, ["ml-dsa-65", "p256", "ml-dsa-65", "ml-dsa-65"]);
}

/// As [`judge`], of a key that is closed to the passphrase of the session.
fn judge_closed(stage: &Stage, files: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(root.join("target/venv/bin/python"));
    command.args(["-I", "-B"]).arg(root.join("tests/experiment/judge.py")).arg("key");
    command.args(files.split_whitespace()).arg("correct horse").current_dir(stage.path("."));
    command.status().unwrap().success()
}

#[test]
fn production_takes_no_part() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    let open = "--passphrase-file passphrase";
    let init = format!("init --production --org EXAMPLE {open} --algorithm");
    stage.plain(&format!("{init} ml-dsa-65")).exits(2).says("is an experiment");
    stage.plain(&format!("{init} ml-dsa-65 --dry-run")).exits(2).says("is an experiment");
    assert_eq!(stage.names("."), ["passphrase"]);
    stage.plain(&format!("{init} p256")).exits(0);
    let keys = stage.tree("home/keys");
    for words in ["ca rollover --ca signature", "ocsp rotate"] {
        let words = format!("{words} --algorithm ml-dsa-65 {open}");
        let run = stage.plain(&words);
        let said = run.stdout.contains("R-EXPERIMENT") || run.stderr.contains("R-EXPERIMENT");
        assert!(said, "{run:?}");
        let _run = run.exits(3);
        assert!(stage.tree("home/keys") == keys, "{words} left something");
    }
    stage.write_json("holder.json", &holder("p-1"));
    stage.plain(&format!("{ISSUE} {open}")).refused("R-EXPERIMENT");
    assert!(judge(&stage, "request mine.csr"));
    let words =
        format!("issue --holder holder.json --kind signature --csr mine.csr --out out {open}");
    stage.plain(&words).refused("R-EXPERIMENT");
    stage.plain(&format!("{words} --dry-run")).refused("R-EXPERIMENT");
    assert!(!stage.path("out").exists() || stage.names("out").is_empty(), "nothing is handed over");
}

#[test]
fn a_rehearsal_needs_an_openssl_that_knows_it() {
    let stage = Stage::empty();
    let words = format!("ca rehearse --from p256 --to ml-dsa-65 --json --at {FOUNDED}");
    let listed = stage.at_home("openssl", "list -signature-algorithms").output().unwrap();
    if String::from_utf8_lossy(&listed.stdout).contains("ML-DSA-65") {
        let played = stage.plain(&words).exits(0).json();
        let steps = played["steps"].as_array().unwrap();
        let checks: Vec<&Value> =
            steps.iter().flat_map(|step| step["checks"].as_array().unwrap()).collect();
        assert!(checks.len() > 50 && checks.iter().all(|check| check["ok"] == true), "{played}");
    } else {
        stage.plain(&words).exits(5).says("from 3.5 on");
        stage.plain(&words.replace("p256", "ml-dsa-65")).exits(5).says("from 3.5 on");
    }
    assert!(stage.names(".").is_empty());
}
