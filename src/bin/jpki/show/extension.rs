//! Extensions: those of RFC 5280 decoded, all others as octets.

use const_oid::ObjectIdentifier;
use jpki_ca::asn1::ExtensionParts;
use jpki_ca::asn1::Reader;
use jpki_ca::asn1::Value;
use jpki_ca::asn1::tag;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Kind;
use jpki_ca::profile::PolicyArc;
use serde_json::json;

use super::algorithm::known_name;
use super::name::attributes;
use super::name::general_name;
use super::name::general_names;
use super::name::string;
use super::number::hex;
use super::number::integer;
use super::number::short_hex;
use super::ocsp;
use super::shown::Shown;
use super::time::generalized_time;

/// An extension: its label, and what it says.
pub(super) fn extension(part: &ExtensionParts<'_>) -> (String, Shown) {
    let known = known_name(part.oid).map(|name| name.rsplit('-').next().unwrap_or(name));
    let oid = part.oid.dotted();
    let decoder = known.and_then(decoder).or_else(|| ocsp::decoder(part.oid));
    let decoded = decoder.map(|(_, _, decode)| Value::only(part.value).and_then(decode));
    let mut label = match (decoder, known) {
        (Some((_, label, _)), _) => label.to_owned(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => oid.clone().unwrap_or_else(|| short_hex(part.oid.contents)),
    };
    if part.critical {
        label.push_str(" *");
    }
    let error = matches!(decoded, Some(None)).then_some(NOT_ITS_STRUCTURE);
    let (value, lines) = match decoded {
        Some(Some(shown)) => (shown.value, shown.lines),
        Some(None) => {
            let line = format!("読めません {NOT_ITS_STRUCTURE}: {}", short_hex(part.value));
            (serde_json::Value::Null, vec![line])
        }
        None => (serde_json::Value::Null, vec![short_hex(part.value)]),
    };
    let json = json!({
        "oid": oid,
        "name": decoder.map(|(key, ..)| key).or(known),
        "critical": part.critical,
        "hex": hex(part.value),
        "decoded": value,
        "error": error,
    });
    (label, Shown { value: json, lines })
}

/// What a policy of JPKI means, in words.
pub(super) fn policy_meaning(policy: ObjectIdentifier) -> Option<String> {
    let (arc, kind, carrier) = PolicyArc::stated_by(policy)?;
    let (kind, carrier, arc) = (kind_words(kind), carrier_words(carrier), arc_words(arc));
    Some(format!("{}・{}・{} {}, {}, {}", kind.0, carrier.0, arc.0, kind.1, carrier.1, arc.1))
}

/// A kind of certificate in Japanese and English.
pub(super) fn kind_words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Signature => ("署名用", "signature"),
        Kind::UserAuthentication => ("利用者証明用", "user authentication"),
    }
}

/// A carrier in Japanese and English.
pub(super) fn carrier_words(carrier: Carrier) -> (&'static str, &'static str) {
    match carrier {
        Carrier::Card => ("個人番号カード", "card"),
        Carrier::Phone => ("移動端末設備", "phone"),
    }
}

/// An environment in Japanese and English.
pub(super) fn arc_words(arc: PolicyArc) -> (&'static str, &'static str) {
    match arc {
        PolicyArc::Production => ("本番環境", "production"),
        PolicyArc::Test => ("テスト環境", "test"),
    }
}

