//! Python's cryptography.

use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::issued::HANAKO;
use super::issued::P256;
use super::issued::RSA;
use super::issued::TEST;
use super::issued::issued;
use super::judge::ask_script;
use super::published::CAS;
use super::published::ELSEWHERE;
use super::published::GENERATIONS;
use super::published::HERE;
use super::published::OWN;
use super::published::published;

#[test]
fn reads_what_was_asked_for() {
    let issued = issued();
    let all = || issued.certificates.iter().chain(&issued.services);
    let pairs: Vec<&Path> = all()
        .flat_map(|c| [issued.authority(c.home, c.ca).der.as_path(), c.der.as_path()])
        .collect();
    for (certificate, read) in all().zip(read(&pairs)) {
        assert_eq!(read["version"], "v3", "{certificate:?}");
        assert_eq!(read["signed"], true, "{certificate:?}");
        assert_eq!(read["not_before"], certificate.not_before.to_unix());
        assert_eq!(read["not_after"], certificate.not_after.to_unix());
        let items = certificate.items.as_ref().map_or(Value::Null, |items| {
            // The published order.
            let named = |n: usize| json!([format!("1.2.392.200149.8.5.5.{n}"), items[n - 1]]);
            json!([1, 4, 3, 5, 2, 6].map(named))
        });
        assert_eq!(read["items"], items, "{certificate:?}");
    }
}

#[test]
fn says_in_the_subject_where_and_when_but_not_who() {
    let issued = issued();
    let subject = |label, ca| {
        let authority = &issued.authority(RSA, ca).der;
        let certificate = issued.certificate(RSA, label, ca);
        read(&[authority, &certificate.der]).remove(0)["subject"].clone()
    };
    let signature = "CN=202611021015000000413221003A,L=Kiyose-shi,L=Tokyo-to,C=JP";
    assert_eq!(subject(HANAKO, "signature"), signature);
    // Fourteen characters that say nothing stand before the window.
    let opaque = subject(HANAKO, "user-authentication").as_str().unwrap().to_owned();
    assert!(opaque.len() == "CN=".len() + 23 + ",C=JP".len(), "{opaque}");
    assert!(opaque.ends_with("13221003A,C=JP"), "{opaque}");
    let ward = subject("ward", "signature");
    assert!(ward.as_str().unwrap().ends_with("L=Sapporo-shi-Chuo-ku,L=Hokkaido,C=JP"), "{ward}");
}

#[test]
fn rejects_a_changed_certificate_and_another_authority() {
    let issued = issued();
    for (home, ca) in [(RSA, "signature"), (P256, "user-authentication")] {
        let authority = &issued.authority(home, ca).der;
        let certificate = issued.certificate(home, HANAKO, ca);
        let other = if home == RSA { TEST } else { RSA };
        let mut der = fs::read(&certificate.der).unwrap();
        // The last digit of the year in which it ends.
        let end = der.windows(5).position(|window| window == b"\x17\x0d301").unwrap();
        der[end + 3] ^= 1;
        let changed = issued.folder.join(format!("later-{home}.cer"));
        fs::write(&changed, der).unwrap();
        assert_eq!(read(&[authority, &certificate.der])[0]["signed"], true);
        assert_eq!(read(&[authority, &changed])[0]["signed"], false);
        let verdict = ask_script(
            "judge_cryptography.py",
            [&issued.authority(other, ca).der, &certificate.der],
        );
        assert!(!verdict.accepted || verdict.output.contains("\"signed\": false"), "{verdict:?}");
    }
}

#[test]
fn finds_our_authorities_equal_to_the_published_ones() {
    // In their name, everything is theirs but key, number and times.
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/jlis-ca");
    for (ca, theirs) in
        [("signature", "signca-test-2024.cer"), ("user-authentication", "authca-test-2023.cer")]
    {
        let ours = &issued().authority(TEST, ca).der;
        let theirs = published.join(theirs);
        let mut read = read(&[ours, ours, &theirs, &theirs]);
        for certificate in &mut read {
            assert_eq!(certificate["signed"], true);
            let extensions = certificate["extensions"].as_array_mut().unwrap();
            let key = extensions.iter_mut().find(|e| e[0] == "2.5.29.14").unwrap();
            key[2] = json!(key[2].as_str().unwrap().len());
        }
        for item in ["version", "subject_der", "extensions", "items"] {
            assert_eq!(read[0][item], read[1][item], "{ca}: {item}");
        }
    }
}

#[test]
fn reads_in_every_list_what_was_done() {
    let published = published();
    for ca in CAS {
        let mut listed = Vec::new();
        for certificate in published.of(ca) {
            let Some(reason) = certificate.reason else { continue };
            // That of RFC 5280 but for unspecified, which goes without saying.
            let mut words = reason.split('-');
            let first = words.next().unwrap().to_owned();
            let rest = words.map(|word| word[..1].to_uppercase() + &word[1..]);
            let name = rest.fold(first, |name, word| name + &word);
            let reason = (reason != "unspecified").then_some(name);
            listed.push(json!([certificate.serial, reason]));
        }
        assert_eq!(listed.len(), 6);
        let points = [
            (
                HERE,
                "CN=Kiyose-shi CRLDP,OU=Tokyo-to,OU=CRL Distribution Points,OU=JPKI for ",
                listed,
            ),
            (ELSEWHERE, "CN=Chiyoda-ku CRLDP,OU=Tokyo-to,OU=CRL Distribution Points,", vec![]),
            (OWN, "OU=Japan Agency for Local Authority Information Systems,OU=JPKI for ", vec![]),
        ];
        for (partition, point, listed) in points {
            let mut numbers = Vec::new();
            for generation in GENERATIONS {
                let authority = published.authority(ca, generation);
                let list = published.list(ca, generation, partition);
                let verdict = ask_script("judge_cryptography_lists.py", [&authority, &list]);
                assert!(verdict.accepted, "{}", verdict.text);
                let read: Value = serde_json::from_str(&verdict.output).unwrap();
                assert_eq!(
                    [&read["signed"], &read["ours"], &read["critical"]],
                    [true; 3],
                    "{read}"
                );
                assert_eq!(read["revoked"], json!(listed), "{list:?}");
                assert_eq!(read["this_update"], published.at.to_unix());
                assert_eq!(read["next_update"], published.at.to_unix() + 72 * 3600);
                assert_eq!(read["users_only"], partition != OWN, "{read}");
                assert!(read["point"].as_str().unwrap().starts_with(point), "{read}");
                numbers.push(read["number"].as_u64().unwrap());
            }
            assert!(numbers[0] < numbers[1], "one sequence for both: {numbers:?}");
        }
    }
}

/// What is read of each pair of authority and certificate.
fn read(pairs: &[&Path]) -> Vec<Value> {
    let verdict = ask_script("judge_cryptography.py", pairs);
    assert!(verdict.accepted, "{}", verdict.text);
    let read: Vec<Value> =
        verdict.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len() * 2, pairs.len());
    read
}
