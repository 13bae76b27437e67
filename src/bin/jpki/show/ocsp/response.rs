//! What is answered.

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::oid;
use jpki_ca::asn1::sha1;
use jpki_ca::asn1::tag;
use jpki_ca::ocsp::Refusal;
use serde_json::json;

use crate::show::algorithm::algorithm;
use crate::show::algorithm::bits;
use crate::show::algorithm::verifies;
use crate::show::certificate::verdict;
use crate::show::list::reason;
use crate::show::name::name;
use crate::show::number::hex;
use crate::show::shown::Object;
use crate::show::shown::Shown;
use crate::show::time::time;

use super::Beside;
use super::cert_id;
use super::certificates;
use super::extensions;

/// `OCSPResponse` (RFC 6960 section 4.2.1).
pub(in crate::show) fn response(der: &[u8]) -> Option<Object> {
    let mut outer = Value::only(der)?.tagged(tag::SEQUENCE)?.inside();
    let status = outer.next_if(tag::ENUMERATED)?;
    let bytes = outer.next_if(EXPLICIT_0);
    let mut object = Object::new("ocsp_response", "状態応答 Status response (OCSP)");
    object.fact("response_status", "結果 Result", response_status(status));
    if let Some(bytes) = bytes {
        let [kind, answer] = *bytes.child()?.tagged(tag::SEQUENCE)?.all_children()? else {
            return None;
        };
        let dotted = kind.tagged(tag::OID)?.dotted()?;
        let answer = answer.tagged(tag::OCTET_STRING)?;
        if kind.contents == oid::OCSP_BASIC.as_bytes() {
            object.data("response_type", dotted);
            basic(answer.child()?, &mut object)?;
        } else {
            let line =
                format!("{dotted}: 未知の種別 unknown type, {} octets", answer.contents.len());
            object.fact("response_type", "種別 Type", Shown::new(dotted, line));
            object.data("response", hex(answer.contents));
        }
    }
    outer.is_empty().then_some(object)
}

fn response_status(value: Value<'_>) -> Shown {
    let word = match *value.contents {
        [0] => Some(("successful", "正常")),
        [code] => {
            let refusal = Refusal::ALL.into_iter().find(|refusal| refusal.code() == code);
            refusal.map(|refusal| (refusal.as_str(), refusal_word(refusal)))
        }
        _ => None,
    };
    match word {
        Some((name, japanese)) => Shown::new(name, format!("{japanese} {name}")),
        None => Shown::malformed("a status", value.der),
    }
}

fn refusal_word(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::MalformedRequest => "照会の形式が正しくない",
        Refusal::InternalError => "応答者の内部の誤り",
        Refusal::TryLater => "後で照会",
        Refusal::SigRequired => "署名が必要",
        Refusal::Unauthorized => "照会の権限なし",
    }
}

/// `BasicOCSPResponse`.
fn basic(value: Value<'_>, object: &mut Object) -> Option<()> {
    let mut fields = value.tagged(tag::SEQUENCE)?.inside();
    let data = fields.next_if(tag::SEQUENCE)?;
    let signed_with = fields.next_if(tag::SEQUENCE)?;
    let signature = fields.next_if(tag::BIT_STRING)?;
    let beside = certificates(fields.next_if(EXPLICIT_0))?;
    let responder = response_data(data, object)?;

    object.section("署名 Signature");
    object.fact("signature_algorithm", "方式 Algorithm", algorithm(signed_with));
    object.data("signature", bits(signature).map(hex));
    let named = beside.iter().filter_map(|one| one.parts.as_ref());
    let verdicts: Vec<_> = named
        .filter(|parts| is_named(responder, parts))
        .map(|parts| verifies(signed_with, parts.public_key, data.der, signature))
        .collect();
    let verified = verdicts.iter().max().copied().flatten();
    object.data("verified", verified);
    for one in &beside {
        object.say("証明書 Certificate", one.shown.lines.clone());
    }
    let line = match verdicts.as_slice() {
        [] => "未検証 not checked: no certificate of the responder".to_owned(),
        [..] => verdict(verified).to_owned(),
    };
    object.say("検証 Verification", vec![line]);
    let certificates: Vec<_> = beside.into_iter().map(|Beside { shown, .. }| shown.value).collect();
    object.data("certificates", certificates);
    fields.is_empty().then_some(())
}

/// `ResponseData`; answers the responder's id.
fn response_data<'a>(data: Value<'a>, object: &mut Object) -> Option<Value<'a>> {
    let explicit = tag::context_constructed;
    let mut fields = data.inside();
    let version = match fields.next_if(explicit(0)) {
        // 0 means version 1.
        Some(version) => version.child()?.tagged(tag::INTEGER)?.unsigned()?,
        None => 0,
    };
    let version = version.checked_add(1)?;
    let responder = fields.any().ok()?;
    let produced_at = fields.any().ok()?;
    let responses = fields.next_if(tag::SEQUENCE)?.all_children()?;
    object.fact("version", "版 Version", Shown::new(version, format!("v{version}")));
    object.fact("responder", "応答者 Responder", responder_id(responder));
    object.fact("produced_at", "作成日時 Produced at", time(produced_at));
    let mut all = Vec::new();
    for (number, response) in (1..).zip(responses) {
        object.section(&format!("証明書 {number} Certificate {number}"));
        all.push(single(response, object)?);
    }
    object.data("responses", all);
    object.section("拡張 Extensions (* 重要 critical)");
    let extensions = extensions(fields.next_if(explicit(1)), object)?;
    object.data("extensions", extensions);
    fields.is_empty().then_some(responder)
}

