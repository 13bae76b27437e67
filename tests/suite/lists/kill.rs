//! Publications that end in the middle, run side by side, or find no room.

use std::fs;
use std::path::Path;
use std::process::Child;

use serde_json::json;

use crate::stage::NOW;
use crate::stage::Stage;

use super::sessions::LISTS;
use super::sessions::current;
use super::sessions::manifest;
use super::sessions::publish;
use super::sessions::revoked;

/// Kills the process as soon as something has happened; whether it had not ended by then.
pub(super) fn kill_when(mut child: Child, happened: impl Fn() -> bool) -> bool {
    while !happened() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

pub(super) fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// What is visible is one whole publication, or nothing.
#[track_caller]
fn is_unmixed(stage: &Stage) {
    if !fs::exists(stage.path("home/crl/current")).unwrap() {
        return;
    }
    let folder = stage.path("home/crl").join(current(stage));
    let line = format!(
        "cd {} && openssl x509 -in publication.cer -inform DER -pubkey -noout > /dev/null && \
         openssl dgst -sha256 -verify <(openssl x509 -in publication.cer -inform DER -pubkey \
         -noout) -signature manifest.sig manifest.json",
        folder.display()
    );
    let verified = stage.shell(&format!("bash -c '{line}'")).exits(0).stdout;
    assert!(verified.contains("Verified OK"));
    let manifest = manifest(stage);
    let lists = manifest["lists"].as_array().unwrap();
    assert_eq!(lists.len() as u64, 2 * LISTS);
    for list in lists {
        let file = folder.join(list["file"].as_str().unwrap());
        assert_eq!(fs::metadata(file).unwrap().len(), list["size"].as_u64().unwrap());
    }
    assert_eq!(files(&folder), lists.len() + 3);
}

#[test]
fn a_run_that_is_killed_again_and_again_is_gone_on_with() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    let writing = |n: u32| stage.path(&format!("home/crl/versions/{n}.writing"));
    for (n, count) in [(1, 1), (2, 900), (3, 2500)] {
        let killed = kill_when(stage.start("crl publish"), || files(&writing(n)) >= count);
        assert!(killed, "it ended before there were {count} files");
        is_unmixed(&stage);
        assert!(!fs::exists(stage.path("home/crl/current")).unwrap());
    }
    // What was made is not made again, but where something has happened since.
    revoked(&stage, "p-2");
    let json = publish(&stage, "");
    let taken_over = json["taken_over"].as_u64().unwrap();
    assert!((2000..2 * LISTS - 1).contains(&taken_over), "{json}");
    assert_eq!(json["entries"], 2);
    is_unmixed(&stage);
    assert_eq!(stage.names("home/crl/versions").len(), 1, "nothing is left over");
    let status = stage.jpki("crl status --json").exits(0).json();
    assert_eq!(status["status"], "fresh");
    // Numbers of runs that were killed may be missing; none came twice.
    let numbers: Vec<u64> = status["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| list["number"].as_u64().unwrap())
        .collect();
    assert!(numbers.iter().all(|number| (1..=4).contains(number)), "{numbers:?}");
    stage.is_whole();
}

#[test]
fn a_run_that_is_killed_at_the_end_is_finished_by_the_next() {
    let stage = Stage::founded();
    revoked(&stage, "p-1");
    publish(&stage, "");
    // Each time a little later: before the commit, behind it, the folder named, the pointer old.
    for (n, last) in ["manifest.json", "manifest.sig", "publication.cer"].iter().enumerate() {
        revoked(&stage, &format!("q-{n}"));
        let before = stage.names("home/crl/versions");
        let appeared = |name: &str| {
            stage.names("home/crl/versions").iter().any(|version| {
                !before.contains(version)
                    && fs::exists(stage.path(&format!("home/crl/versions/{version}/{name}")))
                        .unwrap()
            })
        };
        kill_when(stage.start("crl publish"), || appeared(last));
        is_unmixed(&stage);
        let json = publish(&stage, "");
        assert!(["published", "current"].contains(&json["status"].as_str().unwrap()), "{json}");
        is_unmixed(&stage);
        assert_eq!(stage.jpki("crl status --json").exits(0).json()["status"], "fresh");
        let list = manifest(&stage)["lists"]
            .as_array()
            .unwrap()
            .iter()
            .find(|list| list["file"] == "signature-1-132217.crl")
            .unwrap()
            .clone();
        assert_eq!(list["entries"], 2 + n, "{last}");
    }
    let left = stage.names("home/crl/versions");
    assert!(left.iter().all(|name| !name.contains("writing")), "{left:?}");
    stage.is_whole();
}

#[test]
fn one_publishes_at_a_time() {
    let stage = Stage::founded();
    let writing = stage.path("home/crl/versions/1.writing");
    let mut first = stage.start("crl publish");
    while files(&writing) == 0 {
        assert_eq!(first.try_wait().unwrap(), None);
        std::thread::yield_now();
    }
    let second = stage.jpki("crl publish");
    // The first may have ended meanwhile; then the second finds nothing to do.
    if second.stdout.is_empty() {
        assert!(second.exits(5).stderr.contains("another process publishes"));
    }
    assert!(first.wait().unwrap().success());
    is_unmixed(&stage);
    assert_eq!(publish(&stage, "")["status"], "current");
    // Into another folder, of the same home: one of two at once wins, the other changes nothing.
    let runs = [stage.start("crl publish --all --out a"), stage.start("crl publish --all --out b")];
    for run in runs {
        let output = run.wait_with_output().unwrap();
        if !output.status.success() {
            assert_eq!(output.status.code(), Some(5));
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains("another publication was committed meanwhile"), "{said}");
        }
    }
    assert_eq!(publish(&stage, "--all")["made"], json!({ "asked": 2 * LISTS }));
    stage.is_whole();
}

#[test]
fn without_room_nothing_is_published() {
    let stage = Stage::founded();
    publish(&stage, "");
    revoked(&stage, "p-1");
    // The manifest does not fit.
    let line = format!("trap '' XFSZ; ulimit -f 1500; jpki crl publish --at {NOW}");
    let run = stage.shell(&line).exits(5);
    assert!(run.stderr.contains("manifest.json"), "{}", run.stderr);
    assert_eq!(current(&stage).to_str(), Some("versions/1"));
    is_unmixed(&stage);
    let json = publish(&stage, "");
    assert_eq!(json["made"], json!({ "changed": 1 }));
    assert_eq!(json["taken_over"], 1);
    is_unmixed(&stage);
}
