//! Lists as they are served.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use serde_json::Value;

use crate::lists::sessions::publish;
use crate::lists::sessions::revoked;
use crate::stage::NOW;
use crate::stage::Stage;

use super::Served;
use super::connect;
use super::connections::crowd;
use super::get;
use super::request;

const LIST: &str = "/crl/signature/1/132217.crl";

#[test]
fn everything_that_is_published_is_served_as_it_stands() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    publish(&stage, "");
    revoked(&stage, "p-2");
    publish(&stage, "--delta --full --at 2026-04-02T10:00:00+09:00");
    let served = Served::start(&stage, "--crl 127.0.0.1:0 --at 2026-04-02T11:00:00+09:00");
    let crl = served.address("crl");
    for (path, file, kind) in [
        (LIST, "crl/current/signature-1-132217.crl", CRL),
        ("/crl/signature/1/132217.delta.crl", "crl/current/signature-1-132217.delta.crl", CRL),
        ("/crl/signature/1/full.crl", "crl/current/signature-1-full.crl", CRL),
        (
            "/crl/user-authentication/1/000000.crl",
            "crl/current/user-authentication-1-000000.crl",
            CRL,
        ),
        ("/crl/manifest.json", "crl/current/manifest.json", "application/json"),
        ("/crl/manifest.sig", "crl/current/manifest.sig", "application/octet-stream"),
        ("/crl/publication.cer", "crl/current/publication.cer", CERTIFICATE),
        ("/ca/signature-1.cer", "ca/signature-1.cer", CERTIFICATE),
        ("/ca/user-authentication-1.pem", "ca/user-authentication-1.pem", PEM),
    ] {
        let file = format!("home/{file}");
        let answer = get(crl, path, &[]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert!(answer.body == stage.read(&file), "{path}");
        assert_eq!(answer.header("content-encoding"), None);
        let head = request(&mut connect(crl), "HEAD", path, &[]);
        let length = answer.body.len().to_string();
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
        for field in ["etag", "last-modified", "cache-control", "expires"] {
            assert_eq!(head.header(field), answer.header(field), "{path} {field}");
        }
    }
    let index = get(crl, "/crl/", &[]).json();
    let hrefs: Vec<&str> =
        index["lists"].as_array().unwrap().iter().map(|l| l["href"].as_str().unwrap()).collect();
    assert_eq!(hrefs.len(), 2 * 1893 + 1 + 2);
    assert!(hrefs.contains(&"/crl/signature/1/132217.delta.crl"), "{hrefs:?}");
    let text = get(crl, "/crl/", &["accept: text/plain"]);
    assert!(text.text().starts_with("publication 2 of 2026-04-02T01:00:00Z\n"), "{}", text.text());

    publish(&stage, "--format pem --at 2026-04-02T10:30:00+09:00");
    let answer = get(crl, "/crl/signature/1/132217.crl.pem", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(PEM)));
    assert!(answer.body == stage.read("home/crl/current/signature-1-132217.crl.pem"));
    assert_eq!(get(crl, LIST, &[]).status, 404);
}

