//! Under load: no answer that began after a revocation was done says anything else, and lists and
//! answers never contradict each other.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use jpki_ca::authority::Authority;
use jpki_ca::authority::ChangeRequest;
use jpki_ca::authority::home::Home;
use jpki_ca::clock::SystemClock;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::crl;
use jpki_ca::crl::Cause;
use jpki_ca::law::revocation::Act;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::ToldStatus;
use jpki_ca::store::State;
use rustix::process::Signal;

use crate::serve::Answer;
use crate::serve::Served;
use crate::serve::connect;
use crate::serve::request;
use crate::stage::Stage;
use crate::stage::holder;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::id;
use super::path;
use super::populate;
use super::post;
use super::told;
use super::try_post;

/// Has so many clients ask again and again, each on a connection of its own, while something is done;
/// what that came to, and how often the clients got round.
pub(super) fn under_load<T, F: FnMut(&mut TcpStream)>(
    address: SocketAddr,
    clients: usize,
    client: impl Fn(usize) -> F + Sync,
    act: impl FnOnce() -> T,
) -> (T, u64) {
    /// Ends the load however the scope is left.
    struct Over<'a>(&'a AtomicBool);
    impl Drop for Over<'_> {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let (over, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    let done = std::thread::scope(|scope| {
        let _ends = Over(&over);
        for number in 0..clients {
            let (client, over, rounds) = (&client, &over, &rounds);
            scope.spawn(move || {
                let mut ask = client(number);
                let mut stream = connect(address);
                while !over.load(SeqCst) {
                    ask(&mut stream);
                    rounds.fetch_add(1, SeqCst);
                }
            });
        }
        act()
    });
    (done, rounds.into_inner())
}

/// Somebody who changes certificates, as another process does.
fn registrar(stage: &Stage) -> Authority {
    let home = Home::open(&stage.path("home")).unwrap();
    home.records(Box::new(SystemClock)).unwrap().0
}

#[track_caller]
fn change(authority: &Authority, serial: u64, act: Act) -> State {
    let serial = Serial::new(serial).unwrap();
    let request = ChangeRequest { ca: CA, serial, act, dry_run: false };
    authority.change(&request).unwrap().unwrap().after
}

/// As an answer says it.
fn as_told(state: State) -> ToldStatus {
    match state {
        State::Revoked(since, reason) => {
            let code = Some(reason.code()).filter(|code| *code != 0);
            ToldStatus::Revoked { since, reason: code }
        }
        State::Held(since) => {
            ToldStatus::Revoked { since, reason: Some(Reason::CertificateHold.code()) }
        }
        _ => ToldStatus::Good,
    }
}

/// One certificate that is asked for in every way, by one client.
struct Asked {
    cached: Vec<u8>,
    once: Vec<u8>,
    path: String,
    /// The last answer's tag, and what that answer said.
    known: Option<(String, ToldStatus)>,
}

impl Asked {
    fn new(stage: &Stage, serial: u64) -> Self {
        let id = id(stage, CA, Hash::Sha1, serial);
        let cached = ask_for(std::slice::from_ref(&id));
        Self { path: path(&cached), once: ask_once(&id, b"not again"), cached, known: None }
    }

    /// What is said this time: asked with a nonce, without, and whether it has changed.
    #[track_caller]
    fn ask(&mut self, stream: &mut TcpStream, way: usize) -> ToldStatus {
        match way % 3 {
            0 => told(&post(stream, &self.once)),
            1 => told(&post(stream, &self.cached)),
            _ => {
                let tag = self.known.as_ref().map(|(tag, _)| format!("if-none-match: {tag}"));
                let fields: Vec<&str> = tag.iter().map(String::as_str).collect();
                let answer = request(stream, "GET", &self.path, &fields);
                if answer.status == 304 {
                    return self.known.as_ref().unwrap().1;
                }
                let said = told(&answer);
                self.known = Some((answer.header("etag").unwrap().to_owned(), said));
                said
            }
        }
    }
}

/// What the list of the municipality says, by number.
fn listed(stage: &Stage) -> BTreeMap<u64, ToldStatus> {
    stage.plain("crl publish --partition 132217").exits(0);
    let bytes = stage.read("home/crl/current/user-authentication-1-132217.crl");
    let entries = crl::Reader::new(&bytes[..]).unwrap().map(|one| one.unwrap().entry().unwrap());
    let said = entries.map(|entry| {
        let Cause::Because(reason) = entry.cause else { panic!("{entry:?}") };
        (entry.serial.get(), as_told(State::Revoked(entry.at, reason)))
    });
    said.collect()
}

