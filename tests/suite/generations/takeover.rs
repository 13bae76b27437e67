//! A new generation that issues from a stated time on, and the roll-over that is planned.

use serde_json::Value;
use serde_json::json;

use crate::serve::Served;
use crate::serve::get;
use crate::stage::NOW;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::holder;

use super::generations;
use super::signature;

const FROM: &str = "2026-05-01T00:00:00+09:00";
const BEFORE: &str = "2026-04-30T23:59:59+09:00";
const ROLLOVER: &str = "ca rollover --ca signature --issue-from 2026-05-01T00:00:00+09:00";

/// What each generation does: whether it issues, from when it will, whether it signs lists.
fn duties(stage: &Stage, at: &str) -> Vec<Value> {
    let list = generations(stage, at);
    list.iter().map(|g| json!([g["issues"], g["issue_from"], g["signs_lists"]])).collect()
}

#[test]
fn holders_get_theirs_from_the_old_one_until_then_and_never_after() {
    let stage = Stage::founded();
    let made = stage.jpki(&format!("{ROLLOVER} --json")).exits(0).json();
    assert_eq!(made["issue_from"], "2026-04-30T15:00:00Z");
    let waits = [json!([true, null, true]), json!([false, "2026-04-30T15:00:00Z", true])];
    let over = [json!([false, null, true]), json!([true, null, true])];
    assert_eq!(duties(&stage, BEFORE), waits);
    assert_eq!(duties(&stage, FROM), over);
    let text = stage.jpki("ca list").exits(0).stdout;
    assert!(text.contains("issues from 2026-04-30T15:00:00Z 発行予定"), "{text}");
    // It publishes lists and has its responder from the beginning.
    stage.jpki("crl publish --out lists --partition 132217").exits(0);
    for generation in [1, 2] {
        let list = format!("lists/current/signature-{generation}-132217.crl");
        stage.jpki(&format!("lint {list}")).exits(0);
        let pem = format!("home/ca/signature-{generation}.pem");
        let line = format!("openssl crl -noout -inform DER -in {list} -CAfile {pem}");
        stage.shell(&line).exits(0).says("verify OK");
    }
    stage.jpki("ocsp status").exits(0);
    let generation = |person: &str, at: &str| {
        stage.write_json("holder.json", &holder(person));
        let words = "issue --holder holder.json --holder-algorithm p256 --out out --json";
        let issued = stage.plain(&format!("{words} --at {at}")).exits(0).json();
        signature(&issued)["generation"].as_u64().unwrap()
    };
    assert_eq!(generation("p-1", NOW), 1);
    assert_eq!(generation("p-2", BEFORE), 1);
    assert_eq!(generation("p-3", FROM), 2);
    // Whatever the clock says afterwards.
    assert_eq!(generation("p-4", BEFORE), 2);
    assert_eq!(generation("p-5", NOW), 2);
    let batch = holder("p-6");
    stage.write_lines("batch.jsonl", &[batch]);
    let words = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json";
    let issued = stage.jpki(words).exits(0).lines();
    assert_eq!(signature(&issued[0])["generation"], 2);
    let acts = stage.entries();
    let takes_over = acts.iter().find(|entry| entry["act"] == "takes-over").unwrap();
    assert_eq!([&takes_over["generation"], &takes_over["from"]], [&json!(2), &made["issue_from"]]);
    stage.is_whole();
}

#[test]
fn a_renewal_and_the_counter_follow_the_clock() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.jpki(ROLLOVER).exits(0);
    let renewed = stage.issue(&holder("p-1"), &format!("--renew --at {BEFORE}"));
    assert_eq!(signature(&renewed)["generation"], 1);
    let renewed = stage.issue(&holder("p-1"), &format!("--renew --at {FROM}"));
    assert_eq!(signature(&renewed)["generation"], 2);
    stage.plain(&format!("verify {SIGNATURE} --at {FROM}")).exits(1);
}

#[test]
fn a_time_that_does_not_fit_is_refused() {
    let stage = Stage::founded();
    let words = "ca rollover --ca signature --issue-from";
    stage.jpki(&format!("{words} {NOW}")).refused("R-ISSUE-FROM");
    stage.jpki(&format!("{words} 2026-04-01T09:00:00+09:00 --dry-run")).refused("R-ISSUE-FROM");
    stage.jpki(&format!("{words} 2036-04-01T00:00:00+09:00")).refused("R-ISSUE-FROM");
    stage.jpki(&format!("{words} tomorrow")).exits(2).says("--issue-from");
    assert_eq!(generations(&stage, NOW).len(), 1);
    let would = stage.jpki(&format!("{ROLLOVER} --dry-run")).exits(0).stdout;
    assert!(would.contains("would issue from 2026-04-30T15:00:00Z on"), "{would}");
    assert_eq!(generations(&stage, NOW).len(), 1);
}

