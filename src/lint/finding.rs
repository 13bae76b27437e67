//! What a lint found.

use std::fmt;

/// What a lint found: which rule, how bad, and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The stable code of the rule: `L-…`, or `R-KEY-…` for a key.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where the rule comes from.
    pub source: &'static str,
    /// What is wrong. Never holds what a holder's item says.
    pub message: String,
}

impl fmt::Display for Finding {
    /// `L-SERIAL: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.message)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something that could not be checked.
    Notice,
    /// Differs from what we know of the profile where we may know too little.
    Warning,
    /// Breaks the profile: must not be signed.
    Error,
}

impl Severity {
    /// The word of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something may not be signed: one finding at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The findings, if there are any.
    pub(super) fn of(findings: Vec<Finding>) -> Result<(), Self> {
        if findings.is_empty() { Ok(()) } else { Err(Self(findings)) }
    }

    /// The findings, in the order of the fields that they are about.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not as the profile has it: ")?;
        for (position, finding) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("; ")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

/// A rule that a lint holds bytes against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its stable code, `L-…`.
    pub id: &'static str,
    /// Where it comes from: the published profile, or the standard that it refers to.
    pub source: &'static str,
    /// What is wrong when it is broken.
    pub fault: &'static str,
}

impl Rule {
    pub(super) const fn new(id: &'static str, source: &'static str, fault: &'static str) -> Self {
        Self { id, source, fault }
    }

    /// The finding that this rule is broken.
    pub(super) fn broken(&self, severity: Severity) -> Finding {
        Finding { id: self.id, severity, source: self.source, message: self.fault.to_owned() }
    }

    /// The finding that this rule is broken, with where or how.
    pub(super) fn broken_at(&self, severity: Severity, detail: impl fmt::Display) -> Finding {
        let message = format!("{}: {detail}", self.fault);
        Finding { id: self.id, severity, source: self.source, message }
    }
}
