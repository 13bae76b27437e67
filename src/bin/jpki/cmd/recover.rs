//! `jpki recover`.

use jpki_ca::authority::home::Home;

use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// Every command resolves what a crash left when it opens the home; this one does only that, and
/// says what it found.
pub(crate) fn run(context: &Context<'_>) -> Result<Exit, Failure> {
    let home = Home::open(&context.global.home)?;
    let recovery = context.recover(&home)?;
    let mut lines = vec![format!("voided  {} number(s)", recovery.voided.len())];
    for voided in &recovery.voided {
        lines.push(format!(
            "        {} {}: revoked as discarded before delivery; request {} may be asked again",
            voided.ca, voided.serial, voided.request_id
        ));
    }
    context.report.result(&recovery, &lines.join("\n"))?;
    Ok(Exit::Done)
}
