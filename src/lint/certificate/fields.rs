//! The basic fields, in their order (RFC 5280 section 4.1).

use crate::asn1::NotDer;
use crate::asn1::PublicKey;
use crate::asn1::Value;
use crate::asn1::tag;
use crate::clock::Date;
use crate::clock::TimeError;
use crate::clock::Timestamp;
use crate::credential::Profile;
use crate::lint::finding::Finding;
use crate::lint::finding::Severity;
use crate::lint::key;
use crate::lint::rules;
use crate::profile::Service;

use super::Judge;
use super::Parts;
use super::Table;
use super::name;
use super::published;
use super::subject;

pub(super) fn judge(judge: &mut Judge<'_>, parts: &Parts<'_>) {
    let expected = judge.expected;
    judge.require(&rules::VERSION, parts.version == Some(&VERSION_3));
    serial(judge, parts.serial);
    judge.key = PublicKey::from_der(parts.key.der).ok();
    algorithm(judge, parts.algorithm);
    let issuer = published::authority_name(expected.table.ca(), expected.organisation);
    judge.require(&rules::ISSUER, name::is(parts.issuer, &issuer));
    validity(judge, parts);
    subject::judge(judge, parts.subject);
    public_key(judge);
    judge.require(&rules::UNIQUE_ID, !parts.unique_id);
}

fn serial(judge: &mut Judge<'_>, serial: &[u8]) {
    let (zeros, significant) = match serial {
        [0, rest @ ..] => (true, rest),
        other => (false, other),
    };
    let negative = !zeros && significant.first().is_none_or(|octet| octet & 0x80 != 0);
    let zero = significant.iter().all(|octet| *octet == 0);
    let shortest = match serial {
        [] => false,
        [_] => true,
        [first, second, ..] => !matches!((first, second & 0x80), (0, 0) | (0xff, 0x80)),
    };
    judge.require(&rules::SERIAL_FORM, shortest);
    judge.require(&rules::SERIAL_POSITIVE, !negative && !zero);
    judge.require(&rules::SERIAL_LENGTH, serial.len() <= SERIAL_OCTETS);
    if let Some(stated) = judge.expected.stated {
        let octets = stated.serial().get().to_be_bytes();
        if !significant_octets(&octets).eq(significant_octets(serial)) {
            judge.broken_at(&rules::STATED, "serial number");
        }
    }
}

fn significant_octets(octets: &[u8]) -> impl Iterator<Item = &u8> {
    octets.iter().skip_while(|octet| **octet == 0)
}

/// The algorithm identifiers byte by byte: parameters NULL for RSA, absent for ECDSA.
fn algorithm(judge: &mut Judge<'_>, algorithm: Value<'_>) {
    let right = match (judge.expected.table, judge.expected.issuer, &judge.key) {
        (Table::Link(_) | Table::Service(..) | Table::Holder(..), Some(issuer), _) => {
            issuer.algorithm.signature_identifier()
        }
        (Table::Authority(_), _, Some(key)) => key.algorithm().signature_identifier(),
        // Without the issuer's key, or with one that is no key: a finding of its own.
        (Table::Link(_) | Table::Service(..) | Table::Holder(..), None, _)
        | (Table::Authority(_), _, None) => {
            let known = KNOWN_ALGORITHMS.contains(&algorithm.der);
            return judge.require(&rules::ALGORITHM, known);
        }
    };
    judge.require(&rules::ALGORITHM, algorithm.der == right);
}

fn validity(judge: &mut Judge<'_>, parts: &Parts<'_>) {
    let times = (time(parts.not_before), time(parts.not_after));
    let (Ok(begins), Ok(ends)) = times else {
        judge.begins = times.0.ok();
        return judge.broken(&rules::VALIDITY_FORM);
    };
    judge.begins = Some(begins);
    judge.require(&rules::VALIDITY_ORDER, begins <= ends);
    let last_day = ends.japan_date();
    judge.require(&rules::VALIDITY_END, ends == last_day.end_of_day());
    let first_day = begins.japan_date();
    let profile = judge.expected.profile;
    match judge.expected.table {
        Table::Authority(_) => {
            let right = is_authoritys_life(profile, first_day, last_day);
            judge.require(&rules::VALIDITY_AUTHORITY, right);
        }
        Table::Link(_) => {
            judge.require(&rules::VALIDITY_LINK, is_links_life(profile, first_day, last_day));
        }
        Table::Service(_, service) => {
            let limit = match service {
                Service::Publication => {
                    first_day.plus_months(PUBLICATION_MONTHS).and_then(|day| day.plus_days(-1))
                }
                Service::Responder => first_day.plus_days(RESPONDER_DAYS - 1),
            };
            let right = limit.is_ok_and(|limit| match judge.expected.issuer {
                Some(issuer) => ends == limit.end_of_day().min(issuer.not_after),
                // Perhaps its issuer's end cut it.
                None => last_day <= limit,
            });
            judge.require(&rules::VALIDITY_SERVICE, right);
        }
        Table::Holder(..) => {
            judge.require(&rules::VALIDITY_HOLDER, is_holders_life(profile, first_day, last_day));
        }
    }
    if let Some(issuer) = judge.expected.issuer {
        let within = issuer.not_before <= begins && ends <= issuer.not_after;
        judge.require(&rules::VALIDITY_ISSUER, within);
    }
    if let Some(stated) = judge.expected.stated
        && (stated.not_before(), stated.not_after()) != (begins, ends)
    {
        judge.broken_at(&rules::STATED, "validity");
    }
}

