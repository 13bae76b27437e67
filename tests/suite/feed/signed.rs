//! Feeds signed by their source.

use serde_json::Value;

use crate::stage::Stage;
use crate::stage::holder;

use super::KIYOSE;
use super::event;
use super::fates;
use super::rejected;
use super::set_policy;
use super::state;
use super::status;
use super::with_residents;

/// A home that takes signed events only, and a source with a key.
fn demanding() -> Stage {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    set_policy(&stage, "feed_signatures", "required");
    for name in ["source", "stranger"] {
        let key = format!(
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}.key \
             && openssl pkey -in {name}.key -pubout -out {name}.pem"
        );
        stage.shell(&key).exits(0);
    }
    let words = format!("feed source {KIYOSE} --public-key source.pem --json");
    assert_eq!(stage.jpki(&words).exits(0).json()["key_registered"], true);
    stage
}

/// What a source signs: compact JSON, the fields in the order of the form.
fn canonical(seq: u64, reason: &str) -> String {
    let event = event(seq, "p-1", reason);
    let fields = ["source", "seq", "id", "person", "reason", "event_date", "notified_on"];
    let fields = fields.into_iter().chain(["recorded_at"]);
    let fields: Vec<_> = fields.map(|field| format!("\"{field}\":{}", event[field])).collect();
    format!("{{{}}}", fields.join(","))
}

/// The line with the signature of this key.
fn signed(stage: &Stage, key: &str, line: &str) -> String {
    stage.write("line", line);
    let sign = format!("openssl dgst -sha256 -sign {key}.key line | base64 -w0");
    let signature = stage.shell(&sign).exits(0).stdout;
    line.replacen('{', &format!("{{\"signature\":\"{signature}\","), 1)
}

fn fate(stage: &Stage, line: &str) -> String {
    stage.write("line.jsonl", line);
    fates(&stage.jpki("feed apply line.jsonl --json")).remove(0)
}

#[test]
fn what_is_signed_by_its_source_is_taken_and_nothing_else() {
    let stage = demanding();
    let line = canonical(1, "death");
    let before = state(&stage);
    let strange = signed(&stage, "stranger", &line);
    let tampered = signed(&stage, "source", &canonical(1, "deletion")).replace("deletion", "death");
    let elsewhere = line.replace(KIYOSE, "131130");
    let unknown = signed(&stage, "source", &elsewhere);
    let empty = line.replacen('{', "{\"signature\":\"\",", 1);
    let words = line.replacen('{', "{\"signature\":\"not base64\",", 1);
    for (line, code) in [
        (&line, "R-UNSIGNED"),
        (&strange, "R-SIGNATURE"),
        (&tampered, "R-SIGNATURE"),
        (&unknown, "R-SOURCE-UNKNOWN"),
        (&elsewhere, "R-SOURCE-UNKNOWN"),
        (&empty, "R-SIGNATURE"),
        (&words, "R-SIGNATURE"),
    ] {
        let listed = rejected(&stage).len();
        assert_eq!(fate(&stage, line), code);
        assert_eq!(fate(&stage, line), "duplicate");
        assert_eq!(rejected(&stage).len(), listed + 1);
    }
    assert_eq!(state(&stage), before);
    // All of them came under the id and number of the genuine one, and took neither.
    let genuine = signed(&stage, "source", &line);
    assert_eq!(fate(&stage, &genuine), "applied");
    assert_eq!(fate(&stage, &genuine), "duplicate");
    assert_eq!(status(&stage, KIYOSE)[..3], [1, 1, 0]);
    assert_eq!(stage.count("revoked"), 2);
}

#[test]
fn spaces_and_the_order_of_fields_do_not_touch_a_signature() {
    let stage = demanding();
    let line = signed(&stage, "source", &canonical(1, "household_change"));
    let sorted: Value = serde_json::from_str(&line).unwrap();
    let pretty = serde_json::to_string(&sorted).unwrap().replace("\":", "\" : ");
    assert_eq!(fate(&stage, &pretty), "applied");
    assert_eq!(fate(&stage, &line), "duplicate");
}

