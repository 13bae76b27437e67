//! Sessions with `jpki crl publish --full`.

use std::fs;

use jpki_ca::crl::Entry;
use serde_json::json;

use crate::oracle::pkilint_findings;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

use super::delta::List;
use super::delta::together;
use super::kill::files;
use super::kill::kill_when;
use super::sessions::LISTS;
use super::sessions::current;
use super::sessions::manifest;
use super::sessions::publish;
use super::sessions::revoked;

/// The entries of all partitions of a generation, by serial.
fn union(stage: &Stage, ca: &str, generation: u64) -> Vec<Entry> {
    let mut entries = Vec::new();
    for list in manifest(stage)["lists"].as_array().unwrap() {
        let is_part = list["partition"] != "full" && list["base"].is_null();
        if list["ca"] == ca && list["generation"] == generation && is_part {
            entries.extend(List::of(stage, list["file"].as_str().unwrap()).entries);
        }
    }
    entries.sort_by_key(|entry| entry.serial);
    entries
}

/// The full list of a generation, which says what the partitions say.
#[track_caller]
fn full(stage: &Stage, ca: &str, generation: u64) -> List {
    let list = List::of(stage, &format!("{ca}-{generation}-full.crl"));
    assert_eq!(list.entries, union(stage, ca, generation), "{ca} {generation}");
    list
}

/// Someone in another municipality, revoked.
fn revoked_elsewhere(stage: &Stage, person: &str) -> String {
    let fields = json!({
        "municipality": "131016", "address": "東京都千代田区丸の内九丁目９９番地"
    });
    let issued = stage.issue(&holder_with(person, &fields), "");
    let serial = issued["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let words = format!("revoke --ca signature --serial {serial} --reason superseded");
    stage.jpki(&words).exits(0);
    serial
}

#[test]
fn it_says_what_the_partitions_say_for_every_generation() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    revoked_elsewhere(&stage, "p-2");
    let planned = publish(&stage, "--full --dry-run");
    assert_eq!(planned["made"], json!({ "missing": 2 * LISTS + 2 }));
    let first = publish(&stage, "--full");
    assert_eq!(first["made"], json!({ "missing": 2 * LISTS + 2 }));
    assert_eq!(first["entries"], 2, "counted once");
    assert_eq!(full(&stage, "signature", 1).entries.len(), 2);
    assert!(full(&stage, "user-authentication", 1).entries.is_empty());
    assert_eq!(publish(&stage, "--full")["status"], "current");

    // In step with its partitions, and the other authority's stands.
    stage.jpki("ca rollover --ca signature").exits(0);
    revoked(&stage, "p-3");
    let second = publish(&stage, "--full --delta");
    assert_eq!(second["unchanged"], LISTS + 1);
    let lists = [1, 2].map(|generation| full(&stage, "signature", generation));
    assert_eq!(lists.each_ref().map(|list| (list.number, list.entries.len())), [(2, 3), (3, 3)]);
    let status = stage.jpki("crl status --json").exits(0).json();
    let shown = status["lists"].as_array().unwrap().iter();
    let shown = shown.filter(|list| list["partition"] == "full" && list["status"] == "fresh");
    assert_eq!(shown.count(), 3);
    let text = stage.jpki("crl status").exits(0).stdout;
    assert!(text.contains("3788 lists: 3788 fresh; due: none; 3 entries"), "{text}");

    let openssl = "openssl crl -in home/crl/current/signature-2-full.crl -inform DER -noout -text";
    let text = stage.shell(openssl).exits(0).stdout;
    assert!(!text.contains("Issuing Distribution Point") && text.contains("Superseded"), "{text}");
    let file = stage.path("home/crl/current/signature-2-full.crl");
    let findings = pkilint_findings(&[&file]);
    assert!(findings.is_empty(), "{findings:?}");
    stage.jpki("lint home/crl/current/signature-2-full.crl").exits(0);

    // Without the word it is not carried on, and is missed.
    revoked(&stage, "p-4");
    publish(&stage, "");
    assert!(!fs::exists(stage.path("home/crl/current/signature-2-full.crl")).unwrap());
    let missed = stage.jpki("crl status").exits(1).stdout;
    assert!(missed.contains("3 missing") || missed.contains("2 missing"), "{missed}");
    assert!(missed.contains("jpki crl publish --full"), "{missed}");
    let again = publish(&stage, "--full");
    assert_eq!(again["made"], json!({ "missing": 1, "changed": 2 }));
    assert_eq!(full(&stage, "signature", 2).entries.len(), 4);
    stage.is_whole();
}

