//! What the extensions contain, in the order of the published tables. A function fails when the
//! value is not built as it should be.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::tag;
use crate::credential::Kind;
use crate::lint::rules;

use super::Judge;
use super::Table;
use super::name;
use super::published;
use super::subject::labelled;

/// The bits, byte by byte: DER leaves trailing zero bits out.
pub(super) fn key_usage(judge: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let bits = value.expect(tag::BIT_STRING)?;
    value.end()?;
    let right = match judge.expected.table {
        // keyCertSign, cRLSign.
        Table::Authority(_) | Table::Link(_) => [0x01, 0x06],
        // digitalSignature, nonRepudiation.
        Table::Holder(Kind::Signature, _) => [0x06, 0xc0],
        // digitalSignature.
        Table::Service(..) | Table::Holder(Kind::UserAuthentication, _) => [0x07, 0x80],
    };
    judge.require(&rules::KEY_USAGE, bits == right);
    Ok(())
}

pub(super) fn extended_key_usage(
    judge: &mut Judge<'_>,
    mut value: Reader<'_>,
) -> Result<(), NotDer> {
    let usage = value.wrapped(tag::SEQUENCE)?;
    value.end()?;
    let purpose = match judge.expected.table {
        Table::Service(..) => oid::OCSP_SIGNING,
        Table::Authority(_) | Table::Link(_) | Table::Holder(..) => oid::CLIENT_AUTH,
    };
    let right = usage.tag == tag::OID && usage.contents == purpose.as_bytes();
    judge.require(&rules::EXTENDED_KEY_USAGE, right);
    Ok(())
}

pub(super) fn ocsp_no_check(_: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let null = value.expect(tag::NULL)?;
    value.end()?;
    if null.is_empty() { Ok(()) } else { Err(NotDer) }
}

pub(super) fn basic_constraints(_: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let authority = value.wrapped(tag::SEQUENCE)?;
    value.end()?;
    if (authority.tag, authority.contents) == (tag::BOOLEAN, &[0xff]) {
        Ok(())
    } else {
        Err(NotDer)
    }
}

/// `SEQUENCE OF PolicyInformation { policyIdentifier, SEQUENCE OF { policyQualifierId, qualifier } }`
/// with one of each.
pub(super) fn policies(judge: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let mut information = inside(value.wrapped(tag::SEQUENCE)?)?;
    value.end()?;
    let policy = information.expect(tag::OID)?;
    let mut qualifier = inside(information.wrapped(tag::SEQUENCE)?)?;
    information.end()?;
    let qualifier_id = qualifier.expect(tag::OID)?;
    let uri = qualifier.any()?;
    qualifier.end()?;
    if let Table::Holder(kind, carrier) = judge.expected.table {
        let right = published::policy(judge.expected.arc, kind, carrier);
        judge.require(&rules::POLICY, policy == right);
    }
    let right = qualifier_id == oid::CPS_QUALIFIER.as_bytes()
        && (uri.tag, uri.contents) == (tag::IA5_STRING, published::CPS_URI);
    judge.require(&rules::POLICY_CPS, right);
    Ok(())
}

/// One `PolicyInformation` of any policy, without qualifiers.
pub(super) fn any_policy(judge: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let mut information = inside(value.wrapped(tag::SEQUENCE)?)?;
    value.end()?;
    let policy = information.expect(tag::OID)?;
    information.end()?;
    judge.require(&rules::LINK_POLICY, policy == published::ANY_POLICY);
    Ok(())
}

pub(super) fn issuer_alt_name(judge: &mut Judge<'_>, value: Reader<'_>) -> Result<(), NotDer> {
    let right = is_japanese_name(judge, value)?;
    judge.require(&rules::ISSUER_ALT_NAME, right);
    Ok(())
}

pub(super) fn authority_alt_name(judge: &mut Judge<'_>, value: Reader<'_>) -> Result<(), NotDer> {
    let right = is_japanese_name(judge, value)?;
    judge.require(&rules::AUTHORITY_ALT_NAME, right);
    Ok(())
}

fn is_japanese_name(judge: &Judge<'_>, mut value: Reader<'_>) -> Result<bool, NotDer> {
    let names = value.expect(tag::SEQUENCE)?;
    value.end()?;
    let right = published::japanese_name(judge.expected.table.ca());
    Ok(name::is(name::only_directory_name(names)?, &right))
}

