//! Rotating the responders' keys (OCSPレスポンダ鍵の交換): each generation of an authority has a responder
//! with a key of its own, certified by exactly that generation for a short time, and every
//! certificate is for another key.

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::profile::ServiceKey;

use super::Authority;
use super::AuthorityError;
use super::outcome::Refused;
use super::renew::CertifiedKey;
use super::renew::DAY;
use super::renew::Renewed;
use super::renew::algorithm_of;

/// Days before the end of a responder's certificate from which on its key is rotated: half of its
/// life, so that a fortnight of runs may fail before anybody is left without an answer.
pub const ROTATION_DAYS: u8 = 15;

impl Authority {
    /// The generations that are in force now, each of which needs a responder: by authority, oldest
    /// first.
    pub fn generations_in_force(&self) -> impl Iterator<Item = (CaName, Generation)> {
        let now = self.now();
        let in_force = self.generations.iter().filter(move |key| key.is_in_force(now));
        in_force.map(|key| (key.issuer.ca, key.issuer.generation))
    }

    /// Whether a generation's responder needs another certificate now: none is in force, or the
    /// newest ends within [`ROTATION_DAYS`] and another one would last longer.
    #[must_use]
    pub fn is_responder_ending(&self, ca: CaName, generation: Generation) -> bool {
        let within = i64::from(ROTATION_DAYS) * DAY;
        self.is_ending(ServiceKey::Responder(ca, generation), within)
    }

    /// Certifies another key for the responder of a generation. The certificate before stays in force
    /// until its end, or its key is `compromised`: then all that have not ended are revoked in the
    /// same transaction, which lists and the records say; who verifies an answer does not ask, since
    /// the certificates say `id-pkix-ocsp-nocheck`.
    ///
    /// # Errors
    /// When the key is weak or was certified before, the generation's own is not here or fails,
    /// another opened the installation and changed its keys meanwhile, or the store fails; a refusal
    /// by rule is the inner error.
    pub fn rotate_responder(
        &mut self,
        ca: CaName,
        generation: Generation,
        key: &PublicKey,
        compromised: bool,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        let replaced = CertifiedKey::Replaced { compromised };
        self.certify_service(ServiceKey::Responder(ca, generation), key, replaced)
    }

    /// What [`Authority::rotate_responder`] would make, without making it.
    ///
    /// # Errors
    /// As for [`Authority::rotate_responder`].
    pub fn rehearse_responder_rotation(
        &self,
        ca: CaName,
        generation: Generation,
        compromised: bool,
    ) -> Result<Result<Renewed, Refused>, AuthorityError> {
        let replaced = CertifiedKey::Replaced { compromised };
        self.rehearse_renewal(ServiceKey::Responder(ca, generation), replaced)
    }

    /// What the key of a generation's responder is, whether it is here or not; the generation's own
    /// where there was none yet.
    pub(super) fn responder_algorithm(
        &self,
        ca: CaName,
        generation: Generation,
    ) -> Result<KeyAlgorithm, AuthorityError> {
        match self.responder_certificate(ca, generation) {
            Some((_, certificate)) => algorithm_of(certificate),
            None => Ok(self.generation(ca, generation)?.issuer.algorithm),
        }
    }
}
