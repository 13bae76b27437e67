//! Revocation lists, whoever issued them: what stands around the entries, and entries one by one.

use jpki_ca::asn1::Der;
use jpki_ca::asn1::ExtensionParts;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use jpki_ca::credential::Reason;
use jpki_ca::crl::Ends;
use jpki_ca::crl::Header;
use jpki_ca::crl::Integer;
use jpki_ca::crl::Listed;
use jpki_ca::crl::Trailer;
use jpki_ca::crl::Unknown;
use serde_json::json;

use crate::safe::safe;

use super::algorithm::algorithm;
use super::certificate;
use super::extension;
use super::name::name;
use super::number::decimal;
use super::number::hex;
use super::shown::Object;
use super::shown::Shown;
use super::time::read_time;
use super::time::time_line;

/// What is known of the entries before they are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    /// Octets that they take; none when the list has no such field.
    pub(crate) octets: Option<u64>,
    /// How many they are, where they were counted.
    pub(crate) count: Option<u64>,
}

/// What stands before the entries, and what stands behind them where that is known already; else
/// `why_not` says why not.
pub(crate) fn head(header: &Header, entries: Entries, trailer: Result<&Trailer, &str>) -> Object {
    let mut object = Object::new("revocation_list", "失効リスト Certificate revocation list");
    for field in header_fields(header) {
        object.fact(field.key, field.label, field.shown);
    }
    object.fact("entries", "掲載 Entries", entries.shown());
    object.section(EXTENSIONS);
    match trailer {
        Ok(trailer) => behind(trailer, &mut object),
        Err(why_not) => {
            object.data("extensions", serde_json::Value::Null);
            object.say("未読 Not read", vec![why_not.to_owned()]);
        }
    }
    object
}

/// What stands behind the entries, alone.
pub(crate) fn extensions(trailer: &Trailer) -> Object {
    let mut object = Object::new("extensions", EXTENSIONS);
    behind(trailer, &mut object);
    object
}

/// An entry for machines.
pub(crate) fn entry_json(listed: &Listed) -> serde_json::Value {
    json!({
        "object": "entry",
        "serial": serial(&listed.serial),
        "revocation_date": read_time(listed.at).value,
        "reason": reason(listed.reason).0,
        "reason_code": listed.reason,
        "invalidity_date": listed.invalidity.map(|time| read_time(time).value),
        "unknown_extension": listed.unknown.map(|unknown| match unknown {
            Unknown::Ignorable => "ignorable",
            Unknown::Critical => "critical",
        }),
        "wrongly_critical": listed.wrongly_critical,
    })
}

/// An entry for people: a line, of nothing but words of ours, digits and times.
pub(crate) fn entry_text(listed: &Listed) -> String {
    let (word, meaning) = reason(listed.reason);
    let at = time_line(listed.at);
    let mut line = format!("{:<10}  {at}  {word} {meaning}", serial(&listed.serial));
    if let Some(code) = listed.reason.filter(|code| reason(Some(*code)).0 == UNKNOWN_REASON) {
        line.push_str(&format!(" ({code})"));
    }
    if listed.reason == Some(0) {
        line.push_str(" (明記 written out)");
    }
    if let Some(invalidity) = listed.invalidity {
        let since = time_line(invalidity);
        line.push_str(&format!("  無効の起点 invalid since {since}"));
    }
    match listed.unknown {
        Some(Unknown::Critical) => line.push_str("  重要な未知の拡張 unknown critical extension"),
        Some(Unknown::Ignorable) => line.push_str("  未知の拡張 unknown extension"),
        None => {}
    }
    if listed.wrongly_critical {
        line.push_str("  重要と誤記 wrongly marked critical");
    }
    line
}

/// A field in which two lists differ.
pub(crate) struct FieldDifference {
    /// Whether it is the number or a time, which differ from one list to the next anyhow.
    pub(crate) is_expected: bool,
    /// For machines.
    pub(crate) json: serde_json::Value,
    label: String,
    old: String,
    new: String,
}

impl FieldDifference {
    /// For people, safe for a terminal.
    pub(crate) fn line(&self) -> String {
        safe(&format!("{}: {} → {}", self.label, self.old, self.new)).into_owned()
    }
}

/// What differs around the entries of two lists, signatures aside.
pub(crate) fn field_differences(old: &Ends, new: &Ends) -> Vec<FieldDifference> {
    let (old, mut new) = (all_fields(old), all_fields(new));
    let mut pairs = Vec::new();
    for old in old {
        let at = new.iter().position(|new| new.key == old.key);
        let new = at.map(|at| new.remove(at));
        pairs.push((Some(old), new));
    }
    pairs.extend(new.into_iter().map(|new| (None, Some(new))));
    let differ = pairs.into_iter().filter(|(old, new)| match (old, new) {
        (Some(old), Some(new)) => old.shown.value != new.shown.value,
        _ => true,
    });
    differ.filter_map(|(old, new)| difference(old.as_ref(), new.as_ref())).collect()
}

/// A field of a list, by the name of its key.
struct Field<K> {
    key: K,
    label: K,
    shown: Shown,
}

