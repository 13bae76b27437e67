//! Sessions with `jpki show` and `jpki lint` of questions and answers about status (OCSP).

use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::stage::Stage;

/// A stage with the files that OpenSSL wrote, and a refusal.
fn stage() -> Stage {
    let stage = Stage::empty();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/show");
    for (name, file) in [
        ("request", "status.ocsp-request"),
        ("signed", "signed.ocsp-request"),
        ("response", "status.ocsp-response"),
    ] {
        stage.write(name, fs::read(folder.join(file)).unwrap());
    }
    stage.write("refusal", [0x30, 3, 0x0a, 1, 6]);
    stage
}

fn ids(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect()
}

#[test]
fn they_are_judged() {
    let stage = stage();
    let words = "lint request signed response refusal";
    let text = stage.plain(words).exits(0).stdout;
    for words in [
        "request: conforms 適合 (状態照会 status request, 4件 4 certificates)\nsigned: ",
        "signed: conforms 適合 (状態照会 status request, 1件 1 certificates)\n  notice  L-OCSP-REQ-",
        "response: conforms 適合 (状態応答 status response, 4件 4 certificates)\n  warning  L-OCSP-",
        "refusal: conforms 適合 (状態応答 status response, unauthorized)\n",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let reports = stage.plain(&format!("{words} --json")).exits(0).lines();
    let said: Vec<_> = reports.iter().map(|report| &report["ocsp"]).collect();
    let expected = [
        json!({ "message": "request", "certificates": 4, "signed": false }),
        json!({ "message": "request", "certificates": 1, "signed": true }),
        json!({ "message": "response", "certificates": 4 }),
        json!({ "message": "response", "certificates": null, "refusal": "unauthorized" }),
    ];
    assert_eq!(said, expected.iter().collect::<Vec<_>>());
    let found: Vec<_> = reports.iter().map(ids).collect();
    let response = vec!["L-OCSP-EXT-UNKNOWN", "L-OCSP-UNCHECKED"];
    assert_eq!(found, [vec![], vec!["L-OCSP-REQ-UNCHECKED"], response, vec![]]);
}

#[test]
fn what_is_wrong_with_them_is_named() {
    let stage = stage();
    for (file, rule) in [("request", "L-OCSP-REQ-DER"), ("response", "L-OCSP-DER")] {
        let more = [stage.read(file), vec![0]].concat();
        stage.write("more", more);
        let report = stage.plain("lint more --json").exits(1).json();
        assert_eq!((ids(&report), &report["conforms"]), (vec![rule], &json!(false)));
        stage.plain("show more").exits(2).says("has something behind it");
    }
    let mut response = stage.read("response");
    let status = response.windows(3).position(|octets| octets == [0x80, 0, 0x18]).unwrap();
    response[status] = 0x82;
    stage.write("changed", response);
    let report = stage.plain("lint changed --json").exits(1).json();
    assert_eq!(ids(&report), ["L-OCSP-EXT-UNKNOWN", "L-OCSP-SIGNATURE", "L-OCSP-UNCHECKED"]);
    let shown = stage.plain("show changed").exits(0).stdout;
    assert!(shown.contains("the signature does NOT verify"), "{shown}");
}

#[test]
fn they_are_shown_in_der_and_pem() {
    let stage = stage();
    for file in ["request", "signed", "response", "refusal"] {
        let kind = if file.starts_with("re") && file != "request" { "response" } else { "request" };
        let shown = stage.plain(&format!("show {file} --json")).exits(0).json();
        assert_eq!(shown["objects"][0]["object"], format!("ocsp_{kind}"));
        let label = format!("OCSP {}", kind.to_uppercase());
        let pem = format!(
            "(echo '-----BEGIN {label}-----'; base64 {file}; echo '-----END {label}-----') > {file}.pem"
        );
        stage.shell(&pem).exits(0);
        let again = stage.plain(&format!("show {file}.pem --json")).exits(0).json();
        assert_eq!(again, shown);
    }
}
