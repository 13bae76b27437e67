//! Founding: the certificates that the authorities issue to themselves and to their services.

use crate::asn1::PublicKey;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::lint;
use crate::profile::CaGrant;
use crate::profile::Issuer;
use crate::profile::Realm;
use crate::profile::Service;
use crate::profile::ServiceGrant;
use crate::profile::TbsCertificate;
use crate::profile::ca_certificate;
use crate::profile::service_certificate;
use crate::seal::seal;
use crate::signer::Signer;
use crate::store::Intention;
use crate::store::Store;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;

impl Authority {
    /// Founds an installation in a new store: both authorities issue their own certificates to
    /// these keys, each the first number of its counter; then the signature authority issues the
    /// publication certificate, and each that of its responder. Both issue for the cards of that profile.
    ///
    /// # Errors
    /// When a key is too weak, comes twice or fails, or the store does.
    pub fn found(
        store: &Store,
        clock: &dyn Clock,
        realm: &Realm,
        profile: Profile,
        keys: &FoundingKeys<'_>,
    ) -> Result<(), AuthorityError> {
        let all = keys.all();
        for (position, key) in all.into_iter().enumerate() {
            if all.iter().take(position).any(|other| *other == key) {
                return Err(AuthorityError::KeyTwice);
            }
            lint::key(key).map_err(AuthorityError::Key)?;
        }
        let founding = Founding { store, realm, profile, now: clock.now() };
        for ca in CaName::ALL {
            let (signer, responder) = match ca {
                CaName::Signature => (keys.signature, keys.signature_responder),
                CaName::UserAuthentication => {
                    (keys.user_authentication, keys.user_authentication_responder)
                }
            };
            let issuer = founding.authority(ca, signer)?;
            if ca == CaName::Signature {
                founding.service(&issuer, signer, Service::Publication, keys.publication)?;
            }
            founding.service(&issuer, signer, Service::Responder, responder)?;
        }
        Ok(())
    }
}

/// The first keys of an installation, each another. The authorities sign; the services' are certified,
/// so that their public halves are enough.
#[derive(Clone, Copy, Debug)]
pub struct FoundingKeys<'a> {
    /// That of the signature authority.
    pub signature: &'a dyn Signer,
    /// That of the user-authentication authority.
    pub user_authentication: &'a dyn Signer,
    /// The publication key.
    pub publication: &'a PublicKey,
    /// That of the signature authority's responder.
    pub signature_responder: &'a PublicKey,
    /// That of the user-authentication authority's responder.
    pub user_authentication_responder: &'a PublicKey,
}

impl<'a> FoundingKeys<'a> {
    fn all(&self) -> [&'a PublicKey; 5] {
        [
            self.signature.public_key(),
            self.user_authentication.public_key(),
            self.publication,
            self.signature_responder,
            self.user_authentication_responder,
        ]
    }
}

/// A founding under way.
struct Founding<'a> {
    store: &'a Store,
    realm: &'a Realm,
    profile: Profile,
    now: Timestamp,
}

impl Founding<'_> {
    /// The first generation of an authority, with its certificate in force.
    fn authority(&self, ca: CaName, signer: &dyn Signer) -> Result<Issuer, AuthorityError> {
        let (realm, profile, key) = (self.realm, self.profile, signer.public_key());
        let (generation, not_before) = (Generation::FIRST, self.now);
        let (serial, not_after) = self.certify(None, signer, |tx| {
            if ca == CaName::Signature {
                tx.found()?;
            }
            let serial = tx.draw_serial(ca)?;
            let grant = CaGrant { realm, ca, generation, serial, key, profile, not_before };
            ca_certificate(&grant).map_err(|_| AuthorityError::Time)
        })?;
        let (key_id, algorithm) = (key.key_id(), key.algorithm());
        Ok(Issuer { ca, generation, serial, key_id, algorithm, profile, not_before, not_after })
    }

    /// Puts a service's certificate in force.
    fn service(
        &self,
        issuer: &Issuer,
        signer: &dyn Signer,
        service: Service,
        key: &PublicKey,
    ) -> Result<(), AuthorityError> {
        let (realm, not_before) = (self.realm, self.now);
        self.certify(Some(issuer), signer, |tx| {
            let serial = tx.draw_serial(issuer.ca)?;
            let grant = ServiceGrant { realm, issuer, service, serial, key, not_before };
            service_certificate(&grant).map_err(|_| AuthorityError::Time)
        })?;
        Ok(())
    }

    /// Intends, seals and completes a certificate: its number and its end. Without an issuer it is
    /// that of the key which signs.
    fn certify(
        &self,
        issuer: Option<&Issuer>,
        signer: &dyn Signer,
        write: impl FnOnce(&mut Tx<'_>) -> Result<TbsCertificate, AuthorityError>,
    ) -> Result<(Serial, Timestamp), AuthorityError> {
        let (made, recorded) = self.store.record(self.now, |tx| {
            let tbs = write(tx)?;
            let made = (tbs.serial(), tbs.not_after());
            let checked = lint::check(tbs, &lint::Authority { realm: self.realm, issuer })?;
            tx.intend(checked, &Intention { person: None, request: FOUNDING, clause: None })?;
            Ok::<_, AuthorityError>(made)
        })?;
        for recorded in recorded {
            let sealed = seal(recorded, signer)?;
            self.store.tx(self.now, |tx| {
                let record = tx.at_intent(sealed.intent())?;
                tx.complete(&record, &sealed)?;
                if issuer.is_none() { tx.add_generation(&sealed, None) } else { Ok(()) }
            })?;
        }
        Ok(made)
    }
}

