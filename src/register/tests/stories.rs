//! A story for each row of the event matrix: what becomes of the record, and what changed.

use crate::policy::MoveOutRevocation;
use crate::policy::NumberChange;

use super::*;

fn story(base: Value, reason: &str, fields: Value) -> (Record, Vec<&'static str>) {
    let done = accepted(&record(base), &event(reason, fields));
    (done.record, words(&done.changes))
}

/// Time's work until `today`, with what changed.
fn until(mut record: Record, today: &str) -> (Record, Vec<&'static str>) {
    let mut changes = Vec::new();
    while let Some(step) = lapse(&record, date(today), &Policy::default()) {
        assert_eq!(step.record.version(), record.version() + 1);
        assert!(matches!(step.record.cause(), Cause::Timer(_)));
        changes.extend(words(&step.changes));
        record = step.record;
    }
    (record, changes)
}

#[test]
fn births_and_entries_make_records() {
    for reason in ["birth", "entry", "return_from_abroad"] {
        let fields = with(entry(), json!({"event_date": "1990-12-07"}));
        let done = transition(None, &event(reason, fields), &Policy::default(), now()).unwrap();
        assert_eq!(words(&done.changes), ["entry-made"], "{reason}");
        assert_eq!(done.record.version(), 1);
        assert_eq!(done.record.form().address, HOME);
        assert!(
            done.record.differences(&holder(&with(national(), json!({"card": null})))).is_empty()
        );
    }
}

#[test]
fn a_move_ends_at_the_planned_day_and_completes_with_the_move_in() {
    let notice =
        event("move_out", json!({"event_date": "2026-12-01", "notified_on": "2026-11-20"}));
    let noticed = accepted(&record(national()), &notice);
    assert_eq!(words(&noticed.changes), ["move-out-notified"]);
    assert_eq!(noticed.record.status(), Status::Registered);
    assert_eq!(noticed.record.next_timer(), Some(date("2026-12-01")));
    assert_eq!(until(noticed.record.clone(), "2026-11-30").1, [""; 0]);
    let (left, changes) = until(noticed.record.clone(), "2026-12-01");
    assert_eq!(changes, ["moved-out"]);
    assert_eq!(left.status(), Status::MovedOut { since: date("2026-12-01") });
    // Nobody files the move-in: day 30 passes.
    assert_eq!(until(left.clone(), "2026-12-31").1, [""; 0]);
    assert_eq!(until(left, "2027-01-01").1, ["card-void:move-in-not-filed"]);
    // The move-in arrives before the planned day.
    let arrival = with(move_in(), json!({"event_date": "2026-11-20"}));
    let done = accepted(&noticed.record, &event("move_in", arrival));
    assert_eq!(words(&done.changes), ["moved-out", "address"]);
    assert_eq!(done.record.status(), Status::Registered);
    assert_eq!(done.record.municipality().unwrap().code(), SHIBUYA);
}

#[test]
fn a_card_is_continued_within_ninety_days_or_ends() {
    let moved =
        after(record(national()), &[event("move_out", json!({})), event("move_in", move_in())]);
    // Filed on 2 April: day 90 is 1 July.
    assert_eq!(until(moved.clone(), "2026-07-01").1, [""; 0]);
    assert_eq!(until(moved.clone(), "2026-07-02").1, ["card-void:not-continued"]);
    let on = |day: &str| event("card_continued", json!({"source": SHIBUYA, "event_date": day}));
    assert_eq!(words(&accepted(&moved, &on("2026-07-01")).changes), ["card-continued"]);
    // Filed late, before the timers were run: the card had ended all the same.
    assert_eq!(codes(Some(&moved), &on("2026-07-02")), ["R-CARD-STATE"]);
    let at_once = with(move_in(), json!({"card": {}}));
    let left = after(record(national()), &[event("move_out", json!({}))]);
    let done = accepted(&left, &event("move_in", at_once));
    assert_eq!(words(&done.changes), ["address", "card-continued"]);
    assert!(done.record.deadlines().is_empty());
    let special = accepted(&left, &event("special_move_in", move_in()));
    assert_eq!(words(&special.changes), ["address", "card-continued"]);
    assert!(special.record.deadlines().is_empty());
}

