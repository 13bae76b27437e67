//! `jpki feed reconcile` and `digest`: a sender's residents against ours.

use jpki_ca::authority::Difference;
use jpki_ca::authority::DigestLine;
use jpki_ca::authority::Digests;
use jpki_ca::register::HolderForm;
use serde::Serialize;

use crate::args::DigestArgs;
use crate::args::ReconcileArgs;
use crate::cmd::lines::Lines;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// `jpki feed reconcile`: the file holds digests, or residents that are digested here.
pub(super) fn run(context: &Context<'_>, args: &ReconcileArgs) -> Result<Exit, Failure> {
    let (authority, _) = context.records_to_ask()?;
    let mut lines = Lines::open(&args.file, context.report.watched())?;
    let mut theirs = Vec::new();
    // An empty file is the view of a sender who has nobody.
    let mut residents = Digests::default();
    while let Some(line) = lines.next()? {
        let first = lines.number() == 1;
        match serde_json::from_slice::<DigestLine>(&line) {
            Ok(digest) if first || !theirs.is_empty() => theirs.push(digest),
            Err(_) if !theirs.is_empty() => {
                let message =
                    format!("line {} is no digest: the file is incomplete", lines.number());
                return Err(Failure::usage(message));
            }
            Ok(_) | Err(_) => take(&mut residents, &line, lines.number())?,
        }
    }
    let ours = authority.digests()?;
    let differences = if theirs.is_empty() {
        ours.compare_residents(&residents)
    } else {
        ours.compare(&theirs).map_err(Failure::usage)?
    };
    for difference in &differences {
        context.report.result(difference, &to_text(difference))?;
    }
    let text = format!("{} difference(s)", differences.len());
    context.report.result(&Count { differences: differences.len() }, &text)?;
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Negative })
}

/// `jpki feed digest`.
pub(super) fn digest(context: &Context<'_>, args: &DigestArgs) -> Result<Exit, Failure> {
    let mut lines = Lines::open(&args.file, context.report.watched())?;
    let mut digests = Digests::default();
    while let Some(line) = lines.next()? {
        take(&mut digests, &line, lines.number())?;
    }
    let leaves = args.leaves.iter().map(|branch| {
        u8::from_str_radix(branch, 16)
            .map_err(|_| Failure::usage("--leaves takes branches of two hexadecimal digits"))
    });
    for line in digests.lines(&leaves.collect::<Result<_, _>>()?) {
        // JSON Lines in either mode: it is for the receiver's program.
        let text = serde_json::to_string(&line).unwrap_or_default();
        context.report.result(&line, &text)?;
    }
    Ok(Exit::Done)
}

/// Takes in the resident of a line.
fn take(digests: &mut Digests, line: &[u8], number: u64) -> Result<(), Failure> {
    let fault = |problem: String| Failure::usage(format!("line {number}: {problem}"));
    let form = HolderForm::read(line).map_err(|error| fault(error.to_string()))?;
    if digests.add(&form) {
        Ok(())
    } else {
        Err(fault("this person stands in an earlier line too".to_owned()))
    }
}

fn to_text(difference: &Difference) -> String {
    match difference {
        Difference::OnlyTheirs { person } => format!("{person}: not on record here"),
        Difference::OnlyOurs { person } => format!("{person}: on record here only"),
        Difference::Item { person, item } => format!("{person}: {item} differs"),
        Difference::Branch { branch } => {
            format!("branch {branch} differs: ask for jpki feed digest --leaves {branch}")
        }
        _ => String::new(),
    }
}

#[derive(Serialize)]
struct Count {
    differences: usize,
}
