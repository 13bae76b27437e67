//! `jpki ca compromise`.

use jpki_ca::authority::CompromiseRequest;
use jpki_ca::authority::Compromised;
use serde::Serialize;

use crate::args::CompromiseArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &CompromiseArgs) -> Result<Exit, Failure> {
    let dry_run = context.global.dry_run;
    let request =
        CompromiseRequest { ca: args.ca, generation: args.generation, since: args.since, dry_run };
    let recorded = context.records()?.compromise(&request)??;
    let Compromised { ca, generation, since, at, entry, .. } = recorded;
    let does = if dry_run { "would record" } else { "recorded    " };
    let mut lines = vec![
        format!("{does} {ca}-{generation} compromised since {since} 危殆化"),
        "             every certificate that it issued is revoked for ca-compromise".to_owned(),
    ];
    match recorded.last_end {
        Some(end) => lines.push(format!("             holders' until {}", end.japan_date())),
        None => lines.push("             it has issued to no holder".to_owned()),
    }
    if !recorded.links.is_empty() {
        let numbers: Vec<String> = recorded.links.iter().map(ToString::to_string).collect();
        lines.push(format!("             links that certified its key: {}", numbers.join(", ")));
    }
    match recorded.issues {
        Some(issues) => lines.push(format!("issues       {ca}-{issues}")),
        None => lines.push(format!("next         jpki ca rollover --ca {ca}")),
    }
    if dry_run {
        lines.push("             nothing was written: leave --dry-run out to do it".to_owned());
    } else {
        lines.push(format!("entry        {entry}, {at}"));
        lines.push("next         tell verifiers; renew the holders' certificates".to_owned());
    }
    context.report.result(&json(&recorded, dry_run), &lines.join("\n"))?;
    Ok(Exit::Done)
}

fn json(recorded: &Compromised, dry_run: bool) -> CompromisedJson {
    CompromisedJson {
        dry_run,
        ca: recorded.ca.as_str(),
        generation: recorded.generation.get(),
        since: recorded.since.to_string(),
        at: recorded.at.to_string(),
        entry: (!dry_run).then_some(recorded.entry),
        last_end: recorded.last_end.map(|end| end.to_string()),
        links: recorded.links.iter().map(ToString::to_string).collect(),
        issues: recorded.issues.map(|issues| issues.get()),
    }
}

#[derive(Serialize)]
struct CompromisedJson {
    dry_run: bool,
    ca: &'static str,
    generation: u16,
    since: String,
    at: String,
    entry: Option<u64>,
    /// The latest end of a holder's certificate.
    last_end: Option<String>,
    /// The numbers of the links that certified the key.
    links: Vec<String>,
    /// The generation that issues from now on.
    issues: Option<u16>,
}
