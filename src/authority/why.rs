//! Why a certificate stands as it does: certificate → revocation → timer → event → rule → article.

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::law::revocation;
use crate::store::CauseRow;
use crate::store::CertificateRecord;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::change::BY_COMPROMISE;
use super::change::missing;
use super::outcome::Refused;

/// The chain behind a certificate's state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// The certificate.
    pub certificate: CertificateRecord,
    /// What changed, by which article, and the event behind it, with the timer that ran from it where
    /// it was time's work; none while nothing has happened to the certificate.
    pub cause: Option<CauseRow>,
}

impl Authority {
    /// The chain behind a certificate's state; `at` decides whether its time is up.
    ///
    /// # Errors
    /// When the store fails; a number that was never used is the inner error.
    pub fn why(
        &self,
        ca: CaName,
        serial: Serial,
        at: Timestamp,
    ) -> Result<Result<Why, Refused>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let Some(mut certificate) = tx.certificate(ca, serial)? else {
                return Ok(Err(missing(tx, ca, serial)?.into()));
            };
            // Nothing is written when a certificate's time is up, so the record calls it live still.
            let current = matches!(certificate.state, State::Live | State::Held(_));
            if current && certificate.not_after < at {
                certificate.state = State::Expired;
            }
            let mut cause = tx.cause(certificate.intent)?;
            if let State::Revoked(_, reason @ Reason::CaCompromise) = certificate.state
                && certificate.state != certificate.recorded
            {
                cause = of_compromise(tx, &certificate, reason)?.or(cause);
            }
            Ok(Ok(Why { certificate, cause }))
        })
    }
}

/// What ended a certificate whose issuer's key is compromised: the record of that.
fn of_compromise(
    tx: &mut Tx<'_>,
    certificate: &CertificateRecord,
    reason: Reason,
) -> Result<Option<CauseRow>, StoreError> {
    let issuer = (certificate.ca, certificate.generation);
    let mut generations = tx.generations()?.into_iter();
    let own = generations.find(|own| (own.certificate.ca, own.certificate.generation) == issuer);
    let Some(compromise) = own.and_then(|own| own.compromised) else { return Ok(None) };
    Ok(Some(CauseRow {
        change: BY_COMPROMISE.to_owned(),
        article: revocation::ground(certificate.ca.kind(), reason),
        event: None,
        timer: None,
        request: tx.request_of(certificate.intent)?,
        entry: compromise.entry,
        at: compromise.at,
    }))
}