type Decoder = fn(Value<'_>) -> Option<Shown>;

/// Key, label and decoder of an extension.
pub(super) type Known = (&'static str, &'static str, Decoder);

/// What is known of an extension, by its name in RFC 5280.
fn decoder(name: &str) -> Option<Known> {
    let known: Known = match name {
        "authorityKeyIdentifier" => {
            ("authority_key_identifier", "発行者鍵識別子 Authority key", authority_key)
        }
        "subjectKeyIdentifier" => {
            ("subject_key_identifier", "主体者鍵識別子 Subject key", subject_key)
        }
        "keyUsage" => ("key_usage", "鍵用途 Key usage", key_usage),
        "extKeyUsage" => ("extended_key_usage", "拡張鍵用途 Extended usage", purposes),
        "certificatePolicies" => ("certificate_policies", "証明書ポリシー Policies", policies),
        "policyMappings" => ("policy_mappings", "ポリシー対応 Mappings", mappings),
        "subjectAltName" => ("subject_alt_name", "主体者別名 Subject alt name", general_names_of),
        "issuerAltName" => ("issuer_alt_name", "発行者別名 Issuer alt name", general_names_of),
        "basicConstraints" => ("basic_constraints", "基本制約 Basic constraints", basic),
        "nameConstraints" => ("name_constraints", "名前制約 Name constraints", name_constraints),
        "policyConstraints" => {
            ("policy_constraints", "ポリシー制約 Constraints", policy_constraints)
        }
        "inhibitAnyPolicy" => ("inhibit_any_policy", "任意ポリシー禁止 Inhibit any", skip),
        "cRLDistributionPoints" => {
            ("crl_distribution_points", "CRL配布点 CRL distribution", distribution)
        }
        "cRLNumber" => ("crl_number", "CRL番号 CRL number", list_number),
        "deltaCRLIndicator" => ("delta_crl_indicator", "差分の基点 Delta base", list_number),
        "issuingDistributionPoint" => {
            ("issuing_distribution_point", "発行配布点 Issuing point", issuing_point)
        }
        "freshestCRL" => ("freshest_crl", "差分CRL Freshest CRL", distribution),
        "authorityInfoAccess" => ("authority_info_access", "機関情報 Authority info", access),
        "subjectInfoAccess" => ("subject_info_access", "主体者情報 Subject info", access),
        "privateKeyUsagePeriod" => {
            ("private_key_usage_period", "秘密鍵の期間 Private key", key_period)
        }
        _ => return None,
    };
    Some(known)
}

/// `[0] keyIdentifier, [1] authorityCertIssuer, [2] authorityCertSerialNumber`.
fn authority_key(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let key_id = parts.next_if(tag::context(0)).map(|id| hex(id.contents));
    let issuer = match parts.next_if(tag::context_constructed(1)) {
        Some(names) => Some(general_names(names)?),
        None => None,
    };
    let serial = parts.next_if(tag::context(2)).map(|serial| integer(serial.contents));
    let mut lines: Vec<String> = key_id.iter().map(|id| format!("key id {id}")).collect();
    lines.extend(issuer.iter().map(Shown::line));
    lines.extend(serial.iter().map(|serial| format!("serial {}", serial.line())));
    let json = json!({
        "key_identifier": key_id,
        "authority_cert_issuer": issuer.map(|issuer| issuer.value),
        "authority_cert_serial_number": serial.map(|serial| serial.value),
    });
    parts.is_empty().then_some(Shown { value: json, lines })
}

fn subject_key(value: Value<'_>) -> Option<Shown> {
    Some(Shown::text(&hex(value.tagged(tag::OCTET_STRING)?.contents)))
}

fn key_usage(value: Value<'_>) -> Option<Shown> {
    let named = bit_names(value.tagged(tag::BIT_STRING)?.contents, &KEY_USAGES)?;
    let words: Vec<String> = named.iter().map(|(name, word)| format!("{word} {name}")).collect();
    let names: Vec<&str> = named.into_iter().map(|(name, _)| name).collect();
    Some(Shown::new(names, words.join(", ")))
}

fn purposes(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    let all = all.map(|purpose| {
        let oid = purpose.tagged(tag::OID)?.dotted()?;
        let name = known_name(purpose).map(|name| name.trim_start_matches("id-kp-"));
        Some(Shown::new(json!({ "oid": oid, "name": name }), name.unwrap_or(&oid)))
    });
    all.collect::<Option<Vec<_>>>().map(Shown::list)
}

fn policies(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    all.map(policy).collect::<Option<Vec<_>>>().map(Shown::list)
}

fn policy(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let kind = parts.next_if(tag::OID)?;
    let oid = kind.dotted()?;
    let identifier = ObjectIdentifier::from_bytes(kind.contents).ok();
    let meaning = identifier.and_then(policy_meaning);
    let qualifiers = match parts.next_if(tag::SEQUENCE) {
        Some(qualifiers) => {
            let all = qualifiers.all_children()?.into_iter();
            Shown::list(all.map(qualifier).collect::<Option<Vec<_>>>()?)
        }
        None => Shown::list([]),
    };
    let named = meaning.as_deref().or_else(|| known_name(kind));
    let mut lines = vec![named.map_or_else(|| oid.clone(), |named| format!("{oid} {named}"))];
    lines.extend(qualifiers.lines);
    let json = json!({ "oid": oid, "meaning": meaning, "qualifiers": qualifiers.value });
    parts.is_empty().then_some(Shown { value: json, lines })
}

/// The address of a practice statement, or a notice; of the latter every string in it.
fn qualifier(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let oid = parts.next_if(tag::OID)?.dotted()?;
    let content = parts.any().ok().filter(|_| parts.is_empty())?;
    let text = match string(content).1 {
        Some(text) => Some(text),
        None if content.tag == tag::SEQUENCE => {
            content.all_children()?.into_iter().find_map(|part| string(part).1)
        }
        None => None,
    };
    let said = text.clone().unwrap_or_else(|| short_hex(content.der));
    let json = json!({ "oid": oid, "text": text, "hex": hex(content.der) });
    Some(Shown::new(json, said))
}

fn mappings(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    let all = all.map(|mapping| {
        let [from, to] = *mapping.tagged(tag::SEQUENCE)?.all_children()? else {
            return None;
        };
        let (from, to) = (from.tagged(tag::OID)?.dotted()?, to.tagged(tag::OID)?.dotted()?);
        let json = json!({ "issuer_domain_policy": from, "subject_domain_policy": to });
        Some(Shown::new(json, format!("{from} = {to}")))
    });
    all.collect::<Option<Vec<_>>>().map(Shown::list)
}

fn general_names_of(value: Value<'_>) -> Option<Shown> {
    general_names(value.tagged(tag::SEQUENCE)?)
}

fn basic(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let ca = parts.next_if(tag::BOOLEAN).is_some_and(|flag| flag.contents != [0]);
    let length = parts.next_if(tag::INTEGER).map(Value::unsigned);
    let mut line = if ca { "認証局 CA" } else { "利用者 end entity" }.to_owned();
    if let Some(length) = length {
        line.push_str(&format!(", path length {}", length?));
    }
    let json = json!({ "ca": ca, "path_len_constraint": length });
    parts.is_empty().then(|| Shown::new(json, line))
}

fn name_constraints(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let mut json = serde_json::Map::new();
    let mut lines = Vec::new();
    for (number, key, word) in [(0, "permitted", "許可"), (1, "excluded", "除外")] {
        let Some(trees) = parts.next_if(tag::context_constructed(number)) else {
            json.insert(key.to_owned(), serde_json::Value::Null);
            continue;
        };
        let mut bases = Vec::new();
        for tree in trees.all_children()? {
            // Minimum and maximum are fixed by RFC 5280 section 4.2.1.10; others show in the hex.
            let base = general_name(tree.tagged(tag::SEQUENCE)?.children().next()?);
            lines.push(format!("{word} {key} {}", base.line()));
            bases.push(base.value);
        }
        json.insert(key.to_owned(), bases.into());
    }
    parts.is_empty().then_some(Shown { value: json.into(), lines })
}

fn policy_constraints(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let explicit = parts.next_if(tag::context(0)).map(Value::unsigned);
    let mapping = parts.next_if(tag::context(1)).map(Value::unsigned);
    let json = json!({ "require_explicit_policy": explicit, "inhibit_policy_mapping": mapping });
    let say = |name: &str, count: Option<Option<u64>>| {
        let count = count.flatten();
        count.map(|count| format!("{name} {count}"))
    };
    let lines = [say("requireExplicitPolicy", explicit), say("inhibitPolicyMapping", mapping)];
    let lines = lines.into_iter().flatten().collect();
    parts.is_empty().then_some(Shown { value: json, lines })
}

fn skip(value: Value<'_>) -> Option<Shown> {
    let count = value.tagged(tag::INTEGER)?.unsigned()?;
    Some(Shown::new(count, count.to_string()))
}

fn distribution(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    all.map(point).collect::<Option<Vec<_>>>().map(Shown::list)
}

/// `[0] distributionPoint, [1] reasons, [2] cRLIssuer`.
fn point(value: Value<'_>) -> Option<Shown> {
    let constructed = tag::context_constructed;
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let PointName { full, relative, mut lines } = point_name(parts.next_if(constructed(0)))?;
    let reasons = match parts.next_if(tag::context(1)) {
        Some(reasons) => Some(some_reasons(reasons, &mut lines)?),
        None => None,
    };
    let issuer = match parts.next_if(constructed(2)) {
        Some(issuer) => {
            let names = general_names(issuer)?;
            lines.push(format!("CRL発行者 CRL issuer: {}", names.line()));
            Some(names.value)
        }
        None => None,
    };
    let json = json!({
        "full_name": full,
        "name_relative_to_crl_issuer": relative,
        "reasons": reasons,
        "crl_issuer": issuer,
    });
    parts.is_empty().then_some(Shown { value: json, lines })
}

/// A `DistributionPointName`: full names, or one relative to the issuer's.
#[derive(Default)]
struct PointName {
    full: Option<serde_json::Value>,
    relative: Option<Vec<serde_json::Value>>,
    lines: Vec<String>,
}

fn point_name(wrapped: Option<Value<'_>>) -> Option<PointName> {
    let Some(wrapped) = wrapped else { return Some(PointName::default()) };
    let name = wrapped.child()?;
    if name.tag == tag::context_constructed(0) {
        let Shown { value, lines } = general_names(name)?;
        return Some(PointName { full: Some(value), relative: None, lines });
    }
    let (values, text) = attributes(name.tagged(tag::context_constructed(1))?, 0)?;
    let lines = vec![format!("relative: {text}")];
    Some(PointName { full: None, relative: Some(values), lines })
}

/// The reasons that a point is about, and a line for them.
fn some_reasons(reasons: Value<'_>, lines: &mut Vec<String>) -> Option<Vec<&'static str>> {
    let named = bit_names(reasons.contents, &REASONS)?;
    let names: Vec<&str> = named.into_iter().map(|(name, _)| name).collect();
    lines.push(format!("理由 reasons: {}", names.join(", ")));
    Some(names)
}

/// `CRLNumber` and `BaseCRLNumber`.
fn list_number(value: Value<'_>) -> Option<Shown> {
    Some(integer(value.tagged(tag::INTEGER)?.contents))
}

/// `[0] distributionPoint, [1] onlyContainsUserCerts, [2] onlyContainsCACerts, [3] onlySomeReasons,
/// [4] indirectCRL, [5] onlyContainsAttributeCerts` (RFC 5280 section 5.2.5).
fn issuing_point(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let name = parts.next_if(tag::context_constructed(0));
    let PointName { full, relative, mut lines } = point_name(name)?;
    let user = flag(&mut parts, 1, "利用者証明書のみ only user certificates", &mut lines);
    let ca = flag(&mut parts, 2, "認証局証明書のみ only CA certificates", &mut lines);
    let reasons = match parts.next_if(tag::context(3)) {
        Some(reasons) => Some(some_reasons(reasons, &mut lines)?),
        None => None,
    };
    let indirect = flag(&mut parts, 4, "間接CRL indirect: entries of other issuers", &mut lines);
    let attribute = flag(&mut parts, 5, "属性証明書のみ only attribute certificates", &mut lines);
    let json = json!({
        "full_name": full,
        "name_relative_to_crl_issuer": relative,
        "only_contains_user_certs": user,
        "only_contains_ca_certs": ca,
        "only_some_reasons": reasons,
        "indirect_crl": indirect,
        "only_contains_attribute_certs": attribute,
    });
    parts.is_empty().then_some(Shown { value: json, lines })
}

/// A BOOLEAN under `[number]`, and a line when it is set.
fn flag(parts: &mut Reader<'_>, number: u8, words: &str, lines: &mut Vec<String>) -> bool {
    let set = parts.next_if(tag::context(number)).is_some_and(|flag| flag.contents != [0]);
    if set {
        lines.push(words.to_owned());
    }
    set
}

fn access(value: Value<'_>) -> Option<Shown> {
    let all = value.tagged(tag::SEQUENCE)?.all_children()?.into_iter();
    let all = all.map(|description| {
        let [method, location] = *description.tagged(tag::SEQUENCE)?.all_children()? else {
            return None;
        };
        let oid = method.tagged(tag::OID)?.dotted()?;
        let name = known_name(method).map(|name| name.trim_start_matches("id-ad-"));
        let location = general_name(location);
        let line = format!("{} {}", name.unwrap_or(&oid), location.line());
        let json = json!({ "method": oid, "method_name": name, "location": location.value });
        Some(Shown::new(json, line))
    });
    all.collect::<Option<Vec<_>>>().map(Shown::list)
}

fn key_period(value: Value<'_>) -> Option<Shown> {
    let mut parts = value.tagged(tag::SEQUENCE)?.inside();
    let mut read =
        |number| parts.next_if(tag::context(number)).map(|t| generalized_time(t.contents));
    let (begin, end) = (read(0), read(1));
    let say = |word: &str, time: &Option<Shown>| {
        time.as_ref().map(|time| format!("{word} {}", time.line()))
    };
    let lines = [say("開始 from", &begin), say("満了 to", &end)].into_iter().flatten().collect();
    let json = json!({
        "not_before": begin.map(|time| time.value),
        "not_after": end.map(|time| time.value),
    });
    parts.is_empty().then_some(Shown { value: json, lines })
}

/// The names of the bits that are set in a BIT STRING; bits without a name make it malformed.
fn bit_names(
    contents: &[u8],
    names: &[(&'static str, &'static str)],
) -> Option<Vec<(&'static str, &'static str)>> {
    let (unused, octets) = contents.split_first()?;
    let mut named = Vec::new();
    for (at, octet) in octets.iter().enumerate() {
        for bit in 0..8 {
            if octet & (0x80 >> bit) != 0 {
                named.push(*names.get(at * 8 + bit)?);
            }
        }
    }
    (*unused < 8).then_some(named)
}

const KEY_USAGES: [(&str, &str); 9] = [
    ("digitalSignature", "デジタル署名"),
    ("nonRepudiation", "否認防止"),
    ("keyEncipherment", "鍵暗号化"),
    ("dataEncipherment", "データ暗号化"),
    ("keyAgreement", "鍵交換"),
    ("keyCertSign", "証明書署名"),
    ("cRLSign", "CRL署名"),
    ("encipherOnly", "暗号化のみ"),
    ("decipherOnly", "復号のみ"),
];

const REASONS: [(&str, &str); 9] = [
    ("unused", ""),
    ("keyCompromise", ""),
    ("cACompromise", ""),
    ("affiliationChanged", ""),
    ("superseded", ""),
    ("cessationOfOperation", ""),
    ("certificateHold", ""),
    ("privilegeWithdrawn", ""),
    ("aACompromise", ""),
];

const NOT_ITS_STRUCTURE: &str = "not the structure that belongs to this extension";

#[cfg(test)]
mod tests {
    use jpki_ca::asn1::Der;

    use super::*;

    fn read(build: impl FnOnce(&mut Der), decode: Decoder) -> Option<Shown> {
        decode(Value::only(&Der::build(build)).unwrap())
    }

    #[test]
    fn bits_without_a_name_are_no_usage() {
        let usage = |contents: &[u8]| {
            let usage = read(|der| der.primitive(tag::BIT_STRING, contents), key_usage);
            usage.map(|usage| usage.line())
        };
        let all = usage(&[7, 0xff, 0x80]).unwrap();
        assert_eq!(all.split(", ").count(), KEY_USAGES.len());
        assert_eq!(usage(&[0]).as_deref(), Some(""));
        for bad in [&[][..], &[8, 0x80], &[6, 0xff, 0xc0], &[0, 0, 0, 1]] {
            assert_eq!(usage(bad), None, "{bad:02x?}");
        }
    }

    #[test]
    fn a_key_period_may_be_open() {
        let period = |der: &mut Der| {
            der.sequence(|der| der.primitive(tag::context(1), b"20300101000000Z"));
        };
        let period = read(period, key_period).unwrap();
        assert_eq!(period.lines, ["満了 to 2030-01-01 09:00:00 JST (2030-01-01T00:00:00Z)"]);
        assert!(period.value["not_before"].is_null());
    }

    #[test]
    fn relative_points_and_their_reasons_are_shown() {
        let points = |der: &mut Der| {
            let constructed = tag::context_constructed;
            let name = |der: &mut Der| {
                der.sequence(|der| {
                    der.oid(jpki_ca::asn1::oid::COMMON_NAME);
                    der.primitive(tag::UTF8_STRING, b"x");
                });
            };
            der.sequence(|der| {
                der.sequence(|der| {
                    der.nested(constructed(0), |der| der.nested(constructed(1), name));
                    der.primitive(tag::context(1), &[5, 0x60]);
                });
            });
        };
        let shown = read(points, distribution).unwrap();
        assert_eq!(shown.lines, ["relative: CN=x", "理由 reasons: keyCompromise, cACompromise"]);
    }
}