#[test]
fn an_answer_that_begins_after_a_revocation_says_it() {
    const COUNT: u64 = 240;
    let stage = founded();
    populate(&stage, COUNT, "");
    let served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    // What was done to each: known to the clients as soon as it is done.
    let done: Vec<OnceLock<ToldStatus>> = (0..COUNT).map(|_| OnceLock::new()).collect();
    let (begun, behind) = (AtomicU64::new(0), AtomicU64::new(0));
    let client = |client: usize| {
        let asked = (FIRST..FIRST + COUNT).map(|serial| Asked::new(&stage, serial));
        let (mut asked, mut turn) = (asked.collect::<Vec<_>>(), client);
        let (done, begun, behind) = (&done, &begun, &behind);
        move |stream: &mut TcpStream| {
            // Now those that are being revoked, now any.
            let near = usize::try_from(begun.load(SeqCst)).unwrap();
            let place = if turn % 2 == 0 { near + turn % 5 } else { turn * 7 };
            let place = place.saturating_sub(3) % asked.len();
            let expected = done[place].get().copied();
            let said = asked[place].ask(stream, turn);
            if let Some(expected) = expected {
                assert_eq!(said, expected, "number {}", FIRST + place as u64);
                behind.fetch_add(1, SeqCst);
            }
            turn += 1;
        }
    };
    let ((), asked) = under_load(address, 3, client, || {
        let authority = registrar(&stage);
        let mut stream = connect(address);
        for (number, place) in (0..COUNT).zip(&done) {
            begun.store(number, SeqCst);
            let reason = REASONS[usize::try_from(number).unwrap() % REASONS.len()];
            let after = as_told(change(&authority, FIRST + number, Act::Revoke(reason)));
            place.set(after).unwrap();
            let asked = id(&stage, CA, Hash::Sha1, FIRST + number);
            assert_eq!(told(&post(&mut stream, &ask_for(&[asked]))), after, "the next answer");
            if number % 100 == 50 || number + 1 == COUNT {
                // Whatever is listed is said, with the same time and reason; and all are listed.
                let listed = listed(&stage);
                assert_eq!(listed.len() as u64, number + 1);
                for (serial, said) in listed {
                    let asked = ask_for(&[id(&stage, CA, Hash::Sha1, serial)]);
                    assert_eq!(told(&post(&mut stream, &asked)), said, "number {serial}");
                }
            }
        }
    });
    let behind = behind.into_inner();
    assert!(behind > COUNT && asked > behind, "{behind} of {asked}");
    assert_eq!(served.stop().0, Some(0));
}

const REASONS: [Reason; 5] = [
    Reason::KeyCompromise,
    Reason::CessationOfOperation,
    Reason::Superseded,
    Reason::AffiliationChanged,
    Reason::Unspecified,
];

#[test]
fn a_hold_and_its_release_are_said_as_soon_as_they_are_done() {
    let stage = founded();
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    stage.plain(issue).exits(0);
    stage.plain(&format!("{issue} --kind user-authentication --carrier phone")).exits(0);
    let phone = FIRST + 1;
    let served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    // Good while a multiple of 4, being held, held, being released.
    let version = AtomicU64::new(0);
    let seen = [(); 2].map(|()| AtomicU64::new(0));
    let client = |client: usize| {
        let (mut asked, mut turn) = (Asked::new(&stage, phone), client);
        let (version, seen) = (&version, &seen);
        move |stream: &mut TcpStream| {
            let before = version.load(SeqCst);
            let said = asked.ask(stream, turn);
            if version.load(SeqCst) == before && before % 2 == 0 {
                let held = before % 4 == 2;
                assert_eq!(matches!(said, ToldStatus::Revoked { .. }), held, "at {before}");
                seen[usize::from(held)].fetch_add(1, SeqCst);
            }
            turn += 1;
        }
    };
    let ((), _) = under_load(address, 3, client, || {
        let authority = registrar(&stage);
        let mut stream = connect(address);
        let asked = ask_for(&[id(&stage, CA, Hash::Sha1, phone)]);
        for _ in 0..60 {
            for act in [Act::Hold, Act::Release] {
                version.fetch_add(1, SeqCst);
                let after = change(&authority, phone, act);
                version.fetch_add(1, SeqCst);
                assert_eq!(told(&post(&mut stream, &asked)), as_told(after));
                // Only then the next one: each is seen by those who ask all the time.
                let seen = &seen[usize::from(act == Act::Hold)];
                let before = seen.load(SeqCst);
                super::until("it is seen", || seen.load(SeqCst) > before);
            }
        }
    });
    let seen = seen.map(AtomicU64::into_inner);
    assert!(seen.iter().all(|count| *count >= 60), "{seen:?}");
    assert_eq!(served.stop().0, Some(0));
}

/// Everyone who was answered is counted, and everyone who was heard is answered.
#[test]
fn a_server_that_is_stopped_under_load_answers_what_it_has_taken_and_counts_it() {
    let stage = founded();
    populate(&stage, 3, "");
    let mut served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    let asked: Vec<_> = (FIRST..FIRST + 3)
        .flat_map(|serial| {
            let id = id(&stage, CA, Hash::Sha1, serial);
            [ask_once(&id, b"a nonce"), ask_for(&[id])]
        })
        .chain([b"no request".to_vec()])
        .collect();
    let (answered, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(scope.spawn(|| {
                let mut stream = connect(address);
                for der in asked.iter().cycle() {
                    match try_post(&mut stream, der) {
                        Ok(Answer { status: 200, body, .. }) if body.len() > 5 => {
                            answered.fetch_add(1, SeqCst);
                        }
                        Ok(answer) => {
                            assert_eq!(super::refused(&answer), super::Refusal::MalformedRequest);
                            refused.fetch_add(1, SeqCst);
                        }
                        // Nothing of an answer, and nothing half.
                        Err(read) => {
                            assert_eq!(String::from_utf8_lossy(&read), "");
                            return;
                        }
                    }
                }
            }));
        }
        super::until("some are answered", || answered.load(SeqCst) > 200);
        served.signal(Signal::TERM);
        for client in clients {
            client.join().unwrap();
        }
    });
    let (code, log) = served.ends();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(log.iter().any(|line| line.contains("\"finished\":true")), "{log:?}");
    assert!(TcpStream::connect(address).is_err());
    let entries = stage.plain("audit list --json").exits(0).lines();
    let counted: Vec<_> = entries.iter().filter(|entry| entry["act"] == "answered").collect();
    let [counted] = counted[..] else { panic!("{counted:?}") };
    let counts = (&counted["count"], &counted["refused"]);
    assert_eq!(counts, (&answered.into_inner().into(), &refused.into_inner().into()));
    assert_eq!(stage.plain("audit verify --json").exits(0).json()["status"], "sound");
}
