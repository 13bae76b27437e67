//! What `--help` says, and whether it is true.

use std::collections::BTreeSet;

use crate::serve::Served;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::holder;
use crate::stage::holder_with;
use serde_json::json;

/// The commands of a help text.
fn commands(help: &str) -> Vec<String> {
    let after = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = after.lines().take_while(|line| !line.trim().is_empty());
    lines
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}

/// Every command with its help, subcommands included.
fn all_help(stage: &Stage) -> Vec<(String, String)> {
    let mut open = vec![String::new()];
    let mut found = Vec::new();
    while let Some(command) = open.pop() {
        let help = stage.plain(&format!("{command} --help")).exits(0).stdout;
        open.extend(commands(&help).iter().map(|verb| format!("{command} {verb}")));
        found.push((command.trim().to_owned(), help));
    }
    found
}

#[test]
fn every_command_explains_itself() {
    let stage = Stage::empty();
    let all = all_help(&stage);
    let names: BTreeSet<&str> = all.iter().map(|(command, _)| command.as_str()).collect();
    for verb in ["", "init", "issue", "revoke", "hold", "release", "audit verify", "audit list"] {
        assert!(names.contains(verb), "{verb} is not among {names:?}");
    }
    for (command, help) in &all {
        assert!(help.contains("Usage: jpki"), "{command}");
        assert!(help.contains("--home"), "{command}");
        let width = help.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(width <= 100, "{command}: {width} columns");
    }
    let top = &all.iter().find(|(command, _)| command.is_empty()).unwrap().1;
    for code in 0..=5 {
        assert!(top.contains(&format!("\n  {code}  ")), "exit code {code} is not explained");
    }
}

#[test]
fn every_example_works() {
    let all = all_help(&Stage::empty());
    let examples: Vec<&str> = all
        .iter()
        .filter_map(|(_, help)| Some(help.split_once("\nExample")?.1))
        .flat_map(|text| text.lines().filter_map(|line| line.strip_prefix("  jpki ")))
        .collect();
    assert!(examples.len() >= 8, "{examples:?}");
    let master = Stage::founded();
    master.write_json("hanako.json", &holder("p-1"));
    master.write("passphrase", "correct horse\n");
    let town = [holder("p-2"), holder_with("p-3", &json!({ "kind": "signature" }))];
    master.write_lines("town.jsonl", &town);
    let event = |seq: u32, id: &str, changes: serde_json::Value| {
        json!({
            "source": "132217", "seq": seq, "id": id, "person": "p-1", "reason": "sex_change",
            "event_date": "2026-04-01", "notified_on": "2026-04-01",
            "recorded_at": "2026-04-01T09:00:00+09:00", "changes": changes,
        })
    };
    let change = json!({ "sex": { "old": "female", "new": "male" } });
    master.write_lines("events.jsonl", &[event(1, "132217-2026-000016", change)]);
    let missed = json!({ "sex": { "old": "unknown", "new": "male" } });
    master.write_lines("refused.jsonl", &[event(1, "132217-2026-000017", missed)]);
    let publish = format!("jpki crl publish --partition 132217 --out lists --at {NOW}");
    let list = "lists/current/signature-1-132217.crl";
    master.shell(&format!("{publish} && cp {list} . && cp {list} monday.crl")).exits(0);
    master.shell(&format!("{publish} && mv {list} tuesday.crl && rm -r lists")).exits(0);
    let request = "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                   -keyout hanako.key -subj /CN=hanako -out hanako.csr && mv home jpki-home";
    master.shell(request).exits(0);
    let master_folder = master.path(".");
    for example in examples {
        let stage = Stage::empty();
        let copy = format!("cp -a {}/. .", master_folder.display());
        stage.shell(&copy).exits(0);
        if example.starts_with("init") {
            stage.shell("rm -r jpki-home").exits(0);
        } else if !example.starts_with("issue") {
            let issue = "jpki issue --holder hanako.json --holder-algorithm p256 --out out";
            let issue = format!("unset JPKI_HOME; {issue} --at {NOW}");
            stage.shell(&issue).exits(0);
        }
        if example.starts_with("feed resend") || example.starts_with("feed dismiss") {
            stage.shell("unset JPKI_HOME; jpki feed apply refused.jsonl").exits(1);
        }
        if example.contains("--unlock") {
            let split = "jpki key split --needed 2 --shares 3 --out .";
            stage.shell(&format!("unset JPKI_HOME; {split}")).exits(0);
        }
        // There is something to be listed, and a generation that signs the list.
        if example.starts_with("ca compromise-list") {
            let words = "jpki ca compromise --ca signature --generation 1";
            let next = "jpki ca rollover --ca signature";
            stage.shell(&format!("unset JPKI_HOME; {words} && {next}")).exits(0);
        }
        // A responder's certificate lives for a month, and somebody has to answer.
        if example.starts_with("ocsp query") {
            let words = format!("--home jpki-home --ocsp 127.0.0.1:0 --at {NOW}");
            let served = Served::start(&stage, &words);
            let address = served.address("ocsp").to_string();
            let asked = example.replace("127.0.0.1:8080", &address);
            stage.shell(&format!("unset JPKI_HOME; jpki {asked} --at {NOW}")).exits(0);
            continue;
        }
        stage.shell(&format!("unset JPKI_HOME; jpki {example}")).exits(0);
    }
}

#[test]
fn what_cannot_be_typed_is_a_usage_error() {
    let stage = Stage::empty();
    for words in [
        "",
        "certify",
        "issue --colour red",
        "issue --out out",
        "issue --holder x --batch y --out out",
        "issue --holder x",
        "issue --holder x --kind all --out out",
        "issue --holder x --carrier watch --out out",
        "issue --holder x --holder-algorithm rsa1024 --out out",
        "init now",
        "revoke --ca signature",
        "audit",
        "audit verify --at yesterday",
        "audit verify --at 2026-04-01",
    ] {
        stage.plain(words).exits(2).says("--help");
    }
    stage.plain("--version").exits(0);
    assert!(stage.names(".").is_empty());
}
