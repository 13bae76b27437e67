//! Extensions of questions, answers and responders' certificates (RFC 6960 section 4.4).

use jpki_ca::asn1::Value;
use jpki_ca::asn1::oid;
use jpki_ca::asn1::oid::ObjectIdentifier;
use jpki_ca::asn1::tag;

use crate::show::algorithm::known_name;
use crate::show::extension::Known;
use crate::show::number::hex;
use crate::show::shown::Shown;
use crate::show::time::time;

/// Key, label and decoder of an extension.
pub(in crate::show) fn decoder(extension: Value<'_>) -> Option<Known> {
    let known = KNOWN.iter().find(|(oid, _)| oid.as_bytes() == extension.contents);
    known.map(|(_, known)| *known)
}

const KNOWN: [(ObjectIdentifier, Known); 5] = [
    (oid::OCSP_NONCE, ("nonce", "ノンス Nonce", nonce)),
    (oid::OCSP_RESPONSE_TYPES, ("acceptable_responses", "応答種別 Response types", types)),
    (oid::OCSP_NO_CHECK, ("ocsp_no_check", "状態照会不要 No check", empty)),
    (oid::OCSP_ARCHIVE_CUTOFF, ("archive_cutoff", "記録の始め Archive cutoff", cutoff)),
    (oid::OCSP_EXTENDED_REVOKE, ("extended_revoke", "未発行の扱い Extended revoke", empty)),
];

fn nonce(value: Value<'_>) -> Option<Shown> {
    Some(Shown::text(&hex(value.tagged(tag::OCTET_STRING)?.contents)))
}

fn types(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    let all = all.map(|one| {
        let dotted = one.tagged(tag::OID)?.dotted()?;
        let line = known_name(one).unwrap_or(&dotted).to_owned();
        Some(Shown::new(dotted, line))
    });
    all.collect::<Option<Vec<_>>>().map(Shown::list)
}

fn cutoff(value: Value<'_>) -> Option<Shown> {
    Some(time(value.tagged(tag::GENERALIZED_TIME)?))
}

/// NULL: that it stands there says it all.
fn empty(value: Value<'_>) -> Option<Shown> {
    value.tagged(tag::NULL)?.contents.is_empty().then(|| Shown::new(true, "あり present"))
}
