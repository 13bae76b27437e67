//! A disk that takes no more: the limit on file size stands in for it, since it strikes at the same
//! writes.

use serde_json::json;

use crate::stage::FOUNDING;
use crate::stage::NOW;
use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;
use crate::stage::line_with_key;

/// From nothing at all up to more than is needed, in blocks of 512 bytes.
const LIMITS: [u32; 10] = [0, 1, 2, 8, 40, 72, 96, 160, 256, 100_000];

/// The command under a limit that its writes meet as errors.
fn limited(words: &str, blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec jpki {words} --at {NOW}")
}

#[test]
fn a_full_disk_stops_an_issue_and_nothing_is_half_done() {
    let stage = Stage::founded();
    let mut stopped = 0;
    for (number, blocks) in LIMITS.into_iter().enumerate() {
        stage.write_json("holder.json", &holder(&format!("p-{number}")));
        let words = format!(
            "issue --holder holder.json --holder-algorithm p256 --out out --request-id r-{number}"
        );
        let run = stage.shell(&limited(&words, blocks));
        if !run.stderr.is_empty() {
            stopped += 1;
            let what_to_do = ["then ask again", "make room and try again", "File too large"];
            let told = what_to_do.iter().any(|text| run.stderr.contains(text));
            assert!(told, "{run:?}");
            run.exits(5);
        }
        stage.is_whole();
        let result = stage.jpki(&format!("{words} --json")).exits(0).json();
        let valid = result["certificates"].as_array().unwrap();
        assert_eq!(valid.len(), 2);
        for certificate in valid {
            assert_eq!(stage.verdict(certificate["files"][0].as_str().unwrap()), "valid");
        }
    }
    assert!((3..LIMITS.len()).contains(&stopped), "{stopped} runs met the limit");
    let left: Vec<String> = stage.names("out");
    assert_eq!(left.len(), 6 * LIMITS.len(), "{left:?}");
}

#[test]
fn a_full_disk_stops_a_batch_which_then_resumes() {
    let stage = Stage::founded();
    let lines: Vec<_> = (1..=200).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    let words = "issue --batch batch.jsonl --out out --json";
    let mut stopped = 0;
    for blocks in [72, 160, 400, 1000] {
        let run = stage.shell(&limited(words, blocks));
        if run.lines().len() < lines.len() {
            stopped += 1;
            run.exits(5);
        }
        stage.is_whole();
    }
    assert!(stopped > 1);
    let results = stage.jpki(words).exits(0).lines();
    assert_eq!(results.len(), lines.len());
    assert_eq!(stage.count("issued"), FOUNDING + lines.len(), "each once");
}

#[test]
fn a_full_disk_stops_a_revocation_and_an_init() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "");
    let before = stage.record();
    let words = &format!("revoke {THE_SIGNATURE} --reason superseded");
    stage.shell(&limited(words, 2)).exits(5);
    assert_eq!(stage.record(), before);
    assert_eq!(stage.verdict(SIGNATURE), "valid");
    for blocks in [0, 2, 40] {
        let init = limited("init --algorithm p256 --home other", blocks);
        stage.shell(&init).exits(5);
        assert!(!stage.path("other").exists());
    }
    assert_eq!(stage.names("."), ["holder.json", "home", "out"]);
}

#[test]
fn a_result_that_cannot_be_written_is_not_a_success() {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    let words = "issue --holder holder.json --holder-algorithm p256 --out out --request-id r-1";
    let line = format!("jpki {words} --at {NOW} > /dev/full");
    stage.shell(&line).exits(5).says("standard output");
    let again = stage.jpki(&format!("{words} --json")).exits(0).json();
    assert_eq!(again["status"], json!("existing"));
}
