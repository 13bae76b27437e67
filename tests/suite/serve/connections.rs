//! Clients that are slow, many, or talk nonsense.

use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpStream;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

use crate::stage::Stage;

use super::Answer;
use super::PATIENCE;
use super::Served;
use super::connect;
use super::get;
use super::request;

/// Waits for the other side to end the connection; what it said before.
fn closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return said,
            Ok(octets) => said.extend_from_slice(&buffer[..octets]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return said,
            Err(error) => panic!("it is still open: {error}"),
        }
    }
}

#[test]
fn a_slow_head_an_idle_connection_and_a_silent_one_are_cut_off() {
    let stage = Stage::founded();
    stage.set("head_seconds = 10", "head_seconds = 1");
    stage.set("idle_seconds = 60", "idle_seconds = 2");
    let served = Served::start(&stage, "--admin 127.0.0.1:0");
    let admin = served.address("admin");
    let mut silent = connect(admin);
    let mut begun = connect(admin);
    begun.write_all(b"GET /healthz HT").unwrap();
    let mut kept = connect(admin);
    assert_eq!(request(&mut kept, "GET", "/healthz", &[]).status, 200);
    let mut second = connect(admin);
    assert_eq!(request(&mut second, "GET", "/healthz", &[]).status, 200);
    second.write_all(b"GET /healthz HTTP/1.1\r\nhost: x").unwrap();
    for stream in [&mut silent, &mut begun, &mut kept, &mut second] {
        assert_eq!(closed(stream), b"");
    }
    assert_eq!(get(admin, "/healthz", &[]).status, 200);
}

#[test]
fn heads_and_bodies_have_a_size() {
    let stage = Stage::founded();
    let served = Served::start(&stage, "--admin 127.0.0.1:0 --crl 127.0.0.1:0");
    let admin = served.address("admin");
    let long = format!("x: {}", "a".repeat(20_000));
    assert_eq!(get(admin, "/healthz", &[&long]).status, 431);
    let path = format!("/{}", "a".repeat(20_000));
    assert!([414, 431].contains(&get(admin, &path, &[]).status));
    let many: Vec<String> = (0..100).map(|n| format!("x-{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(get(admin, "/healthz", &many).status, 431);
    let large = request(&mut connect(admin), "GET", "/healthz", &["content-length: 100000000"]);
    assert_eq!(large.status, 413);
    assert_eq!(get(admin, "/healthz", &[]).status, 200);
}

#[test]
fn nonsense_on_every_listener_leaves_others_in_peace() {
    let stage = Stage::founded();
    let served = Served::start(&stage, "--admin 127.0.0.1:0 --crl 127.0.0.1:0");
    let garbage: [&[u8]; 9] = [
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\n\xff\xfe: \xff\r\n\r\n",
        b"POST /crl/ HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /crl/ HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nzz",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"PRI * HTTP/2.0\r\n\r\nXX",
    ];
    for role in ["admin", "crl"] {
        let address = served.address(role);
        let mut kept = connect(address);
        assert!(request(&mut kept, "GET", "/", &[]).status == 404);
        for octets in garbage {
            let mut stream = connect(address);
            stream.write_all(octets).unwrap();
            let _half = stream.shutdown(std::net::Shutdown::Write);
            closed(&mut stream);
        }
        assert_eq!(request(&mut kept, "GET", "/", &[]).status, 404);
    }
    let (code, log) = served.stop();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("panicked")), "{log:?}");
}

#[test]
fn a_client_that_takes_nothing_of_an_answer_is_cut_off() {
    let stage = Stage::founded();
    crate::lists::sessions::publish(&stage, "");
    stage.set("stall_seconds = 20", "stall_seconds = 2");
    let mut served = Served::start(&stage, "--crl 127.0.0.1:0");
    let mut stream = connect(served.address("crl"));
    // So many manifests that they fill every buffer on the way.
    for _ in 0..40 {
        stream.write_all(b"GET /crl/manifest.json HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    }
    served.logs("it took too little of an answer");
    let said = closed(&mut stream);
    assert!(said.starts_with(b"HTTP/1.1 200 OK"));
    assert_eq!(get(served.address("crl"), "/crl/manifest.sig", &[]).status, 200);
}

#[test]
fn one_connection_too_many_costs_the_longest_idle_its_place() {
    let stage = Stage::founded();
    stage.set("connections = 10000", "connections = 3");
    let served = Served::start(&stage, "--admin 127.0.0.1:0");
    let admin = served.address("admin");
    let mut oldest = connect(admin);
    assert_eq!(request(&mut oldest, "GET", "/healthz", &[]).status, 200);
    let mut others: Vec<TcpStream> = (0..2).map(|_| connect(admin)).collect();
    for other in &mut others {
        assert_eq!(request(other, "GET", "/healthz", &[]).status, 200);
    }
    assert_eq!(get(admin, "/healthz", &[]).status, 200);
    assert_eq!(closed(&mut oldest), b"");
    for other in &mut others {
        assert_eq!(request(other, "GET", "/healthz", &[]).status, 200);
    }
}

/// More idle connections than there are places, and whoever asks is served all the while.
#[test]
fn ten_thousand_idle_connections_keep_nobody_from_being_served() {
    let stage = Stage::founded();
    // Longer than this takes.
    stage.set("head_seconds = 10", "head_seconds = 600");
    let served = Served::start(&stage, "--admin 127.0.0.1:0");
    let admin = served.address("admin");
    let ask = || assert_eq!(get(admin, "/healthz", &[]).status, 200);
    if let Some(mut idle) = crowd(admin, admin, "admin", ask) {
        // The newest of the idle still have their places.
        let newest = idle.last_mut().unwrap();
        newest.set_read_timeout(Some(PATIENCE)).unwrap();
        newest.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        assert_eq!(Answer::read(newest, "GET").status, 200);
    }
    assert_eq!(served.stop().0, Some(0));
}

/// Opens more connections than a role has places, while `ask` is served; they are counted and the process
/// is ready. Nothing where the machine does not let a process open so many.
#[expect(clippy::print_stderr, reason = "whoever reads the output is to know what was not tried")]
pub(crate) fn crowd(
    address: SocketAddr,
    admin: SocketAddr,
    role: &str,
    mut ask: impl FnMut(),
) -> Option<Vec<TcpStream>> {
    const IDLE: usize = 10_500;
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let may_have = setrlimit(Resource::Nofile, raised).ok().and(limit.maximum);
    if may_have.is_some_and(|most| most < IDLE as u64 + 500) {
        eprintln!("SKIPPED: this machine lets a process open {may_have:?} files, not {IDLE}");
        return None;
    }
    let mut idle = Vec::new();
    for number in 0..IDLE {
        idle.push(TcpStream::connect(address).unwrap());
        if number % 1000 == 0 {
            ask();
        }
    }
    for _ in 0..50 {
        ask();
    }
    assert_eq!(get(admin, "/readyz", &[]).status, 200);
    let metrics = get(admin, "/metrics", &[]);
    let line = format!("jpki_http_connections{{role=\"{role}\"}} ");
    let open = metrics.text().lines().find_map(|text| text.strip_prefix(&line)?.parse().ok());
    // Those of the first are gone: roles share what files a process may have.
    assert!(open.is_some_and(|open: u64| (4_000..=10_000).contains(&open)), "{open:?}");
    Some(idle)
}
