//! Octets and numbers, written out.

use serde_json::json;

use super::shown::Shown;

/// Upper-case hexadecimal, two digits an octet.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// Hexadecimal for a line: cut when long.
pub(super) fn short_hex(octets: &[u8]) -> String {
    match octets.get(..SHORT) {
        Some(start) if octets.len() > SHORT => {
            format!("{}… ({} octets)", hex(start), octets.len())
        }
        Some(_) | None => hex(octets),
    }
}

/// An INTEGER of any sign and length, from its contents.
///
/// RFC 5280 section 4.1.2.2 asks readers to bear with serials that are negative, zero or long.
pub(super) fn integer(contents: &[u8]) -> Shown {
    let decimal = decimal(contents);
    let hex = hex(contents);
    let line = match &decimal {
        Some(decimal) if contents.len() <= size_of::<u64>() => format!("{decimal} (0x{hex})"),
        Some(decimal) if decimal.starts_with('-') => format!("0x{hex} (負数 negative)"),
        Some(_) => format!("0x{hex}"),
        None => format!("0x{}", short_hex(contents)),
    };
    Shown::new(json!({ "decimal": decimal, "hex": hex }), line)
}

/// Two's complement in decimal; none when there are no octets or too many.
pub(super) fn decimal(contents: &[u8]) -> Option<String> {
    let negative = contents.first()? & 0x80 != 0;
    if contents.len() > LONGEST {
        return None;
    }
    // Digits of the magnitude, least significant first. The magnitude of a negative number is its
    // complement plus one.
    let mut digits = vec![0_u32];
    let mut carry = u32::from(negative);
    for octet in contents {
        let octet = if negative { !octet } else { *octet };
        let mut add = u32::from(octet);
        for digit in &mut digits {
            let value = *digit * 256 + add;
            *digit = value % 10;
            add = value / 10;
        }
        while add > 0 {
            digits.push(add % 10);
            add /= 10;
        }
    }
    for digit in &mut digits {
        let value = *digit + carry;
        *digit = value % 10;
        carry = value / 10;
    }
    if carry > 0 {
        digits.push(carry);
    }
    let sign = negative.then_some('-').into_iter();
    let digits = digits.into_iter().rev().filter_map(|digit| char::from_digit(digit, 10));
    Some(sign.chain(digits).collect())
}

/// Octets on a line.
const SHORT: usize = 32;
/// Octets of an integer that is worth decimal digits; serials have 20.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    #[test]
    fn integers_of_any_kind_are_written() {
        assert_eq!(decimal(&[0]).as_deref(), Some("0"));
        assert_eq!(decimal(&[0x80]).as_deref(), Some("-128"));
        assert_eq!(decimal(&[0xff; 20]).as_deref(), Some("-1"));
        assert_eq!(decimal(&[]), None);
        assert_eq!(decimal(&[1; 65]), None);
        let twenty = integer(&[0x7f; 20]);
        assert_eq!(twenty.value["decimal"], "727885129180488904360266563744972327436484050815");
        assert_eq!(integer(&[0xfb]).lines, ["-5 (0xFB)"]);
        assert_eq!(integer(&[0x80; 9]).lines, ["0x808080808080808080 (負数 negative)"]);
        assert_eq!(short_hex(&[0xab; 33]).len(), 64 + "… (33 octets)".len());
    }

    proptest! {
        #[test]
        fn decimals_are_those_of_the_language(number: i128) {
            prop_assert_eq!(decimal(&number.to_be_bytes()), Some(number.to_string()));
        }
    }
}
