//! What an answer says of one certificate (RFC 6960 section 4.2.1).

use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::ocsp::CertId;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;

use super::Judge;
use super::extensions;
use super::read::Said;
use super::read::Single;
use super::rules;

/// Judges one; answers whether it says that the number was never issued.
///
/// `stated` is what stands beside the bytes, in its place: none in that when there is no such place.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    response: &Single<'_>,
    produced_at: i64,
    stated: Option<Option<&Statement>>,
) -> bool {
    let never_issued = is_never_issued(response.said);
    let id = CertId::read(response.id).ok();
    match &id {
        Some(id) => certificate(judge, id, response.said, never_issued),
        None => judge.require(&rules::DER, false),
    }
    status(judge, response.said, response.this_update);
    times(judge, response, produced_at);
    let cutoff = extensions::single(judge, response.extensions.as_deref());
    judge.require(&rules::ARCHIVE, cutoff.is_none_or(|cutoff| cutoff <= produced_at));
    if let Some(Some(stated)) = stated {
        judge.stated(id.as_ref() == Some(&stated.id), "a certificate");
        judge.stated(says(response.said, stated.status), "what is said of a certificate");
        let same = cutoff == stated.archive_cutoff.map(Timestamp::to_unix);
        judge.stated(same, "the archive cutoff");
    }
    never_issued
}

/// Whose certificate it is, and whether there can be such a one.
fn certificate(judge: &mut Judge<'_>, id: &CertId, said: Said, never_issued: bool) {
    if let Some(responder) = judge.expected.responder {
        judge.require(&rules::ISSUER, responder.issuer.is_asked(id));
    }
    let can_be = match judge.expected.responder {
        Some(_) => id.serial().is_some(),
        // Of others: positive.
        None => id.serial_contents().first().is_some_and(|octet| octet & 0x80 == 0),
    };
    let as_issued = match said {
        Said::Good => true,
        Said::Revoked { .. } => !never_issued,
        Said::Unknown => false,
    };
    let is_bounded = id.serial_contents().len() <= LONGEST_SERIAL;
    judge.require(&rules::SERIAL, is_bounded && (can_be || !as_issued));
}

fn status(judge: &mut Judge<'_>, said: Said, this_update: i64) {
    let Said::Revoked { since, reason } = said else { return };
    // Of ours the store vouches: where the clock was set back, the revocation stays.
    let is_past = since <= this_update;
    judge.require(&rules::REVOKED_FUTURE, is_past || judge.expected.stated.is_some());
    let ours = match reason {
        None => true,
        Some(code) => !matches!(Reason::from_code(code), Err(_) | Ok(Reason::Unspecified)),
    };
    judge.require_of_ours(&rules::REASON, ours);
}

fn times(judge: &mut Judge<'_>, response: &Single<'_>, produced_at: i64) {
    let Single { this_update, next_update, .. } = *response;
    judge.require_of_ours(&rules::NEXT, next_update.is_some());
    let ordered = this_update <= produced_at
        && next_update.is_none_or(|next| this_update <= next && produced_at <= next);
    judge.require(&rules::TIMES, ordered);
    if let (Some(responder), Some(next)) = (judge.expected.responder, next_update) {
        judge.require(&rules::TIMES_RESPONDER, next <= responder.not_after.to_unix());
        judge.require(&rules::TIMES_ISSUER, next <= responder.issuer_not_after.to_unix());
    }
    if let Some(stated) = judge.expected.stated {
        let same = this_update == stated.this_update().to_unix()
            && next_update == Some(TbsAnswer::next_update(stated).to_unix());
        judge.stated(same, "the times of a certificate");
    }
}

/// A hold since 1970-01-01T00:00:00Z.
fn is_never_issued(said: Said) -> bool {
    let (since, reason) = (Timestamp::EPOCH.to_unix(), Some(Reason::CertificateHold.code()));
    said == Said::Revoked { since, reason }
}

/// Whether the bytes say what was stated.
fn says(said: Said, stated: Status) -> bool {
    match stated {
        Status::Good => said == Said::Good,
        Status::Unknown => said == Said::Unknown,
        Status::NeverIssued => is_never_issued(said),
        Status::Revoked { since, reason } => {
            let Said::Revoked { since: told, reason: code } = said else { return false };
            let same = code.unwrap_or(Reason::Unspecified.code()) == reason.code();
            told == since.to_unix() && same
        }
    }
}

/// Octets of a serial number, of whomever (RFC 5280 section 4.1.2.2), with the one that makes the longest
/// positive.
const LONGEST_SERIAL: usize = 21;
