//! `jpki show`: what a file holds, readable.

use crate::args::ShowArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::show;

use super::input;

pub(crate) fn run(context: &Context<'_>, args: &ShowArgs) -> Result<Exit, Failure> {
    let file = input::read(&args.file, show::MAX_FILE)?;
    let document = show::describe(&file).map_err(|error| {
        let path = args.file.display().to_string();
        Failure::Other(Exit::Usage, anyhow::Error::new(error).context(path))
    })?;
    context.report.result(&document.to_json(), &document.to_text())?;
    Ok(Exit::Done)
}
