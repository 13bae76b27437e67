//! The responders' keys: rotated on demand, in time by whoever publishes, with every roll-over, and
//! whole whatever happens.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDED;
use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder;

const ROTATE: &str = "ocsp rotate";
const PUBLISH: &str = "crl publish --partition 000000";
/// Fifteen days before the end of the first certificates, and the second after.
const NOT_YET: &str = "2026-04-15T23:59:59+09:00";
const IN_TIME: &str = "2026-04-16T00:00:00+09:00";
/// After their end.
const TOO_LATE: &str = "2026-05-01T00:00:00+09:00";
const CAS: [&str; 2] = ["signature", "user-authentication"];

/// Where the key of a first generation's responder is, and where another waits.
fn places(ca: &str) -> [String; 2] {
    ["key", "next.key"].map(|end| format!("home/keys/ocsp-{ca}-1.{end}.pem"))
}

/// The status at an instant: the word for all, and for each responder its word and number.
#[track_caller]
fn status(stage: &Stage, at: &str, code: i32) -> Value {
    let status = stage.plain(&format!("ocsp status --json --at {at}")).exits(code).json();
    let responders = status["responders"].as_array().unwrap();
    let each: Vec<_> = responders.iter().map(|one| json!([one["status"], one["serial"]])).collect();
    json!([status["status"], each])
}

/// The key and the certificate files of both first generations belong together, in either form; the
/// certificates' numbers.
#[track_caller]
fn is_consistent(stage: &Stage, at: &str) -> [String; 2] {
    stage.is_whole();
    stage.plain(&format!("ocsp status --at {at}")).exits(0);
    CAS.map(|ca| {
        let stem = format!("home/ca/ocsp-{ca}-1");
        let read = |line: String| stage.shell(&line).exits(0).stdout.trim().to_owned();
        let [current, next] = places(ca);
        assert!(!stage.path(&next).exists());
        assert_eq!(
            read(format!("openssl x509 -noout -pubkey -in {stem}.pem")),
            read(format!("openssl pkey -pubout -in {current}")),
        );
        read(format!("openssl x509 -in {stem}.pem -outform DER | cmp - {stem}.cer"));
        stage.plain(&format!("verify {stem}.cer --at {at}")).exits(0);
        read(format!("openssl x509 -noout -serial -in {stem}.pem"))
    })
}