#[test]
fn a_verifier_needs_it_alone() {
    let stage = Stage::founded();
    let ended = [revoked(&stage, "p-1"), revoked_elsewhere(&stage, "p-2")];
    let good = stage.issue(&holder("p-3"), "");
    let good = good["certificates"][0]["serial"].as_str().unwrap().to_owned();
    publish(&stage, "--full");
    let pem = "openssl crl -in home/crl/current/signature-1-full.crl -inform DER -out full.pem";
    stage.shell(pem).exits(0);
    let verify = |serial: &str, more: &str| {
        // An hour after the list speaks.
        let line = format!(
            "openssl verify -crl_check -attime 1775091600 -CRLfile full.pem \
             -CAfile home/ca/signature-1.pem {more} out/signature-{serial}.pem 2>&1"
        );
        stage.shell(&line)
    };
    assert!(verify(&good, "").exits(0).stdout.contains(": OK"));
    for serial in &ended {
        // X509_V_ERR_CERT_REVOKED.
        assert!(verify(serial, "").exits(2).stdout.contains("error 23"), "{serial}");
    }
    // Partitions alone do not have it.
    stage.jpki("crl publish --full --partition 132217").exits(2);
}

#[test]
fn nothing_vanishes_from_it_but_what_may() {
    let stage = Stage::founded();
    let stay = json!({
        "residence": { "category": "mid_long_term", "period_end": "2026-04-04" }
    });
    let issued = stage.issue(&holder_with("p-1", &stay), "");
    let serial = issued["certificates"][0]["serial"].as_str().unwrap();
    let revoke = format!("revoke --ca signature --serial {serial} --reason superseded");
    stage.jpki(&revoke).exits(0);
    stage.issue(&holder("p-2"), "");
    let phone = stage.issue(&holder("p-2"), "--kind user-authentication --carrier phone");
    let held = phone["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let hold = |verb: &str| {
        stage.jpki(&format!("{verb} --ca user-authentication --serial {held}")).exits(0);
    };
    hold("hold");
    publish(&stage, "--full");
    let counts =
        || ["signature", "user-authentication"].map(|ca| full(&stage, ca, 1).entries.len());
    assert_eq!(counts(), [1, 1]);
    hold("release");
    publish(&stage, "--full");
    assert_eq!(counts(), [1, 0]);
    // It leaves: it stood past its end in a publication without a full list.
    publish(&stage, "--at 2026-04-05T09:00:00+09:00");
    assert_eq!(publish(&stage, "--at 2026-04-06T09:00:00+09:00")["left"], 1);
    publish(&stage, "--full --at 2026-04-07T09:00:00+09:00");
    assert_eq!(counts(), [0, 0]);

    // A full list that was altered is not compared with.
    let file = "home/crl/current/signature-1-full.crl";
    let mut bytes = stage.read(file);
    let place = bytes.len() - 20;
    bytes[place] ^= 1;
    stage.write(file, &bytes);
    // The signature is not part of what is recorded; the signed part is.
    let at = "--all --full --at 2026-04-07T09:00:00+09:00";
    publish(&stage, at);
    let mut bytes = stage.read(file);
    let place = bytes.windows(4).position(|window| window == b"\x17\x0d26").unwrap() + 13;
    bytes[place] ^= 1;
    stage.write(file, bytes);
    let refused = stage.jpki(&format!("crl publish {at}")).exits(5).stderr;
    assert!(refused.contains("signature-1-full.crl is not what was written"), "{refused}");
}

