//! Sessions with generations that issue for the next card, alone and behind those that do not.

use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;

const BOTH: [&str; 2] = ["signature", "user-authentication"];

/// A home that issues for the next card from the beginning.
fn founded() -> Stage {
    let stage = Stage::empty();
    stage.plain("init --profile next --at 2029-04-01T09:00:00+09:00").exits(0);
    stage
}

/// Issues to a holder on a day: end and clause of both certificates, by kind.
#[track_caller]
fn issue(stage: &Stage, form: &Value, day: &str, options: &str) -> [(String, String); 2] {
    stage.write_json("holder.json", form);
    let words =
        format!("issue --holder holder.json --out out --json --at {day}T09:00:00+09:00 {options}");
    let result = stage.plain(&words).exits(0).json();
    BOTH.map(|kind| {
        let all = result["certificates"].as_array().unwrap();
        let one = all.iter().find(|one| one["kind"] == kind).unwrap();
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (text("not_after"), text("clause"))
    })
}

fn end(day: &str, clause: &str) -> (String, String) {
    (format!("{day}T14:59:59Z"), clause.to_owned())
}

/// Profile, algorithm and last day of each generation of an authority.
#[track_caller]
fn generations(stage: &Stage, ca: &str, at: &str) -> Vec<Value> {
    let json = stage.plain(&format!("ca list --json --at {at}T09:00:00+09:00")).exits(0).json();
    let all = json["generations"].as_array().unwrap().iter();
    all.filter(|own| own["ca"] == ca)
        .map(|own| json!([own["profile"], own["algorithm"], own["not_after"]]))
        .collect()
}

#[test]
fn certificates_live_to_the_tenth_birthday_and_their_authority_for_twenty_years() {
    let stage = founded();
    for ca in BOTH {
        let own = json!(["next", "p384", "2049-03-31T14:59:59Z"]);
        assert_eq!(generations(&stage, ca, "2029-04-02"), [own]);
    }
    let both = issue(&stage, &holder("p-1"), "2029-04-02", "");
    assert_eq!(both, [(); 2].map(|()| end("2038-12-07", "birthday10")));
    for (kind, serial) in [("signature", 4), ("user-authentication", 3)] {
        let file = format!("out/{kind}-{serial}");
        // What nobody asked for is what is usual.
        let key = stage.shell(&format!("openssl pkey -noout -text -in {file}.key.pem")).exits(0);
        assert!(key.stdout.contains("secp384r1"), "{key:?}");
        let text = format!("openssl x509 -noout -text -certopt no_extensions -in {file}.pem");
        let text = stage.shell(&text).exits(0);
        assert_eq!(text.stdout.matches("ecdsa-with-SHA384").count(), 2, "{text:?}");
        let verify = "openssl verify -x509_strict -attime 1872000000 -CAfile";
        stage.shell(&format!("{verify} home/ca/{kind}-1.pem {file}.pem")).exits(0);
        let json = stage.plain(&format!("lint {file}.cer --json")).exits(0).json();
        assert_eq!([&json["profile"], &json["conforms"]], [&json!("next"), &json!(true)]);
        let said = stage.plain(&format!("lint home/ca/{kind}-1.cer")).exits(0).stdout;
        assert!(said.contains(", profile next 次期カード)"), "{said}");
        let verdict = format!("verify {file}.cer --at 2038-12-07T23:59:59+09:00");
        stage.plain(&verdict).exits(0);
        stage.plain(&format!("verify {file}.cer --at 2038-12-08T00:00:00+09:00")).exits(1);
    }
}

#[test]
fn a_renewal_in_the_last_year_earns_the_eleventh_birthday() {
    let stage = founded();
    let form = holder_with("p-1", &json!({ "card": { "expires": "2060-03-31" } }));
    issue(&stage, &form, "2029-04-02", "");
    stage.shell("cp -a home before").exits(0);
    for (day, window, last_day, clause) in [
        ("2037-12-06", 12, "2046-12-07", "birthday10"),
        ("2037-12-07", 12, "2048-12-07", "birthday11"),
        ("2037-12-07", 11, "2047-12-07", "birthday10"),
        ("2038-12-07", 1, "2049-12-07", "birthday11"),
    ] {
        stage.shell("rm -rf home out && cp -a before home").exits(0);
        let setting = "next_renewal_window_months = ";
        stage.set(&format!("{setting}12"), &format!("{setting}{window}"));
        // What today's cards go by has no say.
        stage.set("\nrenewal_window_months = 3", "\nrenewal_window_months = 1");
        let words = format!("--renew --at {day}T09:00:00+09:00");
        stage.write_json("holder.json", &form);
        let issue_words = format!("issue --holder holder.json --out out --json {words}");
        let run = stage.plain(&issue_words);
        if last_day == "2049-12-07" {
            // The authority ends before.
            run.refused("R-CA-END");
            continue;
        }
        let result = run.exits(0).json();
        for one in result["certificates"].as_array().unwrap() {
            let found = (one["not_after"].as_str().unwrap(), one["clause"].as_str().unwrap());
            assert_eq!(found, (format!("{last_day}T14:59:59Z").as_str(), clause), "{day}");
        }
    }
}