#[test]
fn it_is_said_by_when_another_must_issue() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let plan = |at: &str| {
        let list = stage.plain(&format!("ca list --json --at {at}")).exits(0).json();
        let plan = list["roll_overs"][0].clone();
        assert_eq!(plan["ca"], "signature");
        json!([plan["generation"], plan["due"], plan["standing"]])
    };
    assert_eq!(plan(NOW), json!([1, "2030-03-31", "early"]));
    assert_eq!(plan("2030-01-01T00:00:00+09:00"), json!([1, "2030-03-31", "near"]));
    assert_eq!(plan("2030-03-31T00:00:00+09:00"), json!([1, "2030-03-31", "past"]));
    let text = stage.jpki("ca list").exits(0).stdout;
    assert!(text.contains("the next generation after 1 must issue from 2030-03-31 on"), "{text}");
    // Whoever publishes hears of it, on standard error; the exit code stays.
    let publish = "crl publish --out lists --partition 000000 --at";
    let early = stage.plain(&format!("{publish} 2029-12-30T09:00:00+09:00")).exits(0);
    assert!(!early.stderr.contains("rollover"), "{early:?}");
    let near = "2030-01-01T09:00:00+09:00";
    let said = stage.plain(&format!("{publish} {near}")).exits(0);
    let said = said.says("signature-1 must be followed by another generation until 2030-03-31");
    said.says("user-authentication-1 must be followed");
    let quiet = stage.plain(&format!("{publish} {near} --quiet")).exits(0);
    assert!(!quiet.stderr.contains("rollover"), "{quiet:?}");
    let late = stage.plain(&format!("{publish} 2030-04-01T09:00:00+09:00")).exits(0);
    late.says("signature-1 should have been followed");
}

#[test]
fn it_is_said_until_when_lists_and_answers_are_needed() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let until = |stage: &Stage| generations(stage, NOW)[0]["needed_until"].clone();
    assert_eq!(until(&stage), "2036-03-31T14:59:59Z", "it may issue for so long");
    stage.jpki("ca rollover --ca signature").exits(0);
    // The holder's, born on 7 December 1990, with the fifth birthday.
    assert_eq!(until(&stage), "2030-12-07T14:59:59Z");
    let text = stage.jpki("ca list").exits(0).stdout;
    let needed = "its lists and answers are needed until 2030-12-07T14:59:59Z";
    assert!(text.contains(needed), "{text}");
    let later = generations(&stage, "2031-01-01T00:00:00+09:00");
    assert_eq!(later[0]["needed_until"], Value::Null);
}

#[test]
fn the_metrics_say_how_long_there_is() {
    let stage = Stage::founded();
    let left = |at: &str| {
        let words = format!("--ocsp 127.0.0.1:0 --admin 127.0.0.1:0 --at {at}");
        let served = Served::start(&stage, &words);
        let text = get(served.address("admin"), "/metrics", &[]).text().to_owned();
        let line = "jpki_ca_rollover_due_seconds{ca=\"signature\"} ";
        let line =
            text.lines().find_map(|one| one.strip_prefix(line)).unwrap_or_else(|| panic!("{text}"));
        line.parse::<i64>().unwrap()
    };
    assert_eq!(left("2030-03-30T00:00:00+09:00"), 24 * 3600);
    assert_eq!(left("2030-03-31T00:00:01+09:00"), -1);
    let served = Served::start(&stage, "--crl 127.0.0.1:0 --admin 127.0.0.1:0");
    let text = get(served.address("admin"), "/metrics", &[]).text().to_owned();
    assert!(!text.contains("jpki_ca_rollover_due_seconds{"), "the lists' server sees no store");
    drop(served);
    // It gives links to whoever needs them.
    stage.jpki("ca rollover --ca signature").exits(0);
    let served = Served::start(&stage, "--crl 127.0.0.1:0");
    for file in ["link-signature-1-with-2.cer", "link-signature-2-with-1.pem"] {
        let answer = get(served.address("crl"), &format!("/ca/{file}"), &[]);
        assert_eq!(answer.status, 200, "{file}");
        assert!(answer.body == stage.read(&format!("home/ca/{file}")), "{file}");
    }
}
