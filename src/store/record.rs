//! What the store keeps, in the domain's words.

use crate::asn1::KeyAlgorithm;
use crate::audit;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::revocation::under_compromise;
use crate::law::validity::Clause;
use crate::profile::Service;
use crate::profile::ServiceKey;
use crate::profile::Subject;
use crate::register::Person;
use crate::seal::Intent;

/// Where a certificate stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Its number and bytes are fixed; it may or may not have been signed.
    Intended,
    /// In force.
    Live,
    /// Held (一時保留) since.
    Held(Timestamp),
    /// Revoked since, for a reason.
    Revoked(Timestamp, Reason),
    /// Expired, and replaced since: no longer the holder's current one. If it was held, lists go on
    /// to say so until it may leave them.
    Expired,
}

impl State {
    /// Since when, and why, a list names a certificate in this state.
    pub(super) fn listed(self) -> Option<(Timestamp, Reason)> {
        match self {
            Self::Held(since) => Some((since, Reason::CertificateHold)),
            Self::Revoked(since, reason) => Some((since, reason)),
            Self::Intended | Self::Live | Self::Expired => None,
        }
    }

    /// Where a certificate in this state stands when the key that issued it is compromised. One that
    /// is merely intended was not issued.
    pub(super) fn under_compromise(self, since: Timestamp) -> Self {
        if self == Self::Intended {
            return self;
        }
        let (since, reason) = under_compromise(self.listed(), since);
        Self::Revoked(since, reason)
    }
}

/// A certificate, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateRecord {
    /// Where it stands in the store.
    pub intent: Intent,
    /// The authority that issued it.
    pub ca: CaName,
    /// The generation of its key.
    pub generation: Generation,
    /// Its number.
    pub serial: Serial,
    /// Whom it certifies.
    pub subject: Subject,
    /// The holder's handle in the register; none for an authority's own or a service's.
    pub person: Option<Person>,
    /// Its first instant.
    pub not_before: Timestamp,
    /// Its last instant.
    pub not_after: Timestamp,
    /// What decided its end; none for an authority's own or a service's.
    pub clause: Option<Clause>,
    /// Where it stands in its life: revoked, when the key that issued it is compromised.
    pub state: State,
    /// What is recorded of it alone, whatever became of that key.
    pub recorded: State,
    /// When it was completed; none while intended, and for ever when voided.
    pub issued_at: Option<Timestamp>,
    /// The audit entry of its intent.
    pub entry: u64,
}

impl CertificateRecord {
    /// Its name in the record of acts.
    #[must_use]
    pub fn audit_subject(&self) -> audit::Subject {
        audit::Subject { ca: self.ca, generation: self.generation, serial: self.serial }
    }

    /// The service's key in whose place it is or was; none for any other certificate.
    #[must_use]
    pub fn service_key(&self) -> Option<ServiceKey> {
        match self.subject {
            Subject::Service(Service::Publication) => Some(ServiceKey::Publication),
            Subject::Service(Service::Responder) => {
                Some(ServiceKey::Responder(self.ca, self.generation))
            }
            Subject::Authority | Subject::Link(_) | Subject::Holder(..) => None,
        }
    }
}

/// What is recorded with a certificate that is about to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Intention<'a> {
    /// The holder's handle; none for an authority's own certificate or a service's.
    pub person: Option<&'a Person>,
    /// The id of the request.
    pub request: &'a str,
    /// What decided its end.
    pub clause: Option<Clause>,
}

/// A request that led to certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Digest of what was asked.
    pub content: [u8; 32],
    /// Its certificates, in the order in which they were asked.
    pub certificates: Vec<CertificateRecord>,
}

/// Who already holds a certificate for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyUse {
    /// The authority that certified it.
    pub ca: CaName,
    /// The holder; none for an authority's own key or a service's.
    pub person: Option<Person>,
}

/// A key generation of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationRecord {
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// For which cards it issues.
    pub profile: Profile,
    /// Its subject key identifier.
    pub key_id: [u8; 20],
    /// Its own certificate.
    pub certificate: CertificateRecord,
    /// From when it issues to holders, where that is later than its beginning.
    pub issue_from: Option<Timestamp>,
    /// The latest end of a holder's certificate that it may have signed; none before it has issued any.
    pub last_end: Option<Timestamp>,
    /// That its key is compromised.
    pub compromised: Option<Compromise>,
}

/// That a generation's key is compromised (認証局の秘密鍵の危殆化): one record, by which every certificate
/// that it issued is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compromise {
    /// Since when.
    pub since: Timestamp,
    /// When that was recorded.
    pub at: Timestamp,
    /// The audit entry.
    pub entry: u64,
}