#[test]
fn each_generation_goes_by_its_own_profile() {
    let stage = Stage::empty();
    let founded = "2029-04-01T09:00:00+09:00";
    stage.plain(&format!("init --algorithm p256 --at {founded}")).exits(0);
    let p256 = "--holder-algorithm p256";
    let today = issue(&stage, &holder("p-1"), "2029-04-02", p256);
    assert_eq!(today, [(); 2].map(|()| end("2033-12-07", "birthday5")));

    // One authority for the next card, the other not yet: the card is one of today's, and what caps
    // the signature certificate ends with the fifth birthday.
    let at = "--at 2029-04-03T09:00:00+09:00";
    let said = stage.plain(&format!("ca rollover --ca signature --profile next {at}")).exits(0);
    assert!(said.stdout.contains(": serial 5, p384, profile next, until 2049-04-02"), "{said:?}");
    let mixed = issue(&stage, &holder("p-2"), "2029-04-04", p256);
    assert_eq!(mixed, [end("2033-12-07", "authentication"), end("2033-12-07", "birthday5")]);
    let alone = holder("p-3");
    stage.write_json("holder.json", &alone);
    let words = "issue --holder holder.json --kind signature --out out --json --at \
                 2029-04-04T09:00:00+09:00";
    let result = stage.plain(words).exits(0).json();
    assert_eq!(result["certificates"][0]["clause"], "birthday10");

    stage.plain(&format!("ca rollover --ca user-authentication --profile next {at}")).exits(0);
    let next = issue(&stage, &holder("p-4"), "2029-04-05", p256);
    assert_eq!(next, [(); 2].map(|()| end("2038-12-07", "birthday10")));
    // With a card of today in hand, that one's end counts still.
    let child = holder_with("p-5", &json!({ "card": { "expires": "2034-04-15" } }));
    let card = issue(&stage, &child, "2029-04-05", p256);
    assert_eq!(card[1], end("2034-04-15", "card"));

    // What was issued before is what it was, and stands by the lists of its generation.
    stage.plain("verify out/signature-4.cer --at 2033-12-07T23:59:59+09:00").exits(0);
    let revoke = "revoke --ca signature --serial 4 --reason key-compromise";
    stage.plain(&format!("{revoke} --at 2029-04-06T09:00:00+09:00")).exits(0);
    let publish = "crl publish --out lists --partition 132217 --at 2029-04-06T10:00:00+09:00";
    stage.plain(publish).exits(0);
    for generation in [1, 2] {
        let list = format!("lists/current/signature-{generation}-132217.crl");
        let shown = stage.shell(&format!("openssl crl -inform DER -noout -text -in {list}"));
        assert_eq!(shown.exits(0).stdout.matches("Serial Number: 04").count(), 1);
    }
    let query = "ocsp query --ca signature --serial 4 --at 2029-04-06T10:00:00+09:00";
    stage.plain(query).exits(1);

    // Profile and algorithm are those of the one before, or what is usual with another profile.
    let at = "--at 2029-05-01T09:00:00+09:00";
    stage.plain(&format!("ca rollover --ca signature {at}")).exits(0);
    let words = format!("ca rollover --ca signature --profile current --dry-run --json {at}");
    let would = stage.plain(&words).exits(0).json();
    assert_eq!([&would["profile"], &would["algorithm"]], [&json!("current"), &json!("rsa2048")]);
    let words = format!("ca rollover --ca signature --profile next --algorithm p256 {at}");
    stage.plain(&words).exits(0);
    assert_eq!(
        generations(&stage, "signature", "2029-05-02"),
        [
            json!(["current", "p256", "2039-03-31T14:59:59Z"]),
            json!(["next", "p384", "2049-04-02T14:59:59Z"]),
            json!(["next", "p384", "2049-04-30T14:59:59Z"]),
            json!(["next", "p256", "2049-04-30T14:59:59Z"]),
        ]
    );
    let said = stage.plain("ca list --at 2029-05-02T09:00:00+09:00").exits(0).stdout;
    assert_eq!(said.matches("  profile next 次期カード").count(), 4, "{said}");
    stage.plain("init --home other --profile last").exits(2).says("write current or next");
}
