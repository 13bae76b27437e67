//! `jpki revoke`, `jpki hold`, `jpki release`.

use serde_json::Value;
use serde_json::json;

use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::THE_USER_AUTHENTICATION;
use crate::stage::USER_AUTHENTICATION;
use crate::stage::holder;
use crate::stage::line_with_key;

const LATER: &str = "2026-05-01T00:00:00Z";
const LATER_STILL: &str = "2026-06-01T00:00:00Z";

/// A home in which so many people hold a user-authentication certificate, serials from 2 on.
fn with_people(count: u64) -> Stage {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=count).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    stage
}

#[test]
fn every_reason_of_one_certificate_is_kept() {
    let reasons = [
        "unspecified",
        "key-compromise",
        "affiliation-changed",
        "superseded",
        "cessation-of-operation",
    ];
    let stage = with_people(reasons.len() as u64);
    for (serial, reason) in (3..).zip(reasons) {
        let certificate = format!("--ca user-authentication --serial {serial}");
        let words = format!("revoke {certificate} --reason {reason} --at {LATER} --json");
        let json = stage.jpki(&words).exits(0).json();
        assert_eq!(json["status"], "changed");
        assert_eq!(json["before"], json!({ "state": "live" }));
        assert_eq!(json["after"]["reason"], reason);
        let file = format!("out/user-authentication-{serial}.cer");
        let verdict = stage.jpki(&format!("verify {file} --at {LATER} --json")).exits(1).json();
        let said = [&verdict["verdict"], &verdict["reason"], &verdict["since"]];
        assert_eq!(said, ["revoked", reason, LATER]);
        assert_eq!(stage.verdict(&file), "valid", "it was, a month earlier");
        let again = format!("revoke {certificate} --reason superseded --at {LATER_STILL}");
        stage.jpki(&again).refused("R-ALREADY-REVOKED");
        let verb = |verb: &str| stage.jpki(&format!("{verb} {certificate} --at {LATER_STILL}"));
        verb("hold").refused("R-ALREADY-REVOKED");
        verb("release").refused("R-ALREADY-REVOKED");
    }
    assert_eq!(stage.count("revoked"), reasons.len());
}

#[test]
fn reasons_that_are_not_for_one_certificate_are_refused() {
    let stage = with_people(1);
    let words = &format!("revoke {THE_USER_AUTHENTICATION} --reason");
    stage.jpki(&format!("{words} certificate-hold")).refused("R-REASON-HOLD");
    stage.jpki(&format!("{words} ca-compromise")).refused("R-REASON-CA");
    stage.jpki(&format!("{words} boredom")).exits(2).says("key-compromise");
    stage.jpki(words.trim_end_matches(" --reason")).exits(2).says("--reason");
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
}

#[test]
fn a_hold_that_ends_in_revocation_keeps_its_date() {
    let stage = with_people(1);
    let certificate = THE_USER_AUTHENTICATION;
    stage.jpki(&format!("hold {certificate} --at {LATER}")).exits(0);
    stage.jpki(&format!("hold {certificate} --at {LATER}")).refused("R-ALREADY-HELD");
    let verify = format!("verify {USER_AUTHENTICATION} --at {LATER_STILL} --json");
    let held = stage.jpki(&verify).exits(1).json();
    assert_eq!([&held["verdict"], &held["since"]], ["held", LATER]);
    let words = format!("revoke {certificate} --reason key-compromise --at {LATER_STILL} --json");
    let json = stage.jpki(&words).exits(0).json();
    assert_eq!(json["before"], json!({ "state": "held", "since": LATER }));
    let after = json!({ "state": "revoked", "since": LATER, "reason": "key-compromise" });
    assert_eq!(json["after"], after);
    let revoked = stage.jpki(&verify).exits(1).json();
    assert_eq!([&revoked["verdict"], &revoked["since"]], ["revoked", LATER]);
}

#[test]
fn who_is_released_depends_on_kind_carrier_and_policy() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.issue(&holder("p-1"), "--carrier phone");
    let act = |verb: &str, ca: &str, serial: u8| {
        stage.jpki(&format!("{verb} --ca {ca} --serial {serial}"))
    };
    let (signature, authentication) = ("signature", "user-authentication");
    for (ca, serial) in [(signature, 4), (signature, 5), (authentication, 3), (authentication, 4)] {
        act("release", ca, serial).refused("R-NOT-HELD");
        act("hold", ca, serial).exits(0);
        assert_eq!(stage.verdict(&format!("out/{ca}-{serial}.cer")), "held");
    }
    act("release", authentication, 4).exits(0);
    assert_eq!(stage.verdict("out/user-authentication-4.cer"), "valid");
    for (ca, serial) in [(signature, 4), (signature, 5), (authentication, 3)] {
        act("release", ca, serial).refused("R-HOLD-FINAL");
    }
    let policy = "card_hold_release = \"user-authentication\"";
    stage.set("card_hold_release = \"refuse\"", policy);
    act("release", signature, 4).refused("R-HOLD-FINAL");
    act("release", signature, 5).refused("R-HOLD-FINAL");
    act("release", authentication, 3).exits(0);
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
}

