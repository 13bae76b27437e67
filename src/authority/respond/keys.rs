//! The responders' keys, and the generations that delegate to them.

use crate::asn1::PublicKey;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::ocsp::CertId;
use crate::ocsp::IssuerId;
use crate::profile::Issuer;
use crate::profile::Realm;
use crate::profile::ca_name;
use crate::signer::Signer;
use crate::store::CertificateRecord;
use crate::store::Store;

use super::AsOf;
use super::AuthorityError;
use crate::authority::generations;

/// A responder's key, with the certificate by which a generation of an authority delegates to it.
#[derive(Debug)]
pub struct ResponderKey {
    ca: CaName,
    generation: Generation,
    delegated: Delegated,
}

impl ResponderKey {
    /// A key with its certificate, its record and its DER.
    ///
    /// # Errors
    /// When the certificate is for another key.
    pub fn new(
        record: &CertificateRecord,
        certificate: Vec<u8>,
        signer: Box<dyn Signer>,
    ) -> Result<Self, AuthorityError> {
        let certified = PublicKey::of_certificate(&certificate);
        if certified.as_ref().ok() != Some(signer.public_key()) {
            return Err(AuthorityError::StrangeKey);
        }
        let delegated = Delegated {
            serial: record.serial,
            key_id: signer.public_key().key_id(),
            not_before: record.not_before,
            not_after: record.not_after,
            certificate,
            signer,
        };
        Ok(Self { ca: record.ca, generation: record.generation, delegated })
    }
}

/// What signs answers about the certificates of one generation.
#[derive(Debug)]
pub(super) struct Delegated {
    /// Of its certificate.
    pub(super) serial: Serial,
    pub(super) key_id: [u8; 20],
    pub(super) not_before: Timestamp,
    /// Never past the end of the generation itself.
    pub(super) not_after: Timestamp,
    pub(super) certificate: Vec<u8>,
    pub(super) signer: Box<dyn Signer>,
}

/// A generation as certificate ids name it.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) id: IssuerId,
    pub(super) issuer: Issuer,
    delegated: Vec<Delegated>,
}

impl Named {
    /// The key that answers now: of those whose certificates are in force and not revoked, the one
    /// that lasts longest.
    pub(super) fn delegated(
        &self,
        at: Timestamp,
        is_revoked: impl Fn(Serial) -> bool,
    ) -> Option<&Delegated> {
        let in_force = self.delegated.iter().filter(|one| {
            // An answer that is over at once is none.
            (one.not_before..one.not_after).contains(&at) && !is_revoked(one.serial)
        });
        in_force.max_by_key(|one| one.not_after)
    }
}

/// All generations of both authorities, with the keys that answer for them.
#[derive(Debug)]
pub(super) struct Keys {
    named: Vec<Named>,
    /// What is known to be in them.
    pub(super) as_of: AsOf,
}

impl Keys {
    pub(super) fn take_up(
        store: &Store,
        realm: &Realm,
        now: Timestamp,
        as_of: AsOf,
        keys: Vec<ResponderKey>,
    ) -> Result<Self, AuthorityError> {
        let mut named = Vec::new();
        for generation in generations(store, now)? {
            generation.check_realm(realm)?;
            let (issuer, key) = (generation.issuer, generation.key);
            let name = ca_name(issuer.ca, realm.organisation());
            let id = IssuerId::new(issuer.ca, issuer.generation, &name, &key);
            named.push(Named { id, issuer, delegated: Vec::new() });
        }
        for key in keys {
            let own = |named: &&mut Named| {
                (named.id.ca(), named.id.generation()) == (key.ca, key.generation)
            };
            let place = named.iter_mut().find(own).ok_or(AuthorityError::StrangeKey)?;
            place.delegated.push(key.delegated);
        }
        Ok(Self { named, as_of })
    }

    pub(super) fn issuers(&self) -> impl Iterator<Item = &Named> + Clone {
        self.named.iter()
    }

    /// The one generation of whose certificates all these ids speak.
    pub(super) fn asked(&self, ids: &[CertId]) -> Option<&Named> {
        self.named.iter().find(|named| ids.iter().all(|id| named.id.is_asked(id)))
    }
}
