//! `jpki init`, and opening the home that it made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::stage::FOUNDED;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;

/// What a founding makes a key and a certificate for.
const OWN: [&str; 5] = [
    "ocsp-signature-1",
    "ocsp-user-authentication-1",
    "publication",
    "signature-1",
    "user-authentication-1",
];

/// A production home whose passphrase stands in the file `passphrase`.
fn production() -> Stage {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\nand what else is in the file\n");
    let words = "init --algorithm p256 --production --org EXAMPLE --passphrase-file passphrase";
    stage.plain(words).exits(0);
    stage
}

#[test]
fn a_home_has_both_authorities_and_is_its_owners_alone() {
    let stage = Stage::empty();
    let words = format!("init --algorithm p256 --at {FOUNDED} --json");
    let made = stage.plain(&words).exits(0).json();
    assert_eq!(stage.names("."), ["home"], "nothing is left of the making");
    let names: Vec<_> = ["ca", "jpki.toml", "keys", "store.db"].to_vec();
    let found = stage.names("home");
    assert!(names.iter().all(|name| found.contains(&(*name).to_owned())), "{found:?}");
    assert_eq!(
        stage.names("home/ca"),
        OWN.into_iter()
            .flat_map(|stem| ["cer", "pem"].map(|end| format!("{stem}.{end}")))
            .collect::<Vec<_>>()
    );
    let keys = OWN.map(|stem| format!("{stem}.key.pem"));
    assert_eq!(stage.names("home/keys"), keys);
    assert_eq!([stage.mode("home"), stage.mode("home/keys")], [0o700; 2]);
    for file in keys.iter().map(|key| format!("keys/{key}")).chain(["store.db".to_owned()]) {
        assert_eq!(stage.mode(&format!("home/{file}")), 0o600, "{file}");
    }
    assert_eq!(made["authorities"].as_array().unwrap().len(), 2);
    assert_eq!(made["services"].as_array().unwrap().len(), 3);
    for authority in made["authorities"].as_array().unwrap() {
        assert_eq!(authority["serial"], "1");
        assert_eq!(authority["not_before"], "2026-04-01T00:00:00Z", "--at sets it");
        assert_eq!(authority["not_after"], "2036-03-31T14:59:59Z", "ten years less a day");
    }
    let dates = stage.shell("openssl x509 -noout -dates -in home/ca/signature-1.pem").exits(0);
    assert_eq!(
        dates.stdout,
        "notBefore=Apr  1 00:00:00 2026 GMT\nnotAfter=Mar 31 14:59:59 2036 GMT\n"
    );
}

#[test]
fn publication_has_a_key_and_a_certificate_of_its_own() {
    let stage = Stage::empty();
    let made = stage.plain(&format!("init --algorithm p256 --at {FOUNDED} --json")).exits(0);
    let expected = json!({
        "service": "publication",
        "ca": "signature",
        "generation": 1,
        "serial": "2",
        "not_before": "2026-04-01T00:00:00Z",
        "not_after": "2029-03-31T14:59:59Z",
        "certificate": "home/ca/publication.pem",
    });
    assert_eq!(made.json()["services"][0], expected, "three years less a day");
    let verify = "openssl verify -x509_strict -attime 1775100000 -CAfile";
    stage.shell(&format!("{verify} home/ca/signature-1.pem home/ca/publication.pem")).exits(0);
    stage
        .shell(&format!("{verify} home/ca/user-authentication-1.pem home/ca/publication.pem"))
        .exits(2);
    let read = |line: &str| stage.shell(line).exits(0).stdout;
    let certified = read("openssl x509 -noout -pubkey -in home/ca/publication.pem");
    assert_eq!(certified, read("openssl pkey -pubout -in home/keys/publication.key.pem"));
    assert_eq!(
        read("openssl x509 -noout -subject -nameopt RFC2253 -in home/ca/publication.pem"),
        "subject=CN=Publication,OU=JPKI for digital signature,O=JPKI-SANDBOX,C=JP\n"
    );
    let verified = stage.jpki("verify home/ca/publication.pem --json").exits(0).json();
    let known = [&verified["verdict"], &verified["ca"], &verified["serial"]];
    assert_eq!(known, ["valid", "signature", "2"]);
    let late = "verify home/ca/publication.cer --at 2029-03-31T15:00:00Z --json";
    assert_eq!(stage.jpki(late).exits(1).json()["verdict"], "expired");
    let lint = stage.jpki("lint home/ca/publication.cer --json").exits(0).json();
    assert_eq!(lint["table"], "publication certificate (signature)");
    assert_eq!(lint["findings"][0]["id"], "L-UNCHECKED");
    let shown = stage.jpki("show home/ca/publication.cer --json").exits(0).json();
    let shown = &shown["objects"][0]["jpki"];
    assert_eq!([&shown["role"], &shown["ca"]], ["publication", "signature"]);
    assert_eq!(shown["partition"], json!({ "of": "authority" }));
    let why = stage.jpki("why --ca signature --serial 2 --json").exits(0).json();
    assert_eq!(why["state"], "live");
}

