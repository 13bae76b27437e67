//! `jpki issue`, one holder at a time.

use serde_json::Value;
use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::USER_AUTHENTICATION;
use crate::stage::holder;
use crate::stage::holder_with;
use crate::stage::public_key;

/// The end of the last certificate, and what decided it.
fn end(result: &Value) -> (&str, &str) {
    let certificate = result["certificates"].as_array().unwrap().last().unwrap();
    (certificate["not_after"].as_str().unwrap(), certificate["clause"].as_str().unwrap())
}

const ISSUE: &str = "issue --holder holder.json --holder-algorithm p256 --out out";

#[test]
fn the_result_says_what_was_issued_and_where_it_is() {
    let stage = Stage::founded();
    let result = stage.issue(&holder("p-1"), "--request-id r-1");
    let certificate = |ca: &str, serial: &str| {
        let files = ["cer", "pem", "key.pem"].map(|end| format!("out/{ca}-{serial}.{end}"));
        json!({
            "kind": ca,
            "ca": ca,
            "generation": 1,
            "serial": serial,
            "not_before": "2026-04-02T00:00:00Z",
            "not_after": "2030-12-07T14:59:59Z",
            "clause": "birthday5",
            "partition": "132217",
            "files": files,
        })
    };
    let expected = json!({
        "request_id": "r-1",
        "status": "issued",
        "certificates": [certificate("signature", "4"), certificate("user-authentication", "3")],
        "error": null,
    });
    assert_eq!(result, expected);
}

#[test]
fn certificates_and_keys_stand_in_the_folder_and_fit() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let files = ["signature-4", "user-authentication-3"]
        .iter()
        .flat_map(|stem| ["cer", "key.pem", "pem"].map(|end| format!("{stem}.{end}")))
        .collect::<Vec<_>>();
    assert_eq!(stage.names("out"), files);
    assert_eq!(stage.mode("out"), 0o700);
    for stem in ["signature-4", "user-authentication-3"] {
        assert_eq!(stage.mode(&format!("out/{stem}.key.pem")), 0o600);
        let read = |line: &str| stage.shell(&line.replace('@', &format!("out/{stem}"))).exits(0);
        let in_pem = read("openssl x509 -in @.pem -noout -fingerprint").stdout;
        let in_der = read("openssl x509 -inform DER -in @.cer -noout -fingerprint").stdout;
        assert_eq!(in_pem, in_der);
        let certified = read("openssl x509 -in @.pem -noout -pubkey").stdout;
        assert_eq!(read("openssl pkey -in @.key.pem -pubout").stdout, certified);
        assert_eq!(stage.verdict(&format!("out/{stem}.cer")), "valid");
        assert_eq!(stage.verdict(&format!("out/{stem}.pem")), "valid");
    }
}

#[test]
fn one_kind_can_be_asked_for() {
    let stage = Stage::founded();
    let result = stage.issue(&holder("p-1"), "--kind user-authentication");
    assert_eq!(result["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(result["certificates"][0]["kind"], "user-authentication");
    assert_eq!(stage.names("out").len(), 3);
    let result = stage.issue(&holder("p-1"), "--kind signature");
    assert_eq!(result["certificates"][0]["serial"], "4");
}

#[test]
fn each_authority_counts_its_own_numbers() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "--kind signature");
    let result = stage.issue(&holder("p-2"), "");
    let serials = ["0", "1"].map(|i| {
        let i: usize = i.parse().unwrap();
        result["certificates"][i]["serial"].as_str().unwrap().to_owned()
    });
    assert_eq!(serials, ["5", "3"], "behind those of the founding");
}

#[test]
fn a_phone_needs_a_signature_certificate_on_the_card_and_ends_no_later() {
    let stage = Stage::founded();
    let holder = holder_with("p-1", &json!({ "card": { "expires": "2028-05-01" } }));
    stage.write_json("holder.json", &holder);
    let phone = format!("{ISSUE} --carrier phone");
    stage.jpki(&phone).refused("R-PHONE-NEEDS-CARD");
    stage.issue(&holder, "--kind user-authentication");
    stage.jpki(&phone).refused("R-PHONE-NEEDS-CARD");
    stage.issue(&holder, "--kind signature");
    let result = stage.issue(&holder, "--carrier phone");
    assert_eq!(end(&result), ("2028-05-01T14:59:59Z", "card"));
    let signature = &result["certificates"][0];
    let said = [&signature["not_after"], &signature["clause"]];
    assert_eq!(said, ["2028-05-01T14:59:59Z", "authentication"], "on a tie the earlier clause");
    assert_eq!(stage.verdict(SIGNATURE), "valid", "each carrier has its own");
    assert_eq!(stage.verdict("out/signature-5.cer"), "valid");
    stage.jpki(&phone).refused("R-ALREADY-LIVE");
}

