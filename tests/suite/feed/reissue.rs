//! An event and the new certificate in one visit.

use serde_json::json;

use crate::stage::holder;
use crate::stage::holder_with;

use super::address;
use super::event;
use super::home;
use super::relocation;
use super::with_residents;

const REISSUE: &str = "feed apply events.jsonl --reissue --holder-algorithm p256 --out anew --json";

#[test]
fn who_moves_goes_home_with_a_new_certificate() {
    let stage = with_residents(2);
    stage.issue(&holder("p-1"), "");
    stage.issue(&holder("p-2"), "");
    let events = [relocation(1, "p-1", &home(), &address(1)), event(2, "p-2", "death")];
    stage.write_lines("events.jsonl", &events);
    let lines = stage.jpki(REISSUE).exits(0).lines();
    assert_eq!(lines.len(), 3, "no certificate for the dead");
    assert_eq!(lines[1]["status"], "issued");
    let certificate = &lines[1]["certificates"][0];
    assert_eq!([&certificate["kind"], &certificate["serial"]], ["signature", "5"]);
    let expected = ["cer", "key.pem", "pem"].map(|end| format!("signature-5.{end}"));
    assert_eq!(stage.names("anew"), expected);
    assert_eq!(stage.verdict("out/signature-3.cer"), "revoked");
    assert_eq!(stage.verdict("out/user-authentication-2.cer"), "valid");
    assert_eq!(stage.verdict("anew/signature-5.cer"), "valid");
    let shown = format!("jpki show anew/signature-5.cer --json | grep -c {}", address(1));
    assert_eq!(stage.shell(&shown).exits(0).stdout, "1\n");
    let before = stage.record();
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 2, "known already, both of them");
    assert_eq!(stage.record(), before);
    assert_eq!(stage.names("anew").len(), 3);
}

#[test]
fn nothing_is_issued_where_nothing_ended() {
    let stage = with_residents(1);
    stage.issue(&holder("p-1"), "--kind user-authentication");
    stage.write_lines("events.jsonl", &[relocation(1, "p-1", &home(), &address(1))]);
    assert_eq!(stage.jpki(REISSUE).exits(0).lines().len(), 1);
    assert_eq!(stage.count("issued"), 4);
    stage.issue(&holder_with("p-1", &json!({ "address": address(1) })), "--kind signature");
    stage.jpki("feed apply events.jsonl --reissue").exits(2).says("--out");
}
