//! Refused events, repeated.

use serde_json::Value;

use crate::stage::THE_SIGNATURE;
use crate::stage::holder;

use super::KIYOSE;
use super::address;
use super::apply;
use super::event;
use super::fates;
use super::home;
use super::rejected;
use super::relocation;
use super::status;
use super::with_residents;

#[test]
fn a_corrected_event_takes_the_place_of_the_refused_one() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let wrong = relocation(1, "p-1", &address(9), &address(1));
    assert_eq!(fates(&apply(&stage, &[wrong]).exits(1)), ["R-OLD-VALUE"]);
    let again = stage.jpki("feed resend e-1 --json").exits(1);
    assert_eq!(fates(&again), ["R-OLD-VALUE"]);
    let listed: Vec<_> = rejected(&stage).iter().map(|one| one["id"].clone()).collect();
    assert_eq!(listed, ["e-1.r1"], "the original is no longer listed");
    let acts: Vec<_> = stage.entries().into_iter().filter(|one| one["act"] == "repeated").collect();
    assert_eq!(acts.len(), 1, "the operator answers for it");
    assert_eq!([&acts[0]["event"], &acts[0]["original"]], [2, 1]);
    stage.jpki("feed resend e-1").refused("R-RESEND-UNKNOWN");
    let help = stage.jpki("feed resend --help").exits(0).stdout;
    assert!(help.contains("an act of the operator") && help.contains("resend_of"), "{help}");
    let set = format!("feed resend e-1.r1 --set changes.address.old={} --json", home());
    assert_eq!(fates(&stage.jpki(&format!("{set} --dry-run")).exits(0)), ["applied"]);
    let run = stage.jpki(&set).exits(0);
    assert_eq!(fates(&run), ["applied"]);
    let id = run.lines()[0]["id"].clone();
    assert_eq!(id, "e-1.r2", "counted on, not piled up");
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json")).exits(0).json();
    assert_eq!([&why["state"], &why["event"]["id"]], [&"revoked".into(), &id]);
    assert_eq!(why["event"]["by_operator"], true);
    assert!(rejected(&stage).is_empty());
    assert_eq!(status(&stage, KIYOSE), [1, 1, 0, 0]);
    stage.jpki("feed resend e-1.r1").refused("R-RESEND-UNKNOWN");
}

#[test]
fn only_a_refused_event_is_repeated() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-1", "household_change")]).exits(0);
    for id in ["e-1", "e-2", ""] {
        if id.is_empty() {
            stage.jpki("feed resend").exits(2);
        } else {
            stage.jpki(&format!("feed resend {id}")).refused("R-RESEND-UNKNOWN");
        }
    }
    assert!(rejected(&stage).is_empty());
}

#[test]
fn a_resend_of_the_senders_own_may_take_a_number() {
    let stage = with_residents(1);
    let mut refused = event(1, "p-9", "household_change");
    apply(&stage, &[refused.clone()]).exits(1);
    refused["person"] = "p-1".into();
    refused["seq"] = 3.into();
    refused["id"] = "e-3".into();
    refused["resend_of"] = "e-1".into();
    assert_eq!(fates(&apply(&stage, &[refused]).exits(1)), ["waiting"]);
    assert_eq!(rejected(&stage).len(), 1);
    let run = apply(&stage, &[event(2, "p-1", "household_change")]).exits(0);
    assert_eq!(fates(&run), ["applied"; 2]);
    assert!(rejected(&stage).is_empty(), "what had waited was the resend");
}

#[test]
fn no_source_takes_anothers_event_off_the_list() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-9", "household_change")]).exits(1);
    let mut desk = event(1, "p-1", "pin_reset");
    desk["source"] = "card-desk".into();
    desk["id"] = "d-1".into();
    desk["resend_of"] = "e-1".into();
    assert_eq!(fates(&apply(&stage, &[desk]).exits(0)), ["applied"]);
    assert_eq!(rejected(&stage).len(), 1);
}