/// Whether an authority's certificate lives from the one day to the other under this profile.
fn is_authoritys_life(profile: Profile, first_day: Date, last_day: Date) -> bool {
    authoritys_end(profile, first_day) == Ok(last_day)
}

/// Whether a link can live from the one day to the other under the profile of the generation that signs:
/// no longer than that one does.
fn is_links_life(profile: Profile, first_day: Date, last_day: Date) -> bool {
    authoritys_end(profile, first_day).is_ok_and(|limit| last_day <= limit)
}

fn authoritys_end(profile: Profile, first_day: Date) -> Result<Date, TimeError> {
    let months = match profile {
        Profile::Current => AUTHORITY_MONTHS,
        Profile::Next => NEXT_AUTHORITY_MONTHS,
    };
    first_day.plus_months(months).and_then(|day| day.plus_days(-1))
}

/// Whether a holder's certificate can live from the one day to the other under this profile.
fn is_holders_life(profile: Profile, first_day: Date, last_day: Date) -> bool {
    let months = match profile {
        Profile::Current => HOLDER_MONTHS,
        Profile::Next => NEXT_HOLDER_MONTHS,
    };
    // A day more, for those born on 29 February.
    let limit = first_day.plus_months(months).and_then(|day| day.plus_days(1));
    limit.is_ok_and(|limit| last_day <= limit)
}

/// The first profile that the life of a certificate fits, where nobody knows by which it was issued;
/// none where no profile has a say in it, or it fits none.
pub(in crate::lint) fn profile_of(table: Table, parts: &Parts<'_>) -> Option<Profile> {
    let first_day = time(parts.not_before).ok()?.japan_date();
    let last_day = time(parts.not_after).ok()?.japan_date();
    Profile::ALL.into_iter().find(|profile| match table {
        Table::Authority(_) => is_authoritys_life(*profile, first_day, last_day),
        Table::Holder(..) => is_holders_life(*profile, first_day, last_day),
        Table::Link(_) => is_links_life(*profile, first_day, last_day),
        Table::Service(..) => false,
    })
}

/// A `Time` in the one form that its year has.
fn time(value: Value<'_>) -> Result<Timestamp, NotDer> {
    let digits = match value.contents.split_last() {
        Some((b'Z', digits)) if digits.iter().all(u8::is_ascii_digit) => digits,
        Some(_) | None => return Err(NotDer),
    };
    let (year, rest) = match (value.tag, digits.len()) {
        (tag::UTC_TIME, 12) => {
            let (year, rest) = digits.split_at_checked(2).ok_or(NotDer)?;
            let year = number(year);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (tag::GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at_checked(4).ok_or(NotDer)?;
            let year = number(year);
            if (1950..2050).contains(&year) {
                return Err(NotDer);
            }
            (year, rest)
        }
        _ => return Err(NotDer),
    };
    let mut pairs = rest.chunks(2).map(number);
    let mut next = || pairs.next().ok_or(NotDer);
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(NotDer);
    }
    let small = |number: i64| i8::try_from(number).map_err(|_| NotDer);
    let year = i16::try_from(year).map_err(|_| NotDer)?;
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| NotDer)?;
    let seconds = (hour * 60 + minute) * 60 + second;
    Ok(date.start_of_day().plus_seconds(JAPAN_OFFSET + seconds))
}

/// The number that a few digits write.
fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}

fn public_key(judge: &mut Judge<'_>) {
    let Some(found) = judge.key.take() else { return judge.broken(&rules::KEY) };
    let judged = judge.expected.sound.is_some_and(|sound| *sound.get() == found);
    if !judged && let Err(fault) = key(&found) {
        judge.findings.push(Finding {
            id: fault.code(),
            severity: Severity::Error,
            source: fault.source_text(),
            message: fault.to_string(),
        });
    }
    if judge.expected.stated.is_some_and(|stated| *stated.key() != found) {
        judge.broken_at(&rules::STATED, "key");
    }
    judge.key = Some(found);
}

const VERSION_3: [u8; 1] = [2];
/// RFC 5280 section 4.1.2.2.
const SERIAL_OCTETS: usize = 20;
const AUTHORITY_MONTHS: i32 = 120;
/// Assumed, A-14.
const NEXT_AUTHORITY_MONTHS: i32 = 240;
const PUBLICATION_MONTHS: i32 = 36;
/// The first and the last counted.
const RESPONDER_DAYS: i32 = 30;
/// The sixth birthday.
const HOLDER_MONTHS: i32 = 72;
/// The eleventh; assumed, A-15.
const NEXT_HOLDER_MONTHS: i32 = 132;
/// Japan is nine hours ahead of UTC.
const JAPAN_OFFSET: i64 = 9 * 60 * 60;

/// The `AlgorithmIdentifier`s of sha256WithRSAEncryption, ecdsa-with-SHA256 and ecdsa-with-SHA384.
const KNOWN_ALGORITHMS: [&[u8]; 3] = [
    &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11, 5, 0],
    &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
    &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
];
