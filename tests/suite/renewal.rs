//! The publication certificate: renewed in time by whoever publishes, or on demand, with its key or
//! another.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::Stage;

const PUBLISH: &str = "crl publish --partition 000000";
const RENEW: &str = "ca renew-publication";
const REPLACE: &str = "ca renew-publication --new-key --compromised";
/// Ninety days before the end of the certificate of the founding, and a second after.
const NOT_YET: &str = "2028-12-31T23:59:59+09:00";
const IN_TIME: &str = "2029-01-01T00:00:00+09:00";
/// A year after its end.
const TOO_LATE: &str = "2030-04-01T09:00:00+09:00";
const NEXT: &str = "home/keys/publication.next.key.pem";

/// What OpenSSL says of the publication certificate of the home.
fn about(stage: &Stage, what: &str) -> String {
    let line = format!("openssl x509 -noout -{what} -in home/ca/publication.pem");
    stage.shell(&line).exits(0).stdout.trim().to_owned()
}

/// Key and certificate are whole and belong together, in either form, and what is published verifies
/// under them; the serial.
#[track_caller]
fn is_consistent(stage: &Stage, at: &str) -> String {
    stage.is_whole();
    let publish = format!("{PUBLISH} --at {at}");
    stage.plain(&publish).exits(0);
    let key = stage.shell("openssl pkey -pubout -in home/keys/publication.key.pem").exits(0);
    assert_eq!(about(stage, "pubkey"), key.stdout.trim());
    assert!(!stage.path(NEXT).exists());
    let same = "openssl x509 -in home/ca/publication.pem -outform DER | cmp - home/ca/publication.cer \
                && cmp home/ca/publication.cer home/crl/current/publication.cer";
    stage.shell(same).exits(0);
    let signed = "openssl x509 -noout -pubkey -in home/ca/publication.pem > publication.pub && \
                  openssl dgst -sha256 -verify publication.pub -signature \
                  home/crl/current/manifest.sig home/crl/current/manifest.json";
    stage.shell(signed).exits(0);
    stage.plain(&format!("verify home/ca/publication.cer --at {at}")).exits(0);
    about(stage, "serial")
}

/// The numbers on the authority's own list.
fn listed(stage: &Stage) -> Vec<String> {
    let line = "openssl crl -in home/crl/current/signature-1-000000.crl -inform DER -noout -text";
    let text = stage.shell(line).exits(0).stdout;
    text.lines()
        .filter_map(|l| l.trim().strip_prefix("Serial Number: ").map(str::to_owned))
        .collect()
}

#[test]
fn publishing_renews_it_in_time() {
    let stage = Stage::founded();
    let run = |at: &str| stage.plain(&format!("{PUBLISH} --json --at {at}")).exits(0).json();
    // The responder's certificate has long ended, and gets the number 4.
    assert_eq!(run(NOT_YET)["renewed"], Value::Null);
    assert_eq!(is_consistent(&stage, NOT_YET), "serial=02");
    let before = stage.record().0;
    let planned =
        stage.plain(&format!("{PUBLISH} --dry-run --json --at {IN_TIME}")).exits(0).json();
    let renewed = json!({ "serial": "5", "not_after": "2031-12-31T14:59:59Z" });
    assert_eq!(planned["renewed"], renewed);
    assert_eq!(stage.record().0, before, "a dry run writes nothing");
    let said = stage.plain(&format!("{PUBLISH} --at {IN_TIME}")).exits(0);
    assert!(said.stdout.starts_with("publication certificate renewed: serial 5, until 2031-12-31"));
    assert_eq!(is_consistent(&stage, IN_TIME), "serial=05");
    assert_eq!(run(IN_TIME)["renewed"], Value::Null);
    let entries = stage.entries();
    let acts: Vec<_> = entries[usize::try_from(before).unwrap()..][..2]
        .iter()
        .map(|entry| json!([entry["act"], entry["serial"]]))
        .collect();
    assert_eq!(acts, [json!(["intended", "5"]), json!(["issued", "5"])]);
    assert_eq!(listed(&stage), [""; 0], "the one before is not revoked");
    // Nobody published for years.
    assert_eq!(run("2033-01-01T00:00:00+09:00")["renewed"]["serial"], "6");
    stage.is_whole();
}

