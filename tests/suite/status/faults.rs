//! What goes wrong around a responder: its store, its clock, its clients, its end.

use std::fs;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::TcpStream;
use std::time::Duration;

use jpki_ca::clock::Clock as _;
use jpki_ca::clock::SystemClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::ToldStatus;
use rusqlite::Connection;

use crate::serve::Answer;
use crate::serve::Served;
use crate::serve::connect;
use crate::serve::get;
use crate::stage::Stage;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::OCSP_AND_ADMIN;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::id;
use super::populate;
use super::post;
use super::read;
use super::refused;
use super::told;
use super::try_post;
use super::until;

const REVOKE: &str = "revoke --ca user-authentication --reason key-compromise --serial";

/// A responder, one who asks for the first number, and what is asked with a nonce and without.
struct Desk {
    served: Served,
    stream: TcpStream,
    cached: Vec<u8>,
    once: Vec<u8>,
}

impl Desk {
    fn new(stage: &Stage) -> Self {
        let served = Served::start(stage, OCSP_AND_ADMIN);
        let stream = connect(served.address("ocsp"));
        let id = id(stage, CA, Hash::Sha1, FIRST);
        let once = ask_once(&id, b"a nonce");
        Self { served, stream, cached: ask_for(&[id]), once }
    }

    /// What is said both ways.
    #[track_caller]
    fn told(&mut self) -> ToldStatus {
        let [cached, once] =
            [&self.cached, &self.once].map(|der| told(&post(&mut self.stream, der)));
        assert_eq!(cached, once);
        cached
    }

    #[track_caller]
    fn tries_later(&mut self) {
        for der in [&self.cached, &self.once] {
            assert_eq!(refused(&post(&mut self.stream, der)), Refusal::TryLater);
        }
        let malformed = refused(&post(&mut self.stream, b"no request"));
        assert_eq!(malformed, Refusal::MalformedRequest, "that will not change later");
    }

    /// Why it is not ready; nothing when it is.
    fn why(&self) -> Option<String> {
        let admin = self.served.address("admin");
        assert_eq!(get(admin, "/healthz", &[]).status, 200);
        let ready = get(admin, "/readyz", &[]);
        (ready.status == 503).then(|| ready.text().to_owned())
    }

    fn is_stale(&self) -> bool {
        let metrics = get(self.served.address("admin"), "/metrics", &[]);
        metrics.text().lines().any(|line| line == "jpki_ocsp_stale 1")
    }
}

/// Moves the store's files.
fn move_store(stage: &Stage, from: &str, to: &str) {
    for end in ["", "-wal", "-shm"] {
        let file = |folder: &str| stage.path(&format!("{folder}/store.db{end}"));
        // Those beside it need not be there.
        let moved = fs::rename(file(from), file(to));
        assert!(moved.is_ok() || !end.is_empty(), "{moved:?}");
    }
}

#[test]
fn a_store_that_is_gone_is_answered_from_memory_and_followed_again() {
    let stage = founded();
    populate(&stage, 2, "");
    let mut desk = Desk::new(&stage);
    assert_eq!((desk.told(), desk.why(), desk.is_stale()), (ToldStatus::Good, None, false));
    fs::create_dir(stage.path("away")).unwrap();
    for _ in 0..2 {
        move_store(&stage, "home", "away");
        assert_eq!(desk.told(), ToldStatus::Good);
        assert!(desk.why().unwrap().contains("there is no store"));
        assert!(desk.is_stale());
        // Something else in its place is not believed.
        stage.write("home/store.db", "no store");
        desk.tries_later();
        assert!(desk.why().is_some());
        fs::remove_file(stage.path("home/store.db")).unwrap();
        move_store(&stage, "away", "home");
        assert_eq!((desk.told(), desk.why(), desk.is_stale()), (ToldStatus::Good, None, false));
    }
    stage.plain(&format!("{REVOKE} {FIRST}")).exits(0);
    assert!(matches!(desk.told(), ToldStatus::Revoked { .. }));
    assert_eq!(desk.served.stop().0, Some(0));
}

