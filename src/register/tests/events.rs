//! What is wrong with an event by itself.

use super::*;

fn fault(reason: &str, fields: Value) -> (&'static str, &'static str) {
    let fault = Event::new(&form(reason, fields), now()).unwrap_err();
    (fault.item.as_str(), fault.code())
}

#[test]
fn items_are_checked_one_by_one() {
    let target = json!({"kind": "signature", "carrier": "card"});
    for (reason, fields, item, code) in [
        ("death", json!({"source": "cs"}), "source", "E-WORD"),
        ("death", json!({"id": ""}), "id", "E-EMPTY"),
        ("death", json!({"id": "山田"}), "id", "E-WORD"),
        ("death", json!({"person": "123456789018"}), "person", "E-COMBINATION"),
        ("dying", json!({}), "reason", "E-WORD"),
        ("death", json!({"seq": null}), "seq", "E-MISSING"),
        ("death", json!({"seq": 0}), "seq", "E-NUMBER"),
        ("death", json!({"seq": u64::MAX}), "seq", "E-NUMBER"),
        ("death", json!({"event_date": "2026-02-30"}), "event_date", "E-DATE"),
        ("death", json!({"notified_on": "1.4.2026"}), "notified_on", "E-DATE"),
        ("death", json!({"notified_on": "2026-11-21"}), "notified_on", "E-COMBINATION"),
        ("death", json!({"recorded_at": "2026-11-20"}), "recorded_at", "E-DATE"),
        ("death", json!({"recorded_at": "2026-11-21T12:05:01+09:00"}), "recorded_at", "E-FUTURE"),
        ("death", json!({"resend_of": "e-1"}), "resend_of", "E-COMBINATION"),
        ("death", json!({"note": "a\nb"}), "note", "E-SPACE"),
        ("death", json!({"note": "　"}), "note", "E-EMPTY"),
        ("death", json!({"note": "あ".repeat(1001)}), "note", "E-LENGTH"),
        ("death", json!({"target": target}), "target", "E-UNEXPECTED"),
        ("key_leak", json!({}), "target", "E-MISSING"),
        ("death", json!({"card": {}}), "card", "E-UNEXPECTED"),
        ("card_reissued", json!({"card": {"expires": "soon"}}), "card", "E-DATE"),
        (
            "birth_date_correction",
            change("birth_date", "", "1990-13-01"),
            "birth_date",
            "E-BIRTH-DATE",
        ),
        ("birth_date_correction", change("birth_date", "", "2026-11-22"), "birth_date", "E-FUTURE"),
        ("sex_change", change("sex", "", "x"), "sex", "E-WORD"),
        ("move_in", change("municipality", "", "132216"), "municipality", "E-MUNICIPALITY-CODE"),
        ("move_in", change("municipality", "", "139998"), "municipality", "E-MUNICIPALITY-UNKNOWN"),
        (
            "resident_code_change",
            change("resident_code", "", "1"),
            "resident_code",
            "E-RESIDENT-CODE",
        ),
    ] {
        assert_eq!(fault(reason, fields.clone()), (item, code), "{reason} {fields}");
    }
    let stay = json!({"changes": {"residence": {"new": {"category": "mid_long_term"}}}});
    assert_eq!(fault("residence_extended", stay), ("residence", "E-COMBINATION"));
    let idle = json!([{"item": "name", "index": 0, "original": "U+9AD9", "used": "高"}]);
    assert_eq!(fault("death", json!({"substitutes": idle})), ("substitutes", "E-UNEXPECTED"));
}

#[test]
fn a_senders_clock_may_run_a_little_ahead() {
    event("death", json!({"recorded_at": "2026-11-21T12:05:00+09:00"}));
}

#[test]
fn a_resend_needs_no_number() {
    let resend = event("death", json!({"seq": null, "resend_of": "e-0"}));
    assert_eq!(resend.sequence, None);
    assert_eq!(resend.resend_of.unwrap().as_str(), "e-0");
}

#[test]
fn the_three_times_stay_apart() {
    let event = event(
        "relocation",
        json!({
            "event_date": "2026-04-01", "notified_on": "2026-04-03",
            "recorded_at": "2026-04-04T08:00:00+09:00",
            "changes": {"address": {"old": HOME, "new": NEW}}
        }),
    );
    assert_eq!(event.event_date, date("2026-04-01"));
    assert_eq!(event.notified_on, Some(date("2026-04-03")));
    assert_eq!(event.recorded_at.to_string(), "2026-04-03T23:00:00Z");
    assert_eq!(event.filed_on(), date("2026-04-03"));
}

#[test]
fn it_does_not_print() {
    let text = format!("{:?}", event("relocation", change("address", HOME, NEW)));
    assert_eq!(text, "Event(e-1 relocation from 132217, …)");
}
