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
    let mut residents = None::<Digests>;
    while let Some(line) = lines.next()? {
        if let Ok(digest) = serde_json::from_slice::<DigestLine>(&line) {
            theirs.push(digest);
        } else {
            let form = resident(&line, lines.number())?;
            residents.get_or_insert_default().add(&form);
        }
    }
    if theirs.is_empty() {
        // An empty file is the view of a sender who has nobody.
        residents.get_or_insert_default();
    }
    if let Some(residents) = residents {
        theirs.extend(residents.summary());
        theirs.extend((0..=u8::MAX).flat_map(|branch| residents.leaves(branch)));
    }
    let differences = authority.digests()?.compare(&theirs);
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
        digests.add(&resident(&line, lines.number())?);
    }
    let mut out = digests.summary();
    for branch in &args.leaves {
        let number = u8::from_str_radix(branch, 16)
            .map_err(|_| Failure::usage("--leaves takes branches of two hexadecimal digits"))?;
        out.extend(digests.leaves(number));
    }
    for line in out {
        // JSON Lines in either mode: it is for the receiver's program.
        let text = serde_json::to_string(&line).unwrap_or_default();
        context.report.result(&line, &text)?;
    }
    Ok(Exit::Done)
}

fn resident(line: &[u8], number: u64) -> Result<HolderForm, Failure> {
    HolderForm::read(line).map_err(|error| Failure::usage(format!("line {number}: {error}")))
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
