//! Sessions with `jpki crl`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

/// Lists of one authority: one for every municipality, and its own.
pub(super) const LISTS: u64 = 1893;

/// Issues both certificates to someone and revokes the signature certificate; its number.
pub(crate) fn revoked(stage: &Stage, person: &str) -> String {
    let issued = stage.issue(&holder(person), "");
    let serial = issued["certificates"][0]["serial"].as_str().unwrap().to_owned();
    revoke(stage, &serial);
    serial
}

fn revoke(stage: &Stage, serial: &str) {
    let words = format!("revoke --ca signature --serial {serial} --reason key-compromise");
    stage.jpki(&words).exits(0);
}

pub(crate) fn publish(stage: &Stage, words: &str) -> Value {
    stage.jpki(&format!("crl publish --json {words}")).exits(0).json()
}

/// What OpenSSL reads in a list of the visible version.
fn text(stage: &Stage, file: &str) -> String {
    let line = format!("openssl crl -in home/crl/current/{file} -inform DER -noout -text");
    stage.shell(&line).exits(0).stdout
}

/// Where `current` points.
pub(super) fn current(stage: &Stage) -> PathBuf {
    fs::read_link(stage.path("home/crl/current")).unwrap()
}

pub(super) fn manifest(stage: &Stage) -> Value {
    serde_json::from_slice(&stage.read("home/crl/current/manifest.json")).unwrap()
}

#[test]
fn only_what_is_due_is_made() {
    let stage = Stage::founded();
    let serial = revoked(&stage, "p-1");
    let first = publish(&stage, "");
    assert_eq!(first["status"], "published");
    assert_eq!(first["made"], json!({ "missing": 2 * LISTS }));
    assert_eq!(first["entries"], 1);
    let list = text(&stage, "signature-1-132217.crl");
    let number = format!("Serial Number: {:02X}", serial.parse::<u64>().unwrap());
    assert!(list.contains(&number) && list.contains("Key Compromise"), "{list}");
    assert!(text(&stage, "user-authentication-1-132217.crl").contains("No Revoked"));

    let nothing = publish(&stage, "");
    assert_eq!(nothing["status"], "current");
    assert_eq!(nothing["publication"], Value::Null);
    assert_eq!(current(&stage), PathBuf::from("versions/1"));

    let other = revoked(&stage, "p-2");
    let second = publish(&stage, "");
    assert_eq!(second["made"], json!({ "changed": 1 }));
    assert_eq!(second["unchanged"], 2 * LISTS - 1);
    assert_eq!(second["entries"], 2);
    assert_eq!(current(&stage), PathBuf::from("versions/2"));
    let list = text(&stage, "signature-1-132217.crl");
    let number = format!("Serial Number: {:02X}", other.parse::<u64>().unwrap());
    assert!(list.contains(&number) && list.contains("X509v3 CRL Number: \n                2"));
    let lists = manifest(&stage);
    assert_eq!(lists["lists"].as_array().unwrap().len() as u64, 2 * LISTS);
    assert_eq!(stage.count("published"), 2);
    stage.is_whole();
}

#[test]
fn the_manifest_names_each_list_by_what_was_signed() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    publish(&stage, "--partition 132217");
    let line = "openssl x509 -in home/crl/current/publication.cer -inform DER -pubkey -noout \
                > publication.pub && openssl dgst -sha256 -verify publication.pub -signature \
                home/crl/current/manifest.sig home/crl/current/manifest.json";
    assert!(stage.shell(line).exits(0).stdout.contains("Verified OK"));
    for list in manifest(&stage)["lists"].as_array().unwrap() {
        let file = format!("home/crl/current/{}", list["file"].as_str().unwrap());
        assert_eq!(stage.read(&file).len() as u64, list["size"].as_u64().unwrap());
        // The signed part is the first value inside the outer sequence.
        let line = format!(
            "openssl asn1parse -inform DER -in {file} -strparse \
             $(openssl asn1parse -inform DER -in {file} | sed -n '2s/ *\\([0-9]*\\):.*/\\1/p') \
             -noout -out signed && openssl dgst -sha256 -r signed"
        );
        let digest = stage.shell(&line).exits(0).stdout;
        assert_eq!(digest.split_whitespace().next(), list["digest"]["hex"].as_str(), "{file}");
    }
}

#[test]
fn a_list_grows_old_and_is_replaced_in_time() {
    let stage = Stage::founded();
    publish(&stage, "");
    let status = |at: &str| stage.plain(&format!("crl status --json --at {at}"));
    assert_eq!(status(NOW).exits(0).json()["status"], "fresh");
    // Half of 72 hours, and a second.
    assert_eq!(status("2026-04-03T21:00:00+09:00").exits(0).json()["status"], "fresh");
    assert_eq!(status("2026-04-03T21:00:01+09:00").exits(1).json()["status"], "stale");
    assert_eq!(status("2026-04-05T09:00:01+09:00").exits(1).json()["status"], "lapsed");
    let words = stage.plain("crl status --at 2026-04-03T21:00:01+09:00").exits(1).stdout;
    assert!(words.contains("1893 stale") && words.contains("jpki crl publish"), "{words}");
    // The next run could be 27 hours away, which must fit before the 36th.
    let run = |at: &str| stage.plain(&format!("crl publish --json --at {at}")).exits(0).json();
    assert_eq!(run("2026-04-02T18:00:00+09:00")["status"], "current");
    assert_eq!(run("2026-04-02T18:00:01+09:00")["made"], json!({ "ageing": 2 * LISTS }));
    let back = stage.plain(&format!("crl publish --at {NOW}")).exits(2).stderr;
    assert!(back.contains("set the clock right"), "{back}");
}

