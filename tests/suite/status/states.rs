//! Whatever was done to a certificate is what OpenSSL reads in the answer, by either hash.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use crate::serve::Served;
use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::line_with_key;

use super::OCSP;

const CA: &str = "user-authentication";
/// When everything is over, as commands and as the machine's clock have it.
const THEN: &str = "2026-04-20T09:00:00+09:00";
const THEN_UTC: &str = "2026-04-20 00:00:00";
const THIS_UPDATE: &str = "Apr 20 00:00:00 2026 GMT";
const NEXT_UPDATE: &str = "Apr 20 00:30:00 2026 GMT";

const REASONS: [(&str, Option<&str>); 5] = [
    ("unspecified", None),
    ("key-compromise", Some("keyCompromise")),
    ("affiliation-changed", Some("affiliationChanged")),
    ("superseded", Some("superseded")),
    ("cessation-of-operation", Some("cessationOfOperation")),
];

/// What OpenSSL reads of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    status: String,
    reason: Option<String>,
    since: Option<String>,
}

impl Said {
    fn bare(status: &str) -> Self {
        Self { status: status.to_owned(), reason: None, since: None }
    }

    fn revoked(reason: Option<&str>, since: &str) -> Self {
        let (reason, since) = (reason.map(str::to_owned), Some(since.to_owned()));
        Self { status: "revoked".to_owned(), reason, since }
    }
}

/// Asks with OpenSSL for these numbers in one request, by a clock of its own; the answer must verify.
#[track_caller]
fn openssl(stage: &Stage, address: SocketAddr, at: &str, words: &str, numbers: &[u64]) -> Run {
    let issuer = format!("home/ca/{CA}-1.pem");
    let numbers: String = numbers.iter().map(|number| format!(" -serial {number}")).collect();
    let line = format!(
        "TZ=UTC faketime '{at}' openssl ocsp -issuer {issuer} -CAfile {issuer} {words}{numbers} -url \
         http://{address}"
    );
    stage.shell(&line).exits(0).says("Response verify OK")
}

/// What it said of each number.
#[track_caller]
fn said(run: &Run) -> BTreeMap<u64, Said> {
    let mut said = BTreeMap::new();
    let mut last = None;
    for line in run.stdout.lines().map(str::trim) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        match name {
            "This Update" => assert_eq!(value, THIS_UPDATE),
            "Next Update" => assert_eq!(value, NEXT_UPDATE),
            "Reason" | "Revocation Time" => {
                let of: &mut Said = said.get_mut(&last.unwrap()).unwrap();
                let place = if name == "Reason" { &mut of.reason } else { &mut of.since };
                *place = Some(value.to_owned());
            }
            number => {
                let number = number.parse().unwrap();
                said.insert(number, Said::bare(value));
                last = Some(number);
            }
        }
    }
    said
}

fn number_of(issued: &Value) -> u64 {
    let all = issued["certificates"].as_array().unwrap();
    let own = all.iter().find(|certificate| certificate["ca"] == CA).unwrap();
    own["serial"].as_str().unwrap().parse().unwrap()
}

/// Leaves intents behind, as a process does that dies between them and the certificates; the numbers.
#[track_caller]
fn intend(stage: &Stage) -> Vec<u64> {
    let lines: Vec<Value> = (101..=140).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    let drawn = |stage: &Stage| {
        let recover = stage.jpki("recover --dry-run --json").exits(0).json();
        let voided = recover["voided"].as_array().unwrap();
        let own = voided.iter().filter(|one| one["ca"] == CA);
        own.map(|one| one["serial"].as_str().unwrap().parse().unwrap()).collect::<Vec<u64>>()
    };
    stage.shell("cp -a home before").exits(0);
    // The limit on file size kills at the write that would exceed it: the store's log, or the file.
    for blocks in (64..2000).step_by(32) {
        stage.shell("rm -rf home && cp -a before home").exits(0);
        let issue =
            "jpki issue --batch batch.jsonl --out killed --json --at 2026-04-11T09:00:00+09:00";
        stage.shell(&format!("(ulimit -f {blocks}; exec {issue}); true"));
        let drawn = drawn(stage);
        if !drawn.is_empty() {
            return drawn;
        }
    }
    panic!("it never died between intents and certificates");
}

