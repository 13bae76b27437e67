//! `jpki issue --batch`.

use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::holder_with;
use crate::stage::line_with_key;
use crate::stage::statuses;

const BATCH: &str = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json";

/// Runs the batch of these bytes.
fn run(stage: &Stage, bytes: impl AsRef<[u8]>, code: i32) -> Vec<Value> {
    stage.write("batch.jsonl", bytes);
    stage.jpki(BATCH).exits(code).lines()
}

fn numbers(results: &[Value]) -> Vec<u64> {
    results.iter().map(|result| result["line"].as_u64().unwrap()).collect()
}

#[test]
fn a_bad_line_in_the_middle_costs_only_itself() {
    let stage = Stage::founded();
    let mut lines: Vec<String> = (1..=150).map(|n| line_with_key(n).to_string()).collect();
    lines[74] = "{\"person\":".to_owned();
    let results = run(&stage, lines.join("\n"), 1);
    assert_eq!(numbers(&results), (1..=150).collect::<Vec<u64>>(), "in order");
    assert_eq!(results[74]["line"], 75);
    assert_eq!(results[74]["status"], "refused");
    assert_eq!(results[74]["error"]["rule"], "E-JSON");
    assert_eq!(statuses(&results), [("issued".into(), 149), ("refused".into(), 1)].into());
    let text = stage.jpki("issue --batch batch.jsonl --holder-algorithm p256 --out out").exits(1);
    assert!(text.stdout.contains("line 75: refused by E-JSON"), "{text:?}");
    text.says("149 existing, 1 refused");
    stage.is_whole();
}

#[test]
fn one_refused_line_is_a_negative_answer() {
    let stage = Stage::founded();
    let child = json!({ "birth_date": "2020-01-01", "kind": "signature" });
    let results = run(&stage, holder_with("p-1", &child).to_string(), 1);
    assert_eq!(results[0]["error"]["rule"], "R-AGE-15");
    assert_eq!(results[0]["error"]["item"], "birth_date");
    assert_eq!(stage.names("out"), Vec::<String>::new(), "its key is gone");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    let stage = Stage::founded();
    let [one, two, three] = [1, 2, 3].map(|n| line_with_key(n).to_string());
    let batch = format!("\n{one}\r\n\r\n   \n{two}\n\n{three}");
    let results = run(&stage, &batch, 0);
    assert_eq!(numbers(&results), [2, 5, 7]);
    let results = run(&stage, format!("{one}\n  {two}\r\n{three}\n"), 0);
    assert_eq!(statuses(&results), [("existing".into(), 3)].into(), "the same lines, saved anew");
    let results = run(&stage, "", 0);
    assert!(results.is_empty());
}

#[test]
fn an_over_long_line_is_passed_over() {
    let stage = Stage::founded();
    let [one, two] = [1, 2].map(|n| line_with_key(n).to_string());
    let padded = |line: &str, length: usize| format!("{line}{}", " ".repeat(length - line.len()));
    let most = 64 * 1024;
    for end in ["\n", ""] {
        let batch = format!("{}\n{}\n{}{end}", one, padded(&one, most), padded(&two, most + 1));
        let results = run(&stage, batch, 1);
        assert_eq!(results[1]["status"], "existing", "as long as can be");
        assert_eq!(results[2]["error"]["rule"], "E-LENGTH");
    }
    let batch = format!("{}\n{two}\n", "x".repeat(3_000_000));
    let results = run(&stage, batch, 1);
    assert_eq!(results[0]["error"]["rule"], "E-LENGTH");
    assert_eq!([&results[1]["status"], &results[1]["line"]], [&json!("issued"), &json!(2)]);
}

#[test]
fn a_batch_can_come_through_a_pipe() {
    let stage = Stage::founded();
    let line = line_with_key(1).to_string();
    let words = "issue --batch - --out out --json";
    let results = stage.jpki_reading(words, line.as_bytes()).exits(0).lines();
    assert_eq!(results[0]["status"], "issued");
}

