//! `jpki feed apply`.

use std::path::Path;

use jpki_ca::authority::Authority;
use jpki_ca::authority::EventOutcome;
use jpki_ca::authority::Fate;

use crate::args::ApplyArgs;
use crate::cmd::lines::Lines;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::safe::safe;

use super::reissue::Reissue;

pub(crate) fn run(context: &Context<'_>, args: &ApplyArgs) -> Result<Exit, Failure> {
    // Keys are needed only where something is to be signed.
    let authority = if args.reissue { context.authority()? } else { context.records()? };
    let reissue = match (&args.out, args.reissue) {
        (Some(out), true) => Some(Reissue::new(&authority, out, args.holder_algorithm)?),
        _ => None,
    };
    let mut work = Work {
        context,
        authority: &authority,
        reissue: reissue.as_ref(),
        counts: Counts::default(),
    };
    for file in &args.files {
        work.file(file)?;
    }
    let Counts { applied, duplicate, waiting, refused, unserved } = work.counts;
    context.report.note(&format!(
        "jpki: {applied} applied, {duplicate} known already, {waiting} held back, {refused} refused"
    ));
    if refused > 0 {
        context.report.note("jpki: see jpki feed rejected, and jpki feed explain CODE");
    }
    if waiting > 0 {
        context.report.note("jpki: numbers are missing: see jpki feed status");
    }
    if unserved > 0 {
        context.report.note(&format!("jpki: {unserved} new certificate(s) could not be issued"));
    }
    Ok(if refused + waiting + unserved > 0 { Exit::Negative } else { Exit::Done })
}

/// An outcome in words.
pub(super) fn to_text(outcome: &EventOutcome) -> String {
    let seq = outcome.seq.map_or_else(|| "-".to_owned(), |seq| seq.to_string());
    // An id that is none is whatever the sender wrote.
    let head = format!("{:<10} {seq:>6}  {:<24}", outcome.source, safe(&outcome.id));
    match &outcome.fate {
        Fate::Duplicate => format!("{head} known already, nothing done"),
        Fate::Waiting { expected } => format!("{head} held back: number {expected} is missing"),
        Fate::Refused { findings } => {
            let mut lines = vec![format!("{head} refused")];
            for finding in findings {
                lines.push(format!("    {}: {}", finding.code, finding.message));
            }
            lines.join("\n")
        }
        Fate::Applied { certificates, reissue, .. } => {
            let mut lines = vec![format!("{head} applied")];
            for touched in certificates {
                let reason = touched.reason.map_or("", |reason| reason.as_str());
                lines.push(format!(
                    "    {:<12} {} {} {reason}  because {} ({})",
                    touched.effect, touched.ca, touched.serial, touched.change, touched.article
                ));
            }
            if *reissue {
                lines.push("    a new signature certificate is due".to_owned());
            }
            lines.join("\n")
        }
        _ => head,
    }
}

#[derive(Default)]
struct Counts {
    applied: u64,
    duplicate: u64,
    waiting: u64,
    refused: u64,
    unserved: u64,
}

struct Work<'a> {
    context: &'a Context<'a>,
    authority: &'a Authority,
    reissue: Option<&'a Reissue<'a>>,
    counts: Counts,
}

impl Work<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let mut lines = Lines::open(path, self.context.report.watched())?;
        let mut group = Vec::with_capacity(GROUP);
        loop {
            let line = lines.next()?;
            let last = line.is_none();
            group.extend(line);
            if group.len() == GROUP || (last && !group.is_empty()) {
                let outcomes = match (self.context.global.dry_run, self.reissue) {
                    (true, None) => self.authority.rehearse_ingest(&group)?,
                    (true, Some(_)) => self.authority.rehearse_ingest_to_reissue(&group)?,
                    (false, None) => self.authority.ingest(&group)?,
                    (false, Some(_)) => self.authority.ingest_to_reissue(&group)?,
                };
                group.clear();
                for outcome in outcomes {
                    lines.progress().suspend(|| self.report(&outcome))?;
                }
            }
            if last {
                return Ok(());
            }
        }
    }

    fn report(&mut self, outcome: &EventOutcome) -> Result<(), Failure> {
        match &outcome.fate {
            Fate::Applied { .. } => self.counts.applied += 1,
            Fate::Duplicate => self.counts.duplicate += 1,
            Fate::Waiting { .. } => self.counts.waiting += 1,
            _ => self.counts.refused += 1,
        }
        self.context.report.result(outcome, &to_text(outcome))?;
        if let Some(reissue) = self.reissue.filter(|_| !self.context.global.dry_run)
            && !reissue.follow(self.context, outcome)?
        {
            self.counts.unserved += 1;
        }
        Ok(())
    }
}

/// Events per commit: large enough that syncs do not matter, small enough that others get a turn.
const GROUP: usize = 256;
