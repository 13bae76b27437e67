//! `jpki feed rejected`, `explain`, `resend` and `dismiss`.

use jpki_ca::authority::AuthorityError;
use jpki_ca::authority::Fate;
use jpki_ca::register::explanation;
use jpki_ca::store::EventRow;
use jpki_ca::store::EventState;
use serde::Serialize;

use crate::args::DismissArgs;
use crate::args::ExplainArgs;
use crate::args::RejectedArgs;
use crate::args::ResendArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::safe::safe;

/// `jpki feed rejected`.
pub(super) fn list(context: &Context<'_>, args: &RejectedArgs) -> Result<Exit, Failure> {
    let (authority, _) = context.records_to_ask()?;
    let mut failure = None;
    let mut count = 0_u64;
    let listed = authority.rejected(args.all, |row| {
        count += 1;
        let findings: serde_json::Value =
            row.findings.as_deref().and_then(|f| serde_json::from_str(f).ok()).unwrap_or_default();
        let mut lines = vec![format!(
            "{:<10} {:>6}  {:<24} {}{}",
            row.source,
            row.sequence.map_or_else(|| "-".to_owned(), |seq| seq.to_string()),
            safe(&row.id),
            row.received_at,
            match status(row) {
                "refused" => "",
                "resent" => ", resent",
                _ => ", dismissed",
            }
        )];
        if let Some(note) = &row.note {
            lines.push(format!("    {}", safe(note)));
        }
        for finding in findings.as_array().into_iter().flatten() {
            let text = |field| finding.get(field).and_then(|v| v.as_str()).unwrap_or_default();
            lines.push(format!("    {}: {}", text("code"), text("message")));
        }
        let json = RejectedJson {
            source: &row.source,
            seq: row.sequence,
            id: &row.id,
            received_at: row.received_at.to_string(),
            status: status(row),
            note: row.note.as_deref(),
            findings: &findings,
        };
        context.report.result(&json, &lines.join("\n")).map_err(|error| {
            failure = Some(error);
            AuthorityError::Sink(std::io::ErrorKind::Other.into())
        })
    });
    listed.or_else(|error| failure.take().map_or(Err(error.into()), Err))?;
    context.report.note(&format!("jpki: {count} refused event(s)"));
    Ok(Exit::Done)
}

/// `jpki feed explain`.
pub(super) fn explain(context: &Context<'_>, args: &ExplainArgs) -> Result<Exit, Failure> {
    let Some(explained) = explanation(&args.code) else {
        return Err(Failure::usage(
            "no such code: codes begin with R- or E-, as messages print them",
        ));
    };
    let text = format!(
        "{}\n  意味    {}\n  meaning {}\n  対応    {}\n  next    {}",
        explained.code,
        explained.japanese,
        explained.english,
        explained.next_japanese,
        explained.next
    );
    let json = ExplanationJson {
        code: explained.code,
        japanese: explained.japanese,
        english: explained.english,
        next_japanese: explained.next_japanese,
        next: explained.next,
    };
    context.report.result(&json, &text)?;
    Ok(Exit::Done)
}

/// `jpki feed resend`.
pub(super) fn resend(context: &Context<'_>, args: &ResendArgs) -> Result<Exit, Failure> {
    let corrections = args
        .set
        .iter()
        .map(|set| {
            let (path, value) = set
                .split_once('=')
                .ok_or_else(|| Failure::usage("--set takes FIELD=VALUE, like person=p-0001"))?;
            // Codes and dates are texts, also where they are digits alone.
            let json = value.starts_with(['{', '[', '"']);
            let read = || json.then(|| serde_json::from_str(value).ok()).flatten();
            let value = (!value.is_empty())
                .then(|| read().unwrap_or_else(|| serde_json::Value::from(value)));
            Ok((path.to_owned(), value))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let authority = context.records()?;
    let outcome = authority.resend(&args.id, &corrections, context.global.dry_run)??;
    context.report.result(&outcome, &super::apply::to_text(&outcome))?;
    Ok(if matches!(outcome.fate, Fate::Refused { .. }) { Exit::Negative } else { Exit::Done })
}

/// `jpki feed dismiss`.
pub(super) fn dismiss(context: &Context<'_>, args: &DismissArgs) -> Result<Exit, Failure> {
    let dry_run = context.global.dry_run;
    let row = context.records()?.dismiss(&args.id, &args.note, dry_run)??;
    let status = if dry_run { "would-dismiss" } else { "dismissed" };
    let words = if dry_run { "would be dismissed" } else { "dismissed; it stays on record" };
    let json = DismissedJson { status, source: &row.source, seq: row.sequence, id: &row.id };
    context.report.result(&json, &format!("{}: {words}", safe(&row.id)))?;
    Ok(Exit::Done)
}

/// What became of a refused event since.
fn status(row: &EventRow) -> &'static str {
    match row.state {
        EventState::Resent => "resent",
        EventState::Dismissed => "dismissed",
        _ => "refused",
    }
}

#[derive(Serialize)]
struct DismissedJson<'a> {
    status: &'static str,
    source: &'a str,
    seq: Option<u64>,
    id: &'a str,
}

#[derive(Serialize)]
struct RejectedJson<'a> {
    source: &'a str,
    seq: Option<u64>,
    id: &'a str,
    received_at: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    findings: &'a serde_json::Value,
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    code: &'a str,
    japanese: &'a str,
    english: &'a str,
    next_japanese: &'a str,
    next: &'a str,
}
