//! Link certificates, old with new and new with old, before strangers.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::oracle::pkilint_findings;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::holder;

use super::generations;

const ROLLOVER: &str = "ca rollover --ca signature";
/// Old with new, and new with old.
const LINKS: [&str; 2] = ["home/ca/link-signature-1-with-2", "home/ca/link-signature-2-with-1"];
/// When strangers look: a day after the roll-over, as OpenSSL and the machine's clock have it.
const ATTIME: &str = "-attime 1775217600";
const CLOCK: &str = "TZ=UTC faketime '2026-04-03 12:00:00'";

/// An authority with a key of RSA-2048 that was followed by one of P-384, and a holder of each.
fn rolled_over() -> Stage {
    let stage = Stage::founded_with("rsa2048");
    stage.issue(&holder("p-1"), "");
    stage.jpki(&format!("{ROLLOVER} --algorithm p384")).exits(0);
    stage.issue(&holder("p-2"), "");
    stage
}

/// The first signature certificate of the second generation: behind that's own, its responder's and two
/// links.
const SECOND: &str = "out/signature-9";

#[test]
fn each_certifies_the_others_key_and_both_are_what_the_profile_says() {
    let stage = rolled_over();
    let read = |line: &str| stage.shell(line).exits(0).stdout;
    for (link, certified, by, algorithm) in
        [(LINKS[0], 1, 2, "ecdsa-with-SHA384"), (LINKS[1], 2, 1, "sha256WithRSAEncryption")]
    {
        let pem = format!("{link}.pem");
        let own = |generation| format!("home/ca/signature-{generation}.pem");
        let key = |file: &str| read(&format!("openssl x509 -noout -pubkey -in {file}"));
        assert_eq!(key(&pem), key(&own(certified)));
        let names = |file: &str| read(&format!("openssl x509 -noout -subject -issuer -in {file}"));
        assert_eq!(names(&pem), names(&own(1)));
        let text = read(&format!("openssl x509 -noout -text -in {pem}"));
        let serial = |file: &str| {
            let line = read(&format!("openssl x509 -noout -serial -in {file}"));
            line.trim().strip_prefix("serial=").unwrap().to_owned()
        };
        for part in [
            format!("Signature Algorithm: {algorithm}"),
            "Not Before: Apr  2 00:00:00 2026 GMT".to_owned(),
            // The older one's end.
            "Not After : Mar 31 14:59:59 2036 GMT".to_owned(),
            "CA:TRUE".to_owned(),
            "Policy: X509v3 Any Policy".to_owned(),
            format!("serial:{}", serial(&own(by))),
        ] {
            assert!(text.contains(&part), "{part} is not in {text}");
        }
        stage.jpki(&format!("lint {link}.cer {link}.pem")).exits(0);
        let shown = stage.jpki(&format!("show {pem}")).exits(0).stdout;
        assert!(shown.contains("リンク証明書 Link certificate of the signature CA"), "{shown}");
        assert_eq!(stage.verdict(&format!("{link}.cer")), "valid");
    }
    let files = LINKS.map(|link| stage.path(&format!("{link}.cer")));
    let findings = pkilint_findings(&files.each_ref().map(|file| file.as_path()));
    assert!(findings.is_empty(), "{findings:?}");
    let list = generations(&stage, crate::stage::NOW);
    let links = |one: &Value| json!([one["links"][0]["certified"], one["links"][0]["serial"]]);
    assert_eq!([links(&list[0]), links(&list[1])], [json!([2, "8"]), json!([1, "7"])]);
    assert!(list.iter().all(|one| one["links_missing"] == json!([])));
    let text = stage.jpki("ca list").exits(0).stdout;
    assert!(text.contains("certifies signature-2: serial 8, until 2036-03-31"), "{text}");
    stage
        .jpki("revoke --ca signature --serial 7 --reason superseded")
        .refused("R-AUTHORITY-ITSELF");
    stage.is_whole();
}