#[test]
fn times_that_could_let_a_list_lapse_are_refused_with_the_arithmetic() {
    let stage = Stage::founded();
    stage.set("life_hours = 72", "life_hours = 53");
    let refused = stage.jpki("crl publish").exits(2).stderr;
    assert!(refused.contains("= 27 h, but half of its life_hours 53 h is over"), "{refused}");
    assert!(refused.contains("at least 54"), "{refused}");
    stage.set("life_hours = 53", "life_hours = 54");
    stage.jpki("crl publish --partition 000000").exits(0);
}

#[test]
fn an_expired_certificate_stands_in_one_more_list_and_leaves() {
    let stage = Stage::founded();
    let stay = json!({
        "residence": { "category": "mid_long_term", "period_end": "2026-04-10" }
    });
    let issued = stage.issue(&holder_with("p-1", &stay), "");
    revoke(&stage, issued["certificates"][0]["serial"].as_str().unwrap());
    let run = |at: &str| {
        let json = stage.plain(&format!("crl publish --json --at {at}")).exits(0).json();
        (json["entries"].as_u64().unwrap(), json["left"].as_u64().unwrap())
    };
    assert_eq!(run("2026-04-09T00:00:00+09:00"), (1, 0));
    assert_eq!(run("2026-04-11T00:00:00+09:00"), (1, 0), "the first list past its end");
    assert_eq!(run("2026-04-12T00:00:00+09:00"), (0, 1), "and then it may go");
    assert_eq!(run("2026-04-13T00:00:00+09:00"), (0, 0));
    assert!(text(&stage, "signature-1-132217.crl").contains("No Revoked"));
}

#[test]
fn a_hold_is_listed_and_its_release_is_not() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let words = "--kind user-authentication --carrier phone";
    let issued = stage.issue(&holder("p-1"), words);
    let serial = issued["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let change = |verb: &str| {
        let words = format!("{verb} --ca user-authentication --serial {serial}");
        stage.jpki(&words).exits(0);
    };
    change("hold");
    assert_eq!(publish(&stage, "")["entries"], 1);
    assert!(text(&stage, "user-authentication-1-132217.crl").contains("Certificate Hold"));
    change("release");
    let released = publish(&stage, "");
    assert_eq!(released["made"], json!({ "changed": 1 }));
    assert_eq!(released["entries"], 0);
}

#[test]
fn a_list_that_lost_an_entry_is_not_published() {
    let stage = Stage::founded();
    let serial = revoked(&stage, "p-1");
    publish(&stage, "");
    // Somebody cooks the account behind our back.
    let rows = rusqlite::Connection::open(stage.path("home/store.db")).unwrap();
    rows.execute_batch("UPDATE tally SET entries = 0, sum = 0").unwrap();
    let refused = stage.jpki("crl publish --all").exits(5).stderr;
    assert!(refused.contains("would carry 1 entries where 0 are due"), "{refused}");
    // And brings the certificate back to life.
    let sql = "UPDATE certificate SET state = 1, since = NULL, reason = NULL \
               WHERE ca = 0 AND serial = ?1";
    rows.execute(sql, [serial.parse::<i64>().unwrap()]).unwrap();
    let refused = stage.jpki("crl publish --all").exits(5).stderr;
    assert!(refused.contains(&format!("the entry {serial}")), "{refused}");
    assert_eq!(current(&stage), PathBuf::from("versions/1"));
    assert_eq!(stage.count("published"), 1);
}

#[test]
fn rows_and_the_list_before_come_to_the_same() {
    let stage = Stage::founded();
    let first = revoked(&stage, "p-1");
    publish(&stage, "--partition 132217 --out followed");
    for n in 2..6 {
        revoked(&stage, &format!("p-{n}"));
    }
    // Behind the last list, and from the rows, since nothing stands in this folder.
    let entries = |folder: &str| {
        publish(&stage, &format!("--partition 132217 --out {folder}"));
        let line = format!(
            "openssl crl -in {folder}/current/signature-1-132217.crl -inform DER -noout -text"
        );
        let text = stage.shell(&line).exits(0).stdout;
        let revoked = text.split("Revoked Certificates:").nth(1).unwrap();
        revoked.split("    Signature Algorithm").next().unwrap().to_owned()
    };
    let followed = entries("followed");
    assert_eq!(followed, entries("read"));
    assert_eq!(followed.matches("Serial Number").count(), 5, "with {first}");
}

