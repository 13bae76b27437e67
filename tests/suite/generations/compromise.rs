//! `jpki ca compromise`, and everything that says what a certificate is worth afterwards.

use serde_json::Value;
use serde_json::json;

use crate::stage::NOW;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::THE_USER_AUTHENTICATION;
use crate::stage::holder;

use super::generations;
use super::signature;

const COMPROMISE: &str = "ca compromise --ca signature --generation 1";
/// When the compromise is recorded, and since when it is one.
const THEN: &str = "2026-04-10T09:00:00+09:00";
const SINCE: &str = "2026-04-08T12:00:00+09:00";
const SINCE_UTC: &str = "2026-04-08T03:00:00Z";
/// Some days later, before responders get new keys.
const LATER: &str = "2026-04-14T09:00:00+09:00";

/// Where a number of the signature authority stands, by `jpki why`: state, since when, why.
#[track_caller]
fn stands(stage: &Stage, serial: u64) -> Value {
    let words = format!("why --ca signature --serial {serial} --json --at {LATER}");
    let why = stage.plain(&words).exits(0).json();
    json!([why["state"], why["since"], why["reason"]])
}

/// What OCSP says of it, asked at home.
#[track_caller]
fn answered(stage: &Stage, serial: u64, code: i32) -> Value {
    let words = format!("ocsp query --ca signature --serial {serial} --json --at {LATER}");
    let told = stage.plain(&words).exits(code).json();
    json!([told["status"], told["since"], told["reason"]])
}

/// Holders 4 to 8 of the signature authority: one live, one held, one revoked before the compromise, one
/// revoked between it and its record, one released; then the compromise.
fn compromised() -> Stage {
    let stage = Stage::founded();
    for person in ["p-4", "p-5", "p-6", "p-7", "p-8"] {
        stage.issue(&holder(person), "--kind signature");
    }
    for (words, at) in [
        ("hold --ca signature --serial 5", "2026-04-05T09:00:00+09:00"),
        ("revoke --ca signature --serial 6 --reason key-compromise", "2026-04-06T09:00:00+09:00"),
        ("revoke --ca signature --serial 7 --reason superseded", "2026-04-09T09:00:00+09:00"),
    ] {
        stage.plain(&format!("{words} --at {at}")).exits(0);
    }
    stage.plain(&format!("{COMPROMISE} --since {SINCE} --at {THEN}")).exits(0);
    stage
}

#[test]
fn one_record_revokes_everything_that_the_generation_issued() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let before = stage.record().0;
    let words = format!("{COMPROMISE} --since {SINCE} --json --at {THEN}");
    let would = stage.plain(&format!("{words} --dry-run")).exits(0).json();
    assert_eq!([&would["dry_run"], &would["since"]], [&json!(true), &json!(SINCE_UTC)]);
    assert_eq!(would["issues"], Value::Null);
    assert_eq!(stage.record().0, before, "a dry run writes nothing");
    assert_eq!(stage.verdict(SIGNATURE), "valid");

    let recorded = stage.plain(&words).exits(0).json();
    let expected = json!({
        "dry_run": false,
        "ca": "signature",
        "generation": 1,
        "since": SINCE_UTC,
        "at": "2026-04-10T00:00:00Z",
        "entry": before + 1,
        "last_end": "2030-12-07T14:59:59Z",
        "links": [],
        "issues": null,
    });
    assert_eq!(recorded, expected);
    assert_eq!(stage.record().0, before + 1, "however many there are");
    let entry = stage.entries().pop().unwrap();
    let act = json!([entry["act"], entry["ca"], entry["generation"], entry["since"]]);
    assert_eq!(act, json!(["compromised", "signature", 1, SINCE_UTC]));

    // Holders', services' and its own; not before, and no other authority's.
    for file in [
        SIGNATURE,
        "home/ca/signature-1.cer",
        "home/ca/ocsp-signature-1.cer",
        "home/ca/publication.cer",
    ] {
        let verify = |at: &str, code| {
            let run = stage.plain(&format!("verify {file} --json --at {at}")).exits(code);
            run.json()
        };
        let verdict = verify(THEN, 1);
        let said = json!([verdict["verdict"], verdict["since"], verdict["reason"]]);
        assert_eq!(said, json!(["revoked", SINCE_UTC, "ca-compromise"]), "{file}");
        assert_eq!(verify("2026-04-08T11:59:59+09:00", 0)["verdict"], "valid", "{file}");
    }
    assert_eq!(stage.verdict("out/user-authentication-3.cer"), "valid");
    for serial in 1..=4 {
        let revoked = json!(["revoked", SINCE_UTC, "ca-compromise"]);
        assert_eq!(stands(&stage, serial), revoked);
        assert_eq!(answered(&stage, serial, 1), revoked);
    }
    assert_eq!(answered(&stage, 5, 1), json!(["unknown", null, null]), "never issued");
    let why = stage.jpki(&format!("why {THE_SIGNATURE}")).exits(0).stdout;
    for text in ["ca-compromise", "公的個人認証法第14条", "audit entry"] {
        assert!(why.contains(text), "{why}");
    }
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json")).exits(0).json();
    let cause = &why["cause"];
    assert_eq!(
        json!([cause["change"], cause["article"], cause["entry"], cause["at"]]),
        json!(["ca-compromise", "piaa-14", before + 1, "2026-04-10T00:00:00Z"])
    );
    stage.is_whole();
}

