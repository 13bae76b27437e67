//! `jpki feed`: the register feed.

mod apply;
mod import;
mod reconcile;
mod reissue;
mod rejected;
mod status;

use crate::args::FeedCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, command: &FeedCommand) -> Result<Exit, Failure> {
    match command {
        FeedCommand::Apply(args) => apply::run(context, args),
        FeedCommand::Import(args) => import::run(context, args),
        FeedCommand::Rejected(args) => rejected::list(context, args),
        FeedCommand::Explain(args) => rejected::explain(context, args),
        FeedCommand::Resend(args) => rejected::resend(context, args),
        FeedCommand::Dismiss(args) => rejected::dismiss(context, args),
        FeedCommand::Status => status::status(context),
        FeedCommand::Tick => status::tick(context),
        FeedCommand::Reconcile(args) => reconcile::run(context, args),
        FeedCommand::Digest(args) => reconcile::digest(context, args),
        FeedCommand::Source(args) => status::source(context, args),
    }
}
