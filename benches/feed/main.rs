//! How fast the register is followed, durably and through the public API, measured against bare
//! inserts of the same rows: `README.md` in the folder above says what is in and out.
//!
//! ```text
//! cargo bench --bench feed [-- RESIDENTS …]
//! cargo bench --bench feed -- write FOLDER RESIDENTS EVENTS
//! ```
//!
//! The second form measures nothing: it writes `residents.jsonl` and `events.jsonl` for the command.
#![expect(clippy::print_stdout, reason = "a benchmark reports")]
#![expect(clippy::indexing_slicing, reason = "a benchmark may panic")]

mod installation;
mod population;
mod yardstick;

use std::error::Error;
use std::fs;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use installation::Installation;
use population::Population;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Without it `cargo test` runs us: once around is enough to see that everything works.
    let measuring = words.iter().any(|word| word == "--bench");
    if let Some(at) = words.iter().position(|word| word == "write") {
        let [folder, residents, events] = words.get(at + 1..at + 4).unwrap_or_default() else {
            return Err("write FOLDER RESIDENTS EVENTS".into());
        };
        return write(Path::new(folder), residents.parse()?, events.parse()?);
    }
    let mut sizes: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = if measuring { vec![10_000, 100_000, 1_000_000] } else { vec![300] };
    }
    let plan = if measuring {
        Plan { rounds: 10, groups: 4, size: GROUP }
    } else {
        Plan { rounds: 1, groups: 2, size: 32 }
    };
    for residents in sizes {
        compare(residents, None, &plan)?;
        let memory = Path::new(MEMORY);
        if memory.is_dir() && residents <= MEMORY_RESIDENTS {
            compare(residents, Some(memory), &plan)?;
        }
    }
    Ok(())
}

/// How much is measured.
struct Plan {
    rounds: usize,
    /// Groups of each round.
    groups: usize,
    /// Events of each group.
    size: usize,
}

/// A group of events, the same rows bare, and so on: whatever else the machine does meets both alike.
fn compare(residents: usize, place: Option<&Path>, plan: &Plan) -> Result<(), Box<dyn Error>> {
    let mut population = Population::new(residents);
    let mut installation = Installation::new(&population, place)?;
    let mut rounds = Vec::new();
    for _ in 0..plan.rounds {
        let mut round = Round::default();
        for _ in 0..plan.groups {
            let group = population.events(plan.size);
            let begun = now();
            let outcomes = installation.authority.ingest(&group.lines)?;
            round.following += begun.elapsed();
            round.events += outcomes.len();
            group.check(&outcomes)?;

            let written = installation.journal.since_last(&outcomes)?;
            round.rows += written.count();
            let begun = now();
            installation.copy.insert(&written)?;
            round.into_copy += begun.elapsed();
            let begun = now();
            installation.empty.insert(&written)?;
            round.into_empty += begun.elapsed();
        }
        rounds.push(round);
    }
    let place = if place.is_some() { "in memory, for comparison" } else { "on disk" };
    println!("{residents} residents, {place}: {}", summary(&rounds));
    Ok(())
}

/// So many events, and as many rows beside them.
#[derive(Default)]
struct Round {
    events: usize,
    rows: usize,
    following: Duration,
    into_copy: Duration,
    into_empty: Duration,
}

fn summary(rounds: &[Round]) -> String {
    let following = micros(rounds, |round| round.following);
    let into_copy = micros(rounds, |round| round.into_copy);
    let into_empty = micros(rounds, |round| round.into_empty);
    let (rows, ..) = middle(rounds, |round| round.rows as f64 / round.events as f64);
    format!(
        "{:.0} events/s ({following:.1} µs)\n    the same {rows:.1} rows bare into a copy: \
         {into_copy:.1} µs, {}\n    into empty tables: {into_empty:.1} µs, {}\n    \
         {} rounds of {}",
        1e6 / following,
        ratio(rounds, |round| round.into_copy),
        ratio(rounds, |round| round.into_empty),
        rounds.len(),
        rounds[0].events,
    )
}

fn ratio(rounds: &[Round], bare: impl Fn(&Round) -> Duration) -> String {
    let (ratio, least, most) =
        middle(rounds, |round| bare(round).as_secs_f64() / round.following.as_secs_f64());
    format!("ratio {ratio:.3} ({least:.3} to {most:.3})")
}

/// Microseconds per event.
fn micros(rounds: &[Round], time: impl Fn(&Round) -> Duration) -> f64 {
    middle(rounds, |round| time(round).as_secs_f64() * 1e6 / round.events as f64).0
}

/// The median, the least and the most.
fn middle(rounds: &[Round], value: impl Fn(&Round) -> f64) -> (f64, f64, f64) {
    let mut values: Vec<f64> = rounds.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}

/// Files for `jpki feed import` and `jpki feed apply`.
fn write(folder: &Path, residents: usize, events: usize) -> Result<(), Box<dyn Error>> {
    let mut population = Population::new(residents);
    let mut file = BufWriter::new(fs::File::create(folder.join("residents.jsonl"))?);
    for number in 0..residents {
        writeln!(file, "{}", population.file(number))?;
    }
    file.flush()?;
    let mut file = BufWriter::new(fs::File::create(folder.join("events.jsonl"))?);
    for begin in (0..events).step_by(GROUP) {
        for line in population.events(GROUP.min(events - begin)).lines {
            file.write_all(&line)?;
            file.write_all(b"\n")?;
        }
    }
    file.flush()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

/// Events of a commit, as the command groups them.
const GROUP: usize = 256;

/// A folder in memory: what is measured there waits for no disk.
const MEMORY: &str = "/dev/shm";

/// More of them need more memory than a machine may have.
const MEMORY_RESIDENTS: usize = 10_000;
