//! The list on which a revocation would stand.

use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::CaName;
use crate::holder::Municipality;
use crate::profile::issuer::unit;

use super::attribute;
use super::attributes;

/// The list that a certificate names as the place of its revocation, from its distribution point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedOn {
    /// The authority's own list.
    Authority,
    /// A municipality's list.
    Municipality {
        /// The prefecture as written: `Tokyo-to`.
        prefecture: String,
        /// The municipality as written: `Kiyose-shi`.
        label: String,
        /// The municipality; none when no present one is written so.
        municipality: Option<Municipality>,
    },
}

impl ListedOn {
    /// Reads the value of a `cRLDistributionPoints` extension; none when its first point is not of
    /// JPKI's two forms.
    #[must_use]
    pub fn of(distribution_points: &[u8]) -> Option<Self> {
        let points = Value::only(distribution_points)?.tagged(tag::SEQUENCE)?;
        let point = points.inside().next_if(tag::SEQUENCE)?;
        let constructed = tag::context_constructed;
        // DistributionPoint, [0] distributionPoint, [0] fullName, [4] directoryName, Name.
        let full_name = point.inside().next_if(constructed(0))?.child()?.tagged(constructed(0))?;
        let name = full_name.child()?.tagged(constructed(4))?.child()?;
        let units: Vec<&str> = attributes(name, oid::ORGANIZATIONAL_UNIT).collect();
        let Some(common_name) = attribute(name, oid::COMMON_NAME) else {
            let own = |ca| units.first() == Some(&unit(ca));
            return CaName::ALL.into_iter().any(own).then_some(Self::Authority);
        };
        let label = common_name.strip_suffix(" CRLDP")?;
        let prefecture = match units.as_slice() {
            [_, points, prefecture] if *points == "CRL Distribution Points" => *prefecture,
            _ => return None,
        };
        let known =
            |known: &Municipality| (known.prefecture_label(), known.label()) == (prefecture, label);
        Some(Self::Municipality {
            prefecture: prefecture.to_owned(),
            label: label.to_owned(),
            municipality: Municipality::all().find(known),
        })
    }
}
