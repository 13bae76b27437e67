//! The house as `ARCHITECTURE.md` draws it: the table of rooms is held against what `src/` imports.
//!
//! A room imports rooms above its row and none below, exactly those that its row names; its own
//! tests are free. The command sees the library's public face alone. And what the chain of types
//! promises by being callable in one room only, is called in that room only.

mod source;
mod table;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use source::Source;

#[test]
fn the_table_says_what_the_code_imports() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut sources = Vec::new();
    collect(root, &root.join("src"), &mut sources);
    assert!(sources.len() > 50, "the tree was not found");
    let complaints = complaints(&document, &sources);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Reads every source file below a folder.
fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Everything in which the code and the table disagree.
fn complaints(document: &str, sources: &[Source]) -> Vec<String> {
    let rows = match table::read(document) {
        Ok(rows) => rows,
        Err(problem) => return vec![format!("ARCHITECTURE.md: {problem}")],
    };
    let mut complaints = Vec::new();
    let sources = without_test_files(sources);

    let floors: BTreeMap<&str, usize> =
        rows.iter().enumerate().map(|(floor, row)| (row.room.as_str(), floor)).collect();
    let rooms: BTreeSet<&str> = sources.iter().filter_map(|source| source.room()).collect();
    for row in &rows {
        let room = &row.room;
        if floors[room.as_str()] != rows.iter().position(|other| other.room == *room).unwrap() {
            complaints.push(format!("`{room}` has two rows"));
        }
        if !rooms.contains(room.as_str()) {
            complaints.push(format!("`{room}` has a row and no code"));
        }
        for import in &row.may_import {
            if floors.get(import.as_str()).is_none_or(|floor| *floor >= floors[room.as_str()]) {
                complaints.push(format!("`{room}` may not import `{import}`: no row above it"));
            }
        }
    }
    for room in &rooms {
        if !floors.contains_key(room) {
            complaints.push(format!("`{room}` has code and no row"));
        }
    }

    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        let path = &source.path;
        let Some(room) = source.room() else { continue };
        for import in source.imports() {
            // The command's own modules are reached by `crate`, the library by its name.
            let foreign = (room == "bin/jpki") == (import.by == "jpki_ca");
            if room == "bin/jpki" && !foreign {
                continue;
            }
            if !foreign {
                complaints.push(format!("{path}: `jpki_ca` inside the library"));
            } else if import.room == "*" {
                complaints.push(format!("{path}: imports everything"));
            } else if import.room != room {
                used.entry(room).or_default().insert(import.room.clone());
                let row = rows.iter().find(|row| row.room == room);
                if row.is_some_and(|row| !row.may_import.contains(&import.room)) {
                    let imported = &import.room;
                    complaints.push(format!("{path}: `{room}` may not import `{imported}`"));
                }
            }
        }
    }
    for row in &rows {
        for import in &row.may_import {
            if !used.get(row.room.as_str()).is_some_and(|used| used.contains(import)) {
                complaints.push(format!("`{}` may import `{import}` and does not", row.room));
            }
        }
    }

    for source in &sources {
        misplaced(source, &mut complaints);
    }
    complaints
}

/// The sources without the modules that only tests have.
fn without_test_files(sources: &[Source]) -> Vec<&Source> {
    let mut tests = BTreeSet::new();
    for source in sources {
        for module in &source.test_modules {
            let mut path = source.module_path();
            path.push(module);
            tests.insert(path);
        }
    }
    sources
        .iter()
        .filter(|source| {
            let path = source.module_path();
            !(1..=path.len()).any(|length| tests.contains(&path[..length]))
        })
        .collect()
}

/// What may be called, or named, in one place only.
fn misplaced(source: &Source, complaints: &mut Vec<String>) {
    let path = source.path.as_str();
    let mut only_in = |place: &str, found: bool, what: &str| {
        if found && !path.starts_with(place) {
            complaints.push(format!("{path}: {what} belongs to {place}"));
        }
    };
    only_in("src/store/", source.holds(&["::", "mint"]), "minting a Recorded");
    only_in("src/store/", source.holds(&["Intent", "::", "new"]), "making an Intent");
    let makes_checked = source.holds(&["Checked", "("])
        || source.holds(&["Checked", "{"])
        || source.after(&["Checked", "::"]).any(|name| !matches!(name, "tbs" | "<"));
    only_in("src/lint/", makes_checked, "making a Checked");
    // Inside `signer` the same word is the underlying library's.
    if !path.starts_with("src/signer/") {
        let signs = source.holds(&[".", "sign", "("])
            || source.holds(&[".", "sign_digest", "("])
            || source.holds(&["Signer", "::", "sign"]);
        only_in("src/seal.rs", signs, "signing");
    }
    let reads_time =
        ["SystemTime", "Instant", "Zoned"].iter().any(|clock| source.holds(&[clock, "::", "now"]))
            || source.holds(&["jiff", "::", "Timestamp", "::", "now"]);
    only_in("src/clock.rs", reads_time, "reading the time");
    for name in source.module_path() {
        if NO_ROOM.contains(&name) {
            complaints
                .push(format!("{path}: no room is called {name}: name it after what it holds"));
        }
    }
}

/// Names that say nothing about what is inside.
const NO_ROOM: [&str; 8] =
    ["util", "utils", "common", "helpers", "misc", "types", "error", "errors"];

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# A house

## Rooms

