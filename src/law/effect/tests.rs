use std::collections::BTreeSet;

use crate::law::revocation::Act;
use crate::law::revocation::judge;
use crate::register::BasicItem;
use crate::register::Deletion;

use super::*;

const HEAD: &str = "\
# What a change does to a certificate of the person concerned. One line per change, reading of the policy, kind and carrier.
# policy: the switch that decides, where one does; else the line holds whatever the policy. A change that names a certificate concerns that one (named) and no other (other).
# live, held: what becomes of a certificate that is in force, or held. What is revoked stays revoked, and what has expired is not asked; neither is listed here.
# reason: RFC 5280 CRLReason. article: where the ground stands; piaa is Act 153 of 2002, mna Act 27 of 2013 and mna-order its order, cps the practice statement. rows: rows of the event matrix that lead here.
change\tjapanese\tpolicy\tkind\tcarrier\tlive\theld\treason\tarticle\tcitation\trows
";

const FILE: &str = include_str!("../../../testdata/vectors/effects.tsv");

const SERIAL: &str = "7";

fn certificate(kind: Kind, carrier: Carrier, standing: Standing) -> Certificate {
    Certificate { kind, carrier, standing, serial: SERIAL.parse().unwrap() }
}

fn certificates(standing: Standing) -> Vec<Certificate> {
    let carriers = [Carrier::Card, Carrier::Phone];
    Kind::ALL
        .into_iter()
        .flat_map(|kind| carriers.map(|c| certificate(kind, c, standing)))
        .collect()
}

/// Every reading of every switch that effects look at, each with its name.
fn readings() -> Vec<(String, Policy)> {
    let default = Policy::default;
    let mut all = Vec::new();
    let mut add = |name: &str, word: &str, policy| all.push((format!("{name}={word}"), policy));
    for one in MoveOutRevocation::ALL {
        add("move_out_revocation", one.as_str(), Policy { move_out_revocation: one, ..default() });
    }
    for one in Renaming::ALL {
        add("address_renamed", one.as_str(), Policy { address_renamed: one, ..default() });
        add("municipality_merged", one.as_str(), Policy { municipality_merged: one, ..default() });
    }
    for one in Naturalisation::ALL {
        add("naturalisation", one.as_str(), Policy { naturalisation: one, ..default() });
    }
    for one in DeletionReason::ALL {
        add("deletion_reason", one.as_str(), Policy { deletion_reason: one, ..default() });
    }
    for one in CardExtension::ALL {
        add("card_extension", one.as_str(), Policy { card_extension: one, ..default() });
    }
    for one in PhoneWithoutCard::ALL {
        add("phone_without_card", one.as_str(), Policy { phone_without_card: one, ..default() });
    }
    for (word, one) in [
        ("refuse", CardHoldRelease::Refuse),
        ("user-authentication", CardHoldRelease::UserAuthentication),
    ] {
        add("card_hold_release", word, Policy { card_hold_release: one, ..default() });
    }
    all
}

/// The readings of the one switch that decides; the plain default when none does.
fn deciding(change: Change, certificate: &Certificate) -> Vec<(String, Policy)> {
    let held = Certificate { standing: Standing::Held, ..*certificate };
    let outcome = |policy: &Policy| [*certificate, held].map(|one| effect(&change, &one, policy));
    let default = outcome(&Policy::default());
    let differing: BTreeSet<String> = readings()
        .into_iter()
        .filter(|(_, policy)| outcome(policy) != default)
        .map(|(name, _)| name.split('=').next().unwrap().to_owned())
        .collect();
    assert!(differing.len() <= 1, "{change} hangs on {differing:?}");
    match differing.first() {
        None => vec![("-".to_owned(), Policy::default())],
        Some(switch) => readings()
            .into_iter()
            .filter(|(name, _)| name.split('=').next() == Some(switch))
            .collect(),
    }
}

fn changes() -> Vec<(Change, &'static str)> {
    let named = Target::Number(Kind::Signature.ca(), SERIAL.parse().unwrap());
    Change::every(named)
        .into_iter()
        .flat_map(|change| {
            let about_one: [fn(Target) -> Change; 4] =
                [Change::HolderRequest, Change::KeyLeak, Change::RecordError, Change::Discarded];
            let about_one = about_one.into_iter().find(|one| one(named) == change);
            about_one.map_or_else(|| vec![(change, "")], both)
        })
        .collect()
}

fn both(change: fn(Target) -> Change) -> Vec<(Change, &'static str)> {
    let none = Target::Number(Kind::Signature.ca(), "8".parse().unwrap());
    vec![(change(none), " (named)"), (change(none), " (other)")]
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    for (change, which) in changes() {
        for live in certificates(Standing::Live) {
            let change = match (which, change) {
                (" (named)", Change::HolderRequest(_)) => Change::HolderRequest(of(&live)),
                (" (named)", Change::KeyLeak(_)) => Change::KeyLeak(of(&live)),
                (" (named)", Change::RecordError(_)) => Change::RecordError(of(&live)),
                (" (named)", Change::Discarded(_)) => Change::Discarded(of(&live)),
                (_, change) => change,
            };
            for (policy, reading) in deciding(change, &live) {
                let held = Certificate { standing: Standing::Held, ..live };
                let effects = [live, held].map(|one| effect(&change, &one, &reading));
                let article = effects.iter().find_map(|effect| effect.article());
                let reason = effects.iter().find_map(|effect| match effect {
                    Effect::Revoke { reason, .. } => Some(reason.as_str()),
                    Effect::Hold { .. } => Some(Reason::CertificateHold.as_str()),
                    Effect::Keep | Effect::Release { .. } => None,
                });
                let rows: Vec<_> = change.rows().iter().map(ToString::to_string).collect();
                let fields = [
                    format!("{change}{which}"),
                    change.japanese().to_owned(),
                    policy,
                    live.kind.to_string(),
                    live.carrier.to_string(),
                    effects[0].as_str().to_owned(),
                    effects[1].as_str().to_owned(),
                    reason.unwrap_or("-").to_owned(),
                    article.map_or("-".to_owned(), |article| article.to_string()),
                    article.map_or("-", |article| article.japanese).to_owned(),
                    rows.join(","),
                ];
                text.push_str(&fields.join("\t"));
                text.push('\n');
            }
        }
    }
    text
}

