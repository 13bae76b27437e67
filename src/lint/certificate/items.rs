//! The basic four items (基本4情報) in the subjectAltName of a signature certificate. No finding says
//! what they say.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::holder;
use crate::holder::BirthDate;
use crate::holder::Era;
use crate::lint::rules;

use super::Judge;
use super::published;

pub(super) fn judge(judge: &mut Judge<'_>, mut value: Reader<'_>) -> Result<(), NotDer> {
    let mut names = value.nested(tag::SEQUENCE)?;
    value.end()?;
    let mut items: [Option<&str>; ORDER.len()] = [None; ORDER.len()];
    let mut seen = [false; ORDER.len()];
    let (mut last, mut ordered, mut exact, mut strings) = (0, true, true, true);
    while !names.is_empty() {
        // otherName [0] { type-id, value [0] EXPLICIT }.
        let mut other = names.nested(tag::context_constructed(0))?;
        let oid = other.expect(tag::OID)?;
        let text = other.wrapped(tag::context_constructed(0))?;
        other.end()?;
        let slot = ORDER.iter().position(|known| known.as_bytes() == oid);
        let Some((at, (item, seen))) =
            slot.and_then(|at| Some((at, (items.get_mut(at)?, seen.get_mut(at)?))))
        else {
            exact = false;
            continue;
        };
        exact &= !*seen;
        *seen = true;
        ordered &= at >= last;
        last = at;
        *item = std::str::from_utf8(text.contents).ok().filter(|_| text.tag == tag::UTF8_STRING);
        strings &= item.is_some();
    }
    judge.require(&rules::ITEMS, exact && seen.iter().all(|seen| *seen));
    judge.require(&rules::ITEMS_ORDER, ordered);
    judge.require(&rules::ITEMS_STRING, strings);
    let [name, birth_date, sex, address, name_mask, address_mask] = items;
    if let Some(name) = name {
        judge.require(&rules::NAME, is_parted(name));
        let carried = name.chars().all(|c| holder::is_permitted(c) || is_latin(c));
        judge.require(&rules::CHARACTERS, carried);
    }
    if let Some(birth_date) = birth_date {
        date_of_birth(judge, birth_date);
    }
    if let Some(sex) = sex {
        judge.require(&rules::SEX, matches!(sex, "1" | "2" | "3"));
    }
    if let Some(address) = address {
        let length = address.chars().count();
        judge.require(&rules::ADDRESS, (1..=published::ADDRESS_LENGTH).contains(&length));
        judge.require(&rules::CHARACTERS, address.chars().all(holder::is_permitted));
    }
    for (text, mask) in [(name, name_mask), (address, address_mask)] {
        if let (Some(text), Some(mask)) = (text, mask) {
            let fits = mask.len() == text.chars().count()
                && mask.bytes().all(|sign| matches!(sign, b'0' | b'1'));
            judge.require(&rules::MASK, fits);
        }
    }
    Ok(())
}

fn date_of_birth(judge: &mut Judge<'_>, digits: &str) {
    let Ok((era, date)) = BirthDate::from_encoded(digits) else {
        return judge.broken(&rules::BIRTH_DATE);
    };
    let begins = judge.begins;
    let born = begins.is_none_or(|begins| date.check_not_after(begins.japan_date()).is_ok());
    judge.require(&rules::BIRTH_DATE, born);
    // A date that is known in part can lie in either era of the year in which they changed.
    let possible = match (date.earliest(), date.latest()) {
        (Some(earliest), Some(latest)) => Era::of(earliest) == era || Era::of(latest) == era,
        (Some(_) | None, Some(_) | None) => true,
    };
    judge.require(&rules::ERA, era == Era::Unknown || possible);
}

/// Whether every space stands between two parts: one of Japan's or one of Latin script.
fn is_parted(name: &str) -> bool {
    name.split([IDEOGRAPHIC_SPACE, ' ']).all(|part| !part.is_empty())
}

/// What the name of a foreign resident is written with.
fn is_latin(c: char) -> bool {
    matches!(c, 'A'..='Z' | ' ' | '-' | '\'' | '.' | ',')
}

/// The items in encoded order: name, date of birth, sex, address, mask of the name, mask of the
/// address.
const ORDER: [ObjectIdentifier; 6] = [
    oid::JPKI_NAME,
    oid::JPKI_BIRTH_DATE,
    oid::JPKI_SEX,
    oid::JPKI_ADDRESS,
    oid::JPKI_NAME_SUBSTITUTES,
    oid::JPKI_ADDRESS_SUBSTITUTES,
];

const IDEOGRAPHIC_SPACE: char = '\u{3000}';
