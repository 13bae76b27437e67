//! Several processes at one home.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::ErrorCode;
use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;
use crate::stage::line_with_key;
use crate::stage::statuses;

fn finish(child: Child) -> Run {
    Run::of("started before", &child.wait_with_output().unwrap())
}

#[test]
fn two_batches_at_once_both_succeed() {
    let stage = Stage::founded();
    for (name, numbers) in [("a", 1..=200), ("b", 201..=400)] {
        let lines: Vec<Value> = numbers.map(line_with_key).collect();
        stage.write_lines(&format!("{name}.jsonl"), &lines);
    }
    let started = ["a", "b"]
        .map(|name| stage.start(&format!("issue --batch {name}.jsonl --out out-{name} --json")));
    let results = started.map(|child| finish(child).exits(0).lines()).concat();
    assert_eq!(statuses(&results), [("issued".into(), 400)].into());
    let serials: BTreeSet<&str> = results
        .iter()
        .map(|result| result["certificates"][0]["serial"].as_str().unwrap())
        .collect();
    assert_eq!(serials.len(), 400);
    stage.is_whole();
}

#[test]
fn the_same_batch_twice_at_once_is_one_batch() {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=96)
        .map(|n| holder_with(&format!("p-{n}"), &json!({ "kind": "user-authentication" })))
        .collect();
    stage.write_lines("batch.jsonl", &lines);
    let words = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json";
    let started = [(); 2].map(|()| stage.start(words));
    for child in started {
        for result in finish(child).lines() {
            let pending = result["error"]["rule"] == "R-REQUEST-PENDING";
            assert!(pending || result["status"] != "refused", "{result}");
        }
    }
    let results = stage.jpki(words).exits(0).lines();
    assert_eq!(statuses(&results), [("existing".into(), 96)].into());
    assert_eq!(stage.count("issued"), FOUNDING + 96);
    assert_eq!(stage.names("out").len(), 3 * 96, "nothing is left of those who were too late");
    stage.is_whole();
}

#[test]
fn two_inits_at_once_make_one_home() {
    let stage = Stage::empty();
    let started = [(); 2].map(|()| stage.start("init --algorithm p256"));
    let runs = started.map(finish);
    let made = runs.iter().filter(|run| run.stderr.is_empty()).count();
    assert_eq!(made, 1, "{runs:?}");
    for run in runs {
        if !run.stderr.is_empty() {
            run.exits(2).says("exists and is not empty");
        }
    }
    assert_eq!(stage.names("."), ["home"]);
    stage.issue(&holder("p-1"), "");
    stage.is_whole();
}

/// A batch process that stands still with intents on record, as one that waits for a slow key.
struct Stopped<'a> {
    stage: &'a Stage,
    child: Child,
    feed: Option<ChildStdin>,
    lines: usize,
}

impl<'a> Stopped<'a> {
    /// Feeds a batch, group by group, until the process can be stopped between its two
    /// transactions: intents are on record and the store is free.
    fn between_transactions(stage: &'a Stage) -> Self {
        let mut child = stage
            .command(&format!("issue --batch - --out out --json --quiet --at {NOW}"))
            .stdin(Stdio::piped())
            .stdout(fs::File::create(stage.path("results.jsonl")).unwrap())
            .spawn()
            .unwrap();
        let feed = child.stdin.take();
        let mut stopped = Self { stage, child, feed, lines: 0 };
        let store = Connection::open(stage.path("home/store.db")).unwrap();
        store.busy_timeout(Duration::ZERO).unwrap();
        let intended = || -> bool {
            let sql = "SELECT EXISTS (SELECT 1 FROM certificate WHERE state = 0)";
            match store.query_row(sql, [], |row| row.get(0)) {
                // It opens or writes the store at this very moment: not yet.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => false,
                found => found.unwrap(),
            }
        };
        let is_free = || {
            let began = store.execute_batch("BEGIN IMMEDIATE").is_ok();
            began && store.execute_batch("ROLLBACK").is_ok()
        };
        for _ in 0..100 {
            stopped.feed_a_group();
            for _ in 0..1000 {
                if !intended() {
                    std::thread::yield_now();
                    continue;
                }
                stopped.signal("STOP");
                wait_until_stopped(&stopped.child);
                if intended() && is_free() {
                    return stopped;
                }
                stopped.signal("CONT");
                break;
            }
        }
        panic!("it could not be stopped in time");
    }

    fn feed_a_group(&mut self) {
        for _ in 0..64 {
            self.lines += 1;
            writeln!(self.feed.as_mut().unwrap(), "{}", line_with_key(self.lines as u64)).unwrap();
        }
    }

    fn signal(&self, name: &str) {
        self.stage.shell(&format!("kill -{name} {}", self.child.id())).exits(0);
    }

    /// Lets it go on to the end of what it was fed; its results.
    fn goes_on(mut self) -> Vec<Value> {
        self.signal("CONT");
        self.feed = None;
        assert!(self.child.wait().unwrap().success());
        let results = self.stage.read_text("results.jsonl");
        let results: Vec<Value> =
            results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(results.len(), self.lines);
        results
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        // Whatever became of the test, nothing is left standing; it may have ended already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Until every thread stands still.
fn wait_until_stopped(child: &Child) {
    let running = || {
        let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
        tasks.into_iter().any(|task| {
            let stat = fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
            !stat.rsplit(") ").next().unwrap().starts_with('T')
        })
    };
    while running() {
        std::thread::yield_now();
    }
}

#[test]
fn recovery_leaves_the_intents_of_a_living_process() {
    // Signing with P-384 takes long enough to be caught at it.
    let stage = Stage::founded_with("p384");
    let stopped = Stopped::between_transactions(&stage);
    let recovered = stage.jpki("recover --json").exits(0).json();
    assert_eq!(recovered["voided"], json!([]));
    stage.issue(&holder("p-else"), "");
    let results = stopped.goes_on();
    assert_eq!(statuses(&results), [("issued".into(), results.len())].into());
    assert_eq!(stage.count("voided"), 0);
    stage.is_whole();
}

#[test]
fn recovery_voids_the_intents_of_a_process_as_soon_as_it_is_dead() {
    let stage = Stage::founded_with("p384");
    drop(Stopped::between_transactions(&stage));
    let recovered = stage.jpki("recover --json").exits(0).json();
    let voided = recovered["voided"].as_array().unwrap();
    assert!(!voided.is_empty());
    assert_eq!(stage.count("voided"), voided.len());
    stage.is_whole();
}
