//! `POST /v1/events`.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::holder;

use super::NDJSON;
use super::Served;
use super::home;
use super::know_clients;

const KIYOSE: &str = "132217";

/// A home that knows the clients, and so many people of Kiyose: `p-1` and on.
fn with_residents(count: u32) -> Stage {
    let stage = home();
    let forms: Vec<Value> = (1..=count).map(|number| holder(&format!("p-{number}"))).collect();
    stage.write_lines("residents.jsonl", &forms);
    stage.jpki("feed import residents.jsonl").exits(0);
    stage
}

fn relocation(source: &str, seq: u32, person: &str) -> Value {
    json!({
        "source": source,
        "seq": seq,
        "id": format!("{source}-{seq}"),
        "person": person,
        "reason": "relocation",
        "event_date": "2026-04-02",
        "notified_on": "2026-04-02",
        "recorded_at": "2026-04-02T08:00:00+09:00",
        "changes": {
            "address": { "old": holder(person)["address"], "new": "東京都清瀬市中里架空１番地" },
        },
    })
}

fn words(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["status"].as_str().unwrap()).collect()
}

#[test]
fn lines_are_answered_as_the_command_answers_them() {
    let people = ["p-1", "p-2", "p-3", "p-9"];
    let mut events: Vec<Value> =
        (1..).zip(people).map(|(seq, person)| relocation(KIYOSE, seq, person)).collect();
    // Known, in the future of the sequence, of nobody, of another place.
    events.extend([
        events[0].clone(),
        relocation(KIYOSE, 7, "p-1"),
        json!({ "source": "moon" }),
        relocation("131016", 1, "p-2"),
    ]);
    let [over_http, by_command] = [(); 2].map(|()| {
        let stage = with_residents(3);
        stage.issue(&holder("p-1"), "");
        stage
    });
    by_command.write_lines("events.jsonl", &events);
    let by_command = by_command.jpki("feed apply events.jsonl --json").exits(1).lines();
    let served = Served::of(&over_http);
    let answered = served.send(&over_http, "register", &events).lines();
    assert_eq!(answered, by_command);
    served.stop();
    over_http.is_whole();
}

#[test]
fn what_an_event_ended_is_known_at_once_and_why() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let served = Served::of(&stage);
    let before = served.get("auditor", "/v1/why/signature/4").is(200);
    assert_eq!(before["state"], "live");
    let answered = served.send(&stage, "kiyose", &[relocation(KIYOSE, 1, "p-1")]).lines();
    assert_eq!(answered[0]["certificates"][0]["effect"], "revoke");
    let why = stage.jpki("why --ca signature --serial 4 --json").exits(0).json();
    assert_eq!((&why["state"], &why["event"]["id"]), (&json!("revoked"), &json!("132217-1")));
    assert_eq!(served.get("auditor", "/v1/why/signature/4").is(200), why);
    served.stop();
}

#[test]
fn a_thousand_lines_come_in_one_body_and_again() {
    let stage = with_residents(1000);
    let served = Served::of(&stage);
    let event = |number: u32| relocation(KIYOSE, number, &format!("p-{number}"));
    let events: Vec<Value> = (1..=1000).map(event).collect();
    let answered = served.send(&stage, "kiyose", &events).lines();
    assert_eq!(words(&answered), ["applied"; 1000]);
    assert!((1_u64..).zip(&answered).all(|(seq, line)| line["seq"] == seq));
    let answered = served.send(&stage, "register", &events).lines();
    assert_eq!(words(&answered), ["duplicate"; 1000]);
    served.stop();
}

#[test]
fn a_gap_holds_back_what_comes_behind_it() {
    let stage = with_residents(3);
    let served = Served::of(&stage);
    let event = |number: u32| relocation(KIYOSE, number, &format!("p-{number}"));
    let answered = served.send(&stage, "kiyose", &[event(1), event(3)]).lines();
    assert_eq!(words(&answered), ["applied", "waiting"]);
    assert_eq!(answered[1]["expected"], 2);
    // The answer to what was missing, and to what had waited for it.
    let answered = served.send(&stage, "kiyose", &[event(2)]).lines();
    let answers: Vec<_> = answered.iter().map(|one| (&one["seq"], &one["status"])).collect();
    assert_eq!(answers, [(&json!(2), &json!("applied")), (&json!(3), &json!("applied"))]);
    served.stop();
}