#[test]
fn nothing_else_is_served() {
    let stage = Stage::founded();
    publish(&stage, "");
    let served = Served::start(&stage, &format!("--crl 127.0.0.1:0 --at {NOW}"));
    let crl = served.address("crl");
    for path in [
        "/",
        "/crl",
        "/crl/signature-1-132217.crl",
        "/crl/signature/1/132218.crl",
        "/crl/signature/2/132217.crl",
        "/crl/signature/01/132217.crl",
        "/crl/signature/1/132217.crl.pem",
        "/crl/signature/1/full.crl",
        "/crl/signature/1/..%2f..%2fmanifest.json",
        "/crl/../keys/signature-1.key.pem",
        "/crl/%2e%2e/%2e%2e/jpki.toml",
        "/crl/signature/1/132217.crl%00",
        "/crl/signature/1/%ff.crl",
        "/ca/publication.cer",
        "/ca/signature-2.cer",
        "/ca/..%2fjpki.toml",
        "/ca/..%2fkeys%2fsignature-1.key.pem",
        "/healthz",
        "/metrics",
        "//crl/",
        "/crl/current/manifest.json",
    ] {
        let answer = get(crl, path, &[]);
        assert!([400, 404].contains(&answer.status), "{path}: {answer:?}");
        assert!(answer.body.len() < 100, "{path}: {answer:?}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
        let answer = request(&mut connect(crl), method, LIST, &[]);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")), "{method}");
    }
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    let stage = Stage::founded();
    publish(&stage, "");
    let served = Served::start(&stage, "--crl 127.0.0.1:0 --at 2026-04-05T08:50:00+09:00");
    let mut stream = connect(served.address("crl"));
    let first = request(&mut stream, "GET", LIST, &[]);
    let etag = first.header("etag").unwrap().to_owned();
    // A list lives for 72 hours: ten minutes are left.
    assert_eq!(first.header("last-modified"), Some("Thu, 02 Apr 2026 00:00:00 GMT"));
    assert_eq!(first.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(first.header("expires"), Some("Sun, 05 Apr 2026 00:00:00 GMT"));
    assert_eq!(first.header("date"), Some("Sat, 04 Apr 2026 23:50:00 GMT"));

    let known = format!("if-none-match: {etag}");
    let again = request(&mut stream, "GET", LIST, &[&known]);
    assert_eq!((again.status, again.header("etag")), (304, Some(etag.as_str())));
    assert_eq!(again.header("cache-control"), Some("public, max-age=600"));
    let since = "if-modified-since: Thu, 02 Apr 2026 00:00:00 GMT";
    assert_eq!(request(&mut stream, "GET", LIST, &[since]).status, 304);
    assert_eq!(request(&mut stream, "HEAD", LIST, &[&known]).status, 304);
    let other = request(&mut stream, "GET", LIST, &["if-match: \"another\""]);
    assert_eq!(other.status, 412);

    let part = request(&mut stream, "GET", LIST, &["range: bytes=10-19"]);
    assert_eq!((part.status, part.body.as_slice()), (206, &first.body[10..20]));
    let range = format!("bytes 10-19/{}", first.body.len());
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    let same = format!("if-range: {etag}");
    let part = request(&mut stream, "GET", LIST, &["range: bytes=-4", &same]);
    assert_eq!((part.status, part.body.as_slice()), (206, &first.body[first.body.len() - 4..]));
    let whole = request(&mut stream, "GET", LIST, &["range: bytes=-4", "if-range: \"old\""]);
    assert_eq!((whole.status, whole.body.len()), (200, first.body.len()));
    let none = request(&mut stream, "GET", LIST, &["range: bytes=100000-"]);
    assert_eq!(
        (none.status, none.header("content-range").unwrap().starts_with("bytes */")),
        (416, true)
    );
    // All of it on one connection.
    assert_eq!(request(&mut stream, "GET", LIST, &[]).body, first.body);
}

#[test]
fn curl_gets_lists_by_both_versions_and_continues_a_download() {
    let stage = Stage::founded();
    publish(&stage, "");
    let served = Served::start(&stage, &format!("--crl 127.0.0.1:0 --at {NOW}"));
    let url = format!("http://{}{LIST}", served.address("crl"));
    for version in ["--http1.1", "--http1.0", "--http2-prior-knowledge", "--compressed"] {
        stage.shell(&format!("curl -sSf {version} -o got.crl {url}")).exits(0);
        assert_eq!(stage.read("got.crl"), stage.read("home/crl/current/signature-1-132217.crl"));
        let verified = "openssl crl -in got.crl -inform DER -noout -CAfile home/ca/signature-1.pem";
        stage.shell(verified).exits(0).says("verify OK");
    }
    let whole = stage.read("got.crl");
    stage.write("got.crl", &whole[..100]);
    stage.shell(&format!("curl -sSf -C - -o got.crl {url}")).exits(0);
    assert_eq!(stage.read("got.crl"), whole);
}

/// More idle connections than there are places, and whoever asks for lists gets them all the while.
#[test]
fn ten_thousand_idle_connections_keep_nobody_from_getting_lists() {
    let stage = Stage::founded();
    publish(&stage, "");
    // Longer than this takes.
    stage.set("head_seconds = 10", "head_seconds = 600");
    let options = format!("--crl 127.0.0.1:0 --admin 127.0.0.1:0 --at {NOW}");
    let served = Served::start(&stage, &options);
    let (crl, admin) = (served.address("crl"), served.address("admin"));
    let list = stage.read("home/crl/current/signature-1-132217.crl");
    let ask = || assert!(get(crl, LIST, &[]).body == list);
    if let Some(mut idle) = crowd(crl, admin, "crl", ask) {
        let newest = idle.last_mut().unwrap();
        assert!(request(newest, "GET", LIST, &[]).body == list, "it has its place");
    }
    assert_eq!(served.stop().0, Some(0));
}

/// Whoever reads while lists are published gets one of the lists that were published, to the end.
#[test]
fn a_list_is_never_torn_while_others_are_published() {
    let stage = Stage::founded();
    let mut known: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    publish(&stage, "");
    note(&stage, &mut known);
    let served = Served::start(&stage, &format!("--crl 127.0.0.1:0 --at {NOW}"));
    let crl = served.address("crl");
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = BTreeMap::new();
                    let mut stream = connect(crl);
                    while !done.load(Ordering::Relaxed) {
                        let answer = request(&mut stream, "GET", LIST, &[]);
                        assert_eq!(answer.status, 200);
                        seen.insert(answer.header("etag").unwrap().to_owned(), answer.body);
                    }
                    seen
                })
            })
            .collect();
        for round in 0..5 {
            publish(&stage, &format!("--partition 132217 --at 2026-04-02T1{round}:00:00+09:00"));
            note(&stage, &mut known);
            // Seen at once by whoever asks after it was published.
            assert_eq!(get(crl, LIST, &[]).body, stage.read(CURRENT_LIST));
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect::<BTreeMap<_, _>>()
    });
    assert!(seen.len() >= 2, "nobody read while lists changed: {:?}", seen.keys());
    for (etag, body) in seen {
        assert_eq!(known.get(&etag), Some(&body), "{etag} is no list that was published");
    }
}