fn header_fields(header: &Header) -> Vec<Field<&'static str>> {
    let whole = |der, what, read: fn(Value<'_>) -> Shown| {
        Value::only(der).map_or_else(|| Shown::malformed(what, der), read)
    };
    let field = |key, label, shown| Field { key, label, shown };
    let none = || Shown::new(serde_json::Value::Null, "記載なし none");
    let version = Shown::new(header.version, format!("v{}", header.version));
    let next_update = header.next_update.map_or_else(none, read_time);
    let signed_with = whole(&header.algorithm, "an algorithm", algorithm);
    vec![
        field("version", "版 Version", version),
        field("issuer", "発行者 Issuer", whole(&header.issuer, "a name", name)),
        field("this_update", "発行日時 This update", read_time(header.this_update)),
        field("next_update", "次回発行 Next update", next_update),
        field("signature_algorithm", "署名方式 Algorithm", signed_with),
    ]
}

/// The fields before the entries and the extensions.
fn all_fields(ends: &Ends) -> Vec<Field<String>> {
    let header = header_fields(&ends.header).into_iter().map(|field| Field {
        key: field.key.to_owned(),
        label: field.label.to_owned(),
        shown: field.shown,
    });
    let mut fields: Vec<_> = header.collect();
    with_parts(&ends.trailer, |parts| {
        fields.extend(parts.iter().map(|part| {
            let (label, shown) = extension::extension(part);
            let name = shown.value.get("name").and_then(serde_json::Value::as_str);
            let oid = shown.value.get("oid").and_then(serde_json::Value::as_str);
            let key = name.or(oid).unwrap_or_default().to_owned();
            Field { key, label, shown }
        }));
    });
    fields
}

fn difference(old: Option<&Field<String>>, new: Option<&Field<String>>) -> Option<FieldDifference> {
    let field = new.or(old)?;
    let value = |field: Option<&Field<String>>| field.map(|field| field.shown.value.clone());
    let text = |field: Option<&Field<String>>| {
        field.map_or_else(|| "記載なし none".to_owned(), |field| field.shown.line())
    };
    Some(FieldDifference {
        is_expected: EXPECTED.contains(&field.key.as_str()),
        json: json!({ "field": field.key, "old": value(old), "new": value(new) }),
        label: field.label.clone(),
        old: text(old),
        new: text(new),
    })
}

impl Entries {
    /// How many, or how many at most: as small as an entry can be.
    fn shown(self) -> Shown {
        let Some(octets) = self.octets else {
            return Shown::new(json!({ "octets": 0, "count": 0 }), "なし none");
        };
        let at_most = octets / SMALLEST;
        let line = match self.count {
            Some(count) => format!("{count}件 {count} entries, {octets} octets"),
            None => format!("{octets} octets, 最大{at_most}件 at most {at_most} entries"),
        };
        Shown::new(json!({ "octets": octets, "count": self.count, "at_most": at_most }), line)
    }
}

fn behind(trailer: &Trailer, object: &mut Object) {
    for (key, number) in [("number", trailer.number()), ("base", trailer.base())] {
        object.data(key, number.map(|number| serial(&number)));
    }
    with_parts(trailer, |parts| certificate::extensions(parts, object));
    if trailer.extensions.is_empty() {
        object.say("なし none", Vec::new());
    }
    object.data("signature", trailer.signature.as_ref().map(|signature| hex(&signature.octets)));
}

/// Hands over the extensions in the form in which those of certificates are shown.
fn with_parts(trailer: &Trailer, take: impl FnOnce(&[ExtensionParts<'_>])) {
    let row = Der::build(|der| {
        der.sequence(|der| {
            for extension in &trailer.extensions {
                der.sequence(|der| {
                    der.primitive(tag::OID, &extension.oid);
                    if extension.critical {
                        der.boolean_true();
                    }
                    der.primitive(tag::OCTET_STRING, &extension.value);
                });
            }
        });
    });
    let parts = Value::only(&row).and_then(ExtensionParts::read_all);
    take(&parts.unwrap_or_default());
}

/// Decimal as everywhere; hexadecimal beyond what 64 bits hold.
fn serial(number: &Integer) -> String {
    let contents = number.as_bytes();
    match number.to_u64() {
        Some(number) => number.to_string(),
        None if number.is_negative() && contents.len() <= size_of::<u64>() => {
            decimal(contents).unwrap_or_default()
        }
        None => format!("0x{}", hex(contents)),
    }
}

/// The name of a reason in kebab case, and its meaning. Reasons that JPKI gives no meaning have that
/// of RFC 5280 section 5.3.1, and so has its absence, since a list may be anyone's.
pub(super) fn reason(code: Option<u8>) -> (&'static str, &'static str) {
    match code.unwrap_or(0) {
        0 => ("unspecified", "理由の指定なし"),
        8 => ("remove-from-crl", "一覧からの除去"),
        9 => ("privilege-withdrawn", "権限の取消し"),
        10 => ("aa-compromise", "属性認証局の秘密鍵の危殆化"),
        code => Reason::from_code(code).map_or((UNKNOWN_REASON, "未知の理由"), |reason| {
            (reason.as_str(), reason.japanese())
        }),
    }
}

const EXTENSIONS: &str = "拡張 Extensions (* 重要 critical)";
const UNKNOWN_REASON: &str = "unknown";
/// Fields that differ between any two lists of one series.
const EXPECTED: [&str; 3] = ["this_update", "next_update", "crl_number"];
/// Octets of the smallest entry: a serial of one octet, a time, no extension.
const SMALLEST: u64 = 2 + 3 + 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_words_whatever_their_code() {
        for code in 0..=255 {
            assert!(!reason(Some(code)).1.is_empty());
        }
        assert_eq!(reason(None), reason(Some(0)));
        assert_eq!(reason(Some(7)).0, UNKNOWN_REASON);
        assert_eq!(reason(Some(6)), ("certificate-hold", "一時保留"));
    }
}
