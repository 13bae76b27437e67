//! `jpki verify`.

use jpki_ca::authority::Verdict;
use serde::Serialize;

use crate::args::FilesArgs;
use crate::cmd::input;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, args: &FilesArgs) -> Result<Exit, Failure> {
    let (authority, at) = context.records_to_ask()?;
    let mut exit = Exit::Done;
    for path in &args.files {
        let bytes = input::read(path, input::CERTIFICATE_LIMIT)?;
        let verdict = match input::der(&bytes, "CERTIFICATE") {
            Ok(der) => authority.verify(&der, at)?,
            Err(_) => Verdict::NotACertificate,
        };
        if !verdict.is_valid() {
            exit = Exit::Negative;
        }
        let file = path.to_string_lossy();
        let text = format!("{file}: {verdict}");
        let json = VerdictJson { file: &file, at: at.to_string(), verdict: &verdict };
        context.report.result(&json, &text)?;
    }
    Ok(exit)
}

#[derive(Serialize)]
struct VerdictJson<'a> {
    file: &'a str,
    at: String,
    #[serde(flatten)]
    verdict: &'a Verdict,
}