#[test]
fn openssl_accepts_each_by_itself_and_no_path_through_one() {
    let stage = rolled_over();
    let verify = format!("openssl verify -x509_strict {ATTIME}");
    for (link, by, certified) in [(LINKS[0], 2, 1), (LINKS[1], 1, 2)] {
        let by = format!("home/ca/signature-{by}.pem");
        stage.shell(&format!("{verify} -partial_chain -trusted {by} {link}.pem")).exits(0);
        stage.shell(&format!("{verify} -CAfile {by} {link}.pem")).exits(0);
        let other = format!("home/ca/signature-{certified}.pem");
        stage.shell(&format!("{verify} -partial_chain -trusted {other} {link}.pem")).exits(2);
    }
    // The leaf names the serial number of its issuer's own certificate, which a link has not.
    for (leaf, link, anchor) in
        [("out/signature-4.pem", LINKS[0], 2), (&format!("{SECOND}.pem"), LINKS[1], 1)]
    {
        let files = format!("-CAfile home/ca/signature-{anchor}.pem -untrusted {link}.pem {leaf}");
        let refused = stage.shell(&format!("openssl verify {ATTIME} {files}")).exits(2);
        assert!(refused.stderr.contains("unable to get local issuer certificate"), "{refused:?}");
    }
}

/// GnuTLS takes the authority key identifier for a hint: it builds the path by names and keys.
#[test]
fn gnutls_follows_either_from_a_holder_to_the_other_generation() {
    let stage = rolled_over();
    let verify = |chain: &[&str], anchor: u8| {
        stage.shell(&format!("cat {} > chain.pem", chain.join(" "))).exits(0);
        let words = "certtool --verify --verify-profile medium --load-ca-certificate";
        stage.shell(&format!("{CLOCK} {words} home/ca/signature-{anchor}.pem --infile chain.pem"))
    };
    let (first, second) = ("out/signature-4.pem", &format!("{SECOND}.pem"));
    let [old_with_new, new_with_old] = LINKS.map(|link| format!("{link}.pem"));
    // Those who trust the new one alone, and the old one alone.
    for (leaf, link, anchor) in [(first, &old_with_new, 2), (second, &new_with_old, 1)] {
        verify(&[leaf, link], anchor).exits(0);
        verify(&[leaf], anchor).exits(1);
    }
    // The wrong way round, nothing is certified.
    verify(&[first, &new_with_old], 2).exits(1);
    verify(&[second, &old_with_new], 1).exits(1);
}

/// The JDK asks names and keys: its validator finds the holder's policy through the link, and its builder
/// the path itself.
#[test]
fn the_jdk_validates_the_path_with_the_policy_required() {
    let stage = rolled_over();
    let source =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/generations/Walk.java");
    let walk = |words: &str| {
        stage.shell(&format!("java {} 1775217600 {words}", source.display())).exits(0).stdout
    };
    let (first, second) = ("out/signature-4.cer", format!("{SECOND}.cer"));
    let policy = "1.2.392.200149.8.5.1.0.20";
    for (leaf, link, anchor) in [(first, LINKS[0], 2), (&second, LINKS[1], 1)] {
        let anchor = format!("home/ca/signature-{anchor}.cer");
        let path = format!("{anchor} {leaf} {link}.cer");
        assert_eq!(walk(&format!("{policy} {path}")), "valid\nfound\n");
        let wrong = walk(&format!("1.2.392.200149.8.5.1.0.30 {path}"));
        assert!(wrong.starts_with("invalid"), "{wrong}");
        let without = walk(&format!("{policy} {anchor} {leaf}"));
        assert!(without.starts_with("invalid"), "{without}");
        // It would find what is issued by the anchor itself.
        let own = walk(&format!("{policy} {} {leaf}", anchor_of(leaf)));
        assert_eq!(own, "valid\nfound\n");
    }
}

/// The certificate of the generation that issued a holder's.
fn anchor_of(leaf: &str) -> String {
    let generation = if leaf.starts_with(SECOND) { 2 } else { 1 };
    format!("home/ca/signature-{generation}.cer")
}

