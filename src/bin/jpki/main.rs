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

use args::Cli;
use exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return Exit::from_usage(&error).into(),
    };
    let report = report::Report::new(cli.global.json, cli.global.quiet);
    cmd::run(&cli, &report).unwrap_or_else(|failure| report.failure(&failure)).into()
}
