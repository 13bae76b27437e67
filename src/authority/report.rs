//! Results as they are written for programs: by the command with `--json`, and by the servers.

use serde::Serialize;

use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Kind;
use crate::credential::Reason;
use crate::law::revocation::Article;
use crate::profile::Subject;
use crate::store::CertificateRecord;
use crate::store::EventRow;
use crate::store::State;
use crate::store::Voucher;

use super::change::Change;
use super::outcome::Issued;
use super::why::Why;

/// A certificate that was issued, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct IssuedReport {
    /// Which of the two.
    pub kind: Kind,
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: u16,
    /// The number, decimal.
    pub serial: String,
    /// Its first instant, RFC 3339 in UTC.
    pub not_before: String,
    /// Its last instant, RFC 3339 in UTC.
    pub not_after: String,
    /// What decided its end.
    pub clause: Option<&'static str>,
    /// The list on which a revocation appears.
    pub partition: &'static str,
}

impl From<&Issued> for IssuedReport {
    fn from(issued: &Issued) -> Self {
        Self {
            kind: issued.kind,
            ca: issued.ca,
            generation: issued.generation.get(),
            serial: issued.serial.to_string(),
            not_before: issued.not_before.to_string(),
            not_after: issued.not_after.to_string(),
            clause: issued.clause.map(|clause| clause.as_str()),
            partition: issued.partition.code(),
        }
    }
}

/// Where a certificate stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StateReport {
    /// The word.
    pub state: StateWord,
    /// Since when it is held or revoked, RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Why it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Where a certificate stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StateWord {
    /// Its number is drawn, and it may or may not have been signed.
    Intended,
    /// In force.
    Live,
    /// Held (一時保留).
    Held,
    /// Revoked.
    Revoked,
    /// Its time is up.
    Expired,
}

impl From<State> for StateWord {
    fn from(state: State) -> Self {
        match state {
            State::Intended => Self::Intended,
            State::Live => Self::Live,
            State::Held(_) => Self::Held,
            State::Revoked(..) => Self::Revoked,
            State::Expired => Self::Expired,
        }
    }
}

impl From<State> for StateReport {
    fn from(state: State) -> Self {
        let (since, reason) = match state {
            State::Held(since) => (Some(since), None),
            State::Revoked(since, reason) => (Some(since), Some(reason)),
            State::Intended | State::Live | State::Expired => (None, None),
        };
        Self { state: state.into(), since: since.map(|since| since.to_string()), reason }
    }
}

/// What an act on a certificate did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ChangeReport {
    /// `changed`, or `would-change` in a dry run.
    pub status: &'static str,
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: u16,
    /// The number, decimal.
    pub serial: String,
    /// The holder's handle in the register.
    pub person: String,
    /// What carries the key.
    pub carrier: &'static str,
    /// The list on which a revocation appears.
    pub partition: &'static str,
    /// Its last instant, RFC 3339 in UTC.
    pub not_after: String,
    /// Where it stood.
    pub before: StateReport,
    /// Where it stands.
    pub after: StateReport,
}

impl ChangeReport {
    /// What was done, or in a dry run would be.
    #[must_use]
    pub fn new(change: &Change, dry_run: bool) -> Self {
        let before = &change.before;
        Self {
            status: if dry_run { "would-change" } else { "changed" },
            ca: before.ca,
            generation: before.generation.get(),
            serial: before.serial.to_string(),
            person: before.person.as_ref().map_or("-", |person| person.as_str()).to_owned(),
            carrier: carrier(before).map_or("-", Carrier::as_str),
            partition: before.subject.partition().code(),
            not_after: before.not_after.to_string(),
            before: before.state.into(),
            after: change.after.into(),
        }
    }
}

/// A certificate as it stands, without who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct StandingReport {
    /// The authority.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: u16,
    /// The number, decimal.
    pub serial: String,
    /// What carries the key; none of a certificate of the authority's own.
    pub carrier: Option<Carrier>,
    /// The list on which a revocation appears.
    pub partition: &'static str,
    /// Its first instant, RFC 3339 in UTC.
    pub not_before: String,
    /// Its last instant, RFC 3339 in UTC.
    pub not_after: String,
    /// What decided its end.
    pub clause: Option<&'static str>,
    /// When it was handed over, RFC 3339 in UTC; none while intended, and for ever when the number
    /// was given up.
    pub issued_at: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub standing: StateReport,
}

