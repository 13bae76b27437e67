//! `jpki ca renew-publication`.

use std::path::Path;

use jpki_ca::authority::CertifiedKey;
use jpki_ca::authority::home::PublicationRenewal;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::RenewPublicationArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &RenewPublicationArgs) -> Result<Exit, Failure> {
    let (home, passphrase) = context.home_and_passphrase()?;
    let key = if args.new_key {
        CertifiedKey::Replaced { compromised: args.compromised }
    } else {
        CertifiedKey::Kept
    };
    let renewed = home.renew_publication(key, context.clock(), passphrase.as_ref(), &mut OsRng)?;
    let made = renewed?;
    context.note_recovery(&made.recovery);
    let dry_run = context.global.dry_run;
    let new = &made.new;
    let certificate = home.folder().join("ca").join(format!("{}.pem", new.service));
    let does = if dry_run { "would make " } else { "made       " };
    let mut lines = vec![format!(
        "{does} {}: serial {}, {}, by {}-{}, until {}",
        new.service,
        new.serial,
        made.algorithm,
        new.ca,
        new.generation,
        new.not_after.japan_date()
    )];
    if !new.revoked.is_empty() {
        let numbers: Vec<String> = new.revoked.iter().map(ToString::to_string).collect();
        let does = if dry_run { "would revoke" } else { "revoked    " };
        lines.push(format!("{does} {} for key-compromise", numbers.join(", ")));
    }
    if dry_run {
        lines.push("            nothing was written".to_owned());
    } else {
        lines.push(format!("certificate {}", certificate.display()));
        lines.push(format!("key         {}", made.key));
        if let Some(replaced) = &made.replaced {
            lines.push(format!("before      {replaced}"));
        }
        if let Some(aside) = &made.laid_aside {
            lines.push(format!(
                "laid aside  {aside}: the key of an interrupted renewal, which certifies nothing"
            ));
        }
        lines.push("next        jpki crl publish".to_owned());
    }
    context.report.result(&json(&made, args, dry_run, &certificate), &lines.join("\n"))?;
    Ok(Exit::Done)
}

fn json(
    made: &PublicationRenewal,
    args: &RenewPublicationArgs,
    dry_run: bool,
    certificate: &Path,
) -> RenewalJson {
    let file = |path: &Path| path.to_string_lossy().into_owned();
    let new = &made.new;
    RenewalJson {
        dry_run,
        service: new.service.as_str(),
        ca: new.ca.as_str(),
        generation: new.generation.get(),
        serial: new.serial.to_string(),
        algorithm: made.algorithm.to_string(),
        not_before: new.not_before.to_string(),
        not_after: new.not_after.to_string(),
        new_key: args.new_key,
        revoked: new.revoked.iter().map(ToString::to_string).collect(),
        certificate: file(certificate),
        key: made.key.to_string(),
        replaced: made.replaced.as_ref().map(ToString::to_string),
        laid_aside: made.laid_aside.as_ref().map(ToString::to_string),
    }
}

#[derive(Serialize)]
struct RenewalJson {
    dry_run: bool,
    service: &'static str,
    ca: &'static str,
    generation: u16,
    serial: String,
    algorithm: String,
    not_before: String,
    not_after: String,
    new_key: bool,
    revoked: Vec<String>,
    certificate: String,
    key: String,
    replaced: Option<String>,
    laid_aside: Option<String>,
}
