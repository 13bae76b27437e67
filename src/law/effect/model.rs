//! Random people, random events, in random order: what must hold whatever happens, checked after
//! every step against a model that knows nothing of checks, timers or law.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use proptest::test_runner::TestCaseError;
use serde_json::Value;
use serde_json::json;

use crate::register::CardState;
use crate::register::Cause;
use crate::register::ChangeReason;
use crate::register::Event;
use crate::register::EventForm;
use crate::register::HolderForm;
use crate::register::PhoneState;
use crate::register::Record;
use crate::register::Status;
use crate::register::Timer;
use crate::register::Transition;
use crate::register::lapse;
use crate::register::transition;

use super::*;

/// The items that a signature certificate states.
type Stated = [Option<String>; 6];

/// A certificate as the model knows it.
#[derive(Clone, Debug)]
struct Issued {
    certificate: Certificate,
    stated: Stated,
    last_day: Date,
}

/// One person: the record under test, the certificates that follow it, and the model, which is what
/// a naive reader of the accepted events would know.
struct Life {
    record: Record,
    certificates: Vec<Issued>,
    stated: Stated,
    dead: bool,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// An event, and what it is spoilt by.
    Event { person: usize, reason: usize, choice: u8, spoilt: u8 },
    /// Certificates are issued.
    Issue { person: usize, carrier: bool },
    /// Time passes, and its work is done or left.
    Days { days: i32, ticked: bool },
}

fn step() -> impl Strategy<Value = Step> {
    let event = (0..PEOPLE, any::<usize>(), any::<u8>(), any::<u8>());
    let event = event.prop_map(|(person, reason, choice, spoilt)| Step::Event {
        person,
        reason,
        choice,
        spoilt,
    });
    let issue = (0..PEOPLE, any::<bool>());
    let issue = issue.prop_map(|(person, carrier)| Step::Issue { person, carrier });
    let days = (0_i32..120, any::<bool>()).prop_map(|(days, ticked)| Step::Days { days, ticked });
    proptest::prop_oneof![6 => event, 2 => issue, 2 => days]
}

proptest! {
    #[test]
    fn what_must_hold_holds_after_every_step(steps in vec(step(), 1..120)) {
        let policy = Policy::default();
        let mut today: Date = "2026-01-01".parse().unwrap();
        let mut lives: BTreeMap<usize, Life> = (0..PEOPLE).map(|n| (n, newcomer(n))).collect();
        let mut serial = 0;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Days { days, ticked } => {
                    today = today.plus_days(days).unwrap();
                    if ticked {
                        for life in lives.values_mut() {
                            tick(life, today, &policy)?;
                        }
                    }
                }
                Step::Issue { person, carrier } => {
                    let carrier = if carrier { Carrier::Card } else { Carrier::Phone };
                    issue(lives.get_mut(&person).unwrap(), carrier, today, &mut serial);
                }
                Step::Event { person, reason, choice, spoilt } => {
                    let reason = ChangeReason::ALL[reason % ChangeReason::ALL.len()];
                    let life = lives.get_mut(&person).unwrap();
                    let form = event(&life.record, reason, choice, spoilt, today, number);
                    happen(life, &form, today, &policy)?;
                }
            }
            for life in lives.values() {
                check(life, today)?;
            }
        }
    }

    /// Of events of different people, the order does not matter.
    #[test]
    fn one_persons_events_do_not_touch_another(
        steps in vec((any::<usize>(), any::<u8>()), 1..30),
        shuffle in vec(any::<bool>(), 60),
    ) {
        let today = "2026-06-01".parse().unwrap();
        let policy = Policy::default();
        let run = |order: &[bool]| {
            let mut lives = [newcomer(0), newcomer(1)];
            let mut next = [0, 0];
            let rest = [false, true].into_iter().cycle().take(2 * steps.len() + 2);
            for second in order.iter().copied().chain(rest.clone()).chain(rest) {
                let person = usize::from(second);
                let Some((reason, choice)) = steps.get(next[person]) else { continue };
                next[person] += 1;
                let reason = ChangeReason::ALL[reason % ChangeReason::ALL.len()];
                let life = &mut lives[person];
                let form = event(&life.record, reason, *choice, 255, today, next[person]);
                happen(life, &form, today, &policy).unwrap();
            }
            lives.map(|life| life.record)
        };
        prop_assert_eq!(run(&shuffle), run(&[]));
    }
}