/// `ResponderID`: `[1]` a name, `[2]` the SHA-1 of a key.
fn responder_id(value: Value<'_>) -> Shown {
    let read = match (value.tag, value.child()) {
        (BY_NAME, Some(inside)) => {
            let name = name(inside);
            Some(Shown::new(json!({ "name": name.value, "key_hash": null }), name.line()))
        }
        (BY_KEY, Some(inside)) => inside.tagged(tag::OCTET_STRING).map(|hash| {
            let hash = hex(hash.contents);
            Shown::new(json!({ "name": null, "key_hash": hash }), format!("key id {hash}"))
        }),
        _ => None,
    };
    read.unwrap_or_else(|| Shown::malformed("a responder", value.der))
}

/// Whether the responder's id names the subject or the key of a certificate.
fn is_named(responder: Value<'_>, parts: &CertificateParts<'_>) -> bool {
    let Some(inside) = responder.child() else { return false };
    let key = parts.public_key.children().nth(1).and_then(bits);
    match responder.tag {
        BY_NAME => inside.der == parts.subject.der,
        BY_KEY => key.is_some_and(|key| sha1(key) == inside.contents),
        _ => false,
    }
}

/// `SingleResponse`.
fn single(value: Value<'_>, object: &mut Object) -> Option<serde_json::Value> {
    let mut fields = value.tagged(tag::SEQUENCE)?.inside();
    let id = cert_id(fields.next_if(tag::SEQUENCE)?, object)?;
    let (status, this_update) = (fields.any().ok()?, fields.any().ok()?);
    let status = cert_status(status, object);
    let this_update = time(this_update);
    let next_update = match fields.next_if(EXPLICIT_0) {
        Some(next) => time(next.child()?),
        None => Shown::new(serde_json::Value::Null, "記載なし none"),
    };
    object.say("確認日時 This update", this_update.lines);
    object.say("次回更新 Next update", next_update.lines);
    let extensions = extensions(fields.next_if(tag::context_constructed(1)), object)?;
    fields.is_empty().then(|| {
        json!({
            "cert_id": id,
            "status": status.word,
            "revocation_time": status.since,
            "reason": status.reason,
            "reason_code": status.code,
            "this_update": this_update.value,
            "next_update": next_update.value,
            "extensions": extensions,
        })
    })
}

/// What is said of a certificate, for machines.
#[derive(Default)]
struct Said {
    word: serde_json::Value,
    since: serde_json::Value,
    reason: Option<&'static str>,
    code: Option<u8>,
}

/// `CertStatus`: `[0]` good, `[1]` revoked, `[2]` unknown.
fn cert_status(value: Value<'_>, object: &mut Object) -> Said {
    let shown = match value.tag {
        GOOD if value.contents.is_empty() => Shown::new("good", "有効 good"),
        UNKNOWN if value.contents.is_empty() => Shown::new("unknown", "不明 unknown"),
        REVOKED => return revoked(value, object),
        _ => Shown::malformed("a status", value.der),
    };
    object.say("状態 Status", shown.lines);
    Said { word: shown.value, ..Said::default() }
}

fn revoked(value: Value<'_>, object: &mut Object) -> Said {
    let mut fields = value.inside();
    let since = fields.any().ok().map(time);
    let code = fields.next_if(EXPLICIT_0).and_then(Value::child).map(|code| match code.contents {
        [code] if code & 0x80 == 0 => Ok(*code),
        _ => Err(code),
    });
    let (Some(since), true) = (since, fields.is_empty()) else {
        let shown = Shown::malformed("a revocation", value.der);
        object.say("状態 Status", shown.lines);
        return Said { word: shown.value, ..Said::default() };
    };
    let line =
        if code == Some(Ok(HOLD)) { "一時保留 held (revoked)" } else { "失効 revoked" };
    object.say("状態 Status", vec![line.to_owned()]);
    object.say("失効日時 Since", since.lines);
    let said = Said { word: "revoked".into(), since: since.value, ..Said::default() };
    match code {
        Some(Err(value)) => {
            object.say("理由 Reason", Shown::malformed("a reason", value.der).lines);
            said
        }
        stated => {
            let code = stated.and_then(Result::ok);
            let (word, meaning) = reason(code);
            object.say("理由 Reason", vec![format!("{meaning} {word}")]);
            Said { reason: Some(word), code, ..said }
        }
    }
}

const EXPLICIT_0: u8 = tag::context_constructed(0);
const BY_NAME: u8 = tag::context_constructed(1);
const BY_KEY: u8 = tag::context_constructed(2);
const GOOD: u8 = tag::context(0);
const REVOKED: u8 = tag::context_constructed(1);
const UNKNOWN: u8 = tag::context(2);
/// The code of `certificateHold`.
const HOLD: u8 = 6;