#[test]
fn every_rotation_makes_another_key_and_destroys_the_one_before() {
    let stage = Stage::founded();
    let [current, _] = places("signature");
    let old = stage.read(&current);
    let before = stage.tree("home");
    let would = stage.jpki(&format!("{ROTATE} --dry-run")).exits(0).stdout;
    assert!(would.starts_with("signature-1            serial 4          p256    2026-04-02 to "));
    assert!(would.contains("responder would be made") && would.contains("nothing was written"));
    assert_eq!(stage.tree("home").keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let made = stage.jpki(&format!("{ROTATE} --ca signature --json")).exits(0).json();
    let expected = json!({ "dry_run": false, "rotated": [{
        "ca": "signature",
        "generation": 1,
        "status": "made",
        "serial": "4",
        "algorithm": "p256",
        "not_before": "2026-04-02T00:00:00Z",
        "not_after": "2026-05-01T14:59:59Z",
        "revoked": [],
        "certificate": "home/ca/ocsp-signature-1.pem",
        "key": current,
    }] });
    assert_eq!(made, expected);
    assert_eq!(stage.mode(&current), 0o600);
    assert!(!stage.tree("home").values().any(|(_, bytes)| *bytes == old), "it is gone");
    assert_eq!(is_consistent(&stage, NOW), ["serial=04", "serial=02"]);
    assert_eq!(stage.names("home/keys").len(), FOUNDING);
    // Another kind of key stays until another is asked for.
    for (options, algorithm) in [("--algorithm p384", "p384"), ("", "p384")] {
        let words = format!("{ROTATE} --ca signature --generation 1 {options} --json");
        let made = stage.jpki(&words).exits(0).json();
        assert_eq!(made["rotated"][0]["algorithm"], algorithm);
    }
    let text = stage.jpki(ROTATE).exits(0).stdout;
    assert_eq!(text.lines().count(), 2, "{text}");
    assert_eq!(is_consistent(&stage, NOW), ["serial=07", "serial=03"]);
    let list = stage.jpki("ca list").exits(0).stdout;
    assert!(list.contains("responder serial 7, p384, until 2026-05-01"), "{list}");
    let list = stage.jpki("ca list --json").exits(0).json();
    let own = &list["generations"][1]["responder"];
    assert_eq!([&own["serial"], &own["algorithm"]], ["3", "p256"]);
    stage.jpki("lint home/ca/ocsp-signature-1.cer").exits(0);
}

#[test]
fn an_rsa_authority_may_have_a_responder_of_p256() {
    let stage = Stage::founded_with("rsa2048");
    stage.jpki(&format!("{ROTATE} --algorithm p256")).exits(0);
    is_consistent(&stage, NOW);
    for ca in CAS {
        let verify = "openssl verify -x509_strict -purpose ocsphelper -attime 1775300000 -CAfile";
        let files = format!("home/ca/{ca}-1.pem home/ca/ocsp-{ca}-1.pem");
        stage.shell(&format!("{verify} {files}")).exits(0);
        stage.jpki(&format!("lint home/ca/ocsp-{ca}-1.cer")).exits(0);
    }
}

#[test]
fn only_what_is_due_is_rotated_when_that_is_asked() {
    let stage = Stage::founded();
    let due = |at: &str| {
        let made = stage.plain(&format!("{ROTATE} --due --json --at {at}")).exits(0).json();
        made["rotated"].as_array().unwrap().len()
    };
    let text = stage.plain(&format!("{ROTATE} --due --at {NOT_YET}")).exits(0).stdout;
    assert_eq!(text, "nothing is due\n");
    stage.jpki(&format!("{ROTATE} --ca signature --at 2026-04-10T09:00:00+09:00")).exits(0);
    assert_eq!(due(IN_TIME), 1, "the other one");
    assert_eq!(due(IN_TIME), 0);
    assert_eq!(due(TOO_LATE), 2);
    is_consistent(&stage, TOO_LATE);
}

#[test]
fn publishing_rotates_in_time() {
    let stage = Stage::founded();
    let run = |at: &str| stage.plain(&format!("{PUBLISH} --json --at {at}")).exits(0).json();
    assert_eq!(run(NOT_YET)["responders"], json!([]));
    assert_eq!(status(&stage, NOT_YET, 0), json!(["fresh", [["fresh", "3"], ["fresh", "2"]]]));
    assert_eq!(status(&stage, IN_TIME, 0), json!(["due", [["due", "3"], ["due", "2"]]]));
    let before = stage.record().0;
    let planned = stage.plain(&format!("{PUBLISH} --dry-run --json --at {IN_TIME}")).exits(0);
    let planned = planned.json()["responders"].clone();
    assert_eq!([&planned[0]["status"], &planned[0]["serial"]], ["planned", "4"]);
    assert_eq!(stage.record().0, before, "a dry run writes nothing");
    let said = stage.plain(&format!("{PUBLISH} --at {IN_TIME}")).exits(0).stdout;
    assert!(
        said.contains("signature-1            serial 4          p256    2026-04-16 to 2026-05-15")
    );
    assert_eq!(is_consistent(&stage, IN_TIME), ["serial=04", "serial=03"]);
    assert_eq!(status(&stage, IN_TIME, 0), json!(["fresh", [["fresh", "4"], ["fresh", "3"]]]));
    assert_eq!(run(IN_TIME)["responders"], json!([]));
    // Nobody published any more.
    assert_eq!(status(&stage, "2026-05-03T05:59:59+09:00", 0)[0], "due");
    assert_eq!(status(&stage, "2026-05-03T06:00:01+09:00", 1)[0], "ending");
    assert_eq!(status(&stage, "2026-05-16T00:00:00+09:00", 1)[0], "missing");
    assert_eq!(run("2026-06-01T09:00:00+09:00")["responders"][0]["status"], "made");
}

#[test]
fn who_publishes_daily_never_hears_the_alarm() {
    let stage = Stage::founded();
    let mut rotations = 0;
    for day in 2..=30 {
        // Now three hours early, now three late.
        let at = format!("2026-04-{day:02}T{:02}:00:00+09:00", 9 + 3 * (day % 3));
        stage.plain(&format!("ocsp status --at {at}")).exits(0);
        let made = stage.plain(&format!("{PUBLISH} --json --at {at}")).exits(0).json();
        rotations += made["responders"].as_array().unwrap().len();
    }
    assert_eq!(rotations, 2, "once each in a month");
}

#[test]
fn a_responder_of_a_generation_ends_with_it_and_then_needs_no_other() {
    let stage = Stage::founded();
    let last_days = "2036-03-20T09:00:00+09:00";
    stage.plain(&format!("{ROTATE} --at {last_days}")).exits(0);
    let at = "2036-03-31T09:00:00+09:00";
    let status = stage.plain(&format!("ocsp status --json --at {at}")).exits(0).json();
    let own = &status["responders"][0];
    assert_eq!([&own["status"], &own["not_after"]], ["fresh", "2036-03-31T14:59:59Z"]);
    assert_eq!(own["due_at"], Value::Null);
    let text = stage.plain(&format!("{ROTATE} --due --at {at}")).exits(0).stdout;
    assert_eq!(text, "nothing is due\n");
    let ended = "--at 2036-04-01T09:00:00+09:00";
    stage.plain(&format!("ocsp status {ended}")).exits(1);
    let named = format!("{ROTATE} --ca signature --generation 1 {ended}");
    stage.plain(&named).refused("R-GENERATION-ENDED");
    assert_eq!(stage.plain(&format!("{ROTATE} {ended}")).exits(0).stdout, "nothing is due\n");
}

#[test]
fn compromised_keys_lose_their_certificates() {
    let stage = Stage::founded();
    stage.jpki(ROTATE).exits(0);
    let words = format!("{ROTATE} --ca signature --compromised");
    let would = stage.jpki(&format!("{words} --dry-run")).exits(0).stdout;
    assert!(would.contains("would revoke 3, 4 for key-compromise"), "{would}");
    let made = stage.jpki(&format!("{words} --json")).exits(0).json();
    assert_eq!(made["rotated"][0]["revoked"], json!(["3", "4"]));
    assert_eq!(is_consistent(&stage, NOW), ["serial=05", "serial=03"]);
    stage.jpki(PUBLISH).exits(0);
    let line = "openssl crl -in home/crl/current/signature-1-000000.crl -inform DER -noout -text";
    let text = stage.shell(line).exits(0).stdout;
    assert_eq!(text.matches("Serial Number: ").count(), 2, "{text}");
    assert_eq!(text.matches("Key Compromise").count(), 2, "{text}");
    let why = stage.jpki("why --ca signature --serial 4").exits(0).stdout;
    assert!(why.contains("key-compromise"), "{why}");
    stage.jpki("revoke --ca signature --serial 5 --reason superseded").refused("R-SERVICE-ITSELF");
    stage.jpki(&format!("{ROTATE} --due --compromised")).exits(2).says("--compromised");
}

#[test]
fn what_stands_in_its_way_is_said() {
    let stage = Stage::founded();
    let one = format!("{ROTATE} --ca signature --generation");
    stage.jpki(&format!("{one} 2")).refused("R-GENERATION-UNKNOWN");
    let refused = stage.jpki(&format!("{one} 2 --json")).exits(3).json();
    let refused = &refused["rotated"][0];
    assert_eq!(
        [&refused["status"], &refused["error"]["rule"]],
        ["refused", "R-GENERATION-UNKNOWN"]
    );
    stage.jpki(&format!("{one} 0")).exits(2).says("--generation");
    stage.jpki(&format!("{ROTATE} --generation 1")).exits(2).says("--ca");
    stage.jpki(&format!("{ROTATE} --algorithm rsa1024")).exits(2).says("--algorithm");
    let early = "--at 2026-03-31T09:00:00+09:00";
    stage.plain(&format!("{one} 1 {early}")).refused("R-CA-NOT-YET");
    let keys = fs::File::open(stage.path("home/keys")).unwrap();
    keys.lock().unwrap();
    stage.jpki(ROTATE).refused("R-RENEWAL-PENDING");
    // Lists are published whatever becomes of it; it counts only where nobody can answer.
    stage.plain(&format!("{PUBLISH} --at {IN_TIME}")).exits(0);
    stage.plain(&format!("{PUBLISH} --at {TOO_LATE}")).refused("R-RENEWAL-PENDING");
    assert_eq!(stage.count("published"), 2);
    drop(keys);
    stage.plain(&format!("{PUBLISH} --at {TOO_LATE}")).exits(0);
    is_consistent(&stage, TOO_LATE);
}

#[test]
fn a_key_that_is_gone_is_missed_and_replaced() {
    let stage = Stage::founded();
    let [current, _] = places("signature");
    let stands = |at: &str| status(&stage, at, 1)[1].clone();
    fs::remove_file(stage.path(&current)).unwrap();
    assert_eq!(stands(NOW), json!([["missing", "3"], ["fresh", "2"]]));
    // Nobody else needs it.
    stage.issue(&holder("p-1"), "");
    let made = stage.jpki(&format!("{PUBLISH} --json")).exits(0).json();
    assert_eq!(made["responders"].as_array().unwrap().len(), 1);
    assert_eq!(is_consistent(&stage, NOW), ["serial=05", "serial=02"]);
    // One that is not the certificate's is as good as none.
    let [other, _] = places("user-authentication");
    fs::copy(stage.path(&other), stage.path(&current)).unwrap();
    assert_eq!(stands(NOW), json!([["missing", "5"], ["fresh", "2"]]));
    stage.jpki(&format!("{ROTATE} --due")).exits(0);
    assert_eq!(is_consistent(&stage, NOW), ["serial=06", "serial=02"]);
    // A certificate file that is gone or older is written by the next command, not by a dry run.
    let (file, aside) = ("home/ca/ocsp-signature-1.cer", "aside.cer");
    fs::copy(stage.path(file), stage.path(aside)).unwrap();
    stage.jpki(&format!("{ROTATE} --ca signature")).exits(0);
    let newest = stage.read(file);
    for remove in [true, false] {
        fs::remove_file(stage.path(file)).unwrap();
        if !remove {
            fs::copy(stage.path(aside), stage.path(file)).unwrap();
        }
        stage.jpki("ca list --dry-run").exits(0);
        assert!(fs::read(stage.path(file)).is_ok_and(|found| found != newest) != remove);
        stage.jpki("ca list").exits(0);
        assert_eq!(stage.read(file), newest);
    }
}

#[test]
fn a_rotation_that_fails_does_not_keep_lists_from_being_published() {
    let stage = Stage::founded();
    let [current, _] = places("signature");
    fs::set_permissions(stage.path(&current), fs::Permissions::from_mode(0o644)).unwrap();
    let run = stage.jpki(&format!("{PUBLISH} --json")).exits(2).says("chmod 600");
    let run = run.says("OCSP responder signature-1").json();
    assert_eq!(run["status"], "published");
    assert_eq!(
        [&run["responders"][0]["status"], &run["responders"][0]["ca"]],
        ["error", "signature"]
    );
    assert_eq!(stage.count("published"), 1);
    stage.jpki("ocsp status").exits(1);
    // When its time has come, another key takes its place.
    let made = stage.plain(&format!("{PUBLISH} --json --at {IN_TIME}")).exits(0).json();
    assert_eq!(made["responders"].as_array().unwrap().len(), 2);
    is_consistent(&stage, IN_TIME);
}

#[test]
fn the_new_key_is_under_the_passphrase_of_the_others() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    stage.write("wrong", "wrong horse\n");
    let word = "--passphrase-file passphrase";
    stage.plain(&format!("init --algorithm p256 --at {FOUNDED} {word}")).exits(0);
    stage.jpki(ROTATE).exits(4).says("passphrase");
    stage.jpki(&format!("{ROTATE} --ca signature {word}")).exits(0);
    let [current, _] = places("signature");
    let open = format!("openssl pkey -noout -in {current} -passin");
    stage.shell(&format!("{open} file:passphrase")).exits(0);
    stage.shell(&format!("{open} file:wrong")).exits(1);
    // The alarm needs no passphrase; with it, the keys are looked at.
    let stands = |words: &str| {
        let status = stage.jpki(&format!("ocsp status --json {words}")).json();
        json!([status["status"], status["responders"][0]["key_is_here"]])
    };
    assert_eq!(stands(""), json!(["fresh", null]));
    assert_eq!(stands(word), json!(["fresh", true]));
    stage.jpki("ocsp status --passphrase-file wrong").exits(4).says("does not open");
    stage.jpki(&format!("{PUBLISH} {word}")).exits(0);
}