fn of(certificate: &Certificate) -> Target {
    Target::Current(certificate.kind, certificate.carrier)
}

/// The file is complete and true: line by line what the function says, no more and no less.
#[test]
fn the_table_says_what_the_function_does() {
    let computed = table();
    let (lines, said): (Vec<_>, Vec<_>) = (computed.lines().collect(), FILE.lines().collect());
    for (number, (line, said)) in lines.iter().zip(&said).enumerate() {
        assert_eq!(line, said, "line {} of what should be\n{computed}", number + 1);
    }
    assert_eq!(lines.len(), said.len(), "it should be\n{computed}");
}

/// The law of single acts allows every effect, whatever the policy: the two never disagree.
#[test]
fn every_effect_is_an_act_that_may_be_done() {
    for (_, policy) in readings() {
        for standing in Standing::ALL {
            for certificate in certificates(standing) {
                for change in Change::every(of(&certificate)) {
                    let act = match effect(&change, &certificate, &policy) {
                        Effect::Keep => continue,
                        Effect::Revoke { reason, .. } => Act::Revoke(reason),
                        Effect::Hold { .. } => Act::Hold,
                        Effect::Release { .. } => Act::Release,
                    };
                    let Certificate { kind, carrier, .. } = certificate;
                    judge(kind, carrier, standing, act, &policy).unwrap();
                }
            }
        }
    }
}

#[test]
fn moves_and_renames_end_signatures_only() {
    let policy = Policy::default();
    for carrier in [Carrier::Card, Carrier::Phone] {
        for item in BasicItem::ALL {
            let change = Change::BasicItem(item);
            let of = |kind| effect(&change, &certificate(kind, carrier, Standing::Live), &policy);
            let Effect::Revoke { reason, article } = of(Kind::Signature) else {
                panic!("{change} ends a signature certificate");
            };
            assert_eq!(reason, Reason::AffiliationChanged);
            assert!(["piaa-12(i)", "piaa-16-14"].contains(&article.to_string().as_str()));
            assert_eq!(of(Kind::UserAuthentication), Effect::Keep);
        }
    }
}

#[test]
fn a_signature_certificate_is_never_released() {
    for (_, policy) in readings() {
        for certificate in certificates(Standing::Held) {
            for change in Change::every(of(&certificate)) {
                let released =
                    matches!(effect(&change, &certificate, &policy), Effect::Release { .. });
                let may = matches!(
                    (change, certificate.kind, certificate.carrier, policy.card_hold_release),
                    (Change::PhoneRecovered, Kind::UserAuthentication, Carrier::Phone, _)
                        | (
                            Change::CardResumed,
                            Kind::UserAuthentication,
                            Carrier::Card,
                            CardHoldRelease::UserAuthentication
                        )
                );
                assert_eq!(released, may, "{change} {certificate:?}");
            }
        }
    }
}

#[test]
fn of_several_changes_the_first_that_ends_decides() {
    let live = certificate(Kind::Signature, Carrier::Card, Standing::Live);
    let policy = Policy::default();
    let death = Change::EntryDeleted(Deletion::Death);
    let void = Change::CardVoid(Lapse::EntryDeleted);
    let (change, effect) = decide(&[Change::CardSuspended, death, void], &live, &policy).unwrap();
    assert_eq!(change, death);
    assert_eq!(effect.article(), Some(Article::SIGNATURE_ENTRY));
    assert_eq!(decide(&[Change::HouseholdChanged], &live, &policy), None);
    let held = decide(&[Change::PinReset, Change::CardSuspended], &live, &policy).unwrap();
    assert_eq!(held.1.as_str(), "hold");
}

#[test]
fn what_the_register_brings_waits_as_policy_says_and_nothing_else_does() {
    let live = certificate(Kind::Signature, Carrier::Card, Standing::Live);
    let now: Timestamp = "2026-04-03T10:15:00+09:00".parse().unwrap();
    let day = |text: &str| text.parse::<Date>().unwrap();
    let due_at = |change: Change, on: &str, timing| {
        let policy = Policy { revocation_timing: timing, ..Policy::default() };
        due(&change, effect(&change, &live, &policy), day(on), now, &policy)
    };
    let moved = Change::BasicItem(BasicItem::Address);
    let tomorrow = day("2026-04-04").start_of_day();
    assert_eq!(due_at(moved, "2026-04-01", RevocationTiming::Immediate), now);
    assert_eq!(due_at(moved, "2026-04-01", RevocationTiming::EventDate), now);
    assert_eq!(due_at(moved, "2026-04-04", RevocationTiming::EventDate), tomorrow);
    assert_eq!(due_at(moved, "2026-04-01", RevocationTiming::NextDay), tomorrow);
    for timing in RevocationTiming::ALL {
        let leak = Change::KeyLeak(of(&live));
        assert_eq!(due_at(leak, "2026-04-04", timing), now);
        assert_eq!(due_at(Change::CardSuspended, "2026-04-04", timing), now);
    }
}
