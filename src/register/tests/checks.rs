//! Each rule, with an event that it refuses beside one that it lets pass.

use std::slice::from_ref;

use super::*;

type Case = (Option<Record>, Event);

/// For each rule of the register itself: what it refuses, and the nearest thing that it does not.
/// None for the rules that the services check, with the store or a request at hand.
fn cases(rule: Rule) -> Option<(Case, Case)> {
    let known = |fields| Some(record(with(national(), fields)));
    let same = || known(json!({}));
    let foreign = |fields| Some(record(with(foreigner(), fields)));
    let one = |reason, fields| event(reason, fields);
    let relocation = || event("relocation", change("address", HOME, NEW));
    let on = |day: &str| json!({"event_date": day, "recorded_at": "2026-11-21T10:00:00+09:00"});
    let then = |events: &[Event]| Some(after(record(national()), events));
    let stay = |old: &str, new: &str| {
        json!({"source": "immigration", "changes": {"residence": {
            "old": {"category": "mid_long_term", "period_end": old},
            "new": {"category": "mid_long_term", "period_end": new}
        }}})
    };
    let extend = || stay("2026-12-31", "2027-12-31");
    Some(match rule {
        Rule::NoRecord => ((None, relocation()), (same(), relocation())),
        Rule::Exists => ((same(), one("entry", entry())), (None, one("entry", entry()))),
        Rule::Deleted => ((then(&[one("death", json!({}))]), relocation()), (same(), relocation())),
        Rule::NotRegistered => {
            let left = one("move_out", json!({"event_date": "2026-03-30"}));
            let stayed = one("move_out_cancelled", json!({"event_date": "2026-03-31"}));
            ((then(from_ref(&left)), relocation()), (then(&[left, stayed]), relocation()))
        }
        Rule::Source => {
            let other = with(change("address", HOME, NEW), json!({"source": SHIBUYA}));
            ((same(), one("relocation", other)), (same(), relocation()))
        }
        Rule::EventOrder => {
            let earlier = |day| with(change("address", HOME, NEW), json!({"event_date": day}));
            let base = then(&[one("household_change", json!({}))]);
            let before = one("relocation", earlier("2026-03-31"));
            ((base.clone(), before), (base, one("relocation", earlier("2026-04-01"))))
        }
        Rule::EventFuture => {
            let day = |day| json!({"event_date": day, "notified_on": "2026-11-20"});
            let future = one("household_change", day("2026-11-22"));
            ((same(), future), (same(), one("household_change", day("2026-11-21"))))
        }
        Rule::DeathFuture => {
            let day = |day| json!({"event_date": day, "notified_on": "2026-11-20"});
            ((same(), one("death", day("2026-11-22"))), (same(), one("death", day("2026-11-21"))))
        }
        Rule::BirthDate => {
            let born = one("birth", with(entry(), json!({"event_date": "1990-12-07"})));
            ((None, one("birth", entry())), (None, born))
        }
        Rule::OldValue => {
            ((same(), one("relocation", change("address", NEW, AWAY))), (same(), relocation()))
        }
        Rule::OldNewEqual => {
            ((same(), one("relocation", change("address", HOME, HOME))), (same(), relocation()))
        }
        Rule::NewMissing => {
            let gone = json!({"changes": {"address": {"old": HOME}}});
            ((same(), one("relocation", gone)), (same(), relocation()))
        }
        Rule::ExtraItem => {
            let fields = |item, old, new| change(item, old, new);
            let wrong = one("name_change", fields("sex", "female", "male"));
            let right = one("name_change", fields("name", "架空　花子", "虚構　花子"));
            ((same(), wrong), (same(), right))
        }
        Rule::RelocExtra => {
            let mut both = change("address", HOME, NEW);
            both["changes"]["name"] = json!({"old": "架空　花子", "new": "虚構　花子"});
            ((same(), one("relocation", both)), (same(), relocation()))
        }
        Rule::NoteMissing => {
            let bare = change("sex", "female", "male");
            let noted = with(bare.clone(), json!({"note": "届書の誤記"}));
            ((same(), one("correction", bare)), (same(), one("correction", noted)))
        }
        Rule::MinorList => {
            let note = |word| with(change("address", HOME, NEW), json!({"note": word}));
            let wrong = one("minor_correction", note("typing-error"));
            ((same(), wrong), (same(), one("minor_correction", note("notation"))))
        }
        Rule::MoveInExisting => {
            let here = with(change("address", HOME, NEW), json!({"event_date": "2026-04-02"}));
            let left = then(&[one("move_out", json!({}))]);
            ((same(), one("move_in", here)), (left, one("move_in", move_in())))
        }
        Rule::MoveInNoMoveOut => {
            let left = then(&[one("move_out", json!({}))]);
            ((same(), one("move_in", move_in())), (left, one("move_in", move_in())))
        }
        Rule::SpecialMoveInLate => {
            let left = then(&[one("move_out", json!({}))]);
            let filed =
                |day: &str| one("special_move_in", with(move_in(), json!({"notified_on": day})));
            ((left.clone(), filed("2026-04-17")), (left, filed("2026-04-16")))
        }
        Rule::MoveOutPending => {
            let notice = |day: &str| {
                one("move_out", json!({"event_date": day, "notified_on": "2026-04-01"}))
            };
            let pending = then(&[notice("2026-11-30")]);
            ((pending, notice("2026-12-01")), (same(), notice("2026-12-01")))
        }
        Rule::NoMoveOut => {
            let cancel = one("move_out_cancelled", on("2026-04-02"));
            let left = then(&[one("move_out", json!({}))]);
            ((same(), cancel.clone()), (left, cancel))
        }
        Rule::AbroadNotice => {
            let filed = |day: &str| json!({"event_date": "2026-04-10", "notified_on": day});
            let late = one("move_abroad_continued", filed("2026-04-10"));
            ((same(), late), (same(), one("move_abroad_continued", filed("2026-04-09"))))
        }
        Rule::NationalsOnly => {
            let add = one(
                "former_surname_change",
                json!({"changes": {"former_surname": {"new": "旧姓"}}}),
            );
            ((foreign(json!({})), add.clone()), (same(), add))
        }
        Rule::ForeignersOnly => {
            let add = one("alias_change", json!({"changes": {"alias": {"new": "架空　太郎"}}}));
            ((same(), add.clone()), (foreign(json!({})), add))
        }
        Rule::ResidenceCategory => {
            let becomes = |category: &str| {
                one(
                    "permanent_residence",
                    json!({"source": "immigration", "changes": {"residence": {
                        "old": {"category": "mid_long_term", "period_end": "2026-12-31"},
                        "new": {"category": category}
                    }}}),
                )
            };
            ((foreign(json!({})), becomes("national")), (foreign(json!({})), becomes("permanent")))
        }
        Rule::StayShorter => {
            let shorter = one("residence_extended", stay("2026-12-31", "2026-12-30"));
            (
                (foreign(json!({})), shorter),
                (foreign(json!({})), one("residence_extended", extend())),
            )
        }
        Rule::SpecialExtensionTwice => {
            let first = one("residence_grace", stay("2026-12-31", "2027-01-31"));
            let second = one("residence_grace", stay("2027-01-31", "2027-02-28"));
            let extended = Some(after(record(foreigner()), from_ref(&first)));
            ((extended, second), (foreign(json!({})), first))
        }
        Rule::SpecialExtensionLong => {
            let to = |day| one("residence_grace", stay("2026-12-31", day));
            ((foreign(json!({})), to("2027-03-01")), (foreign(json!({})), to("2027-02-28")))
        }
        Rule::SupportEarly => {
            let set = |day: &str| one("support_set", on(day));
            let supported = then(&[set("2025-11-20")]);
            ((supported.clone(), set("2026-10-19")), (supported, set("2026-10-20")))
        }
        Rule::SupportNone => {
            let ended = one("support_ended", json!({}));
            ((same(), ended.clone()), (then(&[one("support_set", json!({}))]), ended))
        }
        Rule::CardState => {
            let found = one("card_found", json!({"source": "card-desk"}));
            let lost = then(&[one("card_lost", json!({}))]);
            ((same(), found.clone()), (lost, found))
        }
        Rule::CardLapsed => {
            let ends = json!({
                "residence": {"category": "mid_long_term", "period_end": "2026-08-31"},
                "card": {"expires": "2026-08-31"}
            });
            let stays = with(stay("2026-08-31", "2027-08-31"), on("2026-09-01"));
            let late = one("residence_extended", stays.clone());
            let timely = one("residence_extended", with(stays, on("2026-08-31")));
            ((foreign(ends.clone()), late), (foreign(ends), timely))
        }
        Rule::CardOpen => {
            let new = one("card_reissued", json!({"card": {"expires": "2035-12-07"}}));
            ((same(), new.clone()), (then(&[one("card_surrendered", json!({}))]), new))
        }
        Rule::CardEnd => {
            let new = |day: &str| one("card_reissued", json!({"card": {"expires": day}}));
            let closed = then(&[one("card_surrendered", json!({}))]);
            ((closed.clone(), new("2026-04-01")), (closed, new("2035-12-07")))
        }
        Rule::NoContinuation => {
            let goes_on = |source: &str| {
                one("card_continued", json!({"source": source, "event_date": "2026-05-01"}))
            };
            let moved = then(&[one("move_out", json!({})), one("move_in", move_in())]);
            ((same(), goes_on(KIYOSE)), (moved, goes_on(SHIBUYA)))
        }
        Rule::PhoneState => {
            let phone = one("phone_issued", json!({}));
            ((then(from_ref(&phone)), phone.clone()), (same(), phone))
        }
        Rule::GuardianshipState => {
            let ends = one("guardianship_ended", json!({}));
            ((same(), ends.clone()), (known(json!({"guardianship": true})), ends))
        }
        Rule::HolderMismatch
        | Rule::HolderUnknown
        | Rule::TargetUnknown
        | Rule::SourceUnknown
        | Rule::Unsigned
        | Rule::SignatureWrong
        | Rule::Replayed
        | Rule::EventConflict
        | Rule::ResendUnknown
        | Rule::ResendSource
        | Rule::SequencePassed
        | Rule::Sender => return None,
    })
}

