//! What a crash left (promise 6): intents whose process is gone.

use serde::Serialize;

use crate::credential::CaName;

use crate::store::StoreError;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::change::void;

/// What was found and resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recovery {
    /// Certificates that were intended and perhaps signed, but never delivered: their numbers are
    /// revoked as discarded before delivery.
    pub voided: Vec<Voided>,
}

/// A number that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Voided {
    /// The authority.
    pub ca: CaName,
    /// The number.
    pub serial: String,
    /// The request that may be asked again.
    pub request_id: String,
}

impl Authority {
    /// Resolves every intent whose process is gone.
    ///
    /// An intent may have been signed, or not; nobody can know. Since nothing was delivered, its
    /// number is revoked as discarded before delivery, and the request may be asked again.
    ///
    /// # Errors
    /// Those of the store.
    pub fn recover(&self) -> Result<Recovery, AuthorityError> {
        Ok(self.store.tx(self.now(), resolve)?)
    }

    /// What [`Authority::recover`] would do, without doing it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn rehearse_recovery(&self) -> Result<Recovery, AuthorityError> {
        Ok(self.store.rehearse(self.now(), resolve)?)
    }
}

/// Voids every intent whose process is gone.
pub(super) fn resolve(tx: &mut Tx<'_>) -> Result<Recovery, StoreError> {
    let mut recovery = Recovery::default();
    for (record, request_id) in tx.dangling()? {
        void(tx, &record)?;
        let serial = record.serial.to_string();
        recovery.voided.push(Voided { ca: record.ca, serial, request_id });
    }
    Ok(recovery)
}
