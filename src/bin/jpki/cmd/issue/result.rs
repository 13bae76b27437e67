//! A line of result.

use std::path::PathBuf;

use jpki_ca::authority::Issued;
use jpki_ca::authority::IssuedReport;
use jpki_ca::authority::Outcome;
use jpki_ca::authority::Refused;
use jpki_ca::authority::Status;
use serde::Serialize;
use serde::Serializer;

/// What became of a request, with the files that were written.
#[derive(Clone, Debug)]
pub(crate) struct ResultLine {
    pub(crate) request_id: Option<String>,
    /// The line of the batch, from 1.
    pub(crate) line: Option<u64>,
    pub(crate) result: Result<(Status, Vec<Issued>), Refused>,
    files: Vec<Vec<PathBuf>>,
    dry_run: bool,
}

impl ResultLine {
    pub(crate) fn new(outcome: Outcome, files: Vec<Vec<PathBuf>>, dry_run: bool) -> Self {
        let request_id = Some(outcome.request_id);
        Self { request_id, line: None, result: outcome.result, files, dry_run }
    }

    /// A batch line that did not become a request.
    pub(crate) fn refused(request_id: Option<String>, refused: Refused) -> Self {
        Self { request_id, line: None, result: Err(refused), files: Vec::new(), dry_run: false }
    }

    pub(crate) fn to_text(&self) -> String {
        let id = self.request_id.as_deref().unwrap_or("-");
        match &self.result {
            Err(refused) => {
                let line = self.line.map(|line| format!("line {line}: ")).unwrap_or_default();
                format!("{line}refused by {}: {}", refused.rule, refused.explained())
            }
            Ok((status, certificates)) => {
                let word = match (self.dry_run, status) {
                    (true, Status::Issued) => "would issue",
                    (false, Status::Issued) => "issued",
                    _ => "existing",
                };
                let mut lines = Vec::new();
                for certificate in certificates {
                    lines.push(format!(
                        "{word:<11} {:<19}  serial {:<8}  until {} ({})  partition {}  request {id}",
                        certificate.kind.as_str(),
                        certificate.serial,
                        certificate.not_after.japan_date(),
                        certificate.clause.map_or("-", |clause| clause.as_str()),
                        certificate.partition,
                    ));
                }
                for file in self.files.iter().flatten() {
                    lines.push(format!("            {}", file.display()));
                }
                lines.join("\n")
            }
        }
    }
}

impl Serialize for ResultLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (status, certificates, error) = match &self.result {
            Ok((Status::Issued, list)) if self.dry_run => ("would-issue", list.as_slice(), None),
            Ok((Status::Issued, list)) => ("issued", list.as_slice(), None),
            Ok((_, list)) => ("existing", list.as_slice(), None),
            Err(refused) => ("refused", [].as_slice(), Some(refused)),
        };
        let none = Vec::new();
        let certificates = certificates
            .iter()
            .enumerate()
            .map(|(position, issued)| CertificateJson {
                issued: IssuedReport::from(issued),
                files: self.files.get(position).unwrap_or(&none),
            })
            .collect();
        let request_id = self.request_id.as_deref();
        LineJson { request_id, line: self.line, status, certificates, error }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct LineJson<'a> {
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    status: &'static str,
    certificates: Vec<CertificateJson<'a>>,
    error: Option<&'a Refused>,
}

#[derive(Serialize)]
struct CertificateJson<'a> {
    #[serde(flatten)]
    issued: IssuedReport,
    files: &'a [PathBuf],
}
