//! Certificate requests.

use jpki_ca::asn1::ExtensionParts;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::oid;
use jpki_ca::asn1::sha256;
use jpki_ca::asn1::tag;
use serde_json::json;

use super::algorithm::algorithm;
use super::algorithm::bits;
use super::algorithm::verifies;
use super::certificate::extensions;
use super::certificate::sha1;
use super::certificate::verdict;
use super::key::public_key;
use super::name::name;
use super::number::hex;
use super::shown::Object;
use super::shown::Shown;

/// PKCS #10 `CertificationRequest` (RFC 2986).
pub(super) fn request(der: &[u8]) -> Option<Object> {
    let mut outer = Value::only(der)?.tagged(tag::SEQUENCE)?.inside();
    let info = outer.next_if(tag::SEQUENCE)?;
    let signed_with = outer.next_if(tag::SEQUENCE)?;
    let signature = outer.next_if(tag::BIT_STRING).filter(|_| outer.is_empty())?;
    let mut fields = info.inside();
    // 0 means version 1.
    let version = fields.next_if(tag::INTEGER)?.unsigned()?.checked_add(1)?;
    let subject = fields.next_if(tag::SEQUENCE)?;
    let key = fields.next_if(tag::SEQUENCE)?;
    let attributes = fields.next_if(tag::context_constructed(0));

    let mut object = Object::new("certificate_request", "証明書発行要求 Certificate request (CSR)");
    object.fact("version", "版 Version", Shown::new(version, format!("v{version}")));
    object.fact("subject", "主体者 Subject", name(subject));
    object.fact("public_key", "公開鍵 Public key", public_key(key));
    request_attributes(attributes, &mut object)?;
    let verified = verifies(signed_with, key, info.der, signature);
    object.section("署名 Signature");
    object.fact("signature_algorithm", "方式 Algorithm", algorithm(signed_with));
    object.data("signature", bits(signature).map(hex));
    object.data("self_signature", verified);
    object.say("自己署名 Self-signed", vec![verdict(verified).to_owned()]);
    object.data("fingerprints", json!({ "sha256": hex(&sha256(der)), "sha1": sha1(der) }));
    fields.is_empty().then_some(object)
}

/// The attributes of a request; extensions among them are shown as a certificate's.
fn request_attributes(attributes: Option<Value<'_>>, object: &mut Object) -> Option<()> {
    let mut values = Vec::new();
    let mut requested = Vec::new();
    object.section("属性 Attributes");
    for attribute in attributes.map_or(Some(Vec::new()), Value::all_children)? {
        let mut parts = attribute.tagged(tag::SEQUENCE)?.inside();
        let kind = parts.next_if(tag::OID)?;
        let set = parts.next_if(tag::SET)?;
        let dotted = kind.dotted()?;
        let all: Vec<String> = set.children().map(|value| hex(value.der)).collect();
        values.push(json!({ "oid": dotted, "values": all }));
        match set.child().filter(|_| kind.contents == oid::EXTENSION_REQUEST.as_bytes()) {
            Some(extensions) => requested.extend(ExtensionParts::read_all(extensions)?),
            // A challenge password may be among them: the text leaves the values out.
            None => object.say(&dotted, vec!["JSONを参照 value only in --json".to_owned()]),
        }
    }
    object.data("attributes", values);
    extensions(&requested, object);
    Some(())
}