#[test]
fn who_moves_again_before_continuing_loses_the_card() {
    let moved =
        after(record(national()), &[event("move_out", json!({})), event("move_in", move_in())]);
    let again = event("move_out", json!({"source": SHIBUYA, "event_date": "2026-05-01"}));
    let done = accepted(&moved, &again);
    assert_eq!(words(&done.changes), ["move-out-notified", "moved-out", "card-void:moved-again"]);
}

#[test]
fn a_move_in_filed_late_finds_the_card_void() {
    let left = after(record(national()), &[event("move_out", json!({}))]);
    let filed = |day: &str| event("move_in", with(move_in(), json!({"notified_on": day})));
    assert_eq!(words(&accepted(&left, &filed("2026-04-16")).changes), ["address"]);
    let late = accepted(&left, &filed("2026-04-17"));
    assert_eq!(words(&late.changes), ["address", "card-void:move-in-not-filed"]);
}

#[test]
fn a_cancelled_move_restores_the_entry() {
    let base = record(national());
    let planned =
        event("move_out", json!({"event_date": "2026-12-01", "notified_on": "2026-11-20"}));
    for (moves, day) in [(planned, "2026-11-20"), (event("move_out", json!({})), "2026-05-01")] {
        let cancel = event("move_out_cancelled", json!({"event_date": day}));
        let done = accepted(&after(base.clone(), &[moves]), &cancel);
        assert_eq!(done.changes.last(), Some(&Change::MoveOutCancelled));
        assert_eq!(done.record.status(), Status::Registered);
        assert_eq!(done.record.next_timer(), base.next_timer());
    }
    // Thirty days after the planned one the card has ended, and stays so.
    let late = event("move_out_cancelled", json!({"event_date": "2026-05-02"}));
    let done = accepted(&after(base, &[event("move_out", json!({}))]), &late);
    assert_eq!(all_words(&done), ["card-void:move-in-not-filed", "move-out-cancelled"]);
}

#[test]
fn a_national_goes_abroad_with_the_card_and_comes_back() {
    let goes = json!({
        "event_date": "2026-04-10", "notified_on": "2026-04-09",
        "changes": {
            "address": {"old": HOME, "new": "国外転出（令和８年４月１０日）"},
            "residence": {"old": {"category": "national"}, "new": {"category": "national_abroad"}}
        }
    });
    let (abroad, changes) = story(national(), "move_abroad_continued", goes);
    assert_eq!(
        changes,
        ["move-out-notified", "moved-abroad-continued", "address", "residence-changed"]
    );
    assert_eq!(abroad.status(), Status::Abroad { since: date("2026-04-10") });
    assert_eq!(abroad.card().state, CardState::Issued);
    let back = json!({
        "event_date": "2026-06-01", "source": SHIBUYA, "card": {},
        "changes": {
            "address": {"new": AWAY},
            "municipality": {"old": KIYOSE, "new": SHIBUYA},
            "residence": {"old": {"category": "national_abroad"}, "new": {"category": "national"}}
        }
    });
    let done = accepted(&abroad, &event("return_from_abroad", back));
    assert_eq!(words(&done.changes), ["address", "residence-changed", "card-continued"]);
    assert_eq!(done.record.status(), Status::Registered);
}

#[test]
fn what_ends_the_entry_ends_the_card() {
    for (reason, why) in [
        ("death", "entry-deleted:death"),
        ("declared_missing", "entry-deleted:declared-missing"),
        ("deletion", "entry-deleted:ex-officio"),
        ("nationality_lost", "entry-deleted:nationality-lost"),
    ] {
        let (ended, changes) = story(national(), reason, json!({}));
        assert_eq!(changes, [why, "card-void:entry-deleted"]);
        assert!(matches!(ended.status(), Status::Deleted { .. }));
        assert_eq!(ended.next_timer(), None);
    }
    let (_, changes) = story(foreigner(), "move_abroad", json!({}));
    assert_eq!(
        changes,
        ["move-out-notified", "entry-deleted:moved-abroad", "card-void:entry-deleted"]
    );
}

