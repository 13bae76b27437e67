//! How long a nation's lists take from the store to synced files, measured against hashing the same
//! bytes and making as many signatures: `README.md` in the folder above says what is in and out.
//!
//! ```text
//! cargo bench --bench nation [-- rsa2048|p256] [DIVISOR]
//! cargo bench --bench nation -- seed FOLDER [rsa2048|p256] [DIVISOR]
//! cargo bench --bench nation -- again FOLDER [rsa2048|p256]
//! cargo bench --bench nation -- day FOLDER [rsa2048|p256]
//! ```
//!
//! A divisor makes the nation so many times smaller. The second form measures nothing: it makes the
//! home for the command, which publishes first. The third publishes all lists of such a home once
//! more, the fourth those that one more day's revocations make due.
#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may panic")]
#![expect(clippy::cast_precision_loss, reason = "for people")]
#![expect(clippy::cast_possible_truncation, reason = "numbers are small")]
#![expect(clippy::cast_possible_wrap, reason = "numbers are small")]
#![expect(clippy::cast_sign_loss, reason = "numbers are small")]

mod seed;
mod yardstick;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::home::Home;
use jpki_ca::authority::publish::PublishOptions;
use jpki_ca::authority::publish::Published;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::crl::Manifest;

use seed::Scale;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let measuring = words.iter().any(|word| word == "--bench");
    // A publication runs in a process of its own, so that its memory is its own.
    if let Some(at) = words.iter().position(|word| word == "publish") {
        let [home, at, all] = words.get(at + 1..at + 4).unwrap_or_default() else {
            return Err("publish HOME AT ALL".into());
        };
        return publish(Path::new(home), at.parse()?, all == "all");
    }
    let algorithm = words.iter().find_map(|word| word.parse().ok());
    let algorithm = algorithm.unwrap_or(KeyAlgorithm::RSA_2048);
    let divisor = words.iter().find_map(|word| word.parse().ok());
    // Without --bench `cargo test` runs us: a village is enough to see that everything works.
    let divisor: u64 = divisor.unwrap_or(if measuring { 1 } else { 20_000 });
    let scale = Scale {
        signature: Scale::NATION.signature / divisor,
        user_authentication: Scale::NATION.user_authentication / divisor,
        ..Scale::NATION
    };
    if let Some(at) = words.iter().position(|word| word == "seed") {
        let folder = words.get(at + 1).ok_or("seed FOLDER")?;
        return seed::found(Path::new(folder), algorithm, scale);
    }
    let again = |words: &[String], word: &str| -> Result<Option<_>, Box<dyn Error>> {
        let Some(at) = words.iter().position(|found| found == word) else { return Ok(None) };
        let home = PathBuf::from(words.get(at + 1).ok_or("again FOLDER, day FOLDER")?);
        let manifest = Manifest::read(&fs::read(home.join("crl/current/manifest.json"))?)?;
        let at = manifest.published_at().parse::<Timestamp>()?.plus_seconds(3600);
        Ok(Some((home, at)))
    };
    if let Some((home, at)) = again(&words, "again")? {
        return run("all lists, each compared with the one before", &home, at, true, algorithm);
    }
    if let Some((home, at)) = again(&words, "day")? {
        seed::another_day(&home, DAY, at)?;
        return run("one day's changes", &home, at, false, algorithm);
    }
    let folder = tempfile::tempdir_in(place()?)?;
    let home = folder.path().join("home");
    let day = Scale { signature: DAY.signature / divisor, ..DAY };
    let day = Scale { user_authentication: DAY.user_authentication / divisor, ..day };
    let begun = now();
    seed::found(&home, algorithm, scale)?;
    println!(
        "{algorithm}, {} + {} live revocations, made in {:.0} s",
        scale.signature,
        scale.user_authentication,
        begun.elapsed().as_secs_f64()
    );
    let mut at: Timestamp = seed::NOW.parse()?;
    run("all lists, the first time", &home, at, true, algorithm)?;
    at = at.plus_seconds(3600);
    run("all lists, each compared with the one before", &home, at, true, algorithm)?;
    at = at.plus_seconds(3600);
    seed::another_day(&home, day, at)?;
    run("one day's changes", &home, at, false, algorithm)?;
    Ok(())
}

/// Publishes in a process of its own, then hashes and signs as much.
fn run(
    what: &str,
    home: &Path,
    at: Timestamp,
    all: bool,
    algorithm: KeyAlgorithm,
) -> Result<(), Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?)
        .args(["publish".as_ref(), home.as_os_str()])
        .args([at.to_string().as_str(), if all { "all" } else { "due" }])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let line = String::from_utf8(output.stdout)?;
    let mut numbers = line.split_whitespace().map(str::parse::<f64>);
    let mut next = || numbers.next().ok_or("cut short")?.map_err(Box::<dyn Error>::from);
    let (seconds, lists, entries, octets, memory) = (next()?, next()?, next()?, next()?, next()?);
    let floor = yardstick::measure(&home.join("crl/current"), lists as usize, algorithm)?;
    println!(
        "{what}: {seconds:.2} s, {lists} lists, {entries} entries, {:.0} MB, peak memory {:.0} MB\n    \
         on two cores: hashing them once {:.2} s, their signatures {:.2} s\n    \
         ratio to three hashes and the signatures {:.2}",
        octets / 1e6,
        memory / 1e6,
        floor.hash,
        floor.signatures,
        seconds / (HASHES * floor.hash + floor.signatures),
    );
    Ok(())
}

/// What the process of its own does.
fn publish(home: &Path, at: Timestamp, all: bool) -> Result<(), Box<dyn Error>> {
    let folder = home.join("crl");
    let home = Home::open(home)?;
    let (authority, _) = home.authority(Box::new(FixedClock(at)), None)?;
    let options = PublishOptions { all, ..PublishOptions::due(home.config().lists) };
    let begun = now();
    let published: Published = authority.publish(&folder, &options, &|_, _| {})?;
    let seconds = begun.elapsed().as_secs_f64();
    let lists: usize = published.made.values().sum();
    println!("{seconds} {lists} {} {} {}", published.entries, published.octets, peak_memory()?);
    Ok(())
}

/// The largest resident set of this process, in octets.
fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(1024 * number.ok_or("no VmHWM")?.parse::<u64>()?)
}

/// Where there is room for some gigabytes.
fn place() -> Result<PathBuf, Box<dyn Error>> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/nation");
    fs::create_dir_all(&place)?;
    Ok(place)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// How often the promises require that a list is hashed: to be signed and named, to be verified, and
/// to be known as the one that was signed when the next is made out of it.
const HASHES: f64 = 3.0;
/// Eight million revocations a year.
const DAY: Scale = Scale { signature: 15_000, user_authentication: 7_000, living: false };