impl From<&CertificateRecord> for StandingReport {
    fn from(record: &CertificateRecord) -> Self {
        Self {
            ca: record.ca,
            generation: record.generation.get(),
            serial: record.serial.to_string(),
            carrier: carrier(record),
            partition: record.subject.partition().code(),
            not_before: record.not_before.to_string(),
            not_after: record.not_after.to_string(),
            clause: record.clause.map(|clause| clause.as_str()),
            issued_at: record.issued_at.map(|at| at.to_string()),
            standing: record.state.into(),
        }
    }
}

fn carrier(record: &CertificateRecord) -> Option<Carrier> {
    match record.subject {
        Subject::Holder(_, carrier, _) => Some(carrier),
        Subject::Authority | Subject::Link(_) | Subject::Service(_) => None,
    }
}

/// The chain behind a certificate's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct WhyReport {
    /// The authority.
    pub ca: CaName,
    /// The number, decimal.
    pub serial: String,
    /// Where it stands.
    pub state: StateWord,
    /// Since when it is held or revoked, RFC 3339 in UTC.
    pub since: Option<String>,
    /// Why it is held or revoked.
    pub reason: Option<Reason>,
    /// The timer, when it was time's work.
    pub timer: Option<TimerReport>,
    /// The event, or the one since which the timer ran.
    pub event: Option<EventReport>,
    /// What changed, and the ground; none while nothing has happened.
    pub cause: Option<CauseReport>,
}

/// A timer that ran out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct TimerReport {
    /// Which.
    pub timer: &'static str,
    /// On which day.
    pub on: String,
}

/// The event behind a certificate's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct EventReport {
    /// Who sent it.
    pub source: String,
    /// Its number.
    pub seq: Option<u64>,
    /// Its id.
    pub id: String,
    /// Whether the operator repeated it, and answers for it.
    pub by_operator: bool,
    /// What its line says; none once that was erased.
    #[serde(flatten)]
    pub told: Option<ToldReport>,
}

/// What the line of an event says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ToldReport {
    /// The change reason (異動事由).
    #[cfg_attr(feature = "http", schema(required = false))]
    pub reason: String,
    /// Day of the change.
    #[cfg_attr(feature = "http", schema(required = false))]
    pub event_date: String,
    /// Day of the notice.
    pub notified_on: Option<String>,
    /// When the register was changed.
    #[cfg_attr(feature = "http", schema(required = false))]
    pub recorded_at: String,
}

/// What ended, held or released a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct CauseReport {
    /// What changed, as the register's word; `command` of an operator's act.
    pub change: String,
    /// The ground.
    pub article: String,
    /// It in Japanese.
    pub article_japanese: &'static str,
    /// What it says, in English.
    pub article_english: &'static str,
    /// Whether the text of the ground could be confirmed.
    pub article_confirmed: bool,
    /// When it was recorded, RFC 3339 in UTC.
    pub at: String,
    /// The audit entry.
    pub entry: u64,
    /// The request that asked for the certificate.
    pub request: String,
}

impl From<&Why> for WhyReport {
    fn from(why: &Why) -> Self {
        let record = &why.certificate;
        let (since, reason) = match record.state {
            State::Revoked(since, reason) => (Some(since), Some(reason)),
            State::Held(since) => (Some(since), Some(Reason::CertificateHold)),
            State::Intended | State::Live | State::Expired => (None, None),
        };
        let cause = why.cause.as_ref();
        let timer = cause.and_then(|cause| cause.timer);
        Self {
            ca: record.ca,
            serial: record.serial.to_string(),
            state: record.state.into(),
            since: since.map(|since| since.to_string()),
            reason,
            timer: timer
                .map(|due| TimerReport { timer: due.timer.as_str(), on: due.on.to_string() }),
            event: cause.and_then(|cause| cause.event.as_ref()).map(EventReport::from),
            cause: cause.map(|cause| {
                let Article { japanese, english, confirmed, .. } = cause.article;
                CauseReport {
                    change: cause.change.clone(),
                    article: cause.article.to_string(),
                    article_japanese: japanese,
                    article_english: english,
                    article_confirmed: confirmed,
                    at: cause.at.to_string(),
                    entry: cause.entry,
                    request: cause.request.clone(),
                }
            }),
        }
    }
}

impl From<&EventRow> for EventReport {
    fn from(row: &EventRow) -> Self {
        // The line is erased when its keeping period is over; what it was called stays.
        let told = row.form().map(|form| ToldReport {
            reason: form.reason,
            event_date: form.event_date,
            notified_on: form.notified_on,
            recorded_at: form.recorded_at,
        });
        Self {
            source: row.source.clone(),
            seq: row.sequence,
            id: row.id.clone(),
            by_operator: row.vouched == Voucher::Operator,
            told,
        }
    }
}