/// An event happens: accepted, it makes the next version and its effects; refused, nothing.
fn happen(
    life: &mut Life,
    form: &EventForm,
    today: Date,
    policy: &Policy,
) -> Result<(), TestCaseError> {
    let now = today.end_of_day();
    let Ok(event) = Event::new(form, now) else {
        return Ok(());
    };
    let before = life.record.clone();
    match transition(Some(&life.record), &event, policy, now) {
        Err(refusals) => {
            let said = format!("{refusals} {refusals:?}");
            prop_assert!(!said.contains('空'), "{}", said);
            prop_assert_eq!(&life.record, &before);
        }
        Ok(mut done) => {
            prop_assert!(done.record.version() > before.version());
            prop_assert_eq!(done.record.cause(), &Cause::Event(event.id.clone()));
            // The same event from the same record gives the same version.
            prop_assert_eq!(&transition(Some(&before), &event, policy, now).unwrap(), &done);
            for step in std::mem::take(&mut done.lapses) {
                apply(life, step, today, policy)?;
            }
            follow(life, form, event.reason);
            apply(life, done, today, policy)?;
        }
    }
    Ok(())
}

fn tick(life: &mut Life, today: Date, policy: &Policy) -> Result<(), TestCaseError> {
    while let Some(done) = lapse(&life.record, today, policy) {
        prop_assert_eq!(done.record.version(), life.record.version() + 1);
        let endless = [Timer::CardEnd, Timer::SupportEnd].map(Cause::Timer);
        prop_assert!(done.armed_by.is_some() || endless.contains(done.record.cause()));
        apply(life, done, today, policy)?;
    }
    prop_assert!(life.record.next_timer().is_none_or(|day| day > today));
    Ok(())
}

fn apply(
    life: &mut Life,
    done: Transition,
    today: Date,
    policy: &Policy,
) -> Result<(), TestCaseError> {
    for issued in &mut life.certificates {
        let standing = issued.certificate.standing;
        if issued.last_day < today {
            continue;
        }
        let Some((change, effect)) = decide(&done.changes, &issued.certificate, policy) else {
            if done.changes.contains(&Change::MinorCorrection) {
                // The law leaves these certificates as they are; the model follows.
                issued.stated = stated(&done.record);
            }
            continue;
        };
        prop_assert!(standing != Standing::Revoked, "{change} touches what is revoked");
        issued.certificate.standing = match effect {
            Effect::Keep => standing,
            Effect::Revoke { .. } => Standing::Revoked,
            Effect::Hold { .. } => Standing::Held,
            Effect::Release { .. } => {
                prop_assert_eq!(issued.certificate.kind, Kind::UserAuthentication);
                prop_assert_eq!(issued.certificate.carrier, Carrier::Phone);
                prop_assert_eq!(standing, Standing::Held);
                Standing::Live
            }
        };
        prop_assert!(effect.article().is_some());
    }
    if done.changes.contains(&Change::MovedAbroadContinued) {
        // The one change of items that comes with time.
        if stated(&done.record)[5].as_deref() == Some(ABROAD) {
            life.stated[5] = Some(ABROAD.to_owned());
        }
    }
    life.record = done.record;
    Ok(())
}

/// The invariants.
fn check(life: &Life, today: Date) -> Result<(), TestCaseError> {
    let record = &life.record;
    let items = stated(record);
    let deleted = matches!(record.status(), Status::Deleted { .. });
    prop_assert_eq!(&items, &life.stated, "record and model differ");
    prop_assert!(!life.dead || deleted);
    prop_assert!(deleted || record.resident(today.end_of_day()).is_ok());
    for issued in &life.certificates {
        let Certificate { kind, carrier, standing, .. } = issued.certificate;
        if standing != Standing::Live || issued.last_day < today {
            continue;
        }
        prop_assert!(!deleted, "{kind} on {carrier} lives on after the entry");
        if kind == Kind::Signature {
            prop_assert_eq!(&issued.stated, &items, "a signature certificate states other items");
            let between = matches!(record.status(), Status::MovedOut { .. });
            prop_assert!(!between, "a signature certificate lives without an entry");
        }
        match (carrier, record.card().state) {
            (_, CardState::Issued) | (Carrier::Phone, CardState::Suspended) => {}
            (Carrier::Card | Carrier::Phone, state) => {
                let found = format!("{kind} on {carrier}, card {state:?}");
                return Err(TestCaseError::fail(found));
            }
        }
        if carrier == Carrier::Phone {
            prop_assert!(record.phone() != PhoneState::Suspended);
        }
    }
    Ok(())
}