#[test]
fn a_rotation_that_is_killed_is_whole_or_was_not() {
    killed(&format!("{ROTATE} --ca signature --compromised"), NOW);
    killed(PUBLISH, IN_TIME);
}

/// Kills the command at every write that would exceed a limit on file size, a larger one each time.
fn killed(words: &str, at: &str) {
    let stage = Stage::founded();
    if at == IN_TIME {
        let other = format!("{ROTATE} --ca user-authentication --at {at}");
        stage.plain(&other).exits(0);
    }
    let issued = stage.count("issued");
    stage.shell("cp -a home founded").exits(0);
    let [_, next] = places("signature");
    let (mut before, mut between) = (0, 0);
    for blocks in (56..).step_by(8) {
        stage.shell("rm -rf home && cp -a founded home").exits(0);
        let line = format!("(ulimit -f {blocks}; exec jpki {words} --at {at}); echo died $? >&2");
        let died = !stage.shell(&line).stderr.contains("died 0");
        let waits = stage.path(&next).exists();
        let dangling = stage.jpki("recover --dry-run --json").exits(0).json();
        let dangling = dangling["voided"].as_array().unwrap().len();
        assert!(waits || dangling == 0, "the key is durable before the intent");
        // Whoever answers finds the pair before or the pair behind it.
        stage.plain(&format!("ocsp status --at {at}")).exits(0);
        stage.jpki("recover").exits(0);
        let made = stage.count("issued") - issued;
        match (died, made, dangling) {
            (true, 0, 0) => before += 1,
            (true, 0, 1) => between += 1,
            (true, 1, 0) => {}
            (false, 1, 0) => break,
            other => panic!("{words}, {blocks} blocks: {other:?}"),
        }
        // The certificates before are revoked with the new one, or not at all.
        assert_eq!(stage.count("revoked"), if words.contains("compromised") { made } else { 0 });
        // Publishing puts it right, and the next run is not kept from anything.
        stage.plain(&format!("{PUBLISH} --at {at}")).exits(0);
        assert!(!stage.path(&next).exists());
        stage.plain(&format!("ocsp status --at {at}")).exits(0);
        let again =
            stage.plain(&format!("{ROTATE} --ca signature --json --at {at}")).exits(0).json();
        assert_eq!(again["rotated"][0]["status"], "made", "{again}");
        is_consistent(&stage, at);
        assert!(!stage.names("home/keys").iter().any(|name| name.contains("next")));
    }
    assert!(before > 0 && between > 0, "{words}: {before} before, {between} between");
}