#[test]
fn every_authority_has_a_responder_with_a_key_and_a_certificate_of_its_own() {
    let stage = Stage::empty();
    let made = stage.plain(&format!("init --algorithm p256 --at {FOUNDED} --json")).exits(0).json();
    for (position, ca, serial) in [(1, "signature", "3"), (2, "user-authentication", "2")] {
        let stem = format!("ocsp-{ca}-1");
        let pem = format!("home/ca/{stem}.pem");
        let expected = json!({
            "service": "ocsp",
            "ca": ca,
            "generation": 1,
            "serial": serial,
            "not_before": "2026-04-01T00:00:00Z",
            "not_after": "2026-04-30T14:59:59Z",
            "certificate": pem,
        });
        assert_eq!(made["services"][position], expected, "thirty days");
        let verify = "openssl verify -x509_strict -purpose ocsphelper -attime 1775100000 -CAfile";
        stage.shell(&format!("{verify} home/ca/{ca}-1.pem {pem}")).exits(0);
        let read = |line: &str| stage.shell(line).exits(0).stdout;
        let certified = read(&format!("openssl x509 -noout -pubkey -in {pem}"));
        let key = read(&format!("openssl pkey -pubout -in home/keys/{stem}.key.pem"));
        assert_eq!(certified, key);
        let extensions =
            "openssl x509 -noout -ext extendedKeyUsage,noCheck,crlDistributionPoints -in";
        let extensions = read(&format!("{extensions} {pem}"));
        assert!(extensions.contains("OCSP Signing") && extensions.contains("OCSP No Check"));
        assert!(!extensions.contains("CRL"), "{extensions}");
        let cer = format!("home/ca/{stem}.cer");
        assert_eq!(stage.verdict(&cer), "valid");
        let lint = stage.jpki(&format!("lint {cer} --json")).exits(0).json();
        assert_eq!(lint["table"], format!("OCSP responder certificate ({ca})"));
        assert_eq!(lint["findings"][0]["id"], "L-UNCHECKED");
        let shown = stage.jpki(&format!("show {cer} --json")).exits(0).json();
        let shown = &shown["objects"][0]["jpki"];
        assert_eq!([&shown["role"], &shown["ca"]], ["ocsp", ca]);
        stage.jpki(&format!("why --ca {ca} --serial {serial}")).exits(0);
    }
}

#[test]
fn the_day_of_founding_is_a_day_in_japan() {
    let stage = Stage::empty();
    let late = "init --algorithm p256 --at 2026-04-01T15:00:00Z --json";
    let made = stage.plain(late).exits(0).json();
    assert_eq!(made["authorities"][0]["not_after"], "2036-04-01T14:59:59Z");
}

#[test]
fn an_authority_is_rsa_2048_unless_told_otherwise() {
    let stage = Stage::empty();
    let made = stage.plain(&format!("init --at {FOUNDED} --json")).exits(0).json();
    assert_eq!(made["authorities"][1]["algorithm"], "rsa2048");
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki("issue --holder holder.json --out out").exits(0);
    let key = stage.shell("openssl pkey -noout -text -in out/signature-4.key.pem").exits(0);
    assert!(key.stdout.contains("2048 bit"), "the holder's too: {}", key.stdout);
    let verify = "openssl verify -x509_strict -check_ss_sig -ignore_critical -attime 1775100000 \
                  -CAfile home/ca/signature-1.pem out/signature-4.pem";
    stage.shell(verify).exits(0);
}