| floor | room | may import | holds |
| --- | --- | --- | --- |
| ground | `a` | – | stones |
| first | `b` | `a` | beds |
| edge | `bin/jpki` | `b` | a door |

## After
| floor |
";

    const SOUND: [(&str, &str); 4] = [
        ("src/lib.rs", "pub mod a; pub mod b;"),
        ("src/a.rs", "pub struct A;"),
        ("src/b/mod.rs", "use crate::a::A; use crate::b::c::C;"),
        ("src/bin/jpki/main.rs", "use jpki_ca::b::B; use crate::args::Args;"),
    ];

    /// What is said of a sound house with one more file, or one replaced.
    fn with(path: &str, text: &str) -> Vec<String> {
        judge(TABLE, path, text)
    }

    fn judge(document: &str, path: &str, text: &str) -> Vec<String> {
        let mut files = BTreeMap::from(SOUND);
        files.insert(path, text);
        let sources: Vec<Source> =
            files.into_iter().map(|(path, text)| Source::new(path, text)).collect();
        complaints(document, &sources)
    }

    #[test]
    fn a_sound_house_is_left_in_peace() {
        assert_eq!(with("src/b/c.rs", "use super::D;"), [""; 0]);
    }

    #[test]
    fn an_upward_import_is_seen() {
        for text in [
            "use crate::b::B;",
            "fn f() { crate::b::f() }",
            "use super::b::B;",
            "use crate::{b::B};",
        ] {
            assert_eq!(with("src/a.rs", text), ["src/a.rs: `a` may not import `b`"]);
        }
        let upward = TABLE.replace("| `a` | – |", "| `a` | `b` |");
        let said = judge(&upward, "src/a.rs", "use crate::b::B;");
        assert_eq!(said, ["`a` may not import `b`: no row above it"]);
    }

    #[test]
    fn an_undeclared_and_an_unused_import_are_seen() {
        let undeclared = TABLE.replace("| `b` | `a` |", "| `b` | – |");
        let said = judge(&undeclared, "src/a.rs", "");
        assert_eq!(said, ["src/b/mod.rs: `b` may not import `a`"]);
        let said = with("src/b/mod.rs", "// use crate::a::A;");
        assert_eq!(said, ["`b` may import `a` and does not"]);
        let said = with("src/b/c.rs", "use crate::a::A; use crate::*;");
        assert_eq!(said, ["src/b/c.rs: imports everything"]);
    }

    #[test]
    fn every_room_has_one_row_and_every_row_a_room() {
        assert_eq!(with("src/c.rs", ""), ["`c` has code and no row"]);
        let more = TABLE.replace("\n## After", "| attic | `d` | – | dust |\n\n## After");
        assert_eq!(judge(&more, "src/a.rs", ""), ["`d` has a row and no code"]);
        let twice = TABLE.replace("\n## After", "| attic | `a` | – | dust |\n\n## After");
        assert!(judge(&twice, "src/a.rs", "").contains(&"`a` has two rows".to_owned()));
        assert_eq!(judge("# No table", "src/a.rs", "").len(), 1);
    }

    #[test]
    fn the_command_uses_the_library_and_the_library_not_itself_by_name() {
        let said = with("src/bin/jpki/main.rs", "use jpki_ca::a::A; use jpki_ca::b::B;");
        assert_eq!(said, ["src/bin/jpki/main.rs: `bin/jpki` may not import `a`"]);
        let said = with("src/a.rs", "use jpki_ca::b::B;");
        assert_eq!(said, ["src/a.rs: `jpki_ca` inside the library"]);
    }

    #[test]
    fn tests_are_free_and_their_files_too() {
        assert_eq!(with("src/a.rs", "#[cfg(test)] mod tests { use crate::b::B; }"), [""; 0]);
        let mut files = BTreeMap::from(SOUND);
        files.insert("src/a.rs", "#[cfg(test)] mod fixture;");
        files.insert("src/a/fixture.rs", "use crate::b::B;");
        let sources: Vec<Source> =
            files.into_iter().map(|(path, text)| Source::new(path, text)).collect();
        assert_eq!(complaints(TABLE, &sources), [""; 0]);
    }

    #[test]
    fn what_belongs_to_one_room_is_not_called_in_another() {
        for (text, what) in [
            ("fn f() { Recorded::mint(c, i) }", "minting a Recorded belongs to src/store/"),
            ("fn f() { Intent::new(1) }", "making an Intent belongs to src/store/"),
            ("fn f() { Checked(t) }", "making a Checked belongs to src/lint/"),
            ("fn f() { Checked { t } }", "making a Checked belongs to src/lint/"),
            ("fn f() { t.map(Checked::new) }", "making a Checked belongs to src/lint/"),
            ("fn f() { key.sign(b) }", "signing belongs to src/seal.rs"),
            ("fn f() { Signer::sign(key, b) }", "signing belongs to src/seal.rs"),
            ("fn f() { std::time::SystemTime::now() }", "reading the time belongs to src/clock.rs"),
        ] {
            assert_eq!(with("src/b/c.rs", text), [format!("src/b/c.rs: {what}")]);
            assert_eq!(with("src/b/c.rs", &format!("#[cfg(test)] {text}")), [""; 0]);
        }
        assert_eq!(with("src/b/error.rs", "").len(), 1);
        assert_eq!(with("src/b/util/x.rs", "").len(), 1);
    }
}
