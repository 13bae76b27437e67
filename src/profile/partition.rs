//! Partitions of the revocation lists: one per municipality, named in the certificate for life.

use std::fmt;

use crate::asn1::Name;
use crate::asn1::oid;
use crate::credential::CaName;
use crate::holder::Municipality;

use super::issuer::ca_name;
use super::issuer::unit;
use super::realm::Organisation;

/// Which list a certificate's revocation appears on (CRL 分割). Fixed at issuance: the holder may
/// move, the entry does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Partition {
    /// The authority's own list, for what belongs to no municipality.
    Authority,
    /// The list of a municipality, or of a ward of a designated city.
    Municipality(Municipality),
}

impl Partition {
    /// The distribution point's directory name: equal, byte for byte, in the certificate and in the
    /// list's issuing distribution point.
    #[must_use]
    pub fn name(self, ca: CaName, organisation: &Organisation) -> Name {
        match self {
            Self::Authority => ca_name(ca, organisation),
            Self::Municipality(municipality) => Name::japan()
                .with(oid::ORGANIZATION, organisation.as_str())
                .with(oid::ORGANIZATIONAL_UNIT, unit(ca))
                .with(oid::ORGANIZATIONAL_UNIT, "CRL Distribution Points")
                .with(oid::ORGANIZATIONAL_UNIT, municipality.prefecture_label())
                .with(oid::COMMON_NAME, &format!("{} CRLDP", municipality.label())),
        }
    }

    /// Six digits: the municipality's code, or `000000` for the authority's own list.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Authority => "000000",
            Self::Municipality(municipality) => municipality.code(),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