#[test]
fn a_second_init_changes_nothing() {
    let stage = Stage::founded();
    let before = stage.tree("home");
    stage.plain("init --algorithm p256").exits(2).says("exists and is not empty");
    stage.plain("init --algorithm p256 --dry-run").exits(2).says("exists and is not empty");
    assert_eq!(stage.tree("home"), before);
    assert_eq!(stage.names("."), ["home"]);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let stage = Stage::empty();
    fs::create_dir(stage.path("home")).unwrap();
    stage.write("home/letter.txt", "not yours");
    stage.plain("init --algorithm p256").exits(2).says("home exists and is not empty");
    assert_eq!(stage.names("home"), ["letter.txt"]);
    assert_eq!(stage.names("."), ["home"]);
}

#[test]
fn an_empty_folder_becomes_a_home() {
    let stage = Stage::empty();
    fs::create_dir(stage.path("home")).unwrap();
    stage.plain("init --algorithm p256").exits(0);
    assert_eq!(stage.mode("home"), 0o700);
}

#[test]
fn a_file_in_the_place_of_a_home_is_refused() {
    let stage = Stage::empty();
    stage.write("home", "a file");
    let run = stage.plain("init --algorithm p256");
    run.exits(5).says("cannot use home");
    assert_eq!(stage.read_text("home"), "a file");
}

#[test]
fn a_dry_run_says_what_would_be_made() {
    let stage = Stage::empty();
    let run = stage.plain("init --algorithm p256 --org EXAMPLE --dry-run").exits(0);
    assert!(run.stdout.starts_with("would make home for O=EXAMPLE"), "{run:?}");
    assert!(stage.names(".").is_empty());
}

#[test]
fn production_demands_an_organisation_and_a_passphrase() {
    let stage = Stage::empty();
    stage.write("passphrase", "correct horse\n");
    stage.write("empty", "\n");
    let production = "init --algorithm p256 --production";
    for (options, says) in [
        ("--org EXAMPLE", "passphrase"),
        ("--passphrase-file passphrase", "--org"),
        ("--org EXAMPLE --passphrase-file empty", "empty"),
        ("--org EXAMPLE --passphrase-file missing", "missing"),
        ("--org EXAMPLE --passphrase-file passphrase --at 2026-04-01T00:00:00Z", "--at"),
    ] {
        stage.plain(&format!("{production} {options}")).exits(2).says(says);
        stage.plain(&format!("{production} {options} --dry-run")).exits(2).says(says);
    }
    assert_eq!(stage.names("."), ["empty", "passphrase"]);
}

#[test]
fn production_keys_are_encrypted_and_open_with_openssl() {
    let stage = production();
    for name in stage.names("home/keys") {
        let pem = stage.read_text(&format!("home/keys/{name}"));
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{name}");
        let open = format!("openssl pkey -noout -in home/keys/{name} -passin");
        stage.shell(&format!("{open} file:passphrase")).exits(0);
        stage.shell(&format!("{open} pass:wrong")).exits(1);
    }
    stage.write_json("holder.json", &holder("p-1"));
    stage.write("wrong", "wrong horse\n");
    // In production only the register enters people.
    stage.write_lines("residents.jsonl", &[holder("p-1")]);
    stage.plain("feed import residents.jsonl").exits(0);
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    stage.plain(&format!("{issue} --passphrase-file wrong")).exits(4).says("passphrase");
    stage.plain(issue).exits(4).says("passphrase");
    assert!(!stage.path("out").exists());
    stage.plain(&format!("{issue} --passphrase-file passphrase")).exits(0);
    stage.plain("audit verify").exits(0);
    let issuer = stage.shell("openssl x509 -noout -subject -in home/ca/signature-1.pem").exits(0);
    assert!(issuer.stdout.contains("EXAMPLE"), "{issuer:?}");
}

#[test]
fn the_clock_of_production_is_never_set() {
    let stage = production();
    stage.write_json("holder.json", &holder("p-1"));
    let refuses = || {
        for verb in [
            "issue --holder holder.json --holder-algorithm p256 --out out",
            "issue --holder holder.json --holder-algorithm p256 --dry-run",
            &format!("revoke {THE_SIGNATURE} --reason superseded"),
            &format!("hold {THE_SIGNATURE}"),
            &format!("release {THE_SIGNATURE}"),
            "recover",
        ] {
            let words = format!("{verb} --at 2030-01-01T00:00:00Z --passphrase-file passphrase");
            stage.plain(&words).refused("R-PRODUCTION-CLOCK");
        }
    };
    refuses();
    stage.set("policies = \"production\"", "policies = \"test\"");
    refuses();
    assert!(!stage.path("out").exists());
    let asks = "audit verify --at 2030-01-01T00:00:00Z --passphrase-file passphrase";
    stage.plain(asks).exits(0);
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    let key = stage.path("home/keys/signature-1.key.pem");
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        stage.jpki(issue).exits(2).says(&format!("mode {mode:o}")).says("chmod 600");
    }
    assert!(!stage.path("out").exists());
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    stage.jpki(issue).exits(0);
}