#[test]
fn a_live_certificate_is_replaced_only_when_asked() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let before = stage.record();
    stage.jpki(ISSUE).refused("R-ALREADY-LIVE").says("--renew");
    assert_eq!(stage.names("out").len(), 6, "the keys made for the refused request are gone");
    assert_eq!(stage.record().0, before.0 + 1, "the refusal is on record");
    let result = stage.issue(&holder("p-1"), "--renew");
    assert_eq!(result["certificates"][0]["serial"], "5");
    for (kind, old, new) in [("signature", 4, 5), ("user-authentication", 3, 4)] {
        let old = stage.jpki(&format!("verify out/{kind}-{old}.cer --json")).exits(1).json();
        assert_eq!([&old["verdict"], &old["reason"]], ["revoked", "superseded"]);
        assert_eq!(stage.verdict(&format!("out/{kind}-{new}.cer")), "valid");
    }
    assert_eq!(stage.count("revoked"), 2);
}

#[test]
fn a_renewal_in_the_last_three_months_earns_the_sixth_birthday() {
    for (day, expected) in [
        ("2030-09-06", ("2034-12-07T14:59:59Z", "birthday5")),
        ("2030-09-07", ("2035-12-07T14:59:59Z", "birthday6")),
        ("2030-12-06", ("2035-12-07T14:59:59Z", "birthday6")),
    ] {
        let stage = Stage::founded();
        stage.issue(&holder("p-1"), "");
        let result = stage.issue(&holder("p-1"), &format!("--renew --at {day}T12:00:00+09:00"));
        assert_eq!(end(&result), expected, "{day}");
    }
}

#[test]
fn the_same_request_gives_the_same_certificates() {
    let stage = Stage::founded();
    let first = stage.issue(&holder("p-1"), "--request-id r-1");
    let before = stage.tree("out");
    let entries = stage.record().0;
    let mut again = stage.issue(&holder("p-1"), "--request-id r-1 --at 2026-06-01T00:00:00Z");
    assert_eq!(again["status"], "existing");
    again["status"] = json!("issued");
    assert_eq!(again, first);
    assert_eq!(stage.tree("out"), before, "byte for byte");
    assert_eq!(stage.record().0, entries);
}

#[test]
fn a_request_id_is_not_used_for_something_else() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "--request-id r-1");
    stage.write_json("holder.json", &holder("p-1"));
    for other in ["--kind signature", "--renew", "--carrier phone"] {
        let words = format!("{ISSUE} --request-id r-1 {other}");
        stage.jpki(&words).refused("R-REQUEST-CONFLICT");
    }
    stage.write_json("holder.json", &holder_with("p-1", &json!({ "sex": "unknown" })));
    let words = format!("{ISSUE} --request-id r-1 --json");
    let refused = stage.jpki(&words).refused("R-REQUEST-CONFLICT").json();
    assert_eq!(refused["status"], "refused");
    assert_eq!(refused["request_id"], "r-1");
    assert_eq!(refused["certificates"], json!([]));
    assert_eq!(refused["error"]["rule"], "R-REQUEST-CONFLICT");
    assert_eq!(stage.names("out").len(), 6);
    let strange = stage.jpki(&format!("{ISSUE} --request-id 花子 --json")).exits(2).json();
    assert_eq!(strange["error"]["rule"], "E-REQUEST-ID");
}

#[test]
fn a_certificate_whose_key_is_lost_is_discarded() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "--request-id r-1");
    std::fs::remove_file(stage.path("out/signature-4.key.pem")).unwrap();
    let words = format!("{ISSUE} --request-id r-1");
    stage.jpki(&words).refused("R-KEY-LOST");
    let lost = stage.jpki(&format!("verify {SIGNATURE} --json")).exits(1).json();
    assert_eq!([&lost["verdict"], &lost["reason"]], ["revoked", "unspecified"]);
    assert_eq!(stage.verdict(USER_AUTHENTICATION), "valid");
    stage.jpki(&words).refused("R-KEY-LOST");
    let result = stage.issue(&holder("p-1"), "--request-id r-2 --kind signature");
    assert_eq!(result["status"], "issued");
}

#[test]
fn a_public_key_is_taken_in_pem_or_der() {
    let stage = Stage::founded();
    stage.write("key.pem", public_key(7));
    stage.shell("openssl pkey -pubin -in key.pem -outform DER -out key.der").exits(0);
    let result = stage.issue(&holder("p-1"), "--kind signature --public-key key.pem");
    assert_eq!(
        result["certificates"][0]["files"],
        json!([SIGNATURE, "out/signature-4.pem"]),
        "there is no private key to hand over"
    );
    assert_eq!(stage.names("out").len(), 2);
    let certified = stage.shell("openssl x509 -in out/signature-4.pem -noout -pubkey").exits(0);
    assert_eq!(certified.stdout, public_key(7));
    let renewed = "--kind signature --public-key key.der --renew";
    stage.issue(&holder("p-1"), renewed);
    let certified = stage.shell("openssl x509 -in out/signature-5.pem -noout -pubkey").exits(0);
    assert_eq!(certified.stdout, public_key(7));
}

