//! `jpki crl`.

mod diff;
mod publish;
mod show;
mod status;

use std::path::PathBuf;

use jpki_ca::crl::Coverage;
use jpki_ca::crl::CoverageCode;
use jpki_ca::profile::Partition;

use crate::args::CrlCommand;
use crate::args::ListFolder;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) use show::list as show_list;

pub(crate) fn run(context: &Context<'_>, command: &CrlCommand) -> Result<Exit, Failure> {
    match command {
        CrlCommand::Publish(args) => publish::run(context, args),
        CrlCommand::Show(args) => show::run(context, args),
        CrlCommand::Diff(args) => diff::run(context, args),
        CrlCommand::Status(args) => status::run(context, args),
    }
}

/// The folder that was named, or the one in the home.
fn folder(context: &Context<'_>, folder: &ListFolder) -> PathBuf {
    folder.out.clone().unwrap_or_else(|| context.global.home.join("crl"))
}

/// The partition with this code.
fn partition(code: &str) -> Result<Partition, Failure> {
    match code.parse() {
        Ok(CoverageCode(Coverage::Partition(partition))) => Ok(partition),
        Ok(CoverageCode(Coverage::Everything)) | Err(_) => Err(Failure::usage(format!(
            "--partition {}: write the six digits of a municipality, a ward in a designated city, \
             or 000000 for the authority's own list",
            crate::safe::safe(code)
        ))),
    }
}
