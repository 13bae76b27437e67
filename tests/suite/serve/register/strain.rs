//! What goes wrong around the register's server: nonsense, many idle connections, a full disk.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::process::Stdio;

use serde_json::Value;

use crate::serve::connect;
use crate::serve::connections::crowd;
use crate::serve::fill_disk;
use crate::serve::get;
use crate::serve::heedless;
use crate::stage::NOW;

use super::Served;
use super::asked;
use super::certificates;
use super::home;

const WITH_ADMIN: &str = "--admin 127.0.0.1:0";

fn address(served: &Served) -> SocketAddr {
    served.address.parse().unwrap()
}

/// Whether a look-up is answered.
#[track_caller]
fn looks_up(served: &Served) {
    let found = served.get("auditor", "/v1/certificates/signature/1").is(200);
    assert_eq!(found["state"], "live");
}

#[test]
fn nonsense_before_and_behind_the_handshake_leaves_others_in_peace() {
    let stage = home();
    // Some of it looks like the beginning of something, which is waited for.
    stage.set("head_seconds = 10", "head_seconds = 3");
    stage.set("idle_seconds = 60", "idle_seconds = 5");
    let served = Served::with(&stage, WITH_ADMIN);
    let garbage: [&[u8]; 7] = [
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET / HTTP/1.1\r\n\xff\xfe: \xff\r\n\r\n",
    ];
    // Beside one another: most of the time goes into waiting for more of what looks like a beginning.
    std::thread::scope(|scope| {
        for octets in garbage {
            let served = &served;
            scope.spawn(move || {
                talk_nonsense(served, octets);
                looks_up(served);
            });
        }
    });
    assert_eq!(get(served.admin.unwrap(), "/readyz", &[]).status, 200);
    served.stop();
    let log = stage.read_text("serve.log");
    assert!(!log.contains("panicked"), "{log}");
}

/// Says something to the server in place of a handshake, and behind one as a client that is known.
fn talk_nonsense(served: &Served, octets: &[u8]) {
    let mut stream = connect(address(served));
    let _sent = stream.write_all(octets);
    let _half = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    let _ended = stream.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
    looks_up(served);
    let file = |name: &str| certificates().join(name);
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["s_client", "-quiet", "-connect", &served.address, "-CAfile"]);
    openssl.arg(file("ca.pem")).arg("-cert").arg(file("issuer.pem"));
    openssl.arg("-key").arg(file("issuer.key"));
    openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = openssl.spawn().unwrap();
    client.stdin.take().unwrap().write_all(octets).unwrap();
    let said = client.wait_with_output().unwrap().stdout;
    let is_refused = said.is_empty() || said.starts_with(b"HTTP/1.1 4") || said[0] == 0;
    assert!(is_refused, "{:?}", String::from_utf8_lossy(&said));
}

#[test]
fn ten_thousand_idle_connections_keep_nobody_from_being_served() {
    let stage = home();
    // They wait for a handshake, longer than this takes.
    stage.set("head_seconds = 10", "head_seconds = 600");
    let served = Served::with(&stage, WITH_ADMIN);
    let admin = served.admin.unwrap();
    let _idle = crowd(address(&served), admin, "register", || looks_up(&served));
    served.stop();
}

#[test]
fn on_a_full_disk_nothing_is_taken_and_health_says_so_until_there_is_room() {
    let stage = home();
    let words = format!("serve --register 127.0.0.1:0 {WITH_ADMIN} --json --at {NOW}");
    let served = Served::run(&stage, heedless(&stage, &words));
    let ready = || get(served.admin.unwrap(), "/readyz", &[]);
    let issued = |number: u64| {
        let asked = asked(&format!("p-{number}"), number);
        served.issue(&stage, &format!("request-{number}"), &asked)
    };
    assert_eq!(issued(1).is(201)["status"], "issued");
    assert_eq!(ready().status, 200);
    fill_disk(served.process.id(), true);
    for _ in 0..3 {
        issued(2).refused(503, None);
        let told = ready();
        assert_eq!(told.status, 503);
        let of_store = |check: &&Value| check["name"] == "register-store";
        let check = told.json()["checks"].as_array().unwrap().iter().find(of_store).cloned();
        let check = check.unwrap();
        assert!(check["why"].as_str().unwrap().contains("disk"), "{check}");
        // What is there is still said.
        looks_up(&served);
        assert_eq!(get(served.admin.unwrap(), "/healthz", &[]).status, 200);
    }
    fill_disk(served.process.id(), false);
    let told = ready();
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(issued(2).is(201)["status"], "issued");
    assert_eq!(issued(1).is(200)["status"], "existing");
    served.stop();
    stage.is_whole();
}
