//! `jpki ca rehearse`.

use serde_json::Value;

use crate::stage::FOUNDED;
use crate::stage::Stage;

#[test]
fn a_roll_over_is_rehearsed_from_before_to_after() {
    let stage = Stage::empty();
    let words = format!("ca rehearse --from p256 --to p384 --json --keep kept --at {FOUNDED}");
    let played = stage.plain(&words).exits(0).json();
    let steps = played["steps"].as_array().unwrap();
    let days: Vec<&str> = steps.iter().map(|step| &step["at"].as_str().unwrap()[..10]).collect();
    assert_eq!(days[..3], ["2026-04-01", "2027-04-01", "2027-05-02"]);
    assert_eq!(days.len(), 7);
    let checks: Vec<&Value> =
        steps.iter().flat_map(|step| step["checks"].as_array().unwrap()).collect();
    assert!(checks.len() > 50 && checks.iter().all(|check| check["ok"] == true), "{played}");
    let sizes = played["sizes"].as_array().unwrap();
    assert_eq!(sizes.len(), 6);
    for size in sizes {
        assert!(size["before"].as_u64() < size["after"].as_u64(), "{size}");
    }
    // What was kept is a home like any other.
    assert_eq!(
        stage.names("kept/home/ca").iter().filter(|name| name.starts_with("link-")).count(),
        8
    );
    stage.plain("audit verify --home kept/home").exits(0);
    stage.plain(&words).exits(2).says("kept");
    assert_eq!(stage.names("."), ["kept"]);
}

#[test]
fn a_rehearsal_touches_nothing_and_needs_openssl() {
    let stage = Stage::founded();
    let before = stage.tree("home");
    stage.plain("ca rehearse --from p256 --to p256 --dry-run").exits(0);
    let words = "ca rehearse --from p256 --to p256";
    let output = stage.command(words).env("PATH", "").output().unwrap();
    crate::stage::Run::of(words, &output).exits(5).says("openssl");
    assert_eq!(stage.tree("home"), before);
}
