//! `jpki feed import`.

use jpki_ca::authority::Imported;
use serde::Serialize;

use crate::args::ImportArgs;
use crate::cmd::lines::Lines;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::report::ErrorJson;

pub(crate) fn run(context: &Context<'_>, args: &ImportArgs) -> Result<Exit, Failure> {
    let authority = context.records()?;
    let mut lines = Lines::open(&args.file, context.report.watched())?;
    let (mut group, mut numbers) = (Vec::with_capacity(GROUP), Vec::with_capacity(GROUP));
    let (mut entered, mut known, mut refused) = (0_u64, 0_u64, 0_u64);
    loop {
        let line = lines.next()?;
        let last = line.is_none();
        if let Some(line) = line {
            group.push(line);
            numbers.push(lines.number());
        }
        if group.len() == GROUP || (last && !group.is_empty()) {
            let outcomes = authority.import(&group, context.global.dry_run)?;
            for (number, outcome) in numbers.drain(..).zip(outcomes) {
                match outcome {
                    Ok(Imported::Entered) => entered += 1,
                    Ok(_) => known += 1,
                    Err(error) => {
                        refused += 1;
                        let text = format!("line {number}: refused by {error}");
                        let error = ErrorJson {
                            rule: Some(error.rule),
                            item: error.item,
                            message: &error.message,
                        };
                        let json = LineJson { line: number, status: "refused", error };
                        lines.progress().suspend(|| context.report.result(&json, &text))?;
                    }
                }
            }
            group.clear();
        }
        if last {
            break;
        }
    }
    let json = CountsJson { status: "imported", entered, known, refused };
    let text = format!("{entered} entered, {known} known already, {refused} refused");
    context.report.result(&json, &text)?;
    Ok(if refused > 0 { Exit::Negative } else { Exit::Done })
}

#[derive(Serialize)]
struct LineJson<'a> {
    line: u64,
    status: &'static str,
    error: ErrorJson<'a>,
}

#[derive(Serialize)]
struct CountsJson {
    status: &'static str,
    entered: u64,
    known: u64,
    refused: u64,
}

/// Residents per commit.
const GROUP: usize = 256;
