//! Who is answered at all, and what.

use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::Stage;

use super::Answer;
use super::CERTIFICATES_PATH;
use super::NDJSON;
use super::Served;
use super::asked;
use super::certificates;
use super::home;

#[test]
fn there_is_no_plain_listener() {
    let stage = Stage::founded();
    let run = stage.jpki("serve --register 127.0.0.1:0");
    run.exits(2).says("register has no plain listener: set serve.register.certificate");
    let stage = home();
    let clients = format!("clients = \"{}\"", certificates().join("ca.pem").display());
    stage.set(&clients, "clients = \"\"");
    let run = stage.jpki("serve --register 127.0.0.1:0");
    run.exits(2).says("register has no plain listener: set serve.register.clients");
}

/// curl with these options; what became of it, before there was any answer.
fn is_cut_off(served: &Served, url: &str, options: &[&str]) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60", "--cacert"]);
    curl.arg(certificates().join("ca.pem")).args(options);
    let output = curl.current_dir(certificates()).arg(url).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "{options:?}: {output:?}");
    // Others are served as before.
    served.get("issuer", "/openapi.json").is(200);
}

#[test]
fn a_client_without_the_right_certificate_is_not_talked_to() {
    let stage = home();
    let served = Served::of(&stage);
    let url = served.url("/openapi.json");
    is_cut_off(&served, &url, &[]);
    is_cut_off(&served, &url, &["--cert", "impostor.pem", "--key", "impostor.key"]);
    is_cut_off(&served, &url.replacen("https", "http", 1), &[]);
    // The same client, by the version before.
    let issuer = ["--cert", "issuer.pem", "--key", "issuer.key"];
    is_cut_off(&served, &url, &[&issuer[..], &["--tls-max", "1.2"]].concat());
    served.stop();
}

#[test]
fn a_client_that_the_settings_do_not_know_is_told_nothing() {
    let stage = home();
    let served = Served::of(&stage);
    for path in ["/openapi.json", "/v1/certificates/signature/1", "/nothing"] {
        served.get("stranger", path).refused(403, None);
    }
    // It is told so even while it sends.
    for _ in 0..5 {
        let document = asked("p-1", 1);
        served.post_json(&stage, "stranger", CERTIFICATES_PATH, &document).refused(403, None);
    }
    served.stop();
    assert_eq!(stage.count("issued"), FOUNDING);
}

/// What each may do: the request, and the clients that may.
#[test]
fn each_role_does_its_own_and_no_more() {
    let stage = home();
    stage.issue(&crate::stage::holder("p-1"), "");
    let served = Served::of(&stage);
    let hold = json!({ "ca": "signature", "serial": "4", "act": "hold" });
    let post = |client: &str, path: &str, kind: &str, document: &Value| -> Answer {
        stage.write_json("document.json", document);
        served.post(client, path, kind, &stage.path("document.json"))
    };
    for client in ["issuer", "register", "kiyose", "auditor"] {
        let is = |role: &[&str]| role.contains(&client);
        let answers = [
            (post(client, "/v1/events", NDJSON, &json!({})), is(&["register", "kiyose"]), 200),
            // Neither has an idempotency key.
            (post(client, CERTIFICATES_PATH, JSON, &asked("p-2", 2)), is(&["issuer"]), 400),
            (post(client, "/v1/revocations", JSON, &hold), is(&["issuer"]), 200),
            (served.get(client, "/v1/certificates/signature/4"), is(&["issuer", "auditor"]), 200),
            (served.get(client, "/v1/why/signature/4"), is(&["issuer", "auditor"]), 200),
            (served.get(client, "/openapi.json"), true, 200),
        ];
        for (position, (answer, may, status)) in answers.iter().enumerate() {
            if *may {
                assert_eq!(answer.status, *status, "{client}, {position}: {answer:?}");
            } else {
                answer.refused(403, Some("R-ROLE"));
            }
        }
    }
    served.stop();
    assert_eq!(stage.count("held"), 1);
}

#[test]
fn what_is_not_there_is_a_problem_as_well() {
    let stage = home();
    let served = Served::of(&stage);
    served.get("issuer", "/").refused(404, None);
    served.get("issuer", "/v1/certificates").refused(405, None);
    served.get("issuer", "/v1/certificates/signature").refused(404, None);
    served.stop();
}

const JSON: &str = "application/json";
