//! What is shipped beside the program: units of systemd, a container file.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use assert_cmd::cargo::cargo_bin;

use crate::stage::Stage;

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

/// The units, by name.
fn units() -> Vec<(String, String)> {
    let mut units: Vec<_> = fs::read_dir(packaging().join("systemd"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "service" || e == "timer"))
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    units.sort();
    assert_eq!(units.len(), 7, "units were not found");
    units
}

/// The words of a unit's command, with its variables put in.
fn words(unit: &str) -> Option<String> {
    let mut command = unit.lines().find_map(|line| line.strip_prefix("ExecStart="))?.to_owned();
    for line in unit.lines() {
        if let Some((name, value)) =
            line.strip_prefix("Environment=").and_then(|line| line.split_once('='))
        {
            command = command.replace(&format!("${{{name}}}"), value);
        }
    }
    Some(command.strip_prefix("/usr/bin/jpki ").unwrap().to_owned())
}

#[test]
fn the_commands_of_the_units_are_ours() {
    let stage = Stage::founded();
    stage.write("passphrase", "not needed\n");
    for (name, unit) in units() {
        let Some(words) = words(&unit) else {
            assert!(name.ends_with(".timer"), "{name} starts nothing");
            continue;
        };
        assert!(!words.contains('$'), "{name}: {words}");
        // Help is given only where everything before it was understood.
        stage.plain(&format!("{words} --help")).exits(0);
        let here = words.replace("/var/lib/jpki", "home").replace("%d/", "");
        if name != "jpki-ocsp.service" && name != "jpki-register.service" {
            stage.plain(&format!("{here} --dry-run")).exits(0);
        }
    }
}

#[test]
fn systemd_takes_the_units_and_finds_them_closed() {
    let stage = Stage::empty();
    let program = cargo_bin("jpki");
    for (name, unit) in units() {
        let unit = unit.replace("/usr/bin/jpki", program.to_str().unwrap());
        stage.write(&name, unit);
    }
    for (name, _) in units() {
        let said = stage.shell(&format!("systemd-analyze verify ./{name}")).exits(0);
        assert_eq!(said.stderr, "", "{name}");
        if name.ends_with(".service") {
            stage
                .shell(&format!("systemd-analyze security --offline=true --threshold=20 ./{name}"))
                .exits(0);
        }
    }
}

#[test]
fn the_container_file_names_what_there_is() {
    let text = fs::read_to_string(packaging().join("container/Containerfile")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let toolchain = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let version = toolchain.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    assert!(text.contains(&format!("rust:{}-", version.trim_matches('"'))), "another Rust");
    for line in text.lines().filter(|line| line.starts_with("COPY") && !line.contains("--from")) {
        let words: Vec<_> = line.split_whitespace().skip(1).collect();
        for source in &words[..words.len() - 1] {
            assert!(root.join(source).exists(), "{source} is not there");
        }
    }
    assert!(text.contains("USER 65532:65532"), "it runs as somebody else");
}
