//! `jpki audit`.

use jpki_ca::asn1::hex;
use jpki_ca::authority::AuthorityError;
use serde::Serialize;

use crate::args::AuditListArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// `jpki audit verify`.
pub(crate) fn verify(context: &Context<'_>) -> Result<Exit, Failure> {
    let (authority, _) = context.records_to_ask()?;
    let (mut entries, mut head) = (0, String::new());
    authority.audit(0, |entry| {
        entries = entry.number;
        head = hex(&entry.hash);
        Ok(())
    })?;
    let json = Sound { status: "sound", entries, head: &head };
    let text = format!("sound: {entries} entries, the last has hash {head}");
    context.report.result(&json, &text)?;
    Ok(Exit::Done)
}

/// `jpki audit list`: the lines themselves, which are JSON already.
pub(crate) fn list(context: &Context<'_>, args: &AuditListArgs) -> Result<Exit, Failure> {
    let (authority, _) = context.records_to_ask()?;
    let mut failure = None;
    authority
        .audit(args.after, |entry| {
            let json: serde_json::Value = serde_json::from_str(&entry.line).unwrap_or_default();
            context.report.result(&json, &entry.line).map_err(|error| {
                failure = Some(error);
                AuthorityError::Sink(std::io::ErrorKind::Other.into())
            })
        })
        .or_else(|error| failure.take().map_or(Err(error.into()), Err))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Sound<'a> {
    status: &'static str,
    entries: u64,
    head: &'a str,
}
