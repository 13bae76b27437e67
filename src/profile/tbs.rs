//! The bytes of a certificate to be signed, with the facts they state.

use crate::asn1::Der;
use crate::asn1::Name;
use crate::asn1::PublicKey;
use crate::asn1::tag;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Carrier;
use crate::credential::Generation;
use crate::credential::Kind;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::holder::Municipality;

use super::issuer::Issuer;
use super::partition::Partition;
use super::realm::Realm;
use super::service::Service;

/// A certificate to be signed (`TBSCertificate`), with what it states beside its bytes.
///
/// Made only by the functions of this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TbsCertificate {
    pub(super) der: Vec<u8>,
    pub(super) issuer: (CaName, Generation),
    pub(super) profile: Profile,
    pub(super) serial: Serial,
    pub(super) subject: Subject,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) key: PublicKey,
}

impl TbsCertificate {
    /// The exact bytes to be signed.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The authority and generation that is to sign.
    #[must_use]
    pub fn issuer(&self) -> (CaName, Generation) {
        self.issuer
    }

    /// For which cards the generation issues that is to sign.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Whom it certifies.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The first instant of its validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The last instant of its validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The certified key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// Whom a certificate certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The authority itself.
    Authority,
    /// The key of this generation of the authority, certified by another one: a link between the two.
    Link(Generation),
    /// A service around it.
    Service(Service),
    /// A holder registered in a municipality.
    Holder(Kind, Carrier, Municipality),
}

impl Subject {
    /// The list on which a revocation of the certificate appears.
    #[must_use]
    pub fn partition(self) -> Partition {
        match self {
            Self::Authority | Self::Link(_) | Self::Service(_) => Partition::Authority,
            Self::Holder(_, _, municipality) => Partition::Municipality(municipality),
        }
    }
}

/// What every certificate of a holder needs to be written.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// In whose name.
    pub realm: &'a Realm,
    /// By which generation of the authority.
    pub issuer: &'a Issuer,
    /// Under which number.
    pub serial: Serial,
    /// On what.
    pub carrier: Carrier,
    /// Where the holder is registered.
    pub municipality: Municipality,
    /// For which key.
    pub key: &'a PublicKey,
    /// When the issuing request was made.
    pub requested_at: Timestamp,
    /// When it is issued: the start of validity.
    pub not_before: Timestamp,
    /// The last day of validity, in Japan.
    pub end: Date,
}

impl Grant<'_> {
    /// Writes the certificate of `kind` with this subject and these extensions.
    pub(super) fn write(
        &self,
        kind: Kind,
        subject: &Name,
        extensions: impl FnOnce(&mut Der),
    ) -> TbsCertificate {
        let issuer_name = super::ca_name(self.issuer.ca, self.realm.organisation());
        let algorithm = self.issuer.algorithm.signature_identifier();
        let not_after = self.end.end_of_day();
        let fields = Fields {
            serial: self.serial,
            algorithm: &algorithm,
            issuer: &issuer_name,
            validity: (self.not_before, not_after),
            subject,
            key: self.key,
        };
        TbsCertificate {
            der: fields.write(extensions),
            issuer: (self.issuer.ca, self.issuer.generation),
            profile: self.issuer.profile,
            serial: self.serial,
            subject: Subject::Holder(kind, self.carrier, self.municipality),
            not_before: self.not_before,
            not_after,
            key: self.key.clone(),
        }
    }
}

/// The basic fields, in the order of RFC 5280 section 4.1.
pub(super) struct Fields<'a> {
    pub(super) serial: Serial,
    pub(super) algorithm: &'a [u8],
    pub(super) issuer: &'a Name,
    pub(super) validity: (Timestamp, Timestamp),
    pub(super) subject: &'a Name,
    pub(super) key: &'a PublicKey,
}

impl Fields<'_> {
    /// `TBSCertificate`: version 3, no unique identifiers.
    pub(super) fn write(&self, extensions: impl FnOnce(&mut Der)) -> Vec<u8> {
        Der::build(|der| {
            der.sequence(|der| {
                der.nested(tag::context_constructed(0), |der| der.unsigned(tag::INTEGER, 2));
                der.unsigned(tag::INTEGER, self.serial.get());
                der.raw(self.algorithm);
                self.issuer.write(der);
                der.sequence(|der| {
                    der.time(self.validity.0);
                    der.time(self.validity.1);
                });
                self.subject.write(der);
                der.raw(self.key.as_der());
                der.nested(tag::context_constructed(3), |der| der.sequence(extensions));
            });
        })
    }
}
