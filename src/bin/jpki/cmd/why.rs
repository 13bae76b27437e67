//! `jpki why`: certificate → revocation → timer → event → rule → article.

use jpki_ca::register::ChangeReason;
use jpki_ca::store::State;
use jpki_ca::store::Voucher;
use serde::Serialize;

use crate::args::ChangeArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use super::change::describe;

pub(crate) fn run(context: &Context<'_>, args: &ChangeArgs) -> Result<Exit, Failure> {
    let (authority, at) = context.records_to_ask()?;
    let why = authority.why(args.ca, args.serial, at)??;
    let record = &why.certificate;
    let mut lines = vec![
        format!(
            "証明書 certificate   {} {}, until {}",
            args.ca,
            args.serial,
            record.not_after.japan_date()
        ),
        format!("状態 state           {}", describe(record.state)),
    ];
    let (state, since, reason) = match record.state {
        State::Revoked(since, reason) => ("revoked", Some(since), Some(reason.as_str())),
        State::Held(since) => ("held", Some(since), Some("certificate-hold")),
        State::Live => ("live", None, None),
        State::Intended => ("intended", None, None),
        _ => ("expired", None, None),
    };
    let event = why.cause.as_ref().and_then(|cause| cause.event.as_ref());
    let form = event.and_then(jpki_ca::store::EventRow::form);
    // The line is erased when its keeping period is over; what it was called stays.
    let event = event.map(|row| EventJson {
        source: &row.source,
        seq: row.sequence,
        id: &row.id,
        by_operator: row.vouched == Voucher::Operator,
        told: form.as_ref().map(|form| Told {
            reason: &form.reason,
            event_date: &form.event_date,
            notified_on: form.notified_on.as_deref(),
            recorded_at: &form.recorded_at,
        }),
    });
    let timer = why.cause.as_ref().and_then(|cause| cause.timer);
    if let Some(due) = timer {
        lines.push(format!(
            "期限 timer           {} ({}), on {}",
            due.timer.japanese(),
            due.timer.as_str(),
            due.on
        ));
    }
    if let Some(event) = &event {
        let by = if event.by_operator { ", repeated by the operator" } else { "" };
        lines.push(format!("異動 event           {} of {}{by}", event.id, event.source));
        if let Some(told) = &event.told {
            let word = told.reason.parse::<ChangeReason>().map_or("", ChangeReason::japanese);
            lines.push(format!("異動事由 reason      {word} ({})", told.reason));
            lines.push(format!(
                "異動日 dates         happened {}, notified {}, recorded {}",
                told.event_date,
                told.notified_on.unwrap_or("-"),
                told.recorded_at
            ));
        }
    }
    let cause = why.cause.as_ref().map(|cause| {
        lines.push(format!("規則 rule            {}", cause.change));
        lines.push(format!("条文 article         {} {}", cause.article.japanese, cause.article));
        lines.push(format!("                     {}", cause.article.english));
        lines.push(format!("記録 recorded        {}, audit entry {}", cause.at, cause.entry));
        if event.is_none() {
            lines.push(format!("申請 request         {}", cause.request));
        }
        CauseJson {
            change: &cause.change,
            article: cause.article.to_string(),
            article_japanese: cause.article.japanese,
            article_english: cause.article.english,
            article_confirmed: cause.article.confirmed,
            at: cause.at.to_string(),
            entry: cause.entry,
            request: &cause.request,
        }
    });
    if cause.is_none() {
        // Only what the authority certifies for itself ends without an article of the Act.
        lines.push(if reason.is_some() {
            "an act of the authority's own 認証局自身の措置".to_owned()
        } else {
            "nothing has happened to it 異動・失効なし".to_owned()
        });
    }
    let json = WhyJson {
        ca: args.ca.as_str(),
        serial: args.serial.to_string(),
        state,
        since: since.map(|since| since.to_string()),
        reason,
        timer: timer.map(|due| TimerJson { timer: due.timer.as_str(), on: due.on.to_string() }),
        event,
        cause,
    };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct WhyJson<'a> {
    ca: &'static str,
    serial: String,
    state: &'static str,
    since: Option<String>,
    reason: Option<&'static str>,
    timer: Option<TimerJson>,
    event: Option<EventJson<'a>>,
    cause: Option<CauseJson<'a>>,
}

#[derive(Serialize)]
struct TimerJson {
    timer: &'static str,
    on: String,
}

#[derive(Serialize)]
struct EventJson<'a> {
    source: &'a str,
    seq: Option<u64>,
    id: &'a str,
    by_operator: bool,
    #[serde(flatten)]
    told: Option<Told<'a>>,
}

/// What the line of an event says.
#[derive(Serialize)]
struct Told<'a> {
    reason: &'a str,
    event_date: &'a str,
    notified_on: Option<&'a str>,
    recorded_at: &'a str,
}

#[derive(Serialize)]
struct CauseJson<'a> {
    change: &'a str,
    article: String,
    article_japanese: &'a str,
    article_english: &'a str,
    article_confirmed: bool,
    at: String,
    entry: u64,
    request: &'a str,
}
