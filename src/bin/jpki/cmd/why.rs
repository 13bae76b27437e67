//! `jpki why`: certificate → revocation → timer → event → rule → article.

use jpki_ca::authority::WhyReport;
use jpki_ca::register::ChangeReason;

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
    let json = WhyReport::from(&why);
    let timer = why.cause.as_ref().and_then(|cause| cause.timer);
    if let Some(due) = timer {
        lines.push(format!(
            "期限 timer           {} ({}), on {}",
            due.timer.japanese(),
            due.timer.as_str(),
            due.on
        ));
    }
    if let Some(event) = &json.event {
        let by = if event.by_operator { ", repeated by the operator" } else { "" };
        lines.push(format!("異動 event           {} of {}{by}", event.id, event.source));
        if let Some(told) = &event.told {
            let word = told.reason.parse::<ChangeReason>().map_or("", ChangeReason::japanese);
            lines.push(format!("異動事由 reason      {word} ({})", told.reason));
            lines.push(format!(
                "異動日 dates         happened {}, notified {}, recorded {}",
                told.event_date,
                told.notified_on.as_deref().unwrap_or("-"),
                told.recorded_at
            ));
        }
    }
    if let Some(cause) = &why.cause {
        lines.push(format!("規則 rule            {}", cause.change));
        lines.push(format!("条文 article         {} {}", cause.article.japanese, cause.article));
        lines.push(format!("                     {}", cause.article.english));
        lines.push(format!("記録 recorded        {}, audit entry {}", cause.at, cause.entry));
        if json.event.is_none() {
            lines.push(format!("申請 request         {}", cause.request));
        }
    } else {
        // Only what the authority certifies for itself ends without an article of the Act.
        lines.push(if json.reason.is_some() {
            "an act of the authority's own 認証局自身の措置".to_owned()
        } else {
            "nothing has happened to it 異動・失効なし".to_owned()
        });
    }
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}
