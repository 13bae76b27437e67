//! Questions and answers about a certificate's status (OCSP, RFC 6960).

mod extension;
mod request;
mod response;

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::ExtensionParts;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::sha256;
use jpki_ca::asn1::tag;
use serde_json::json;

use super::algorithm::algorithm;
use super::name::name;
use super::number::hex;
use super::number::integer;
use super::shown::Object;
use super::shown::Shown;

pub(super) use extension::decoder;
pub(super) use request::request;
pub(super) use response::response;

/// A `CertID`: its value for machines, its rows for people.
fn cert_id(id: Value<'_>, object: &mut Object) -> Option<serde_json::Value> {
    let [hash, issuer_name, issuer_key, number] = *id.tagged(tag::SEQUENCE)?.all_children()? else {
        return None;
    };
    let (hash, number) = (algorithm(hash), integer(number.tagged(tag::INTEGER)?.contents));
    let octets = |value: Value<'_>| Some(hex(value.tagged(tag::OCTET_STRING)?.contents));
    let (issuer_name, issuer_key) = (octets(issuer_name)?, octets(issuer_key)?);
    object.say("発行の番号 Serial", number.lines);
    object.say("発行者名 Issuer name", vec![format!("{} {issuer_name}", hash.line())]);
    object.say("発行者鍵 Issuer key", vec![format!("{} {issuer_key}", hash.line())]);
    Some(json!({
        "hash_algorithm": hash.value,
        "issuer_name_hash": issuer_name,
        "issuer_key_hash": issuer_key,
        "serial_number": number.value,
    }))
}

/// Extensions of one question or statement: their values, and a row for each.
fn extensions(wrapped: Option<Value<'_>>, object: &mut Object) -> Option<Vec<serde_json::Value>> {
    let Some(wrapped) = wrapped else { return Some(Vec::new()) };
    let mut values = Vec::new();
    for part in ExtensionParts::read_all(wrapped.child()?)? {
        let (label, shown) = super::extension::extension(&part);
        values.push(shown.value);
        object.say(&label, shown.lines);
    }
    Some(values)
}

/// The certificates that stand beside a signature: a value and a line for each.
fn certificates(wrapped: Option<Value<'_>>) -> Option<Vec<Beside<'_>>> {
    let Some(wrapped) = wrapped else { return Some(Vec::new()) };
    let all = wrapped.child()?.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    Some(all.map(Beside::of).collect())
}

/// A certificate beside a signature.
struct Beside<'a> {
    parts: Option<CertificateParts<'a>>,
    shown: Shown,
}

impl<'a> Beside<'a> {
    fn of(value: Value<'a>) -> Self {
        let parts = CertificateParts::read(value.der);
        let shown = match &parts {
            Some(parts) => {
                let (subject, serial) = (name(parts.subject), integer(parts.serial.contents));
                let fingerprint = hex(&sha256(value.der));
                let line = format!("{}, {}", subject.line(), serial.line());
                let json = json!({
                    "subject": subject.value,
                    "issuer": name(parts.issuer).value,
                    "serial_number": serial.value,
                    "sha256": fingerprint,
                    "hex": hex(value.der),
                });
                Shown::new(json, line)
            }
            None => Shown::malformed("a certificate", value.der),
        };
        Self { parts, shown }
    }
}
