//! `POST /v1/certificates` and `POST /v1/revocations`.

use std::collections::BTreeSet;
use std::process::Child;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;
use crate::stage::public_key;

use super::Answer;
use super::CERTIFICATES_PATH;
use super::Served;
use super::asked;
use super::home;
use super::know_clients;
use super::posting;

#[test]
fn certificates_come_out_and_the_same_ones_again() {
    let stage = home();
    let served = Served::of(&stage);
    let asked = asked("p-1", 1);
    let issued = served.issue(&stage, "visit 17", &asked).is(201);
    assert_eq!((&issued["status"], &issued["request_id"]), (&json!("issued"), &json!("visit 17")));
    let again = served.issue(&stage, "visit 17", &asked).is(200);
    assert_eq!(again["status"], "existing");
    assert_eq!(again["certificates"], issued["certificates"]);

    let [signature, authentication] = [0, 1].map(|position| &issued["certificates"][position]);
    assert_eq!(signature["kind"], "signature");
    assert_eq!(signature["serial"], "4");
    assert_eq!(signature["partition"], "132217");
    assert_eq!(authentication["kind"], "user-authentication");
    for (certificate, key) in [(signature, 1), (authentication, 2)] {
        let kind = certificate["kind"].as_str().unwrap();
        stage.write("got.pem", certificate["pem"].as_str().unwrap());
        stage.write("got.b64", certificate["der"].as_str().unwrap());
        let verify = "openssl verify -x509_strict -attime 1775200000 -CAfile";
        stage.shell(&format!("{verify} home/ca/{kind}-1.pem got.pem")).exits(0);
        let certified = stage.shell("openssl x509 -in got.pem -noout -pubkey").exits(0).stdout;
        assert_eq!(certified, public_key(key));
        stage.shell("openssl x509 -in got.pem -outform DER -out got.cer").exits(0);
        stage.shell("openssl base64 -d -A -in got.b64 | cmp - got.cer").exits(0);
    }
    // Nowhere in all this is a private key.
    assert!(!issued.to_string().contains("PRIVATE"));
    served.stop();
    stage.is_whole();
}

#[test]
fn a_key_stands_for_one_content() {
    let stage = home();
    let served = Served::of(&stage);
    served.issue(&stage, "one", &asked("p-1", 1)).is(201);
    let conflict = Some("R-REQUEST-CONFLICT");
    served.issue(&stage, "one", &asked("p-2", 1)).refused(409, conflict);
    served.issue(&stage, "one", &asked("p-1", 2)).refused(409, conflict);
    let mut renewed = asked("p-1", 1);
    renewed["renew"] = json!(true);
    served.issue(&stage, "one", &renewed).refused(409, conflict);
    served.stop();
    assert_eq!(stage.count("issued"), FOUNDING + 2);
}

