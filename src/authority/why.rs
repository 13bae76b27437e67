//! Why a certificate stands as it does: certificate → revocation → event → rule → article.

use crate::credential::CaName;
use crate::credential::Serial;
use crate::store::CauseRow;
use crate::store::CertificateRecord;

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
    /// What changed, by which article, and the event behind it; none while nothing has happened to
    /// the certificate.
    pub cause: Option<CauseRow>,
}

impl Authority {
    /// The chain behind a certificate's state.
    ///
    /// # Errors
    /// When the store fails; a number that was never used is the inner error.
    pub fn why(&self, ca: CaName, serial: Serial) -> Result<Result<Why, Refused>, AuthorityError> {
        self.store.tx(self.now(), |tx| {
            let Some(certificate) = tx.certificate(ca, serial)? else {
                return Ok(Err(missing(tx, ca, serial)?.into()));
            };
            let cause = tx.cause(certificate.intent)?;
            Ok(Ok(Why { certificate, cause }))
        })
    }
}
