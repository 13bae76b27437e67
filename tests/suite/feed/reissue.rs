//! An event and the new certificate in one visit.

use std::io::BufRead as _;
use std::io::BufReader;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::USER_AUTHENTICATION;
use crate::stage::holder;
use crate::stage::holder_with;

use super::address;
use super::event;
use super::home;
use super::relocation;
use super::state;
use super::with_residents;

const REISSUE: &str = "feed apply events.jsonl --reissue --holder-algorithm p256 --out anew --json";

#[test]
fn who_moves_goes_home_with_a_new_certificate() {
    let stage = with_residents(2);
    stage.issue(&holder("p-1"), "");
    stage.issue(&holder("p-2"), "");
    let events = [relocation(1, "p-1", &home(), &address(1)), event(2, "p-2", "death")];
    stage.write_lines("events.jsonl", &events);
    let lines = stage.jpki(REISSUE).exits(0).lines();
    assert_eq!(lines.len(), 3, "no certificate for the dead");
    assert_eq!(lines[1]["status"], "issued");
    let certificate = &lines[1]["certificates"][0];
    assert_eq!([&certificate["kind"], &certificate["serial"]], ["signature", "6"]);
    let expected = ["cer", "key.pem", "pem"].map(|end| format!("signature-6.{end}"));
    assert_eq!(stage.names("anew"), expected);
    assert_eq!(stage.verdict(SIGNATURE), "revoked");
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
    assert_eq!(stage.verdict("anew/signature-6.cer"), "valid");
    let shown = format!("jpki show anew/signature-6.cer --json | grep -c {}", address(1));
    assert_eq!(stage.shell(&shown).exits(0).stdout, "1\n");
    let before = stage.record();
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 2, "known already, both of them");
    assert_eq!(stage.record(), before);
    assert_eq!(stage.names("anew").len(), 3);
}

/// The relocation, and whatever else comes with it, in one file.
fn visit(stage: &Stage, events: &[Value]) -> Vec<Value> {
    stage.write_lines("events.jsonl", events);
    stage.jpki(REISSUE).exits(0).lines()
}

fn about(seq: u64, reason: &str, fields: &Value) -> Value {
    let mut event = event(seq, "p-1", reason);
    for (field, value) in fields.as_object().unwrap() {
        event[field] = value.clone();
    }
    event
}

#[test]
fn who_asked_for_the_end_or_lost_card_or_entry_gets_no_new_one() {
    let target = json!({ "target": { "kind": "signature", "carrier": "card" } });
    for (reason, fields) in [
        ("revocation_request", target.clone()),
        ("key_leak", target.clone()),
        ("record_error", target),
        ("card_surrendered", json!({})),
        ("individual_number_change", json!({})),
        ("death", json!({})),
        ("move_abroad", json!({})),
        ("move_out", json!({})),
    ] {
        let stage = with_residents(1);
        stage.issue(&holder("p-1"), "");
        assert_eq!(visit(&stage, &[about(1, reason, &fields)]).len(), 1, "{reason}");
        assert_eq!(stage.verdict(SIGNATURE), "revoked", "{reason}");
        assert_eq!(visit(&stage, &[about(1, reason, &fields)]).len(), 1, "{reason}");
        assert_eq!(stage.count("issued"), FOUNDING + 2, "{reason}");
    }
    // Both ended: both are applied for.
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let lost = about(1, "card_lost", &json!({ "source": "card-desk" }));
    let anew = json!({ "source": "card-desk", "card": { "expires": "2035-12-07" } });
    let anew = about(2, "card_reissued", &with_id(anew, "c-2"));
    assert_eq!(visit(&stage, &[lost, anew]).len(), 2);
    assert_eq!(stage.count("issued"), FOUNDING + 2);
}

fn with_id(mut fields: Value, id: &str) -> Value {
    fields["id"] = id.into();
    fields
}

