//! Opening a home to answer: the store and the responders' keys, no authority's.

use crate::authority::respond::Responder;
use crate::authority::respond::ResponderKey;
use crate::authority::respond::Settings;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::signer::Passphrase;
use crate::store::Store;

use super::Home;
use super::HomeError;
use super::responder::ResponderFault;

impl Home {
    /// Takes up the installation to answer about the status of its certificates.
    ///
    /// A generation whose responder has no key or no certificate in force stays without answers; that
    /// is part of [its health](Responder::health).
    ///
    /// # Errors
    /// When a key file is readable by others or closed to the passphrase; when settings and store do
    /// not belong together; when the store fails.
    pub fn responder(
        &self,
        clock: Box<dyn Clock>,
        passphrase: Option<&Passphrase>,
    ) -> Result<Responder, HomeError> {
        let store = self.open_store()?;
        let now = clock.now();
        Responder::open(store, clock, &self.config.realm, self.answering(), |store| {
            self.responder_keys(store, now, passphrase)
        })
    }

    /// What answers go by, as the settings have it.
    #[must_use]
    pub fn answering(&self) -> Settings {
        Settings {
            answering: self.config.ocsp,
            retention_years: self.config.policy.retention_years,
        }
    }

    /// The responders' keys that can sign now, with their certificates.
    ///
    /// # Errors
    /// As for [`Home::responder`].
    pub fn responder_keys(
        &self,
        store: &Store,
        now: Timestamp,
        passphrase: Option<&Passphrase>,
    ) -> Result<Vec<ResponderKey>, HomeError> {
        let mut keys = Vec::new();
        for standing in self.responder_signers(store, now, passphrase)? {
            match (standing.certificate, standing.signer) {
                (Some((record, der)), Ok(signer)) => {
                    keys.push(ResponderKey::new(&record, der, signer)?);
                }
                (_, Err(ResponderFault::Unreadable(error))) => return Err(error),
                (None, Ok(_)) | (_, Err(_)) => {}
            }
        }
        Ok(keys)
    }
}
