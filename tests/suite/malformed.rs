//! Input that is not what it should be: said by field, never by value.

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

const ISSUE: &str = "issue --holder holder.json --holder-algorithm p256 --out out";

/// Files that are wrong in form, each with its code and what the message must name.
fn wrong_in_form() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let good = holder("p-1").to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to).into_bytes()
    };
    let truncated = good.as_bytes()[..good.find("residence").unwrap()].to_vec();
    let mut no_text = good.clone().into_bytes();
    no_text[30] = 0xff;
    let mut long = good.clone().into_bytes();
    long.resize(64 * 1024 + 1, b' ');
    vec![
        (Vec::new(), "E-JSON", "ends too early"),
        (truncated, "E-JSON", "ends too early"),
        (no_text, "E-JSON", "not UTF-8 at byte 30"),
        (long, "E-LENGTH", "longer than 65536 bytes"),
        (format!("{good}{good}").into_bytes(), "E-JSON", "not JSON"),
        (b"[]".to_vec(), "E-JSON", "expected"),
        (with(r#""sex":"female""#, r#""sex":"female","sex":"male""#), "E-JSON", "sex stands twice"),
        (with(r#""sex":"female""#, r#""sex":2"#), "E-JSON", "sex: wrong type"),
        (with(r#","sex":"female""#, ""), "E-JSON", "sex is missing"),
        (with(r#""sex":"female""#, r#""sex":"female","shoe_size":24"#), "E-JSON", "shoe_size"),
        (with(r#""sex":"female""#, r#""sex":"female","山田":1"#), "E-JSON", "there is no field"),
        (with(r#"{"category":"national"}"#, r#""中里""#), "E-JSON", "residence: wrong type"),
        (with(r#""national""#, "true"), "E-JSON", "residence.category: wrong type"),
        (
            with(r#"{"category":"national"}"#, r#"{"category":"national","山田":"花子"}"#),
            "E-JSON",
            "there is no field",
        ),
    ]
}

/// Forms that are wrong in content.
fn wrong_in_content() -> Vec<(Value, &'static str, &'static str)> {
    let with = |fields: Value| holder_with("p-1", &fields);
    vec![
        (with(json!({ "name": "" })), "E-EMPTY", "name"),
        (with(json!({ "name": "山田花子" })), "E-SPACE", "name"),
        (with(json!({ "name": "山田　花子\u{202e}" })), "E-CHAR", "name"),
        (with(json!({ "name": "山田　\u{20bb7}" })), "E-CHAR", "name"),
        (with(json!({ "birth_date": "1990-13-07" })), "E-BIRTH-DATE", "birth_date"),
        (with(json!({ "birth_date": "2026-04-03" })), "E-FUTURE", "birth_date"),
        (with(json!({ "sex": "花子" })), "E-WORD", "sex"),
        (with(json!({ "address": "東京都清瀬市中里" .repeat(30) })), "E-LENGTH", "address"),
        (with(json!({ "address": "大阪府清瀬市中里" })), "E-ADDRESS-PLACE", "address"),
        (with(json!({ "municipality": "132218" })), "E-MUNICIPALITY-CODE", "municipality"),
        (with(json!({ "municipality": "山田" })), "E-MUNICIPALITY-CODE", "municipality"),
        (with(json!({ "residence": { "category": "花子" } })), "E-WORD", "residence"),
        (with(json!({ "card": { "expires": "中里" } })), "E-DATE", "card"),
        (with(json!({ "applied_at": "2026-04-03" })), "E-FUTURE", "applied_at"),
        (with(json!({ "alias": "山田" })), "E-COMBINATION", "alias"),
        (with(json!({ "person": "山田" })), "E-WORD", "person"),
        (
            with(json!({ "substitutes": [
                { "item": "山田", "index": 0, "original": "花", "used": "花" }
            ] })),
            "E-WORD",
            "substitutes",
        ),
    ]
}

#[test]
fn a_file_that_is_wrong_in_form_is_refused_by_field() {
    let stage = Stage::founded();
    for (bytes, code, says) in wrong_in_form() {
        stage.write("holder.json", &bytes);
        stage.jpki(ISSUE).exits(2).says(code).says(says);
        let json = stage.jpki(&format!("{ISSUE} --json")).exits(2).json();
        assert_eq!(json["status"], "refused");
        assert_eq!(json["error"]["rule"], code);
    }
    assert!(!stage.path("out").exists());
    assert_eq!(stage.count("intended"), FOUNDING);
}

#[test]
fn a_file_that_is_wrong_in_content_is_refused_by_item() {
    let stage = Stage::founded();
    for (form, code, item) in wrong_in_content() {
        stage.write_json("holder.json", &form);
        let json = stage.jpki(&format!("{ISSUE} --json")).exits(2).says(code).json();
        assert_eq!(json["error"]["rule"], code);
        assert_eq!(json["error"]["item"], item);
    }
    assert!(!stage.path("out").exists());
    assert_eq!(stage.count("intended"), FOUNDING);
}

#[test]
fn the_same_faults_in_a_batch_cost_only_their_lines() {
    let stage = Stage::founded();
    let mut batch = Vec::new();
    let mut expected = Vec::new();
    let forms = wrong_in_form().into_iter().filter(|(bytes, ..)| !bytes.is_empty());
    let contents = wrong_in_content();
    let contents = contents.iter().map(|(form, code, _)| (form.to_string().into_bytes(), *code));
    for (bytes, code) in forms.map(|(bytes, code, _)| (bytes, code)).chain(contents) {
        batch.extend_from_slice(&bytes);
        batch.push(b'\n');
        expected.push(code);
    }
    stage.write("batch.jsonl", &batch);
    let words = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json";
    let results = stage.jpki(words).exits(1).lines();
    let codes: Vec<_> = results.iter().map(|line| line["error"]["rule"].clone()).collect();
    assert_eq!(codes, expected);
    assert_eq!(stage.names("out"), Vec::<String>::new());
}

#[test]
fn what_cannot_be_read_is_named() {
    let stage = Stage::founded();
    stage.jpki(ISSUE).exits(2).says("holder.json");
    std::fs::create_dir(stage.path("holder.json")).unwrap();
    stage.jpki(ISSUE).exits(2).says("holder.json");
    let batch = "issue --batch holder.json --holder-algorithm p256 --out out";
    stage.jpki(batch).exits(2).says("holder.json");
    stage.jpki("issue --batch absent.jsonl --out out").exits(2).says("absent.jsonl");
    stage.jpki("verify absent.cer").exits(2).says("absent.cer");
    stage.write("letter", "not a certificate");
    stage.jpki("verify letter").exits(1);
    assert!(!stage.path("out").exists());
}

#[test]
fn what_belongs_to_a_batch_line_is_not_read_from_a_holder_file() {
    let stage = Stage::founded();
    for field in ["request_id", "kind", "public_key"] {
        stage.write_json("holder.json", &holder_with("p-1", &json!({ field: "signature" })));
        stage.jpki(ISSUE).exits(2).says("batch lines");
    }
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    stage.write("out", "a file");
    let before = stage.record();
    stage.jpki(ISSUE).exits(2).says("out");
    assert_eq!(stage.record(), before);
}
