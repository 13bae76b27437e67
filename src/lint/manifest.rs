//! The manifest of a publication, judged from its bytes.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::crl::Manifest;
use crate::crl::PublishedList;

use super::checked::Checked;
use super::finding::Findings;
use super::finding::Rule;
use super::finding::Severity;

/// Judges a manifest that is to be signed: its bytes are those of what it states, and every list
/// stands in it once, in the order of the files' names.
///
/// What it cannot know is whether the lists are the ones that it names; whoever made them does.
///
/// # Errors
/// All findings, when there are any.
pub fn check_manifest(manifest: Manifest) -> Result<Checked<Manifest>, Findings> {
    let mut findings = Vec::new();
    let mut require = |rule: &Rule, holds: bool| {
        if !holds {
            findings.push(rule.broken(Severity::Error));
        }
    };
    require(&FORM, manifest.is_canonical() && manifest.publication() > 0);
    let lists = manifest.lists();
    require(&ORDER, lists.is_sorted_by(|one, next| one.file < next.file));
    let key =
        |list: &PublishedList| (list.ca, list.generation, list.partition, list.base.is_some());
    let keys: BTreeSet<_> = lists.iter().map(key).collect();
    require(&ONCE, keys.len() == lists.len());
    require(&LIST, lists.iter().all(is_whole));
    Findings::of(findings)?;
    Ok(Checked(manifest))
}

/// Whether what is said of a list can be true of one.
fn is_whole(list: &PublishedList) -> bool {
    let instant = |text: &str| text.parse::<Timestamp>();
    let times = match (instant(&list.this_update), instant(&list.next_update)) {
        (Ok(this), Ok(next)) => this < next,
        (Err(_), _) | (_, Err(_)) => false,
    };
    let digest = match list.digest.algorithm.as_str() {
        "sha256" => list.digest.hex.len() == 64,
        "sha384" => list.digest.hex.len() == 96,
        "sha512" => list.digest.hex.len() == 128,
        _ => false,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    times
        && digest
        && list.generation().is_some()
        && list.number > 0
        && list.base.is_none_or(|base| base > 0 && base < list.number)
        && list.size > 0
        && list.file.chars().all(plain)
        && !list.file.starts_with('.')
}

const FORM: Rule = Rule::new(
    "L-MANIFEST-FORM",
    "the bytes that are signed are the only truth",
    "the document is not the one way of writing what it states",
);
const ORDER: Rule =
    Rule::new("L-MANIFEST-ORDER", "manifest.json", "lists are not in the order of their files");
const ONCE: Rule = Rule::new("L-MANIFEST-ONCE", "manifest.json", "a list is named twice");
const LIST: Rule = Rule::new(
    "L-MANIFEST-LIST",
    "manifest.json",
    "what is said of a list cannot be true: times, digest, numbers or the file's name",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let list = r#"{"file":"signature-1-132217.crl","ca":"signature","generation":1,"partition":"132217","number":2,"entries":0,"size":9,"this_update":"2026-11-21T00:00:00Z","next_update":"2026-11-24T00:00:00Z","digest":{"algorithm":"sha256","hex":"HEX"}}"#
            .replace("HEX", &"0f".repeat(32));
        let document = |publication: u64, lists: &[String]| {
            let at = "2026-11-21T00:00:00Z";
            let lists = lists.join(",\n");
            let text = format!(
                "{{\"publication\":{publication},\"published_at\":\"{at}\",\"lists\":[\n{lists}\n]}}\n"
            );
            Manifest::read(text.as_bytes()).unwrap()
        };
        let found = |manifest: Manifest| match check_manifest(manifest) {
            Ok(_) => Vec::new(),
            Err(findings) => findings.as_slice().iter().map(|finding| finding.id).collect(),
        };
        let good = document(7, std::slice::from_ref(&list));
        assert!(found(good.clone()).is_empty());
        assert_eq!(found(document(0, std::slice::from_ref(&list))), ["L-MANIFEST-FORM"]);
        let spaced = String::from_utf8(good.as_bytes().to_vec()).unwrap().replace("},", "}, ");
        let spaced = spaced.replace(",\"lists", ", \"lists");
        assert_eq!(found(Manifest::read(spaced.as_bytes()).unwrap()), ["L-MANIFEST-FORM"]);
        let other = list.replace("signature-1-132217.crl", "signature-1-000000.crl");
        let other = other.replace("\"132217\"", "\"000000\"");
        let both = [list.clone(), other.clone()];
        assert_eq!(found(document(7, &both)), ["L-MANIFEST-ORDER"]);
        assert!(found(document(7, &[other, list.clone()])).is_empty());
        let again = list.replace(".crl", ".crm");
        assert_eq!(found(document(7, &[list.clone(), again])), ["L-MANIFEST-ONCE"]);
        for (from, to) in [
            ("\"number\":2", "\"number\":0"),
            ("11-24", "11-20"),
            ("sha256", "sha384"),
            ("\"size\":9", "\"size\":0"),
            ("signature-1-132217.crl", "../x"),
        ] {
            assert_eq!(found(document(7, &[list.replace(from, to)])), ["L-MANIFEST-LIST"], "{to}");
        }
    }
}
