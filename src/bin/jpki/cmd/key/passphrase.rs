//! `jpki key passphrase`.

use rand_core::OsRng;
use serde::Serialize;

use crate::args::NewPassphraseArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &NewPassphraseArgs) -> Result<Exit, Failure> {
    let (home, passphrase) = context.home_and_passphrase()?;
    let new = context.new_passphrase(args.new_passphrase_file.as_deref())?;
    let keys = home.close_keys(passphrase.as_ref(), &new, &mut OsRng)??;
    let dry_run = context.global.dry_run;
    let text = if dry_run {
        format!("would close {keys} keys to the new passphrase: nothing was written")
    } else {
        format!("closed {keys} keys to the new passphrase; a server that runs has them in memory")
    };
    context.report.result(&Closed { dry_run, keys }, &text)?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Closed {
    dry_run: bool,
    keys: usize,
}
