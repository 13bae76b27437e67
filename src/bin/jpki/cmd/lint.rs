//! `jpki lint`.

use jpki_ca::credential::CaName;
use jpki_ca::lint;
use jpki_ca::lint::Finding;
use jpki_ca::lint::ListReport;
use jpki_ca::lint::Report;
use serde::Serialize;

use crate::args::FilesArgs;
use crate::cmd::input;
use crate::cmd::list::Opened;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(crate) fn run(context: &Context<'_>, args: &FilesArgs) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    for path in &args.files {
        let file = path.to_string_lossy();
        let opened = Opened::open(path)?;
        if opened.is_list() {
            let report = lint::list_file(opened.into_list()?.into_read());
            if !report.conforms() {
                exit = Exit::Negative;
            }
            let json = ReportJson::of_list(&file, &report);
            context.report.result(&json, &list_text(&file, &report))?;
            continue;
        }
        let bytes = opened.read(input::CERTIFICATE_LIMIT)?;
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
    let table = report.table.map_or_else(|| "not of JPKI".to_owned(), |table| table.to_string());
    judged(file, report.conforms(), &table, &report.findings)
}

fn list_text(file: &str, report: &ListReport) -> String {
    let whose = report.ca.map_or_else(|| "not of JPKI".to_owned(), |ca| ca.to_string());
    let mut what = format!("失効リスト revocation list, {whose}");
    if let Some(summary) = &report.summary {
        what.push_str(&format!(", {}件 {} entries", summary.count, summary.count));
    }
    judged(file, report.conforms(), &what, &report.findings)
}

/// The verdict, on what, and a line for each finding.
fn judged(file: &str, conforms: bool, what: &str, findings: &[Finding]) -> String {
    let verdict = if conforms { "conforms 適合" } else { "does not conform 不適合" };
    let mut lines = vec![format!("{file}: {verdict} ({what})")];
    for finding in findings {
        lines.push(format!("  {:<7}  {finding}  [{}]", finding.severity, finding.source));
    }
    lines.join("\n")
}

#[derive(Serialize)]
struct ReportJson<'a> {
    file: &'a str,
    conforms: bool,
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<ListJson>,
    findings: Vec<FindingJson<'a>>,
}

impl<'a> ReportJson<'a> {
    fn new(file: &'a str, report: &'a Report) -> Self {
        Self {
            file,
            conforms: report.conforms(),
            table: report.table.map(|table| table.to_string()),
            list: None,
            findings: report.findings.iter().map(FindingJson::of).collect(),
        }
    }

    fn of_list(file: &'a str, report: &'a ListReport) -> Self {
        Self {
            file,
            conforms: report.conforms(),
            table: None,
            list: Some(ListJson {
                ca: report.ca,
                entries: report.summary.as_ref().map(|summary| summary.count),
            }),
            findings: report.findings.iter().map(FindingJson::of).collect(),
        }
    }
}

/// What is said of a list; neither is known where it is not of JPKI.
#[derive(Serialize)]
struct ListJson {
    ca: Option<CaName>,
    entries: Option<u64>,
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            id: finding.id,
            severity: finding.severity.as_str(),
            source: finding.source,
            message: &finding.message,
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
