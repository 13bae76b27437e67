//! `jpki audit`: what a change to the record behind the command's back looks like.

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::Stage;
use crate::stage::holder;

/// A home with a dozen entries.
fn with_entries() -> Stage {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.issue(&holder("p-1"), "--renew");
    stage
}

/// Does to the store what the command never does.
fn tamper(stage: &Stage, sql: &str) {
    let store = Connection::open(stage.path("home/store.db")).unwrap();
    assert!(store.execute_batch(sql).is_err(), "the store itself resists");
    store.execute_batch("DROP TRIGGER audit_keeps; DROP TRIGGER audit_stays").unwrap();
    store.execute_batch(sql).unwrap();
}

#[test]
fn the_record_tells_every_act_in_order() {
    let stage = with_entries();
    let entries = stage.entries();
    let acts: Vec<&str> = entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect();
    let founding = [&["founded"][..], &["intended", "issued"].repeat(FOUNDING)].concat();
    let first = ["intended", "intended", "issued", "issued"];
    let renewal = ["intended", "intended", "revoked", "revoked", "issued", "issued"];
    assert_eq!(acts, [&founding[..], &first[..], &renewal[..]].concat());
    let numbers: Vec<u64> = entries.iter().map(|entry| entry["entry"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=21).collect::<Vec<u64>>());
    assert_eq!(stage.record().0, 21);
    let issued = &entries[13];
    assert_eq!([&issued["ca"], &issued["serial"]], ["signature", "4"]);
    assert_eq!(issued["intent"], 12);
}

#[test]
fn the_list_begins_after_a_number() {
    let stage = with_entries();
    let all = stage.entries();
    let listed = |after: u64| -> Vec<Value> {
        stage.jpki(&format!("audit list --after {after} --json")).exits(0).lines()
    };
    assert_eq!(listed(0), all);
    assert_eq!(listed(19), all[19..]);
    assert!(listed(21).is_empty());
    stage.jpki("audit list --after -1").exits(2);
    let text = stage.jpki("audit list --after 20").exits(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), all[20]);
}

#[test]
fn a_changed_entry_is_named() {
    for (sql, broken) in [
        ("UPDATE audit SET line = replace(line, '\"4\"', '\"5\"') WHERE entry = 12", 12),
        ("UPDATE audit SET line = replace(line, 'founded', 'fuonded') WHERE entry = 1", 1),
        ("UPDATE audit SET hash = zeroblob(32) WHERE entry = 8", 8),
        ("DELETE FROM audit WHERE entry = 8", 9),
        ("DELETE FROM audit WHERE entry = 1", 2),
        ("DELETE FROM audit WHERE entry = 21", 21),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET entry = 100 WHERE entry = 21", 100),
        ("UPDATE audit SET line = '{}' WHERE entry = 21", 21),
    ] {
        let stage = with_entries();
        tamper(&stage, sql);
        let run = stage.jpki("audit verify").exits(1).says(&format!("broken at entry {broken}:"));
        assert_eq!(run.stdout, "");
        let json = stage.jpki("audit verify --json").exits(1).json();
        assert_eq!(json["status"], json!("error"));
    }
}
