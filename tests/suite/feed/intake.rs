//! Events in sequence, once.

use serde_json::json;

use crate::stage::holder;

use super::KIYOSE;
use super::address;
use super::apply;
use super::event;
use super::fates;
use super::home;
use super::rejected;
use super::relocation;
use super::state;
use super::status;
use super::version;
use super::with_residents;

#[test]
fn the_same_event_again_is_known_and_changes_nothing() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let events = [relocation(1, "p-1", &home(), &address(1))];
    let first = apply(&stage, &events).exits(0).lines();
    let touched = json!([{
        "ca": "signature",
        "serial": "4",
        "effect": "revoke",
        "reason": "affiliation-changed",
        "change": "address",
        "article": "piaa-12(i)",
    }]);
    assert_eq!([&first[0]["status"], &first[0]["certificates"]], [&json!("applied"), &touched]);
    let (before, record) = (state(&stage), stage.record());
    assert_eq!(fates(&apply(&stage, &events).exits(0)), ["duplicate"]);
    let prose = stage.jpki("feed apply events.jsonl").exits(0).says("1 known already");
    assert!(prose.stdout.contains("known already, nothing done"), "{prose:?}");
    // The same content, written in another way.
    let spaced = events[0].to_string().replace("\":", "\" : ");
    stage.write("events.jsonl", spaced);
    assert_eq!(fates(&stage.jpki("feed apply events.jsonl --json").exits(0)), ["duplicate"]);
    assert_eq!(state(&stage), before);
    assert_eq!(stage.record(), record);
    assert_eq!(stage.count("revoked"), 1);
}

#[test]
fn a_gap_holds_back_what_follows_until_it_is_filled() {
    let stage = with_residents(1);
    let moves: Vec<_> = (1..=4_u8)
        .map(|n| {
            let from = if n == 1 { home() } else { address(n - 1) };
            relocation(n.into(), "p-1", &from, &address(n))
        })
        .collect();
    let gap = [moves[0].clone(), moves[3].clone(), moves[2].clone()];
    let run = apply(&stage, &gap).exits(1).says("2 held back");
    assert_eq!(fates(&run), ["applied", "waiting", "waiting"]);
    assert_eq!(run.lines()[1]["expected"], 2);
    assert_eq!(status(&stage, KIYOSE), [1, 1, 2, 0]);
    assert_eq!(version(&stage, "p-1"), 2);
    let run = apply(&stage, &moves[1..2]).exits(0);
    let ids: Vec<_> = run.lines().iter().map(|outcome| outcome["id"].clone()).collect();
    assert_eq!(ids, ["e-2", "e-3", "e-4"]);
    assert_eq!(fates(&run), ["applied"; 3]);
    assert_eq!(status(&stage, KIYOSE), [4, 4, 0, 0]);
    assert_eq!(version(&stage, "p-1"), 5);
}

#[test]
fn a_gap_that_will_never_be_filled_is_stepped_over() {
    let stage = with_residents(1);
    let events = [5, 6].map(|seq| event(seq, "p-1", "household_change"));
    assert_eq!(fates(&apply(&stage, &events).exits(1)), ["waiting", "waiting"]);
    let json = stage.jpki(&format!("feed source {KIYOSE} --next 5 --json")).exits(0).json();
    let resumed = json["resumed"].as_array().unwrap().iter().map(|one| one["id"].clone());
    assert_eq!(resumed.collect::<Vec<_>>(), ["e-5", "e-6"]);
    assert_eq!([&json["next"], &json["passed"]], [7, 0]);
    assert_eq!(status(&stage, KIYOSE), [6, 2, 0, 0]);
    assert_eq!(version(&stage, "p-1"), 3);
    stage.jpki(&format!("feed source {KIYOSE} --next 3")).refused("R-REPLAYED");
}