#[test]
fn who_moves_in_goes_home_with_a_new_certificate_whenever_the_old_one_ended() {
    for (planned, ticked) in [("2026-04-02", false), ("2026-04-05", true), ("2026-04-05", false)] {
        let stage = with_residents(1);
        stage.issue(&holder("p-1"), "");
        let notice = about(1, "move_out", &json!({ "event_date": planned }));
        assert_eq!(visit(&stage, &[notice]).len(), 1);
        let at = "--at 2026-04-06T09:00:00+09:00";
        if ticked {
            stage.jpki(&format!("feed tick {at}")).exits(0);
        }
        let arrival = json!({
            "source": "131130", "id": "s-1", "card": {}, "event_date": "2026-04-06",
            "notified_on": "2026-04-06", "recorded_at": "2026-04-06T08:00:00+09:00",
            "changes": {
                "address": { "old": home(), "new": "東京都渋谷区架空三丁目１番１号" },
                "municipality": { "old": "132217", "new": "131130" }
            },
        });
        let arrival = about(1, "move_in", &arrival);
        stage.write_lines("events.jsonl", &[arrival]);
        let lines = stage.jpki(&format!("{REISSUE} {at}")).exits(0).lines();
        assert_eq!(lines.len(), 2, "{planned} {ticked}: {lines:?}");
        assert_eq!(lines[1]["certificates"][0]["partition"], "131130");
        let why = stage.jpki(&format!("why {THE_SIGNATURE} --json")).exits(0).json();
        assert_eq!(why["event"]["id"], "e-1", "the move-out is what ended it");
    }
}

#[test]
fn what_is_owed_is_said_by_a_rehearsal() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    stage.write_lines("events.jsonl", &[relocation(1, "p-1", &home(), &address(1))]);
    let (before, record) = (state(&stage), stage.record());
    let lines = stage.jpki(&format!("{REISSUE} --dry-run")).exits(0).lines();
    assert_eq!([&lines[0]["status"], &lines[0]["reissue"]], [&json!("applied"), &json!(true)]);
    assert_eq!(lines.len(), 1);
    assert_eq!((state(&stage), stage.record()), (before, record));
    // Without the option nothing is owed, and nothing is made up for later.
    stage.jpki("feed apply events.jsonl").exits(0);
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 1);
    assert_eq!(stage.count("issued"), FOUNDING + 2);
}

/// Between the event's commit and the new certificate's, and at every write between, a process dies;
/// the feed given again finishes what was begun.
#[test]
fn a_visit_that_was_interrupted_is_finished_when_the_event_comes_again() {
    let stage = with_residents(40);
    let batch: Vec<Value> = (1..=40).map(|n| holder(&format!("p-{n}"))).collect();
    stage.write_lines("batch.jsonl", &batch);
    stage.jpki("issue --batch batch.jsonl --holder-algorithm p256 --out out").exits(0);
    let events: Vec<Value> =
        (1..=40).map(|n| relocation(n, &format!("p-{n}"), &home(), &address(1))).collect();
    stage.write_lines("events.jsonl", &events);
    let mut killed = Vec::new();
    for lines in [1, 4, 9, 30] {
        let mut child = stage.start(REISSUE);
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        output.by_ref().take(lines).for_each(drop);
        child.kill().unwrap();
        child.wait().unwrap();
        stage.jpki("recover").exits(0);
        killed.push(stage.count("issued"));
    }
    for blocks in [60, 90, 120, 200, 300] {
        let line = format!("(ulimit -f {blocks}; exec jpki {REISSUE} --at {NOW}); true");
        stage.shell(&line);
    }
    assert!(
        killed[0] < 3 + 80 + 40,
        "the first was killed before it had issued to all: {killed:?}"
    );
    stage.jpki(REISSUE).exits(0);
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 40, "nothing is owed any more");
    assert_eq!(stage.count("issued"), FOUNDING + 80 + 40);
    assert_eq!(stage.count("event"), 40);
    let names = stage.names("anew");
    assert!(!names.iter().any(|name| name.ends_with(".pending")), "{names:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with(".key.pem")).count(), 40);
    let verdicts = stage.shell(&format!("jpki verify anew/*.cer --json --at {NOW}")).exits(0);
    assert_eq!(verdicts.lines().len(), 40);
    stage.is_whole();
}

#[test]
fn two_appliers_of_one_visit_make_one_certificate() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    stage.write_lines("events.jsonl", &[relocation(1, "p-1", &home(), &address(1))]);
    let started = [(); 2].map(|()| stage.start(REISSUE));
    for child in started {
        child.wait_with_output().unwrap();
    }
    stage.jpki(REISSUE).exits(0);
    assert_eq!(stage.count("issued"), FOUNDING + 3);
    assert_eq!(stage.names("anew").len(), 3);
    stage.is_whole();
}

#[test]
fn nothing_is_issued_where_nothing_ended() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "--kind user-authentication");
    stage.write_lines("events.jsonl", &[relocation(1, "p-1", &home(), &address(1))]);
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 1);
    assert_eq!(stage.count("issued"), FOUNDING + 1);
    stage.issue(&holder_with("p-1", &json!({ "address": address(1) })), "--kind signature");
    stage.jpki("feed apply events.jsonl --reissue").exits(2).says("--out");
}