/// Notes the visible list by the tag that it must have.
fn note(stage: &Stage, known: &mut BTreeMap<String, Vec<u8>>) {
    let manifest: Value =
        serde_json::from_slice(&stage.read("home/crl/current/manifest.json")).unwrap();
    let lists = manifest["lists"].as_array().unwrap();
    let list = lists.iter().find(|list| list["file"] == "signature-1-132217.crl").unwrap();
    let digest = &list["digest"]["hex"].as_str().unwrap()[..32];
    known.insert(format!("\"{}-{digest}\"", list["number"]), stage.read(CURRENT_LIST));
}

#[test]
fn a_damaged_list_is_not_sent() {
    let stage = Stage::founded();
    publish(&stage, "");
    let mut list = stage.read(CURRENT_LIST);
    list.pop();
    stage.write(CURRENT_LIST, &list);
    let mut served = Served::start(&stage, &format!("--crl 127.0.0.1:0 --at {NOW}"));
    let answer = get(served.address("crl"), LIST, &[]);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("60")));
    served.logs("not as long as it was signed");
    assert_eq!(get(served.address("crl"), "/crl/signature/1/131016.crl", &[]).status, 200);
}

const CURRENT_LIST: &str = "home/crl/current/signature-1-132217.crl";
const CRL: &str = "application/pkix-crl";
const CERTIFICATE: &str = "application/pkix-cert";
const PEM: &str = "application/x-pem-file";
