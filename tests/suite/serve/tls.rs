//! TLS, and who may ask.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::process::Stdio;

use rustix::process::Signal;

use crate::stage::Stage;

use super::Served;

/// Makes an authority for TLS, a server's certificate and one for each client, in the folder `tls`.
pub(crate) fn certificates(stage: &Stage, clients: &[&str]) {
    stage
        .shell(
            "mkdir tls && cd tls && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
             -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 30 \
             && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
             -nodes -keyout strange.key -out strange.pem -subj /CN=strange -days 30",
        )
        .exits(0);
    server(stage, "server");
    stage.write("tls/client.ext", "extendedKeyUsage=clientAuth\n");
    for client in clients {
        let line = format!(
            "cd tls && {NEW} -keyout {client}.key -subj /CN={client} | openssl x509 -req -days 30 \
             -CA ca.pem -CAkey ca.key -CAcreateserial -extfile client.ext -out {client}.pem"
        );
        stage.shell(&line).exits(0);
    }
}

/// Makes a certificate for the server.
fn server(stage: &Stage, name: &str) {
    stage.write("tls/server.ext", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    let line = format!(
        "cd tls && {NEW} -keyout {name}.key -subj /CN={name} | openssl x509 -req -days 30 -CA ca.pem \
         -CAkey ca.key -CAcreateserial -extfile server.ext -out {name}.pem && chmod 600 {name}.key"
    );
    stage.shell(&line).exits(0);
}

/// The fingerprint of a certificate, as OpenSSL writes it.
fn fingerprint(stage: &Stage, name: &str) -> String {
    let line = format!("openssl x509 -in tls/{name}.pem -noout -fingerprint -sha256");
    let text = stage.shell(&line).exits(0).stdout;
    text.trim().split('=').nth(1).unwrap().to_owned()
}

/// Sets the files of the role that has this address in the settings.
pub(crate) fn secure(stage: &Stage, listen: &str, clients: bool) {
    let text = stage.read_text("home/jpki.toml");
    let (before, after) = text.split_once(&format!("listen = \"{listen}\"")).unwrap();
    let mut after = after.to_owned();
    for (setting, file) in [("certificate", "server.pem"), ("key", "server.key")] {
        after = after.replacen(
            &format!("{setting} = \"\""),
            &format!("{setting} = \"../tls/{file}\""),
            1,
        );
    }
    if clients {
        after = after.replacen("clients = \"\"", "clients = \"../tls/ca.pem\"", 1);
        after = after.replacen("authenticate = false", "authenticate = true", 1);
    }
    stage.write("home/jpki.toml", format!("{before}listen = \"{listen}\"{after}"));
}

/// Names a client in the settings.
pub(crate) fn allow(stage: &Stage, client: &str, roles: &str) {
    let sha256 = fingerprint(stage, client);
    let block = format!(
        "[[serve.client]]\nname = \"{client}\"\nsha256 = \"{sha256}\"\nroles = [{roles}]\n\n[policy]"
    );
    stage.set("[policy]", &block);
}

/// What curl says of a request.
fn curl(stage: &Stage, served: &Served, role: &str, words: &str) -> crate::stage::Run {
    let address = served.address(role);
    let path = if role == "admin" { "/healthz" } else { "/ca/signature-1.cer" };
    stage.shell(&format!(
        "curl -sS -o answer -w '%{{http_code}} %{{http_version}}' --cacert tls/ca.pem {words} \
         https://{address}{path}"
    ))
}

#[test]
fn verifiers_are_asked_for_their_certificates() {
    let stage = Stage::founded();
    certificates(&stage, &["verifier", "issuer", "unknown"]);
    secure(&stage, "127.0.0.1:8081", true);
    allow(&stage, "verifier", "\"verifier\"");
    allow(&stage, "issuer", "\"issuer\"");
    let mut served = Served::start(&stage, "--crl 127.0.0.1:0");
    let with = |client: &str| format!("--cert tls/{client}.pem --key tls/{client}.key");

    let granted = curl(&stage, &served, "crl", &with("verifier")).exits(0);
    assert_eq!(granted.stdout, "200 2");
    assert_eq!(stage.read("answer"), stage.read("home/ca/signature-1.cer"));
    assert!(served.logs("\"status\":200").contains("\"client\":\"verifier\""));
    for client in ["issuer", "unknown"] {
        let refused = curl(&stage, &served, "crl", &format!("--http1.1 {}", with(client))).exits(0);
        assert_eq!(refused.stdout, "403 1.1", "{client}");
        let problem: serde_json::Value = serde_json::from_slice(&stage.read("answer")).unwrap();
        assert_eq!(problem["status"], 403);
    }
    // No certificate, or a stranger's: no handshake.
    for words in ["", &with("strange"), &format!("--tls-max 1.2 {}", with("strange"))] {
        let refused = curl(&stage, &served, "crl", words);
        assert_eq!(refused.stdout, "000 0", "{words}: {refused:?}");
    }
    // No longer a client, from the next request on.
    let settings = stage.read_text("home/jpki.toml").replace("name = \"verifier\"", "name = \"v\"");
    let settings = settings.replace("roles = [\"verifier\"]", "roles = [\"auditor\"]");
    stage.write("home/jpki.toml", settings);
    served.signal(Signal::HUP);
    served.logs("read anew");
    assert_eq!(curl(&stage, &served, "crl", &with("verifier")).exits(0).stdout, "403 2");
}

#[test]
fn a_key_that_others_can_read_and_one_that_does_not_fit_are_refused() {
    let stage = Stage::founded();
    certificates(&stage, &[]);
    secure(&stage, "127.0.0.1:8081", false);
    stage.plain("serve --crl 127.0.0.1:0 --dry-run").exits(0);
    stage.shell("chmod 640 tls/server.key").exits(0);
    stage.plain("serve --crl 127.0.0.1:0 --dry-run").exits(2).says("has mode 640");
    stage.shell("cp tls/ca.key tls/server.key; chmod 600 tls/server.key").exits(0);
    stage.plain("serve --crl 127.0.0.1:0 --dry-run").exits(2).says("certificate and key");
    stage.write("tls/server.key", "no key\n");
    stage.plain("serve --crl 127.0.0.1:0 --dry-run").exits(2).says("no private key in PEM");
    stage.shell("rm tls/server.pem").exits(0);
    stage.plain("serve --crl 127.0.0.1:0 --dry-run").exits(5).says("cannot read");
}

#[test]
fn plain_requests_to_a_secure_listener_get_nothing() {
    let stage = Stage::founded();
    certificates(&stage, &[]);
    secure(&stage, "127.0.0.1:8082", false);
    let served = Served::start(&stage, "--admin 127.0.0.1:0");
    let mut stream = super::connect(served.address("admin"));
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ended = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
    assert_eq!(curl(&stage, &served, "admin", "").exits(0).stdout, "200 2");
    assert_eq!(curl(&stage, &served, "admin", "--tls-max 1.2").exits(0).stdout, "200 2");
}

/// A connection that was there before goes on; the next one meets the new certificate.
#[test]
fn a_new_certificate_is_taken_up_under_a_live_connection() {
    let stage = Stage::founded();
    certificates(&stage, &[]);
    secure(&stage, "127.0.0.1:8082", false);
    let mut served = Served::start(&stage, "--admin 127.0.0.1:0");
    let address = served.address("admin");
    let client = |words: &str| {
        let mut command = std::process::Command::new("openssl");
        command
            .args(["s_client", "-connect", &address.to_string(), "-CAfile"])
            .arg(stage.path("tls/ca.pem"))
            .args(["-verify_return_error", "-alpn", "http/1.1"])
            .args(words.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut live = client("-quiet");
    let mut to = live.stdin.take().unwrap();
    let mut from = BufReader::new(live.stdout.take().unwrap());
    let mut ask = || {
        to.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut line = String::new();
        while line != "ok\n" {
            line.clear();
            assert_ne!(from.read_line(&mut line).unwrap(), 0, "the connection was dropped");
        }
    };
    ask();
    server(&stage, "renewed");
    stage.shell("cp tls/renewed.pem tls/server.pem && cp tls/renewed.key tls/server.key").exits(0);
    served.signal(Signal::HUP);
    served.logs("read anew");
    ask();
    let mut next = client("");
    drop(next.stdin.take());
    let mut said = String::new();
    next.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    next.wait().unwrap();
    assert!(said.contains("CN = renewed") || said.contains("CN=renewed"), "{said}");

    // A pair that does not fit is not taken up.
    stage.shell("cp tls/ca.key tls/server.key").exits(0);
    served.signal(Signal::HUP);
    served.logs("not read anew");
    ask();
    assert_eq!(curl(&stage, &served, "admin", "").exits(0).stdout, "200 2");
    // Whoever watches knows in time when it must be renewed again: it was made for thirty days.
    let metrics = "curl -sS --cacert tls/ca.pem https://";
    let metrics = stage.shell(&format!("{metrics}{}/metrics", served.address("admin"))).exits(0);
    let left = "jpki_http_tls_end_seconds{role=\"admin\"} ";
    let left = metrics.stdout.lines().find_map(|line| line.strip_prefix(left)?.parse().ok());
    let thirty_days = 30 * 86_400;
    let left: i64 = left.unwrap();
    assert!((thirty_days - 3600..=thirty_days).contains(&left), "{left}");
    live.kill().unwrap();
    live.wait().unwrap();
    assert_eq!(served.stop().0, Some(0));
}

const NEW: &str = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes 2>/dev/null";
