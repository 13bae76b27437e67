//! Starting, reading anew, stopping.

use std::io::Write as _;
use std::net::TcpListener;

use rustix::process::Signal;

use crate::lists::sessions::publish;
use crate::stage::Stage;

use super::Answer;
use super::Served;
use super::connect;
use super::get;
use super::request;

#[test]
fn without_options_the_settings_say_where() {
    let stage = Stage::founded();
    let planned = stage.plain("serve --dry-run --json").exits(0).lines();
    let planned: Vec<_> = planned.iter().map(|line| (&line["role"], &line["address"])).collect();
    assert_eq!(
        planned,
        [(&"crl".into(), &"127.0.0.1:8081".into()), (&"admin".into(), &"127.0.0.1:8082".into())]
    );
    stage.set("listen = \"127.0.0.1:8081\"", "listen = \"127.0.0.1:0\"");
    stage.set("listen = \"127.0.0.1:8082\"", "listen = \"\"");
    let served = Served::start(&stage, "");
    assert_eq!(get(served.address("crl"), "/crl/", &[]).status, 503);
    stage.set("listen = \"127.0.0.1:0\"", "listen = \"\"");
    stage.plain("serve").exits(2).says("no listener: give one");
    stage.plain("serve --dry-run").exits(2).says("no listener: give one");
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_listens() {
    let stage = Stage::founded();
    stage.plain("serve --crl localhost").exits(2);
    stage.plain("serve --crl 127.0.0.1:99999").exits(2);
    stage
        .plain("serve --crl 127.0.0.1:8081 --admin 127.0.0.1:8081")
        .exits(2)
        .says("127.0.0.1:8081 is given to both crl and admin");
    stage
        .plain("serve --register 127.0.0.1:0")
        .exits(2)
        .says("register has no plain listener: set serve.register.certificate");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let run = stage.plain(&format!("serve --crl {address}"));
    run.exits(5).says(&format!("cannot listen on {address}"));
    stage.set("head_octets = 16384", "head_octets = 16");
    stage.plain("serve --crl 127.0.0.1:0").exits(2).says("serve: limits.head_octets");
}

#[test]
fn wrong_settings_of_servers_are_named() {
    let stage = Stage::founded();
    let good = stage.read_text("home/jpki.toml");
    let client = |fields: &str| format!("[[serve.client]]\n{fields}\n\n[policy]");
    let sha256 = "ab".repeat(32);
    for (from, to, says) in [
        ("log = \"text\"", "log = \"xml\"".to_owned(), "xml"),
        ("log_level = \"info\"", "log_level = \"a=b=c\"".to_owned(), "serve.log_level"),
        ("folder = \"crl\"", "folder = \"crl\"\ncolour = 1".to_owned(), "colour"),
        ("listen = \"127.0.0.1:8081\"", "listen = \"8081\"".to_owned(), "write IP:PORT"),
        ("streams = 100", "streams = 0".to_owned(), "streams"),
        ("stall_seconds = 20", "stall_seconds = 0".to_owned(), "1 or more"),
        ("[policy]", client("name = \"a b\"\nsha256 = \"00\"\nroles = []"), "SHA-256"),
        (
            "[policy]",
            client(&format!("name = \"a b\"\nsha256 = \"{sha256}\"\nroles = [\"issuer\"]")),
            "client.name",
        ),
        (
            "[policy]",
            client(&format!("name = \"a\"\nsha256 = \"{sha256}\"\nroles = [\"king\"]")),
            "king",
        ),
        (
            "[policy]",
            client(&format!(
                "name = \"a\"\nsha256 = \"{sha256}\"\nroles = [\"issuer\"]\nsources = [\"132217\"]"
            )),
            "sources are for the role register",
        ),
        (
            "[policy]",
            client(&format!(
                "name = \"a\"\nsha256 = \"{sha256}\"\nroles = [\"register\"]\nsources = [\"132218\"]"
            )),
            "no such source",
        ),
    ] {
        assert_eq!(good.matches(from).count(), 1, "{from}");
        stage.write("home/jpki.toml", good.replace(from, &to));
        stage.plain("serve --dry-run").exits(2).says(says);
    }
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let stage = Stage::founded();
    let mut served = Served::start(&stage, "--admin 127.0.0.1:0");
    let admin = served.address("admin");
    let mut idle = connect(admin);
    assert_eq!(request(&mut idle, "GET", "/healthz", &[]).status, 200);
    // Under way: a body is announced, and not there yet.
    let mut stream = connect(admin);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\na").unwrap();
    let answer = Answer::read(&mut stream, "GET");
    assert_eq!(answer.status, 200);
    served.signal(Signal::TERM);
    let (code, log) = served.ends();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(log.iter().any(|line| line.contains("\"finished\":true")), "{log:?}");
    assert!(std::net::TcpStream::connect(admin).is_err());
}

#[test]
fn a_long_answer_is_finished_after_the_signal_and_a_second_signal_ends_it() {
    let stage = Stage::founded();
    publish(&stage, "");
    let whole = stage.read("home/crl/current/manifest.json");
    for patient in [true, false] {
        let mut served = Served::start(&stage, "--crl 127.0.0.1:0");
        let mut stream = connect(served.address("crl"));
        // More than the buffers between us hold.
        for _ in 0..20 {
            stream.write_all(b"GET /crl/manifest.json HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        }
        let first = Answer::read(&mut stream, "GET");
        assert_eq!(first.body, whole);
        served.signal(Signal::TERM);
        served.logs("stopping");
        assert!(std::net::TcpStream::connect(served.address("crl")).is_err(), "it still accepts");
        if patient {
            let mut answers = 1;
            while let Ok(answer) = Answer::try_read(&mut stream, "GET") {
                assert_eq!(answer.body, whole);
                answers += 1;
            }
            assert!(answers >= 2, "the one that was under way was cut off");
            assert_eq!(served.ends().0, Some(0));
        } else {
            served.signal(Signal::INT);
            let (code, log) = served.ends();
            assert_eq!(code, Some(5), "{log:?}");
        }
    }
}

#[test]
fn settings_are_read_anew_and_wrong_ones_are_not_taken() {
    let stage = Stage::founded();
    publish(&stage, "--out elsewhere");
    let mut served = Served::start(&stage, "--crl 127.0.0.1:0");
    let crl = served.address("crl");
    let mut live = connect(crl);
    assert_eq!(request(&mut live, "GET", "/crl/", &[]).status, 503);
    let elsewhere = format!("folder = \"{}\"", stage.path("elsewhere").display());
    stage.set("folder = \"crl\"", &elsewhere);
    stage.set("max_age_seconds = 3600", "max_age_seconds = 7");
    served.signal(Signal::HUP);
    served.logs("read anew");
    let answer = request(&mut live, "GET", "/ca/signature-1.cer", &[]);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=7"));
    assert_eq!(request(&mut live, "GET", "/crl/", &[]).status, 200);
    stage.set(&elsewhere, "folder = 7");
    served.signal(Signal::HUP);
    let line = served.logs("not read anew");
    assert!(line.contains("ERROR") && line.contains("jpki.toml, line"), "{line}");
    assert_eq!(request(&mut live, "GET", "/crl/", &[]).status, 200);
    assert_eq!(served.stop().0, Some(0));
}
