//! `jpki key`, one verb per file.

mod passphrase;
mod split;

use crate::args::KeyCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, command: &KeyCommand) -> Result<Exit, Failure> {
    match command {
        KeyCommand::Split(args) => split::run(context, args),
        KeyCommand::Passphrase(args) => passphrase::run(context, args),
    }
}
