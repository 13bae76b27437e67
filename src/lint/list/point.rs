//! The distribution point: which certificates the list is about (RFC 5280 section 5.2.5).

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::crl::Coverage;
use crate::holder::Municipality;
use crate::lint::certificate;
use crate::lint::certificate::utf8;
use crate::profile::Partition;

use super::Judge;
use super::rules;

pub(super) fn judge(judge: &mut Judge<'_>, value: &[u8]) {
    let Ok((name, only_user)) = read(value) else { return judge.broken(&rules::POINT) };
    let coverage = judge.expected.stated.as_ref().map(|stated| stated.coverage);
    let (named, flags) = match coverage {
        Some(Coverage::Partition(Partition::Authority)) => (is_authority(judge, name), !only_user),
        Some(Coverage::Partition(Partition::Municipality(municipality))) => {
            (is_partition(judge, name, municipality), only_user)
        }
        // A list of everything names no point.
        Some(Coverage::Everything) => (true, false),
        // By itself: the authority's own, or one of any municipality.
        None if only_user => {
            let any = Municipality::all().any(|known| is_partition(judge, name, known));
            (any, true)
        }
        None => (is_authority(judge, name), true),
    };
    judge.require(&rules::POINT, flags);
    judge.require(&rules::POINT_NAME, named);
}

/// `[0] { [0] { [4] Name } }` and, for holders' certificates, `[1] TRUE`.
fn read(value: &[u8]) -> Result<(Value<'_>, bool), NotDer> {
    let mut value = Reader::new(value);
    let mut parts = value.nested(tag::SEQUENCE)?;
    value.end()?;
    let full_name = parts.wrapped(tag::context_constructed(0))?;
    if full_name.tag != tag::context_constructed(0) {
        return Err(NotDer);
    }
    let name = certificate::only_directory_name(full_name.contents)?;
    let only_user = match parts.optional(tag::context(1))? {
        Some([0xff]) => true,
        Some(_) => return Err(NotDer),
        None => false,
    };
    parts.end()?;
    Ok((name, only_user))
}

fn is_authority(judge: &Judge<'_>, name: Value<'_>) -> bool {
    let expected = judge.expected;
    let own = certificate::authority_name(expected.ca, expected.organisation);
    certificate::is_name(name, &own)
}

fn is_partition(judge: &Judge<'_>, name: Value<'_>, municipality: Municipality) -> bool {
    let expected = judge.expected;
    let [country, organisation, unit, _] =
        certificate::authority_name(expected.ca, expected.organisation);
    let label = format!("{} CRLDP", municipality.label());
    let own = [
        country,
        organisation,
        unit,
        utf8(oid::ORGANIZATIONAL_UNIT, "CRL Distribution Points"),
        utf8(oid::ORGANIZATIONAL_UNIT, municipality.prefecture_label()),
        utf8(oid::COMMON_NAME, &label),
    ];
    certificate::is_name(name, &own)
}
