//! `jpki ca rollover`, `jpki ca list`, and what goes on under the generations before.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;

const ROLLOVER: &str = "ca rollover --ca signature";
/// A year after [`crate::stage::NOW`].
const LATER: &str = "2027-04-02T09:00:00+09:00";

/// The generations of the signature authority: number, serial, whether it issues, whether it signs
/// lists.
fn generations(stage: &Stage, at: &str) -> Vec<Value> {
    let list = stage.plain(&format!("ca list --json --at {at}")).exits(0).json();
    let all = list["generations"].as_array().unwrap().clone();
    let ours = all.iter().filter(|one| one["ca"] == "signature");
    ours.map(|g| json!([g["generation"], g["serial"], g["issues"], g["signs_lists"]])).collect()
}

/// The first certificate of a holder by the second generation, which has two numbers of its own, and two
/// links.
const SECOND: &str = "out/signature-9.cer";

/// Two generations of the signature authority, a holder of each: `p-1` and `p-2`.
fn rolled_over() -> Stage {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    stage.jpki(ROLLOVER).exits(0);
    stage.issue(&holder("p-2"), "");
    stage
}

#[test]
fn a_new_generation_has_the_name_the_next_number_and_a_key_of_its_own() {
    let stage = Stage::founded();
    let before = stage.record();
    let made = stage.jpki(&format!("{ROLLOVER} --algorithm p384 --json")).exits(0).json();
    let link = |certified: u8, by: u8, serial: &str| {
        json!({
            "ca": "signature",
            "certified": certified,
            "by": by,
            "status": "made",
            "serial": serial,
            "not_before": "2026-04-02T00:00:00Z",
            "not_after": "2036-03-31T14:59:59Z",
            "certificate": format!("home/ca/link-signature-{certified}-with-{by}.pem"),
        })
    };
    let expected = json!({
        "dry_run": false,
        "ca": "signature",
        "generation": 2,
        "serial": "4",
        "profile": "current",
        "algorithm": "p384",
        "not_before": "2026-04-02T00:00:00Z",
        "not_after": "2036-04-01T14:59:59Z",
        "issue_from": null,
        "certificate": "home/ca/signature-2.pem",
        "key": "home/keys/signature-2.key.pem",
        "laid_aside": null,
        "responder": {
            "ca": "signature",
            "generation": 2,
            "status": "made",
            "serial": "5",
            "algorithm": "p384",
            "not_before": "2026-04-02T00:00:00Z",
            "not_after": "2026-05-01T14:59:59Z",
            "revoked": [],
            "certificate": "home/ca/ocsp-signature-2.pem",
            "key": "home/keys/ocsp-signature-2.key.pem",
        },
        "links": [link(1, 2, "6"), link(2, 1, "7")],
    });
    assert_eq!(made, expected);
    assert_eq!(stage.mode("home/keys/signature-2.key.pem"), 0o600);
    let read = |line: &str| stage.shell(line).exits(0).stdout;
    let certified = read("openssl x509 -noout -pubkey -in home/ca/signature-2.pem");
    assert_eq!(certified, read("openssl pkey -pubout -in home/keys/signature-2.key.pem"));
    let names = |n: u8| {
        read(&format!("openssl x509 -noout -subject -issuer -in home/ca/signature-{n}.pem"))
    };
    assert_eq!(names(1), names(2));
    let verify = "openssl verify -x509_strict -check_ss_sig -attime 1775300000 -CAfile";
    stage.shell(&format!("{verify} home/ca/signature-2.pem home/ca/signature-2.pem")).exits(0);
    stage.shell(&format!("{verify} home/ca/signature-1.pem home/ca/publication.pem")).exits(0);
    stage.shell(&format!("{verify} home/ca/signature-2.pem home/ca/ocsp-signature-2.pem")).exits(0);
    stage.shell(&format!("{verify} home/ca/signature-1.pem home/ca/ocsp-signature-2.pem")).exits(2);
    stage.jpki("lint home/ca/signature-1.cer home/ca/signature-2.cer").exits(0);
    assert_eq!(stage.verdict("home/ca/signature-2.cer"), "valid");
    let entries = stage.entries();
    let acts: Vec<_> = entries[usize::try_from(before.0).unwrap()..]
        .iter()
        .map(|entry| json!([entry["act"], entry["generation"], entry["serial"]]))
        .collect();
    let own = [(2, "4"), (2, "5"), (2, "6"), (1, "7")];
    let own = own.map(|(by, n)| ["intended", "issued"].map(|act| json!([act, by, n])));
    assert_eq!(acts, own.concat(), "the generation, its responder, the links");
    stage.is_whole();
    // The other authority is as it was.
    assert!(!stage.path("home/ca/user-authentication-2.cer").exists());
    // Without a word about it, the next key is like the one before.
    let third = stage.jpki(&format!("{ROLLOVER} --json")).exits(0).json();
    assert_eq!([&third["generation"], &third["algorithm"]], [&json!(3), &json!("p384")]);
}

