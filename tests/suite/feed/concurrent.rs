//! Several appliers, and appliers that die.

use std::io::BufRead as _;
use std::io::BufReader;

use serde_json::Value;

use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::line_with_key;

use super::KIYOSE;
use super::event;
use super::fates;
use super::status;
use super::version;
use super::with_residents;

fn households(from: u64, to: u64) -> Vec<Value> {
    (from..=to).map(|seq| event(seq, "p-1", "household_change")).collect()
}

/// Two appliers at once, with a file each.
fn at_once(stage: &Stage, files: [&str; 2]) -> [Run; 2] {
    let started = files.map(|file| stage.start(&format!("feed apply {file} --json")));
    started.map(|child| Run::of("started before", &child.wait_with_output().unwrap()))
}

fn count(runs: &[Run], fate: &str) -> usize {
    runs.iter().flat_map(fates).filter(|one| one == fate).count()
}

#[test]
fn two_appliers_of_one_file_apply_it_once() {
    let stage = with_residents(1);
    stage.write_lines("events.jsonl", &households(1, 600));
    let runs = at_once(&stage, ["events.jsonl"; 2]).map(|run| run.exits(0));
    assert_eq!([count(&runs, "applied"), count(&runs, "duplicate")], [600, 600]);
    assert_eq!(version(&stage, "p-1"), 601);
    stage.is_whole();
}

#[test]
fn two_appliers_of_two_sources_do_not_disturb_each_other() {
    let stage = with_residents(1);
    stage.write_lines("kiyose.jsonl", &households(1, 600));
    let mut desk: Vec<Value> = (1..=600).map(|seq| event(seq, "p-1", "pin_reset")).collect();
    for one in &mut desk {
        one["source"] = "card-desk".into();
    }
    stage.write_lines("desk.jsonl", &desk);
    let runs = at_once(&stage, ["kiyose.jsonl", "desk.jsonl"]).map(|run| run.exits(0));
    assert_eq!(count(&runs, "applied"), 1200);
    assert_eq!(version(&stage, "p-1"), 1201);
    stage.is_whole();
}

#[test]
fn two_appliers_of_the_halves_of_a_feed_lose_nothing() {
    let stage = with_residents(1);
    stage.write_lines("first.jsonl", &households(1, 600));
    stage.write_lines("second.jsonl", &households(601, 1200));
    let runs = at_once(&stage, ["first.jsonl", "second.jsonl"]);
    assert_eq!(count(&runs, "applied"), 1200);
    assert_eq!(version(&stage, "p-1"), 1201);
    assert_eq!(status(&stage, KIYOSE), [1200, 1200, 0, 0]);
    stage.is_whole();
}

#[test]
fn an_applier_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=20).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    stage.write_json("resident.jsonl", &holder("p-1"));
    stage.jpki("feed import resident.jsonl").exits(0);
    // Far more than fits into a pipe, so that a process whose output nobody reads stands still.
    let total = 4000;
    let events: Vec<Value> = (1..=total)
        .map(|seq| {
            let ends = seq % 200 == 0;
            let person = if ends { format!("p-{:05}", seq / 200) } else { "p-1".to_owned() };
            event(seq, &person, if ends { "death" } else { "household_change" })
        })
        .collect();
    stage.write_lines("events.jsonl", &events);
    let mut applied = Vec::new();
    for _ in 0..3 {
        let mut child = stage.start("feed apply events.jsonl --json");
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        applied.push(status(&stage, KIYOSE)[1]);
    }
    assert!(applied.iter().all(|count| (1..total).contains(count)), "{applied:?}");
    let runs = [stage.jpki("feed apply events.jsonl --json").exits(0)];
    let known = count(&runs, "duplicate") as u64;
    assert!(applied.contains(&known) || known >= applied[2], "{applied:?}, {known}");
    assert_eq!(known + count(&runs, "applied") as u64, total);
    assert_eq!(status(&stage, KIYOSE), [total, total, 0, 0]);
    assert_eq!(version(&stage, "p-1"), 1 + total - 20);
    assert_eq!(stage.count("revoked"), 20);
    stage.is_whole();
}
