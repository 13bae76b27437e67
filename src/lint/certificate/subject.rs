//! The subject: an authority's or a service's name, or numbers under which the register is asked for the holder.

use crate::asn1::Value;
use crate::asn1::oid;
use crate::clock::Date;
use crate::credential::Kind;
use crate::holder::Municipality;
use crate::lint::rules;

use super::Judge;
use super::Table;
use super::name;
use super::name::Attribute;
use super::published;

pub(super) fn judge(judge: &mut Judge<'_>, subject: Value<'_>) {
    let attributes = name::attributes(subject).unwrap_or_default();
    match judge.expected.table {
        Table::Authority(ca) | Table::Link(ca) => {
            let own = published::authority_name(ca, judge.expected.organisation);
            judge.require(&rules::SUBJECT, name::all_are(&attributes, &own));
        }
        Table::Service(ca, service) => {
            let own = published::service_subject(ca, service, judge.expected.organisation);
            judge.require(&rules::SUBJECT, name::all_are(&attributes, &own));
        }
        Table::Holder(Kind::Signature, _) => signature(judge, &attributes),
        Table::Holder(Kind::UserAuthentication, _) => user_authentication(judge, &attributes),
    }
}

/// Country, prefecture, municipality, number.
fn signature(judge: &mut Judge<'_>, attributes: &[Attribute<'_>]) {
    let found = match attributes {
        [country, prefecture, place, number] if country.is(&published::COUNTRY) => (
            prefecture.utf8(oid::LOCALITY),
            place.utf8(oid::LOCALITY),
            number.utf8(oid::COMMON_NAME),
        ),
        _ => (None, None, None),
    };
    let (Some(prefecture), Some(place), Some(number)) = found else {
        return judge.broken(&rules::SUBJECT);
    };
    // Request time in Japan, count, window: 14, 5 and 9 characters.
    let formed = number.split_at_checked(14).filter(|(requested, rest)| {
        rest.len() == 5 + WINDOW_LENGTH
            && is_date_and_time(requested.as_bytes())
            && rest.bytes().take(5).all(|octet| octet.is_ascii_digit())
    });
    let window = formed.and_then(|(_, rest)| window_code(rest.get(5..)?));
    let municipality = judge.expected.municipality.or_else(|| labelled(prefecture, place));
    let Some(municipality) = municipality else {
        judge.require(&rules::SUBJECT_NUMBER, window.is_some());
        return judge.require_place(&rules::SUBJECT_PLACE, false);
    };
    let right = (municipality.prefecture_label(), municipality.label()) == (prefecture, place);
    judge.require_place(&rules::SUBJECT_PLACE, right);
    judge_window(judge, window, Some(municipality));
}

/// Country, number.
fn user_authentication(judge: &mut Judge<'_>, attributes: &[Attribute<'_>]) {
    let number = match attributes {
        [country, number] if country.is(&published::COUNTRY) => number.utf8(oid::COMMON_NAME),
        _ => None,
    };
    let Some(number) = number else { return judge.broken(&rules::SUBJECT) };
    // Six digits, a letter, seven of both; then the window.
    let formed = number.split_at_checked(14).filter(|(opaque, _)| {
        opaque.bytes().enumerate().all(|(position, octet)| match position {
            0..6 => octet.is_ascii_digit(),
            6 => octet.is_ascii_uppercase(),
            _ => octet.is_ascii_digit() || octet.is_ascii_uppercase(),
        })
    });
    let window = formed.and_then(|(_, window)| window_code(window));
    judge_window(judge, window, judge.expected.municipality);
}

fn judge_window(judge: &mut Judge<'_>, window: Option<&str>, expected: Option<Municipality>) {
    let Some(code) = window else { return judge.broken(&rules::SUBJECT_NUMBER) };
    let right = match expected {
        Some(municipality) => municipality.short_code() == code,
        None => Municipality::all().any(|known| known.short_code() == code),
    };
    judge.require_place(&rules::SUBJECT_WINDOW, right);
}

/// The municipality's five digits in a window identifier: those, three digits and a letter.
fn window_code(window: &str) -> Option<&str> {
    let (code, rest) = window.split_at_checked(5)?;
    let (digits, letter) = rest.split_at_checked(3)?;
    let formed = letter.len() == 1
        && code.bytes().chain(digits.bytes()).all(|octet| octet.is_ascii_digit())
        && letter.bytes().all(|octet| octet.is_ascii_uppercase());
    formed.then_some(code)
}

/// Whether fourteen octets are `YYYYMMDDhhmmss` of a day and a second that exist.
fn is_date_and_time(text: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range).unwrap_or_default();
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let below = |range, limit| number(range).is_some_and(|number| number < limit);
    let part = |range| number(range).and_then(|number| i8::try_from(number).ok());
    let date = match (number(0..4), part(4..6), part(6..8)) {
        (Some(year), Some(month), Some(day)) => Date::new(year, month, day).is_ok(),
        _ => false,
    };
    date && below(8..10, 24) && below(10..12, 60) && below(12..14, 60)
}

/// The municipality with these labels.
pub(super) fn labelled(prefecture: &str, label: &str) -> Option<Municipality> {
    Municipality::all()
        .find(|known| known.label() == label && known.prefecture_label() == prefecture)
}

const WINDOW_LENGTH: usize = 9;