#[test]
fn a_certification_request_must_prove_possession_of_its_key() {
    let stage = Stage::founded();
    stage
        .shell(
            "openssl req -new -newkey rsa:2048 -nodes -keyout mine.pem -subj /CN=anyone \
             -out good.csr && openssl req -in good.csr -outform DER -out good.der",
        )
        .exits(0);
    stage.issue(&holder("p-1"), "--kind signature --csr good.csr");
    let certified = stage.shell("openssl x509 -in out/signature-4.pem -noout -pubkey").exits(0);
    let mine = stage.shell("openssl pkey -in mine.pem -pubout").exits(0);
    assert_eq!(certified.stdout, mine.stdout);
    let mut bytes = stage.read("good.der");
    *bytes.last_mut().unwrap() ^= 1;
    stage.write("broken.der", &bytes);
    stage.write_json("holder.json", &holder("p-2"));
    let with = |file: &str| format!("{ISSUE} --kind signature --csr {file}");
    stage.jpki(&with("broken.der")).exits(2).says("broken.der");
    stage.jpki(&with("mine.pem")).exits(2).says("mine.pem");
    stage.write("key.pem", public_key(7));
    stage.jpki(&with("key.pem")).exits(2).says("key.pem");
    stage.jpki(&with("absent.csr")).exits(2).says("absent.csr");
    assert_eq!(stage.names("out").len(), 2);
}

#[test]
fn one_key_is_for_one_kind() {
    let stage = Stage::founded();
    stage.write("key.pem", public_key(7));
    stage.write("x.csr", "");
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(&format!("{ISSUE} --public-key key.pem")).exits(2).says("E-ONE-KEY");
    let both = format!("{ISSUE} --kind signature --public-key key.pem --csr x.csr");
    stage.jpki(&both).exits(2).says("cannot be used with");
    stage.jpki("issue --batch x --public-key key.pem --out out").exits(2);
    assert!(!stage.path("out").exists());
}

#[test]
fn a_key_is_for_one_holder_and_one_of_their_certificates() {
    let stage = Stage::founded();
    stage.write("key.pem", public_key(7));
    stage.issue(&holder("p-1"), "--kind signature --public-key key.pem");
    stage.write_json("holder.json", &holder("p-2"));
    let words = format!("{ISSUE} --public-key key.pem --kind");
    stage.jpki(&format!("{words} signature")).refused("R-KEY-DUPLICATE");
    stage.jpki(&format!("{words} user-authentication")).refused("R-KEY-DUPLICATE");
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(&format!("{words} user-authentication")).refused("R-KEY-TWICE");
}

#[test]
fn a_dry_run_issues_nothing() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    let before = stage.record();
    let dry = stage.jpki(&format!("{ISSUE} --dry-run --json")).exits(0).json();
    assert_eq!(dry["status"], "would-issue");
    assert_eq!(dry["certificates"][0]["serial"], "4");
    assert_eq!(dry["certificates"][0]["files"], json!([]));
    stage.jpki("issue --holder holder.json --holder-algorithm p256 --dry-run").exits(0);
    assert_eq!(stage.record(), before);
    assert!(!stage.path("out").exists());
    let result = stage.issue(&holder("p-1"), "--request-id r-1");
    assert_eq!(result["certificates"][0]["serial"], "4", "no number was used up");
    stage.jpki(&format!("{ISSUE} --dry-run")).refused("R-ALREADY-LIVE");
    let same = stage.jpki(&format!("{ISSUE} --request-id r-1 --dry-run --json")).exits(0).json();
    assert_eq!(same["status"], "existing");
}

#[test]
fn under_fifteen_there_is_no_signature_certificate() {
    let stage = Stage::founded();
    let child = |day: &str| holder_with("p-1", &json!({ "birth_date": day }));
    stage.write_json("holder.json", &child("2011-04-03"));
    stage.jpki(ISSUE).refused("R-AGE-15");
    stage.jpki(&format!("{ISSUE} --kind signature")).refused("R-AGE-15");
    assert_eq!(stage.count("intended"), FOUNDING, "both or none: only those of the founding");
    let result = stage.issue(&child("2011-04-03"), "--kind user-authentication");
    assert_eq!(end(&result), ("2030-04-03T14:59:59Z", "birthday5"));
    stage.issue(&holder_with("p-2", &json!({ "birth_date": "2011-04-02" })), "");
}

