//! Running a judge.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Command;

/// What a judge said.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Whether it ended well.
    pub(crate) accepted: bool,
    /// Everything that it printed.
    pub(crate) text: String,
    /// What it printed on standard output.
    pub(crate) output: String,
}

/// Asks a program that the machine must have.
pub(super) fn ask<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Verdict {
    heard(program, Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8"))
}

/// Asks a program with the machine's clock set to `time`, like `2027-01-01 00:00:00`, in UTC.
pub(super) fn ask_at<A: AsRef<OsStr>>(
    time: &str,
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Verdict {
    // The wrapper would report a missing program as a verdict of that program.
    ask(program, ["--version"]);
    let mut command = Command::new("faketime");
    command.args([time, program]).args(arguments).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    heard("faketime", &mut command)
}

/// Asks a script of this folder, in the Python environment that `tests/run.sh` makes.
pub(crate) fn ask_script<A: AsRef<OsStr>>(
    script: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Verdict {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    let script = root.join("tests/suite/oracle").join(script);
    let mut command = Command::new(&python);
    // -I: neither this folder nor the user's own packages stand in for the pinned ones.
    command.args([OsStr::new("-I"), OsStr::new("-B"), script.as_os_str()]).args(arguments);
    let verdict = heard("target/venv/bin/python", &mut command);
    assert!(
        !verdict.text.contains("ModuleNotFoundError"),
        "the Python environment is incomplete: run tests/run.sh, which makes it\n{}",
        verdict.text
    );
    verdict
}

fn heard(program: &str, command: &mut Command) -> Verdict {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            panic!("{program} is missing: run tests/run.sh, which installs it");
        }
        Err(error) => panic!("{program} cannot be run: {error}"),
    };
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Verdict {
        accepted: output.status.success(),
        text: format!("{printed}{}", String::from_utf8_lossy(&output.stderr)),
        output: printed,
    }
}
