//! Sessions with `jpki crl publish --delta`.

use std::fs;
use std::path::Path;

use jpki_ca::credential::Reason;
use jpki_ca::crl;
use jpki_ca::crl::Cause;
use jpki_ca::crl::Entry;
use serde_json::Value;
use serde_json::json;

use crate::oracle::pkilint_findings;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

use super::sessions::manifest;
use super::sessions::publish;

/// Number, base and entries of a list.
pub(super) struct List {
    pub(super) number: u64,
    pub(super) base: Option<u64>,
    pub(super) entries: Vec<Entry>,
}

impl List {
    pub(super) fn read(file: &Path) -> Self {
        let mut reader = crl::Reader::new(fs::File::open(file).unwrap()).unwrap();
        let entries = reader.by_ref().map(|listed| listed.unwrap().entry().unwrap()).collect();
        let trailer = reader.finish().unwrap();
        let number = |number: crl::Integer| number.to_u64().unwrap();
        Self {
            number: trailer.number().map(number).unwrap(),
            base: trailer.base().map(number),
            entries,
        }
    }

    pub(super) fn of(stage: &Stage, name: &str) -> Self {
        Self::read(&stage.path(&format!("home/crl/current/{name}")))
    }

    /// Serials and causes.
    fn says(&self) -> Vec<(u64, Cause)> {
        self.entries.iter().map(|entry| (entry.serial.get(), entry.cause)).collect()
    }
}

/// What a delta list makes of the list that it begins from.
#[track_caller]
pub(super) fn together(base: &List, delta: &List) -> Vec<Entry> {
    assert_eq!(delta.base, Some(base.number));
    let row = |list: &List| list.entries.clone().into_iter().map(Ok::<_, crl::ReadError>);
    crl::complete(row(base), row(delta)).map(Result::unwrap).collect()
}

fn serial(issued: &Value, place: usize) -> u64 {
    issued["certificates"][place]["serial"].as_str().unwrap().parse().unwrap()
}

/// The manifest's line about a file of the visible version.
fn named(stage: &Stage, file: &str) -> Option<Value> {
    let manifest = manifest(stage);
    let lists = manifest["lists"].as_array().unwrap();
    lists.iter().find(|list| list["file"] == file).cloned()
}

const COMPLETE: &str = "user-authentication-1-132217.crl";
const DELTA: &str = "user-authentication-1-132217.delta.crl";

#[test]
fn base_and_delta_make_the_complete_list() {
    let stage = Stage::founded();
    let revoke = |serial: u64, at: &str| {
        let words = format!("revoke --ca user-authentication --serial {serial}");
        stage.jpki(&format!("{words} --reason key-compromise --at {at}")).exits(0);
    };
    let change = |verb: &str, serial: u64, at: &str| {
        let words = format!("{verb} --ca user-authentication --serial {serial} --at {at}");
        stage.jpki(&words).exits(0);
    };
    let stay = json!({
        "residence": { "category": "mid_long_term", "period_end": "2026-04-10" }
    });
    let leaving = serial(&stage.issue(&holder_with("p-1", &stay), ""), 1);
    let stays = serial(&stage.issue(&holder("p-2"), ""), 1);
    let phone = "--kind user-authentication --carrier phone";
    let [released, held, found] = ["p-3", "p-4", "p-5"].map(|person| {
        stage.issue(&holder(person), "");
        serial(&stage.issue(&holder(person), phone), 0)
    });
    let began = "2026-04-03T09:00:00+09:00";
    revoke(leaving, began);
    revoke(stays, began);
    change("hold", released, began);
    change("hold", found, began);
    let publish = |at: &str| publish(&stage, &format!("--partition 132217 --delta --at {at}"));
    let first = publish("2026-04-09T00:00:00+09:00");
    assert_eq!(first["deltas"], 0, "it replaces nothing");
    assert!(named(&stage, DELTA).is_none());

    let mut base = List::of(&stage, COMPLETE);
    let key_compromise = Cause::Because(Reason::KeyCompromise);
    let hold = Cause::Because(Reason::CertificateHold);
    let mut judge = |expected: &[(u64, Cause)]| {
        let (complete, delta) = (List::of(&stage, COMPLETE), List::of(&stage, DELTA));
        let mut expected = expected.to_vec();
        expected.sort_by_key(|(serial, _)| *serial);
        assert_eq!(delta.says(), expected);
        assert_eq!(delta.number, complete.number);
        assert_eq!(together(&base, &delta), complete.entries);
        let line = named(&stage, DELTA).unwrap();
        let whole = named(&stage, COMPLETE).unwrap();
        assert_eq!([&line["base"], &line["number"]], [&json!(base.number), &whole["number"]]);
        for same in ["this_update", "next_update", "partition", "ca", "generation"] {
            assert_eq!(line[same], whole[same], "{same}");
        }
        base = complete;
    };
    // One is revoked, one held, one released, a held one is revoked.
    let at = "2026-04-10T09:00:00+09:00";
    let new = serial(&stage.issue(&holder("p-6"), &format!("--at {at}")), 1);
    revoke(new, at);
    change("hold", held, at);
    change("release", released, at);
    revoke(found, at);
    // Past its end, it stands in one list.
    assert_eq!(publish("2026-04-11T00:00:00+09:00")["deltas"], 2);
    judge(&[
        (new, key_compromise),
        (held, hold),
        (released, Cause::Removed),
        (found, key_compromise),
    ]);
    let openssl = |file: &str| {
        let line = format!("openssl crl -in home/crl/current/{file} -inform DER -noout -text");
        stage.shell(&line).exits(0).stdout
    };
    let text = openssl(DELTA);
    assert!(text.contains("X509v3 Delta CRL Indicator: critical\n                1\n"), "{text}");
    assert!(text.contains("X509v3 CRL Number: \n                2\n"), "{text}");
    assert!(text.contains("Remove From CRL") && text.contains("Kiyose-shi CRLDP"), "{text}");
    assert!(!openssl(COMPLETE).contains("Freshest"));
    let verify = "openssl crl -inform DER -noout -CAfile home/ca/user-authentication-1.pem -in";
    let verified = stage.shell(&format!("{verify} home/crl/current/{DELTA} 2>&1")).exits(0);
    assert!(verified.stdout.contains("verify OK"), "{}", verified.stdout);
    let file = stage.path(&format!("home/crl/current/{DELTA}"));
    let findings = pkilint_findings(&[&file]);
    assert!(findings.is_empty(), "{findings:?}");

    publish("2026-04-12T00:00:00+09:00");
    judge(&[(leaving, Cause::Removed)]);
    // And then nothing: an empty one is written all the same.
    publish("2026-04-13T00:00:00+09:00");
    judge(&[]);
    let words = format!("lint home/crl/current/{DELTA}");
    stage.jpki(&words).exits(0);
    stage.is_whole();
}

