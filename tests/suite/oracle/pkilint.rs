//! pkilint, against RFC 5280.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::issued::issued;
use super::judge::ask_script;
use super::published::CAS;
use super::published::ELSEWHERE;
use super::published::GENERATIONS;
use super::published::HERE;
use super::published::OWN;
use super::published::published;

#[test]
fn finds_nothing_but_what_is_listed_with_its_reason() {
    let listed = exceptions();
    let mut occurred = BTreeSet::new();
    let all = || {
        let holders = issued().certificates.iter().map(|c| (c.ca, c));
        holders.chain(issued().services.iter().map(|s| (s.label.as_str(), s)))
    };
    let files: Vec<&Path> = all().map(|(_, c)| c.der.as_path()).collect();
    let findings = findings(&files);
    for (table, certificate) in all() {
        for finding in findings.get(&certificate.der.display().to_string()).into_iter().flatten() {
            let exception = (table.to_owned(), finding.clone());
            assert!(
                listed.contains(&exception),
                "{table} certificate, {}: {finding} is no listed exception",
                certificate.label,
            );
            occurred.insert(exception);
        }
    }
    let gone: Vec<_> = listed.difference(&occurred).collect();
    assert!(gone.is_empty(), "exceptions that no longer occur: {gone:?}");
}

#[test]
fn finds_nothing_in_our_authorities_that_it_does_not_find_in_the_published_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/jlis-ca");
    let published: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(published.len(), 10);
    let files: Vec<&Path> = published.iter().map(AsRef::as_ref).collect();
    let theirs: BTreeSet<String> = findings(&files).into_values().flatten().collect();
    let files: Vec<&Path> = issued().authorities.iter().map(|a| a.der.as_path()).collect();
    let ours: BTreeSet<String> = findings(&files).into_values().flatten().collect();
    let only_ours: Vec<_> = ours.difference(&theirs).collect();
    assert!(only_ours.is_empty(), "{only_ours:?}");
}

#[test]
fn finds_nothing_in_our_lists() {
    // With entries of every reason, and without any.
    let mut lists = Vec::new();
    for (ca, generation) in CAS.into_iter().flat_map(|ca| GENERATIONS.map(|g| (ca, g))) {
        lists.extend([HERE, ELSEWHERE, OWN].map(|code| published().list(ca, generation, code)));
    }
    let files: Vec<&Path> = lists.iter().map(AsRef::as_ref).collect();
    let findings = findings(&files);
    assert!(findings.is_empty(), "{findings:?}");
    // It speaks when there is something to say: here, of a list that ends before it begins.
    let mut der = fs::read(&lists[0]).unwrap();
    let begins = der.windows(4).position(|window| window == b"\x17\x0d26").unwrap();
    der[begins + 2..][..2].copy_from_slice(b"27");
    let file = published().folder.join("late.crl");
    fs::write(&file, der).unwrap();
    assert!(!self::findings(&[&file]).is_empty());
}

#[test]
fn finds_what_is_wrong() {
    // Its silence says something only if it speaks when there is something to say: here, of a
    // negative number.
    let certificate = issued().certificates.first().unwrap();
    let mut der = fs::read(&certificate.der).unwrap();
    let version_and_serial = [0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01];
    let length = version_and_serial.len();
    let position = der.windows(length).position(|window| window == version_and_serial).unwrap();
    der[position + length] = 0x80;
    let file = issued().folder.join("negative.cer");
    fs::write(&file, der).unwrap();
    let found: BTreeSet<String> = findings(&[&file]).into_values().flatten().collect();
    assert!(found.iter().any(|finding| finding.starts_with("ERROR ")), "{found:?}");
}

/// Findings of severity NOTICE and above, as `SEVERITY code`, by file.
pub(crate) fn findings(files: &[&Path]) -> BTreeMap<String, BTreeSet<String>> {
    let verdict = ask_script("judge_pkilint.py", files);
    assert!(verdict.accepted, "{}", verdict.text);
    let mut findings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut judged = 0;
    for line in verdict.output.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["judged", _] => judged += 1,
            ["found", file, severity, code] => {
                findings.entry(file.to_owned()).or_default().insert(format!("{severity} {code}"));
            }
            _ => panic!("unexpected line: {line}"),
        }
    }
    assert_eq!(judged, files.len(), "{}", verdict.text);
    findings
}

/// The listed exceptions: authority, and finding.
fn exceptions() -> BTreeSet<(String, String)> {
    let mut exceptions = BTreeSet::new();
    for line in include_str!("pkilint-exceptions.tsv").lines().skip(1) {
        let [ca, severity, code, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not four columns: {line}");
        };
        assert!(reason.len() > 20, "an exception needs a reason: {line}");
        assert!(
            exceptions.insert((ca.to_owned(), format!("{severity} {code}"))),
            "listed twice: {line}"
        );
    }
    exceptions
}