#[test]
fn each_rule_refuses_its_case_and_lets_the_nearest_pass() {
    let mut count = 0;
    for rule in Rule::ALL {
        let Some(((record, refused), (fitting, passes))) = cases(rule) else { continue };
        let codes = codes(record.as_ref(), &refused);
        assert_eq!(codes.first(), Some(&rule.code()), "{rule}: {codes:?}");
        let result = transition(fitting.as_ref(), &passes, &Policy::default(), now());
        assert!(result.is_ok(), "{rule}: {:?}", result.err());
        count += 1;
    }
    assert_eq!(count, Rule::ALL.len() - 12);
}

#[test]
fn no_refusal_repeats_a_value() {
    for rule in Rule::ALL {
        let Some(((record, refused), _)) = cases(rule) else { continue };
        let refusals =
            transition(record.as_ref(), &refused, &Policy::default(), now()).unwrap_err();
        let text = format!("{refusals} {refusals:?} {refused:?} {record:?}");
        for value in ["架空", "虚構", "KAKUU", "1990-12-07", "旧姓"] {
            assert!(!text.contains(value), "{rule}: {text}");
        }
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut fields = change("address", NEW, AWAY);
    fields["changes"]["name"] = json!({"old": "架空　花子", "new": "虚構　花子"});
    fields["changes"]["sex"] = json!({"old": "female", "new": "male"});
    fields["event_date"] = json!("2026-12-01");
    fields["notified_on"] = json!("2026-11-20");
    let event = event("relocation", fields);
    let found =
        transition(Some(&record(national())), &event, &Policy::default(), now()).unwrap_err();
    let said: Vec<_> =
        found.iter().map(|one| (one.code(), one.item().map(|item| item.as_str()))).collect();
    assert_eq!(
        said,
        [
            ("R-EVENT-FUTURE", Some("event_date")),
            ("R-RELOC-EXTRA", Some("name")),
            ("R-RELOC-EXTRA", Some("sex")),
            ("R-OLD-VALUE", Some("address")),
        ]
    );
}

#[test]
fn items_that_do_not_go_together_are_refused_with_the_code_of_data() {
    let elsewhere = event("relocation", change("address", HOME, AWAY));
    assert_eq!(codes(Some(&record(national())), &elsewhere), ["E-ADDRESS-PLACE"]);
    let gaiji = event("name_change", change("name", "架空　花子", "髙橋　花子"));
    assert_eq!(codes(Some(&record(national())), &gaiji), ["E-CHAR"]);
    let incomplete = json!({"changes": {"name": {"new": "架空　花子"}}});
    let codes = codes(None, &event("entry", incomplete));
    assert_eq!(codes, ["R-SOURCE"]);
}

/// A sender for each reason: the municipality for all, immigration for stays, the desk for cards.
#[test]
fn each_source_sends_what_is_its_own() {
    let mut of_immigration = 0;
    let mut of_the_desk = 0;
    for reason in ChangeReason::ALL {
        for (source, count) in
            [("immigration", &mut of_immigration), ("card-desk", &mut of_the_desk)]
        {
            let target = json!({"kind": "signature", "carrier": "card"});
            let target = if reason.names_a_certificate() { target } else { Value::Null };
            let mut fields = json!({"source": source, "event_date": "2026-04-01"});
            if !target.is_null() {
                fields["target"] = target;
            }
            let codes = codes(Some(&record(foreigner())), &event(reason.as_str(), fields));
            *count += usize::from(!codes.contains(&"R-SOURCE") && !codes.contains(&"R-EXISTS"));
        }
    }
    // Move-ins of an existing resident are refused before anyone asks who sent them.
    assert_eq!((of_immigration, of_the_desk), (3 + 3, 13 + 3));
}