#[test]
fn the_newest_issues_and_the_old_one_still_counts() {
    let stage = rolled_over();
    assert_eq!(
        generations(&stage, LATER),
        [json!([1, "1", false, true]), json!([2, "5", true, true])]
    );
    let old = json!([1, "1", true, true]);
    assert_eq!(generations(&stage, "2026-04-01T12:00:00+09:00")[0], old, "as of a time before");
    let ended = generations(&stage, "2036-04-01T12:00:00+09:00");
    assert_eq!(ended, [json!([1, "1", false, false]), json!([2, "5", true, true])]);
    let text = stage.jpki("ca list").exits(0).stdout;
    assert!(text.contains("signs lists 失効情報のみ"), "{text}");

    let issuer = |file: &str| {
        let line = format!("openssl x509 -noout -ext authorityKeyIdentifier -in {file}");
        let text = stage.shell(&line).exits(0).stdout;
        text.lines().last().unwrap().trim().to_owned()
    };
    assert_eq!(issuer("out/signature-4.pem"), "serial:01");
    assert_eq!(issuer("out/signature-9.pem"), "serial:05");
    for file in [SIGNATURE, SECOND, "home/ca/publication.cer"] {
        assert_eq!(stage.verdict(file), "valid", "{file}");
    }
    let why = stage.jpki(&format!("why {THE_SIGNATURE} --json")).exits(0).json();
    assert_eq!(why["state"], "live");
    // The same request, asked again, gives the old generation's certificate.
    let again = stage.issue(&holder("p-3"), "--request-id r-3");
    assert_eq!(again["certificates"][0]["generation"], 2);
    stage.jpki(&format!("revoke {THE_SIGNATURE} --reason key-compromise")).exits(0);
    assert_eq!(stage.verdict(SIGNATURE), "revoked");
    stage
        .jpki("revoke --ca signature --serial 5 --reason superseded")
        .refused("R-AUTHORITY-ITSELF");
    stage.is_whole();
}

#[test]
fn a_renewal_moves_a_holder_to_the_new_generation() {
    let stage = Stage::founded();
    let first = stage.issue(&holder("p-1"), "--request-id r-1");
    stage.jpki(ROLLOVER).exits(0);
    stage.jpki("ca rollover --ca user-authentication").exits(0);
    let again = stage.issue(&holder("p-1"), "--request-id r-1");
    assert_eq!(again["status"], "existing");
    assert_eq!(again["certificates"], first["certificates"]);
    let renewed = stage.issue(&holder("p-1"), "--renew --request-id r-2");
    for certificate in renewed["certificates"].as_array().unwrap() {
        assert_eq!(certificate["generation"], 2, "{certificate}");
    }
    assert_eq!(stage.verdict(SIGNATURE), "revoked");
    assert_eq!(stage.verdict(SECOND), "valid");
    stage.is_whole();
}

