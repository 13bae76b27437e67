//! How much memory a batch takes: what is in flight is bounded, whatever the length of the batch.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;

use serde_json::Value;

use crate::stage::Stage;
use crate::stage::line_with_key;

/// Runs a batch of so many lines and returns the peak of its resident memory, in KiB.
fn peak(count: u64, options: &str) -> u64 {
    let stage = Stage::founded();
    let lines: Vec<Value> = (1..=count).map(line_with_key).collect();
    stage.write_lines("batch.jsonl", &lines);
    let words = format!("issue --batch batch.jsonl --out out --json --quiet {options}");
    let mut child = stage.start(&words);
    let status = format!("/proc/{}/status", child.id());
    let output = BufReader::new(child.stdout.take().unwrap());
    let (mut peak, mut answered) = (0, 0);
    for line in output.lines() {
        line.unwrap();
        answered += 1;
        // The last reading stands within a pipe's length of the end.
        if answered % 32 == 0 {
            let status = fs::read_to_string(&status).unwrap();
            let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let high = high.map(|text| text.trim().trim_end_matches(" kB").parse().unwrap());
            peak = high.unwrap_or(peak);
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(answered, count);
    peak
}

#[test]
fn memory_stays_small_however_long_the_batch() {
    let (short, long) = (peak(300, ""), peak(3000, ""));
    assert!(short > 1024, "{short} KiB is no reading");
    assert!(long < 100 * 1024, "{long} KiB");
    // What may still grow is the store's page cache, to its limit of 16 MiB.
    assert!(long < short + 18 * 1024, "{short} KiB for 300 lines, {long} KiB for 3000");
}

#[test]
fn memory_stays_flat_where_the_store_does_not_grow() {
    let (short, long) = (peak(300, "--dry-run"), peak(6000, "--dry-run"));
    assert!(short > 1024, "{short} KiB is no reading");
    assert!(long < short + 3 * 1024, "{short} KiB for 300 lines, {long} KiB for 6000");
}
