//! What stands before the entries, in its order (RFC 5280 section 5.1.2).

use crate::asn1::KeyAlgorithm;
use crate::asn1::Value;
use crate::crl::Header;
use crate::crl::Time;
use crate::lint::certificate;

use super::Judge;
use super::rules;

pub(super) fn judge(judge: &mut Judge<'_>, header: &Header) {
    let expected = judge.expected;
    judge.require(&rules::VERSION, header.version == 2);
    let known = match &expected.key {
        Some(key) => key.algorithm.signature_identifier() == header.algorithm,
        None => KeyAlgorithm::FAMILIES
            .iter()
            .any(|known| known.signature_identifier() == header.algorithm),
    };
    judge.require(&rules::ALGORITHM, known);
    let issuer = Value::only(&header.issuer);
    let own = certificate::authority_name(expected.ca, expected.organisation);
    judge.require(&rules::ISSUER, issuer.is_some_and(|issuer| certificate::is_name(issuer, &own)));
    times(judge, header);
    judge.require(&rules::EMPTY, header.entries.is_none_or(|(begins, ends)| begins < ends));
}

fn times(judge: &mut Judge<'_>, header: &Header) {
    let this_update = header.this_update;
    let Some(next_update) = header.next_update else {
        judge.require(&rules::TIME_FORM, is_in_its_form(this_update));
        return judge.broken(&rules::NEXT);
    };
    let forms = is_in_its_form(this_update) && is_in_its_form(next_update);
    judge.require(&rules::TIME_FORM, forms);
    judge.require(&rules::TIMES, this_update.at <= next_update.at);
    if let Some(key) = &judge.expected.key {
        judge.require(&rules::TIMES_ISSUER, key.begins <= this_update.at);
    }
    if let Some(stated) = &judge.expected.stated
        && (stated.this_update, stated.next_update) != (this_update.at, next_update.at)
    {
        judge.broken_at(&rules::STATED, "times of the list");
    }
}

/// Whether a time stands in the one form that its year has (RFC 5280 section 5.1.2.4).
#[inline]
pub(super) fn is_in_its_form(time: Time) -> bool {
    time.generalized != (FIRST_1950..FIRST_2050).contains(&time.at.to_unix())
}

/// 1950-01-01T00:00:00Z and 2050-01-01T00:00:00Z, in seconds since the epoch.
const FIRST_1950: i64 = -631_152_000;
const FIRST_2050: i64 = 2_524_608_000;
