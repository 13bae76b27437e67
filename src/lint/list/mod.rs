//! A list, judged as it is read: millions of entries are not kept.

mod entries;
mod extensions;
mod file;
mod header;
mod point;
mod rules;

use std::fmt;
use std::io;

use crate::asn1::KeyAlgorithm;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::crl::Coverage;
use crate::crl::Edition;
use crate::crl::Fault;
use crate::crl::Header;
use crate::crl::Listed;
use crate::crl::ReadError;
use crate::crl::Reader;
use crate::crl::TbsList;
use crate::crl::Trailer;

use super::checked::Authority;
use super::checked::Checked;
use super::finding::Finding;
use super::finding::Findings;
use super::finding::Rule;
use super::finding::Severity;

pub use file::ListReport;
pub use file::list_file;
pub use rules::ALL as LIST_RULES;

/// Judges a list that is to be signed: its bytes against the profile, what stands beside the bytes
/// against them.
///
/// What it cannot know is whether the list is true: whether everything that is revoked stands on it,
/// and whether its number is new, is for the store.
///
/// # Errors
/// All findings, when there are any.
pub fn check_list(tbs: TbsList, authority: &Authority<'_>) -> Result<Checked<TbsList>, Findings> {
    check_list_with(tbs, authority, |_| ())
}

/// [`check_list`], where `each` is shown every entry as it is read from the bytes: whoever keeps an
/// account of what is to be listed holds it against what will be signed, and not against what that
/// was made of.
///
/// # Errors
/// All findings, when there are any.
pub fn check_list_with(
    tbs: TbsList,
    authority: &Authority<'_>,
    each: impl FnMut(&Listed),
) -> Result<Checked<TbsList>, Findings> {
    let Some(issuer) = authority.issuer else {
        return Err(findings(vec![rules::STATED.broken_at(Severity::Error, SIGNER)]));
    };
    let edition = Edition {
        organisation: authority.realm.organisation(),
        issuer,
        coverage: tbs.coverage(),
        number: tbs.number(),
        this_update: tbs.this_update(),
        next_update: tbs.next_update(),
        base: tbs.base(),
    };
    let mut found = match Reader::tbs(tbs.as_der()) {
        Ok(reader) => {
            let expected = Expected { count: Some(tbs.count()), ..Expected::of(&edition) };
            judge(reader, &expected, each).1
        }
        Err(error) => vec![unread(&error)],
    };
    if tbs.issuer() != (issuer.ca, issuer.generation) {
        found.push(rules::STATED.broken_at(Severity::Error, SIGNER));
    }
    Findings::of(found)?;
    Ok(Checked(tbs))
}

/// Judges a list, complete or its signed part alone, as it is read: it must state what the edition
/// states, and its entries be as the profile has them.
///
/// The signature is not verified; a tap of the reader sees what is signed.
///
/// # Errors
/// All findings, when there are any; of those on entries each once, with the first entry it is on.
pub fn list<R: io::Read, T: FnMut(&[u8])>(
    reader: Reader<R, T>,
    edition: &Edition<'_>,
) -> Result<ListSummary, Findings> {
    let (summary, found) = judge(reader, &Expected::of(edition), |_| ());
    match summary {
        Some(summary) if found.is_empty() => Ok(summary),
        Some(_) | None => Err(findings(found)),
    }
}

/// What a list that was judged says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListSummary {
    /// What stands before its entries.
    pub header: Header,
    /// How many entries it has.
    pub count: u64,
    /// What stands behind them.
    pub trailer: Trailer,
}

/// What a list is held against; what is not known is not checked.
struct Expected<'a> {
    ca: CaName,
    organisation: &'a str,
    key: Option<Key>,
    /// What was stated of the list before it was made.
    stated: Option<Stated>,
    count: Option<u64>,
}

/// The key that signs.
struct Key {
    algorithm: KeyAlgorithm,
    id: [u8; 20],
    /// When its certificate begins.
    begins: Timestamp,
}

/// What a list is to state.
struct Stated {
    coverage: Coverage,
    number: u64,
    base: Option<u64>,
    this_update: Timestamp,
    next_update: Timestamp,
}

impl<'a> Expected<'a> {
    fn of(edition: &Edition<'a>) -> Self {
        let issuer = edition.issuer;
        Self {
            ca: issuer.ca,
            organisation: edition.organisation.as_str(),
            key: Some(Key {
                algorithm: issuer.algorithm,
                id: issuer.key_id,
                begins: issuer.not_before,
            }),
            stated: Some(Stated {
                coverage: edition.coverage,
                number: edition.number,
                base: edition.base,
                this_update: edition.this_update,
                next_update: edition.next_update,
            }),
            count: None,
        }
    }
}

/// Judges what a reader reads; no summary when it could not be read to its end.
fn judge<R: io::Read, T: FnMut(&[u8])>(
    mut reader: Reader<R, T>,
    expected: &Expected<'_>,
    each: impl FnMut(&Listed),
) -> (Option<ListSummary>, Vec<Finding>) {
    let mut judge = Judge { expected, findings: Vec::new() };
    let header = reader.header().clone();
    header::judge(&mut judge, &header);
    let read = entries::judge(&mut judge, &header, &mut reader, each)
        .and_then(|entries| Ok((entries, reader.finish()?)));
    let (entries, trailer) = match read {
        Ok(read) => read,
        Err(error) => {
            judge.findings.push(unread(&error));
            return (None, judge.findings);
        }
    };
    extensions::judge(&mut judge, &trailer);
    if entries.removed && trailer.base().is_none() {
        judge.broken(&rules::ENTRY_REMOVED);
    }
    if expected.count.is_some_and(|count| count != entries.count) {
        judge.broken_at(&rules::STATED, "count of entries");
    }
    (Some(ListSummary { header, count: entries.count, trailer }), judge.findings)
}

/// The finding that something cannot be read.
fn unread(error: &ReadError) -> Finding {
    match error.fault {
        Fault::Algorithm => rules::SIGNATURE_ALGORITHM.broken(Severity::Error),
        Fault::Version => rules::VERSION.broken(Severity::Error),
        _ => rules::DER.broken_at(Severity::Error, error),
    }
}

/// Findings of which there is one at least.
fn findings(found: Vec<Finding>) -> Findings {
    match Findings::of(found) {
        Err(findings) => findings,
        // No list is good that could not be read to its end.
        Ok(()) => findings(vec![rules::DER.broken(Severity::Error)]),
    }
}

/// A judgement under way.
struct Judge<'a> {
    expected: &'a Expected<'a>,
    findings: Vec<Finding>,
}

impl Judge<'_> {
    fn require(&mut self, rule: &Rule, holds: bool) {
        if !holds {
            self.broken(rule);
        }
    }

    fn broken(&mut self, rule: &Rule) {
        self.findings.push(rule.broken(Severity::Error));
    }

    fn broken_at(&mut self, rule: &Rule, detail: impl fmt::Display) {
        self.findings.push(rule.broken_at(Severity::Error, detail));
    }

    /// As [`Judge::broken_at`], the first time only: what is wrong with one entry may be wrong with
    /// ten million.
    #[cold]
    fn broken_first(&mut self, rule: &Rule, detail: impl fmt::Display) {
        if self.findings.iter().all(|finding| finding.id != rule.id) {
            self.broken_at(rule, detail);
        }
    }
}

const SIGNER: &str = "the generation that is to sign";

#[cfg(test)]
mod tests;