#[test]
fn after_a_deletion_but_not_a_death_an_entry_is_made_again() {
    let again = |record: &Record| {
        codes(Some(record), &event("entry", with(entry(), json!({"event_date": "2026-05-01"}))))
    };
    assert_eq!(again(&after(record(national()), &[event("death", json!({}))])), ["R-DELETED"]);
    let gone = after(record(national()), &[event("deletion", json!({}))]);
    let done = accepted(&gone, &event("entry", with(entry(), json!({"event_date": "2026-05-01"}))));
    assert_eq!(words(&done.changes), ["entry-made"]);
    assert_eq!(done.record.status(), Status::Registered);
}

#[test]
fn each_item_changes_by_its_reason() {
    for (reason, item, old, new, word) in [
        ("relocation", "address", HOME, NEW, "address"),
        ("name_change", "name", "架空　花子", "虚構　花子", "name"),
        ("sex_change", "sex", "female", "male", "sex"),
        ("birth_date_correction", "birth_date", "1990-12-07", "1990-12-08", "birth-date"),
        ("address_renamed", "address", HOME, NEW, "address-renamed"),
    ] {
        let (_, changes) = story(national(), reason, change(item, old, new));
        assert_eq!(changes, [word], "{reason}");
    }
    let surname = json!({"changes": {"former_surname": {"new": "旧姓"}}});
    let (with_surname, changes) = story(national(), "former_surname_change", surname);
    assert_eq!(changes, ["former-surname"]);
    let removed =
        event("former_surname_change", json!({"changes": {"former_surname": {"old": "旧姓"}}}));
    assert_eq!(accepted(&with_surname, &removed).record.form().former_surname, None);
    let alias = json!({"changes": {"alias": {"new": "架空　太郎"}}});
    assert_eq!(story(foreigner(), "alias_change", alias).1, ["alias"]);
    let minor = with(change("address", HOME, NEW), json!({"note": "notation"}));
    assert_eq!(story(national(), "minor_correction", minor).1, ["minor-correction"]);
    let merged = json!({
        "source": SHIBUYA,
        "changes": {
            "address": {"old": HOME, "new": AWAY},
            "municipality": {"old": KIYOSE, "new": SHIBUYA}
        }
    });
    assert_eq!(story(national(), "municipality_merged", merged).1, ["municipality-merged"]);
    assert_eq!(story(national(), "household_change", json!({})).1, ["household-changed"]);
}

#[test]
fn a_substitute_comes_and_goes_with_its_item() {
    let mut fields = change("name", "架空　花子", "高空　花子");
    fields["substitutes"] =
        json!([{"item": "name", "index": 0, "original": "U+9AD9", "used": "高"}]);
    let (named, changes) = story(national(), "name_change", fields);
    assert_eq!(changes, ["name"]);
    assert_eq!(named.resident(now()).unwrap().four.name.mask(), "10000");
    let back = event("name_change", change("name", "高空　花子", "架空　花子"));
    assert_eq!(accepted(&named, &back).record.form().substitutes.len(), 0);
}

#[test]
fn a_foreign_resident_becomes_a_national() {
    let fields = json!({"changes": {
        "name": {"old": "KAKUU TARO", "new": "架空　太郎"},
        "residence": {
            "old": {"category": "mid_long_term", "period_end": "2026-12-31"},
            "new": {"category": "national"}
        }
    }});
    let (national, changes) = story(foreigner(), "naturalisation", fields);
    assert_eq!(changes, ["name", "residence-changed", "naturalised"]);
    assert_eq!(national.residence().unwrap().period_end(), None);
}