const FOUNDING: &str = "founding";

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use super::super::fixture::BEGINS;
    use super::super::fixture::Founded;
    use super::super::fixture::clock;
    use super::*;
    use crate::credential::Reason;
    use crate::profile::ServiceKey;
    use crate::profile::Subject;
    use crate::store::State;
    use crate::store::StoreUrl;

    #[test]
    fn publication_has_a_certificate_of_its_own() {
        let founded = Founded::new();
        let authority = founded.open(BEGINS, &[]).unwrap();
        let certificate = authority.publication_certificate().unwrap();
        let key = PublicKey::of_certificate(certificate).unwrap();
        assert_eq!(key, *founded.signer(2).public_key());
        let all: Vec<_> = authority.service_certificates(Service::Publication).collect();
        let [(record, der)] = all[..] else { panic!("{all:?}") };
        assert_eq!(der, certificate);
        assert_eq!(record.subject, Subject::Service(Service::Publication));
        assert_eq!((record.ca, record.generation), (CaName::Signature, Generation::FIRST));
        assert_eq!((record.serial.get(), record.state), (2, State::Live));
        assert_eq!((&record.person, record.clause), (&None, None));
        assert_eq!(record.not_after, "2029-03-31T14:59:59Z".parse().unwrap());
        let issuers: Vec<_> = authority.authority_certificates().collect();
        assert!(issuers.iter().all(|(issuer, _)| issuer.serial == Serial::FIRST));
    }

    #[test]
    fn every_authority_has_a_responder_of_its_own() {
        let founded = Founded::new();
        let authority = founded.open(BEGINS, &[]).unwrap();
        let all: Vec<_> = authority.service_certificates(Service::Responder).collect();
        let expected = [(CaName::Signature, 3, 3), (CaName::UserAuthentication, 2, 4)];
        for ((record, der), (ca, serial, key)) in all.iter().zip(expected) {
            assert_eq!(
                authority.responder_certificate(ca, Generation::FIRST),
                Some((*record, *der))
            );
            assert_eq!(
                PublicKey::of_certificate(der),
                Ok(founded.signer(key).public_key().clone())
            );
            assert_eq!((record.ca, record.generation), (ca, Generation::FIRST));
            assert_eq!((record.serial.get(), record.state), (serial, State::Live));
            assert_eq!(record.not_after, "2026-04-30T14:59:59Z".parse().unwrap(), "thirty days");
            // Whoever is certified next gets the next number.
            let next = founded.store().rehearse(record.not_before, |tx| tx.draw_serial(ca));
            assert_eq!(next.unwrap().get(), serial + 1);
        }
        assert_eq!(all.len(), expected.len());
    }

    #[test]
    fn publication_signs_when_its_key_is_there() {
        let founded = Founded::new();
        let authority = founded.open(BEGINS, &[2, 1, 0]).unwrap();
        let (certificate, signer) = authority.publication().unwrap();
        let signature = signer.sign(b"manifest").unwrap();
        PublicKey::of_certificate(certificate).unwrap().verify(b"manifest", &signature).unwrap();
        let authority = founded.open(BEGINS, &[0, 1]).unwrap();
        let missing = authority.publication().unwrap_err();
        assert!(matches!(missing, AuthorityError::NoServiceKey { .. }), "{missing:?}");
        authority.publication_certificate().unwrap();
        let strange = founded.open(BEGINS, &[2, 2]).unwrap_err();
        assert!(matches!(strange, AuthorityError::StrangeKey), "{strange:?}");
    }

    #[test]
    fn what_is_not_in_force_is_not_used() {
        let founded = Founded::new();
        let last = founded.open("2029-03-31T14:59:59Z", &[2]).unwrap();
        last.publication().unwrap();
        let refused = |authority: &Authority| {
            let error = authority.publication_certificate().unwrap_err();
            assert!(matches!(error, AuthorityError::NoServiceCertificate { .. }), "{error:?}");
            assert!(authority.publication().is_err());
            assert_eq!(authority.service_certificates(Service::Publication).count(), 1);
        };
        refused(&founded.open("2029-03-31T15:00:00Z", &[2]).unwrap());
        refused(&founded.open("2026-03-31T23:59:59Z", &[2]).unwrap());
        let at = "2026-05-01T00:00:00Z".parse().unwrap();
        let revoke = |tx: &mut Tx<'_>| {
            let record = tx.service_certificates(ServiceKey::Publication)?.remove(0);
            tx.revoke(&record, Reason::KeyCompromise, at)
        };
        founded.store().tx(at, revoke).unwrap();
        refused(&founded.open("2026-06-01T00:00:00Z", &[2]).unwrap());
    }

    #[test]
    fn every_key_is_its_own() {
        let founded = Founded::new();
        let [one, other] = [0, 1].map(|at| founded.signer(at));
        let place = tempfile::tempdir().unwrap();
        let store = Store::create(&StoreUrl::Sqlite(place.path().join("store.db"))).unwrap();
        let (clock, realm) = (clock(BEGINS), Realm::sandbox());
        let [third, fourth, fifth] = [2, 3, 4].map(|at| founded.signer(at));
        for [second, third, fourth, fifth] in [
            [&one, &third, &fourth, &fifth],
            [&other, &one, &fourth, &fifth],
            [&other, &third, &other, &fifth],
            [&other, &third, &fourth, &third],
            [&other, &third, &fourth, &fourth],
        ] {
            let keys = FoundingKeys {
                signature: &one,
                user_authentication: second,
                publication: third.public_key(),
                signature_responder: fourth.public_key(),
                user_authentication_responder: fifth.public_key(),
            };
            let error = Authority::found(&store, &clock, &realm, Profile::Current, &keys);
            assert!(matches!(error, Err(AuthorityError::KeyTwice)), "{error:?}");
        }
        let untouched = store.tx(clock.now(), |tx| tx.last_change());
        assert_eq!(untouched.unwrap(), 0);
    }
}
