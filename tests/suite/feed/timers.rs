//! What time does names the event since which it ran.

use rusqlite::Connection;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;
use crate::stage::holder_with;

use super::apply;
use super::event;
use super::fates;
use super::state;
use super::with_residents;

const MAY: &str = "--at 2026-05-12T09:00:00+09:00";

/// A holder of both certificates who has notified a move for 10 May.
fn leaving() -> Stage {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let mut notice = event(1, "p-1", "move_out");
    notice["event_date"] = "2026-05-10".into();
    assert_eq!(fates(&apply(&stage, &[notice]).exits(0)), ["applied"]);
    stage
}

#[test]
fn the_chain_leads_from_the_certificate_through_the_timer_to_the_event() {
    let stage = leaving();
    stage.jpki(&format!("feed tick {MAY}")).exits(0);
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json {MAY}")).exits(0).json();
    assert_eq!([&why["state"], &why["reason"]], ["revoked", "affiliation-changed"]);
    assert_eq!(why["timer"], json!({ "timer": "departure", "on": "2026-05-10" }));
    assert_eq!([&why["event"]["id"], &why["event"]["reason"]], ["e-1", "move_out"]);
    assert_eq!([&why["cause"]["change"], &why["cause"]["article"]], ["moved-out", "piaa-12(ii)"]);
    let text = stage.jpki(&format!("why {THE_SIGNATURE} {MAY}")).exits(0).stdout;
    let steps = ["certificate", "state", "timer", "event", "reason", "rule", "article", "recorded"];
    let mut rest = text.as_str();
    for step in steps {
        let place = rest.find(&format!(" {step} "));
        rest = &rest[place.unwrap_or_else(|| panic!("{step} is not in its place: {text}"))..];
    }
    assert!(text.contains("転出予定日の到来 (departure), on 2026-05-10"), "{text}");
    // An event's own work has no timer, and counts for the latency.
    let latency = stage.jpki("feed status --json").exits(0).json()["latency"].clone();
    assert_eq!(latency, json!(null), "a timer's days are no latency");
}

#[test]
fn what_time_had_done_is_not_the_work_of_the_event_that_comes_next() {
    let later = |fields: serde_json::Value| {
        let mut event = event(2, "p-1", "death");
        for (field, value) in fields.as_object().unwrap() {
            event[field] = value.clone();
        }
        event["event_date"] = "2026-05-11".into();
        event["notified_on"] = "2026-05-11".into();
        event["recorded_at"] = "2026-05-12T08:00:00+09:00".into();
        event
    };
    let chains = |ticked: bool| {
        let stage = leaving();
        if ticked {
            stage.jpki(&format!("feed tick {MAY}")).exits(0);
        }
        stage.write_json("event.jsonl", &later(json!({})));
        let run = stage.jpki(&format!("feed apply event.jsonl --json {MAY}")).exits(0);
        let count = run.lines()[0]["certificates"].as_array().unwrap().len();
        assert_eq!(count, if ticked { 1 } else { 2 });
        [("signature", 4), ("user-authentication", 3)].map(|(ca, serial)| {
            let words = format!("why --ca {ca} --serial {serial} --json {MAY}");
            let why = stage.jpki(&words).exits(0).json();
            (why["timer"]["timer"].clone(), why["event"]["id"].clone())
        })
    };
    let expected = [(json!("departure"), json!("e-1")), (json!(null), json!("e-2"))];
    assert_eq!(chains(false), expected);
    assert_eq!(chains(true), expected);
    // Refused, the event brings nothing about, not even what time would have done.
    let stage = leaving();
    let before = state(&stage);
    stage.write_json("event.jsonl", &later(json!({ "source": "card-desk", "seq": 1 })));
    stage.jpki(&format!("feed apply event.jsonl --json {MAY}")).exits(1);
    assert_eq!(state(&stage), before);
}

