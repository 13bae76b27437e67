//! Processes that end in the middle of their work.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder_with;
use crate::stage::line_with_key;
use crate::stage::statuses;

const BATCH: &str = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json";

/// A batch in which some keys are generated and most are given.
fn batch(count: u64) -> Vec<Value> {
    (1..=count)
        .map(|n| {
            let generated = json!({ "kind": "both" });
            if n % 16 == 0 {
                holder_with(&format!("p-{n:05}"), &generated)
            } else {
                line_with_key(n)
            }
        })
        .collect()
}

/// Every line is served, once: as many certificates as there were intents that did not end void,
/// all of them valid, no two for one person and kind.
fn is_served_once(stage: &Stage, lines: &[Value]) {
    stage.is_whole();
    let results = stage.jpki(BATCH).exits(0).lines();
    assert_eq!(results.len(), lines.len());
    let results_again = stage.jpki(BATCH).exits(0).lines();
    assert_eq!(statuses(&results_again), [("existing".into(), lines.len())].into());
    let certificates: Vec<&Value> = results_again
        .iter()
        .flat_map(|result| result["certificates"].as_array().unwrap())
        .collect();
    let numbers: BTreeSet<String> = certificates
        .iter()
        .map(|certificate| format!("{} {}", certificate["ca"], certificate["serial"]))
        .collect();
    assert_eq!(numbers.len(), certificates.len(), "no certificate serves two lines");
    assert_eq!(stage.count("issued"), FOUNDING + certificates.len(), "none was issued beside them");
    assert_eq!(stage.count("revoked"), 0);
    let verdicts = stage.shell(&format!("jpki verify out/*.cer --json --at {NOW}")).exits(0);
    assert_eq!(verdicts.lines().len(), certificates.len());
    let waiting: Vec<String> = stage.names("out");
    assert!(!waiting.iter().any(|name| name.ends_with(".pending")), "no key waits: {waiting:?}");
    for certificate in certificates {
        for file in certificate["files"].as_array().unwrap() {
            assert!(fs::exists(file.as_str().unwrap()).unwrap(), "{file}");
        }
    }
    stage.is_whole();
}

/// Kills the process as soon as the folder has so many entries.
fn kill_at(mut child: Child, folder: &Path, count: usize) {
    while fs::read_dir(folder).map_or(0, Iterator::count) < count {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before there were {count}");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_batch_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let stage = Stage::founded();
    let lines = batch(320);
    stage.write_lines("batch.jsonl", &lines);
    // By files on disk: while keys are made, while the first groups are signed and written.
    for entries in [1, 7, 8, 9, 30, 75, 150, 151, 260] {
        kill_at(stage.start(BATCH), &stage.path("out"), entries);
    }
    // By results: each was printed after it was durable.
    let mut printed = Vec::new();
    for count in [1, 129, 200] {
        let mut child = stage.start(BATCH);
        let output = BufReader::new(child.stdout.take().unwrap());
        printed.extend(output.lines().take(count).map(Result::unwrap));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let before: Vec<Value> =
        printed.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let after = stage.jpki(BATCH).exits(0).lines();
    for result in &before {
        let line = usize::try_from(result["line"].as_u64().unwrap()).unwrap();
        assert_eq!(result["certificates"], after[line - 1]["certificates"], "line {line}");
        assert_eq!(after[line - 1]["status"], "existing");
    }
    is_served_once(&stage, &lines);
}

#[test]
fn a_batch_that_dies_in_a_write_loses_and_doubles_nothing() {
    let stage = Stage::founded();
    let lines = batch(96);
    stage.write_lines("batch.jsonl", &lines);
    // The limit on file size kills at the very write that would exceed it; the log of the store is
    // the file that grows, so each limit is another place in a transaction.
    let mut died = 0;
    for blocks in [72, 100, 150, 220, 330, 500, 700, 1000] {
        let line = format!("(ulimit -f {blocks}; exec jpki {BATCH} --at {NOW}); echo died $? >&2");
        let run = stage.shell(&line);
        died += usize::from(!run.stderr.contains("died 0"));
        stage.is_whole();
    }
    assert!(died >= 3, "{died} runs died");
    is_served_once(&stage, &lines);
}

#[test]
fn what_a_crash_left_is_resolved_by_the_next_command_but_not_by_a_dry_run() {
    let stage = Stage::founded();
    let lines = batch(64);
    stage.write_lines("batch.jsonl", &lines);
    // Dies after the intents are durable: at the certificates' own transaction.
    let dangling = (40..)
        .step_by(8)
        .find_map(|blocks: u32| {
            let line = format!("(ulimit -f {blocks}; exec jpki {BATCH} --at {NOW}) ; true");
            stage.shell(&line);
            let dry = stage.jpki("recover --dry-run --json").exits(0).json();
            let dangling = dry["voided"].as_array().unwrap().len();
            (dangling > 0).then_some(dangling)
        })
        .unwrap();
    let before = stage.jpki("recover --dry-run --json").exits(0).json();
    assert_eq!(before["voided"].as_array().unwrap().len(), dangling, "a dry run resolves nothing");
    let would = stage.jpki(&format!("{BATCH} --dry-run")).exits(0).lines();
    assert_eq!(statuses(&would), [("would-issue".into(), lines.len())].into());
    let note = stage.jpki("audit list --json").exits(0);
    let said = format!("an earlier run was interrupted: {dangling} number(s)");
    let entries = note.says(&said).lines();
    let voided = entries.iter().filter(|entry| entry["act"] == "voided").count();
    assert_eq!(voided, dangling);
    let first = &before["voided"][0];
    let number = format!("--ca user-authentication --serial {}", first["serial"]);
    let number = number.replace('"', "");
    let revoke = format!("revoke {number} --reason superseded");
    stage.jpki(&revoke).refused("R-VOID");
    is_served_once(&stage, &lines);
}

#[test]
fn an_init_that_is_killed_leaves_a_whole_home_or_none() {
    let stage = Stage::empty();
    kill_at(stage.start("init --algorithm p256"), &stage.path("."), 1);
    if !stage.path("home").exists() {
        stage.plain("init --algorithm p256").exits(0);
    }
    stage.plain("issue --batch - --out out").exits(0);
    stage.is_whole();
}
