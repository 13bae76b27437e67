//! The interface as its document has it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Served;
use super::certificates;
use super::home;

/// The operations of the document, with what each may be answered with.
fn operations(document: &Value) -> Vec<(String, BTreeSet<&str>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap().keys();
            found.push((format!("{method} {path}"), answers.map(String::as_str).collect()));
        }
    }
    found
}

#[test]
fn the_document_says_all_that_is_served() {
    let stage = home();
    let served = Served::of(&stage);
    let document = served.get("auditor", "/openapi.json").is(200);
    assert_eq!(served.get("kiyose", "/v1/openapi.json").is(200), document);
    // This one is HTTP's own.
    let mut curl = served.curl("auditor", "/v1/certificates/signature/1");
    let long = Answer::of(
        &curl.arg("--header").arg(format!("x: {}", "a".repeat(20_000))).output().unwrap(),
    );
    assert_eq!((long.status, long.body.as_str()), (431, ""));
    served.stop();
    assert_eq!(document["openapi"], "3.1.0");
    let always = ["400", "403", "431", "500", "503"];
    let posted = ["408", "413", "415"];
    let expected = [
        ("post /v1/certificates", [&["200", "201", "409", "422"][..], &always, &posted].concat()),
        ("get /v1/certificates/{ca}/{serial}", [&["200", "404", "410"][..], &always].concat()),
        ("post /v1/events", [&["200"][..], &always, &posted].concat()),
        ("post /v1/revocations", [&["200", "409", "422"][..], &always, &posted].concat()),
        ("get /v1/why/{ca}/{serial}", [&["200", "404", "410"][..], &always].concat()),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(name, answers)| (name.to_owned(), answers.into_iter().collect()))
        .collect();
    assert_eq!(operations(&document), expected);
    // What an answer refers to is there.
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let problem = &document["components"]["schemas"]["Problem"];
    assert_eq!(problem["required"], json!(["status", "title"]));
    // What batch lines have besides belongs elsewhere here.
    let holder = &document["components"]["schemas"]["HolderForm"];
    assert!(
        holder["properties"]["request_id"].is_null() && holder["properties"]["name"].is_object()
    );
    assert_eq!(holder["additionalProperties"], json!(false));
}

/// Schemathesis makes requests out of the document, good and bad ones, and holds the answers against
/// it.
#[test]
fn no_request_is_answered_otherwise_than_the_document_says() {
    let stage = home();
    // A client that may do everything.
    let text = stage.read_text("home/jpki.toml");
    let all = "roles = [\"issuer\", \"register\", \"auditor\"]";
    stage.write("home/jpki.toml", text.replace("roles = [\"issuer\"]", all));
    let served = Served::of(&stage);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut schemathesis = Command::new(root.join("target/venv/bin/st"));
    schemathesis
        .env("SCHEMATHESIS_HOOKS", root.join("tests/suite/serve/register/schemathesis_hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(stage.path(""))
        .args(["run", &served.url("/openapi.json"), "--no-color", "--seed", "1"])
        .args(["--max-examples", "12", "--continue-on-failure"])
        // Rules refuse what has the right form; who may do what is tested elsewhere.
        .args(["--exclude-checks", "positive_data_acceptance,ignored_auth"])
        .arg("--request-cert")
        .arg(certificates().join("issuer.pem"))
        .arg("--request-cert-key")
        .arg(certificates().join("issuer.key"))
        .arg("--tls-verify")
        .arg(certificates().join("ca.pem"));
    let output = schemathesis.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // It has asked for everything, and has got what there is to be had.
    assert!(said.contains("Tested: 5"), "{said}");
    let document = served.get("auditor", "/openapi.json").is(200);
    served.stop();
    let log = stage.read_text("serve.log");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| line["message"] == "request");
    let answered: BTreeSet<(String, u64)> = lines
        .map(|line| (line["route"].as_str().unwrap().to_owned(), line["status"].as_u64().unwrap()))
        .collect();
    // The document's own routes are not in it; every status of the others is.
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths {
        let documented = |status: u64| {
            let mut operations = operations.as_object().unwrap().values();
            operations.any(|operation| !operation["responses"][status.to_string()].is_null())
        };
        let mut statuses = answered.iter().filter(|(route, _)| route == path).map(|(_, s)| *s);
        assert!(statuses.clone().any(|status| status < 500), "{path} was not asked: {answered:?}");
        // A method that is not there is no operation of the document's.
        let undocumented = statuses.find(|status| *status != 405 && !documented(*status));
        assert_eq!(undocumented, None, "{path}: {answered:?}");
    }
    assert!(answered.iter().all(|(_, status)| *status < 500), "{answered:?}");
    for (route, status) in [
        ("/v1/certificates", 201),
        ("/v1/certificates", 422),
        ("/v1/events", 200),
        ("/v1/certificates/{ca}/{serial}", 404),
    ] {
        assert!(answered.contains(&(route.to_owned(), status)), "{route} {status}: {answered:?}");
    }
    assert!(stage.count("issued") > 0, "{said}");
    stage.is_whole();
}