#[test]
fn adult_wards_follow_the_policy() {
    let stage = Stage::founded();
    let ward = holder_with("p-1", &json!({ "guardianship": true }));
    stage.write_json("holder.json", &ward);
    stage.jpki(ISSUE).refused("R-GUARDIANSHIP");
    stage.issue(&ward, "--kind user-authentication");
    stage.set("adult_wards = \"refuse\"", "adult_wards = \"allow\"");
    stage.issue(&ward, "--kind signature");
}

#[test]
fn a_foreign_residents_certificate_ends_with_the_stay() {
    for category in ["mid_long_term", "temporary_refuge", "provisional_stay", "transitional"] {
        let stage = Stage::founded();
        let with = |residence: &Value| {
            let fields = json!({ "name": "ROSSI ANNA", "residence": residence });
            holder_with("p-1", &fields)
        };
        stage.write_json("holder.json", &with(&json!({ "category": category })));
        stage.jpki(ISSUE).exits(2).says("residence: ");
        let ended = json!({ "category": category, "period_end": "2026-04-01" });
        stage.write_json("holder.json", &with(&ended));
        stage.jpki(ISSUE).refused("R-STAY-ENDED");
        let stays = json!({ "category": category, "period_end": "2027-03-31" });
        let result = stage.issue(&with(&stays), "");
        assert_eq!(end(&result), ("2027-03-31T14:59:59Z", "card"), "{category}");
    }
}

#[test]
fn those_who_stay_for_good_have_no_period() {
    for category in ["permanent", "special_permanent", "highly_skilled_2"] {
        let stage = Stage::founded();
        let fields = json!({ "name": "ROSSI ANNA", "residence": { "category": category } });
        let result = stage.issue(&holder_with("p-1", &fields), "");
        assert_eq!(end(&result), ("2030-12-07T14:59:59Z", "birthday5"), "{category}");
    }
}

#[test]
fn nationals_abroad_are_issued_to_under_their_place_of_registry() {
    let stage = Stage::founded();
    let fields = json!({ "residence": { "category": "national_abroad" }, "address": "国外転出" });
    let result = stage.issue(&holder_with("p-1", &fields), "");
    assert_eq!(result["certificates"][0]["partition"], "132217");
}

#[test]
fn nothing_is_issued_outside_the_authoritys_own_time() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(&format!("{ISSUE} --at 2026-03-31T23:59:59Z")).refused("R-CA-NOT-YET");
    stage.jpki(&format!("{ISSUE} --at 2031-12-08T00:00:00Z")).refused("R-CA-END");
    assert_eq!(stage.count("intended"), FOUNDING);
    let last = stage.issue(&holder("p-1"), "--at 2031-12-06T00:00:00Z");
    assert_eq!(end(&last).0, "2035-12-07T14:59:59Z");
}

#[test]
fn another_authoritys_files_are_not_replaced() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let before = stage.tree("out");
    let other = "--home other";
    stage.plain(&format!("init --algorithm p256 --at 2026-04-01T00:00:00Z {other}")).exits(0);
    let words = format!("{ISSUE} --request-id r-1 {other}");
    stage.jpki(&words).exits(2).says(SIGNATURE);
    let after = stage.tree("out");
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
    let aside = "mkdir aside && mv out/signature-4.* out/user-authentication-3.* aside";
    stage.shell(aside).exits(0);
    let result = stage.jpki(&format!("{words} --json")).exits(0).json();
    assert_eq!(result["status"], "existing");
    assert_eq!(stage.names("out").len(), 6, "with the keys that had waited");
}

#[test]
fn a_pipe_that_is_closed_early_does_not_stop_the_work() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    stage.shell(&format!("jpki {ISSUE} --at 2026-04-02T00:00:00Z --json | true")).exits(0);
    stage.shell("jpki audit list --json | head -n 1").exits(0);
    stage.is_whole();
}

#[test]
fn weak_keys_are_refused() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    for (rule, options) in [
        ("R-KEY-SIZE", "rsa_keygen_bits:1024"),
        ("R-KEY-EXPONENT", "rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3"),
    ] {
        let make = format!("openssl genpkey -algorithm RSA -pkeyopt {options} -out mine.pem");
        let give = "openssl pkey -in mine.pem -pubout -out public.pem";
        stage.shell(&format!("{make} && {give}")).exits(0);
        let words = format!("{ISSUE} --kind signature --public-key public.pem");
        stage.jpki(&words).refused(rule);
        stage.jpki(&format!("{words} --dry-run")).refused(rule);
    }
    assert_eq!(stage.count("intended"), FOUNDING);
}