#[test]
fn what_only_it_still_has_is_missed() {
    let stage = Stage::founded();
    let serial = revoked(&stage, "p-1");
    publish(&stage, "--full");
    // Somebody brings the certificate back to life behind our back, cooks the account, and takes away
    // the partition's list, so that the next one is compared with nothing.
    let rows = rusqlite::Connection::open(stage.path("home/store.db")).unwrap();
    let sql = "UPDATE certificate SET state = 1, since = NULL, reason = NULL \
               WHERE ca = 0 AND serial = ?1";
    rows.execute(sql, [serial.parse::<i64>().unwrap()]).unwrap();
    rows.execute_batch("UPDATE tally SET entries = 0, sum = 0").unwrap();
    fs::remove_file(stage.path("home/crl/current/signature-1-132217.crl")).unwrap();
    let refused = stage.jpki("crl publish --full").exits(5).stderr;
    assert!(refused.contains(&format!("list full: the entry {serial}")), "{refused}");
    assert_eq!(current(&stage).to_str(), Some("versions/1"));
}

#[test]
fn in_pem_too() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    revoked_elsewhere(&stage, "p-2");
    publish(&stage, "--full --format pem");
    revoked(&stage, "p-3");
    publish(&stage, "--full --format pem");
    let line = "openssl crl -in home/crl/current/signature-1-full.crl.pem -noout -text";
    let text = stage.shell(line).exits(0).stdout;
    assert_eq!(text.matches("Serial Number").count(), 3, "{text}");
}

#[test]
fn a_run_that_is_killed_is_gone_on_with() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    publish(&stage, "--full");
    let base = List::of(&stage, "signature-1-132217.crl");
    revoked(&stage, "p-2");
    let writing = stage.path("home/crl/versions/2.writing");
    let words = "crl publish --all --full --delta";
    // Many lists, and delta lists beside them.
    let killed = kill_when(stage.start(words), || files(&writing) >= 3000);
    assert!(killed, "it ended before there were so many files");
    assert_eq!(current(&stage).to_str(), Some("versions/1"));
    let json = publish(&stage, "--all --full --delta");
    let taken_over = json["taken_over"].as_u64().unwrap();
    assert!((1000..2 * LISTS).contains(&taken_over), "{json}");
    assert_eq!(json["deltas"], 2 * LISTS);
    let lists = manifest(&stage)["lists"].as_array().unwrap().clone();
    assert_eq!(lists.len() as u64, 4 * LISTS + 2);
    assert_eq!(files(&stage.path("home/crl/current")), lists.len() + 3);
    assert_eq!(full(&stage, "signature", 1).entries.len(), 2);
    let delta = List::of(&stage, "signature-1-132217.delta.crl");
    let complete = List::of(&stage, "signature-1-132217.crl");
    assert_eq!(together(&base, &delta), complete.entries);
    // Each delta list has the number of the list beside it.
    for list in lists.iter().filter(|list| !list["base"].is_null()) {
        let file = list["file"].as_str().unwrap().replace(".delta", "");
        let beside = lists.iter().find(|list| list["file"] == file).unwrap();
        assert_eq!(list["number"], beside["number"], "{file}");
        assert_eq!(list["this_update"], beside["this_update"], "{file}");
    }
    // Killed at the end: what was committed is made visible by the next.
    revoked(&stage, "p-3");
    let version = |name: &str| {
        let versions = stage.names("home/crl/versions");
        versions.iter().any(|version| {
            version.ends_with(".writing")
                && fs::exists(stage.path(&format!("home/crl/versions/{version}/{name}"))).unwrap()
        })
    };
    kill_when(stage.start("crl publish --full --delta"), || version("manifest.json"));
    publish(&stage, "--full --delta");
    assert_eq!(full(&stage, "signature", 1).entries.len(), 3);
    assert_eq!(stage.jpki("crl status --json").exits(0).json()["status"], "fresh");
    stage.is_whole();
}
