//! Health and metrics.

use std::fs;

use crate::lists::sessions::publish;
use crate::stage::Stage;

use super::Served;
use super::get;

#[test]
fn health_tells_the_truth_about_the_lists() {
    let stage = Stage::founded();
    let words = "--crl 127.0.0.1:0 --admin 127.0.0.1:0 --at";
    let served = Served::start(&stage, &format!("{words} 2026-04-02T10:00:00+09:00"));
    let admin = served.address("admin");
    assert_eq!(get(admin, "/healthz", &[]).text(), "ok\n");
    let ready = get(admin, "/readyz", &[]);
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["ready"], false);
    assert!(ready.json()["checks"][0]["why"].as_str().unwrap().contains("jpki crl publish"));

    publish(&stage, "");
    let ready = get(admin, "/readyz", &[]);
    assert_eq!((ready.status, &ready.json()["checks"][0]["ok"]), (200, &true.into()));
    let metrics = get(admin, "/metrics", &[]);
    for line in [
        "jpki_crl_age_seconds{ca=\"signature\",generation=\"1\"} 3600",
        "jpki_crl_past_half_life{ca=\"user-authentication\",generation=\"1\"} 0",
        "jpki_http_requests_total{role=\"admin\",method=\"GET\",status=\"503\"} 1",
        "jpki_build_info{version=",
    ] {
        assert!(metrics.text().contains(line), "{line} is not in {}", metrics.text());
    }
    // Gone, and back.
    let (current, away) = (stage.path("home/crl/current"), stage.path("home/crl/away"));
    fs::rename(&current, &away).unwrap();
    assert_eq!(get(admin, "/readyz", &[]).status, 503);
    assert!(!get(admin, "/metrics", &[]).text().contains("jpki_crl_age_seconds{"));
    fs::rename(&away, &current).unwrap();
    assert_eq!(get(admin, "/readyz", &[]).status, 200);
    drop(served);

    for (at, stale, lapsed) in [
        ("2026-04-03T21:00:00+09:00", 0, 0),
        ("2026-04-03T21:00:01+09:00", 1893, 0),
        ("2026-04-05T09:00:01+09:00", 1893, 1893),
    ] {
        let served = Served::start(&stage, &format!("{words} {at}"));
        let admin = served.address("admin");
        assert_eq!(get(admin, "/readyz", &[]).status, if stale == 0 { 200 } else { 503 }, "{at}");
        let metrics = get(admin, "/metrics", &[]);
        let labels = "{ca=\"signature\",generation=\"1\"}";
        let line = format!("jpki_crl_past_half_life{labels} {stale}\n");
        assert!(metrics.text().contains(&line), "{line}");
        let line = format!("jpki_crl_lapsed{labels} {lapsed}\n");
        assert!(metrics.text().contains(&line), "{line}");
    }
}

#[test]
fn health_alone_looks_after_the_store_as_well() {
    let stage = Stage::founded();
    let served = Served::start(&stage, "--admin 127.0.0.1:0");
    let admin = served.address("admin");
    let ready = get(admin, "/readyz", &[]);
    assert_eq!((ready.status, &ready.json()["checks"][0]["name"]), (200, &"store".into()));
    // Gone, no store, and back.
    fs::rename(stage.path("home/store.db"), stage.path("store.db")).unwrap();
    let why = get(admin, "/readyz", &[]).json()["checks"][0]["why"].to_string();
    assert!(why.contains("there is no store"), "{why}");
    stage.write("home/store.db", "no store");
    assert_eq!(get(admin, "/readyz", &[]).status, 503);
    assert_eq!(get(admin, "/healthz", &[]).status, 200);
    fs::rename(stage.path("store.db"), stage.path("home/store.db")).unwrap();
    assert_eq!(get(admin, "/readyz", &[]).status, 200);
}

#[test]
fn the_server_of_the_lists_opens_no_key_and_no_store() {
    let stage = Stage::founded();
    publish(&stage, "");
    for gone in ["keys", "store.db"] {
        fs::rename(stage.path(&format!("home/{gone}")), stage.path(gone)).unwrap();
    }
    let served = Served::start(&stage, "--crl 127.0.0.1:0");
    let answer = get(served.address("crl"), "/crl/signature/1/132217.crl", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, stage.read("home/crl/current/signature-1-132217.crl"));
}

#[test]
fn a_request_is_logged_without_what_it_asked_for() {
    let stage = Stage::founded();
    let mut served = Served::start(&stage, "--crl 127.0.0.1:0 --quiet");
    let path = "/ca/yamada-hanako.cer?name=yamada";
    let given = "0b41fd3a-8b73-4a53-9d3c-4b2a0d3e6f11";
    let answer = get(served.address("crl"), path, &[&format!("x-request-id: {given}")]);
    assert_eq!((answer.status, answer.header("x-request-id")), (404, Some(given)));
    let line: serde_json::Value = serde_json::from_str(&served.logs(given)).unwrap();
    assert_eq!(line["route"], "/ca/{file}");
    assert_eq!(line["status"], 404);
    assert_eq!(line["octets"], answer.body.len());
    // A number that may be somebody's is no id.
    let answer = get(served.address("crl"), "/crl/1", &["x-request-id: 012345678901"]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    assert_ne!(id, "012345678901");
    served.logs(&id);
    let (code, log) = served.stop();
    assert_eq!(code, Some(0));
    let log = log.join("\n");
    assert!(!log.contains("yamada") && !log.contains("012345678901"), "{log}");
}