/// What a naive reader takes from an accepted event.
fn follow(life: &mut Life, form: &EventForm, reason: ChangeReason) {
    if reason == ChangeReason::MoveAbroadContinued {
        // Its items come on the day of the move.
        return;
    }
    let changes = [
        &form.changes.name,
        &form.changes.former_surname,
        &form.changes.alias,
        &form.changes.birth_date,
        &form.changes.sex,
        &form.changes.address,
    ];
    for (stated, change) in life.stated.iter_mut().zip(changes) {
        if let Some(change) = change {
            stated.clone_from(&change.new);
        }
    }
    life.dead |= reason == ChangeReason::Death;
}

fn issue(life: &mut Life, carrier: Carrier, today: Date, serial: &mut u64) {
    let record = &life.record;
    // Whoever issues runs the timers of the person first.
    if record.next_timer().is_some_and(|day| day <= today) {
        return;
    }
    let phone_is_lost = carrier == Carrier::Phone && record.phone() == PhoneState::Suspended;
    if record.card().state != CardState::Issued || phone_is_lost {
        return;
    }
    for kind in Kind::ALL {
        let standing = life.certificates.iter().any(|one| {
            (one.certificate.kind, one.certificate.carrier) == (kind, carrier)
                && one.certificate.standing != Standing::Revoked
                && one.last_day >= today
        });
        if standing || record.may_hold(kind).is_err() {
            continue;
        }
        *serial += 1;
        life.certificates.push(Issued {
            certificate: Certificate {
                kind,
                carrier,
                standing: Standing::Live,
                serial: Serial::new(*serial).unwrap(),
            },
            stated: stated(record),
            last_day: record.card().ends.unwrap(),
        });
    }
}

