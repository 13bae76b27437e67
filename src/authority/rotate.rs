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

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use rand_core::OsRng;

    use super::super::fixture::Founded;
    use super::super::rule::Rule;
    use super::*;
    use crate::credential::Reason;
    use crate::signer;
    use crate::signer::Signer;
    use crate::signer::SoftwareSigner;
    use crate::store::State;

    const SIGNATURE: CaName = CaName::Signature;
    const FIRST: Generation = Generation::FIRST;

    fn new_key() -> PublicKey {
        let key = signer::generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        SoftwareSigner::new(&key).unwrap().public_key().clone()
    }

    fn opened(founded: &Founded, at: &str) -> Authority {
        founded.open(at, &[0, 1, 2]).unwrap()
    }

    #[test]
    fn it_is_time_in_the_last_fifteen_days() {
        let founded = Founded::new();
        let is_ending = |at| opened(&founded, at).is_responder_ending(SIGNATURE, FIRST);
        assert!(!is_ending("2026-04-15T14:59:59Z"));
        assert!(is_ending("2026-04-15T15:00:00Z"));
        assert!(is_ending("2026-05-01T00:00:00Z"), "it has ended");
        assert!(is_ending("2026-03-31T00:00:00Z"), "it has not begun");
        let mut authority = opened(&founded, "2026-04-15T15:00:00Z");
        let rehearsed = authority.rehearse_responder_rotation(SIGNATURE, FIRST, false);
        let made = authority.rotate_responder(SIGNATURE, FIRST, &new_key(), false);
        let made = made.unwrap().unwrap();
        assert_eq!(rehearsed.unwrap().unwrap(), made);
        assert_eq!((made.serial.get(), &*made.revoked), (4, &[][..]));
        assert_eq!(made.not_after, "2026-05-15T14:59:59Z".parse().unwrap());
        assert!(!authority.is_responder_ending(SIGNATURE, FIRST));
        assert!(authority.is_responder_ending(CaName::UserAuthentication, FIRST));
        // Publication is not concerned, also where it was opened before.
        let own = authority.service_certificates(crate::profile::Service::Publication).count();
        assert_eq!(own, 1);
        // With its issuer it ends, and another one would not last longer.
        let mut last = opened(&founded, "2036-03-20T00:00:00Z");
        last.rotate_responder(SIGNATURE, FIRST, &new_key(), false).unwrap().unwrap();
        assert!(!opened(&founded, "2036-03-31T14:59:59Z").is_responder_ending(SIGNATURE, FIRST));
    }

    #[test]
    fn exactly_its_generation_certifies_it() {
        let founded = Founded::new();
        let mut authority = opened(&founded, "2027-01-01T00:00:00Z");
        let key = signer::generate(KeyAlgorithm::P384, &mut OsRng).unwrap();
        let signer = Box::new(SoftwareSigner::new(&key).unwrap());
        authority.roll_over(SIGNATURE, None, signer, None).unwrap().unwrap();
        let second = FIRST.next().unwrap();
        assert!(authority.is_responder_ending(SIGNATURE, second), "it has none yet");
        let algorithm = |authority: &Authority, generation| {
            authority.responder_algorithm(SIGNATURE, generation).unwrap()
        };
        assert_eq!(algorithm(&authority, second), KeyAlgorithm::P384, "that of its authority");
        for (generation, serial) in [(FIRST, 5), (second, 6)] {
            let key = new_key();
            let made = authority.rotate_responder(SIGNATURE, generation, &key, false);
            let made = made.unwrap().unwrap();
            assert_eq!((made.generation, made.serial.get()), (generation, serial));
            let (record, der) = authority.responder_certificate(SIGNATURE, generation).unwrap();
            assert_eq!((record.serial, record.generation), (made.serial, generation));
            assert_eq!(PublicKey::of_certificate(der).unwrap(), key);
            // What was certified before is not new.
            let again = authority.rotate_responder(SIGNATURE, generation, &key, false);
            assert!(matches!(again, Err(AuthorityError::KeyUsed)), "{again:?}");
        }
        assert_eq!(algorithm(&authority, second), KeyAlgorithm::P256, "that of the one before");
        let third = second.next().unwrap();
        let unknown = authority.rotate_responder(SIGNATURE, third, &new_key(), false).unwrap();
        assert_eq!(unknown, Err(Rule::UnknownGeneration.into()));
        let mut ended = founded.open("2036-04-01T00:00:00Z", &[]).unwrap();
        let refused = ended.rotate_responder(SIGNATURE, FIRST, &new_key(), false).unwrap();
        assert_eq!(refused, Err(Rule::GenerationEnded.into()));
        let error = ended.rotate_responder(SIGNATURE, second, &new_key(), false).unwrap_err();
        assert!(matches!(error, AuthorityError::NoKey { .. }), "{error:?}");
    }

    #[test]
    fn who_opened_before_a_rotation_does_not_rotate_against_it() {
        let founded = Founded::new();
        let mut before = opened(&founded, "2026-04-02T00:00:00Z");
        let mut other = opened(&founded, "2026-04-02T00:00:00Z");
        other.rotate_responder(SIGNATURE, FIRST, &new_key(), false).unwrap().unwrap();
        let error = before.rotate_responder(SIGNATURE, FIRST, &new_key(), false).unwrap_err();
        assert!(matches!(error, AuthorityError::ServiceChanged { .. }), "{error:?}");
        // The other authority's is another's business.
        let ca = CaName::UserAuthentication;
        before.rotate_responder(ca, FIRST, &new_key(), false).unwrap().unwrap();
    }

    #[test]
    fn compromised_keys_lose_all_certificates_that_have_not_ended() {
        let founded = Founded::new();
        for at in ["2026-04-20T00:00:00Z", "2026-05-05T00:00:00Z"] {
            let mut authority = opened(&founded, at);
            authority.rotate_responder(SIGNATURE, FIRST, &new_key(), false).unwrap().unwrap();
        }
        let mut authority = opened(&founded, "2026-05-06T00:00:00Z");
        let made = authority.rotate_responder(SIGNATURE, FIRST, &new_key(), true).unwrap();
        let revoked = made.unwrap().revoked;
        assert_eq!(revoked.iter().map(|n| n.get()).collect::<Vec<_>>(), [4, 5], "not 3");
        let at = "2026-05-06T00:00:00Z".parse().unwrap();
        let states = founded.store().tx(at, |tx| {
            let own = tx.service_certificates(ServiceKey::Responder(SIGNATURE, FIRST))?;
            Ok::<_, crate::store::StoreError>(own.into_iter().map(|own| own.state))
        });
        let ended = State::Revoked(at, Reason::KeyCompromise);
        let states: Vec<_> = states.unwrap().collect();
        assert_eq!(states, [State::Live, ended, ended, State::Live]);
    }
}
