//! Why a certificate stands as it does: certificate → revocation → timer → event → rule → article.

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Serial;
use crate::store::CauseRow;
use crate::store::CertificateRecord;
use crate::store::State;

use super::Authority;
use super::AuthorityError;
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
            let cause = tx.cause(certificate.intent)?;
            Ok(Ok(Why { certificate, cause }))
        })
    }
}
