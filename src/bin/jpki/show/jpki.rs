//! What only certificates of JPKI have: the basic four items, the reception window, the list.

use jpki_ca::credential::CaName;
use jpki_ca::credential::Kind;
use jpki_ca::holder::BirthDate;
use jpki_ca::holder::Era;
use jpki_ca::holder::Municipality;
use jpki_ca::holder::Sex;
use jpki_ca::profile::AttestedText;
use jpki_ca::profile::CommonName;
use jpki_ca::profile::ItemText;
use jpki_ca::profile::ListedOn;
use jpki_ca::profile::Reading;
use jpki_ca::profile::Role;
use jpki_ca::profile::Service;
use serde_json::Value;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::safe::safe;

use super::extension::arc_words;
use super::extension::carrier_words;
use super::number::hex;
use super::number::short_hex;
use super::shown::Object;

/// What a certificate is, in Japanese and English.
pub(super) fn title(reading: &Reading) -> &'static str {
    match reading.role {
        Some(Role::Holder(Kind::Signature)) => "署名用電子証明書 Signature certificate",
        Some(Role::Holder(Kind::UserAuthentication)) => {
            "利用者証明用電子証明書 User-authentication certificate"
        }
        Some(Role::Authority(CaName::Signature)) => {
            "署名用認証局の証明書 Certificate of the signature CA"
        }
        Some(Role::Authority(CaName::UserAuthentication)) => {
            "利用者証明用認証局の証明書 Certificate of the user-authentication CA"
        }
        Some(Role::Link(CaName::Signature)) => {
            "署名用認証局のリンク証明書 Link certificate of the signature CA"
        }
        Some(Role::Link(CaName::UserAuthentication)) => {
            "利用者証明用認証局のリンク証明書 Link certificate of the user-authentication CA"
        }
        Some(Role::Service(CaName::Signature, Service::Publication)) => {
            "署名用認証局の公開用証明書 Publication certificate of the signature CA"
        }
        Some(Role::Service(CaName::UserAuthentication, Service::Publication)) => {
            "利用者証明用認証局の公開用証明書 Publication certificate of the user-authentication CA"
        }
        Some(Role::Service(CaName::Signature, Service::Responder)) => {
            "署名用認証局のOCSPレスポンダ証明書 OCSP responder certificate of the signature CA"
        }
        Some(Role::Service(CaName::UserAuthentication, Service::Responder)) => {
            "利用者証明用認証局のOCSPレスポンダ証明書 OCSP responder certificate of the \
             user-authentication CA"
        }
        Some(Role::Service(..)) => "認証局の業務用証明書 Certificate of a service of a CA",
        None => "公的個人認証サービスの証明書 JPKI certificate of unknown kind",
    }
}

/// Everything for machines.
pub(super) fn json(reading: &Reading) -> Value {
    let (role, ca) = match reading.role {
        Some(Role::Authority(ca)) => (Some("authority"), Some(ca.as_str())),
        Some(Role::Link(ca)) => (Some("link"), Some(ca.as_str())),
        Some(Role::Service(ca, service)) => (Some(service.as_str()), Some(ca.as_str())),
        Some(Role::Holder(kind)) => (Some("holder"), Some(kind.as_str())),
        None => (None, None),
    };
    json!({
        "role": role,
        "ca": ca,
        "environment": reading.arc.map(|arc| arc_words(arc).1),
        "carrier": reading.carrier.map(|carrier| carrier.as_str()),
        "organisation": reading.organisation,
        "common_name": reading.common_name.as_ref().map(common_name_json),
        "partition": reading.partition.as_ref().map(partition_json),
        "attested": reading.attested.as_ref().map(attested_json),
    })
}

/// Everything for people.
pub(super) fn say(reading: &Reading, object: &mut Object) {
    if let Some(attested) = &reading.attested {
        object.section("基本4情報 Basic four items");
        say_attested(attested, object);
    }
    object.section("公的個人認証 JPKI");
    if let Some(organisation) = &reading.organisation {
        object.say("発行組織 Organisation", vec![organisation.clone()]);
    }
    if let Some((japanese, english)) = reading.arc.map(arc_words) {
        object.say("環境 Environment", vec![format!("{japanese} {english}")]);
    }
    if let Some((japanese, english)) = reading.carrier.map(carrier_words) {
        object.say("格納媒体 Carrier", vec![format!("{japanese} {english}")]);
    }
    if let Some(name) = &reading.common_name {
        say_common_name(name, object);
    }
    if let Some(partition) = &reading.partition {
        let line = match partition {
            ListedOn::Authority => "認証局自身のリスト the authority's own list".to_owned(),
            ListedOn::Municipality { prefecture, label, municipality } => {
                let written = format!("{prefecture}, {label}");
                municipality
                    .map_or(written.clone(), |known| format!("{} ({written})", place(known)))
            }
        };
        object.say("失効リスト Partition", vec![line]);
    }
}

