//! Subjects: never the holder's name, but numbers under which the register is asked.

use crate::asn1::Name;
use crate::asn1::oid;
use crate::credential::Serial;
use crate::holder::Municipality;

use super::assumed;
use super::tbs::Grant;

/// Subject of a signature certificate: country, prefecture, municipality, and 28 characters.
pub(super) fn signature(grant: &Grant<'_>) -> Name {
    Name::japan()
        .with(oid::LOCALITY, grant.municipality.prefecture_label())
        .with(oid::LOCALITY, grant.municipality.label())
        .with(oid::COMMON_NAME, &signature_common_name(grant))
}

/// Subject of a user-authentication certificate: country, and 23 characters.
pub(super) fn user_authentication(grant: &Grant<'_>) -> Name {
    let name = format!("{}{}", opaque(grant.serial), window(grant.municipality));
    Name::japan().with(oid::COMMON_NAME, &name)
}

/// `YYYYMMDDhhmmss` of the request in Japan time, five digits that count within it, and the window.
///
/// The five digits are the end of the serial: within one second no two certificates of an authority
/// share them unless it issues 100,000 in that second.
fn signature_common_name(grant: &Grant<'_>) -> String {
    let requested = grant.requested_at.japan().strftime("%Y%m%d%H%M%S");
    let count = grant.serial.get() % 100_000;
    format!("{requested}{count:05}{}", window(grant.municipality))
}

/// Reception-window identifier (受付窓口識別記号): the municipality's code without its check digit,
/// and four characters for the window.
fn window(municipality: Municipality) -> String {
    let code = municipality.code();
    format!("{}{}", code.get(..5).unwrap_or(code), assumed::WINDOW_SUFFIX)
}

/// Fourteen characters that say nothing: six digits, a letter, seven digits or letters, as in the
/// published samples. A one-to-one map of the serial, so that two holders never share one.
fn opaque(serial: Serial) -> String {
    let scattered =
        u128::from(serial.get()) * u128::from(assumed::OPAQUE_MULTIPLIER) % OPAQUE_COUNT;
    let mut rest = scattered;
    let mut digit = |base: u128| {
        let value = usize::try_from(rest % base).unwrap_or(0);
        rest /= base;
        value
    };
    let symbol =
        |value: usize| char::from(assumed::OPAQUE_ALPHABET.get(value).copied().unwrap_or(b'0'));
    let mut text: Vec<char> = (0..7).map(|_| symbol(digit(MIXED))).collect();
    text.push(symbol(10 + digit(LETTERS)));
    text.extend((0..6).map(|_| symbol(digit(DIGITS))));
    text.iter().rev().collect()
}

const DIGITS: u128 = 10;
const LETTERS: u128 = 13;
const MIXED: u128 = 23;
const OPAQUE_COUNT: u128 = DIGITS.pow(6) * LETTERS * MIXED.pow(7);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn opaque_names_have_the_published_shape_and_never_meet() {
        let multiplier = u128::from(assumed::OPAQUE_MULTIPLIER);
        for prime in [2, 5, 13, 23] {
            assert_ne!(multiplier % prime, 0, "not prime to {prime}: two serials would meet");
        }
        let mut seen = BTreeSet::new();
        for number in 1..20_000 {
            let name = opaque(Serial::new(number).unwrap());
            assert_eq!(name.len(), 14);
            assert!(name[..6].bytes().all(|b| b.is_ascii_digit()));
            assert!(matches!(name.as_bytes()[6], b'A'..=b'M'));
            assert!(name[7..].bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'M')));
            assert!(seen.insert(name));
        }
    }
}
