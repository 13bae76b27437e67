//! `jpki ca link`, and what became of links, for whoever makes them.

use jpki_ca::authority::Link;
use jpki_ca::authority::Linked;
use jpki_ca::authority::NewLink;
use jpki_ca::authority::home::Home;
use serde::Serialize;

use crate::args::LinkArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &LinkArgs) -> Result<Exit, Failure> {
    let (home, passphrase) = context.home_and_passphrase()?;
    let made = home.link(args.ca, context.clock(), passphrase.as_ref())??;
    context.note_recovery(&made.recovery);
    let dry_run = context.global.dry_run;
    let mut told = Told::of(context, &home, made.linked);
    told.planned(&home, &made.planned);
    if told.json.is_empty() {
        told.lines.push("no link is missing".to_owned());
    } else if dry_run {
        told.lines.push("nothing was written".to_owned());
    }
    let json = LinksJson { dry_run, links: told.json };
    context.report.result(&json, &told.lines.join("\n"))?;
    Ok(told.exit)
}

/// What became of some of them.
#[derive(Debug)]
pub(super) struct Told {
    /// A line for each that was made, or would be.
    pub(super) lines: Vec<String>,
    /// All of them.
    pub(super) json: Vec<LinkJson>,
    /// The worst that became of any.
    pub(super) exit: Exit,
}

impl Told {
    /// What failed is said at once, whatever else the command does.
    pub(super) fn of(context: &Context<'_>, home: &Home, linked: Vec<Linked>) -> Self {
        let mut told = Self { lines: Vec::new(), json: Vec::new(), exit: Exit::Done };
        for Linked { link, outcome, .. } in linked {
            match outcome {
                Ok(made) => told.made(home, &made, "made"),
                Err(error) => {
                    let failure = Failure::from(error);
                    told.exit = told.exit.max(failure.exit());
                    let message = match &failure {
                        Failure::Other(_, error) => format!("{error:#}"),
                        Failure::Refused(refused) => refused.message.clone(),
                    };
                    context.report.complaint(&format!("jpki: {}: {message}", link.stem()));
                    told.json.push(LinkJson {
                        status: "error",
                        error: Some(message),
                        ..LinkJson::between(link)
                    });
                }
            }
        }
        told
    }

    fn planned(&mut self, home: &Home, planned: &[NewLink]) {
        for made in planned {
            self.made(home, made, "planned");
        }
    }

    fn made(&mut self, home: &Home, made: &NewLink, status: &'static str) {
        let Link { ca, certified, by } = made.link;
        let does = if status == "made" { "link made" } else { "link would be made" };
        self.lines.push(format!(
            "{:<22} serial {:<10} {} to {}  {does}",
            format!("{ca}-{certified} with {by}"),
            made.serial.to_string(),
            made.not_before.japan_date(),
            made.not_after.japan_date(),
        ));
        let file = home.folder().join("ca").join(format!("{}.pem", made.link.stem()));
        self.json.push(LinkJson {
            status,
            serial: Some(made.serial.to_string()),
            not_before: Some(made.not_before.to_string()),
            not_after: Some(made.not_after.to_string()),
            certificate: Some(file.to_string_lossy().into_owned()),
            ..LinkJson::between(made.link)
        });
    }
}

#[derive(Serialize)]
struct LinksJson {
    dry_run: bool,
    links: Vec<LinkJson>,
}

/// One link.
#[derive(Debug, Serialize)]
pub(super) struct LinkJson {
    ca: &'static str,
    /// The generation whose key is certified.
    certified: u16,
    /// The generation that certifies it.
    by: u16,
    /// `made`, `planned` or `error`.
    status: &'static str,
    serial: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    certificate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl LinkJson {
    fn between(link: Link) -> Self {
        Self {
            ca: link.ca.as_str(),
            certified: link.certified.get(),
            by: link.by.get(),
            status: "",
            serial: None,
            not_before: None,
            not_after: None,
            certificate: None,
            error: None,
        }
    }
}
