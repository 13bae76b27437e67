//! The rules of the services themselves, beside those of law and data.

use super::outcome::Refused;

/// A rule by which a service refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// A request id was used for something else.
    RequestConflict,
    /// The request is being served by another process.
    RequestPending,
    /// The person is being served by another request.
    IssuePending,
    /// The person holds a live certificate of the kind.
    AlreadyLive,
    /// No key was given for a kind.
    KeyMissing,
    /// The key was certified for another holder.
    KeyOfAnother,
    /// The key was certified for the holder's other certificate.
    KeyOfOtherKind,
    /// The clock is before the authority's own certificate.
    CaNotYet,
    /// The holder's record changed while the key signed.
    IssueInterrupted,
    /// The authority's key did not sign.
    KeyFailed,
    /// A generated key is gone while its certificate exists.
    KeyLost,
    /// No certificate has the number.
    Unknown,
    /// The record of the number was erased when its keeping period ended.
    Erased,
    /// The number was given up before anything was delivered.
    Void,
    /// The certificate has expired.
    AlreadyExpired,
    /// The certificate is an authority's own.
    AuthorityItself,
    /// The certificate is that of an authority's service.
    ServiceItself,
    /// A new generation is being made at this moment.
    RollOverPending,
    /// A key or a certificate of the authority's own is being made at this moment.
    RenewalPending,
    /// A certificate of the service's key was revoked.
    ServiceKeyRevoked,
    /// No generation of the authority is in force any more.
    CaEnded,
    /// The authority has no such generation.
    UnknownGeneration,
    /// The generation is not in force any more.
    GenerationEnded,
    /// The key of the generation that would issue is compromised.
    CaCompromised,
    /// The compromise of the generation's key is recorded already.
    AlreadyCompromised,
    /// The time of a compromise does not lie within the life of the key.
    CompromiseTime,
    /// No key of the authority is compromised.
    NotCompromised,
    /// A generation cannot take over at the time that was given.
    IssueFrom,
    /// The clock of a production installation cannot be set.
    ProductionClock,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 29] = [
        Self::RequestConflict,
        Self::RequestPending,
        Self::IssuePending,
        Self::AlreadyLive,
        Self::KeyMissing,
        Self::KeyOfAnother,
        Self::KeyOfOtherKind,
        Self::CaNotYet,
        Self::IssueInterrupted,
        Self::KeyFailed,
        Self::KeyLost,
        Self::Unknown,
        Self::Erased,
        Self::Void,
        Self::AlreadyExpired,
        Self::AuthorityItself,
        Self::ServiceItself,
        Self::RollOverPending,
        Self::RenewalPending,
        Self::ServiceKeyRevoked,
        Self::CaEnded,
        Self::UnknownGeneration,
        Self::GenerationEnded,
        Self::CaCompromised,
        Self::AlreadyCompromised,
        Self::CompromiseTime,
        Self::NotCompromised,
        Self::IssueFrom,
        Self::ProductionClock,
    ];

    /// The stable id.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::RequestConflict => "R-REQUEST-CONFLICT",
            Self::RequestPending => "R-REQUEST-PENDING",
            Self::IssuePending => "R-ISSUE-PENDING",
            Self::AlreadyLive => "R-ALREADY-LIVE",
            Self::KeyMissing => "R-KEY-MISSING",
            Self::KeyOfAnother => "R-KEY-DUPLICATE",
            Self::KeyOfOtherKind => "R-KEY-TWICE",
            Self::CaNotYet => "R-CA-NOT-YET",
            Self::IssueInterrupted => "R-ISSUE-INTERRUPTED",
            Self::KeyFailed => "R-KEY-FAILED",
            Self::KeyLost => "R-KEY-LOST",
            Self::Unknown => "R-UNKNOWN-SERIAL",
            Self::Erased => "R-ERASED",
            Self::Void => "R-VOID",
            Self::AlreadyExpired => "R-ALREADY-EXPIRED",
            Self::AuthorityItself => "R-AUTHORITY-ITSELF",
            Self::ServiceItself => "R-SERVICE-ITSELF",
            Self::RollOverPending => "R-ROLLOVER-PENDING",
            Self::RenewalPending => "R-RENEWAL-PENDING",
            Self::ServiceKeyRevoked => "R-SERVICE-KEY-REVOKED",
            Self::CaEnded => "R-CA-ENDED",
            Self::UnknownGeneration => "R-GENERATION-UNKNOWN",
            Self::GenerationEnded => "R-GENERATION-ENDED",
            Self::CaCompromised => "R-CA-COMPROMISED",
            Self::AlreadyCompromised => "R-ALREADY-COMPROMISED",
            Self::CompromiseTime => "R-COMPROMISE-TIME",
            Self::NotCompromised => "R-NOT-COMPROMISED",
            Self::IssueFrom => "R-ISSUE-FROM",
            Self::ProductionClock => "R-PRODUCTION-CLOCK",
        }
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::RequestConflict => {
                "this request id was used for another request: repeat that one unchanged, or give \
                 a new id"
            }
            Self::RequestPending => "this request is being served at this moment: ask again",
            Self::IssuePending => {
                "a certificate of this kind is being issued to this person at this moment: ask \
                 again"
            }
            Self::AlreadyLive => {
                "this person holds a live certificate of this kind on this carrier: ask for its \
                 renewal (--renew), which revokes it as superseded"
            }
            Self::KeyMissing => "no public key was given for this kind",
            Self::KeyOfAnother => {
                "this key was certified for another holder: whoever made it makes keys that \
                 repeat; generate a new pair elsewhere"
            }
            Self::KeyOfOtherKind => {
                "this key was certified for the holder's other certificate: each has its own pair"
            }
            Self::CaNotYet => {
                "the authority's own certificate begins later than this moment: check the clock"
            }
            Self::IssueInterrupted => {
                "the holder's record changed while the certificate was being signed: ask again"
            }
            Self::KeyFailed => {
                "the authority's key did not sign, and the number is void: look after the key, \
                 then ask again"
            }
            Self::KeyLost => {
                "the certificate exists but the private key that was generated for it does not; \
                 the certificate is now revoked as discarded before delivery: ask under a new \
                 request id"
            }
            Self::Unknown => "this authority never used this number",
            Self::Erased => {
                "the record of this number was erased when its keeping period ended: the audit \
                 record has its tombstone"
            }
            Self::Void => "this number was given up before delivery and is revoked already",
            Self::AlreadyExpired => "this certificate has expired: there is nothing to end",
            Self::AuthorityItself => {
                "this number is the authority's own certificate, which ends by key roll-over or \
                 compromise, not like a holder's"
            }
            Self::ServiceItself => {
                "this number is the certificate of a service of the authority, which ends when its \
                 key is replaced, not like a holder's"
            }
            Self::RollOverPending => {
                "another process is rolling over this authority's key at this moment: look at the \
                 generations when it is done"
            }
            Self::RenewalPending => {
                "another process is making a key or a certificate of the authority at this \
                 moment: ask again when it is done"
            }
            Self::ServiceKeyRevoked => {
                "a certificate of this key was revoked, so it gets no other: make a new key with \
                 jpki ca renew-publication --new-key"
            }
            Self::CaEnded => {
                "every generation of the authority has ended: start the next one with jpki ca \
                 rollover"
            }
            Self::UnknownGeneration => {
                "the authority has no such generation: jpki ca list shows those that it has"
            }
            Self::GenerationEnded => {
                "this generation has ended, and its certificates with it: nobody needs an answer \
                 about them from its responder"
            }
            Self::CaCompromised => {
                "the key of the authority's newest generation is compromised: roll over first, with \
                 jpki ca rollover"
            }
            Self::AlreadyCompromised => {
                "the compromise of this generation's key is recorded already, and for good: jpki ca \
                 list shows since when"
            }
            Self::CompromiseTime => {
                "a key is compromised at some time from the beginning of its certificate up to now: \
                 give that time"
            }
            Self::NotCompromised => {
                "no key of this authority is compromised: what is revoked stands on the lists of jpki \
                 crl publish"
            }
            Self::IssueFrom => {
                "the new generation takes over later than now, while the one before may still issue: \
                 give such a time, or none to take over at once"
            }
            Self::ProductionClock => {
                "this home was initialised with --production: its clock cannot be set by --at"
            }
        }
    }
}

impl From<Rule> for Refused {
    fn from(rule: Rule) -> Self {
        Self::new(rule.code(), rule.message())
    }
}

#[cfg(test)]
mod tests {
    use crate::register::explanation;

    use super::*;

    #[test]
    fn every_rule_is_explained() {
        for rule in Rule::ALL {
            assert!(explanation(rule.code()).is_some(), "{}", rule.code());
        }
    }
}
