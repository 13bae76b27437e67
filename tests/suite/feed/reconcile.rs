//! Comparing residents with a sender's, without their data.

use serde_json::Value;
use serde_json::json;

use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

use super::address;
use super::with_residents;

fn view(count: u32) -> Vec<Value> {
    (1..=count).map(|number| holder(&format!("p-{number}"))).collect()
}

fn reconcile(stage: &Stage, residents: &[Value]) -> Run {
    stage.write_lines("theirs.jsonl", residents);
    stage.jpki("feed reconcile theirs.jsonl --json")
}

/// The differences, without their count, which must be right.
#[track_caller]
fn differences(run: &Run) -> Vec<Value> {
    let mut lines = run.lines();
    let count = lines.pop().unwrap();
    assert_eq!(count, json!({ "differences": lines.len() }));
    lines
}

#[test]
fn equal_views_do_not_differ() {
    let stage = with_residents(300);
    let mut theirs = view(300);
    theirs.reverse();
    theirs[0]["legal_representative"] = true.into();
    theirs[1]["applied_at"] = "2026-04-01T09:00:00+09:00".into();
    assert!(differences(&reconcile(&stage, &theirs).exits(0)).is_empty());
    stage.shell("jpki feed digest theirs.jsonl > digests.jsonl").exits(0);
    let run = stage.jpki("feed reconcile digests.jsonl --json").exits(0);
    assert!(differences(&run).is_empty());
}

#[test]
fn each_difference_is_named_by_person_and_item() {
    let stage = with_residents(3);
    for (fields, item) in [
        (json!({ "address": address(1) }), "address"),
        (json!({ "name": "山田　花枝" }), "name"),
        (json!({ "birth_date": "1990-12-08" }), "birth_date"),
        (json!({ "sex": "male" }), "sex"),
        (json!({ "former_surname": "山田" }), "former_surname"),
        (json!({ "guardianship": true }), "guardianship"),
    ] {
        let mut theirs = view(3);
        theirs[1] = holder_with("p-2", &fields);
        let expected = json!({ "difference": "item", "person": "p-2", "item": item });
        assert_eq!(differences(&reconcile(&stage, &theirs).exits(1)), [expected]);
    }
    let others = [holder("p-1"), holder("p-2"), holder("p-4")];
    let expected = [
        json!({ "difference": "only-theirs", "person": "p-4" }),
        json!({ "difference": "only-ours", "person": "p-3" }),
    ];
    assert_eq!(differences(&reconcile(&stage, &others).exits(1)), expected);
}

#[test]
fn digests_lead_from_a_branch_to_the_person() {
    let stage = with_residents(40);
    let mut theirs = view(40);
    theirs[16] = holder_with("p-17", &json!({ "address": address(1) }));
    stage.write_lines("theirs.jsonl", &theirs);
    stage.shell("jpki feed digest theirs.jsonl > digests.jsonl").exits(0);
    let found = differences(&stage.jpki("feed reconcile digests.jsonl --json").exits(1));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["difference"], "branch");
    let branch = found[0]["branch"].as_str().unwrap();
    let digest = format!("jpki feed digest theirs.jsonl --leaves {branch} > leaves.jsonl");
    stage.shell(&digest).exits(0);
    let run = stage.jpki("feed reconcile leaves.jsonl --json").exits(1);
    let expected = json!({ "difference": "item", "person": "p-17", "item": "address" });
    assert_eq!(differences(&run), [expected]);
    for file in ["digests.jsonl", "leaves.jsonl"] {
        let text = stage.read_text(file);
        assert!(text.is_ascii() && !text.contains("1990") && !text.contains("female"), "{file}");
    }
    stage.jpki("feed digest theirs.jsonl --leaves xyz").exits(2).says("--leaves");
}

#[test]
fn a_view_of_nobody_differs_from_one_of_somebody() {
    let stage = with_residents(3);
    assert_eq!(differences(&reconcile(&stage, &[]).exits(1)).len(), 3);
    let nobody = Stage::founded();
    assert!(differences(&reconcile(&nobody, &[]).exits(0)).is_empty());
}

#[test]
fn digests_that_lost_a_line_are_not_compared() {
    let stage = with_residents(40);
    stage.write_lines("theirs.jsonl", &view(40));
    let branch = "jpki feed digest theirs.jsonl | sed -n 2p | grep -o 'branch\":\"..' | tail -c3";
    let branch = stage.shell(branch).exits(0).stdout.trim().to_owned();
    let digest = format!("jpki feed digest theirs.jsonl --leaves {branch} > whole.jsonl");
    stage.shell(&digest).exits(0);
    stage.jpki("feed reconcile whole.jsonl").exits(0);
    for cut in ["1d", "2d", "$d", "2p", "10,$d", "1s/digest\":\"./digest\":\"x/"] {
        stage.shell(&format!("sed '{cut}' whole.jsonl > cut.jsonl")).exits(0);
        let run = stage.jpki("feed reconcile cut.jsonl --json").exits(2).says("incomplete");
        assert_eq!(run.lines().len(), 1, "nothing is compared: {run:?}");
    }
    stage.shell("head -c 700 whole.jsonl > cut.jsonl").exits(0);
    stage.jpki("feed reconcile cut.jsonl").exits(2).says("incomplete");
}

#[test]
fn an_item_that_the_sender_does_not_state_does_not_differ() {
    let stage = with_residents(0);
    let card = json!({ "card": { "expires": "2035-12-07" }, "former_surname": "山田" });
    let ours: Vec<Value> = (1..=8).map(|n| holder_with(&format!("p-{n}"), &card)).collect();
    stage.write_lines("ours.jsonl", &ours);
    stage.jpki("feed import ours.jsonl").exits(0);
    let mut theirs = view(8);
    assert!(differences(&reconcile(&stage, &theirs).exits(0)).is_empty());
    stage.shell("jpki feed digest theirs.jsonl > digests.jsonl").exits(0);
    stage.jpki("feed reconcile digests.jsonl").exits(0);
    theirs[4]["card"] = json!({ "expires": "2034-12-07" });
    let expected = json!({ "difference": "item", "person": "p-5", "item": "card" });
    assert_eq!(differences(&reconcile(&stage, &theirs).exits(1)), [expected]);
    stage.shell("jpki feed digest theirs.jsonl > digests.jsonl").exits(0);
    assert_eq!(differences(&stage.jpki("feed reconcile digests.jsonl --json").exits(1)).len(), 1);
    let help = stage.jpki("feed reconcile --help").exits(0).stdout;
    assert!(help.contains("Only what the sender states is compared"), "{help}");
    theirs.push(theirs[0].clone());
    stage.write_lines("theirs.jsonl", &theirs);
    stage.jpki("feed reconcile theirs.jsonl").exits(2).says("line 9: this person stands in");
}

#[test]
fn what_is_neither_resident_nor_digest_is_said() {
    let stage = with_residents(1);
    stage.write("theirs.jsonl", format!("{}\n{{\"level\":\"twig\"}}\n", holder("p-1")));
    stage.jpki("feed reconcile theirs.jsonl").exits(2).says("line 2");
    stage.jpki("feed digest theirs.jsonl").exits(2).says("line 2");
    stage.jpki("feed reconcile absent.jsonl").exits(2).says("absent.jsonl");
}
