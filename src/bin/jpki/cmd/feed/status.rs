//! `jpki feed status`, `tick` and `source`.

use jpki_ca::authority::EventOutcome;
use serde::Serialize;

use crate::args::SourceArgs;
use crate::cmd::input;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// `jpki feed status`.
pub(super) fn status(context: &Context<'_>) -> Result<Exit, Failure> {
    let (authority, _) = context.records_to_ask()?;
    let (sources, latencies) = authority.feed_status()?;
    let mut lines = vec![format!(
        "{:<10} {:>8} {:>9} {:>8} {:>8}  oldest refused",
        "source", "last", "applied", "waiting", "refused"
    )];
    let sources: Vec<_> = sources
        .into_iter()
        .map(|source| {
            let oldest = source.oldest_refused.map(|at| at.to_string());
            lines.push(format!(
                "{:<10} {:>8} {:>9} {:>8} {:>8}  {}",
                source.name,
                source.last,
                source.applied,
                source.waiting,
                source.refused,
                oldest.as_deref().unwrap_or("-")
            ));
            SourceJson {
                source: source.name,
                last: source.last,
                applied: source.applied,
                waiting: source.waiting,
                refused: source.refused,
                oldest_refused: oldest,
            }
        })
        .collect();
    let latency = Latency::of(&latencies);
    if let Some(latency) = &latency {
        lines.push(format!(
            "record to revocation: p50 {} s, p99 {} s, max {} s over {} certificate(s)",
            latency.p50, latency.p99, latency.max, latency.certificates
        ));
    }
    context.report.result(&StatusJson { sources, latency }, &lines.join("\n"))?;
    Ok(Exit::Done)
}

/// `jpki feed tick`.
pub(super) fn tick(context: &Context<'_>) -> Result<Exit, Failure> {
    let authority = context.records()?;
    let tick =
        if context.global.dry_run { authority.rehearse_tick()? } else { authority.tick()? };
    let mut lines = vec![format!(
        "{} record(s) changed, {} certificate(s) ended, {} deferred revocation(s) done, {} record(s) \
         past their keeping period erased",
        tick.records,
        tick.certificates.len(),
        tick.deferred,
        tick.erased
    )];
    for touched in &tick.certificates {
        lines.push(format!(
            "    {:<12} {} {}  because {} ({})",
            touched.effect, touched.ca, touched.serial, touched.change, touched.article
        ));
    }
    context.report.result(&tick, &lines.join("\n"))?;
    Ok(Exit::Done)
}

/// `jpki feed source`.
pub(super) fn source(context: &Context<'_>, args: &SourceArgs) -> Result<Exit, Failure> {
    let key = args.public_key.as_deref().map(input::public_key).transpose()?;
    let authority = context.records()?;
    let dry_run = context.global.dry_run;
    let signed = key.is_some();
    let done = authority.register_source(args.source, key, args.next, dry_run)??;
    let (next, passed) = (done.next, done.passed);
    let mut lines = vec![format!(
        "{}: next number {next}{}{}",
        args.source,
        if signed { ", signed" } else { "" },
        if dry_run { " (nothing was changed)" } else { "" }
    )];
    if passed > 0 {
        lines.push(format!(
            "{passed} event(s) that waited under lower numbers {} refused (R-SEQUENCE-PASSED): see \
             jpki feed rejected",
            if dry_run { "would be" } else { "are" }
        ));
    }
    lines.extend(done.resumed.iter().map(super::apply::to_text));
    let json = RegisteredJson {
        source: args.source.as_str(),
        next,
        key_registered: signed,
        passed,
        resumed: &done.resumed,
    };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct StatusJson {
    sources: Vec<SourceJson>,
    latency: Option<Latency>,
}

#[derive(Serialize)]
struct SourceJson {
    source: String,
    last: u64,
    applied: u64,
    waiting: u64,
    refused: u64,
    oldest_refused: Option<String>,
}

/// Seconds from the register's record to ours.
#[derive(Serialize)]
struct Latency {
    certificates: usize,
    p50: i64,
    p99: i64,
    max: i64,
}

impl Latency {
    /// Of sorted seconds.
    fn of(seconds: &[i64]) -> Option<Self> {
        let at = |percent: usize| {
            let place = (seconds.len() * percent).div_ceil(100).saturating_sub(1);
            seconds.get(place).copied()
        };
        let certificates = seconds.len();
        Some(Self { certificates, p50: at(50)?, p99: at(99)?, max: at(100)? })
    }
}

#[derive(Serialize)]
struct RegisteredJson<'a> {
    source: &'a str,
    next: u64,
    key_registered: bool,
    passed: u64,
    resumed: &'a [EventOutcome],
}