#[test]
fn a_held_certificate_counts_as_live() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.jpki(&format!("hold {THE_SIGNATURE}")).exits(0);
    let words = "issue --holder holder.json --holder-algorithm p256 --out out --kind signature";
    stage.jpki(words).refused("R-ALREADY-LIVE");
    stage.jpki(&format!("{words} --carrier phone")).refused("R-PHONE-NEEDS-CARD");
    stage.issue(&holder("p-1"), "--kind signature --renew");
    assert_eq!(stage.verdict(SIGNATURE), "revoked");
    assert_eq!(stage.verdict("out/signature-5.cer"), "valid");
}

#[test]
fn numbers_that_name_no_holders_certificate_are_refused() {
    let stage = with_people(1);
    let revoke = |ca: &str, serial: &str| {
        let certificate = format!("--ca {ca} --serial {serial}");
        stage.jpki(&format!("revoke {certificate} --reason superseded"))
    };
    revoke("user-authentication", "4").refused("R-UNKNOWN-SERIAL");
    revoke("signature", "4").refused("R-UNKNOWN-SERIAL");
    revoke("signature", "9223372036854775807").refused("R-UNKNOWN-SERIAL");
    revoke("signature", "1").refused("R-AUTHORITY-ITSELF");
    for (ca, serial) in [("signature", "2"), ("signature", "3"), ("user-authentication", "2")] {
        revoke(ca, serial).refused("R-SERVICE-ITSELF");
    }
    for verb in ["hold", "release"] {
        let words = format!("{verb} --ca signature --serial 2");
        stage.jpki(&words).refused("R-SERVICE-ITSELF");
        stage.jpki(&format!("{words} --dry-run")).refused("R-SERVICE-ITSELF");
    }
    assert_eq!(stage.verdict("home/ca/publication.cer"), "valid");
    for number in ["0", "-1", "0x", "1f", "9223372036854775808", "2.0"] {
        revoke("signature", number).exits(2).says("--serial");
    }
    revoke("both", "2").exits(2).says("--ca");
    assert_eq!(stage.count("revoked"), 0);
}

#[test]
fn numbers_may_be_hexadecimal() {
    let stage = with_people(15);
    let certificate = "--ca user-authentication --serial 0x11";
    let words = format!("revoke {certificate} --reason superseded --json");
    let json = stage.jpki(&words).exits(0).json();
    assert_eq!(json["serial"], "17");
    assert_eq!(stage.verdict("out/user-authentication-17.cer"), "revoked");
    assert_eq!(stage.verdict("out/user-authentication-11.cer"), "valid");
}

#[test]
fn what_has_expired_is_left_as_it_is() {
    let stage = with_people(1);
    let certificate = THE_USER_AUTHENTICATION;
    let revoke = format!("revoke {certificate} --reason superseded --at");
    stage.jpki(&format!("{revoke} 2030-12-07T15:00:00Z")).refused("R-ALREADY-EXPIRED");
    stage
        .jpki(&format!("hold {certificate} --at 2031-01-01T00:00:00Z"))
        .refused("R-ALREADY-EXPIRED");
    let verify = format!("verify {USER_AUTHENTICATION} --json --at");
    let at = |instant: &str| stage.jpki(&format!("{verify} {instant}")).json();
    assert_eq!(at("2030-12-07T14:59:59Z")["verdict"], "valid");
    assert_eq!(at("2030-12-07T15:00:00Z")["verdict"], "expired");
    assert_eq!(at("2026-04-01T23:59:59Z")["verdict"], "not-yet-valid");
    stage.jpki(&format!("{revoke} 2030-12-07T14:59:59Z")).exits(0);
}

#[test]
fn a_dry_run_shows_holder_certificate_and_effect_and_changes_nothing() {
    let stage = with_people(1);
    let before = stage.record();
    let certificate = THE_USER_AUTHENTICATION;
    for (act, effect) in [
        (format!("revoke {certificate} --reason key-compromise"), "(key-compromise)"),
        (format!("hold {certificate}"), "held since 2026-04-02T00:00:00Z"),
    ] {
        let run = stage.jpki(&format!("{act} --dry-run")).exits(0);
        for shown in ["p-00001", "user-authentication 3 on card", "132217", "live", effect] {
            assert!(run.stdout.contains(shown), "{shown}: {run:?}");
        }
        let json = stage.jpki(&format!("{act} --dry-run --json")).exits(0).json();
        assert_eq!([&json["status"], &json["person"]], ["would-change", "p-00001"]);
    }
    stage.jpki(&format!("release {certificate} --dry-run")).refused("R-NOT-HELD");
    assert_eq!(stage.record(), before);
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
}