#[test]
fn a_line_chooses_its_kind_its_key_and_its_id() {
    let stage = Stage::founded();
    let lines = [
        holder_with("p-1", &json!({ "kind": "signature", "request_id": "r-1" })),
        holder_with("p-2", &json!({ "kind": "both" })),
        line_with_key(3),
        holder_with("p-4", &json!({ "kind": "neither" })),
        holder_with("p-5", &json!({ "public_key": "AAAA", "kind": "signature" })),
        holder_with("p-6", &json!({ "public_key": line_with_key(6)["public_key"] })),
        holder_with("p-7", &json!({ "request_id": "山田" })),
    ];
    stage.write_lines("batch.jsonl", &lines);
    let results = stage.jpki(BATCH).exits(1).lines();
    assert_eq!(results[0]["request_id"], "r-1");
    assert_eq!(results[0]["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(results[1]["certificates"].as_array().unwrap().len(), 2);
    assert_eq!(results[2]["certificates"][0]["kind"], "user-authentication");
    let rules: Vec<_> = results[3..].iter().map(|line| line["error"]["rule"].clone()).collect();
    assert_eq!(rules, ["E-WORD", "E-PUBLIC-KEY", "E-ONE-KEY", "E-REQUEST-ID"]);
    assert_eq!(stage.names("out").len(), 3 + 6 + 2);
}

#[test]
fn a_key_in_base64_is_the_same_key() {
    let stage = Stage::founded();
    let line = line_with_key(1);
    let pem = line["public_key"].as_str().unwrap();
    let bare: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut same = line.clone();
    same["public_key"] = bare.into();
    same["request_id"] = "r-1".into();
    stage.write_lines("batch.jsonl", &[same]);
    stage.jpki(BATCH).exits(0);
    let certified = stage.shell("openssl x509 -noout -pubkey -in out/*-3.pem").exits(0).stdout;
    assert_eq!(certified, pem);
}

#[test]
fn the_same_person_twice_is_served_once() {
    let stage = Stage::founded();
    let (one, mut other) = (line_with_key(1), line_with_key(2));
    other["person"] = one["person"].clone();
    let results = run(&stage, format!("{one}\n{other}\n{one}\n"), 1);
    let said: Vec<_> = results.iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(said, ["issued", "refused", "existing"]);
    assert_eq!(results[1]["error"]["rule"], "R-ALREADY-LIVE");
    stage.is_whole();
}

#[test]
fn the_same_request_id_twice_is_one_request() {
    let stage = Stage::founded();
    let (mut one, mut other) = (line_with_key(1), line_with_key(2));
    one["request_id"] = "r-1".into();
    other["request_id"] = "r-1".into();
    let results = run(&stage, format!("{one}\n{one}\n{other}\n"), 1);
    let said: Vec<_> = results.iter().map(|line| line["status"].as_str().unwrap()).collect();
    assert_eq!(said, ["issued", "existing", "refused"]);
    assert_eq!(results[2]["error"]["rule"], "R-REQUEST-CONFLICT");
    assert_eq!(results[0]["certificates"], results[1]["certificates"]);
}

#[test]
fn a_batch_run_again_finds_everything_there() {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=100)
        .map(|n| {
            if n % 10 == 0 { holder_with(&format!("p-{n}"), &json!({})) } else { line_with_key(n) }
        })
        .collect();
    stage.write_lines("batch.jsonl", &lines);
    let first = stage.jpki(BATCH).exits(0).lines();
    assert_eq!(statuses(&first), [("issued".into(), 100)].into());
    let (tree, record) = (stage.tree("out"), stage.record());
    let second = stage.jpki(BATCH).exits(0).lines();
    assert_eq!(statuses(&second), [("existing".into(), 100)].into());
    assert_eq!(stage.tree("out"), tree);
    assert_eq!(stage.record(), record);
    let serials = |lines: &[Value]| -> Vec<Value> {
        lines.iter().map(|line| line["certificates"].clone()).collect()
    };
    assert_eq!(serials(&first), serials(&second));
}

#[test]
fn a_dry_run_of_a_batch_changes_nothing_and_knows_what_is_there() {
    let stage = Stage::founded();
    let mut lines: Vec<String> = (1..=70).map(|n| line_with_key(n).to_string()).collect();
    lines.push("{}".to_owned());
    stage.write("batch.jsonl", lines.join("\n"));
    let before = stage.record();
    let dry = format!("{BATCH} --dry-run");
    let results = stage.jpki(&dry).exits(1).lines();
    assert_eq!(statuses(&results), [("refused".into(), 1), ("would-issue".into(), 70)].into());
    assert_eq!(stage.record(), before);
    assert!(!stage.path("out").exists());
    stage.jpki(BATCH).exits(1);
    let after = stage.record();
    let results = stage.jpki(&dry).exits(1).lines();
    assert_eq!(statuses(&results), [("existing".into(), 70), ("refused".into(), 1)].into());
    assert_eq!(stage.record(), after);
}