#[test]
fn nothing_stale_is_said_where_the_settings_have_it_so() {
    let stage = founded();
    populate(&stage, 1, "");
    stage.set("stale_minutes = 15", "stale_minutes = 0");
    let mut desk = Desk::new(&stage);
    assert_eq!(desk.told(), ToldStatus::Good);
    fs::create_dir(stage.path("away")).unwrap();
    move_store(&stage, "home", "away");
    // What was known in this very second is not stale.
    let der = desk.cached.clone();
    let waited = until("tryLater", || post(&mut desk.stream, &der).body.len() == 5);
    assert!(waited < Duration::from_secs(10), "{waited:?}");
    desk.tries_later();
    move_store(&stage, "away", "home");
    assert_eq!(desk.told(), ToldStatus::Good);
}

#[test]
fn an_older_copy_of_the_store_is_never_believed() {
    let stage = founded();
    populate(&stage, 1, "");
    fs::create_dir(stage.path("older")).unwrap();
    let older = stage.path("older/store.db");
    let copy = format!("VACUUM INTO '{}'", older.display());
    Connection::open(stage.path("home/store.db")).unwrap().execute_batch(&copy).unwrap();
    let mut desk = Desk::new(&stage);
    assert_eq!(desk.told(), ToldStatus::Good);
    stage.plain(&format!("{REVOKE} {FIRST}")).exits(0);
    assert!(matches!(desk.told(), ToldStatus::Revoked { .. }));

    fs::create_dir(stage.path("newer")).unwrap();
    move_store(&stage, "home", "newer");
    fs::copy(&older, stage.path("home/store.db")).unwrap();
    for _ in 0..3 {
        desk.tries_later();
        assert!(desk.why().unwrap().contains("or an older state of it"));
    }
    // Nor when it goes on from there, past where the right one stood.
    stage.write_json("holder.json", &crate::stage::holder("p-9"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out other";
    stage.plain(issue).exits(0);
    stage.plain(&format!("{REVOKE} {}", FIRST + 1)).exits(0);
    desk.tries_later();
    fs::create_dir(stage.path("aside")).unwrap();
    move_store(&stage, "home", "aside");
    move_store(&stage, "newer", "home");
    assert!(matches!(desk.told(), ToldStatus::Revoked { .. }));
    assert_eq!(desk.why(), None);
    assert_eq!(desk.served.stop().0, Some(0));
}

#[test]
fn whoever_is_slow_or_talks_nonsense_leaves_others_in_peace() {
    let stage = founded();
    populate(&stage, 1, "");
    for (from, to) in [
        ("head_seconds = 10", "head_seconds = 1"),
        ("stall_seconds = 20", "stall_seconds = 1"),
        ("body_seconds = 10\n\n# Revocation lists", "body_seconds = 2\n\n# Revocation lists"),
    ] {
        stage.set(from, to);
    }
    let mut served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/ocsp-request\r\n";
    let begin = |octets: &str| {
        let mut stream = connect(address);
        stream.write_all(octets.as_bytes()).unwrap();
        stream
    };
    let mut silent = begin("");
    let mut half = begin("POST / HT");
    let mut stalled = begin(&format!("{head}content-length: 100\r\n\r\n0"));
    let mut dripping = begin(&format!("{head}content-length: 100\r\n\r\n"));
    let garbage: [&[u8]; 6] = [
        b"\0\0\0\0\0\0\0\0\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x30\x4c\x30\x4a\x30\x48\x30\x46\x30\x44",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nzz",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
    ];
    let mut others = connect(address);
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let mut ends = None;
    until("the dripping one is cut off", || {
        for octets in garbage {
            let mut stream = connect(address);
            let _sent = stream.write_all(octets);
            let _half = stream.shutdown(Shutdown::Write);
            let _said = Answer::try_read(&mut stream, "GET");
        }
        assert_eq!(told(&post(&mut others, &der)), ToldStatus::Good);
        if dripping.write_all(b"0").is_err() {
            return true;
        }
        dripping.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut octet = [0];
        let came = dripping.peek(&mut octet);
        if matches!(came, Ok(1)) {
            ends = Some(Answer::read(&mut dripping, "POST").status);
        }
        came.is_ok()
    });
    assert!(ends.is_none_or(|status| status == 408), "{ends:?}");
    assert_eq!(Answer::read(&mut stalled, "POST").status, 408);
    for stream in [&mut silent, &mut half] {
        assert_eq!(Answer::try_read(stream, "POST").unwrap_err(), b"", "it was cut off");
    }
    assert_eq!(told(&post(&mut others, &der)), ToldStatus::Good);
    let log = served.log().join("\n");
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(served.stop().0, Some(0));
}

#[test]
fn a_server_that_was_killed_is_started_again_and_knows_what_was_done_meanwhile() {
    let stage = founded();
    populate(&stage, 3, "");
    let ids: Vec<_> = (FIRST..FIRST + 3).map(|n| id(&stage, CA, Hash::Sha1, n)).collect();
    for (round, serial) in (FIRST..FIRST + 3).enumerate() {
        let served = Served::start(&stage, OCSP);
        let mut stream = connect(served.address("ocsp"));
        for (number, id) in ids.iter().enumerate() {
            let said = told(&post(&mut stream, &ask_once(id, b"nonce")));
            assert_eq!(matches!(said, ToldStatus::Revoked { .. }), number < round, "{number}");
        }
        let address = served.address("ocsp");
        // Before it is killed, on a busy machine too.
        let mut other = connect(address);
        std::thread::scope(|scope| {
            let busy = scope.spawn(|| {
                let mut count = 0_u64;
                while try_post(&mut other, &ask_for(&ids)).is_ok() {
                    count += 1;
                }
                count
            });
            assert_eq!(told(&post(&mut stream, &ask_for(&ids[2..]))), ToldStatus::Good);
            // SIGKILL.
            drop(served);
            busy.join().unwrap();
        });
        stage.plain(&format!("{REVOKE} {serial}")).exits(0);
    }
    assert_eq!(stage.plain("audit verify --json").exits(0).json()["status"], "sound");
}

/// The machine's clock as a file says it.
#[test]
fn a_clock_that_is_set_back_brings_no_answers_of_the_future() {
    let stage = Stage::empty();
    let now = SystemClock.now();
    let earlier = now.plus_seconds(-3 * DAY);
    stage.plain(&format!("init --algorithm p256 --at {earlier}")).exits(0);
    populate(&stage, 2, &format!("--at {earlier}"));
    let library = stage.shell("faketime -m -f +0d printenv LD_PRELOAD").exits(0).stdout;
    let set = |offset: &str| stage.write("clock", offset);
    set("+0d");
    let mut command = stage.command(&format!("serve --json {OCSP}"));
    command
        .env("LD_PRELOAD", library.trim())
        .env("FAKETIME_TIMESTAMP_FILE", stage.path("clock"))
        .envs(
            ["FAKETIME_NO_CACHE", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"].map(|n| (n, "1")),
        );
    let served = Served::start_command(command);
    let mut stream = connect(served.address("ocsp"));
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let mut at = |offset: i64| -> ToldStatus {
        let expected = now.plus_seconds(offset);
        // Machines may be slow, not a whole hour.
        let is_near = |time: Timestamp| (0..3600).contains(&(time.to_unix() - expected.to_unix()));
        let mut said = None;
        for _ in 0..2 {
            let answer = post(&mut stream, &der);
            let basic = read(&answer);
            let one = &basic.told()[0];
            assert!(is_near(one.this_update) && is_near(basic.produced_at()), "{one:?}");
            assert_eq!(one.next_update, Some(one.this_update.plus_seconds(1800)));
            said = Some(one.status);
        }
        said.unwrap()
    };
    assert_eq!(at(0), ToldStatus::Good);
    set("-1d");
    assert_eq!(at(-DAY), ToldStatus::Good);
    // Somebody whose clock is right revokes.
    stage.plain(&format!("{REVOKE} {FIRST}")).exits(0);
    assert!(matches!(at(-DAY), ToldStatus::Revoked { .. }));
    set("-2d");
    assert!(matches!(at(-2 * DAY), ToldStatus::Revoked { .. }));
    set("+0d");
    assert!(matches!(at(0), ToldStatus::Revoked { .. }));
    set("+1d");
    assert!(matches!(at(DAY), ToldStatus::Revoked { .. }));
}

const DAY: i64 = 24 * 3600;