#[test]
fn what_waits_is_verified_before_it_waits() {
    let stage = demanding();
    let second = canonical(2, "household_change");
    assert_eq!(fate(&stage, &second), "R-UNSIGNED");
    assert_eq!(fate(&stage, &signed(&stage, "source", &second)), "waiting");
    let first = signed(&stage, "source", &canonical(1, "household_change"));
    stage.write("line.jsonl", first);
    assert_eq!(fates(&stage.jpki("feed apply line.jsonl --json").exits(0)), ["applied"; 2]);
}

#[test]
fn the_operator_repeats_what_was_signed_and_nothing_else() {
    let stage = demanding();
    // Signed, and wrong in itself: the operator corrects it, and answers for that.
    let wrong = canonical(1, "household_change").replace("\"p-1\"", "\"p-9\"");
    assert_eq!(fate(&stage, &signed(&stage, "source", &wrong)), "R-NO-RECORD");
    let resend = "feed resend e-1 --set person=p-1 --json";
    assert_eq!(fates(&stage.jpki(&format!("{resend} --dry-run")).exits(0)), ["applied"]);
    // Not in another's name, who signs as well.
    stage.jpki(&format!("{resend} --set source=131130")).refused("R-RESEND-SOURCE");
    assert_eq!(fates(&stage.jpki(resend).exits(0)), ["applied"]);
    assert_eq!(stage.count("repeated"), 1);
    assert!(rejected(&stage).is_empty());
    // Refused for what it comes with: only the source can say it again.
    let line = canonical(2, "death");
    let before = state(&stage);
    let replayed = line.replace("\"seq\":2", "\"seq\":1").replace("e-2", "e-9");
    for (line, code) in [
        (line.clone(), "R-UNSIGNED"),
        (signed(&stage, "stranger", &line), "R-SIGNATURE"),
        (line.replace(KIYOSE, "131130"), "R-SOURCE-UNKNOWN"),
        (signed(&stage, "source", &replayed), "R-REPLAYED"),
        (line.replace("\"source\"", "\"sauce\""), "E-JSON"),
        (line.replace(KIYOSE, "city"), "E-WORD"),
        (signed(&stage, "source", &canonical(1, "death")), "R-EVENT-CONFLICT"),
    ] {
        assert_eq!(fate(&stage, &line), code);
        let id = rejected(&stage)[0]["id"].as_str().unwrap().to_owned();
        for set in ["", "--set sauce= --set source=132217"] {
            // What is no event is malformed, whoever may have sent it.
            let malformed = set.is_empty() && code.starts_with("E-");
            let run = stage.jpki(&format!("feed resend {id} {set}"));
            run.exits(if malformed { 2 } else { 3 });
        }
        stage.jpki(&format!("feed dismiss {id} --note forged")).exits(0);
    }
    assert_eq!(state(&stage), before);
    assert_eq!(stage.count("revoked"), 0);
    // The source's own repeat, signed, names the original.
    let wrong = canonical(2, "household_change").replace("\"p-1\"", "\"p-9\"");
    assert_eq!(fate(&stage, &signed(&stage, "source", &wrong)), "R-NO-RECORD");
    let mut again = canonical(3, "household_change");
    again.insert_str(again.len() - 1, ",\"resend_of\":\"e-2\"");
    assert_eq!(fate(&stage, &signed(&stage, "source", &again)), "applied");
    assert!(rejected(&stage).is_empty());
}

#[test]
fn who_has_registered_a_key_signs_even_where_policy_does_not_ask() {
    let stage = demanding();
    set_policy(&stage, "feed_signatures", "optional");
    let line = canonical(1, "household_change");
    assert_eq!(fate(&stage, &line), "R-UNSIGNED");
    let other = line.replace(KIYOSE, "131130");
    assert_eq!(fate(&stage, &other), "R-SOURCE", "without a key there is nothing to sign with");
    assert_eq!(fate(&stage, &signed(&stage, "source", &line)), "applied");
}