#[test]
fn a_missing_key_and_a_swapped_key_are_refused() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    let [one, other] = ["signature", "user-authentication"]
        .map(|ca| stage.path(&format!("home/keys/{ca}-1.key.pem")));
    let aside = stage.path("aside");
    fs::rename(&one, &aside).unwrap();
    stage.jpki(issue).exits(5).says("signature-1.key.pem");
    fs::copy(&other, &one).unwrap();
    stage
        .jpki(issue)
        .exits(2)
        .says("signature-1.key.pem is not the one that its certificate names");
    fs::rename(&aside, &one).unwrap();
    let publication = stage.path("home/keys/publication.key.pem");
    fs::rename(&publication, &aside).unwrap();
    stage.jpki(issue).exits(5).says("publication.key.pem");
    stage.jpki("audit verify").exits(0);
    fs::copy(&one, &publication).unwrap();
    stage
        .jpki(issue)
        .exits(2)
        .says("publication.key.pem is not the one that its certificate names");
    fs::rename(&aside, &publication).unwrap();
    assert!(!stage.path("out").exists());
    stage.jpki(issue).exits(0);
}

#[test]
fn settings_that_are_wrong_are_named() {
    for (from, to, says) in [
        ("[keys]\n", "[keys]\ncolour = \"red\"\n", "colour"),
        ("[policy]\n", "[policy]\nleap_birthdays = \"mar1\"\n", "leap_birthdays"),
        ("leap_birthday = \"feb28\"", "leap_birthday = \"feb30\"", "feb30"),
        ("organisation = \"JPKI-SANDBOX\"", "organisation = \"", "jpki.toml, line "),
        ("url = \"sqlite:store.db\"", "url = \"postgres://localhost/jpki\"", "PostgreSQL"),
        ("store = \"file:keys\"", "store = \"pkcs11:token=jpki\"", "module-path"),
    ] {
        let stage = Stage::founded();
        stage.set(from, to);
        let text = stage.read_text("home/jpki.toml");
        let line = 1 + text.lines().position(|line| line.starts_with(says)).unwrap_or_default();
        let run = stage.jpki("audit verify").exits(2).says(says);
        if ["colour", "leap_birthdays"].contains(&says) {
            run.says(&format!("jpki.toml, line {line}: unknown field"));
        }
    }
}

#[test]
fn another_organisation_than_in_the_certificates_is_refused() {
    let stage = Stage::founded();
    stage.set("organisation = \"JPKI-SANDBOX\"", "organisation = \"JPKI-SANDBOX2\"");
    stage.jpki("audit verify").exits(2).says("realm.organisation");
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki("issue --holder holder.json --out out").exits(2).says("realm.organisation");
    assert!(!stage.path("out").exists());
}

#[test]
fn stores_and_key_stores_of_other_kinds_are_refused_by_name() {
    let stage = Stage::empty();
    for (options, says) in [
        ("--store postgres://localhost/jpki", "PostgreSQL"),
        ("--key-store pkcs11:token=jpki", "module-path"),
        ("--store mysql:x", "sqlite:PATH"),
        ("--key-store keys", "file:FOLDER"),
        ("--ocsp-url ftp://x", "http"),
    ] {
        for dry in ["", " --dry-run"] {
            stage.plain(&format!("init --algorithm p256 {options}{dry}")).exits(2).says(says);
        }
    }
    stage.plain("init --algorithm rsa1024").exits(2).says("rsa2048");
    assert!(stage.names(".").is_empty());
}

#[test]
fn a_folder_that_is_no_home_is_said_to_be_none() {
    let stage = Stage::empty();
    stage.write_json("holder.json", &holder("p-1"));
    for words in ["audit verify", "recover", "issue --holder holder.json --out out"] {
        stage.plain(words).exits(2).says("home is not a home").says("jpki init");
    }
    let json = stage.plain("recover --json").exits(2).json();
    assert_eq!(json["status"], json!("error"));
    assert_eq!(stage.names("."), ["holder.json"]);
}
