//! `jpki lint`.

use jpki_ca::credential::CaName;
use jpki_ca::credential::Profile;
use jpki_ca::lint;
use jpki_ca::lint::AnswerReport;
use jpki_ca::lint::Finding;
use jpki_ca::lint::ListReport;
use jpki_ca::lint::Report;
use jpki_ca::lint::RequestReport;
use jpki_ca::ocsp::Message;
use jpki_ca::ocsp::Refusal;
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
        if let Some(message) = Message::of(&bytes) {
            let (conforms, shown) = match message {
                Message::Request => {
                    let report = lint::request_file(&bytes);
                    let json = ReportJson::of_request(&file, &report);
                    let shown = context.report.result(&json, &request_text(&file, &report));
                    (report.conforms(), shown)
                }
                Message::Response => {
                    let report = lint::answer_file(&bytes);
                    let json = ReportJson::of_answer(&file, &report);
                    let shown = context.report.result(&json, &answer_text(&file, &report));
                    (report.conforms(), shown)
                }
            };
            shown?;
            if !conforms {
                exit = Exit::Negative;
            }
            continue;
        }
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
    let mut table =
        report.table.map_or_else(|| "not of JPKI".to_owned(), |table| table.to_string());
    // That of today's cards goes without saying.
    if let Some(profile @ Profile::Next) = report.profile {
        table.push_str(&format!(", profile {profile} {}", profile.japanese()));
    }
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

fn answer_text(file: &str, report: &AnswerReport) -> String {
    let mut what = "状態応答 status response".to_owned();
    match (report.refusal, report.statements) {
        (Some(refusal), _) => what.push_str(&format!(", {refusal}")),
        (None, Some(count)) => what.push_str(&format!(", {count}件 {count} certificates")),
        (None, None) => {}
    }
    judged(file, report.conforms(), &what, &report.findings)
}

fn request_text(file: &str, report: &RequestReport) -> String {
    let mut what = "状態照会 status request".to_owned();
    if let Some(count) = report.asked {
        what.push_str(&format!(", {count}件 {count} certificates"));
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
    /// Of a certificate, where its life tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<ListJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocsp: Option<OcspJson>,
    findings: Vec<FindingJson<'a>>,
}

impl<'a> ReportJson<'a> {
    fn new(file: &'a str, report: &'a Report) -> Self {
        Self {
            file,
            conforms: report.conforms(),
            table: report.table.map(|table| table.to_string()),
            profile: report.profile,
            list: None,
            ocsp: None,
            findings: report.findings.iter().map(FindingJson::of).collect(),
        }
    }

    fn of_list(file: &'a str, report: &'a ListReport) -> Self {
        Self {
            file,
            conforms: report.conforms(),
            table: None,
            profile: None,
            list: Some(ListJson {
                ca: report.ca,
                entries: report.summary.as_ref().map(|summary| summary.count),
            }),
            ocsp: None,
            findings: report.findings.iter().map(FindingJson::of).collect(),
        }
    }

    fn of_answer(file: &'a str, report: &'a AnswerReport) -> Self {
        let ocsp = OcspJson {
            message: "response",
            certificates: report.statements,
            refusal: report.refusal.map(Refusal::as_str),
            signed: None,
        };
        Self::of_ocsp(file, report.conforms(), ocsp, &report.findings)
    }

    fn of_request(file: &'a str, report: &'a RequestReport) -> Self {
        let ocsp = OcspJson {
            message: "request",
            certificates: report.asked,
            refusal: None,
            signed: report.asked.map(|_| report.is_signed),
        };
        Self::of_ocsp(file, report.conforms(), ocsp, &report.findings)
    }

    fn of_ocsp(file: &'a str, conforms: bool, ocsp: OcspJson, findings: &'a [Finding]) -> Self {
        let findings = findings.iter().map(FindingJson::of).collect();
        Self { file, conforms, table: None, profile: None, list: None, ocsp: Some(ocsp), findings }
    }
}

/// What is said of a list; neither is known where it is not of JPKI.
#[derive(Serialize)]
struct ListJson {
    ca: Option<CaName>,
    entries: Option<u64>,
}

/// What is said of a question or an answer about status.
#[derive(Serialize)]
struct OcspJson {
    message: &'static str,
    /// How many are asked or answered for; not known where it cannot be read.
    certificates: Option<usize>,
    /// The status of a response that answers nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'static str>,
    /// Of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<bool>,
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