#[test]
fn what_took_effect_first_counts_and_nothing_changes_it() {
    let stage = compromised();
    let expected = [
        (4, json!(["revoked", SINCE_UTC, "ca-compromise"])),
        // The hold keeps its date.
        (5, json!(["revoked", "2026-04-05T00:00:00Z", "ca-compromise"])),
        (6, json!(["revoked", "2026-04-06T00:00:00Z", "key-compromise"])),
        (7, json!(["revoked", SINCE_UTC, "ca-compromise"])),
    ];
    for (serial, stand) in &expected {
        assert_eq!(stands(&stage, *serial), *stand, "{serial}");
        assert_eq!(answered(&stage, *serial, 1), *stand, "{serial}");
        let of = format!("--ca signature --serial {serial} --at {LATER}");
        for act in ["hold", "release", "revoke --reason superseded"] {
            stage.plain(&format!("{act} {of}")).refused("R-ALREADY-REVOKED");
        }
    }
    // Nor the record itself.
    let again = format!("{COMPROMISE} --at {LATER}");
    stage.plain(&again).refused("R-ALREADY-COMPROMISED");
    stage.plain(&format!("{again} --dry-run")).refused("R-ALREADY-COMPROMISED");
    stage
        .plain(&format!("{again} --since 2026-04-01T09:00:00+09:00"))
        .refused("R-ALREADY-COMPROMISED");
    // Nor what the register brings.
    let death = json!({
        "source": "132217", "seq": 1, "id": "132217-2026-000001", "person": "p-4", "reason": "death",
        "event_date": "2026-04-11", "notified_on": "2026-04-12",
        "recorded_at": "2026-04-12T10:00:00+09:00", "changes": {},
    });
    stage.write_lines("events.jsonl", &[death]);
    let applied = stage.plain(&format!("feed apply events.jsonl --json --at {LATER}")).exits(0);
    assert_eq!(applied.lines()[0]["certificates"], json!([]), "{applied:?}");
    assert_eq!(stands(&stage, 4), expected[0].1);
    stage.is_whole();
}

#[test]
fn what_does_not_fit_is_refused() {
    let stage = Stage::founded();
    stage.jpki("ca compromise --ca signature --generation 2").refused("R-GENERATION-UNKNOWN");
    stage.jpki("ca compromise --ca signature --generation 0").exits(2).says("--generation");
    stage.jpki("ca compromise --ca signature").exits(2).says("--generation");
    for since in ["2026-04-02T09:00:01+09:00", "2026-04-01T08:59:59+09:00"] {
        stage.jpki(&format!("{COMPROMISE} --since {since}")).refused("R-COMPROMISE-TIME");
    }
    let ended = format!("{COMPROMISE} --at 2036-04-01T09:00:00+09:00");
    stage.plain(&ended).refused("R-GENERATION-ENDED");
    stage.jpki("ca compromise-list --ca signature --out x.crl").refused("R-NOT-COMPROMISED");
    assert_eq!(stage.count("compromised"), 0);
    // No key is needed for it: they may be gone.
    stage.shell("rm -r home/keys").exits(0);
    stage.jpki(COMPROMISE).exits(0);
}

