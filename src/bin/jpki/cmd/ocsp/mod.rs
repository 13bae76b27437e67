//! `jpki ocsp`, one verb per file.

mod query;
mod rotate;
mod rotated;
mod status;

use crate::args::OcspCommand;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) use rotated::RotatedJson;
pub(super) use rotated::Told;

pub(crate) fn run(context: &Context<'_>, command: &OcspCommand) -> Result<Exit, Failure> {
    match command {
        OcspCommand::Query(args) => query::run(context, args),
        OcspCommand::Rotate(args) => rotate::run(context, args),
        OcspCommand::Status => status::run(context),
    }
}
