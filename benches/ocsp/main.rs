//! Answers about status, measured: `README.md` in the folder above says what is in and out, and
//! `ocsp.sh` there runs the parts against each other.
//!
//! ```text
//! cargo bench --bench ocsp                              # answers in memory, without HTTP
//! cargo bench --bench ocsp -- seed FOLDER NUMBERS       # a home with so many certificates
//! cargo bench --bench ocsp -- requests FOLDER           # requests about it, for wrk and ab
//! cargo bench --bench ocsp -- index FOLDER FILE         # the same certificates, for OpenSSL
//! cargo bench --bench ocsp -- sign SECONDS              # what the key alone does, on two threads
//! cargo bench --bench ocsp -- empty ADDRESS             # what HTTP alone does
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may panic")]
#![expect(clippy::cast_precision_loss, reason = "for people")]
#![expect(clippy::cast_possible_truncation, reason = "numbers are small")]
#![expect(clippy::cast_possible_wrap, reason = "numbers are small")]
#![expect(clippy::cast_sign_loss, reason = "numbers are small")]

mod empty;
#[expect(dead_code, reason = "shared with the bench of lists")]
#[path = "../nation/seed.rs"]
mod seed;
mod written;

use std::error::Error;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::RotateOptions;
use jpki_ca::authority::respond::Outcome;
use jpki_ca::authority::respond::Responder;
use jpki_ca::clock::FixedClock;
use jpki_ca::ocsp::Nonce;
use jpki_ca::ocsp::Query;
use jpki_ca::signer;
use jpki_ca::signer::Signer as _;
use jpki_ca::signer::SoftwareSigner;
use rand_core::OsRng;

use seed::Scale;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let measuring = words.iter().any(|word| word == "--bench");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.starts_with("--")).collect();
    match words[..] {
        ["seed", folder, numbers] => home(Path::new(folder), numbers.parse()?),
        ["requests", folder] => written::requests(Path::new(folder)),
        ["index", folder, file] => written::index(Path::new(folder), Path::new(file)),
        ["sign", seconds] => {
            println!("{:.0}", signatures(Duration::from_secs(seconds.parse()?))?);
            Ok(())
        }
        ["empty", address] => empty::serve(address.parse()?),
        // Without --bench `cargo test` runs us: a village is enough to see that everything works.
        [] if measuring => in_memory(1_000_000, Duration::from_secs(5)),
        [] => in_memory(1000, Duration::from_millis(50)),
        _ => Err("see the head of benches/ocsp/main.rs".into()),
    }
}

/// Makes a home in which so many certificates of holders stand, one in ten of them revoked, and whose
/// responders can answer now.
fn home(folder: &Path, numbers: u64) -> Result<(), Box<dyn Error>> {
    let scale = Scale { signature: 0, user_authentication: numbers / 10, living: true };
    seed::found(folder, KeyAlgorithm::P256, scale)?;
    rotate(folder)
}

/// The founding lies further back than a responder's certificate lasts.
fn rotate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let home = Home::open(folder)?;
    let clock = Box::new(FixedClock(seed::NOW.parse()?));
    let rotation = home.rotate_responders(&RotateOptions::default(), clock, None, &mut OsRng)?;
    for rotated in rotation.map_err(|refused| format!("{refused:?}"))?.rotated {
        rotated.outcome?.map_err(|refused| format!("{refused:?}"))?;
    }
    Ok(())
}

/// Answers by one thread and by two, without HTTP.
fn in_memory(numbers: u64, time: Duration) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    self::home(&home, numbers)?;
    let begun = now();
    let responder = Home::open(&home)?.responder(Box::new(FixedClock(seed::NOW.parse()?)), None)?;
    println!("{numbers} certificates, taken up in {:.2} s", begun.elapsed().as_secs_f64());
    let key = signatures(time)?;
    println!("signatures alone, two threads        {key:>10.0}/s");
    let ids = written::ids(&home, HOT)?;
    let cached: Vec<Vec<u8>> = ids
        .iter()
        .map(|id| Query { asked: std::slice::from_ref(id), nonce: None }.to_der())
        .collect::<Result<_, _>>()?;
    let nonces = ids.iter().enumerate().map(|(number, id)| {
        let nonce = Nonce::new(&[number as u8; 32])?;
        Ok(Query { asked: std::slice::from_ref(id), nonce: Some(&nonce) }.to_der()?)
    });
    let nonces: Vec<Vec<u8>> = nonces.collect::<Result<_, Box<dyn Error>>>()?;
    for (what, requests, kept) in [("with a nonce", &nonces, false), ("kept", &cached, true)] {
        for request in requests {
            // The first time, what can be kept is signed.
            let _kept = responder.respond(request);
        }
        for threads in [1, 2] {
            let rate = answers(&responder, requests, threads, time, kept);
            println!("answers {what:<12} {threads} thread(s)     {rate:>10.0}/s");
        }
    }
    Ok(())
}

/// How many answers so many threads get in a second; each must be what is measured.
fn answers(
    responder: &Responder,
    requests: &[Vec<u8>],
    threads: usize,
    time: Duration,
    kept: bool,
) -> f64 {
    let wanted = if kept { Outcome::Kept } else { Outcome::Signed };
    let counts = in_parallel(
        threads,
        |number| {
            let mut requests = requests.iter().cycle().skip(number * 7919);
            move || {
                let request = requests.next().map_or(&[][..], Vec::as_slice);
                assert_eq!(responder.respond(request).outcome, wanted);
            }
        },
        time,
    );
    counts / time.as_secs_f64()
}

/// How many signatures two threads make in a second, by one key, of what answers are long.
fn signatures(time: Duration) -> Result<f64, Box<dyn Error>> {
    let key = SoftwareSigner::new(&signer::generate(KeyAlgorithm::P256, &mut OsRng)?)?;
    let message = [0x5a; ANSWER];
    let count = in_parallel(2, |_| || assert!(key.sign(&message).is_ok()), time);
    Ok(count / time.as_secs_f64())
}

/// How often something is done by so many threads in a time.
fn in_parallel<F: FnMut()>(
    threads: usize,
    work: impl Fn(usize) -> F + Sync,
    time: Duration,
) -> f64 {
    let begun = now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|number| {
                let work = &work;
                scope.spawn(move || {
                    let (mut work, mut count) = (work(number), 0_u64);
                    while begun.elapsed() < time {
                        work();
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0) as f64).sum()
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Octets of the signed part of an answer with a nonce.
const ANSWER: usize = 200;
/// Certificates that are asked for again and again: all answers about them can be kept.
const HOT: usize = 20_000;