#[test]
fn new_numbers_take_the_card_along_as_policy_says() {
    let code = json!({"changes": {"resident_code": {"new": "24727059608"}}});
    let (coded, changes) = story(national(), "resident_code_change", code.clone());
    assert_eq!(changes, ["resident-code-changed", "card-void:resident-code"]);
    let stale = json!({"changes": {"resident_code": {"old": "25208017643", "new": "24846016224"}}});
    assert_eq!(codes(Some(&coded), &event("resident_code_change", stale)), ["R-OLD-VALUE"]);
    let (_, changes) = story(national(), "individual_number_change", json!({}));
    assert_eq!(changes, ["individual-number-changed", "card-void:individual-number"]);
    let keep = Policy { resident_code_change: NumberChange::KeepCard, ..Policy::default() };
    let event = event("resident_code_change", code);
    let kept = transition(Some(&record(national())), &event, &keep, now()).unwrap();
    assert_eq!(words(&kept.changes), ["resident-code-changed"]);
}

#[test]
fn a_card_follows_the_stay_that_set_its_end() {
    let extend = json!({"source": "immigration", "changes": {"residence": {
        "old": {"category": "mid_long_term", "period_end": "2026-12-31"},
        "new": {"category": "mid_long_term", "period_end": "2029-12-31"}
    }}});
    let (extended, changes) = story(foreigner(), "residence_extended", extend.clone());
    assert_eq!(changes, ["residence-changed", "card-extended"]);
    assert_eq!(extended.card().ends, Some(date("2029-12-31")));
    // A birthday ends the card first, by its own end or the one that the office wrote on it.
    let short = with(foreigner(), json!({"card": {"expires": "2026-07-30"}}));
    let (kept, changes) = story(short, "residence_extended", extend.clone());
    assert_eq!((changes, kept.card().ends), (vec!["residence-changed"], Some(date("2026-07-30"))));
    let stated = with(extend.clone(), json!({"card": {"expires": "2029-07-30"}}));
    let (written, _) = story(foreigner(), "residence_extended", stated);
    assert_eq!(written.card().ends, Some(date("2029-07-30")));
    let beyond = with(extend, json!({"card": {"expires": "2030-07-30"}}));
    let beyond = event("residence_extended", beyond);
    assert_eq!(codes(Some(&record(foreigner())), &beyond), ["R-CARD-END"]);
    // A decision gives a new stay, with a special extension of its own.
    let grace = json!({"source": "immigration", "changes": {"residence": {
        "old": {"category": "mid_long_term", "period_end": "2029-12-31"},
        "new": {"category": "mid_long_term", "period_end": "2030-02-28"}
    }}});
    let bridged = accepted(&extended, &event("residence_grace", grace)).record;
    assert!(bridged.special_extension());
    let permanent = json!({"source": "immigration", "changes": {"residence": {
        "old": {"category": "mid_long_term", "period_end": "2030-02-28"},
        "new": {"category": "permanent"}
    }}});
    let settled = accepted(&bridged, &event("permanent_residence", permanent));
    assert_eq!(words(&settled.changes), ["residence-changed"]);
    assert!(!settled.record.special_extension());
}

#[test]
fn a_card_ends_with_its_last_day_and_a_corrected_stay_shortens_it() {
    assert_eq!(until(record(foreigner()), "2026-12-31").1, [""; 0]);
    let (ended, changes) = until(record(foreigner()), "2027-01-01");
    assert_eq!(changes, ["card-void:expired"]);
    assert_eq!(ended.card().state, CardState::Void(Lapse::Expired));
    let shorter = json!({"note": "在留期間の誤記", "changes": {"residence": {
        "old": {"category": "mid_long_term", "period_end": "2026-12-31"},
        "new": {"category": "mid_long_term", "period_end": "2026-06-30"}
    }}});
    let (corrected, _) = story(foreigner(), "correction", shorter);
    assert_eq!(until(corrected, "2026-07-01").1, ["card-void:expired"]);
}

