//! What is wrong with an event by itself.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::proptest;
use proptest::sample::select;

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

proptest! {
    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = EventForm::read(&bytes);
    }

    #[test]
    fn no_words_panic(
        reason in select(ChangeReason::ALL.to_vec()),
        item in select(vec!["name", "birth_date", "sex", "address", "municipality", "resident_code"]),
        texts in vec(any::<String>(), 6),
        days in vec((-9999_i32..9999, 0..15, 0..35), 2),
    ) {
        let day = |n: usize| format!("{:04}-{:02}-{:02}", days[n].0, days[n].1, days[n].2);
        let mut line = serde_json::to_value(form(reason.as_str(), json!({}))).unwrap();
        line["changes"] = json!({item: {"old": texts[0], "new": texts[1]}});
        line["note"] = json!(texts[2]);
        line["event_date"] = json!(day(0));
        line["card"] = json!({"expires": day(1)});
        line["target"] = json!({"ca": texts[3], "serial": texts[4]});
        line["substitutes"] = json!([{"item": item, "index": 0, "original": texts[5], "used": "高"}]);
        let form = EventForm::read(line.to_string().as_bytes()).unwrap();
        if let Ok(event) = Event::new(&form, now()) {
            let _ = transition(Some(&record(national())), &event, &Policy::default(), now());
            let _ = transition(None, &event, &Policy::default(), now());
        }
    }

    /// Dates at the ends of the calendar, planned ones above all.
    #[test]
    fn no_dates_panic(
        reason in select(ChangeReason::ALL.to_vec()),
        date in select(vec!["0001-01-01", "1990-12-31", "2026-01-01", "9998-01-01", "9998-12-31"]),
        filed in select(vec!["0001-01-01", "2026-11-20"]),
    ) {
        let mut line = serde_json::to_value(form(reason.as_str(), json!({}))).unwrap();
        line["event_date"] = json!(date);
        line["notified_on"] = json!(filed);
        if reason == ChangeReason::CardReissued {
            line["card"] = json!({"expires": "9998-12-31"});
        }
        if reason.names_a_certificate() {
            line["target"] = json!({"kind": "signature", "carrier": "card"});
        }
        let form = EventForm::read(line.to_string().as_bytes()).unwrap();
        let event = Event::new(&form, now()).unwrap();
        if let Ok(done) = transition(Some(&record(national())), &event, &Policy::default(), now()) {
            let mut one = done.record;
            for day in ["2026-11-21", "9998-12-31"] {
                while let Some(step) = lapse(&one, day.parse().unwrap(), &Policy::default()) {
                    one = step.record;
                }
            }
            let _ = one.next_timer();
        }
    }
}
