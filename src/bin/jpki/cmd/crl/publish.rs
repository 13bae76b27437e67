//! `jpki crl publish`.

use std::path::Path;

use indicatif::ProgressBar;
use jpki_ca::authority::Authority;
use jpki_ca::authority::Renewed;
use jpki_ca::authority::home::Home;
use jpki_ca::authority::publish::ListFormat;
use jpki_ca::authority::publish::PublishOptions;
use jpki_ca::authority::publish::Published;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::FormatArg;
use crate::args::PublishArgs;
use crate::cmd::ocsp::RotatedJson;
use crate::cmd::ocsp::Told;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &PublishArgs) -> Result<Exit, Failure> {
    let folder = super::folder(context, &args.folder);
    let partition = args.partition.as_deref().map(super::partition).transpose()?;
    let (mut authority, home, passphrase) = context.authority_home_and_passphrase()?;
    let mut options = PublishOptions::due(home.config().lists);
    options.all = args.all;
    options.partition = partition;
    options.delta = args.delta;
    options.full = args.full;
    options.threads = args.threads.unwrap_or(options.threads);
    options.format = match args.format {
        FormatArg::Der => ListFormat::Der,
        FormatArg::Pem => ListFormat::Pem,
    };
    let done = publish(context, &folder, &home, &mut authority, &options);
    // Behind the lists, which do not wait for it, and whatever became of them.
    let rotated = home
        .rotate_responders_in_time(&mut authority, passphrase.as_ref(), &mut OsRng)
        .map(|rotated| Told::of(context, &home, rotated));
    let rotated = rotated.unwrap_or_else(|error| Told::failed(context, &error.into()));
    let (published, renewed, mut lines) = match done {
        Ok(done) => done,
        Err(failure) => {
            rotated.lines.iter().for_each(|line| context.report.note(line));
            return Err(failure);
        }
    };
    lines.extend(rotated.lines);
    // Whoever publishes daily hears of it in time.
    for note in authority.roll_over_notes(authority.now()) {
        context.report.note(&format!("jpki: {note}"));
    }
    let status = match (context.global.dry_run, published.publication) {
        (true, _) => "planned",
        (false, None) => "current",
        (false, Some(_)) => "published",
    };
    let json = json(status, &published, renewed.as_ref(), rotated.json);
    context.report.result(&json, &lines.join("\n"))?;
    Ok(rotated.exit)
}

/// Publishes what is due, with a certificate that lasts; what there is to say of it.
fn publish(
    context: &Context<'_>,
    folder: &Path,
    home: &Home,
    authority: &mut Authority,
    options: &PublishOptions,
) -> Result<(Published, Option<Renewed>, Vec<String>), Failure> {
    // In time, so that what is published now is not the last that can be.
    let renewed = home.renew_publication_in_time(authority)??;
    let mut lines = Vec::new();
    if let Some(renewed) = &renewed {
        let is = if context.global.dry_run { "would be renewed" } else { "renewed" };
        lines.push(format!(
            "publication certificate {is}: serial {}, until {}",
            renewed.serial,
            renewed.not_after.japan_date()
        ));
    }
    if context.global.dry_run {
        let planned = authority.rehearse_publish(folder, options)?;
        lines.push(if planned.made.is_empty() {
            "nothing is due".to_owned()
        } else {
            format!("would make {}: nothing was written", count(&planned))
        });
        return Ok((planned, renewed, lines));
    }
    let bar = if context.report.watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let published = authority.publish(folder, options, &|done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let published = published?;
    let Some(publication) = published.publication else {
        lines.push(format!("nothing is due: {} list(s) stand", published.unchanged));
        return Ok((published, renewed, lines));
    };
    lines.push(format!("publication {publication}: {}", count(&published)));
    lines.push(format!(
        "{} revoked or held certificate(s), {} octets written",
        published.entries, published.octets
    ));
    if published.left > 0 {
        lines.push(format!(
            "{} certificate(s) left the lists: expired and listed since",
            published.left
        ));
    }
    if published.taken_over > 0 {
        lines.push(format!("{} list(s) taken over from an interrupted run", published.taken_over));
    }
    if let Some(folder) = &published.folder {
        lines.push(folder.display().to_string());
    }
    Ok((published, renewed, lines))
}

/// `12 list(s) (10 changed, 2 ageing), 3774 unchanged`.
fn count(published: &Published) -> String {
    let total: usize = published.made.values().sum();
    let reasons: Vec<String> =
        published.made.iter().map(|(due, lists)| format!("{lists} {}", due.as_str())).collect();
    let deltas = match published.deltas {
        0 => String::new(),
        deltas => format!(" with {deltas} delta list(s)"),
    };
    let reasons = reasons.join(", ");
    format!("{total} list(s) ({reasons}){deltas}, {} unchanged", published.unchanged)
}

fn json<'a>(
    status: &'a str,
    published: &Published,
    renewed: Option<&Renewed>,
    responders: Vec<RotatedJson>,
) -> PublishedJson<'a> {
    let made = published.made.iter().map(|(due, lists)| (due.as_str(), serde_json::json!(lists)));
    PublishedJson {
        status,
        publication: published.publication,
        folder: published.folder.as_ref().map(|folder| folder.to_string_lossy().into_owned()),
        made: made.map(|(due, lists)| (due.to_owned(), lists)).collect(),
        deltas: published.deltas,
        unchanged: published.unchanged,
        taken_over: published.taken_over,
        entries: published.entries,
        left: published.left,
        octets: published.octets,
        renewed: renewed.map(|renewed| RenewedJson {
            serial: renewed.serial.to_string(),
            not_after: renewed.not_after.to_string(),
        }),
        responders,
    }
}

#[derive(Serialize)]
struct PublishedJson<'a> {
    status: &'a str,
    publication: Option<u64>,
    folder: Option<String>,
    made: serde_json::Map<String, serde_json::Value>,
    deltas: usize,
    unchanged: usize,
    taken_over: usize,
    entries: u64,
    left: usize,
    octets: u64,
    /// The publication certificate, when it was time for another.
    renewed: Option<RenewedJson>,
    /// The responders whose keys it was time for.
    responders: Vec<RotatedJson>,
}

#[derive(Serialize)]
struct RenewedJson {
    serial: String,
    not_after: String,
}