#[test]
fn a_new_key_that_was_certified_is_found_and_gets_its_name_from_the_next_run() {
    let stage = Stage::founded();
    let [current, next] = places("signature");
    let old = stage.read(&current);
    stage.jpki(ROTATE).exits(0);
    let new = stage.read(&current);
    for words in [PUBLISH, "ocsp rotate --due"] {
        // Killed between the certificate and the name.
        fs::rename(stage.path(&current), stage.path(&next)).unwrap();
        stage.write(&current, &old);
        fs::set_permissions(stage.path(&current), fs::Permissions::from_mode(0o600)).unwrap();
        stage.jpki("ocsp status").exits(0);
        stage.jpki(&format!("{words} --dry-run")).exits(0);
        assert_eq!(stage.read(&next), new, "asking moves nothing");
        stage.jpki(words).exits(0);
        if words == PUBLISH {
            assert_eq!(stage.read(&current), new);
            is_consistent(&stage, NOW);
        } else {
            // Nothing was due, so that it waits on; the next rotation comes past.
            stage.jpki(ROTATE).exits(0);
            is_consistent(&stage, NOW);
        }
    }
}

#[test]
fn rotations_at_the_same_time_leave_one_pair() {
    let stage = Stage::founded();
    let children: Vec<_> = (0..6).map(|_| stage.start(ROTATE)).collect();
    let mut made = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            Some(0) => made += 1,
            Some(3) => assert!(said.contains("R-RENEWAL-PENDING"), "{said}"),
            other => panic!("{other:?}: {said}"),
        }
    }
    assert!(made > 0);
    is_consistent(&stage, NOW);
    assert_eq!(stage.count("issued"), FOUNDING + 2 * made);
    assert_eq!(stage.names("home/keys").len(), FOUNDING);
}

