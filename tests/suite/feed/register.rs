//! Applications for certificates meet the register.

use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

use super::address;
use super::apply;
use super::fates;
use super::home;
use super::relocation;
use super::set_policy;
use super::state;
use super::with_residents;

const ISSUE: &str = "issue --holder holder.json --holder-algorithm p256 --out out";

#[test]
fn an_application_that_differs_from_the_record_names_items_and_no_values() {
    let stage = with_residents(1);
    for (fields, names) in [
        (json!({ "name": "山田　花枝" }), "name: "),
        (json!({ "address": address(1), "sex": "male" }), "sex, address: "),
        (json!({ "guardianship": true }), "guardianship: "),
        (json!({ "former_surname": "山田" }), "former_surname: "),
    ] {
        stage.write_json("holder.json", &holder_with("p-1", &fields));
        let before = state(&stage);
        let run = stage.jpki(&format!("{ISSUE} --json"));
        assert_eq!(run.json()["error"]["rule"], "R-HOLDER-MISMATCH", "{run:?}");
        run.refused("R-HOLDER-MISMATCH").says(names);
        assert_eq!(state(&stage), before);
    }
    stage.issue(&holder("p-1"), "");
}

#[test]
fn after_an_event_the_application_states_what_is_new() {
    let stage = with_residents(1);
    apply(&stage, &[relocation(1, "p-1", &home(), &address(1))]).exits(0);
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(ISSUE).refused("R-HOLDER-MISMATCH");
    stage.issue(&holder_with("p-1", &json!({ "address": address(1) })), "");
}

#[test]
fn an_open_register_enters_who_is_unknown_and_a_strict_one_refuses() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.write_json("holder.json", &holder_with("p-1", &json!({ "address": address(1) })));
    stage.jpki(&format!("{ISSUE} --renew")).refused("R-HOLDER-MISMATCH");
    set_policy(&stage, "register", "strict");
    stage.write_json("holder.json", &holder("p-2"));
    let before = state(&stage);
    stage.jpki(ISSUE).refused("R-HOLDER-UNKNOWN");
    assert_eq!(state(&stage), before);
    stage.jpki("feed import holder.json").exits(0);
    stage.issue(&holder("p-2"), "");
}

#[test]
fn production_knows_whom_it_issues_to() {
    let stage = Stage::empty();
    stage.write("passphrase", "a sentence that nobody guesses\n");
    let words = "init --algorithm p256 --production --org EXAMPLE --passphrase-file passphrase";
    stage.plain(words).exits(0);
    let text = stage.read_text("home/jpki.toml");
    assert!(text.lines().any(|line| line == "register = \"strict\""));
    stage.write_json("holder.json", &holder("p-1"));
    let issue = format!("{ISSUE} --kind user-authentication --passphrase-file passphrase");
    stage.plain(&issue).refused("R-HOLDER-UNKNOWN");
    stage.plain("feed import holder.json").exits(0);
    stage.plain(&issue).exits(0);
    stage.plain("feed tick --at 2040-01-01T00:00:00Z").refused("R-PRODUCTION-CLOCK");
}

#[test]
fn a_baseline_is_taken_once_and_not_overwritten() {
    let stage = Stage::founded();
    let forms = [holder("p-1"), holder("p-2")];
    stage.write_lines("residents.jsonl", &forms);
    let import = "feed import residents.jsonl --json";
    let counts = |entered: u32, known: u32, refused: u32| json!({ "status": "imported", "entered": entered, "known": known, "refused": refused });
    assert_eq!(stage.jpki(&format!("{import} --dry-run")).exits(0).json(), counts(2, 0, 0));
    assert!(state(&stage).len() == FOUNDING, "nobody but those of the founding");
    assert_eq!(stage.jpki(import).exits(0).json(), counts(2, 0, 0));
    let before = state(&stage);
    assert_eq!(stage.jpki(import).exits(0).json(), counts(0, 2, 0));
    let other = holder_with("p-2", &json!({ "address": address(1) }));
    let broken = holder_with("p-3", &json!({ "sex": "unsaid" }));
    stage.write_lines("residents.jsonl", &[other, broken, json!({}), holder("p-4")]);
    let lines = stage.jpki(import).exits(1).lines();
    let said = lines[..3].iter().map(|line| (line["line"].clone(), line["error"]["rule"].clone()));
    let said: Vec<_> = said.collect();
    let expected = [(1, "R-EXISTS"), (2, "E-WORD"), (3, "E-JSON")];
    assert_eq!(said, expected.map(|(line, rule)| (json!(line), json!(rule))));
    assert_eq!(lines[3], counts(1, 0, 3));
    assert_eq!(state(&stage).len(), before.len() + 1);
}

#[test]
fn what_the_law_says_of_a_holder_is_said_at_the_counter_too() {
    let stage = with_residents(2);
    let mut events = [relocation(1, "p-1", &home(), &address(1)), json!({})];
    events[0]["reason"] = "death".into();
    events[0].as_object_mut().unwrap().remove("changes");
    events[1] = events[0].clone();
    events[1]["seq"] = 2.into();
    events[1]["id"] = "e-2".into();
    events[1]["person"] = "p-2".into();
    events[1]["reason"] = "move_out".into();
    assert_eq!(fates(&apply(&stage, &events).exits(0)), ["applied"; 2]);
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(ISSUE).refused("R-DELETED");
    stage.write_json("holder.json", &holder("p-2"));
    stage.jpki(ISSUE).refused("R-NOT-REGISTERED");
    stage.jpki(&format!("{ISSUE} --kind user-authentication")).exits(0);
}
