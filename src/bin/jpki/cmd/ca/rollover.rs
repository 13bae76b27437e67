//! `jpki ca rollover`.

use jpki_ca::authority::home::RollOver;
use jpki_ca::credential::Profile;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::RolloverArgs;
use crate::cmd::ocsp::RotatedJson;
use crate::cmd::ocsp::Told;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use super::link;
use super::link::LinkJson;

pub(super) fn run(context: &Context<'_>, args: &RolloverArgs) -> Result<Exit, Failure> {
    let (home, passphrase) = context.home_and_passphrase()?;
    let rolled_over = home.roll_over(
        args.ca,
        args.profile,
        args.algorithm,
        args.issue_from,
        context.clock(),
        passphrase.as_ref(),
        &mut OsRng,
    )?;
    let mut made = rolled_over?;
    context.note_recovery(&made.recovery);
    let dry_run = context.global.dry_run;
    let new = &made.new;
    let stem = format!("{}-{}", new.ca, new.generation);
    let certificate = home.folder().join("ca").join(format!("{stem}.pem"));
    let (does, issues) =
        if dry_run { ("would make", "would issue") } else { ("made       ", "issues") };
    let mut lines = vec![format!(
        "{does} {stem}: serial {}, {}, {}until {}",
        new.serial,
        made.algorithm,
        match new.profile {
            Profile::Current => String::new(),
            Profile::Next => format!("profile {}, ", new.profile),
        },
        new.not_after.japan_date()
    )];
    let from = new.issue_from.map_or_else(|| "now".to_owned(), |from| from.to_string());
    lines.push(format!(
        "            what {issues} from {from} on; those before it go on signing lists"
    ));
    if dry_run {
        lines.push(
            "            with a responder of its own, and links with the one before".to_owned(),
        );
        lines.push("            nothing was written".to_owned());
    } else {
        lines.push(format!("certificate {}", certificate.display()));
        lines.push(format!("key         {}", made.key));
        if let Some(aside) = &made.laid_aside {
            lines.push(format!(
                "laid aside  {aside}: the key of an interrupted roll-over, which certifies nothing"
            ));
        }
    }
    // The generation is there, whatever became of its responder.
    let told = Told::of(context, &home, made.responder.take());
    lines.extend(told.lines);
    if told.exit != Exit::Done {
        lines.push("next        jpki ocsp rotate --due".to_owned());
    }
    let linked = link::Told::of(context, &home, std::mem::take(&mut made.links));
    lines.extend(linked.lines);
    if linked.exit != Exit::Done {
        lines.push("next        jpki ca link".to_owned());
    }
    if !dry_run {
        lines.push("next        jpki crl publish".to_owned());
    }
    let responder = told.json.into_iter().next();
    let json = json(&made, dry_run, &certificate, responder, linked.json);
    context.report.result(&json, &lines.join("\n"))?;
    Ok(told.exit.max(linked.exit))
}

fn json(
    made: &RollOver,
    dry_run: bool,
    certificate: &std::path::Path,
    responder: Option<RotatedJson>,
    links: Vec<LinkJson>,
) -> RollOverJson {
    let file = |path: &std::path::Path| path.to_string_lossy().into_owned();
    RollOverJson {
        dry_run,
        ca: made.new.ca.as_str(),
        generation: made.new.generation.get(),
        serial: made.new.serial.to_string(),
        profile: made.new.profile,
        algorithm: made.algorithm.to_string(),
        not_before: made.new.not_before.to_string(),
        not_after: made.new.not_after.to_string(),
        issue_from: made.new.issue_from.map(|from| from.to_string()),
        certificate: file(certificate),
        key: made.key.to_string(),
        laid_aside: made.laid_aside.as_ref().map(ToString::to_string),
        responder,
        links,
    }
}

#[derive(Serialize)]
struct RollOverJson {
    dry_run: bool,
    ca: &'static str,
    generation: u16,
    serial: String,
    profile: Profile,
    algorithm: String,
    not_before: String,
    not_after: String,
    /// From when it issues to holders, where that is later than its beginning.
    issue_from: Option<String>,
    certificate: String,
    key: String,
    laid_aside: Option<String>,
    responder: Option<RotatedJson>,
    /// Its links with the generation before.
    links: Vec<LinkJson>,
}
