//! The issuer, as certificate ids name it.

use crate::asn1::Name;
use crate::asn1::PublicKey;
use crate::asn1::sha1;
use crate::asn1::sha256;
use crate::credential::CaName;
use crate::credential::Generation;

use super::cert_id::CertId;
use super::cert_id::Hash;

/// One key generation of an authority: all generations share a name, so the key's hash tells them
/// apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerId {
    ca: CaName,
    generation: Generation,
    hashes: IssuerHashes,
}

impl IssuerId {
    /// Of this name and key.
    #[must_use]
    pub fn new(ca: CaName, generation: Generation, name: &Name, key: &PublicKey) -> Self {
        Self { ca, generation, hashes: IssuerHashes::new(&name.to_der(), key) }
    }

    /// Whether the id names a certificate of this key.
    #[must_use]
    pub fn is_asked(&self, id: &CertId) -> bool {
        self.hashes.are_in(id)
    }

    /// Which authority.
    #[must_use]
    pub fn ca(&self) -> CaName {
        self.ca
    }

    /// Which generation of its key.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The hashes.
    #[must_use]
    pub fn hashes(&self) -> &IssuerHashes {
        &self.hashes
    }
}

/// The hashes by which certificate ids name an issuer, whoever it is (RFC 6960 section 4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerHashes {
    sha1: ([u8; 20], [u8; 20]),
    sha256: ([u8; 32], [u8; 32]),
}

impl IssuerHashes {
    /// Of the DER of the issuer's name, and of the contents of its key's BIT STRING.
    #[must_use]
    pub fn new(name: &[u8], key: &PublicKey) -> Self {
        Self { sha1: (sha1(name), sha1(key.bits())), sha256: (sha256(name), sha256(key.bits())) }
    }

    /// Whether the id names this issuer.
    #[must_use]
    pub fn are_in(&self, id: &CertId) -> bool {
        let asked = (id.issuer_name_hash(), id.issuer_key_hash());
        id.hash().is_some_and(|hash| self.by(hash) == asked)
    }

    /// The hashes of name and key.
    pub(super) fn by(&self, hash: Hash) -> (&[u8], &[u8]) {
        match hash {
            Hash::Sha1 => (&self.sha1.0, &self.sha1.1),
            Hash::Sha256 => (&self.sha256.0, &self.sha256.1),
        }
    }
}
