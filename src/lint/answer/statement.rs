//! What an answer says of one certificate (RFC 6960 section 4.2.1).

use der::Encode as _;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::CertStatus;
use x509_ocsp::RevokedInfo;
use x509_ocsp::SingleResponse;

use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::ocsp::CertId;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;

use super::Judge;
use super::extensions;
use super::rules;
use super::seconds;

/// Judges one; answers whether it says that the number was never issued.
///
/// `stated` is what stands beside the bytes, in its place: none in that when there is no such place.
pub(super) fn judge(
    judge: &mut Judge<'_>,
    response: &SingleResponse,
    produced_at: i64,
    stated: Option<Option<&Statement>>,
) -> bool {
    let never_issued = is_never_issued(&response.cert_status);
    let id = response.cert_id.to_der().ok().and_then(|der| CertId::read(&der).ok());
    match &id {
        Some(id) => certificate(judge, id, &response.cert_status, never_issued),
        // What was read can be written and read again.
        None => judge.require(&rules::DER, false),
    }
    let this_update = seconds(response.this_update);
    status(judge, &response.cert_status, this_update);
    times(judge, response, produced_at);
    let cutoff = extensions::single(judge, response.single_extensions.as_deref());
    judge.require(&rules::ARCHIVE, cutoff.is_none_or(|cutoff| cutoff <= produced_at));
    if let Some(Some(stated)) = stated {
        judge.stated(id.as_ref() == Some(&stated.id), "a certificate");
        judge.stated(says(&response.cert_status, stated.status), "what is said of a certificate");
        let same = cutoff == stated.archive_cutoff.map(Timestamp::to_unix);
        judge.stated(same, "the archive cutoff");
    }
    never_issued
}

/// Whose certificate it is, and whether there can be such a one.
fn certificate(judge: &mut Judge<'_>, id: &CertId, status: &CertStatus, never_issued: bool) {
    if let Some(responder) = judge.expected.responder {
        judge.require(&rules::ISSUER, responder.issuer.is_asked(id));
    }
    let can_be = match judge.expected.responder {
        Some(_) => id.serial().is_some(),
        // Of others: positive.
        None => id.serial_contents().first().is_some_and(|octet| octet & 0x80 == 0),
    };
    let as_issued = match status {
        CertStatus::Good(_) => true,
        CertStatus::Revoked(_) => !never_issued,
        CertStatus::Unknown(_) => false,
    };
    judge.require(&rules::SERIAL, can_be || !as_issued);
}

fn status(judge: &mut Judge<'_>, status: &CertStatus, this_update: i64) {
    let CertStatus::Revoked(info) = status else { return };
    // Of ours the store vouches: where the clock was set back, the revocation stays.
    let is_past = seconds(info.revocation_time) <= this_update;
    judge.require(&rules::REVOKED_FUTURE, is_past || judge.expected.stated.is_some());
    let ours = match info.revocation_reason {
        None => true,
        Some(reason) => !matches!(code(reason), None | Some(Reason::Unspecified)),
    };
    judge.require_of_ours(&rules::REASON, ours);
}

fn times(judge: &mut Judge<'_>, response: &SingleResponse, produced_at: i64) {
    let this_update = seconds(response.this_update);
    judge.require_of_ours(&rules::NEXT, response.next_update.is_some());
    let next_update = response.next_update.map(seconds);
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
fn is_never_issued(status: &CertStatus) -> bool {
    match status {
        CertStatus::Revoked(RevokedInfo { revocation_time, revocation_reason }) => {
            seconds(*revocation_time) == Timestamp::EPOCH.to_unix()
                && *revocation_reason == Some(CrlReason::CertificateHold)
        }
        CertStatus::Good(_) | CertStatus::Unknown(_) => false,
    }
}

/// Whether the bytes say what was stated.
fn says(status: &CertStatus, stated: Status) -> bool {
    match (status, stated) {
        (CertStatus::Good(_), Status::Good) | (CertStatus::Unknown(_), Status::Unknown) => true,
        (CertStatus::Revoked(info), Status::Revoked { since, reason }) => {
            let said = info.revocation_reason.map_or(Some(Reason::Unspecified), code);
            seconds(info.revocation_time) == since.to_unix() && said == Some(reason)
        }
        (CertStatus::Revoked(_), Status::NeverIssued) => is_never_issued(status),
        (CertStatus::Good(_) | CertStatus::Revoked(_) | CertStatus::Unknown(_), _) => false,
    }
}

/// The reason with this code, if JPKI has it.
fn code(reason: CrlReason) -> Option<Reason> {
    u8::try_from(reason as u32).ok().and_then(|code| Reason::from_code(code).ok())
}
