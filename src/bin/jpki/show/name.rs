//! Names: distinguished names and their strings, general names.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use const_oid::db::DB;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use serde_json::json;

use super::number::hex;
use super::number::short_hex;
use super::shown::Shown;

/// A distinguished name, in encoded order.
pub(super) fn name(name: Value<'_>) -> Shown {
    let sequence = name.tagged(tag::SEQUENCE);
    sequence.and_then(relative_names).unwrap_or_else(|| Shown::malformed("a name", name.der))
}

/// The relative names in `names`, whatever its tag.
fn relative_names(names: Value<'_>) -> Option<Shown> {
    let mut values = Vec::new();
    let mut texts = Vec::new();
    for (rdn, relative) in names.all_children()?.into_iter().enumerate() {
        let (attributes, text) = attributes(relative.tagged(tag::SET)?, rdn)?;
        values.extend(attributes);
        texts.push(text);
    }
    let line = if texts.is_empty() { "（空 empty）".to_owned() } else { texts.join(", ") };
    Some(Shown::new(values, line))
}

/// The attributes of one relative name, whatever its tag (a relative distribution point has an
/// implicit one).
pub(super) fn attributes(
    relative: Value<'_>,
    rdn: usize,
) -> Option<(Vec<serde_json::Value>, String)> {
    let mut values = Vec::new();
    let mut texts = Vec::new();
    for attribute in relative.all_children()? {
        let [kind, value] = *attribute.tagged(tag::SEQUENCE)?.all_children()? else {
            return None;
        };
        let oid = kind.tagged(tag::OID)?.dotted()?;
        let short = attribute_type(kind);
        let (string_type, text) = string(value);
        values.push(json!({
            "type": short,
            "oid": oid,
            "string_type": string_type,
            "value": text,
            "hex": text.is_none().then(|| hex(value.der)),
            "rdn": rdn,
        }));
        let text = text.map_or_else(|| format!("#{}", short_hex(value.der)), |text| escaped(&text));
        texts.push(format!("{}={text}", short.as_deref().unwrap_or(&oid)));
    }
    Some((values, texts.join("+")))
}

/// A value's string type and its text; no text when it is no string or not a right one.
pub(super) fn string(value: Value<'_>) -> (String, Option<String>) {
    let octets = value.contents;
    let ascii = || octets.is_ascii().then(|| String::from_utf8_lossy(octets).into_owned());
    let utf8 = || std::str::from_utf8(octets).ok().map(str::to_owned);
    // Latin-1 is what those who still write TeletexString mean by it.
    let latin = || Some(octets.iter().copied().map(char::from).collect());
    let (string_type, text) = match value.tag {
        tag::UTF8_STRING => ("UTF8String", utf8()),
        tag::PRINTABLE_STRING => ("PrintableString", ascii()),
        tag::IA5_STRING => ("IA5String", ascii()),
        NUMERIC_STRING => ("NumericString", ascii()),
        VISIBLE_STRING => ("VisibleString", ascii()),
        TELETEX_STRING => ("TeletexString", latin()),
        BMP_STRING => ("BMPString", wide::<2>(octets)),
        UNIVERSAL_STRING => ("UniversalString", wide::<4>(octets)),
        other => return (format!("tag 0x{other:02X}"), None),
    };
    (string_type.to_owned(), text)
}

/// Characters of `N` octets each, most significant first; pairs of 16-bit surrogates count as one.
fn wide<const N: usize>(octets: &[u8]) -> Option<String> {
    let units = octets.chunks(N).map(|unit| {
        let full = unit.len() == N;
        full.then(|| unit.iter().fold(0_u32, |code, octet| code << 8 | u32::from(*octet)))
    });
    let units: Vec<u32> = units.collect::<Option<_>>()?;
    if N == 2 {
        let units: Vec<u16> =
            units.into_iter().map(u16::try_from).collect::<Result<_, _>>().ok()?;
        return String::from_utf16(&units).ok();
    }
    units.into_iter().map(char::from_u32).collect()
}

