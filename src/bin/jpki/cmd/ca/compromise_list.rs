//! `jpki ca compromise-list`.

use jpki_ca::authority::publish::CompromisedList;
use jpki_ca::authority::publish::ListFormat;
use serde::Serialize;

use crate::args::CompromiseListArgs;
use crate::args::FormatArg;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &CompromiseListArgs) -> Result<Exit, Failure> {
    let (authority, home) = context.authority_and_home()?;
    let timing = home.config().lists;
    let format = match args.format {
        FormatArg::Der => ListFormat::Der,
        FormatArg::Pem => ListFormat::Pem,
    };
    let dry_run = context.global.dry_run;
    let list = if dry_run {
        authority.rehearse_list_compromised(args.ca, timing)?
    } else {
        authority.list_compromised(args.ca, &args.out, timing, format)?
    }?;
    let does = if dry_run { "would sign" } else { "signed    " };
    let mut lines = vec![format!(
        "{does}  list {} of {}-{}, until {}",
        list.number, list.ca, list.generation, list.next_update
    )];
    match (list.entries, list.for_compromise) {
        (Some(entries), Some(compromised)) => {
            lines.push(format!("entries     {entries}, {compromised} of them for ca-compromise"));
            lines.push(format!("file        {}", args.out.display()));
        }
        _ => lines.push("            nothing was written".to_owned()),
    }
    let file = args.out.to_string_lossy();
    context.report.result(&json(&list, dry_run, &file), &lines.join("\n"))?;
    Ok(Exit::Done)
}

fn json<'a>(list: &CompromisedList, dry_run: bool, file: &'a str) -> ListJson<'a> {
    ListJson {
        dry_run,
        ca: list.ca.as_str(),
        generation: list.generation.get(),
        compromised: list.compromised.iter().map(|own| own.get()).collect(),
        number: list.number,
        this_update: list.this_update.to_string(),
        next_update: list.next_update.to_string(),
        entries: list.entries,
        for_compromise: list.for_compromise,
        size: list.size,
        file,
    }
}

#[derive(Serialize)]
struct ListJson<'a> {
    dry_run: bool,
    ca: &'static str,
    /// The generation that signs.
    generation: u16,
    /// The generations whose keys are compromised.
    compromised: Vec<u16>,
    number: u64,
    this_update: String,
    next_update: String,
    entries: Option<u64>,
    for_compromise: Option<u64>,
    size: Option<u64>,
    file: &'a str,
}