#[test]
fn every_partition_has_a_list_of_every_generation_with_the_entries_of_all() {
    let stage = rolled_over();
    for serial in [4, 9] {
        stage
            .jpki(&format!("revoke --ca signature --serial {serial} --reason superseded"))
            .exits(0);
    }
    let publish = "crl publish --out lists --partition 132217";
    stage.jpki(publish).exits(0);
    let manifest = |stage: &Stage| -> Vec<Value> {
        let text = stage.read_text("lists/current/manifest.json");
        let manifest: Value = serde_json::from_str(&text).unwrap();
        let lists = manifest["lists"].as_array().unwrap();
        let ours = lists.iter().filter(|list| list["ca"] == "signature");
        ours.map(|l| json!([l["generation"], l["number"], l["entries"]])).collect()
    };
    assert_eq!(manifest(&stage), [json!([1, 1, 2]), json!([2, 2, 2])]);
    // With a third of another algorithm, whose digests have another name.
    stage.jpki(&format!("{ROLLOVER} --algorithm p384 --at {LATER}")).exits(0);
    let due = stage.jpki("crl publish --out lists --dry-run --json --at 2027-04-02T10:00:00+09:00");
    assert!(due.exits(0).json()["made"]["missing"].as_u64().unwrap() > 0);
    stage.jpki(&format!("{publish} --at {LATER}")).exits(0);
    assert_eq!(manifest(&stage), [json!([1, 3, 2]), json!([2, 4, 2]), json!([3, 5, 2])]);
    let text = stage.read_text("lists/current/manifest.json");
    let read: Value = serde_json::from_str(&text).unwrap();
    for list in read["lists"].as_array().unwrap() {
        let is_new = list["ca"] == "signature" && list["generation"] == 3;
        let name = list["digest"].to_string();
        assert_eq!(name.contains("384"), is_new, "{list}");
    }
    stage.jpki(&format!("crl status --out lists --json --at {LATER}")).exits(1);
}

#[test]
fn a_dry_run_says_what_would_be_made_and_changes_nothing() {
    let stage = Stage::founded();
    let before = stage.tree("home");
    let would = stage.jpki(&format!("{ROLLOVER} --dry-run --json")).exits(0).json();
    assert_eq!([&would["generation"], &would["serial"]], [&json!(2), &json!("4")]);
    let text = stage.jpki(&format!("{ROLLOVER} --dry-run")).exits(0).stdout;
    assert!(text.starts_with("would make signature-2: serial 4, p256, until 2036-04-01"), "{text}");
    let names: Vec<_> = before.keys().collect();
    assert_eq!(stage.tree("home").keys().collect::<Vec<_>>(), names);
    assert_eq!(generations(&stage, LATER), [json!([1, "1", true, true])]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let stage = Stage::founded();
    let early = format!("{ROLLOVER} --at 2026-03-31T09:00:00+09:00");
    stage.plain(&early).refused("R-CA-NOT-YET");
    stage.plain(&format!("{early} --dry-run")).refused("R-CA-NOT-YET");
    stage.plain("ca rollover").exits(2).says("--ca");
    stage.plain("ca rollover --ca signature --algorithm rsa1024").exits(2).says("--algorithm");
    // Whoever rolls over keeps the folder of the keys locked.
    let keys = fs::File::open(stage.path("home/keys")).unwrap();
    keys.lock().unwrap();
    stage.jpki(ROLLOVER).refused("R-ROLLOVER-PENDING");
    drop(keys);
    assert_eq!(generations(&stage, LATER).len(), 1);
    stage.jpki(ROLLOVER).exits(0);
}

#[test]
fn a_new_key_is_under_the_passphrase_of_the_others() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    stage.write("wrong", "wrong horse\n");
    let founded = "--at 2026-04-01T09:00:00+09:00 --passphrase-file passphrase";
    stage.plain(&format!("init --algorithm p256 {founded}")).exits(0);
    stage.jpki(ROLLOVER).exits(4).says("passphrase");
    stage.jpki(&format!("{ROLLOVER} --passphrase-file wrong")).exits(4).says("passphrase");
    assert_eq!(stage.names("home/keys").len(), FOUNDING, "no key without the passphrase");
    stage.jpki(&format!("{ROLLOVER} --passphrase-file passphrase")).exits(0);
    let open = "openssl pkey -noout -in home/keys/signature-2.key.pem -passin";
    stage.shell(&format!("{open} file:passphrase")).exits(0);
    stage.shell(&format!("{open} file:wrong")).exits(1);
    // A passphrase that the others do not have is no reason to encrypt.
    let stage = Stage::founded();
    stage.write("passphrase", "correct horse\n");
    stage.jpki(&format!("{ROLLOVER} --passphrase-file passphrase")).exits(0);
    stage.shell("openssl pkey -noout -in home/keys/signature-2.key.pem").exits(0);
}

