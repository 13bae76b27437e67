//! What is asked.

use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use serde_json::json;

use crate::show::algorithm::algorithm;
use crate::show::algorithm::bits;
use crate::show::algorithm::verifies;
use crate::show::certificate::verdict;
use crate::show::name::general_name;
use crate::show::number::hex;
use crate::show::shown::Object;
use crate::show::shown::Shown;

use super::cert_id;
use super::certificates;
use super::extensions;

/// `OCSPRequest` (RFC 6960 section 4.1.1).
pub(in crate::show) fn request(der: &[u8]) -> Option<Object> {
    let explicit = tag::context_constructed;
    let mut outer = Value::only(der)?.tagged(tag::SEQUENCE)?.inside();
    let tbs = outer.next_if(tag::SEQUENCE)?;
    let signature = outer.next_if(explicit(0));
    let mut fields = tbs.inside();
    let version = match fields.next_if(explicit(0)) {
        // 0 means version 1.
        Some(version) => version.child()?.tagged(tag::INTEGER)?.unsigned()?,
        None => 0,
    };
    let version = version.checked_add(1)?;
    let requestor = fields.next_if(explicit(1));
    let asked = fields.next_if(tag::SEQUENCE)?.all_children()?;
    let all = fields.next_if(explicit(2));

    let mut object = Object::new("ocsp_request", "状態照会 Status request (OCSP)");
    object.fact("version", "版 Version", Shown::new(version, format!("v{version}")));
    object.data("requestor_name", serde_json::Value::Null);
    if let Some(requestor) = requestor {
        object.fact("requestor_name", "照会者 Requestor", general_name(requestor.child()?));
    }
    let mut requests = Vec::new();
    for (number, one) in (1..).zip(asked) {
        object.section(&format!("照会 {number} Question {number}"));
        let mut fields = one.tagged(tag::SEQUENCE)?.inside();
        let id = cert_id(fields.next_if(tag::SEQUENCE)?, &mut object)?;
        let more = extensions(fields.next_if(explicit(0)), &mut object)?;
        fields.is_empty().then_some(())?;
        requests.push(json!({ "cert_id": id, "extensions": more }));
    }
    object.data("requests", requests);
    object.section("拡張 Extensions (* 重要 critical)");
    let extensions = extensions(all, &mut object)?;
    object.data("extensions", extensions);
    signed(signature, tbs, &mut object)?;
    (fields.is_empty() && outer.is_empty()).then_some(object)
}

/// The signature, and whether it is by the key of the first certificate beside it.
fn signed(wrapped: Option<Value<'_>>, tbs: Value<'_>, object: &mut Object) -> Option<()> {
    let Some(wrapped) = wrapped else {
        object.data("signature", serde_json::Value::Null);
        return Some(());
    };
    let mut fields = wrapped.child()?.tagged(tag::SEQUENCE)?.inside();
    let signed_with = fields.next_if(tag::SEQUENCE)?;
    let signature = fields.next_if(tag::BIT_STRING)?;
    let beside = certificates(fields.next_if(tag::context_constructed(0)))?;
    object.section("署名 Signature");
    object.fact("signature_algorithm", "方式 Algorithm", algorithm(signed_with));
    object.data("signature", bits(signature).map(hex));
    let first = beside.first().and_then(|first| first.parts.as_ref());
    let verified =
        first.and_then(|parts| verifies(signed_with, parts.public_key, tbs.der, signature));
    for one in &beside {
        object.say("証明書 Certificate", one.shown.lines.clone());
    }
    let certificates: Vec<_> = beside.into_iter().map(|one| one.shown.value).collect();
    object.data("certificates", certificates);
    object.data("verified", verified);
    object.say("検証 Verification", vec![verdict(verified).to_owned()]);
    fields.is_empty().then_some(())
}