#[test]
fn a_partition_alone_and_its_encoding() {
    let stage = Stage::founded();
    let serial = revoked(&stage, "p-1");
    let one = publish(&stage, "--partition 132217 --out lists --format pem");
    assert_eq!(one["made"], json!({ "asked": 2 }));
    let line = "openssl crl -in lists/current/signature-1-132217.crl.pem -noout -text";
    let number = format!("Serial Number: {:02X}", serial.parse::<u64>().unwrap());
    assert!(stage.shell(line).exits(0).stdout.contains(&number));
    // Again, now compared with the one before.
    assert_eq!(publish(&stage, "--partition 132217 --out lists --format pem")["entries"], 1);
    for bad in ["132218", "13221", "full", "x", "131008"] {
        stage.jpki(&format!("crl publish --partition {bad}")).exits(2);
    }
    stage.jpki("crl publish --partition 132217 --all").exits(2);
    // Another folder has nothing of it.
    assert_eq!(publish(&stage, "")["made"], json!({ "missing": 2 * LISTS }));
}

#[test]
fn a_dry_run_writes_nothing() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    let before = stage.tree("home");
    let json = publish(&stage, "--dry-run");
    assert_eq!(json["status"], "planned");
    assert_eq!(json["made"], json!({ "missing": 2 * LISTS }));
    let changed: Vec<_> =
        stage.tree("home").into_iter().filter(|file| !before.contains_key(&file.0)).collect();
    assert!(
        changed.iter().all(|(path, _)| path.to_string_lossy().contains("store.db")),
        "{changed:?}"
    );
    assert!(!fs::exists(stage.path("home/crl")).unwrap());
}

#[test]
fn what_is_damaged_is_made_anew_or_named() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    publish(&stage, "");
    // A file is gone: it is due.
    fs::remove_file(stage.path("home/crl/current/signature-1-132217.crl")).unwrap();
    let status = stage.jpki("crl status --json").exits(1).json();
    assert_eq!(status["status"], "missing");
    assert_eq!(publish(&stage, "")["made"], json!({ "missing": 1 }));
    assert_eq!(stage.jpki("crl status --json").exits(0).json()["status"], "fresh");
    // A file was altered: what replaces it cannot be compared with it.
    let file = "home/crl/current/signature-1-132217.crl";
    let mut bytes = stage.read(file);
    let place = bytes.len() / 2;
    bytes[place] ^= 0xff;
    stage.write(file, bytes);
    let refused = stage.jpki("crl publish --all").exits(5).stderr;
    assert!(refused.contains("signature-1-132217.crl is not"), "{refused}");
    // A manifest that is none.
    stage.write("home/crl/current/manifest.json", "{}");
    let refused = stage.jpki("crl publish --all").exits(2).stderr;
    assert!(refused.contains("manifest.json is not a manifest of ours"), "{refused}");
}

#[test]
fn an_entry_says_since_when_it_was_not_so_if_policy_wants_it() {
    for (word, expected) in [("leave-out", 0), ("event-date", 1)] {
        let stage = Stage::founded();
        let setting = format!("invalidity_date = \"{word}\"");
        if word != "leave-out" {
            stage.set("invalidity_date = \"leave-out\"", &setting);
        }
        stage.issue(&holder("p-1"), "");
        let change = json!({ "sex": { "old": "female", "new": "male" } });
        let event = json!({
            "source": "132217", "seq": 1, "id": "e-1", "person": "p-1", "reason": "sex_change",
            "event_date": "2026-04-02", "recorded_at": "2026-04-02T08:00:00+09:00",
            "notified_on": "2026-04-02", "changes": change,
        });
        stage.write_lines("events.jsonl", &[event]);
        stage.jpki("feed apply events.jsonl").exits(0);
        publish(&stage, "--partition 132217");
        let list = text(&stage, "signature-1-132217.crl");
        assert!(list.contains("Affiliation Changed"), "{list}");
        // 2 April in Japan begins at 15:00 of the day before in UTC.
        let dates = list.matches("Invalidity Date: \n                Apr  1 15:00:00 2026 GMT");
        assert_eq!(dates.count(), expected, "{list}");
    }
}

#[test]
fn an_authority_that_has_ended_does_not_keep_the_other_from_publishing() {
    let stage = Stage::founded();
    let issued = stage.issue(&holder("p-1"), "--kind user-authentication");
    let serial = issued["certificates"][0]["serial"].as_str().unwrap();
    let words = format!("revoke --ca user-authentication --serial {serial} --reason superseded");
    stage.jpki(&words).exits(0);
    publish(&stage, "");
    let rollover = "ca rollover --ca signature --algorithm p256 --at 2035-04-01T00:00:00+09:00";
    stage.plain(rollover).exits(0);
    let late = stage.plain("crl publish --json --at 2037-04-01T00:00:00+09:00").exits(0).json();
    assert_eq!(late["status"], "published");
    assert_eq!(manifest(&stage)["lists"].as_array().unwrap().len() as u64, LISTS);
}
