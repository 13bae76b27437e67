//! One verb per file.

mod audit;
mod ca;
mod change;
mod crl;
mod demo;
mod feed;
mod init;
mod input;
mod issue;
mod key;
mod lines;
mod lint;
mod list;
mod ocsp;
mod recover;
#[cfg(feature = "http")]
mod serve;
mod show;
mod verify;
mod why;

use jpki_ca::law::revocation::Act;

use crate::args::AuditCommand;
use crate::args::Cli;
use crate::args::Command;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::report::Report;

/// Does what was typed.
pub(crate) fn run(cli: &Cli, report: &Report) -> Result<Exit, Failure> {
    let context = Context { global: &cli.global, report };
    match &cli.command {
        Command::Demo => demo::run(&context),
        Command::Init(args) => init::run(&context, args),
        Command::Issue(args) => issue::run(&context, args),
        Command::Revoke(args) => change::run(&context, &args.certificate, Act::Revoke(args.reason)),
        Command::Hold(args) => change::run(&context, args, Act::Hold),
        Command::Release(args) => change::run(&context, args, Act::Release),
        Command::Show(args) => show::run(&context, args),
        Command::Lint(args) => lint::run(&context, args),
        Command::Verify(args) => verify::run(&context, args),
        Command::Audit(args) => match &args.command {
            AuditCommand::Verify => audit::verify(&context),
            AuditCommand::List(args) => audit::list(&context, args),
        },
        Command::Feed(args) => feed::run(&context, &args.command),
        Command::Crl(args) => crl::run(&context, &args.command),
        Command::Ocsp(args) => ocsp::run(&context, &args.command),
        #[cfg(feature = "http")]
        Command::Serve(args) => serve::run(&context, args),
        Command::Ca(args) => ca::run(&context, &args.command),
        Command::Key(args) => key::run(&context, &args.command),
        Command::Why(args) => why::run(&context, args),
        Command::Recover => recover::run(&context),
    }
}