/// A `GeneralName` (RFC 5280 section 4.2.1.6).
pub(super) fn general_name(value: Value<'_>) -> Shown {
    let read = match value.tag {
        0xa0 => other_name(value),
        0x81 => ascii_name("rfc822_name", "email", value),
        0x82 => ascii_name("dns_name", "DNS", value),
        0xa3 => Some(opaque("x400_address", value)),
        0xa4 => value.child().and_then(|inside| {
            let shown = relative_names(inside.tagged(tag::SEQUENCE)?)?;
            let json = json!({ "type": "directory_name", "value": shown.value });
            Some(Shown::new(json, format!("directoryName: {}", shown.line())))
        }),
        0xa5 => Some(opaque("edi_party_name", value)),
        0x86 => ascii_name("uniform_resource_identifier", "URI", value),
        0x87 => Some(ip_address(value)),
        0x88 => value.dotted().map(|oid| {
            Shown::new(json!({ "type": "registered_id", "value": oid }), format!("OID: {oid}"))
        }),
        _ => None,
    };
    read.unwrap_or_else(|| Shown::malformed("a general name", value.der))
}

/// `GeneralNames`: the general names in a value, whatever its tag.
pub(super) fn general_names(names: Value<'_>) -> Option<Shown> {
    Some(Shown::list(names.all_children()?.into_iter().map(general_name)))
}

/// The short name of an attribute type: `CN`, but `emailAddress`.
fn attribute_type(oid: Value<'_>) -> Option<String> {
    let oid = ObjectIdentifier::from_bytes(oid.contents).ok()?;
    let short = DB.find_names_for_oid(oid).min_by_key(|name| name.len())?;
    // Some are listed in lower case; everybody writes abbreviations in capitals.
    Some(if short.len() <= 3 { short.to_ascii_uppercase() } else { short.to_owned() })
}

fn ascii_name(kind: &str, short: &str, value: Value<'_>) -> Option<Shown> {
    let text = std::str::from_utf8(value.contents).ok()?;
    Some(Shown::new(json!({ "type": kind, "value": text }), format!("{short}: {text}")))
}

fn other_name(value: Value<'_>) -> Option<Shown> {
    let mut inside = value.inside();
    let kind = inside.next_if(tag::OID)?;
    let content = inside.next_if(tag::context_constructed(0))?.child()?;
    let (string_type, text) = string(content);
    let oid = kind.dotted()?;
    let said = text.as_ref().map_or_else(|| short_hex(content.der), Clone::clone);
    let json = json!({
        "type": "other_name",
        "oid": oid,
        "string_type": text.is_some().then_some(string_type),
        "value": text,
        "hex": hex(content.der),
    });
    inside.is_empty().then(|| Shown::new(json, format!("otherName {oid}: {said}")))
}

fn opaque(kind: &str, value: Value<'_>) -> Shown {
    let json = json!({ "type": kind, "hex": hex(value.der) });
    Shown::new(json, format!("{kind}: {}", short_hex(value.der)))
}

/// An address, or in name constraints an address and a mask.
fn ip_address(value: Value<'_>) -> Shown {
    let octets = value.contents;
    let address = |octets: &[u8]| match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    };
    let range = || {
        let (network, mask) = octets.split_at_checked(octets.len() / 2)?;
        Some(format!("{}/{}", address(network)?, address(mask)?))
    };
    let text = match octets.len() {
        8 | 32 => range(),
        _ => address(octets).map(|address| address.to_string()),
    };
    let said = text.clone().unwrap_or_else(|| short_hex(octets));
    let json = json!({ "type": "ip_address", "value": text, "hex": hex(octets) });
    Shown::new(json, format!("IP: {said}"))
}

