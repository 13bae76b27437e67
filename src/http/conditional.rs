//! Conditions and ranges of a request: RFC 9110 sections 13 and 14.

use std::ops::RangeInclusive;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::Method;
use axum::http::header;

use crate::clock::Timestamp;

/// What conditions are about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// A strong one, in quotes.
    pub(super) etag: &'a str,
    /// Whole seconds, as HTTP has them.
    pub(super) modified: Option<Timestamp>,
    /// Octets.
    pub(super) length: u64,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it.
    Whole,
    /// These octets.
    Part(RangeInclusive<u64>),
    /// 304.
    NotModified,
    /// 412.
    Failed,
    /// 416.
    Unsatisfiable,
}

/// Judges the conditions in the order of RFC 9110 section 13.2.2.
pub(super) fn judge(method: &Method, headers: &HeaderMap, facts: Facts<'_>) -> Verdict {
    if let Some(wanted) = list(headers, &header::IF_MATCH) {
        if !names(&wanted, facts.etag, false) {
            return Verdict::Failed;
        }
    } else if let Some(at) = date(headers, &header::IF_UNMODIFIED_SINCE)
        && facts.modified.is_some_and(|modified| modified > at)
    {
        return Verdict::Failed;
    }
    if let Some(known) = list(headers, &header::IF_NONE_MATCH) {
        if names(&known, facts.etag, true) {
            return Verdict::NotModified;
        }
    } else if let Some(at) = date(headers, &header::IF_MODIFIED_SINCE)
        && facts.modified.is_some_and(|modified| modified <= at)
    {
        return Verdict::NotModified;
    }
    if *method != Method::GET || !range_applies(headers, facts) {
        return Verdict::Whole;
    }
    range(headers, facts.length)
}

/// Whether the part is of what the client has of the rest (`If-Range`, section 13.1.5).
fn range_applies(headers: &HeaderMap, facts: Facts<'_>) -> bool {
    let Some(value) = headers.get(header::IF_RANGE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    // A date is a strong validator only where nothing can change twice in a second. Lists that have one
    // time have one number; still, an entity tag is what we send, and all that we take.
    value.trim() == facts.etag
}

fn range(headers: &HeaderMap, length: u64) -> Verdict {
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Verdict::Whole };
    let Ok(value) = value.to_str() else { return Verdict::Whole };
    // What is no range of octets is ignored (section 14.2), and so are several: nobody needs them.
    let Ok(ranges) = http_range_header::parse_range_header(value.trim()) else {
        return Verdict::Whole;
    };
    if ranges.len() != 1 {
        return Verdict::Whole;
    }
    match ranges.validate(length).map(|ranges| ranges.into_iter().next()) {
        Ok(Some(range)) => Verdict::Part(range),
        Ok(None) | Err(_) => Verdict::Unsatisfiable,
    }
}

/// The values of a field that is a list, joined.
fn list(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Whether a list of entity tags names this one. Ours hold no comma.
fn names(list: &str, etag: &str, weakly: bool) -> bool {
    list.split(',').map(str::trim).any(|tag| {
        let tag = if weakly { tag.strip_prefix("W/").unwrap_or(tag) } else { tag };
        tag == "*" || tag == etag
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn judged(fields: &[(HeaderName, &str)]) -> Verdict {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let modified = Some("2026-11-21T00:00:00Z".parse().unwrap());
        judge(&Method::GET, &headers, Facts { etag: "\"abc\"", modified, length: 100 })
    }

    #[test]
    fn conditions_are_judged_in_their_order() {
        use header::IF_MATCH;
        use header::IF_MODIFIED_SINCE;
        use header::IF_NONE_MATCH;
        use header::IF_UNMODIFIED_SINCE;
        let (before, same) = ("Fri, 20 Nov 2026 23:59:59 GMT", "Sat, 21 Nov 2026 00:00:00 GMT");
        for (fields, verdict) in [
            (vec![], Verdict::Whole),
            (vec![(IF_NONE_MATCH, "\"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\", W/\"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, "\"abc\"")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "*")], Verdict::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\"")], Verdict::Whole),
            (vec![(IF_MODIFIED_SINCE, same)], Verdict::NotModified),
            (vec![(IF_MODIFIED_SINCE, before)], Verdict::Whole),
            (vec![(IF_MODIFIED_SINCE, "yesterday")], Verdict::Whole),
            (vec![(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, same)], Verdict::Whole),
            (vec![(IF_MATCH, "\"x\"")], Verdict::Failed),
            (vec![(IF_MATCH, "W/\"abc\"")], Verdict::Failed),
            (vec![(IF_MATCH, "\"abc\"")], Verdict::Whole),
            (vec![(IF_UNMODIFIED_SINCE, before)], Verdict::Failed),
            (vec![(IF_UNMODIFIED_SINCE, same)], Verdict::Whole),
            (vec![(IF_MATCH, "*"), (IF_UNMODIFIED_SINCE, before)], Verdict::Whole),
        ] {
            assert_eq!(judged(&fields), verdict, "{fields:?}");
        }
    }

    #[test]
    fn one_range_is_sent_and_nothing_that_is_none() {
        use header::IF_RANGE;
        use header::RANGE;
        for (value, verdict) in [
            ("bytes=0-9", Verdict::Part(0..=9)),
            ("bytes=90-", Verdict::Part(90..=99)),
            ("bytes=-5", Verdict::Part(95..=99)),
            ("bytes=50-1000", Verdict::Part(50..=99)),
            ("bytes=100-", Verdict::Unsatisfiable),
            ("bytes=-0", Verdict::Unsatisfiable),
            ("bytes=9-0", Verdict::Whole),
            ("bytes=0-1,3-4", Verdict::Whole),
            ("lines=0-1", Verdict::Whole),
            ("bytes=x", Verdict::Whole),
        ] {
            assert_eq!(judged(&[(RANGE, value)]), verdict, "{value}");
        }
        let part = Verdict::Part(0..=0);
        assert_eq!(judged(&[(RANGE, "bytes=0-0"), (IF_RANGE, "\"abc\"")]), part);
        for other in ["\"x\"", "W/\"abc\"", "Sat, 21 Nov 2026 00:00:00 GMT"] {
            assert_eq!(judged(&[(RANGE, "bytes=0-0"), (IF_RANGE, other)]), Verdict::Whole);
        }
    }
}