#[test]
fn a_client_sends_for_its_own_sources_and_nothing_is_kept_of_others() {
    let stage = with_residents(2);
    let served = Served::of(&stage);
    let events = [
        relocation("131016", 1, "p-1"),
        relocation(KIYOSE, 1, "p-1"),
        relocation("immigration", 1, "p-1"),
        relocation("nowhere", 1, "p-1"),
    ];
    let answered = served.send(&stage, "kiyose", &events).lines();
    assert_eq!(words(&answered), ["refused", "applied", "refused", "refused"]);
    for line in [&answered[0], &answered[2], &answered[3]] {
        assert_eq!(line["findings"][0]["code"], "R-SENDER");
    }
    served.stop();
    assert_eq!(stage.jpki("feed rejected --all --json").exits(0).lines(), Vec::<Value>::new());
    let status = stage.jpki("feed status --json").exits(0).json();
    let sources = status["sources"].as_array().unwrap();
    assert_eq!(sources.iter().map(|one| &one["source"]).collect::<Vec<_>>(), [KIYOSE]);
}

#[test]
fn a_line_that_cannot_be_read_is_refused_and_listed_once() {
    let stage = with_residents(1);
    let served = Served::of(&stage);
    stage.write(
        "broken.jsonl",
        "{\"source\":\"132217\",\n\n{\"山田\":1}\n{\"source\":\"132217\",\n",
    );
    let answer = served.post("kiyose", "/v1/events", NDJSON, &stage.path("broken.jsonl"));
    assert_eq!(words(&answer.lines()), ["refused", "refused", "duplicate"]);
    stage.write("empty.jsonl", "\n");
    let answer = served.post("kiyose", "/v1/events", NDJSON, &stage.path("empty.jsonl"));
    assert_eq!(answer.lines(), Vec::<Value>::new());
    served.stop();
    assert_eq!(stage.jpki("feed rejected --json").exits(0).lines().len(), 2);
}

#[test]
fn a_body_that_is_no_feed_or_too_large_is_refused_whole() {
    let stage = home();
    stage.set("body_octets = 16777216", "body_octets = 100000");
    let served = Served::of(&stage);
    stage.write("some.jsonl", "{}\n");
    let file = stage.path("some.jsonl");
    for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
        served.post("kiyose", "/v1/events", kind, &file).refused(415, None);
    }
    stage.write("large.jsonl", vec![b' '; 100_001]);
    let file = stage.path("large.jsonl");
    served.post("kiyose", "/v1/events", NDJSON, &file).refused(413, None);
    served.stop();
}

#[test]
fn a_feed_that_is_cut_off_is_sent_again_whole() {
    let stage = with_residents(300);
    let served = Served::of(&stage);
    let event = |number: u32| relocation(KIYOSE, number, &format!("p-{number}"));
    let events: Vec<Value> = (1..=300).map(event).collect();
    // A body without an end: the client dies in the middle of a line.
    let mut curl = served.curl("kiyose", "/v1/events");
    curl.args(["--header", "content-type: application/x-ndjson", "--upload-file", "-"]);
    curl.args(["--request", "POST", "--no-buffer"]);
    let mut client = curl.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    let mut input = client.stdin.take().unwrap();
    input.write_all(&text.as_bytes()[..text.len() - 20]).unwrap();
    input.flush().unwrap();
    // The first group is durable before the body has ended.
    let applied = || {
        let status = stage.jpki("feed status --json").exits(0).json();
        status["sources"][0]["applied"].as_u64().unwrap_or(0)
    };
    while applied() == 0 {}
    client.kill().unwrap();
    client.wait().unwrap();
    let answered = served.send(&stage, "kiyose", &events).lines();
    let words = words(&answered);
    assert_eq!(words[..256], ["duplicate"; 256]);
    assert_eq!(words[256..], ["applied"; 44]);
    served.stop();
    stage.is_whole();
}

#[test]
fn signed_sources_are_verified_here_too() {
    let stage = Stage::founded();
    stage.set("feed_signatures = \"optional\"", "feed_signatures = \"required\"");
    know_clients(&stage);
    let served = Served::of(&stage);
    let answered = served.send(&stage, "kiyose", &[relocation(KIYOSE, 1, "p-1")]).lines();
    assert_eq!(answered[0]["findings"][0]["code"], "R-SOURCE-UNKNOWN");
    served.stop();
}
