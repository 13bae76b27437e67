//! What each source is heard about.

use serde_json::json;

use crate::stage::holder;

use super::KIYOSE;
use super::apply;
use super::event;
use super::fates;
use super::state;
use super::status;
use super::with_residents;

#[test]
fn a_source_is_heard_only_about_what_it_is_competent_for() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let before = state(&stage);
    for (source, reason) in [
        ("131130", "death"),
        ("immigration", "death"),
        ("immigration", "card_lost"),
        ("card-desk", "death"),
        ("card-desk", "relocation"),
    ] {
        let mut stray = event(1, "p-1", reason);
        stray["source"] = source.into();
        let seq = if fates(&apply(&stage, &[stray.clone()]))[0] == "R-SOURCE" { 1 } else { 2 };
        if seq == 2 {
            stray["seq"] = 2.into();
            stray["id"] = "e-2".into();
            assert_eq!(fates(&apply(&stage, &[stray]).exits(1)), ["R-SOURCE"], "{source} {reason}");
        }
    }
    assert_eq!(state(&stage), before);
}

#[test]
fn a_feed_that_is_taken_over_goes_on_from_its_number() {
    let stage = with_residents(1);
    let words = format!("feed source {KIYOSE} --next 1000 --json");
    let json = stage.jpki(&words).exits(0).json();
    let expected = json!({
        "source": KIYOSE, "next": 1000, "key_registered": false, "passed": 0, "resumed": []
    });
    assert_eq!(json, expected);
    let events = [999, 1000, 1001].map(|seq| event(seq, "p-1", "household_change"));
    let run = apply(&stage, &events).exits(1);
    assert_eq!(fates(&run), ["R-REPLAYED", "applied", "applied"]);
    assert_eq!(status(&stage, KIYOSE), [1001, 2, 0, 1]);
    stage.jpki("feed source cs-132217 --next 5").exits(2);
    stage.jpki(&format!("feed source {KIYOSE} --next 2000 --dry-run")).exits(0);
    assert_eq!(status(&stage, KIYOSE)[0], 1001);
}