fn say_attested(attested: &AttestedText, object: &mut Object) {
    let name = marked_lines(&attested.name, &attested.name_mask, attested.name_substitutes());
    object.say("氏名 Name", name);
    let born = attested.birth_date().map(|(era, date)| birth_line(era, date));
    object.say("生年月日 Date of birth", item_lines(&attested.birth_date, born));
    let sex = attested.sex().map(|sex| format!("{} {}", japanese_sex(sex), sex.as_str()));
    object.say("性別 Sex", item_lines(&attested.sex, sex));
    let marks = attested.address_substitutes();
    object.say("住所 Address", marked_lines(&attested.address, &attested.address_mask, marks));
    let masks = [("氏名 name", &attested.name_mask), ("住所 address", &attested.address_mask)];
    let masks = masks.map(|(of, mask)| format!("{of} {}", item_lines(mask, mask.text()).join(" ")));
    object.say("代替文字 Substitutes", masks.to_vec());
}

/// An item as it is, if it can be read: by its meaning if it has one.
fn item_lines(item: &ItemText, meaning: Option<impl Into<String>>) -> Vec<String> {
    let line = match (item, meaning) {
        (ItemText::Text(_), Some(meaning)) => meaning.into(),
        (ItemText::Text(text), None) => format!("読めません not in its form: {text}"),
        (ItemText::Absent, _) => "記載なし absent".to_owned(),
        (ItemText::Malformed(der), _) => format!("読めません malformed: {}", short_hex(der)),
    };
    vec![line]
}

/// A text, and under it the places of its substitute characters.
fn marked_lines(item: &ItemText, mask: &ItemText, marks: Option<Vec<usize>>) -> Vec<String> {
    let mut lines = item_lines(item, item.text());
    let Some(text) = item.text() else {
        return lines;
    };
    match marks {
        Some(marks) if marks.is_empty() => {}
        Some(marks) => {
            let under: String = text
                .chars()
                .enumerate()
                .map(|(at, character)| {
                    // The filter may make several characters of one.
                    let width = safe(character.encode_utf8(&mut [0; 4])).width();
                    if marks.binary_search(&at).is_ok() {
                        "^".repeat(width)
                    } else {
                        " ".repeat(width)
                    }
                })
                .collect();
            lines.push(format!("{} ^ 代替文字 substitute character", under.trim_end()));
        }
        None if *mask == ItemText::Absent => {}
        None => lines.push("代替文字の位置が合わない the mask does not fit the text".to_owned()),
    }
    lines
}

/// `昭和55年2月17日 (1980-02-17)`, with what is unknown or contradicts itself said.
fn birth_line(era: Era, date: BirthDate) -> String {
    let japanese = japanese_date(era, date);
    let iso = date.to_iso();
    let actual = date.era();
    if era == actual || era == Era::Unknown {
        format!("{japanese} ({iso})")
    } else {
        let (stated, actual) = (era.japanese(), actual.japanese());
        format!("{japanese} ({iso}) 元号の不一致 era stated: {stated}, of the date: {actual}")
    }
}

/// The date in the words of Japan: in the stated era where it counts that year, else in the Western
/// calendar.
fn japanese_date(era: Era, date: BirthDate) -> String {
    let year = match date.year() {
        Some(year) => era.japanese_year(year).unwrap_or_else(|| format!("{year}年")),
        None if era == Era::Unknown => "年不明".to_owned(),
        None => format!("{}年不明", era.japanese()),
    };
    let month = date.month().map_or_else(|| "月不明".to_owned(), |month| format!("{month}月"));
    let day = date.day().map_or_else(|| "日不明".to_owned(), |day| format!("{day}日"));
    format!("{year}{month}{day}")
}

fn japanese_sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "不明",
    }
}

fn say_common_name(name: &CommonName, object: &mut Object) {
    if let CommonName::Signature { requested, requested_at, sequence, .. } = name {
        let at = requested_at.map_or_else(
            || format!("{requested} 実在しない日時 no such time"),
            |at| format!("{} JST", at.japan().strftime("%Y-%m-%d %H:%M:%S")),
        );
        object.say("発行要求 Requested", vec![format!("{at}, {sequence}")]);
    }
    let window = name.window();
    let municipality = window.municipality.map_or("不明 unknown".to_owned(), place);
    let line = format!("{} {municipality}, {}", window.code, window.suffix);
    object.say("受付窓口 Window", vec![line]);
}