/// Whatever happened: nothing dangles, the files are those of the generations that there are, and
/// they sign.
#[track_caller]
fn is_consistent(stage: &Stage) -> usize {
    stage.is_whole();
    let count = generations(stage, LATER).len();
    for generation in 1..=count {
        let read = |line: String| stage.shell(&line).exits(0).stdout;
        let stem = format!("signature-{generation}");
        let key = read(format!("openssl pkey -pubout -in home/keys/{stem}.key.pem"));
        assert_eq!(read(format!("openssl x509 -noout -pubkey -in home/ca/{stem}.pem")), key);
        stage.plain(&format!("verify home/ca/{stem}.cer --at {LATER}")).exits(0);
    }
    let next = format!("home/ca/signature-{}.cer", count + 1);
    assert!(!stage.path(&next).exists(), "no certificate of what is not there");
    count
}

#[test]
fn a_roll_over_that_is_killed_leaves_a_generation_or_none() {
    let stage = Stage::founded();
    stage.shell("cp -a home founded").exits(0);
    // The limit on file size kills at the very write that would exceed it: first while the store is
    // opened, then in the transactions of the intent and of the certificate, then behind them.
    let (mut before, mut between, mut behind) = (0, 0, 0);
    let mut links_made = std::collections::BTreeSet::new();
    for blocks in (56..).step_by(8) {
        stage.shell("rm -rf home && cp -a founded home").exits(0);
        let line =
            format!("(ulimit -f {blocks}; exec jpki {ROLLOVER} --at {LATER}); echo died $? >&2");
        let died = !stage.shell(&line).stderr.contains("died 0");
        let key_is_there = stage.path("home/keys/signature-2.key.pem").exists();
        let dangling = stage.jpki("recover --dry-run --json").exits(0).json();
        let dangling = dangling["voided"].as_array().unwrap().len();
        let made = is_consistent(&stage) - 1;
        assert!(key_is_there || dangling + made == 0, "the key is durable before the intent");
        match (died, made, dangling) {
            (true, 0, 0) => before += 1,
            (true, 0, 1) => between += 1,
            // Before, within or behind the making of its responder.
            (true, 1, 0 | 1) => behind += 1,
            (false, 1, 0) => break,
            other => panic!("{blocks} blocks: {other:?}"),
        }
        assert_eq!(stage.count("voided"), dangling);
        // What was not linked is linked on request, and by nobody else until then.
        let made_links = stage.count_links();
        let linked = stage.plain(&format!("ca link --json --at {LATER}")).exits(0).json();
        let linked = linked["links"].as_array().unwrap().len();
        assert_eq!(made_links + linked, 2 * made, "{made_links} before");
        links_made.insert(made_links);
        // Whoever publishes makes the responder that is missing.
        stage.plain(&format!("crl publish --partition 000000 --at {LATER}")).exits(0);
        stage.plain(&format!("ocsp status --at {LATER}")).exits(0);
        let drawn = stage.entries().iter().filter(|e| is_of_signature(e, "intended")).count();
        // The next run is not kept from it, and counts on from the number that was given up.
        let next = stage.plain(&format!("{ROLLOVER} --json --at {LATER}")).exits(0).json();
        assert_eq!(next["generation"], 2 + made);
        assert_eq!(next["serial"], (1 + drawn).to_string());
        // A key that no certificate came of is kept, under a name that nothing reads.
        assert_eq!(next["laid_aside"].is_string(), key_is_there && made == 0, "{next}");
        assert!(!stage.names("home/keys").iter().any(|name| name.contains(".writing-")));
        assert_eq!(is_consistent(&stage), 2 + made);
        if (made, dangling) == (0, 1) && between == 1 {
            given_up_is_listed(&stage);
        }
    }
    assert!(links_made.contains(&0) && links_made.contains(&1), "{links_made:?}");
    assert!(before > 0 && between > 0, "{before} before, {between} between, {behind} behind");
}

impl Stage {
    /// How many links of the signature authority there are.
    fn count_links(&self) -> usize {
        let list = self.plain(&format!("ca list --json --at {LATER}")).exits(0).json();
        let all = list["generations"].as_array().unwrap().iter();
        all.map(|one| one["links"].as_array().unwrap().len()).sum()
    }
}

fn is_of_signature(entry: &Value, act: &str) -> bool {
    entry["act"] == act && entry["ca"] == "signature"
}

