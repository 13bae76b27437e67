//! `jpki`: the command line of the certification authority. It declares (`args`), does one verb per
//! file (`cmd`) and reports (`report`); everything else is the library's public API.

mod args;
mod cmd;
mod context;
mod exit;
mod report;
mod safe;
mod show;

use std::process::ExitCode;

use clap::Parser as _;
use rustix::process::DumpableBehavior;
use rustix::process::set_dumpable_behavior;

use args::Cli;
use exit::Exit;

fn main() -> ExitCode {
    // Keys, passphrases and holders are in memory, and stay there: no core dump of this process. Where
    // the kernel does not know how, nothing is lost that there was before.
    let _kept = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return Exit::from_usage(&error).into(),
    };
    let report = report::Report::new(cli.global.json, cli.global.quiet);
    cmd::run(&cli, &report).unwrap_or_else(|failure| report.failure(&failure)).into()
}
