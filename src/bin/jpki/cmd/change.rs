//! `jpki revoke`, `jpki hold`, `jpki release`.

use jpki_ca::authority::ChangeReport;
use jpki_ca::authority::ChangeRequest;
use jpki_ca::law::revocation::Act;
use jpki_ca::profile::Subject;
use jpki_ca::store::State;

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
    let json = ChangeReport::new(&change, dry_run);
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
