//! What a record keeps, and how it compares with a request.

use crate::credential::Kind;

use super::*;

#[test]
fn a_record_is_kept_as_it_is() {
    let moved = after(
        record(national()),
        &[
            event("support_set", json!({})),
            event("phone_issued", json!({})),
            event("move_out", json!({})),
        ],
    );
    for one in [record(national()), record(foreigner()), moved] {
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), one);
    }
}

/// What stores hold must stay readable: this text is of the first version of the program.
#[test]
fn the_form_of_a_kept_record_is_fixed() {
    let kept = json!({
        "person": "p-1", "version": 3, "cause": {"event": "e-1"},
        "status": {"state": "moved-out", "since": "2026-04-01"},
        "items": {
            "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
            "address": HOME, "municipality": KIYOSE, "residence": {"category": "national"}
        },
        "card": {"state": "issued", "ends": "2035-12-07"},
        "phone": "active",
        "deadlines": [{
            "rule": "move-in-filing", "on": "2026-05-01", "by": {"source": KIYOSE, "id": "e-1"}
        }],
        "last_event": "2026-04-01"
    });
    let phone = event("phone_issued", json!({}));
    let record = after(record(national()), &[phone, event("move_out", json!({}))]);
    assert_eq!(serde_json::to_value(&record).unwrap(), kept);
}

#[test]
fn a_request_that_differs_is_told_where() {
    let record = record(with(national(), json!({"former_surname": "旧姓"})));
    let differs = |fields| {
        let items = record.differences(&holder(&with(national(), fields)));
        items.into_iter().map(|item| item.as_str()).collect::<Vec<_>>()
    };
    let same = json!({"former_surname": "旧姓"});
    assert_eq!(differs(same.clone()), [""; 0]);
    assert_eq!(differs(with(same.clone(), json!({"card": null}))), [""; 0]);
    assert_eq!(differs(with(same.clone(), json!({"applied_at": "2026-01-01"}))), [""; 0]);
    assert_eq!(differs(json!({})), ["former_surname"]);
    let all = json!({
        "name": "虚構　太郎", "birth_date": "1990-12-08", "sex": "male", "address": AWAY,
        "municipality": SHIBUYA, "residence": {"category": "permanent"}, "guardianship": true,
        "alias": "架空", "card": {"expires": "2035-12-08"}, "former_surname": "新姓"
    });
    assert_eq!(
        differs(all),
        [
            "name",
            "former_surname",
            "alias",
            "birth_date",
            "sex",
            "address",
            "municipality",
            "residence",
            "guardianship",
            "card"
        ]
    );
    let substituted = json!([{"item": "name", "index": 0, "original": "U+E000", "used": "架"}]);
    assert_eq!(differs(with(same, json!({"substitutes": substituted}))), ["substitutes"]);
}

#[test]
fn who_has_no_entry_or_card_gets_no_certificate() {
    let may = |record: &Record| Kind::ALL.map(|kind| record.may_hold(kind).is_ok());
    let base = record(national());
    assert_eq!(may(&base), [true, true]);
    assert_eq!(may(&record(with(national(), json!({"card": null})))), [true, true]);
    let moved = after(base.clone(), &[event("move_out", json!({}))]);
    assert_eq!(may(&moved), [false, true]);
    for reason in
        ["death", "move_abroad", "card_lost", "card_surrendered", "individual_number_change"]
    {
        assert_eq!(
            may(&after(base.clone(), &[event(reason, json!({}))])),
            [false, false],
            "{reason}"
        );
    }
}

#[test]
fn the_card_of_the_first_issue_is_noted_once() {
    let mut record = record(with(national(), json!({"card": null})));
    record.note_card(date("2036-12-07"));
    record.note_card(date("2037-12-07"));
    assert_eq!(record.card().ends, Some(date("2036-12-07")));
    assert_eq!(record.version(), 1);
}

#[test]
fn nobody_is_opened_with_wrong_items() {
    let form = holder(&with(national(), json!({"address": AWAY})));
    assert_eq!(Record::open(&form, now()).unwrap_err().code(), "E-ADDRESS-PLACE");
    let abroad = with(
        national(),
        json!({"address": "国外転出", "residence": {"category": "national_abroad"}}),
    );
    assert!(matches!(record(abroad).status(), Status::Abroad { .. }));
    let opened = record(national());
    assert_eq!(opened.cause(), &Cause::Baseline);
    assert_eq!(opened.resident(now()).unwrap().four.name.text(), "架空　花子");
    assert_eq!(format!("{opened:?}"), "Record(Person(p-1), version 1, …)");
}