/// A value as RFC 4514 section 2.4 has it, so that a comma in a value does not read as two.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let at_edge = at == 0 || at + 1 == text.len();
        let escape = matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=')
            || (character == '#' && at == 0)
            || (character == ' ' && at_edge);
        if escape {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

// Universal tags of strings that the profile does not write.
const NUMERIC_STRING: u8 = 0x12;
const TELETEX_STRING: u8 = 0x14;
const VISIBLE_STRING: u8 = 0x1a;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

#[cfg(test)]
mod tests {
    use jpki_ca::asn1::Der;
    use jpki_ca::asn1::oid;

    use super::*;

    fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
        Der::build(|der| der.primitive(tag, contents))
    }

    fn text_of(tag: u8, contents: &[u8]) -> Option<String> {
        string(Value::only(&element(tag, contents)).unwrap()).1
    }

    #[test]
    fn strings_of_every_type_are_read() {
        assert_eq!(text_of(BMP_STRING, &[0x5c, 0x71, 0xd8, 0x42, 0xdf, 0xb7]).unwrap(), "山𠮷");
        assert_eq!(text_of(BMP_STRING, &[0xd8, 0x42]), None, "half a pair");
        assert_eq!(text_of(BMP_STRING, &[0x5c]), None, "half a character");
        assert_eq!(text_of(UNIVERSAL_STRING, &[0, 2, 0x0b, 0xb7]).unwrap(), "𠮷");
        assert_eq!(text_of(TELETEX_STRING, &[b'Z', 0xfc]).unwrap(), "Zü");
        assert_eq!(text_of(tag::PRINTABLE_STRING, &[0xfc]), None);
        assert_eq!(text_of(tag::INTEGER, &[1]), None);
    }

    #[test]
    fn names_keep_their_order_and_their_groups() {
        let der = Der::build(|der| {
            der.sequence(|der| {
                let attribute = |der: &mut Der, oid, value: &str| {
                    der.sequence(|der| {
                        der.oid(oid);
                        der.primitive(tag::UTF8_STRING, value.as_bytes());
                    });
                };
                der.nested(tag::SET, |der| {
                    attribute(der, oid::ORGANIZATION, "a, b=c");
                    attribute(der, oid::COUNTRY, " x");
                });
                der.nested(tag::SET, |der| attribute(der, oid::JPKI_SEX, "#1"));
            });
        });
        let shown = name(Value::only(&der).unwrap());
        let unnamed = r"O=a\, b\=c+C=\ x, 1.2.392.200149.8.5.5.3=\#1";
        assert_eq!(shown.lines, [unnamed]);
        assert_eq!(shown.value[2]["rdn"], 1);
        assert_eq!(shown.value[0]["string_type"], "UTF8String");
        assert!(shown.value[2]["type"].is_null());
    }

    #[test]
    fn general_names_of_every_type_are_shown() {
        let show = |tag, contents: &[u8]| {
            general_name(Value::only(&element(tag, contents)).unwrap()).line()
        };
        assert_eq!(show(0x82, b"example.jp"), "DNS: example.jp");
        assert_eq!(show(0x81, b"a@example.jp"), "email: a@example.jp");
        assert_eq!(show(0x86, b"http://example.jp/"), "URI: http://example.jp/");
        assert_eq!(show(0x87, &[192, 0, 2, 1]), "IP: 192.0.2.1");
        assert_eq!(show(0x87, &[192, 0, 2, 0, 255, 255, 255, 0]), "IP: 192.0.2.0/255.255.255.0");
        assert_eq!(show(0x87, &[1, 2, 3]), "IP: 010203");
        assert_eq!(show(0x88, &[0x2a, 3]), "OID: 1.2.3");
        assert_eq!(show(0xa3, &[5, 0]), "x400_address: A3020500");
        assert_eq!(show(0xa5, &[5, 0]), "edi_party_name: A5020500");
        assert_eq!(show(0xa4, &[0x30, 0]), "directoryName: （空 empty）");
        assert_eq!(show(0x82, &[0xff]), "読めません not a general name: 8201FF");
        let name = [6, 2, 0x2a, 3, 0xa0, 3, tag::UTF8_STRING, 1, b'x'];
        assert_eq!(show(0xa0, &name), "otherName 1.2.3: x");
    }
}