/// An event that mostly fits the record; `spoilt` below 32 breaks it in one of three ways.
fn event(
    record: &Record,
    reason: ChangeReason,
    choice: u8,
    spoilt: u8,
    today: Date,
    number: usize,
) -> EventForm {
    let form = record.form();
    let moves = matches!(
        reason,
        ChangeReason::MoveIn | ChangeReason::SpecialMoveIn | ChangeReason::MunicipalityMerged
    );
    let comes = matches!(reason, ChangeReason::Entry | ChangeReason::ReturnFromAbroad);
    let elsewhere = moves || comes && choice.is_multiple_of(2);
    let here = usize::from(form.municipality == PLACES[1].0);
    let (code, place) = PLACES[if elsewhere { 1 - here } else { here }];
    let address = format!("{place}架空町{}番地", FIGURES[usize::from(choice % 10)]);
    let mut changes = serde_json::Map::new();
    let mut put = |item: &str, old: Option<&str>, new: Option<&str>| {
        if old != new {
            changes.insert(item.to_owned(), json!({"old": old, "new": new}));
        }
    };
    if moves
        || comes
        || matches!(
            reason,
            ChangeReason::Relocation
                | ChangeReason::AddressRenamed
                | ChangeReason::MinorCorrection
                | ChangeReason::Correction
        )
    {
        put("address", Some(&form.address), Some(&address));
    }
    if elsewhere {
        put("municipality", Some(&form.municipality), Some(code));
    }
    let given = FIGURES[usize::from(choice % 10)];
    let word = (choice > 64).then(|| format!("空{given}"));
    if reason == ChangeReason::NameChange {
        put("name", Some(&form.name), Some(&format!("架空　{given}")));
    } else if reason == ChangeReason::FormerSurnameChange {
        put("former_surname", form.former_surname.as_deref(), word.as_deref());
    } else if reason == ChangeReason::AliasChange {
        put("alias", form.alias.as_deref(), word.as_deref());
    } else if reason == ChangeReason::SexChange {
        let new = ["male", "female", "unknown"][usize::from(choice % 3)];
        put("sex", Some(&form.sex), Some(new));
    } else if reason == ChangeReason::BirthDateCorrection {
        let new = format!("1990-12-{:02}", 1 + choice % 28);
        put("birth_date", Some(&form.birth_date), Some(&new));
    }
    let stay = |category: &str, days: i32| match &form.residence.period_end {
        Some(end) if days > 0 => {
            let end: Date = end.parse().unwrap();
            json!({"category": category, "period_end": end.plus_days(days).unwrap()})
        }
        _ => json!({"category": category}),
    };
    let category = form.residence.category.as_str();
    let returns = reason == ChangeReason::ReturnFromAbroad && category == "national_abroad";
    let residence = if reason == ChangeReason::ResidenceExtended {
        Some(stay(category, 10 * i32::from(choice)))
    } else if reason == ChangeReason::ResidenceGrace {
        Some(stay(category, i32::from(choice % 70)))
    } else if reason == ChangeReason::PermanentResidence {
        Some(stay("permanent", 0))
    } else if reason == ChangeReason::Naturalisation || returns {
        Some(stay("national", 0))
    } else {
        None
    };
    if let Some(new) = residence {
        changes.insert("residence".to_owned(), json!({"old": form.residence, "new": new}));
    }
    let mut event = json!({
        "source": code, "seq": number + 1, "id": format!("e-{number}"), "person": form.person,
        "reason": reason, "event_date": today, "notified_on": today,
        "recorded_at": today.start_of_day(), "changes": changes
    });
    let planned = matches!(
        reason,
        ChangeReason::MoveOut | ChangeReason::MoveAbroad | ChangeReason::MoveAbroadContinued
    );
    if planned {
        event["event_date"] = json!(today.plus_days(i32::from(choice % 40)).unwrap());
    }
    if matches!(reason, ChangeReason::Correction | ChangeReason::MinorCorrection) {
        event["note"] = json!("notation");
    }
    if reason.names_a_certificate() {
        let kind = Kind::ALL[usize::from(choice % 2)];
        let carrier = ["card", "phone"][usize::from(choice / 2 % 2)];
        event["target"] = json!({"kind": kind, "carrier": carrier});
    }
    if reason == ChangeReason::CardReissued {
        event["card"] = json!({"expires": today.plus_days(100).unwrap()});
    } else if reason.may_state_the_card() && elsewhere && choice > 128 {
        event["card"] = json!({});
    }
    spoil(&mut event, spoilt, today);
    EventForm::read(event.to_string().as_bytes()).unwrap()
}

fn spoil(event: &mut Value, spoilt: u8, today: Date) {
    match spoilt {
        0..=10 => event["source"] = json!("immigration"),
        11..=21 => {
            let early = today.plus_days(-i32::from(spoilt)).unwrap();
            event["event_date"] = json!(early);
            event["notified_on"] = json!(early);
        }
        22..=31 => {
            for change in event["changes"].as_object_mut().unwrap().values_mut() {
                change["old"] = Value::Null;
            }
        }
        _ => {}
    }
}

/// Every other person is a foreign resident.
fn newcomer(number: usize) -> Life {
    let national = json!({"category": "national"});
    let foreign = json!({"category": "mid_long_term", "period_end": "2026-09-30"});
    let (residence, ends) =
        if number.is_multiple_of(2) { (national, "2029-12-07") } else { (foreign, "2026-09-30") };
    let form = json!({
        "person": format!("p-{number}"), "name": "架空　花子", "birth_date": "1990-12-07",
        "sex": "female", "address": "東京都清瀬市架空町０番地", "municipality": "132217",
        "residence": residence, "card": {"expires": ends}
    });
    let form = HolderForm::read(form.to_string().as_bytes()).unwrap();
    let record = Record::open(&form, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    Life { stated: stated(&record), record, certificates: Vec::new(), dead: false }
}

fn stated(record: &Record) -> Stated {
    let form = record.form();
    [
        Some(form.name),
        form.former_surname,
        form.alias,
        Some(form.birth_date),
        Some(form.sex),
        Some(form.address),
    ]
}

/// The address that is recorded when the notice of the move states none.
const ABROAD: &str = "国外転出";

const PEOPLE: usize = 4;

const PLACES: [(&str, &str); 2] = [("132217", "東京都清瀬市"), ("131130", "東京都渋谷区")];

const FIGURES: [&str; 10] = ["０", "１", "２", "３", "４", "５", "６", "７", "８", "９"];
