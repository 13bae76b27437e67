//! An answer read to be judged: borrowed from its bytes, by a reader that takes one encoding of each
//! value only and knows nothing of how answers are written.

use crate::asn1::NotDer;
use crate::asn1::Reader;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;

/// What is signed (`ResponseData`, RFC 6960 section 4.2.1).
pub(super) struct Data<'a> {
    /// The responder's key, as it is named; none where the responder goes by its name.
    pub(super) by_key: Option<&'a [u8]>,
    /// Seconds since 1970.
    pub(super) produced_at: i64,
    pub(super) responses: Vec<Single<'a>>,
    pub(super) extensions: Option<Vec<Extension<'a>>>,
}

/// What is said of one certificate (`SingleResponse`).
pub(super) struct Single<'a> {
    /// Its id, all of the bytes.
    pub(super) id: &'a [u8],
    pub(super) said: Said,
    pub(super) this_update: i64,
    pub(super) next_update: Option<i64>,
    pub(super) extensions: Option<Vec<Extension<'a>>>,
}

/// What a status says (`CertStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Good,
    Revoked {
        /// Seconds since 1970.
        since: i64,
        /// The code of the reason, where one is stated.
        reason: Option<u8>,
    },
    Unknown,
}

/// An extension.
#[derive(Clone, Copy)]
pub(super) struct Extension<'a> {
    oid: &'a [u8],
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

impl<'a> Data<'a> {
    /// Reads what is signed, all of the bytes; none when it is not that, or could be written
    /// otherwise.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut whole = Reader::new(der);
        let data = whole.nested(tag::SEQUENCE).and_then(Self::fields).ok()?;
        whole.is_empty().then_some(data)
    }

    fn fields(mut fields: Reader<'a>) -> Result<Self, NotDer> {
        // There is one version, which DER leaves out.
        let by_key = if fields.peek() == Some(BY_NAME) {
            let mut name = fields.nested(BY_NAME)?;
            name.nested(tag::SEQUENCE)?;
            name.end()?;
            None
        } else {
            Some(only(fields.nested(BY_KEY)?, tag::OCTET_STRING)?)
        };
        let produced_at = time(&mut fields)?;
        let mut list = fields.nested(tag::SEQUENCE)?;
        let mut responses = Vec::with_capacity(1);
        while !list.is_empty() {
            responses.push(Single::fields(list.nested(tag::SEQUENCE)?)?);
        }
        let extensions = extensions(&mut fields)?;
        fields.end()?;
        Ok(Self { by_key, produced_at, responses, extensions })
    }
}

impl<'a> Single<'a> {
    fn fields(mut fields: Reader<'a>) -> Result<Self, NotDer> {
        let id = fields.any()?;
        if id.tag != tag::SEQUENCE {
            return Err(NotDer);
        }
        let said = Said::read(&mut fields)?;
        let this_update = time(&mut fields)?;
        let next_update = match fields.optional(tag::context_constructed(0))? {
            Some(contents) => Some(only_time(contents)?),
            None => None,
        };
        let extensions = extensions(&mut fields)?;
        fields.end()?;
        Ok(Self { id: id.der, said, this_update, next_update, extensions })
    }
}

impl Said {
    fn read(fields: &mut Reader<'_>) -> Result<Self, NotDer> {
        let status = fields.any()?;
        match (status.tag, status.contents) {
            (GOOD, []) => Ok(Self::Good),
            (UNKNOWN, []) => Ok(Self::Unknown),
            (REVOKED, contents) => {
                let mut info = Reader::new(contents);
                let since = time(&mut info)?;
                let reason = match info.optional(tag::context_constructed(0))? {
                    Some(contents) => match only(Reader::new(contents), tag::ENUMERATED)? {
                        [code] => Some(*code),
                        _ => return Err(NotDer),
                    },
                    None => None,
                };
                info.end()?;
                Ok(Self::Revoked { since, reason })
            }
            _ => Err(NotDer),
        }
    }
}

impl<'a> Extension<'a> {
    /// The contents of its identifier.
    pub(super) fn oid(&self) -> &'a [u8] {
        self.oid
    }

    pub(super) fn is(&self, oid: ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// Its identifier in figures, or `?` where it has none.
    pub(super) fn name(&self) -> String {
        ObjectIdentifier::from_bytes(self.oid)
            .map_or_else(|_| "?".to_owned(), |oid| oid.to_string())
    }
}

/// The row in `[1]`, if it stands there.
fn extensions<'a>(fields: &mut Reader<'a>) -> Result<Option<Vec<Extension<'a>>>, NotDer> {
    if fields.peek() != Some(EXTENSIONS) {
        return Ok(None);
    }
    let mut tagged = fields.nested(EXTENSIONS)?;
    let mut list = tagged.nested(tag::SEQUENCE)?;
    tagged.end()?;
    let mut row = Vec::with_capacity(1);
    while !list.is_empty() {
        let (oid, critical, value) = list.extension()?;
        row.push(Extension { oid, critical, value });
    }
    Ok(Some(row))
}