/// Sends requests side by side; what became of each, in their order.
fn at_once(served: &Served, stage: &Stage, requests: &[(&str, &Value)]) -> Vec<Answer> {
    let started: Vec<Child> = requests
        .iter()
        .enumerate()
        .map(|(position, (key, document))| {
            let file = format!("document-{position}.json");
            stage.write_json(&file, document);
            let curl = served.curl("issuer", CERTIFICATES_PATH);
            posting(curl, "application/json", &stage.path(&file))
                .args(["--header", &format!("idempotency-key: {key}")])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    started.into_iter().map(|child| Answer::of(&child.wait_with_output().unwrap())).collect()
}

#[test]
fn one_key_sent_by_twenty_at_once_gives_one_pair() {
    let stage = home();
    let served = Served::of(&stage);
    let asked = asked("p-1", 1);
    let answers = at_once(&served, &stage, &[("the one", &asked); 20]);
    let issued = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(issued, 1);
    let documents: Vec<Value> =
        answers.iter().map(|answer| answer.is(answer.status)["certificates"].clone()).collect();
    assert!(documents.iter().all(|document| *document == documents[0]));
    assert!(answers.iter().all(|answer| [200, 201].contains(&answer.status)), "{answers:?}");
    served.stop();
    assert_eq!((stage.count("issued"), stage.count("voided")), (FOUNDING + 2, 0));
    stage.is_whole();
}

#[test]
fn twenty_people_at_once_are_all_served() {
    let stage = home();
    let served = Served::of(&stage);
    let people: Vec<(String, Value)> =
        (1..=20).map(|n| (format!("key-{n}"), asked(&format!("p-{n}"), n))).collect();
    let requests: Vec<_> = people.iter().map(|(key, document)| (key.as_str(), document)).collect();
    let serials: BTreeSet<String> = at_once(&served, &stage, &requests)
        .iter()
        .map(|answer| answer.is(201)["certificates"][0]["serial"].to_string())
        .collect();
    assert_eq!(serials.len(), 20);
    served.stop();
    stage.is_whole();
}

#[test]
fn a_refusal_names_its_rule_and_item() {
    let stage = home();
    let served = Served::of(&stage);
    let child = json!({
        "holder": holder_with("p-1", &json!({ "birth_date": "2015-12-07" })),
        "kind": "signature",
        "public_keys": { "signature": public_key(1) },
    });
    let refused = served.issue(&stage, "a", &child).refused(422, Some("R-AGE-15"));
    assert_eq!(refused["item"], "birth_date");
    served.issue(&stage, "b", &asked("p-2", 2)).is(201);
    served.issue(&stage, "c", &asked("p-2", 3)).refused(422, Some("R-ALREADY-LIVE"));
    let mut renewed = asked("p-2", 3);
    renewed["renew"] = json!(true);
    served.issue(&stage, "d", &renewed).is(201);
    let why = served.get("issuer", "/v1/why/signature/4").is(200);
    assert_eq!(why["reason"], "superseded");
    let mut moved = asked("p-2", 4);
    moved["holder"]["address"] = json!("東京都清瀬市中里架空１番地");
    let refused = served.issue(&stage, "e", &moved).refused(422, Some("R-HOLDER-MISMATCH"));
    assert_eq!(refused["item"], "address");
    served.stop();
}

#[test]
fn malformed_requests_are_refused_without_what_they_say() {
    let stage = home();
    let intended = stage.count("intended");
    let served = Served::of(&stage);
    let with = |field: &str, value: Value| {
        let mut asked = asked("p-1", 1);
        asked[field] = value;
        asked
    };
    let cases = [
        (with("holder", holder_with("p-1", &json!({ "sex": "花子" }))), "E-WORD"),
        (with("holder", holder_with("p-1", &json!({ "name": "山田花子😀　中里" }))), "E-CHAR"),
        (with("holder", holder_with("p-1", &json!({ "name": ["山田"] }))), "E-JSON"),
        (with("holder", holder_with("p-1", &json!({ "kind": "signature" }))), "E-JSON"),
        (with("山田", json!(1)), "E-JSON"),
        (with("kind", json!("花子")), "E-JSON"),
        (with("carrier", json!("花子")), "E-JSON"),
        (with("public_keys", json!({ "signature": "山田" })), "E-PUBLIC-KEY"),
        (with("csrs", json!({ "signature": public_key(1) })), "E-PUBLIC-KEY"),
        (with("kind", json!("signature")), "E-UNEXPECTED"),
        (json!([]), "E-JSON"),
    ];
    for (document, rule) in &cases {
        served.issue(&stage, "a", document).refused(400, Some(rule));
    }
    for text in ["", "{", "山田", "{}{}", "\u{0}"] {
        stage.write("document.txt", text);
        let file = stage.path("document.txt");
        let mut curl = posting(served.curl("issuer", CERTIFICATES_PATH), JSON, &file);
        let output = curl.args(["--header", "idempotency-key: a"]).output().unwrap();
        Answer::of(&output).refused(400, Some("E-JSON"));
    }
    let document = asked("p-1", 1);
    for key in ["", "山田", &"k".repeat(201)] {
        served.issue(&stage, key, &document).refused(400, Some("E-REQUEST-ID"));
    }
    served
        .post_json(&stage, "issuer", CERTIFICATES_PATH, &document)
        .refused(400, Some("E-REQUEST-ID"));
    let file = stage.path("document.json");
    served.post("issuer", CERTIFICATES_PATH, "text/plain", &file).refused(415, None);
    stage.write("large.json", vec![b' '; 200_000]);
    let mut curl =
        posting(served.curl("issuer", CERTIFICATES_PATH), JSON, &stage.path("large.json"));
    let output = curl.args(["--header", "idempotency-key: a"]).output().unwrap();
    Answer::of(&output).refused(413, Some("E-LENGTH"));
    let log = stage.read_text("serve.log");
    assert!(!log.contains("山田") && !log.contains("花子"), "{log}");
    served.stop();
    assert_eq!(stage.count("intended"), intended);
}

#[test]
fn the_holders_side_makes_the_keys() {
    let stage = home();
    let served = Served::of(&stage);
    let without = json!({ "holder": holder("p-1") });
    let refused = served.issue(&stage, "a", &without).refused(422, Some("R-KEY-MISSING"));
    let said = refused["detail"].as_str().unwrap();
    assert!(said.contains("neither makes nor sends private keys"), "{said}");
    let mut half = asked("p-1", 1);
    half["public_keys"].as_object_mut().unwrap().remove("user-authentication");
    served.issue(&stage, "a", &half).refused(422, Some("R-KEY-MISSING"));

    // A request of PKCS #10 proves that whoever asks has the key; one that was tampered with does not.
    let new = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem";
    stage.shell(&format!("{new} -subj /CN=x -out good.csr")).exits(0);
    stage.shell("openssl req -in good.csr -outform DER -out good.der").exits(0);
    let mut bad = stage.read("good.der");
    let last = bad.len() - 1;
    bad[last] ^= 1;
    stage.write("bad.der", bad);
    let bad = stage.shell("openssl base64 -A -in bad.der").exits(0).stdout;
    let asked = |csr: &str| json!({ "holder": holder("p-1"), "kind": "signature", "csrs": { "signature": csr } });
    served.issue(&stage, "b", &asked(&bad)).refused(400, Some("E-PUBLIC-KEY"));
    let issued = served.issue(&stage, "b", &asked(&stage.read_text("good.csr"))).is(201);
    stage.write("got.pem", issued["certificates"][0]["pem"].as_str().unwrap());
    let key = |line: &str| stage.shell(line).exits(0).stdout;
    assert_eq!(
        key("openssl x509 -in got.pem -noout -pubkey"),
        key("openssl pkey -in k.pem -pubout")
    );
    served.stop();
}

#[test]
fn a_certificate_is_held_released_and_ended() {
    let stage = home();
    stage.issue(&holder("p-1"), "");
    stage.issue(&holder("p-1"), "--carrier phone");
    let served = Served::of(&stage);
    let act = |document: Value| served.post_json(&stage, "issuer", "/v1/revocations", &document);
    let phone = |act: &str| json!({ "ca": "user-authentication", "serial": "4", "act": act });
    let held = act(phone("hold")).is(200);
    assert_eq!(
        (&held["before"]["state"], &held["after"]["state"]),
        (&json!("live"), &json!("held"))
    );
    act(phone("release")).is(200);
    act(phone("release")).refused(422, Some("R-NOT-HELD"));

    let mut revoke = json!({ "ca": "signature", "serial": "4", "act": "revoke" });
    act(revoke.clone()).refused(400, Some("E-MISSING"));
    revoke["reason"] = json!("key-compromise");
    let done = act(revoke.clone()).is(200);
    // As the command would have answered, for another certificate of the same person.
    let words = "revoke --ca signature --serial 5 --reason key-compromise --json";
    let mut command = stage.jpki(words).exits(0).json();
    command["serial"] = json!("4");
    command["carrier"] = json!("card");
    assert!(command["not_after"].is_string());
    command["not_after"] = done["not_after"].clone();
    assert_eq!(done, command);

    act(revoke.clone()).refused(422, Some("R-ALREADY-REVOKED"));
    revoke["serial"] = json!("1");
    act(revoke.clone()).refused(422, Some("R-AUTHORITY-ITSELF"));
    revoke["serial"] = json!("99");
    act(revoke.clone()).refused(422, Some("R-UNKNOWN-SERIAL"));
    for bad in ["", "0", "03", "0x3", "-3", "9223372036854775808"] {
        revoke["serial"] = json!(bad);
        act(revoke.clone()).refused(400, Some("E-WORD"));
    }
    act(json!({ "ca": "signature", "serial": "4", "act": "hold", "reason": "superseded" }))
        .refused(400, Some("E-UNEXPECTED"));
    act(json!({ "ca": "signature", "serial": 4, "act": "hold" })).refused(400, Some("E-JSON"));
    act(json!({ "ca": "root", "serial": "4", "act": "hold" })).refused(400, Some("E-JSON"));
    served.stop();
    stage.is_whole();
}

#[test]
fn a_server_issues_under_the_generation_that_another_process_made() {
    let stage = home();
    let served = Served::of(&stage);
    let generation = |answer: Answer| answer.is(201)["certificates"][0]["generation"].clone();
    assert_eq!(generation(served.issue(&stage, "1", &asked("p-1", 1))), 1);
    stage.jpki("ca rollover --ca signature").exits(0);
    assert_eq!(generation(served.issue(&stage, "2", &asked("p-2", 2))), 2);
    // And on demand, with the settings.
    stage.jpki("ca rollover --ca signature").exits(0);
    served.signal("-HUP");
    while !stage.read_text("serve.log").contains("were read anew") {}
    assert_eq!(generation(served.issue(&stage, "3", &asked("p-3", 3))), 3);
    // What the first generation issued is still there.
    let first = served.get("issuer", "/v1/certificates/signature/4").is(200);
    assert_eq!(first["generation"], 1);
    served.stop();
    stage.is_whole();
}

#[test]
fn keys_under_a_passphrase_are_opened_at_the_start() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse battery staple\n");
    let founded = crate::stage::FOUNDED;
    let init = format!("init --algorithm p256 --passphrase-file passphrase --at {founded}");
    stage.plain(&init).exits(0);
    know_clients(&stage);
    stage.plain(&format!("serve --register 127.0.0.1:0 --at {NOW}")).exits(4);
    let served = Served::with(&stage, "--passphrase-file passphrase");
    served.issue(&stage, "1", &asked("p-1", 1)).is(201);
    served.stop();
}

const JSON: &str = "application/json";
