//! `jpki show`: what a file holds, readable.

use crate::args::ShowArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::show;

use super::crl;
use super::list::Opened;

pub(crate) fn run(context: &Context<'_>, args: &ShowArgs) -> Result<Exit, Failure> {
    let opened = Opened::open(&args.file)?;
    if opened.is_list() {
        return crl::show_list(context, opened.into_list()?, false);
    }
    let document = show::describe(&opened.read(show::MAX_FILE)?).map_err(|error| {
        let path = args.file.display().to_string();
        Failure::Other(Exit::Usage, anyhow::Error::new(error).context(path))
    })?;
    context.report.result(&document.to_json(), &document.to_text())?;
    Ok(Exit::Done)
}
