//! `jpki ocsp status`.

use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::home::Responder;
use jpki_ca::authority::home::ResponderStanding;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let home = context.home()?;
    let passphrase = if context.has_passphrase() || home.config().keys.pin_source().is_some() {
        context.passphrase(&home, "the responders' keys")?
    } else {
        None
    };
    let at = context.clock().now();
    let timing = home.config().lists;
    let store = home.open_store()?;
    let responders = home.responder_signers(&store, at, passphrase.as_ref())?;
    // With another passphrase it would look as if all keys were missing.
    for responder in &responders {
        if let Err(fault) = &responder.signer
            && fault.is_refused()
        {
            return Err(Failure::unauthorised(fault));
        }
    }
    let responders: Vec<(Responder, ResponderStanding)> = responders
        .into_iter()
        .map(|responder| {
            let standing = responder.standing(at, timing);
            (responder, standing)
        })
        .collect();
    let worst = responders.iter().map(|(_, standing)| *standing).max();
    let worst = worst.unwrap_or(ResponderStanding::Missing);
    let mut lines: Vec<String> = responders.iter().map(|(one, is)| line(one, *is)).collect();
    if lines.is_empty() {
        lines.push("no generation is in force: jpki ca list".to_owned());
    } else if worst > ResponderStanding::Fresh {
        lines.push("next  jpki ocsp rotate --due".to_owned());
    }
    let responders = responders.iter().map(|(one, is)| ResponderJson::of(one, *is)).collect();
    let json = StatusJson { status: worst.as_str(), responders };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(if worst <= ResponderStanding::Due { Exit::Done } else { Exit::Negative })
}

fn line(responder: &Responder, standing: ResponderStanding) -> String {
    let name = format!("{}-{}", responder.ca, responder.generation);
    let standing = standing.as_str();
    let fault = match &responder.signer {
        Ok(_) => String::new(),
        Err(fault) if fault.is_locked() => ", its key not looked at".to_owned(),
        Err(fault) => format!(": {fault}"),
    };
    let Some((record, _)) = &responder.certificate else {
        return format!("{name:<22} {standing}{fault}");
    };
    let due = match responder.due_at() {
        Some(due) if fault.is_empty() => format!(", due {}", due.japan_date()),
        Some(_) | None => String::new(),
    };
    format!(
        "{name:<22} serial {:<10} {:<7} {} to {}  {standing}{due}{fault}",
        record.serial.to_string(),
        algorithm(responder).unwrap_or_default(),
        record.not_before.japan_date(),
        record.not_after.japan_date(),
    )
}

/// What the key of the certificate is.
fn algorithm(responder: &Responder) -> Option<String> {
    let (_, der) = responder.certificate.as_ref()?;
    Some(PublicKey::of_certificate(der).ok()?.algorithm().to_string())
}

#[derive(Serialize)]
struct StatusJson {
    status: &'static str,
    responders: Vec<ResponderJson>,
}

#[derive(Serialize)]
struct ResponderJson {
    ca: &'static str,
    generation: u16,
    status: &'static str,
    serial: Option<String>,
    algorithm: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    /// From when on it is to be rotated.
    due_at: Option<String>,
    /// Whether its key is here; null when it was not looked at.
    key_is_here: Option<bool>,
    /// Why it cannot answer.
    error: Option<String>,
}

impl ResponderJson {
    fn of(responder: &Responder, standing: ResponderStanding) -> Self {
        let record = responder.certificate.as_ref().map(|(record, _)| record);
        let is_locked = responder.signer.as_ref().is_err_and(|fault| fault.is_locked());
        let fault = responder.signer.as_ref().err().filter(|_| !is_locked);
        Self {
            ca: responder.ca.as_str(),
            generation: responder.generation.get(),
            status: standing.as_str(),
            serial: record.map(|record| record.serial.to_string()),
            algorithm: algorithm(responder),
            not_before: record.map(|record| record.not_before.to_string()),
            not_after: record.map(|record| record.not_after.to_string()),
            due_at: responder.due_at().map(|due| due.to_string()),
            key_is_here: (!is_locked).then_some(responder.signer.is_ok()),
            error: fault.map(ToString::to_string),
        }
    }
}