#[test]
fn it_issues_to_nobody_until_another_generation_does() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.plain(&format!("{COMPROMISE} --at {THEN}")).exits(0);
    stage.write_json("holder.json", &holder("p-2"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    for words in ["", "--kind signature", "--dry-run"] {
        stage.plain(&format!("{issue} {words} --at {LATER}")).refused("R-CA-COMPROMISED");
    }
    // The other authority's is another's business.
    stage.plain(&format!("{issue} --kind user-authentication --at {LATER}")).exits(0);
    let list = stage.plain(&format!("ca list --at {LATER}")).exits(0);
    let list = list.says("the signature authority issues to nobody: its key is compromised");
    assert!(list.stdout.contains("compromised since 2026-04-10T00:00:00Z 危殆化"), "{list:?}");
    let own = &generations(&stage, LATER)[0];
    assert_eq!(json!([own["issues"], own["signs_lists"]]), json!([false, true]));
    assert_eq!(own["compromised"]["since"], "2026-04-10T00:00:00Z");

    // It cannot wait, and is certified by nobody who is compromised.
    let wait = "ca rollover --ca signature --issue-from 2026-05-01T00:00:00+09:00";
    stage.plain(&format!("{wait} --at {LATER}")).refused("R-ISSUE-FROM");
    let made = stage.plain(&format!("ca rollover --ca signature --json --at {LATER}")).exits(0);
    assert_eq!(made.json()["links"], json!([]));
    let issued = stage.plain(&format!("{issue} --kind signature --json --at {LATER}")).exits(0);
    assert_eq!(signature(&issued.json())["generation"], 2);

    // Whoever lost theirs gets another, as a first one or as a renewal; nothing of it is earned.
    for (person, words) in [("p-1", "--kind signature"), ("p-1", "--kind signature --renew")] {
        let issued = stage.issue(&holder(person), &format!("{words} --at {LATER}"));
        let own = signature(&issued);
        assert_eq!(json!([own["generation"], own["clause"]]), json!([2, "birthday5"]), "{words}");
    }
    // The old one now says itself what it was by the generation's record.
    let revoked = json!(["revoked", "2026-04-10T00:00:00Z", "ca-compromise"]);
    assert_eq!(stands(&stage, 4), revoked);
    assert_eq!(answered(&stage, 4, 1), revoked);
    let publish = format!("crl publish --out lists --partition 132217 --at {LATER}");
    stage.plain(&publish).exits(0);
    for generation in [1, 2] {
        let list = format!("lists/current/signature-{generation}-132217.crl");
        let text = stage.shell(&format!("openssl crl -noout -text -inform DER -in {list}"));
        let text = text.exits(0).stdout;
        assert_eq!(text.matches("CA Compromise").count(), 1, "{text}");
        assert!(text.contains("Revocation Date: Apr 10 00:00:00 2026 GMT"), "{text}");
    }
    stage.is_whole();
}

#[test]
fn one_that_waits_takes_over_at_once() {
    let stage = Stage::founded();
    let wait = "ca rollover --ca signature --issue-from 2026-06-01T00:00:00+09:00";
    stage.jpki(wait).exits(0);
    let before: Vec<Value> =
        stage.entries().iter().filter(|entry| entry["act"] == "revoked").cloned().collect();
    assert_eq!(before, Vec::<Value>::new());
    let recorded = stage.plain(&format!("{COMPROMISE} --json --at {THEN}")).exits(0).json();
    assert_eq!([&recorded["issues"], &recorded["links"]], [&json!(2), &json!(["6"])]);
    let issued = stage.issue(&holder("p-1"), &format!("--at {LATER}"));
    assert_eq!(signature(&issued)["generation"], 2);
    // The link that certified the compromised key is revoked by the one that signed it.
    let verdict = |file: &str| {
        let run = stage.plain(&format!("verify {file} --json --at {LATER}")).exits(1).json();
        json!([run["verdict"], run["reason"]])
    };
    for link in ["1-with-2", "2-with-1"] {
        let file = format!("home/ca/link-signature-{link}.cer");
        assert_eq!(verdict(&file), json!(["revoked", "ca-compromise"]));
    }
    let list = stage.plain(&format!("ca list --at {LATER}")).exits(0).stdout;
    assert!(list.contains("certifies signature-1: serial 6, revoked since"), "{list}");
    stage.plain(&format!("crl publish --out lists --partition 000000 --at {LATER}")).exits(0);
    let text = "openssl crl -noout -text -inform DER -in lists/current/signature-2-000000.crl";
    let text = stage.shell(text).exits(0).stdout;
    assert!(text.contains("Serial Number: 06") && text.contains("CA Compromise"), "{text}");
    stage.plain(&format!("ca link --at {LATER}")).exits(0);
    stage.is_whole();
}

#[test]
fn publication_is_certified_by_another_generation_when_there_is_one() {
    let stage = Stage::founded();
    stage.plain(&format!("{COMPROMISE} --at {THEN}")).exits(0);
    let publish = |words: &str| {
        let words =
            format!("crl publish --out lists --partition 000000 --json --at {LATER} {words}");
        stage.plain(&words).exits(0).json()
    };
    // Lists must go on while there is none.
    assert_eq!(publish("")["renewed"], Value::Null);
    stage.plain(&format!("ca rollover --ca signature --at {LATER}")).exits(0);
    assert_eq!(publish("")["renewed"]["serial"], "6");
    assert_eq!(publish("")["renewed"], Value::Null);
    let verdict = |file: &str, code| {
        stage.plain(&format!("verify {file} --at {LATER}")).exits(code);
    };
    verdict("home/ca/publication.cer", 0);
    verdict("lists/current/publication.cer", 0);
    // Its responders go on too, of both generations.
    stage.plain(&format!("ocsp status --at {LATER}")).exits(0);
    let in_time = "2026-04-20T09:00:00+09:00";
    let words = format!("crl publish --out lists --partition 000000 --json --at {in_time}");
    let made = stage.plain(&words).exits(0).json();
    let made = made["responders"].as_array().unwrap();
    let first = made.iter().find(|one| one["ca"] == "signature").unwrap();
    assert_eq!([&first["generation"], &first["status"]], [&json!(1), &json!("made")]);
    stage.is_whole();
}

#[test]
fn a_list_of_everything_is_made_for_whoever_asks() {
    let stage = compromised();
    let words = "ca compromise-list --ca signature --out compromised.crl";
    stage.plain(&format!("{words} --at {LATER}")).refused("R-CA-COMPROMISED");
    stage.plain(&format!("ca rollover --ca signature --algorithm p384 --at {LATER}")).exits(0);
    // A holder of the new generation whose certificate is revoked as any other.
    stage.issue(&holder("p-9"), &format!("--kind signature --at {LATER}"));
    let revoke = format!("revoke --ca signature --serial 11 --reason superseded --at {LATER}");
    stage.plain(&revoke).exits(0);
    let partition = "crl publish --out lists --partition 132217";
    stage.plain(&format!("{partition} --at {LATER}")).exits(0);
    let before = stage.read("lists/current/signature-1-132217.crl");

    let would = stage.plain(&format!("{words} --dry-run --json --at {LATER}")).exits(0).json();
    assert_eq!(json!([would["number"], would["generation"]]), json!([1, 2]));
    assert!(!stage.path("compromised.crl").exists());
    let made = stage.plain(&format!("{words} --json --at {LATER}")).exits(0).json();
    let told = json!([
        made["number"],
        made["generation"],
        made["compromised"],
        made["entries"],
        made["for_compromise"]
    ]);
    // 1 to 8 of the first generation, 11 of the second; 6 was revoked before.
    assert_eq!(told, json!([1, 2, [1], 9, 7]));
    stage.jpki("lint compromised.crl").exits(0);
    let text = "openssl crl -noout -text -inform DER -in compromised.crl";
    let openssl = format!("{text} -CAfile home/ca/signature-2.pem");
    let text = stage.shell(&openssl).exits(0).says("verify OK").stdout;
    assert_eq!(text.matches("Serial Number: ").count(), 9, "{text}");
    assert_eq!(text.matches("CA Compromise").count(), 7, "{text}");
    assert!(!text.contains("Issuing Distribution Point"), "{text}");
    assert!(text.contains("ecdsa-with-SHA384"), "{text}");
    let shown = stage.jpki("crl show compromised.crl --json").exits(0).lines();
    assert!(shown.len() > 9, "{shown:?}");
    // The next is another number, also beside full lists.
    let next = stage.plain(&format!("{words} --json --format pem --at {LATER}")).exits(0).json();
    assert_eq!(next["number"], 2);
    assert!(stage.read_text("compromised.crl").starts_with("-----BEGIN X509 CRL-----"));
    let acts = stage.count("compromise-listed");
    assert_eq!(acts, 2);
    // The partitions' stay as they are: nothing is due because of it.
    stage.plain(&format!("{partition} --at {LATER}")).exits(0);
    let after = stage.read("lists/current/signature-1-132217.crl");
    let entries = |list: &[u8]| -> Vec<_> {
        let list = jpki_ca::crl::Reader::new(list).unwrap();
        list.map(|entry| entry.unwrap().serial()).collect()
    };
    assert_eq!(entries(&after), entries(&before));
    let left: Vec<String> = stage.names(".");
    assert!(!left.iter().any(|name| name.contains(".writing-")), "{left:?}");
    // A place that cannot be written.
    let nowhere = words.replace("compromised.crl", "no/such/folder.crl");
    stage.plain(&format!("{nowhere} --at {LATER}")).exits(5);
    stage.is_whole();
}

#[test]
fn a_run_that_is_killed_has_recorded_it_or_not() {
    let stage = Stage::founded();
    let since = "ca rollover --ca signature --issue-from 2026-06-01T00:00:00+09:00";
    stage.jpki(since).exits(0);
    stage.shell("cp -a home founded").exits(0);
    let (mut before, mut behind) = (0, 0);
    // The limit on file size kills at the write that would exceed it.
    for blocks in (8..).step_by(8) {
        stage.shell("rm -rf home && cp -a founded home").exits(0);
        let line =
            format!("(ulimit -f {blocks}; exec jpki {COMPROMISE} --at {THEN}); echo died $? >&2");
        let died = !stage.shell(&line).stderr.contains("died 0");
        stage.is_whole();
        let is_recorded = stage.count("compromised") == 1;
        // With its link, or without.
        assert_eq!(stage.count("revoked"), usize::from(is_recorded));
        let own = generations(&stage, LATER)[0]["compromised"].clone();
        assert_eq!(own.is_object(), is_recorded);
        match (died, is_recorded) {
            (true, false) => before += 1,
            (true, true) => behind += 1,
            (false, true) => break,
            (false, false) => panic!("{blocks} blocks: it ended well and recorded nothing"),
        }
        let again = stage.plain(&format!("{COMPROMISE} --at {THEN}"));
        if is_recorded {
            again.refused("R-ALREADY-COMPROMISED")
        } else {
            again.exits(0)
        };
    }
    assert!(before > 0, "{before} before, {behind} behind");
}

#[test]
fn the_other_authority_has_its_own_articles() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.jpki("ca compromise --ca user-authentication --generation 1").exits(0);
    let why = stage.jpki(&format!("why {THE_USER_AUTHENTICATION} --json")).exits(0).json();
    assert_eq!([&why["state"], &why["cause"]["article"]], ["revoked", "piaa-33"]);
    // A signature certificate may be had by whoever has no other, as ever.
    assert_eq!(stage.verdict(SIGNATURE), "valid");
    let own = stage.plain(&format!("ca list --json --at {NOW}")).exits(0).json();
    assert_eq!(own["generations"][0]["compromised"], Value::Null);
}
