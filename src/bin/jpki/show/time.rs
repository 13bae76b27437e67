//! Times, in UTC and in Japan time.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use jpki_ca::crl::Time;
use serde_json::json;

use super::shown::Shown;

/// A `Time` (RFC 5280 section 4.1.2.5), UTCTime or GeneralizedTime.
///
/// Also forms that the section forbids but old certificates have: without seconds, with an offset.
pub(super) fn time(value: Value<'_>) -> Shown {
    let encoding = match value.tag {
        tag::UTC_TIME => "UTCTime",
        tag::GENERALIZED_TIME => "GeneralizedTime",
        _ => return Shown::malformed("a time", value.der),
    };
    match read(value.contents, value.tag == tag::UTC_TIME) {
        Some(utc) => shown(utc, encoding),
        None => Shown::malformed("a time", value.der),
    }
}

/// A GeneralizedTime under an implicit tag.
pub(super) fn generalized_time(contents: &[u8]) -> Shown {
    match read(contents, false) {
        Some(utc) => shown(utc, "GeneralizedTime"),
        None => Shown::malformed("a time", contents),
    }
}

/// A time that has been read already, with the form it stood in.
pub(super) fn read_time(time: Time) -> Shown {
    shown(time.at.utc(), if time.generalized { "GeneralizedTime" } else { "UTCTime" })
}

/// As [`read_time`], the line alone: of a list there are millions.
pub(super) fn time_line(time: Time) -> String {
    let utc = time.at.utc();
    line(&format!("{utc}Z"), in_japan(utc))
}

fn shown(utc: DateTime, encoding: &str) -> Shown {
    let japan = in_japan(utc);
    let utc = utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let jst = japan.map(|japan| japan.strftime("%Y-%m-%dT%H:%M:%S+09:00").to_string());
    let line = line(&utc, japan);
    Shown::new(json!({ "utc": utc, "jst": jst, "encoding": encoding }), line)
}

fn in_japan(utc: DateTime) -> Option<DateTime> {
    utc.checked_add(SignedDuration::from_hours(9)).ok()
}

fn line(utc: &str, japan: Option<DateTime>) -> String {
    match japan {
        Some(japan) => format!("{} {} JST ({utc})", japan.date(), japan.time()),
        // 99991231235959Z, which RFC 5280 section 4.1.2.5 gives certificates without an end.
        None => format!("期限なし no end ({utc})"),
    }
}

/// The instant in UTC; fractions of a second are left off.
fn read(contents: &[u8], short_year: bool) -> Option<DateTime> {
    let text = std::str::from_utf8(contents).ok().filter(|text| text.is_ascii())?;
    let zone = text.find(['Z', '+', '-'])?;
    let (local, zone) = text.split_at_checked(zone)?;
    let local = local.split_once('.').map_or(local, |(whole, _)| whole);
    let (year, rest) = local.split_at_checked(if short_year { 2 } else { 4 })?;
    let year = match number(year)? {
        // Two digits: 1950 to 2049.
        year @ 50..=99 if short_year => 1900 + year,
        year @ 0..=49 if short_year => 2000 + year,
        year => year,
    };
    let part = |at: usize| i8::try_from(number(rest.get(at..at + 2)?)?).ok();
    let second = match rest.len() {
        8 => 0,
        10 => part(8)?,
        _ => return None,
    };
    let local = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, second, 0).ok()?;
    local.checked_sub(offset(zone)?).ok()
}

/// `Z`, or `+hhmm`.
fn offset(zone: &str) -> Option<SignedDuration> {
    let (sign, digits) = zone.split_at_checked(1)?;
    let sign = match sign {
        "Z" if digits.is_empty() => return Some(SignedDuration::ZERO),
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = (minutes.len() == 2).then(|| number(minutes))?? + 60 * number(hours)?;
    Some(SignedDuration::from_mins(sign * i64::from(minutes)))
}

fn number(digits: &str) -> Option<i16> {
    let plain = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::*;

    fn utc(text: &str) -> Option<String> {
        let short = !text.starts_with('=');
        let utc = read(text.trim_start_matches('=').as_bytes(), short)?;
        Some(utc.to_string())
    }

    #[test]
    fn times_of_every_form_are_read() {
        for (text, expected) in [
            ("290914145959Z", "2029-09-14T14:59:59"),
            ("500101000000Z", "1950-01-01T00:00:00"),
            ("491231235959Z", "2049-12-31T23:59:59"),
            ("9901020304Z", "1999-01-02T03:04:00"),
            ("990102030405+0900", "1999-01-01T18:04:05"),
            ("990102030405-0030", "1999-01-02T03:34:05"),
            ("=99991231235959Z", "9999-12-31T23:59:59"),
            ("=20500101000000.25Z", "2050-01-01T00:00:00"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "",
            "Z",
            "290914145959",
            "290932145959Z",
            "2909141459599Z",
            "29091414595Z",
            "+90914145959Z",
            "290914145959Z0",
            "290914145959+9",
            "290914145959+09000",
            "=0914145959Z",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_line_alone_is_the_line() {
        for at in ["2026-11-20T15:00:00Z", "0001-01-01T00:00:00Z", "9998-12-31T23:59:59Z"] {
            let at = at.parse::<jpki_ca::clock::Timestamp>().unwrap();
            assert_eq!(
                line(&format!("{}Z", at.utc()), in_japan(at.utc())),
                shown(at.utc(), "").line()
            );
        }
    }

    #[test]
    fn a_certificate_without_end_has_no_japanese_end() {
        let shown = generalized_time(b"99991231235959Z");
        assert_eq!(shown.lines, ["期限なし no end (9999-12-31T23:59:59Z)"]);
        assert!(shown.value["jst"].is_null());
        assert_eq!(generalized_time(b"99991231").value["error"], "not a time");
    }

    proptest! {
        #[test]
        fn any_octets_are_answered(octets: Vec<u8>, text in "[0-9Z+.-]{0,20}", short: bool) {
            let _ = (read(&octets, short), read(text.as_bytes(), short));
        }
    }
}
