//! `jpki recover`.

use jpki_ca::authority::Recovery;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// Every command resolves what a crash left when it opens the home; this one does only that, and
/// says what it found.
pub(crate) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let recovery = context.recover()?;
    let dry_run = context.global.dry_run;
    let (done, is) = if dry_run { ("would void", "would be") } else { ("voided", "is") };
    let mut lines = vec![format!("{done}  {} number(s)", recovery.voided.len())];
    for voided in &recovery.voided {
        lines.push(format!(
            "        {} {}: {is} revoked as discarded before delivery; request {} may be asked again",
            voided.ca, voided.serial, voided.request_id
        ));
    }
    context.report.result(&RecoveryJson { dry_run, recovery: &recovery }, &lines.join("\n"))?;
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct RecoveryJson<'a> {
    dry_run: bool,
    #[serde(flatten)]
    recovery: &'a Recovery,
}