/// The number that was given up, 4, has its place on the authority's own lists, and its reason.
fn given_up_is_listed(stage: &Stage) {
    stage.jpki("why --ca signature --serial 4").exits(0);
    let publish = "crl publish --out lists --partition 000000";
    stage.plain(&format!("{publish} --at {LATER}")).exits(0);
    for generation in [1, 2] {
        let list = format!("lists/current/signature-{generation}-000000.crl");
        let list = stage.shell(&format!("openssl crl -inform DER -noout -text -in {list}"));
        assert_eq!(list.exits(0).stdout.matches("Serial Number: 04").count(), 1);
    }
}

#[test]
fn what_an_interrupted_roll_over_left_does_not_stop_the_next() {
    let stage = Stage::founded();
    let stray = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out";
    let stray =
        format!("{stray} home/keys/signature-2.key.pem && chmod 600 home/keys/signature-2.key.pem");
    stage.shell(&stray).exits(0);
    stage.write("home/keys/signature-2.key.pem.writing-0011223344556677", "half a key");
    let left = stage.read("home/keys/signature-2.key.pem");
    stage.issue(&holder("p-1"), "");
    let made = stage.jpki(&format!("{ROLLOVER} --json")).exits(0).json();
    let aside = made["laid_aside"].as_str().unwrap();
    assert_eq!(stage.read(aside), left, "no key is ever destroyed");
    assert!(!stage.path("home/keys/signature-2.key.pem.writing-0011223344556677").exists());
    assert_eq!(is_consistent(&stage), 2);
    // Killed between the certificate and its files: the next command writes them.
    let certificate = stage.read("home/ca/signature-2.cer");
    fs::remove_file(stage.path("home/ca/signature-2.cer")).unwrap();
    fs::remove_file(stage.path("home/ca/signature-2.pem")).unwrap();
    stage.jpki("ca list --dry-run").exits(0);
    assert!(!stage.path("home/ca/signature-2.cer").exists(), "a dry run writes nothing");
    stage.jpki("ca list").exits(0);
    assert_eq!(stage.read("home/ca/signature-2.cer"), certificate);
    assert_eq!(is_consistent(&stage), 2);
}

#[test]
fn a_generation_signs_no_list_before_it_begins() {
    let stage = Stage::founded();
    stage.plain(&format!("{ROLLOVER} --at {LATER}")).exits(0);
    // The clock is set back: the second generation exists, and has not begun.
    stage.jpki("crl publish --out lists --partition 000000").exits(0);
    let signed = |stage: &Stage| -> Vec<Value> {
        let text = stage.read_text("lists/current/manifest.json");
        let manifest: Value = serde_json::from_str(&text).unwrap();
        let lists = manifest["lists"].as_array().unwrap();
        let ours = lists.iter().filter(|list| list["ca"] == "signature");
        ours.map(|list| list["generation"].clone()).collect()
    };
    assert_eq!(signed(&stage), [json!(1)]);
    let stands = |at: &str| -> Vec<Value> {
        let status = stage.plain(&format!("crl status --out lists --json --at {at}")).json();
        let lists = status["lists"].as_array().unwrap();
        let ours =
            lists.iter().filter(|list| list["ca"] == "signature" && list["partition"] == "000000");
        ours.map(|list| list["generation"].clone()).collect()
    };
    assert_eq!(stands(crate::stage::NOW), [json!(1)]);
    assert_eq!(stands(LATER), [json!(1), json!(2)]);
    stage.plain(&format!("crl publish --out lists --partition 000000 --at {LATER}")).exits(0);
    assert_eq!(signed(&stage), [json!(1), json!(2)]);
}

#[test]
fn the_key_of_a_generation_that_has_ended_may_be_gone() {
    let stage = rolled_over();
    let publish = "crl publish --out lists --partition 000000";
    fs::remove_file(stage.path("home/keys/signature-1.key.pem")).unwrap();
    stage.jpki(publish).exits(5).says("signature-1.key.pem");
    let ended = "2036-04-01T12:00:00+09:00";
    stage.plain(&format!("{publish} --at {ended}")).exits(0);
    fs::remove_file(stage.path("home/keys/signature-2.key.pem")).unwrap();
    stage.plain(&format!("{publish} --at {ended}")).exits(5).says("signature-2.key.pem");
}