/// The contents of a value with this tag, behind which nothing stands.
fn only<'a>(mut reader: Reader<'a>, tag: u8) -> Result<&'a [u8], NotDer> {
    let contents = reader.expect(tag)?;
    reader.end().map(|()| contents)
}

/// The octets of an OCTET STRING that is all of the value of an extension.
pub(super) fn octets(value: &[u8]) -> Option<&[u8]> {
    only(Reader::new(value), tag::OCTET_STRING).ok()
}

/// The time that is all of the value, in seconds since 1970.
pub(super) fn only_time(value: &[u8]) -> Result<i64, NotDer> {
    only(Reader::new(value), tag::GENERALIZED_TIME).and_then(seconds)
}

fn time(fields: &mut Reader<'_>) -> Result<i64, NotDer> {
    fields.expect(tag::GENERALIZED_TIME).and_then(seconds)
}

/// Seconds since 1970 of `YYYYMMDDhhmmssZ`, no earlier than that.
fn seconds(text: &[u8]) -> Result<i64, NotDer> {
    let [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, i1, i2, s1, s2, b'Z'] = *text else {
        return Err(NotDer);
    };
    let pair = |tens: u8, ones: u8| {
        let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
        let number = i64::from(tens & 15) * 10 + i64::from(ones & 15);
        if is_number { Ok(number) } else { Err(NotDer) }
    };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
    let (hour, minute, second) = (pair(h1, h2)?, pair(i1, i2)?, pair(s1, s2)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return Err(NotDer),
    };
    let is_time = hour < 24 && minute < 60 && second < 60;
    if year < 1970 || !(1..=days).contains(&day) || !is_time {
        return Err(NotDer);
    }
    // Years that begin in March end with their leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - MARCH_OF_ZERO;
    Ok(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// `byName`.
const BY_NAME: u8 = tag::context_constructed(1);
/// `byKey`.
const BY_KEY: u8 = tag::context_constructed(2);
/// `good`, a NULL.
const GOOD: u8 = tag::context(0);
/// `revoked`.
const REVOKED: u8 = tag::context_constructed(1);
/// `unknown`, a NULL.
const UNKNOWN: u8 = tag::context(2);
/// `responseExtensions`, `singleExtensions`.
const EXTENSIONS: u8 = tag::context_constructed(1);
/// The days from the first of March of the year 0 to 1970.
const MARCH_OF_ZERO: i64 = 719_468;

#[cfg(test)]
mod tests {
    use der::Decode as _;
    use der::Encode as _;
    use proptest::prelude::*;
    use x509_ocsp::OcspGeneralizedTime;

    use super::*;
    use crate::asn1::Der;

    /// As the library reads it.
    fn theirs(der: &[u8]) -> Option<i64> {
        let time = OcspGeneralizedTime::from_der(der).ok()?;
        i64::try_from(time.0.to_unix_duration().as_secs()).ok()
    }

    fn der(text: &[u8]) -> Vec<u8> {
        Der::build(|der| der.primitive(tag::GENERALIZED_TIME, text))
    }

    #[test]
    fn days_that_there_are_not_are_no_times() {
        for text in [
            "20260229000000Z",
            "21000229000000Z",
            "20260431000000Z",
            "20260001000000Z",
            "20261301000000Z",
            "20260100000000Z",
            "20260132000000Z",
            "20260101240000Z",
            "20260101006000Z",
            "20260101000060Z",
            "19691231235959Z",
            "2026010100000Z",
            "20260101000000",
            "20260101000000z",
            "202601010000 0Z",
            "20260101000000.5Z",
        ] {
            assert_eq!(only_time(&der(text.as_bytes())), Err(NotDer), "{text}");
            assert_eq!(theirs(&der(text.as_bytes())), None, "{text}");
        }
        assert_eq!(only_time(&der(b"20000229235959Z")), Ok(951_868_799));
    }

    proptest! {
        #[test]
        fn times_are_those_that_the_library_reads(at in 0_i64..253_402_300_799) {
            let duration = std::time::Duration::from_secs(at.unsigned_abs());
            let time = der::asn1::GeneralizedTime::from_unix_duration(duration).unwrap();
            prop_assert_eq!(only_time(&time.to_der().unwrap()), Ok(at));
        }

        #[test]
        fn any_digits_are_read_as_the_library_reads_them(
            numbers in (1968_u16..2110, 0_u8..14, 0_u8..33, 0_u8..26, 0_u8..62, 0_u8..62),
        ) {
            let (year, month, day, hour, minute, second) = numbers;
            let text = format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
            let der = der(text.as_bytes());
            prop_assert_eq!(only_time(&der).ok(), theirs(&der), "{}", text);
        }
    }
}
