//! `jpki lint`.

use jpki_ca::lint;
use jpki_ca::lint::Report;
use serde::Serialize;

use crate::args::FilesArgs;
use crate::cmd::input;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, args: &FilesArgs) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for path in &args.files {
        let file = path.to_string_lossy();
        let bytes = input::read(path, input::CERTIFICATE_LIMIT)?;
        let der = input::der(&bytes, "CERTIFICATE")
            .map_err(|problem| Failure::usage(format!("{file}: {problem}")))?;
        let report = lint::certificate_file(&der);
        if !report.conforms() {
            exit = Exit::Negative;
        }
        context.report.result(&ReportJson::new(&file, &report), &text(&file, &report))?;
    }
    Ok(exit)
}

fn text(file: &str, report: &Report) -> String {
    let verdict = if report.conforms() { "conforms 適合" } else { "does not conform 不適合" };
    let table = report.table.map_or_else(|| "not of JPKI".to_owned(), |table| table.to_string());
    let mut lines = vec![format!("{file}: {verdict} ({table})")];
    for finding in &report.findings {
        lines.push(format!("  {:<7}  {finding}  [{}]", finding.severity, finding.source));
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct ReportJson<'a> {
    file: &'a str,
    conforms: bool,
    table: Option<String>,
    findings: Vec<FindingJson<'a>>,
}

impl<'a> ReportJson<'a> {
    fn new(file: &'a str, report: &'a Report) -> Self {
        let findings = report.findings.iter().map(|finding| FindingJson {
            id: finding.id,
            severity: finding.severity.as_str(),
            source: finding.source,
            message: &finding.message,
        });
        Self {
            file,
            conforms: report.conforms(),
            table: report.table.map(|table| table.to_string()),
            findings: findings.collect(),
        }
    }
}

#[derive(Serialize)]
struct FindingJson<'a> {
    id: &'a str,
    severity: &'a str,
    source: &'a str,
    message: &'a str,
}