#[test]
fn a_delta_list_is_of_one_publication() {
    let stage = Stage::founded();
    let words = "--partition 132217";
    publish(&stage, words);
    let stands = || {
        let there = stage.names("home/crl/current").iter().any(|name| name.contains(".delta."));
        assert_eq!(there, manifest(&stage).to_string().contains(".delta."));
        there
    };
    let planned = publish(&stage, &format!("{words} --delta --dry-run"));
    assert_eq!(planned["deltas"], 2);
    assert!(!stands());
    let text = stage.jpki(&format!("crl publish {words} --delta")).exits(0).stdout;
    assert!(text.contains("2 list(s) (2 asked) with 2 delta list(s), 0 unchanged"), "{text}");
    assert!(stands());
    // Of the authority's own list this is the first; the other stands unchanged and has none.
    assert_eq!(publish(&stage, "--partition 000000 --delta")["deltas"], 0);
    assert!(!stands());
    assert_eq!(publish(&stage, &format!("{words} --delta"))["deltas"], 2);
    assert_eq!(publish(&stage, words)["deltas"], 0);
    assert!(!stands());
    // A list that is gone, or stands elsewhere, begins nothing.
    fs::remove_file(stage.path("home/crl/current/signature-1-132217.crl")).unwrap();
    assert_eq!(publish(&stage, &format!("{words} --delta"))["deltas"], 1);
    assert_eq!(publish(&stage, &format!("{words} --delta --out other"))["deltas"], 0);
    // In PEM.
    let pem = format!("{words} --out pem --format pem --delta");
    assert_eq!(publish(&stage, &pem)["deltas"], 0);
    assert_eq!(publish(&stage, &pem)["deltas"], 2);
    let line = "openssl crl -in pem/current/signature-1-132217.delta.crl.pem -noout -text";
    assert!(stage.shell(line).exits(0).stdout.contains("Delta CRL Indicator"));
}

#[test]
fn a_new_generation_has_nothing_to_begin_from() {
    let stage = Stage::founded();
    let words = "--partition 132217 --delta";
    publish(&stage, words);
    super::sessions::revoked(&stage, "p-1");
    stage.jpki("ca rollover --ca signature").exits(0);
    assert_eq!(publish(&stage, words)["deltas"], 2);
    assert!(named(&stage, "signature-1-132217.delta.crl").is_some());
    assert!(named(&stage, "signature-2-132217.delta.crl").is_none());
    let first = List::of(&stage, "signature-2-132217.crl");
    super::sessions::revoked(&stage, "p-2");
    assert_eq!(publish(&stage, words)["deltas"], 3);
    let delta = List::of(&stage, "signature-2-132217.delta.crl");
    let complete = List::of(&stage, "signature-2-132217.crl");
    assert_eq!(together(&first, &delta), complete.entries);
    // One sequence for both.
    assert_eq!((first.number, complete.number), (3, 5));
}