#[test]
fn a_support_measure_lasts_a_year() {
    let (supported, changes) = story(national(), "support_set", json!({}));
    assert_eq!(changes, ["support-set"]);
    assert_eq!(supported.support_until(), Some(date("2027-04-01")));
    assert_eq!(until(supported.clone(), "2027-04-01").1, [""; 0]);
    assert_eq!(until(supported.clone(), "2027-04-02").1, ["support-ended"]);
    let ended = accepted(&supported, &event("support_ended", json!({"event_date": "2026-05-01"})));
    assert_eq!(ended.record.support_until(), None);
}

#[test]
fn a_card_is_lost_found_given_back_and_issued_anew() {
    let desk = |reason| event(reason, json!({"source": "card-desk"}));
    let lost = accepted(&record(national()), &desk("card_lost"));
    assert_eq!(words(&lost.changes), ["card-suspended"]);
    let found = accepted(&lost.record, &desk("card_found"));
    assert_eq!(words(&found.changes), ["card-resumed"]);
    let back = accepted(&found.record, &desk("card_surrendered"));
    assert_eq!(words(&back.changes), ["card-surrendered"]);
    assert_eq!(codes(Some(&back.record), &desk("card_lost")), ["R-CARD-STATE"]);
    let new = event("card_reissued", json!({"card": {"expires": "2035-12-07"}}));
    let new = accepted(&back.record, &new);
    assert_eq!(words(&new.changes), ["card-reissued"]);
    assert_eq!(new.record.card().state, CardState::Issued);
    let bare = event("card_reissued", json!({}));
    assert_eq!(codes(Some(&back.record), &bare), ["E-MISSING"]);
    assert_eq!(story(national(), "pin_reset", json!({})).1, ["pin-reset"]);
}

#[test]
fn a_phone_is_issued_lost_found_and_changed() {
    let mut one = record(national());
    for (reason, word, state) in [
        ("phone_issued", "phone-issued", PhoneState::Active),
        ("phone_lost", "phone-lost", PhoneState::Suspended),
        ("phone_recovered", "phone-recovered", PhoneState::Active),
        ("phone_changed", "phone-changed", PhoneState::None),
        ("phone_lost", "phone-lost", PhoneState::Suspended),
    ] {
        let done = accepted(&one, &event(reason, json!({"source": "card-desk"})));
        assert_eq!((words(&done.changes), done.record.phone()), (vec![word], state));
        one = done.record;
    }
}

#[test]
fn what_concerns_one_certificate_names_it() {
    for (reason, word) in [
        ("revocation_request", "holder-request"),
        ("key_leak", "key-leak"),
        ("record_error", "record-error"),
        ("discarded", "discarded"),
    ] {
        let target = json!({"target": {"ca": "signature", "serial": "2"}});
        let done = accepted(&record(national()), &event(reason, target));
        assert_eq!(words(&done.changes), [word]);
        assert!(done.changes[0].target().is_some());
    }
}

#[test]
fn a_ward_is_noted() {
    let (ward, changes) = story(national(), "guardianship_started", json!({}));
    assert_eq!((changes, ward.guardianship()), (vec!["guardianship-started"], true));
    let free = accepted(&ward, &event("guardianship_ended", json!({})));
    assert_eq!(words(&free.changes), ["guardianship-ended"]);
}

#[test]
fn the_death_of_someone_about_to_move_is_taken() {
    let notice = json!({"event_date": "2026-04-10", "notified_on": "2026-04-01", "recorded_at": "2026-04-01T10:00:00+09:00"});
    let notice = event("move_out", notice);
    let before = "2026-04-01T12:00:00+09:00".parse().unwrap();
    let pending =
        transition(Some(&record(national())), &notice, &Policy::default(), before).unwrap();
    // Died before the planned day, filed after it.
    let death = event("death", json!({"event_date": "2026-04-08", "notified_on": "2026-04-12"}));
    let done = accepted(&pending.record, &death);
    assert_eq!(all_words(&done), ["moved-out", "entry-deleted:death", "card-void:entry-deleted"]);
    // The death is not what ended the entry here.
    assert_eq!(words(&done.lapses[0].changes), ["moved-out"]);
    assert_eq!(
        done.lapses[0].armed_by,
        pending.record.departure().map(|move_out| move_out.by.clone())
    );
}