/// `東京都清瀬市`.
fn place(municipality: Municipality) -> String {
    format!("{}{}", municipality.prefecture(), municipality.name())
}

fn common_name_json(name: &CommonName) -> Value {
    let window = name.window();
    let window = json!({
        "code": window.code,
        "municipality": window.municipality.map(municipality_json),
        "suffix": window.suffix,
    });
    match name {
        CommonName::Signature { requested, requested_at, sequence, .. } => json!({
            "form": "signature",
            "requested": requested,
            "requested_at": requested_at.map(|at| json!({
                "utc": at.to_string(),
                "jst": at.japan().strftime("%Y-%m-%dT%H:%M:%S+09:00").to_string(),
            })),
            "sequence": sequence,
            "window": window,
        }),
        CommonName::UserAuthentication { opaque, .. } => json!({
            "form": "user-authentication",
            "opaque": opaque,
            "window": window,
        }),
    }
}

fn municipality_json(municipality: Municipality) -> Value {
    json!({ "code": municipality.code(), "name": place(municipality) })
}

fn partition_json(partition: &ListedOn) -> Value {
    match partition {
        ListedOn::Authority => json!({ "of": "authority" }),
        ListedOn::Municipality { prefecture, label, municipality } => json!({
            "of": "municipality",
            "prefecture": prefecture,
            "label": label,
            "municipality": municipality.map(municipality_json),
        }),
    }
}

fn attested_json(attested: &AttestedText) -> Value {
    let born = attested.birth_date().map(|(era, date)| {
        json!({
            "era": era.romaji(),
            "era_japanese": era.japanese(),
            "era_of_date": date.era().romaji(),
            "date": date.to_iso(),
            "japanese": japanese_date(era, date),
        })
    });
    let sex =
        attested.sex().map(|sex| json!({ "word": sex.as_str(), "japanese": japanese_sex(sex) }));
    json!({
        "name": item_json(&attested.name, "substitutes", &json!(attested.name_substitutes())),
        "birth_date": item_json(&attested.birth_date, "decoded", &json!(born)),
        "sex": item_json(&attested.sex, "decoded", &json!(sex)),
        "address": item_json(&attested.address, "substitutes", &json!(attested.address_substitutes())),
        "name_mask": item_json(&attested.name_mask, "decoded", &Value::Null),
        "address_mask": item_json(&attested.address_mask, "decoded", &Value::Null),
    })
}

/// An item: its text, and under `key` what it means; null when absent.
fn item_json(item: &ItemText, key: &str, meaning: &Value) -> Value {
    match item {
        ItemText::Absent => Value::Null,
        ItemText::Text(text) => json!({ "text": text, key: meaning }),
        ItemText::Malformed(der) => json!({ "error": "malformed", "hex": hex(der) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(code: &str) -> String {
        let (era, date) = BirthDate::from_encoded(code).unwrap();
        birth_line(era, date)
    }

    #[test]
    fn dates_read_as_japan_writes_them() {
        assert_eq!(born("319800217"), "昭和55年2月17日 (1980-02-17)");
        assert_eq!(born("520190501"), "令和元年5月1日 (2019-05-01)");
        assert_eq!(born("019800217"), "1980年2月17日 (1980-02-17)");
        assert_eq!(born("319500500"), "昭和25年5月日不明 (1950-05-00)");
        assert_eq!(
            born("400000000"),
            "平成年不明月不明日不明 (0000-00-00) 元号の不一致 era stated: 平成, of the date: 不明"
        );
        assert_eq!(
            born("419890107"),
            "平成元年1月7日 (1989-01-07) 元号の不一致 era stated: 平成, of the date: 昭和"
        );
    }

    #[test]
    fn substitutes_are_marked_under_their_characters() {
        let text = |text: &str| ItemText::Text(text.to_owned());
        let lines = marked_lines(&text("渡辺　A子"), &text("01010"), Some(vec![1, 3]));
        assert_eq!(lines, ["渡辺　A子", "  ^^  ^ ^ 代替文字 substitute character"]);
        let lines = marked_lines(&text("渡辺"), &text("0"), None);
        assert_eq!(lines[1], "代替文字の位置が合わない the mask does not fit the text");
    }
}