#[test]
fn what_waits_under_a_number_that_is_passed_over_is_refused_and_can_be_resent() {
    let stage = with_residents(1);
    let events = [3, 5, 8, 9].map(|seq| event(seq, "p-1", "household_change"));
    assert_eq!(fates(&apply(&stage, &events).exits(1)), ["waiting"; 4]);
    let words = format!("feed source {KIYOSE} --next 8");
    let (before, record) = (state(&stage), stage.record());
    let dry = stage.jpki(&format!("{words} --dry-run --json")).exits(0).json();
    assert_eq!([&dry["next"], &dry["passed"]], [10, 2]);
    let prose = stage.jpki(&format!("{words} --dry-run")).exits(0);
    assert!(prose.stdout.contains("2 event(s) that waited under lower numbers would be refused"));
    assert_eq!((state(&stage), stage.record()), (before, record));
    assert_eq!(status(&stage, KIYOSE), [0, 0, 4, 0]);
    assert_eq!(stage.jpki(&format!("{words} --json")).exits(0).json()["passed"], 2);
    assert_eq!(status(&stage, KIYOSE), [9, 2, 0, 2]);
    let list = rejected(&stage);
    let listed: Vec<_> = list.iter().map(|one| (&one["id"], &one["findings"][0]["code"])).collect();
    let code = json!("R-SEQUENCE-PASSED");
    assert_eq!(listed, [(&json!("e-3"), &code), (&json!("e-5"), &code)]);
    assert_eq!(fates(&apply(&stage, &events).exits(0)), ["duplicate"; 4]);
    assert_eq!(fates(&stage.jpki("feed resend e-5 --json").exits(0)), ["applied"]);
    stage.jpki("feed dismiss e-3 --note superseded").exits(0);
    assert_eq!(status(&stage, KIYOSE), [9, 3, 0, 0]);
    assert_eq!(version(&stage, "p-1"), 4);
    stage.is_whole();
}

#[test]
fn sources_do_not_wait_for_each_other() {
    let stage = with_residents(1);
    let mut desk = event(2, "p-1", "pin_reset");
    desk["source"] = "card-desk".into();
    let kiyose = [1, 2].map(|seq| event(seq, "p-1", "household_change"));
    let interleaved = [kiyose[0].clone(), desk.clone(), kiyose[1].clone()];
    assert_eq!(fates(&apply(&stage, &interleaved).exits(1)), ["applied", "waiting", "applied"]);
    desk["seq"] = 1.into();
    desk["id"] = "d-1".into();
    assert_eq!(fates(&apply(&stage, &[desk]).exits(0)), ["applied"; 2]);
    assert_eq!(version(&stage, "p-1"), 5);
}

#[test]
fn a_rehearsal_changes_nothing() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    stage.write_json("event.jsonl", &event(1, "p-1", "death"));
    let (before, record) = (state(&stage), stage.record());
    let run = stage.jpki("feed apply event.jsonl --dry-run --json").exits(0);
    assert_eq!(run.lines()[0]["certificates"].as_array().unwrap().len(), 2);
    stage.jpki("feed tick --dry-run --at 2040-01-01T00:00:00Z").exits(0);
    assert_eq!((state(&stage), stage.record()), (before, record));
}

#[test]
fn the_latency_from_record_to_revocation_is_counted() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "--kind signature");
    apply(&stage, &[relocation(1, "p-1", &home(), &address(1))]).exits(0);
    let latency = stage.jpki("feed status --json").exits(0).json()["latency"].clone();
    assert_eq!(latency, json!({ "certificates": 1, "p50": 3600, "p99": 3600, "max": 3600 }));
}

#[test]
fn events_come_in_through_standard_input_too() {
    let stage = with_residents(1);
    let line = event(1, "p-1", "household_change").to_string();
    let run = stage.jpki_reading("feed apply - --json", line.as_bytes()).exits(0);
    assert_eq!(fates(&run), ["applied"]);
    stage.jpki("feed apply absent.jsonl").exits(2).says("absent.jsonl");
}