#[test]
fn whatever_was_done_is_what_openssl_reads() {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=7).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    let mut expected = BTreeMap::from([
        // The authority itself and its responder have numbers of the same counter.
        (1, Said::bare("good")),
        (2, Said::bare("good")),
        (3, Said::bare("good")),
        (5000, Said::bare("unknown")),
    ]);
    for ((serial, (reason, theirs)), day) in (4..).zip(REASONS).zip(11..) {
        let words = format!("revoke --ca {CA} --serial {serial} --reason {reason}");
        stage.plain(&format!("{words} --at 2026-04-{day}T09:00:0{serial}+09:00")).exits(0);
        let since = format!("Apr {day} 00:00:0{serial} 2026 GMT");
        expected.insert(serial, Said::revoked(theirs, &since));
    }
    let change = |verb: &str, serial: u64, time: &str| {
        let words = format!("{verb} --ca {CA} --serial {serial}");
        stage.plain(&format!("{words} --at 2026-04-{time}+09:00")).exits(0);
    };
    change("hold", 9, "11T09:00:00");
    expected.insert(9, Said::revoked(Some("certificateHold"), "Apr 11 00:00:00 2026 GMT"));

    stage.issue(&holder("p-card"), "");
    let released = number_of(&stage.issue(&holder("p-card"), "--carrier phone"));
    change("hold", released, "12T09:00:00");
    change("release", released, "12T09:10:00");
    expected.insert(released, Said::bare("good"));
    // A hold that ends in revocation keeps its date.
    stage.issue(&holder("p-other"), "");
    let lost = number_of(&stage.issue(&holder("p-other"), "--carrier phone"));
    change("hold", lost, "13T09:00:00");
    change("revoke --reason key-compromise", lost, "14T09:00:00");
    expected.insert(lost, Said::revoked(Some("keyCompromise"), "Apr 13 00:00:00 2026 GMT"));

    let first = number_of(&stage.issue(&holder("p-renewed"), ""));
    let renewed = "--renew --at 2026-04-15T09:00:00+09:00";
    let second = number_of(&stage.issue(&holder("p-renewed"), renewed));
    expected.insert(first, Said::revoked(Some("superseded"), "Apr 15 00:00:00 2026 GMT"));
    expected.insert(second, Said::bare("good"));

    let intended = intend(&stage);
    for number in &intended {
        expected.insert(*number, Said::bare("unknown"));
    }
    let served = Served::start(&stage, &format!("{OCSP} --at {THEN}"));
    let address = served.address("ocsp");
    let numbers: Vec<u64> = expected.keys().copied().collect();
    for words in ["", "-sha256", "-no_nonce", "-sha256 -no_nonce"] {
        assert_eq!(said(&openssl(&stage, address, THEN_UTC, words, &numbers)), expected, "{words}");
    }
    // What was intended and never became a certificate is given up: it may have been signed.
    stage.plain("recover --at 2026-04-19T09:00:00+09:00").exits(0);
    for number in &intended {
        expected.insert(*number, Said::revoked(None, "Apr 19 00:00:00 2026 GMT"));
    }
    for words in ["", "-no_nonce"] {
        assert_eq!(said(&openssl(&stage, address, THEN_UTC, words, &numbers)), expected, "{words}");
    }
}

#[test]
fn a_certificate_that_has_ended_is_answered_for_with_the_archive_cutoff() {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=3).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    let since = "2026-05-01T09:00:00+09:00";
    let revoke = format!("revoke --ca {CA} --serial 4 --reason key-compromise --at {since}");
    stage.plain(&revoke).exits(0);
    stage.plain(&format!("hold --ca {CA} --serial 5 --at {since}")).exits(0);
    let at = "2031-02-01T09:00:00+09:00";
    stage.plain(&format!("ocsp rotate --at {at}")).exits(0);
    for ticked in [false, true] {
        if ticked {
            stage.plain(&format!("feed tick --at {at}")).exits(0);
        }
        let served = Served::start(&stage, &format!("{OCSP} --at {at}"));
        let address = served.address("ocsp");
        let ask = |number: u64| {
            openssl(&stage, address, "2031-02-01 00:00:00", "-resp_text", &[number]).stdout
        };
        // Ten years of Japan's calendar.
        let cutoff = "Archive Cutoff: \n                Jan 31 15:00:00 2021 GMT";
        for (number, status) in [
            (3, "Cert Status: good"),
            (4, "Revocation Reason: keyCompromise (0x1)"),
            (5, "Revocation Reason: certificateHold (0x6)"),
        ] {
            let text = ask(number);
            assert!(text.contains(status) && text.contains(cutoff), "{text}");
        }
        assert!(!ask(1).contains("Archive Cutoff"), "the authority itself goes on");
    }
}

#[test]
fn an_unused_number_is_revoked_where_the_policy_says_so() {
    let stage = Stage::founded();
    stage.set("unissued = \"unknown\"", "unissued = \"revoked\"");
    let served = Served::start(&stage, &format!("{OCSP} --at {THEN}"));
    let address = served.address("ocsp");
    let run = openssl(&stage, address, THEN_UTC, "-resp_text", &[5000, 1]);
    assert_eq!(run.stdout.matches("Cert Status: good").count(), 1);
    let text = &run.stdout;
    assert!(text.contains("Revocation Time: Jan  1 00:00:00 1970 GMT"), "{text}");
    assert!(text.contains("Revocation Reason: certificateHold (0x6)"), "{text}");
    // As OpenSSL calls the identifier of id-pkix-ocsp-extended-revoke, 1.3.6.1.5.5.7.48.1.9.
    assert!(text.contains("\n        valid: \n"), "{text}");
}
