//! `jpki ocsp rotate`.

use jpki_ca::authority::home::RotateOptions;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::RotateArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use super::RotatedJson;
use super::Told;

pub(super) fn run(context: &Context<'_>, args: &RotateArgs) -> Result<Exit, Failure> {
    let (home, passphrase) = context.home_and_passphrase()?;
    if let Some(algorithm) = args.algorithm {
        context.note_experiment(algorithm);
    }
    let options = RotateOptions {
        ca: args.ca,
        generation: args.generation,
        algorithm: args.algorithm,
        only_due: args.due,
        compromised: args.compromised,
    };
    let rotated =
        home.rotate_responders(&options, context.clock(), passphrase.as_ref(), &mut OsRng)??;
    context.note_recovery(&rotated.recovery);
    let dry_run = context.global.dry_run;
    let mut told = Told::of(context, &home, rotated.rotated);
    let is_any = !told.lines.is_empty();
    if dry_run && is_any {
        told.lines.push("nothing was written".to_owned());
    } else if is_any && args.compromised {
        told.lines.push("next  jpki crl publish".to_owned());
    } else if told.json.is_empty() {
        told.lines.push("nothing is due".to_owned());
    }
    let json = RotationJson { dry_run, rotated: told.json };
    context.report.result(&json, &told.lines.join("\n"))?;
    Ok(told.exit)
}

#[derive(Serialize)]
struct RotationJson {
    dry_run: bool,
    rotated: Vec<RotatedJson>,
}