#[test]
fn what_is_missing_is_made_on_request_and_by_the_next_roll_over() {
    let stage = Stage::founded();
    let words = "ca link --json";
    assert_eq!(stage.jpki(words).exits(0).json()["links"], json!([]));
    assert_eq!(stage.jpki("ca link").exits(0).stdout, "no link is missing\n");
    // As an earlier version left it, which knew no links.
    stage.jpki(ROLLOVER).exits(0);
    stage.issue(&holder("p-1"), "");
    stage.to_store_2();
    for link in LINKS {
        fs::remove_file(stage.path(&format!("{link}.cer"))).unwrap();
        fs::remove_file(stage.path(&format!("{link}.pem"))).unwrap();
    }
    let missing = |stage: &Stage| -> Vec<Value> {
        let list = generations(stage, crate::stage::NOW);
        list.iter().map(|one| one["links_missing"].clone()).collect()
    };
    assert_eq!(missing(&stage), [json!([2]), json!([1])]);
    let ends = generations(&stage, "2030-01-01T00:00:00+09:00");
    let ends: Vec<&Value> = ends.iter().map(|one| &one["needed_until"]).collect();
    assert_eq!(
        ends,
        [&Value::Null, &json!("2036-04-01T14:59:59Z")],
        "the first has certified nobody"
    );
    let text = stage.jpki("ca list").exits(0).stdout;
    assert!(text.contains("does not certify signature-1 yet: jpki ca link"), "{text}");
    stage.shell("cp -a home without").exits(0);

    let before = stage.tree("home");
    let would = stage.jpki("ca link --dry-run").exits(0).stdout;
    assert!(
        would.contains("signature-1 with 2") && would.contains("nothing was written"),
        "{would}"
    );
    assert_eq!(stage.tree("home").keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    let made = stage.jpki(&format!("{words} --ca user-authentication")).exits(0).json();
    assert_eq!(made["links"], json!([]));
    let made = stage.jpki(words).exits(0).json();
    let made: Vec<Value> = made["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| json!([link["certified"], link["by"], link["status"], link["certificate"]]))
        .collect();
    let pem = LINKS.map(|link| format!("{link}.pem"));
    assert_eq!(made, [json!([1, 2, "made", pem[0]]), json!([2, 1, "made", pem[1]])]);
    assert_eq!(missing(&stage), [json!([]), json!([])]);
    assert_eq!(stage.jpki("ca link").exits(0).stdout, "no link is missing\n");

    // The next roll-over sees to the pair before it too.
    stage.shell("rm -r home && mv without home").exits(0);
    let third = stage.jpki(&format!("{ROLLOVER} --json")).exits(0).json();
    let made: Vec<Value> = third["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| json!([link["certified"], link["by"]]))
        .collect();
    assert_eq!(made, [json!([1, 2]), json!([2, 1]), json!([2, 3]), json!([3, 2])]);
    // Killed between a link and its files: the next command writes them.
    fs::remove_file(stage.path(&pem[0])).unwrap();
    stage.jpki("ca list --dry-run").exits(0);
    assert!(!stage.path(&pem[0]).exists());
    stage.jpki("ca list").exits(0);
    assert!(stage.path(&pem[0]).exists());
}

#[test]
fn a_path_leads_over_several_generations() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    for algorithm in ["p384", "rsa2048"] {
        stage.jpki(&format!("{ROLLOVER} --algorithm {algorithm}")).exits(0);
    }
    let pem = fs::read_to_string(stage.path(&SIGNATURE.replace(".cer", ".pem"))).unwrap();
    let links = ["1-with-2", "2-with-3"]
        .map(|link| stage.read_text(&format!("home/ca/link-signature-{link}.pem")));
    stage.write("chain.pem", [pem, links.concat()].concat());
    let words =
        "certtool --verify --verify-profile medium --infile chain.pem --load-ca-certificate";
    stage.shell(&format!("{CLOCK} {words} home/ca/signature-3.pem")).exits(0);
    stage.shell(&format!("{CLOCK} {words} home/ca/user-authentication-1.pem")).exits(1);
}

#[test]
fn keys_under_a_passphrase_link_too() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    let founded = format!("--at {} --passphrase-file passphrase", crate::stage::FOUNDED);
    stage.plain(&format!("init --algorithm p256 {founded}")).exits(0);
    stage.jpki("ca link").exits(4).says("passphrase");
    stage.jpki("ca link --passphrase-file passphrase").exits(0);
    let keys = fs::File::open(stage.path("home/keys")).unwrap();
    keys.lock().unwrap();
    stage.jpki("ca link --passphrase-file passphrase").refused("R-RENEWAL-PENDING");
}