#[test]
fn what_policy_put_off_keeps_its_timer() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    super::set_policy(&stage, "revocation_timing", "next-day");
    let mut notice = event(1, "p-1", "move_out");
    notice["event_date"] = "2026-05-10".into();
    apply(&stage, &[notice]).exits(0);
    for day in ["10", "11"] {
        stage.jpki(&format!("feed tick --at 2026-05-{day}T09:00:00+09:00")).exits(0);
    }
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json {MAY}")).exits(0).json();
    assert_eq!([&why["state"], &why["event"]["id"]], ["revoked", "e-1"]);
    assert_eq!(why["timer"]["timer"], "departure");
}

#[test]
fn a_card_that_a_correction_shortened_ends_because_of_it() {
    let stage = Stage::founded();
    let stay = |end: &str| json!({ "category": "mid_long_term", "period_end": end });
    let fields = json!({ "name": "ROSSI ANNA", "residence": stay("2027-03-31") });
    stage.issue(&holder_with("p-1", &fields), "");
    let mut fix = event(1, "p-1", "correction");
    fix["note"] = "clerical error".into();
    fix["changes"] =
        json!({ "residence": { "old": stay("2027-03-31"), "new": stay("2026-06-30") } });
    assert_eq!(fates(&apply(&stage, &[fix]).exits(0)), ["applied"]);
    let july = "--at 2026-07-02T09:00:00+09:00";
    stage.jpki(&format!("feed tick {july}")).exits(0);
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json {july}")).exits(0).json();
    assert_eq!(why["timer"], json!({ "timer": "card-end", "on": "2026-07-01" }));
    assert_eq!(why["event"]["id"], "e-1");
}

#[test]
fn a_command_and_a_void_number_have_their_act_and_request() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "--request-id visit-1");
    stage.jpki(&format!("revoke {THE_SIGNATURE} --reason superseded")).exits(0);
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json")).exits(0).json();
    assert_eq!([&why["cause"]["change"], &why["cause"]["request"]], ["command", "visit-1"]);
    let entry = why["cause"]["entry"].as_u64().unwrap();
    let acts = stage.entries();
    let act = acts.iter().find(|act| act["entry"] == entry).unwrap();
    assert_eq!([&act["act"], &act["serial"]], ["revoked", "4"]);
}

/// Of every revoked number: by what article, because of which event or act, and through which timer.
/// Where no event set a card's end, the law did.
#[track_caller]
pub(super) fn every_chain_is_complete(stage: &Stage) {
    let store = Connection::open(stage.path("home/store.db")).unwrap();
    let sql = "SELECT c.ca, c.serial, k.change, k.timer, e.id FROM certificate c \
               LEFT JOIN cause k ON k.id = c.id LEFT JOIN event e ON e.row = k.event \
               WHERE c.state IN (2, 3) ORDER BY 1, 2";
    let mut rows = store.prepare(sql).unwrap();
    let text = |row: &rusqlite::Row<'_>, at| row.get::<_, Option<String>>(at).unwrap();
    let chains = rows.query_map([], |row| {
        let number: (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((number, text(row, 2), text(row, 3), text(row, 4)))
    });
    let chains: Vec<_> = chains.unwrap().map(Result::unwrap).collect();
    let mut timed = 0;
    for ((ca, serial), change, timer, event) in &chains {
        let whole = match (change.as_deref(), timer.as_deref(), event) {
            (None, ..) => false,
            (Some(change), None, None) => change == "command",
            (Some(_), Some(timer), None) => timer == "card-end",
            (Some(_), _, Some(_)) => true,
        };
        assert!(whole, "{ca} {serial}: {change:?} {timer:?} {event:?}");
        if timer.is_none() {
            continue;
        }
        timed += 1;
        let ca = ["signature", "user-authentication"][usize::try_from(*ca).unwrap()];
        let why = stage.jpki(&format!("why --ca {ca} --serial {serial} --json")).exits(0).json();
        assert_eq!(why["event"]["id"].as_str(), event.as_deref());
        assert_eq!(why["timer"]["timer"].as_str(), timer.as_deref());
        assert!(why["cause"]["article"].is_string(), "{why}");
    }
    if chains.len() > 100 {
        assert!(timed > 10, "{timed} of {}", chains.len());
    }
}