#[test]
fn it_is_renewed_on_demand_with_its_key_or_another() {
    let stage = Stage::founded();
    let old_key = stage.read("home/keys/publication.key.pem");
    let before = stage.tree("home");
    let would = stage.jpki(&format!("{RENEW} --new-key --compromised --dry-run")).exits(0).stdout;
    assert!(would.contains("would make  publication: serial 4, p256, by signature-1"), "{would}");
    assert!(would.contains("would revoke 2 for key-compromise"), "{would}");
    assert_eq!(stage.tree("home").keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let made = stage.jpki(&format!("{RENEW} --json")).exits(0).json();
    let expected = json!({
        "dry_run": false,
        "service": "publication",
        "ca": "signature",
        "generation": 1,
        "serial": "4",
        "algorithm": "p256",
        "not_before": "2026-04-02T00:00:00Z",
        "not_after": "2029-04-01T14:59:59Z",
        "new_key": false,
        "revoked": [],
        "certificate": "home/ca/publication.pem",
        "key": "home/keys/publication.key.pem",
        "replaced": null,
        "laid_aside": null,
    });
    assert_eq!(made, expected);
    assert_eq!(stage.read("home/keys/publication.key.pem"), old_key);
    let at = "2026-04-02T09:00:00+09:00";
    assert_eq!(is_consistent(&stage, at), "serial=04");
    let made = stage.jpki(&format!("{RENEW} --new-key --json")).exits(0).json();
    assert_eq!([&made["serial"], &made["revoked"]], [&json!("5"), &json!([])]);
    assert_eq!(stage.read(made["replaced"].as_str().unwrap()), old_key, "no key is destroyed");
    assert_eq!(stage.mode("home/keys/publication.key.pem"), 0o600);
    assert_eq!(is_consistent(&stage, at), "serial=05");
    assert_eq!(listed(&stage), [""; 0]);
    let made = stage.jpki(&format!("{REPLACE} --json")).exits(0).json();
    assert_eq!([&made["serial"], &made["revoked"]], [&json!("6"), &json!(["2", "4", "5"])]);
    assert_eq!(is_consistent(&stage, at), "serial=06");
    assert_eq!(listed(&stage), ["02", "04", "05"]);
    let why = stage.jpki("why --ca signature --serial 4").exits(0).stdout;
    assert!(why.contains("key-compromise") && why.contains("the authority's own"), "{why}");
    stage.jpki("lint home/ca/publication.cer").exits(0);
    stage.jpki(&format!("{RENEW} --compromised")).exits(2).says("--new-key");
}

#[test]
fn what_stands_in_its_way_is_said() {
    let stage = Stage::founded();
    stage.plain(&format!("{RENEW} --at 2026-03-31T09:00:00+09:00")).refused("R-CA-NOT-YET");
    stage.plain(&format!("ocsp rotate --at {IN_TIME}")).exits(0);
    let keys = fs::File::open(stage.path("home/keys")).unwrap();
    keys.lock().unwrap();
    stage.jpki(RENEW).refused("R-RENEWAL-PENDING");
    // Publishing does not depend on it while the certificate is in force.
    stage.plain(&format!("{PUBLISH} --at {IN_TIME}")).exits(0);
    stage.plain(&format!("{PUBLISH} --at {TOO_LATE}")).refused("R-RENEWAL-PENDING");
    drop(keys);
    // A key that is gone can be replaced, and not be certified again.
    fs::remove_file(stage.path("home/keys/publication.key.pem")).unwrap();
    stage.plain(&format!("{RENEW} --at {IN_TIME}")).exits(5).says("publication.key.pem");
    let made = stage.plain(&format!("{RENEW} --new-key --json --at {IN_TIME}")).exits(0).json();
    assert_eq!(made["replaced"], Value::Null);
    is_consistent(&stage, IN_TIME);
    // A certificate file that is gone is written by the next command, but not by a dry run.
    let certificate = stage.read("home/ca/publication.cer");
    fs::remove_file(stage.path("home/ca/publication.cer")).unwrap();
    stage.jpki("ca list --dry-run").exits(0);
    assert!(!stage.path("home/ca/publication.cer").exists());
    stage.jpki("ca list").exits(0);
    assert_eq!(stage.read("home/ca/publication.cer"), certificate);
}

#[test]
fn the_new_key_is_under_the_passphrase_of_the_others() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    let word = "--passphrase-file passphrase";
    let founded = format!("--at 2026-04-01T09:00:00+09:00 {word}");
    stage.plain(&format!("init --algorithm p256 {founded}")).exits(0);
    stage.jpki(&format!("{RENEW} --new-key")).exits(4).says("passphrase");
    stage.jpki(&format!("{RENEW} --new-key {word}")).exits(0);
    let open = "openssl pkey -noout -in home/keys/publication.key.pem -passin file:passphrase";
    stage.shell(open).exits(0);
    stage.jpki(&format!("{PUBLISH} {word}")).exits(0);
}

