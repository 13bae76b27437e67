//! An answer of the online status protocol, judged from its bytes, which are read by a reader that
//! knows nothing of how they were written.

mod extensions;
mod file;
mod read;
mod request;
mod rules;
mod statement;

use std::fmt;

use crate::clock::Timestamp;
use crate::ocsp::IssuerId;
use crate::ocsp::TbsAnswer;

use super::checked::Checked;
use super::finding::Finding;
use super::finding::Findings;
use super::finding::Rule;
use super::finding::Severity;

use read::Data;

pub use file::AnswerReport;
pub use file::answer_file;
pub use request::ALL as REQUEST_RULES;
pub use request::RequestReport;
pub use request::request_file;
pub use rules::ALL as ANSWER_RULES;

/// Who is to sign an answer.
#[derive(Clone, Copy, Debug)]
pub struct Responder<'a> {
    /// The key whose certificates it answers for.
    pub issuer: &'a IssuerId,
    /// When that key's own certificate ends.
    pub issuer_not_after: Timestamp,
    /// The identifier of the responder's key.
    pub key_id: [u8; 20],
    /// When the responder's certificate begins.
    pub not_before: Timestamp,
    /// When the responder's certificate ends.
    pub not_after: Timestamp,
}

/// Judges an answer that is to be signed: its bytes against the profile, what stands beside the
/// bytes against them.
///
/// What it cannot know is whether the answer is true, which is for the store.
///
/// # Errors
/// All findings, when there are any.
pub fn check_answer(
    tbs: TbsAnswer,
    responder: &Responder<'_>,
) -> Result<Checked<TbsAnswer>, Findings> {
    let mut found = match Data::read(tbs.as_der()) {
        Some(data) => judge(&data, &Expected::of(&tbs, responder)),
        None => vec![rules::DER.broken(Severity::Error)],
    };
    if tbs.issuer() != (responder.issuer.ca(), responder.issuer.generation()) {
        let detail = "the generation whose certificates it is about";
        found.push(rules::STATED.broken_at(Severity::Error, detail));
    }
    Findings::of(found)?;
    Ok(Checked(tbs))
}

/// What an answer is held against; what is not known is not checked.
struct Expected<'a> {
    /// What was stated of the answer before it was made.
    stated: Option<&'a TbsAnswer>,
    responder: Option<&'a Responder<'a>>,
    /// How bad it is when an answer is as the protocol allows, but not as ours are.
    house: Severity,
}

impl<'a> Expected<'a> {
    fn of(tbs: &'a TbsAnswer, responder: &'a Responder<'a>) -> Self {
        Self { stated: Some(tbs), responder: Some(responder), house: Severity::Error }
    }
}

fn judge(data: &Data<'_>, expected: &Expected<'_>) -> Vec<Finding> {
    let mut judge = Judge { expected, findings: Vec::new() };
    let produced_at = data.produced_at;
    judge.responder(data.by_key, produced_at);
    judge.require(&rules::EMPTY, !data.responses.is_empty());
    let stated = expected.stated.map(TbsAnswer::statements);
    let mut never_issued = false;
    for (position, response) in data.responses.iter().enumerate() {
        let stated = stated.map(|all| all.get(position));
        never_issued |= statement::judge(&mut judge, response, produced_at, stated);
    }
    if let Some(stated) = expected.stated {
        judge.stated(produced_at == stated.produced_at().to_unix(), "the time it is made");
        let statements = data.responses.len() == stated.statements().len();
        judge.stated(statements, "how many certificates it is about");
    }
    extensions::judge(&mut judge, data.extensions.as_deref(), never_issued);
    judge.findings
}

/// A judgement under way.
struct Judge<'a> {
    expected: &'a Expected<'a>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn require(&mut self, rule: &Rule, holds: bool) {
        if !holds {
            self.broken(rule, Severity::Error);
        }
    }

    /// What is so in our answers alone.
    fn require_of_ours(&mut self, rule: &Rule, holds: bool) {
        if !holds {
            self.broken(rule, self.expected.house);
        }
    }

    fn stated(&mut self, holds: bool, what: &str) {
        if !holds {
            self.broken_at(&rules::STATED, Severity::Error, what);
        }
    }

    #[cold]
    fn broken(&mut self, rule: &Rule, severity: Severity) {
        // What is wrong with one statement may be wrong with a hundred.
        if self.findings.iter().all(|finding| finding.id != rule.id) {
            self.findings.push(rule.broken(severity));
        }
    }

    #[cold]
    fn broken_at(&mut self, rule: &Rule, severity: Severity, detail: impl fmt::Display) {
        let finding = rule.broken_at(severity, detail);
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn responder(&mut self, by_key: Option<&[u8]>, produced_at: i64) {
        self.require_of_ours(&rules::RESPONDER, by_key.is_none_or(|hash| hash.len() == 20));
        let Some(responder) = self.expected.responder else { return };
        self.require(&rules::RESPONDER, by_key == Some(&responder.key_id));
        let stated = self.expected.stated.map(TbsAnswer::responder);
        self.stated(stated.is_none_or(|id| by_key == Some(&id)), "the responder");
        let validity = responder.not_before.to_unix()..=responder.not_after.to_unix();
        self.require(&rules::TIMES_RESPONDER, validity.contains(&produced_at));
    }
}

#[cfg(test)]
mod tests;
