//! `jpki feed`: the register's events come in, and certificates follow.

mod codes;
mod concurrent;
mod intake;
mod reconcile;
mod refused;
mod register;
mod reissue;
mod resend;
mod signed;
mod sources;
mod stories;
mod timers;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;
use serde_json::json;

use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;

/// The municipality of everyone.
const KIYOSE: &str = "132217";

/// Turns a switch of the policy to another word.
fn set_policy(stage: &Stage, switch: &str, word: &str) {
    let text = stage.read_text("home/jpki.toml");
    let begins = format!("{switch} = ");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&begins)).collect();
    assert_eq!(lines.len(), 1, "{switch} stands in jpki.toml once");
    stage.set(lines[0], &format!("{begins}\"{word}\""));
}

/// A home that knows so many people of Kiyose, `p-1` and on.
fn with_residents(count: u32) -> Stage {
    let stage = Stage::founded();
    let forms: Vec<Value> = (1..=count).map(|number| holder(&format!("p-{number}"))).collect();
    stage.write_lines("residents.jsonl", &forms);
    stage.jpki("feed import residents.jsonl").exits(0);
    stage
}

/// The address on record at first.
fn home() -> String {
    holder("p-1")["address"].as_str().unwrap().to_owned()
}

/// Another address in Kiyose, one for each digit.
fn address(digit: u8) -> String {
    let digit = char::from_u32(u32::from('０') + u32::from(digit)).unwrap();
    format!("東京都清瀬市中里架空{digit}番地")
}

/// An event of Kiyose, without what it changes.
fn event(seq: u64, person: &str, reason: &str) -> Value {
    json!({
        "source": KIYOSE,
        "seq": seq,
        "id": format!("e-{seq}"),
        "person": person,
        "reason": reason,
        "event_date": "2026-04-02",
        "notified_on": "2026-04-02",
        "recorded_at": "2026-04-02T08:00:00+09:00",
    })
}

fn relocation(seq: u64, person: &str, from: &str, to: &str) -> Value {
    let mut event = event(seq, person, "relocation");
    event["changes"] = json!({ "address": { "old": from, "new": to } });
    event
}

fn apply(stage: &Stage, events: &[Value]) -> Run {
    stage.write_lines("events.jsonl", events);
    stage.jpki("feed apply events.jsonl --json")
}

/// What became of each event: its status, or the codes of its refusal.
fn fates(run: &Run) -> Vec<String> {
    let fate = |outcome: Value| match outcome["findings"].as_array() {
        None => outcome["status"].as_str().unwrap().to_owned(),
        Some(findings) => {
            let codes: Vec<_> = findings.iter().map(|one| one["code"].as_str().unwrap()).collect();
            codes.join(" ")
        }
    };
    run.lines().into_iter().map(fate).collect()
}

fn rejected(stage: &Stage) -> Vec<Value> {
    stage.jpki("feed rejected --json").exits(0).lines()
}

/// The feed of a source as `feed status` counts it: last, applied, waiting, refused.
fn status(stage: &Stage, source: &str) -> [u64; 4] {
    let json = stage.jpki("feed status --json").exits(0).json();
    let sources = json["sources"].as_array().unwrap();
    let one = sources.iter().find(|one| one["source"] == source).unwrap();
    ["last", "applied", "waiting", "refused"].map(|field| one[field].as_u64().unwrap())
}

/// Everything that the store knows of residents and certificates.
fn state(stage: &Stage) -> Vec<Vec<Cell>> {
    let store = Connection::open(stage.path("home/store.db")).unwrap();
    let mut all = Vec::new();
    for table in ["resident", "resident_version", "certificate", "cause", "deferred"] {
        let mut rows = store.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
        let width = rows.column_count();
        let cells = |row: &rusqlite::Row<'_>| (0..width).map(|at| row.get(at)).collect();
        all.extend(rows.query_map([], cells).unwrap().map(Result::<_, _>::unwrap));
    }
    all
}

/// The version of a person's record: 1, and one more for every event since.
fn version(stage: &Stage, person: &str) -> u64 {
    let store = Connection::open(stage.path("home/store.db")).unwrap();
    let sql = "SELECT version FROM resident WHERE person = ?1";
    let count: i64 = store.query_row(sql, [person], |row| row.get(0)).unwrap();
    count.try_into().unwrap()
}