#[test]
fn a_renewal_that_is_killed_is_whole_or_was_not() {
    killed(RENEW, false, TOO_LATE);
    killed(REPLACE, true, IN_TIME);
    killed(PUBLISH, false, IN_TIME);
}

/// Kills the command at every write that would exceed a limit on file size, a larger one each time.
fn killed(words: &str, replaces: bool, at: &str) {
    let stage = Stage::founded();
    // Else publishing would rotate the responders as well; they have a story of their own.
    stage.plain(&format!("ocsp rotate --at {at}")).exits(0);
    let issued = FOUNDING + 2;
    stage.shell("cp -a home founded").exits(0);
    let (mut before, mut between) = (0, 0);
    for blocks in (56..).step_by(8) {
        stage.shell("rm -rf home && cp -a founded home").exits(0);
        let line = format!("(ulimit -f {blocks}; exec jpki {words} --at {at}); echo died $? >&2");
        let died = !stage.shell(&line).stderr.contains("died 0");
        let has_next = stage.path(NEXT).exists();
        let dangling = stage.jpki("recover --dry-run --json").exits(0).json();
        let dangling = dangling["voided"].as_array().unwrap().len();
        assert!(!replaces || has_next || dangling == 0, "the key is durable before the intent");
        stage.jpki("recover").exits(0);
        let made = stage.count("issued") - issued;
        // The certificates before are revoked with the new one, or not at all.
        assert_eq!(stage.count("revoked"), if replaces { made } else { 0 });
        assert_eq!(stage.count("voided"), dangling);
        match (died, made, dangling) {
            (true, 0, 0) => before += 1,
            (true, 0, 1) => between += 1,
            (true, 1, 0) => {}
            (false, 1, 0) => break,
            other => panic!("{words}, {blocks} blocks: {other:?}"),
        }
        // Where nothing came of it, the key before still counts; the next run is not kept from it.
        let next = stage.plain(&format!("{words} --json --at {at}")).exits(0).json();
        if replaces {
            assert_eq!(next["laid_aside"].is_string(), has_next && made == 0, "{next}");
            assert!(next["replaced"].is_string());
        }
        let renewed = if words == PUBLISH { &next["renewed"] } else { &next };
        if words != PUBLISH || made == 0 {
            assert_eq!(renewed["serial"], (5 + made + dangling).to_string());
        }
        is_consistent(&stage, at);
    }
    assert!(before > 0 && between > 0, "{words}: {before} before, {between} between");
}

#[test]
fn a_new_key_that_was_certified_gets_its_name_at_the_next_opening() {
    let stage = Stage::founded();
    let old_key = stage.read("home/keys/publication.key.pem");
    let made = stage.jpki(&format!("{RENEW} --new-key --json")).exits(0).json();
    let aside = made["replaced"].as_str().unwrap();
    let new_key = stage.read("home/keys/publication.key.pem");
    // Killed between the certificate and the files: before the old key was laid aside, and behind.
    for is_aside in [true, false] {
        fs::rename(stage.path("home/keys/publication.key.pem"), stage.path(NEXT)).unwrap();
        if is_aside {
            let old = stage.path("home/keys/publication.key.pem");
            fs::hard_link(stage.path(aside), old).unwrap();
        } else {
            fs::rename(stage.path(aside), stage.path("home/keys/publication.key.pem")).unwrap();
        }
        fs::copy(stage.path("home/keys/publication.key.pem"), stage.path("before")).unwrap();
        // Neither a dry run nor somebody who is not alone moves it, but both use it.
        stage.jpki(&format!("{PUBLISH} --dry-run")).exits(0);
        let keys = fs::File::open(stage.path("home/keys")).unwrap();
        keys.lock().unwrap();
        stage.jpki(PUBLISH).exits(0);
        assert!(stage.path(NEXT).exists());
        drop(keys);
        is_consistent(&stage, "2026-04-02T09:00:00+09:00");
        assert_eq!(stage.read("home/keys/publication.key.pem"), new_key);
        assert_eq!(stage.read(aside), old_key);
    }
}
