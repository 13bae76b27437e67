//! What became of responders' keys, for people and for programs: whoever rotates them tells it.

use std::path::Path;

use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::Rotated;
use jpki_ca::profile::ServiceKey;
use serde::Serialize;

use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

/// What became of some of them.
#[derive(Debug)]
pub(in crate::cmd) struct Told {
    /// Those that were made, or would be: a line for each.
    pub(in crate::cmd) lines: Vec<String>,
    /// All of them.
    pub(in crate::cmd) json: Vec<RotatedJson>,
    /// The worst that became of any.
    pub(in crate::cmd) exit: Exit,
}

impl Told {
    /// Those of a run that may have failed as a whole. What failed is said at once, whatever else the
    /// command does.
    pub(in crate::cmd) fn of(
        context: &Context<'_>,
        home: &Home,
        rotated: impl IntoIterator<Item = Rotated>,
    ) -> Self {
        let mut told = Self { lines: Vec::new(), json: Vec::new(), exit: Exit::Done };
        for Rotated { ca, generation, outcome, .. } in rotated {
            let name = ServiceKey::Responder(ca, generation);
            let dry_run = context.global.dry_run;
            let mut json = RotatedJson {
                ca: ca.as_str(),
                generation: generation.get(),
                ..RotatedJson::default()
            };
            match outcome {
                Ok(Ok(made)) => {
                    let new = &made.new;
                    told.lines.push(format!(
                        "{:<22} serial {:<10} {:<7} {} to {}  {}",
                        format!("{ca}-{generation}"),
                        new.serial.to_string(),
                        made.algorithm.to_string(),
                        new.not_before.japan_date(),
                        new.not_after.japan_date(),
                        if dry_run { "responder would be made" } else { "responder made" },
                    ));
                    let revoked: Vec<String> =
                        new.revoked.iter().map(ToString::to_string).collect();
                    if !revoked.is_empty() {
                        let does = if dry_run { "would revoke" } else { "revoked" };
                        let numbers = revoked.join(", ");
                        told.lines.push(format!("{:<22} {does} {numbers} for key-compromise", ""));
                    }
                    let certificate = home.folder().join("ca").join(format!("{}.pem", name.stem()));
                    json.status = if dry_run { "planned" } else { "made" };
                    json.serial = Some(new.serial.to_string());
                    json.algorithm = Some(made.algorithm.to_string());
                    json.not_before = Some(new.not_before.to_string());
                    json.not_after = Some(new.not_after.to_string());
                    json.revoked = revoked;
                    json.certificate = Some(file(&certificate));
                    json.key = Some(made.key.to_string());
                    told.json.push(json);
                }
                Ok(Err(refused)) => told.fault(context, json, name, &refused.into()),
                Err(error) => told.fault(context, json, name, &error.into()),
            }
        }
        told
    }

    /// When it failed as a whole.
    pub(in crate::cmd) fn failed(context: &Context<'_>, failure: &Failure) -> Self {
        let mut told = Self { lines: Vec::new(), json: Vec::new(), exit: failure.exit() };
        if let Failure::Other(_, error) = failure {
            context.report.complaint(&format!("jpki: OCSP responders: {error:#}"));
        }
        told.exit = told.exit.max(Exit::Negative);
        told
    }

    fn fault(
        &mut self,
        context: &Context<'_>,
        mut json: RotatedJson,
        name: ServiceKey,
        failure: &Failure,
    ) {
        let (status, rule, message) = match failure {
            Failure::Refused(refused) => ("refused", Some(refused.rule), refused.explained()),
            Failure::Other(_, error) => ("error", None, format!("{error:#}")),
        };
        let by = rule.map(|rule| format!("refused by {rule}: ")).unwrap_or_default();
        context.report.complaint(&format!("jpki: {by}{name}: {message}"));
        json.status = status;
        json.error = Some(FaultJson { rule, message });
        self.json.push(json);
        self.exit = self.exit.max(failure.exit());
    }
}

fn file(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What became of one.
#[derive(Debug, Default, Serialize)]
pub(in crate::cmd) struct RotatedJson {
    ca: &'static str,
    generation: u16,
    /// `made`, `planned`, `refused` or `error`.
    status: &'static str,
    serial: Option<String>,
    algorithm: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    revoked: Vec<String>,
    certificate: Option<String>,
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FaultJson>,
}

#[derive(Debug, Serialize)]
struct FaultJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    message: String,
}
