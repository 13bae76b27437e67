//! The checked thing as a type of its own.

use crate::profile::Issuer;
use crate::profile::PolicyArc;
use crate::profile::Realm;
use crate::profile::Subject;
use crate::profile::TbsCertificate;

use super::certificate;
use super::certificate::Expected;
use super::certificate::Table;
use super::finding::Findings;
use super::finding::Severity;
use super::key::SoundKey;
use super::rules;

/// Something that passed the lint: what the store records before a key is used.
///
/// Only this room makes one, it cannot be copied, and what is inside cannot be changed: the bytes
/// that are signed are the bytes that were judged. [`seal`](crate::seal) shows what does not compile.
#[derive(Debug, PartialEq, Eq)]
pub struct Checked<T>(pub(super) T);

impl<T> Checked<T> {
    /// What was checked.
    #[must_use]
    pub fn tbs(&self) -> &T {
        &self.0
    }

    /// What was checked, for the store to record; outside this crate nothing takes it out.
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> AsRef<T> for Checked<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

/// Who is to sign.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// In whose name.
    pub realm: &'a Realm,
    /// Which generation; none when an authority signs its own certificate.
    pub issuer: Option<&'a Issuer>,
}

/// Judges a certificate that is to be signed: its bytes against the table of its kind, what stands
/// beside the bytes against them, its key against the known weaknesses.
///
/// What it cannot know is whether the certificate is true: whether the four items are the holder's
/// is for the register, whether the end of validity is the right day is for `law`, whether the
/// serial and the key are new is for the store.
///
/// # Errors
/// All findings, when there are any.
pub fn check(
    tbs: TbsCertificate,
    authority: &Authority<'_>,
) -> Result<Checked<TbsCertificate>, Findings> {
    judge(tbs, authority, None)
}

/// [`check`], where the key was judged before: when the bytes hold another one, that is judged.
///
/// # Errors
/// All findings, when there are any.
pub fn check_with_key(
    tbs: TbsCertificate,
    authority: &Authority<'_>,
    key: SoundKey<'_>,
) -> Result<Checked<TbsCertificate>, Findings> {
    judge(tbs, authority, Some(key))
}

fn judge(
    tbs: TbsCertificate,
    authority: &Authority<'_>,
    sound: Option<SoundKey<'_>>,
) -> Result<Checked<TbsCertificate>, Findings> {
    let (ca, generation) = tbs.issuer();
    let (table, municipality) = match tbs.subject() {
        Subject::Authority => (Table::Authority(ca), None),
        Subject::Link(_) => (Table::Link(ca), None),
        Subject::Service(service) => (Table::Service(ca, service), None),
        Subject::Holder(kind, carrier, municipality) => {
            (Table::Holder(kind, carrier), Some(municipality))
        }
    };
    let expected = Expected {
        table,
        profile: authority.issuer.map_or(tbs.profile(), |issuer| issuer.profile),
        organisation: authority.realm.organisation().as_str(),
        arc: authority.realm.arc(),
        ocsp_url: Some(authority.realm.ocsp_url()),
        municipality,
        issuer: authority.issuer,
        stated: Some(&tbs),
        sound,
        place: Severity::Error,
        experiment: match authority.realm.arc() {
            PolicyArc::Production => Some(Severity::Error),
            PolicyArc::Test => None,
        },
    };
    let mut findings = certificate::judge(tbs.as_der(), &expected);
    let signs = authority.issuer.map(|issuer| (issuer.ca, issuer.generation));
    let right = match (table, signs) {
        (Table::Authority(_), None) => true,
        (Table::Link(_) | Table::Service(..) | Table::Holder(..), Some(signs)) => {
            signs == (ca, generation) && table.ca() == ca
        }
        (Table::Authority(_), Some(_))
        | (Table::Link(_) | Table::Service(..) | Table::Holder(..), None) => false,
    };
    if !right {
        findings.push(rules::STATED.broken_at(Severity::Error, "the generation that is to sign"));
    }
    if authority.issuer.is_some_and(|issuer| issuer.profile != tbs.profile()) {
        findings.push(rules::STATED.broken_at(Severity::Error, "the profile"));
    }
    Findings::of(findings)?;
    Ok(Checked(tbs))
}