/// One `DistributionPoint` whose `distributionPoint` is a `fullName` of one directory name: no
/// reasons, no `cRLIssuer`.
pub(super) fn distribution_points(
    judge: &mut Judge<'_>,
    mut value: Reader<'_>,
) -> Result<(), NotDer> {
    let expected = judge.expected;
    let mut point = inside(value.wrapped(tag::SEQUENCE)?)?;
    value.end()?;
    let full_name = point.wrapped(tag::context_constructed(0))?;
    point.end()?;
    if full_name.tag != tag::context_constructed(0) {
        return Err(NotDer);
    }
    let name = name::only_directory_name(full_name.contents)?;
    let own = published::authority_name(expected.table.ca(), expected.organisation);
    if !matches!(expected.table, Table::Holder(..)) {
        judge.require(&rules::DISTRIBUTION_POINT, name::is(name, &own));
        return Ok(());
    }
    let attributes = name::attributes(name)?;
    let [country, organisation, unit, points, prefecture, label] = attributes.as_slice() else {
        return Err(NotDer);
    };
    let [own_country, own_organisation, own_unit, _] = own;
    let own_points = published::utf8(oid::ORGANIZATIONAL_UNIT, published::DISTRIBUTION_POINTS);
    let prefecture = prefecture.utf8(oid::ORGANIZATIONAL_UNIT).ok_or(NotDer)?;
    let label = label.utf8(oid::COMMON_NAME).ok_or(NotDer)?;
    let label = label.strip_suffix(published::DISTRIBUTION_POINT_END).ok_or(NotDer)?;
    let right = country.is(&own_country)
        && organisation.is(&own_organisation)
        && unit.is(&own_unit)
        && points.is(&own_points);
    judge.require(&rules::DISTRIBUTION_POINT, right);
    let known = match expected.municipality {
        Some(municipality) => {
            (municipality.prefecture_label(), municipality.label()) == (prefecture, label)
        }
        None => labelled(prefecture, label).is_some(),
    };
    judge.require_place(&rules::DISTRIBUTION_POINT_PLACE, known);
    Ok(())
}

/// One `AccessDescription`: OCSP, at a URI.
pub(super) fn authority_info_access(
    judge: &mut Judge<'_>,
    mut value: Reader<'_>,
) -> Result<(), NotDer> {
    let mut access = inside(value.wrapped(tag::SEQUENCE)?)?;
    value.end()?;
    let method = access.expect(tag::OID)?;
    // uniformResourceIdentifier [6] IMPLICIT IA5String.
    let uri = access.expect(tag::context(6))?;
    access.end()?;
    let right = match judge.expected.ocsp_url {
        Some(url) => uri == url.as_bytes(),
        None => uri.starts_with(b"http") && uri.iter().all(u8::is_ascii_graphic),
    };
    judge.require(&rules::OCSP, right && method == oid::OCSP_ACCESS.as_bytes());
    Ok(())
}

/// `[0] keyIdentifier, [1] authorityCertIssuer, [2] authorityCertSerialNumber`, all three.
pub(super) fn authority_key_identifier(
    judge: &mut Judge<'_>,
    mut value: Reader<'_>,
) -> Result<(), NotDer> {
    let expected = judge.expected;
    let mut parts = value.nested(tag::SEQUENCE)?;
    value.end()?;
    let key_id = parts.expect(tag::context(0))?;
    let issuer = name::only_directory_name(parts.expect(tag::context_constructed(1))?)?;
    let serial = parts.expect(tag::context(2))?;
    parts.end()?;
    let own = published::authority_name(expected.table.ca(), expected.organisation);
    judge.require(&rules::AUTHORITY_KEY_ISSUER, name::is(issuer, &own));
    if let Table::Link(_) = expected.table {
        // What it certifies is another key than the one that signs.
        let own = judge.key.as_ref().map(crate::asn1::PublicKey::key_id);
        judge.require(&rules::LINK_KEY, own.is_none_or(|own| own != key_id));
    }
    match expected.issuer {
        Some(issuer) => {
            judge.require(&rules::AUTHORITY_KEY_ID, key_id == issuer.key_id);
            // DER puts a zero in front where the first bit of the number is set.
            let octets = issuer.serial.get().to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let right = octets.get(zeros..).unwrap_or_default();
            let sign = right.first().is_some_and(|octet| octet & 0x80 != 0);
            let found = if sign { serial.strip_prefix(&[0]) } else { Some(serial) };
            judge.require(&rules::AUTHORITY_KEY_SERIAL, found == Some(right));
        }
        None => {
            judge.require(&rules::AUTHORITY_KEY_ID, key_id.len() == KEY_ID_OCTETS);
            let positive = match serial {
                [] | [0] => false,
                [0, next, ..] => next & 0x80 != 0,
                [first, ..] => first & 0x80 == 0,
            };
            judge.require(&rules::AUTHORITY_KEY_SERIAL, positive);
        }
    }
    Ok(())
}

pub(super) fn subject_key_identifier(
    judge: &mut Judge<'_>,
    mut value: Reader<'_>,
) -> Result<(), NotDer> {
    let id = value.expect(tag::OCTET_STRING)?;
    value.end()?;
    // A key that could not be read is a finding already.
    let right = judge.key.as_ref().is_none_or(|key| id == key.key_id());
    judge.require(&rules::SUBJECT_KEY_ID, right);
    Ok(())
}

/// The values within a SEQUENCE.
fn inside(value: Value<'_>) -> Result<Reader<'_>, NotDer> {
    if value.tag == tag::SEQUENCE { Ok(Reader::new(value.contents)) } else { Err(NotDer) }
}

/// SHA-1.
const KEY_ID_OCTETS: usize = 20;