#[test]
fn a_home_of_an_earlier_version_gets_its_responders() {
    for words in [ROTATE, "ocsp rotate --due", PUBLISH] {
        let stage = Stage::founded();
        earlier_version(&stage);
        let list = stage.jpki("ca list").exits(0).stdout;
        assert_eq!(list.matches("no responder: jpki ocsp rotate").count(), 2, "{list}");
        assert_eq!(
            status(&stage, NOW, 1),
            json!(["missing", [["missing", null], ["missing", null]]])
        );
        stage.issue(&holder("p-1"), "");
        stage.jpki(&format!("{words} --dry-run")).exits(0);
        stage.jpki(words).exits(0);
        is_consistent(&stage, NOW);
        assert_eq!(stage.jpki("ca list").exits(0).stdout.matches("responder serial").count(), 2);
    }
}

/// What reads and what would write alike: a dry run leaves the store in the form that an earlier version
/// of the program can still read.
#[test]
fn a_dry_run_leaves_a_store_of_an_earlier_version_as_it_is() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    earlier_version(&stage);
    let before = stage.tree("home");
    let revoke = "revoke --ca user-authentication --serial 3 --reason superseded";
    for words in [revoke, "ocsp rotate", "crl publish --all", "recover", "ca link"] {
        let refused = stage.jpki(&format!("{words} --dry-run")).exits(5);
        assert!(
            refused.stderr.contains("version 1") && refused.stderr.contains("without --dry-run"),
            "{words}: {}",
            refused.stderr
        );
        assert!(stage.tree("home") == before, "{words}");
    }
    stage.jpki("recover").exits(0);
    stage.jpki(&format!("{revoke} --dry-run")).exits(0);
    stage.jpki(revoke).exits(0);
}

/// Makes the home as it was before there were responders: without their keys and certificates, in a
/// store of version 1.
fn earlier_version(stage: &Stage) {
    stage.shell("rm home/keys/ocsp-* home/ca/ocsp-*").exits(0);
    stage.to_store_2();
    let store = Connection::open(stage.path("home/store.db")).unwrap();
    store
        .execute_batch(
            "DELETE FROM signature WHERE id IN (SELECT id FROM certificate WHERE service = 1);
             DELETE FROM tbs WHERE id IN (SELECT id FROM certificate WHERE service = 1);
             DELETE FROM certificate WHERE service = 1;
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema
             SET sql = replace(sql, 'CHECK (service IN (0, 1))', 'CHECK (service = 0)')
             WHERE name = 'certificate';
             PRAGMA writable_schema = OFF;
             DROP INDEX certificate_service;
             CREATE INDEX certificate_service ON certificate (service) WHERE service IS NOT NULL;
             PRAGMA user_version = 1;",
        )
        .unwrap();
}
