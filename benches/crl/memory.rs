//! How much memory a list takes: a process of its own writes it, and tells its peak.

use std::process::Command;

use jpki_ca::crl;
use jpki_ca::crl::Measure;
use jpki_ca::crl::Reader;
use jpki_ca::lint;

use crate::Bench;
use crate::Digest;
use crate::Outcome;
use crate::X509Cert;
use crate::entries::Drawn;

/// The first word of such a process.
pub(crate) const WORD: &str = "memory-of";

/// Asks a process each, and prints what was above the empty one.
pub(crate) fn print(count: u64) -> Outcome<()> {
    let empty = ask("nothing", count)?;
    print_one("written, hashed, signed", ask("write", count)?, empty);
    print_one("judged as it is written, through a pipe in memory", ask("judge", count)?, empty);
    if count <= crate::IN_MEMORY {
        print_one("x509-cert", ask("x509-cert", count)?, empty);
        print_one("rcgen", ask("rcgen", count)?, empty);
    }
    Ok(())
}

fn print_one(what: &str, peak: u64, empty: u64) {
    // A small list may take less than two processes differ by.
    let above = peak.saturating_sub(empty);
    println!("    peak memory, {what}: {above} KiB above the empty process ({empty} KiB)");
}

fn ask(what: &str, count: u64) -> Outcome<u64> {
    let output =
        Command::new(std::env::current_exe()?).args([WORD, what, &count.to_string()]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The process that is asked: does one thing, and prints its peak in KiB.
pub(crate) fn child(words: &[String]) -> Outcome<()> {
    let count: u64 = words[1].parse()?;
    let bench = Bench::new()?;
    let edition = bench.edition()?;
    let names = edition.names();
    let head = edition.head(&names);
    match words[0].as_str() {
        "write" => {
            let measure: Measure = Drawn::new(count).collect();
            let mut sink = Digest::new();
            let written = crl::encode(&head, measure, Drawn::new(count), &mut sink)?;
            bench.sign(sink, written.octets)?;
        }
        "judge" => {
            let measure: Measure = Drawn::new(count).collect();
            let (output, mut input) = std::io::pipe()?;
            std::thread::scope(|scope| -> Outcome<()> {
                let writer = scope.spawn(move || {
                    crl::encode(&head, measure, Drawn::new(count), &mut input).map(drop)
                });
                lint::list(Reader::tbs(output)?, &edition)?;
                writer.join().map_err(|_| "a thread panicked")??;
                Ok(())
            })?;
        }
        "x509-cert" => drop(X509Cert::list(&edition, count)?),
        "rcgen" => drop(bench.rcgen.list(count)?),
        _ => {}
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next());
    println!("{}", peak.ok_or("this system tells no peak")?);
    Ok(())
}
