//! Bad input: nothing changes but the list, by one.

use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
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
use super::with_residents;

/// Refused with these codes and listed once, and again known; the state is what it was.
#[track_caller]
fn is_refused(stage: &Stage, line: &[u8], codes: &str) {
    let (before, listed) = (state(stage), rejected(stage).len());
    for round in [codes, "duplicate"] {
        stage.write("bad.jsonl", line);
        let run = stage.jpki("feed apply bad.jsonl --json").exits(i32::from(round == codes));
        assert_eq!(fates(&run), [round], "{run:?}");
        let list = rejected(stage);
        assert_eq!(list.len(), listed + 1);
        let last = &list[listed];
        let outcome = &run.lines()[0];
        assert_eq!([&last["source"], &last["id"]], [&outcome["source"], &outcome["id"]]);
        let first = codes.split(' ').next().unwrap();
        assert_eq!(last["findings"][0]["code"], first);
        stage.jpki(&format!("feed explain {first}")).exits(0);
    }
    assert_eq!(state(stage), before, "a refused event changed something");
}

fn with(mut event: Value, fields: &Value) -> Vec<u8> {
    for (field, value) in fields.as_object().unwrap() {
        event[field] = value.clone();
    }
    event.to_string().into_bytes()
}

#[test]
fn a_line_that_is_no_event_is_listed_and_uses_up_no_number() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let good = relocation(1, "p-1", &home(), &address(1)).to_string();
    let mut latin = good.clone().into_bytes();
    latin[12] = 0xff;
    let twice = good.replacen('{', r#"{"seq":1,"#, 1);
    let unknown = good.replacen('{', r#"{"shoe_size":24,"#, 1);
    let long = good.replacen('{', &format!(r#"{{"note":"{}","#, "a".repeat(10 << 20)), 1);
    let lines: [&[u8]; 9] = [
        b"?",
        b"[]",
        b"{}",
        b"\xef\xbb\xbf{}",
        &good.as_bytes()[..good.len() / 2],
        &latin,
        twice.as_bytes(),
        unknown.as_bytes(),
        long.as_bytes(),
    ];
    for line in lines {
        is_refused(&stage, line, "E-JSON");
    }
    // Of no source that is known, and counted all the same.
    assert_eq!(status(&stage, "?"), [0, 0, 0, 9]);
    stage.write("good.jsonl", good);
    assert_eq!(fates(&stage.jpki("feed apply good.jsonl --json").exits(0)), ["applied"]);
}

#[test]
fn of_a_file_cut_in_the_middle_the_whole_lines_count() {
    let stage = with_residents(1);
    let lines: String =
        (1..=3).map(|seq| format!("{}\n", event(seq, "p-1", "household_change"))).collect();
    stage.write("cut.jsonl", &lines[..lines.len() - 40]);
    let run = stage.jpki("feed apply cut.jsonl --json").exits(1);
    assert_eq!(fates(&run), ["applied", "applied", "E-JSON"]);
    stage.write("whole.jsonl", &lines);
    let run = stage.jpki("feed apply whole.jsonl --json").exits(0);
    assert_eq!(fates(&run), ["duplicate", "duplicate", "applied"]);
}

#[test]
fn an_event_that_cannot_be_uses_up_its_number() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let cases = [
        (json!({ "person": "p-99" }), "R-NO-RECORD"),
        (json!({ "person": "p 99" }), "E-WORD"),
        (json!({ "reason": "boredom" }), "E-WORD"),
        (json!({ "event_date": "2026-04-31" }), "E-DATE"),
        (json!({ "recorded_at": "2026-04-02 08:00" }), "E-DATE"),
        // Five minutes of skew are let pass, not six.
        (json!({ "recorded_at": "2026-04-02T09:06:00+09:00" }), "E-FUTURE"),
        (json!({ "recorded_at": "2026-04-01T08:00:00+09:00" }), "E-COMBINATION"),
        (
            json!({ "changes": { "municipality": { "old": KIYOSE, "new": "139998" } } }),
            "E-MUNICIPALITY-UNKNOWN",
        ),
        (json!({ "changes": { "name": { "old": "山田　花子" } } }), "R-RELOC-EXTRA R-NEW-MISSING"),
        (
            json!({ "changes": { "address": { "old": address(2), "new": address(3) } } }),
            "R-OLD-VALUE",
        ),
        (json!({ "target": { "kind": "signature", "carrier": "card" } }), "E-UNEXPECTED"),
    ];
    for (seq, (fields, codes)) in (1..).zip(&cases) {
        let line = with(relocation(seq, "p-1", &home(), &address(1)), fields);
        is_refused(&stage, &line, codes);
    }
    let count = cases.len() as u64;
    assert_eq!(status(&stage, KIYOSE), [count, 0, 0, count]);
    let ahead = json!({ "recorded_at": "2026-04-02T09:04:00+09:00" });
    stage.write("next.jsonl", with(event(count + 1, "p-1", "household_change"), &ahead));
    assert_eq!(fates(&stage.jpki("feed apply next.jsonl --json").exits(0)), ["applied"]);
}

#[test]
fn an_id_that_would_move_the_cursor_is_shown_and_does_not() {
    let stage = with_residents(1);
    let id = "\u{1b}[2Jgone\u{202e}";
    let line = with(event(1, "p-1", "household_change"), &json!({ "id": id }));
    stage.write("bad.jsonl", line);
    let said = [
        stage.jpki("feed apply bad.jsonl").exits(1).stdout,
        stage.jpki("feed rejected").exits(0).stdout,
    ];
    for text in said {
        assert!(text.contains("<U+001B>[2Jgone<U+202E>"), "{text}");
    }
    let json = &rejected(&stage)[0];
    assert_eq!(json["id"], id);
}

#[test]
fn an_event_of_nobody_uses_up_neither_number_nor_id() {
    let stage = with_residents(1);
    for (source, code) in [
        ("cs-132217", "E-WORD"),
        ("139998", "E-MUNICIPALITY-UNKNOWN"),
        ("132216", "E-MUNICIPALITY-CODE"),
    ] {
        let line = with(event(1, "p-1", "household_change"), &json!({ "source": source }));
        is_refused(&stage, &line, code);
    }
    assert_eq!(fates(&apply(&stage, &[event(1, "p-1", "household_change")]).exits(0)), ["applied"]);
}

#[test]
fn a_number_or_an_id_that_is_taken_is_refused() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-1", "household_change")]).exits(0);
    let renamed = with(event(1, "p-1", "household_change"), &json!({ "id": "other" }));
    is_refused(&stage, &renamed, "R-REPLAYED");
    let changed = with(event(1, "p-1", "household_change"), &json!({ "reason": "death" }));
    is_refused(&stage, &changed, "R-EVENT-CONFLICT");
    let numbered = with(event(1, "p-1", "household_change"), &json!({ "seq": 2 }));
    is_refused(&stage, &numbered, "R-EVENT-CONFLICT");
    for seq in [0_u64, 1 << 63] {
        let line = with(event(1, "p-1", "household_change"), &json!({ "seq": seq, "id": "x" }));
        let run = {
            stage.write("odd.jsonl", line);
            stage.jpki("feed apply odd.jsonl --json").exits(1)
        };
        assert!(fates(&run)[0] != "applied", "{run:?}");
    }
    // Numbered anew, the event that came under a number that was taken is what it was.
    let anew = with(event(2, "p-1", "household_change"), &json!({ "id": "other" }));
    stage.write("anew.jsonl", anew);
    assert_eq!(fates(&stage.jpki("feed apply anew.jsonl --json").exits(0)), ["applied"]);
    stage.is_whole();
}
