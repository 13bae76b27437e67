//! The authority that issues: its names, and what a certificate says of it.

use crate::asn1::KeyAlgorithm;
use crate::asn1::Name;
use crate::asn1::oid;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;

use super::realm::Organisation;

/// One key generation of an authority, as far as the certificates it issues are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Which authority.
    pub ca: CaName,
    /// Which generation of its key.
    pub generation: Generation,
    /// The serial of its own certificate.
    pub serial: Serial,
    /// Its subject key identifier.
    pub key_id: [u8; 20],
    /// What its key is.
    pub algorithm: KeyAlgorithm,
    /// For which cards it issues.
    pub profile: Profile,
    /// When its own certificate begins.
    pub not_before: Timestamp,
    /// When its own certificate ends.
    pub not_after: Timestamp,
}

impl Issuer {
    /// Whether its own certificate has begun and has not ended.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        (self.not_before..=self.not_after).contains(&at)
    }
}

/// The distinguished name of an authority, the same in every generation.
#[must_use]
pub fn ca_name(ca: CaName, organisation: &Organisation) -> Name {
    Name::japan()
        .with(oid::ORGANIZATION, organisation.as_str())
        .with(oid::ORGANIZATIONAL_UNIT, unit(ca))
        .with(oid::ORGANIZATIONAL_UNIT, "Japan Agency for Local Authority Information Systems")
}

/// The Japanese name of an authority: subjectAltName of its own certificate, issuerAltName of those
/// that it issues.
#[must_use]
pub fn alternative_name(ca: CaName) -> Name {
    Name::japan()
        .with(oid::ORGANIZATION, "公的個人認証サービス")
        .with(
            oid::ORGANIZATIONAL_UNIT,
            match ca {
                CaName::Signature => "公的個人認証サービス署名用",
                CaName::UserAuthentication => "公的個人認証サービス利用者証明用",
            },
        )
        .with(oid::ORGANIZATIONAL_UNIT, "地方公共団体情報システム機構")
}

/// The organisational unit that tells the two authorities apart.
pub(super) fn unit(ca: CaName) -> &'static str {
    match ca {
        CaName::Signature => "JPKI for digital signature",
        CaName::UserAuthentication => "JPKI for user authentication",
    }
}
