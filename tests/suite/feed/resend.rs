//! Refused events, repeated.

use crate::stage::holder;

use super::KIYOSE;
use super::address;
use super::apply;
use super::event;
use super::fates;
use super::home;
use super::rejected;
use super::relocation;
use super::status;
use super::with_residents;

#[test]
fn a_corrected_event_takes_the_place_of_the_refused_one() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "");
    let wrong = relocation(1, "p-1", &address(9), &address(1));
    assert_eq!(fates(&apply(&stage, &[wrong]).exits(1)), ["R-OLD-VALUE"]);
    let again = stage.jpki("feed resend e-1 --json").exits(1);
    assert_eq!(fates(&again), ["R-OLD-VALUE"]);
    let listed: Vec<_> = rejected(&stage).iter().map(|one| one["id"].clone()).collect();
    assert_eq!(listed, ["e-1.r1"], "the original is no longer listed");
    stage.jpki("feed resend e-1").refused("R-RESEND-UNKNOWN");
    let set = format!("feed resend e-1.r1 --set changes.address.old={} --json", home());
    assert_eq!(fates(&stage.jpki(&format!("{set} --dry-run")).exits(0)), ["applied"]);
    let run = stage.jpki(&set).exits(0);
    assert_eq!(fates(&run), ["applied"]);
    let id = run.lines()[0]["id"].clone();
    let why = stage.jpki("why --ca signature --serial 3 --json").exits(0).json();
    assert_eq!([&why["state"], &why["event"]["id"]], [&"revoked".into(), &id]);
    assert!(rejected(&stage).is_empty());
    assert_eq!(status(&stage, KIYOSE), [1, 1, 0, 0]);
    stage.jpki("feed resend e-1.r1").refused("R-RESEND-UNKNOWN");
}

#[test]
fn only_a_refused_event_is_repeated() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-1", "household_change")]).exits(0);
    for id in ["e-1", "e-2", ""] {
        if id.is_empty() {
            stage.jpki("feed resend").exits(2);
        } else {
            stage.jpki(&format!("feed resend {id}")).refused("R-RESEND-UNKNOWN");
        }
    }
    assert!(rejected(&stage).is_empty());
}

#[test]
fn a_resend_of_the_senders_own_may_take_a_number() {
    let stage = with_residents(1);
    let mut refused = event(1, "p-9", "household_change");
    apply(&stage, &[refused.clone()]).exits(1);
    refused["person"] = "p-1".into();
    refused["seq"] = 3.into();
    refused["id"] = "e-3".into();
    refused["resend_of"] = "e-1".into();
    assert_eq!(fates(&apply(&stage, &[refused]).exits(1)), ["waiting"]);
    assert_eq!(rejected(&stage).len(), 1);
    let run = apply(&stage, &[event(2, "p-1", "household_change")]).exits(0);
    assert_eq!(fates(&run), ["applied"; 2]);
    assert!(rejected(&stage).is_empty(), "what had waited was the resend");
}

#[test]
fn the_source_itself_can_be_corrected() {
    let stage = with_residents(1);
    let mut stray = event(1, "p-1", "household_change");
    stray["source"] = "131130".into();
    assert_eq!(fates(&apply(&stage, &[stray]).exits(1)), ["R-SOURCE"]);
    let run = stage.jpki("feed resend e-1 --set source=132217 --json").exits(0);
    assert_eq!(fates(&run), ["applied"]);
    assert!(rejected(&stage).is_empty());
}

#[test]
fn a_correction_that_is_no_event_changes_nothing() {
    let stage = with_residents(1);
    apply(&stage, &[event(1, "p-9", "household_change")]).exits(1);
    stage.jpki("feed resend e-1 --set person").exits(2).says("FIELD=VALUE");
    stage.jpki("feed resend e-1 --set shoe_size=24").exits(2).says("shoe_size");
    stage.jpki("feed resend e-1 --set person=").exits(2).says("person");
    stage.jpki("feed resend e-1 --set person.name=x").exits(2);
    assert_eq!(rejected(&stage).len(), 1);
}
