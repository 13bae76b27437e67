//! `jpki ca`, one verb per file.

mod compromise;
mod compromise_list;
mod link;
mod list;
mod rehearse;
mod renew_publication;
mod rollover;

use crate::args::CaCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, command: &CaCommand) -> Result<Exit, Failure> {
    match command {
        CaCommand::List => list::run(context),
        CaCommand::Rollover(args) => rollover::run(context, args),
        CaCommand::Link(args) => link::run(context, args),
        CaCommand::Compromise(args) => compromise::run(context, args),
        CaCommand::CompromiseList(args) => compromise_list::run(context, args),
        CaCommand::Rehearse(args) => rehearse::run(context, args),
        CaCommand::RenewPublication(args) => renew_publication::run(context, args),
    }
}
