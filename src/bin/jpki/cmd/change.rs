//! `jpki revoke`, `jpki hold`, `jpki release`.

use jpki_ca::authority::ChangeRequest;
use jpki_ca::law::revocation::Act;
use jpki_ca::profile::Subject;
use jpki_ca::store::State;
use serde::Serialize;

use crate::args::ChangeArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, args: &ChangeArgs, act: Act) -> Result<Exit, Failure> {
    let authority = context.records()?;
    let dry_run = context.global.dry_run;
    let request = ChangeRequest { ca: args.ca, serial: args.serial, act, dry_run };
    let change = authority.change(&request)??;
    let before = &change.before;
    let (carrier, partition) = match before.subject {
        Subject::Holder(_, carrier, municipality) => (carrier.as_str(), municipality.code()),
        _ => ("-", "000000"),
    };
    let person = before.person.as_ref().map_or("-", |person| person.as_str());
    let [was, is] = [before.state, change.after].map(describe);
    let json = ChangeJson {
        status: if dry_run { "would-change" } else { "changed" },
        ca: args.ca.as_str(),
        generation: before.generation.get(),
        serial: args.serial.to_string(),
        person,
        carrier,
        partition,
        not_after: before.not_after.to_string(),
        before: state_json(before.state),
        after: state_json(change.after),
    };
    let mut lines = vec![
        format!("holder       {person}"),
        format!("certificate  {} {} on {carrier}, partition {partition}", args.ca, args.serial),
        format!("until        {}", before.not_after.japan_date()),
        format!("{}  {was} → {is}", if dry_run { "would change" } else { "changed    " }),
    ];
    if dry_run {
        lines.push("nothing was changed: leave --dry-run out to do it".to_owned());
    }
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

pub(super) fn describe(state: State) -> String {
    match state {
        State::Intended => "intended".to_owned(),
        State::Live => "live 有効".to_owned(),
        State::Held(since) => format!("held since {since} 一時保留"),
        State::Revoked(since, reason) => {
            format!("revoked since {since} ({reason}) 失効（{}）", reason.japanese())
        }
        _ => "expired 有効期間満了".to_owned(),
    }
}

fn state_json(state: State) -> StateJson {
    let (state, since, reason) = match state {
        State::Intended => ("intended", None, None),
        State::Live => ("live", None, None),
        State::Held(since) => ("held", Some(since.to_string()), None),
        State::Revoked(since, reason) => {
            ("revoked", Some(since.to_string()), Some(reason.as_str()))
        }
        _ => ("expired", None, None),
    };
    StateJson { state, since, reason }
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    status: &'static str,
    ca: &'static str,
    generation: u16,
    serial: String,
    person: &'a str,
    carrier: &'static str,
    partition: &'static str,
    not_after: String,
    before: StateJson,
    after: StateJson,
}

#[derive(Serialize)]
struct StateJson {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}