#[test]
fn an_id_of_any_length_can_be_repeated() {
    let stage = with_residents(1);
    let long = "x".repeat(64);
    let ids = [long.as_str(), &"y".repeat(60), "two words", &"z".repeat(200)];
    for (seq, id) in (1..).zip(ids) {
        let mut stray = event(seq, "p-9", "household_change");
        stray["id"] = id.into();
        assert!(fates(&apply(&stage, &[stray]).exits(1))[0] != "applied");
        stage.write("run.sh", format!("jpki feed resend '{id}' --json --set person=$1"));
        for (person, fate) in [("p-8", "R-NO-RECORD"), ("p-9", "R-RESEND-UNKNOWN")] {
            let run = stage.shell(&format!("sh run.sh {person}"));
            match fate {
                "R-NO-RECORD" => assert_eq!(fates(&run.exits(1)), [fate], "{id}"),
                _ => drop(run.refused(fate)),
            }
        }
        let repeat = rejected(&stage)[0]["id"].as_str().unwrap().to_owned();
        assert!(repeat.len() <= 64 && repeat.ends_with(".r1"), "{repeat}");
        let run = stage.jpki(&format!("feed resend {repeat} --set person=p-1 --json")).exits(0);
        assert_eq!(run.lines()[0]["id"], repeat.replace(".r1", ".r2"));
        assert!(rejected(&stage).is_empty());
    }
    assert_eq!(status(&stage, KIYOSE), [4, 4, 0, 0]);
}

#[test]
fn what_needs_no_answer_is_dismissed_and_stays_on_record() {
    let stage = with_residents(1);
    stage.write("bad.jsonl", "?\n");
    assert_eq!(fates(&stage.jpki("feed apply bad.jsonl --json").exits(1)), ["E-JSON"]);
    apply(&stage, &[event(1, "p-9", "household_change")]).exits(1);
    let id = rejected(&stage)[0]["id"].as_str().unwrap().to_owned();
    stage.jpki(&format!("feed dismiss {id}")).exits(2).says("--note");
    stage.jpki("feed dismiss e-2 --note x").refused("R-RESEND-UNKNOWN");
    stage.shell(&format!("jpki feed dismiss {id} --note ' '")).exits(2).says("E-EMPTY");
    let record = stage.record();
    let dry = stage.jpki(&format!("feed dismiss {id} --note x --dry-run --json")).exits(0);
    assert_eq!(dry.json()["status"], "would-dismiss");
    assert_eq!((stage.record(), rejected(&stage).len()), (record, 2));
    let words = format!("feed dismiss {id} --note garbled --json");
    assert_eq!(stage.jpki(&words).exits(0).json()["status"], "dismissed");
    stage.jpki(&words).refused("R-RESEND-UNKNOWN");
    let last = stage.entries().pop().unwrap();
    assert_eq!([&last["act"], &last["outcome"]], ["event", "dismissed"]);
    assert_eq!(rejected(&stage).len(), 1);
    stage.jpki("feed resend e-1 --set person=p-1").exits(0);
    let all = stage.jpki("feed rejected --all --json").exits(0).lines();
    let said = all.iter().map(|one| (one["status"].clone(), one["note"].clone()));
    let said: Vec<_> = said.collect();
    assert_eq!(said, [("dismissed".into(), "garbled".into()), ("resent".into(), Value::Null)]);
    assert!(rejected(&stage).is_empty());
    let prose = stage.jpki("feed rejected --all").exits(0).stdout;
    assert!(prose.contains(", dismissed\n    garbled\n") && prose.contains(", resent"), "{prose}");
    // The same line again is known still.
    assert_eq!(fates(&stage.jpki("feed apply bad.jsonl --json").exits(0)), ["duplicate"]);
}

#[test]
fn the_source_itself_can_be_corrected() {
    let stage = with_residents(1);
    let mut stray = event(1, "p-1", "household_change");
    stray["source"] = "131130".into();
    assert_eq!(fates(&apply(&stage, &[stray]).exits(1)), ["R-SOURCE"]);
    let run = stage.jpki("feed resend e-1 --set source=132217 --json").exits(0);
    assert_eq!(fates(&run), ["applied"]);
    assert!(rejected(&stage).is_empty());
}

#[test]
fn a_correction_that_is_no_event_changes_nothing() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-9", "household_change")]).exits(1);
    stage.jpki("feed resend e-1 --set person").exits(2).says("FIELD=VALUE");
    stage.jpki("feed resend e-1 --set shoe_size=24").exits(2).says("shoe_size");
    stage.jpki("feed resend e-1 --set person=").exits(2).says("person");
    stage.jpki("feed resend e-1 --set person.name=x").exits(2);
    assert_eq!(rejected(&stage).len(), 1);
}
