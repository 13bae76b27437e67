//! Records and events for the tests of this room, and the stories that they tell.

mod checks;
mod events;
mod records;
mod stories;

use serde_json::Value;
use serde_json::json;

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::policy::Policy;

use super::*;

pub(super) const KIYOSE: &str = "132217";
pub(super) const SHIBUYA: &str = "131130";
pub(super) const HOME: &str = "東京都清瀬市架空町１番地";
pub(super) const NEW: &str = "東京都清瀬市架空町２番地";
pub(super) const AWAY: &str = "東京都渋谷区架空三丁目１番１号";

pub(super) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(super) fn now() -> Timestamp {
    "2026-11-21T12:00:00+09:00".parse().unwrap()
}

/// A national with a card.
pub(super) fn national() -> Value {
    json!({
        "person": "p-1", "name": "架空　花子", "birth_date": "1990-12-07", "sex": "female",
        "address": HOME, "municipality": KIYOSE, "residence": {"category": "national"},
        "card": {"expires": "2035-12-07"}
    })
}

/// A mid-to-long-term resident whose card ends with the stay.
pub(super) fn foreigner() -> Value {
    json!({
        "person": "p-1", "name": "KAKUU TARO", "birth_date": "1985-07-30", "sex": "male",
        "address": HOME, "municipality": KIYOSE,
        "residence": {"category": "mid_long_term", "period_end": "2026-12-31"},
        "card": {"expires": "2026-12-31"}
    })
}

/// `base` with these fields instead; null takes one out.
pub(super) fn with(mut base: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields") };
    let object = base.as_object_mut().unwrap();
    for (name, value) in fields {
        if value.is_null() {
            object.remove(&name);
        } else {
            object.insert(name, value);
        }
    }
    base
}

pub(super) fn holder(form: &Value) -> HolderForm {
    HolderForm::read(form.to_string().as_bytes()).unwrap()
}

pub(super) fn record(form: Value) -> Record {
    let form: HolderForm = serde_json::from_value(form).unwrap();
    Record::open(&form, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap()
}

/// An event on 1 April 2026, from Kiyose, filed on the same day.
pub(super) fn form(reason: &str, fields: Value) -> EventForm {
    let base = json!({
        "source": KIYOSE, "seq": 1, "id": "e-1", "person": "p-1", "reason": reason,
        "event_date": "2026-04-01", "recorded_at": "2026-11-20T10:00:00+09:00"
    });
    let mut event = with(base, fields);
    if event.get("notified_on").is_none() {
        event["notified_on"] = event["event_date"].clone();
    }
    EventForm::read(event.to_string().as_bytes()).unwrap()
}

pub(super) fn event(reason: &str, fields: Value) -> Event {
    Event::new(&form(reason, fields), now()).unwrap()
}

pub(super) fn change(item: &str, old: &str, new: &str) -> Value {
    json!({"changes": {item: {"old": old, "new": new}}})
}

pub(super) fn accepted(record: &Record, event: &Event) -> Transition {
    transition(Some(record), event, &Policy::default(), now()).unwrap()
}

/// The codes of a refusal, none when it is accepted.
pub(super) fn codes(record: Option<&Record>, event: &Event) -> Vec<&'static str> {
    match transition(record, event, &Policy::default(), now()) {
        Ok(_) => Vec::new(),
        Err(refusals) => refusals.iter().map(Refusal::code).collect(),
    }
}

/// The record after these events.
pub(super) fn after(mut record: Record, events: &[Event]) -> Record {
    for event in events {
        record = accepted(&record, event).record;
    }
    record
}

/// What changed with an event, what time had done before it included.
pub(super) fn all_words(done: &Transition) -> Vec<&'static str> {
    let steps = done.lapses.iter().chain([done]);
    steps.flat_map(|step| words(&step.changes)).collect()
}

pub(super) fn words(changes: &[Change]) -> Vec<&'static str> {
    changes.iter().map(|change| change.as_str()).collect()
}

pub(super) fn move_in() -> Value {
    json!({
        "source": SHIBUYA, "event_date": "2026-04-02",
        "changes": {
            "address": {"old": HOME, "new": AWAY},
            "municipality": {"old": KIYOSE, "new": SHIBUYA}
        }
    })
}

/// The items of someone not on record.
pub(super) fn entry() -> Value {
    let mut changes = serde_json::Map::new();
    for item in ["name", "birth_date", "sex", "address", "municipality", "residence"] {
        changes.insert(item.to_owned(), json!({"new": national()[item]}));
    }
    json!({"changes": changes})
}
