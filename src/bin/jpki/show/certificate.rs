//! Certificates: every field and every extension.

use jpki_ca::asn1::CertificateParts;
use jpki_ca::asn1::ExtensionParts;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::sha256;
use jpki_ca::profile::Reading;
use ring::digest;
use serde_json::json;

use super::algorithm::algorithm;
use super::algorithm::bits;
use super::algorithm::verifies;
use super::extension;
use super::jpki;
use super::key::public_key;
use super::name::name;
use super::number::hex;
use super::number::integer;
use super::shown::Object;
use super::shown::Shown;
use super::time::time;

/// A certificate (RFC 5280 section 4.1); none when its skeleton is not that of one.
pub(super) fn certificate(der: &[u8]) -> Option<Object> {
    let parts = CertificateParts::read(der)?;
    let reading = Reading::of(&parts);
    let mut object = Object::new("certificate", "X.509証明書 X.509 certificate");
    if let Some(reading) = &reading {
        object.retitle(jpki::title(reading));
    }
    fields(&parts, &mut object);
    object.data("jpki", reading.as_ref().map(jpki::json));
    if let Some(reading) = &reading {
        jpki::say(reading, &mut object);
    }
    object.section("拡張 Extensions (* 重要 critical)");
    extensions(&parts.extensions, &mut object);
    signature(&parts, &mut object);
    object.section("指紋 Fingerprints");
    let (sha256, sha1) = (hex(&sha256(der)), sha1(der));
    object.data("fingerprints", json!({ "sha256": sha256, "sha1": sha1 }));
    object.say("SHA-256", vec![sha256]);
    object.say("SHA-1", vec![sha1]);
    Some(object)
}

/// Extensions, in encoded order.
pub(super) fn extensions(all: &[ExtensionParts<'_>], object: &mut Object) {
    let mut values = Vec::new();
    for part in all {
        let (label, shown) = extension::extension(part);
        values.push(shown.value);
        object.say(&label, shown.lines);
    }
    object.data("extensions", values);
}

fn fields(parts: &CertificateParts<'_>, object: &mut Object) {
    // The default of the field is 0, which means version 1.
    let version = parts.version.map_or(Some(0), Value::unsigned).and_then(|v| v.checked_add(1));
    let shown = match (version, parts.version) {
        (Some(version), _) => Shown::new(version, format!("v{version}")),
        (None, Some(value)) => Shown::malformed("a version", value.der),
        (None, None) => Shown::malformed("a version", &[]),
    };
    object.fact("version", "版 Version", shown);
    object.fact("serial_number", "発行の番号 Serial", integer(parts.serial.contents));
    object.fact("issuer", "発行者 Issuer", name(parts.issuer));
    let (begin, end) = (time(parts.not_before), time(parts.not_after));
    object.data("validity", json!({ "not_before": begin.value, "not_after": end.value }));
    object.say("有効期間開始 Not before", begin.lines);
    object.say("有効期間満了 Not after", end.lines);
    object.fact("subject", "主体者 Subject", name(parts.subject));
    object.fact("public_key", "公開鍵 Public key", public_key(parts.public_key));
    for (key, label, value) in [
        ("issuer_unique_id", "発行者固有識別子 Issuer unique id", parts.issuer_unique_id),
        ("subject_unique_id", "主体者固有識別子 Subject unique id", parts.subject_unique_id),
    ] {
        object.data(key, value.map(|value| hex(value.contents)));
        if let Some(value) = value {
            object.say(label, vec![hex(value.contents)]);
        }
    }
}

/// The signature, and whether it is the subject's own.
fn signature(parts: &CertificateParts<'_>, object: &mut Object) {
    object.section("署名 Signature");
    let outer = algorithm(parts.algorithm);
    let same = parts.algorithm.der == parts.tbs_algorithm.der;
    let mut lines = outer.lines;
    if !same {
        let inner = algorithm(parts.tbs_algorithm).line();
        lines.push(format!("不一致 the signed part names another: {inner}"));
    }
    object.data("signature_algorithm", outer.value);
    object.data("tbs_signature_algorithm", algorithm(parts.tbs_algorithm).value);
    object.say("方式 Algorithm", lines);
    object.data("signature", bits(parts.signature).map(hex));

    let self_issued = parts.issuer.der == parts.subject.der;
    let verified = self_issued
        .then(|| verifies(parts.algorithm, parts.public_key, parts.tbs.der, parts.signature))
        .flatten();
    object.data("self_issued", self_issued);
    object.data("self_signature", verified);
    if self_issued {
        object.say("自己署名 Self-signed", vec![verdict(verified).to_owned()]);
    }
}

/// A verdict on a signature by the key beside it, in words.
pub(super) fn verdict(verified: Option<bool>) -> &'static str {
    match verified {
        Some(true) => "署名は正しい the signature verifies",
        Some(false) => "署名は正しくない the signature does NOT verify",
        None => "未検証 not checked: unknown algorithm",
    }
}

/// SHA-1, which people still compare fingerprints by.
pub(super) fn sha1(octets: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, octets).as_ref())
}
