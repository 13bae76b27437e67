//! Every code is explained.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::stage::Stage;

#[test]
fn every_code_in_the_source_is_explained_by_the_command() {
    let stage = Stage::empty();
    let mut codes = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut codes);
    // What a test looks up and does not find, and a prefix of others.
    codes.retain(|code| code != "R-NONE" && code != "R-KEY");
    assert!(codes.len() > 100, "{codes:?}");
    for code in codes {
        let json = stage.jpki(&format!("feed explain {code} --json")).exits(0).json();
        assert_eq!(json["code"], code);
        for field in ["japanese", "english", "next_japanese", "next"] {
            assert!(json[field].as_str().unwrap().len() > 5, "{code}: {field}");
        }
    }
    stage.jpki("feed explain R-NONE").exits(2).says("no such code");
}

/// The string literals that are codes, of all files below a folder.
fn collect(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            codes.extend(text.split('"').filter(|word| is_code(word)).map(str::to_owned));
        }
    }
}

fn is_code(word: &str) -> bool {
    let letter = |octet: u8| octet.is_ascii_uppercase() || octet.is_ascii_digit() || octet == b'-';
    (word.starts_with("R-") || word.starts_with("E-"))
        && word.len() > 3
        && !word.ends_with('-')
        && word.bytes().all(letter)
}