#[test]
fn what_time_does_names_the_event_since_which_it_ran() {
    let named = |mut fields: Value, id: &str| {
        fields["id"] = json!(id);
        fields
    };
    let since = |record: &Record, timer: Timer| {
        let mut record = record.clone();
        while let Some(step) = lapse(&record, date("2036-01-01"), &Policy::default()) {
            if *step.record.cause() == Cause::Timer(timer) {
                return step.armed_by.map(|by| format!("{} {}", by.source(), by.id()));
            }
            record = step.record;
        }
        panic!("{timer:?} does not run out")
    };
    let notice = json!({"event_date": "2026-12-01", "notified_on": "2026-11-20"});
    let leaving = after(record(national()), &[event("move_out", named(notice, "out"))]);
    for timer in [Timer::Departure, Timer::MoveInFiling] {
        assert_eq!(since(&leaving, timer).as_deref(), Some("132217 out"));
    }
    let left = after(record(national()), &[event("move_out", named(json!({}), "out"))]);
    assert_eq!(since(&left, Timer::MoveInFiling).as_deref(), Some("132217 out"));
    let arrived = after(left, &[event("move_in", named(move_in(), "in"))]);
    assert_eq!(since(&arrived, Timer::CardContinuation).as_deref(), Some("131130 in"));
    // The end that the law computed has no event; one that an event set has.
    assert_eq!(since(&record(foreigner()), Timer::CardEnd), None);
    let stay = |end: &str| json!({"category": "mid_long_term", "period_end": end});
    let moved = |end: &str| {
        json!({"note": "在留期間の誤記", "changes": {"residence": {
            "old": stay("2026-12-31"), "new": stay(end)
        }}})
    };
    for (reason, id, end) in
        [("correction", "fix", "2026-06-30"), ("residence_extended", "longer", "2027-06-30")]
    {
        let done = after(record(foreigner()), &[event(reason, named(moved(end), id))]);
        let expected = format!("132217 {id}");
        assert_eq!(since(&done, Timer::CardEnd), Some(expected), "{reason}");
    }
    let later =
        after(record(foreigner()), &[event("correction", named(moved("2027-06-30"), "fix"))]);
    assert_eq!(since(&later, Timer::CardEnd), None, "a longer stay moves no card's end");
    let lost = event("card_lost", json!({"source": "card-desk"}));
    let anew = json!({"source": "card-desk", "card": {"expires": "2030-12-07"}});
    let reissued = after(record(national()), &[lost, event("card_reissued", named(anew, "new"))]);
    assert_eq!(since(&reissued, Timer::CardEnd).as_deref(), Some("card-desk new"));
}

#[test]
fn every_version_names_its_event() {
    let done = accepted(&record(national()), &event("household_change", json!({})));
    assert_eq!(done.record.version(), 2);
    assert_eq!(done.record.cause(), &Cause::Event(EventId::new("e-1").unwrap()));
    assert_eq!(done.record.last_event(), Some(date("2026-04-01")));
    assert_eq!(done.on, date("2026-04-01"));
    // Cards and certificates do not move the register's own dates.
    let later = event("card_lost", json!({"event_date": "2026-05-01"}));
    assert_eq!(accepted(&done.record, &later).record.last_event(), Some(date("2026-04-01")));
}

#[test]
fn move_out_policies_do_not_touch_the_record() {
    let left = |one| {
        let policy = Policy { move_out_revocation: one, ..Policy::default() };
        transition(Some(&record(national())), &event("move_out", json!({})), &policy, now())
            .unwrap()
    };
    let all = MoveOutRevocation::ALL.map(left);
    assert!(all.iter().all(|one| *one == all[0]));
}
