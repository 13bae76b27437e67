//! How fast keys sign and are made, every algorithm on every back end that is compiled in, against what
//! `openssl speed` says in the same round: `README.md` beside this folder says how to read it.
//!
//! ```text
//! cargo bench --bench sign [-- rsa2048|rsa3072|rsa4096|p256|p384 …] [ring|pkcs11 …]
//! ```
#![expect(clippy::print_stdout, reason = "a benchmark reports")]

mod backend;
mod openssl;
mod softhsm;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use backend::Backend;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::clock::Stopwatch;
use jpki_ca::signer::SignError;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Without it `cargo test` runs us: once around is enough to see that everything works.
    let measuring = words.iter().any(|word| word == "--bench");
    let inside = words.iter().find_map(|word| word.strip_prefix(softhsm::INSIDE));
    if inside.is_none() && softhsm::is_here() {
        // SoftHSM is told of its settings by the environment, which has to be there when a process begins.
        return softhsm::again_inside(&words);
    }
    let plan = Plan::new(measuring, &words);
    let backends = backend::all(inside.map(PathBuf::from).as_deref(), &words)?;
    if inside.is_none() {
        println!("no SoftHSM at {}: pkcs11 is left out", softhsm::MODULE);
    }
    println!("{}", Line::HEADER);
    for algorithm in &plan.algorithms {
        for line in compare(*algorithm, &backends, &plan)? {
            println!("{line}");
        }
    }
    Ok(())
}

/// What is measured, and for how long.
struct Plan {
    algorithms: Vec<KeyAlgorithm>,
    rounds: usize,
    /// How long one back end signs in a round.
    turn: Duration,
    /// How many keys each back end makes in a round.
    keys: usize,
}

impl Plan {
    fn new(measuring: bool, words: &[String]) -> Self {
        let mut algorithms: Vec<KeyAlgorithm> =
            words.iter().filter_map(|word| word.parse().ok()).collect();
        if algorithms.is_empty() {
            algorithms = if measuring {
                let bits = [2048, 3072, 4096].map(KeyAlgorithm::Rsa);
                bits.into_iter().chain([KeyAlgorithm::P256, KeyAlgorithm::P384]).collect()
            } else {
                vec![KeyAlgorithm::P256]
            };
        }
        if measuring {
            Self { algorithms, rounds: 5, turn: Duration::from_secs(1), keys: 2 }
        } else {
            Self { algorithms, rounds: 1, turn: Duration::from_millis(20), keys: 1 }
        }
    }
}

/// Lets openssl and each back end take turns, round by round: whatever else the machine does meets all alike.
fn compare(
    algorithm: KeyAlgorithm,
    backends: &[Backend],
    plan: &Plan,
) -> Result<Vec<Line>, Box<dyn Error>> {
    let signers = backends
        .iter()
        .map(|backend| backend.make(algorithm))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let mut openssl = Samples::default();
    let mut samples: Vec<Samples> = backends.iter().map(|_| Samples::default()).collect();
    let message = [0x5a; 1024];
    let digest = algorithm.digest(&message);
    for _ in 0..plan.rounds {
        let yardstick = openssl::signatures_per_second(algorithm)?;
        openssl.message.push((yardstick, 1.0));
        for (signer, samples) in signers.iter().zip(&mut samples) {
            let made = rate(plan.turn, || signer.sign(&message))?;
            samples.message.push((made, made / yardstick));
            if signer.sign_digest(&digest).is_some() {
                let sign = || signer.sign_digest(&digest).unwrap_or(Err(SignError::Unusable));
                let made = rate(plan.turn, sign)?;
                samples.digest.push((made, made / yardstick));
            }
        }
        for _ in 0..plan.keys {
            openssl.keys.push(time(|| openssl::generate(algorithm))?);
            for (backend, samples) in backends.iter().zip(&mut samples) {
                samples.keys.push(time(|| backend.make(algorithm))?);
            }
        }
    }
    let mut lines = vec![Line::new(algorithm, "openssl", openssl)];
    for (backend, samples) in backends.iter().zip(samples) {
        lines.push(Line::new(algorithm, backend.name, samples));
    }
    Ok(lines)
}

/// How often something can be done in a second.
fn rate<T>(
    turn: Duration,
    mut work: impl FnMut() -> Result<T, SignError>,
) -> Result<f64, SignError> {
    let _warm = work()?;
    let watch = Stopwatch::start();
    let mut count = 0_u32;
    while watch.elapsed() < turn {
        let _made = work()?;
        count += 1;
    }
    Ok(f64::from(count) / watch.elapsed().as_secs_f64())
}

/// How long something takes.
fn time<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let watch = Stopwatch::start();
    let _made = work()?;
    Ok(watch.elapsed())
}

/// What was measured of one back end.
#[derive(Default)]
struct Samples {
    /// Signatures a second by message, and their ratio to openssl's of the same round.
    message: Vec<(f64, f64)>,
    /// The same by digest.
    digest: Vec<(f64, f64)>,
    /// How long each key took.
    keys: Vec<Duration>,
}

/// A line of the table.
struct Line {
    algorithm: KeyAlgorithm,
    name: &'static str,
    message: String,
    digest: String,
    keys: String,
}

impl Line {
    const HEADER: &'static str = "\
| algorithm | back end | by message, signatures/s (ratio) | by digest, signatures/s (ratio) | a key pair, ms |
|---|---|---|---|---|";

    fn new(algorithm: KeyAlgorithm, name: &'static str, samples: Samples) -> Self {
        let Samples { message, digest, keys } = samples;
        let keys = keys.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        Self {
            algorithm,
            name,
            message: rates(message),
            digest: rates(digest),
            keys: median(keys).map_or("–".to_owned(), |time| format!("{time:.1}")),
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { algorithm, name, message, digest, keys } = self;
        write!(f, "| {algorithm} | {name} | {message} | {digest} | {keys} |")
    }
}

fn rates(samples: Vec<(f64, f64)>) -> String {
    let (rates, ratios) = samples.into_iter().unzip();
    match (median(rates), median(ratios)) {
        (Some(rate), Some(ratio)) => format!("{rate:.0} ({ratio:.3})"),
        _ => "–".to_owned(),
    }
}

/// The middle one, where there is any.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
