//! The wire form of a resident: a holder file, or a line of a batch. JSON; unknown and repeated
//! fields are refused, and no message repeats a value.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A holder file as it stands, nothing checked but its shape.
///
/// The fields are those of the file, which README.md explains.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct HolderForm {
    pub person: String,
    pub name: String,
    pub birth_date: String,
    pub sex: String,
    pub address: String,
    pub municipality: String,
    pub residence: ResidenceForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_surname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub legal_representative: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guardianship: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<SubstituteForm>,
    /// Only in a batch line.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "http", schema(ignore))]
    pub request_id: Option<String>,
    /// Only in a batch line.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "http", schema(ignore))]
    pub kind: Option<String>,
    /// Only in a batch line: a `SubjectPublicKeyInfo` in PEM, or its DER in base64.
    #[serde(default, skip_serializing)]
    #[cfg_attr(feature = "http", schema(ignore))]
    pub public_key: Option<String>,
}

/// `residence` of a holder file.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct ResidenceForm {
    pub category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_end: Option<String>,
}

/// `card` of a holder file.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct CardForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// One of the `substitutes` of a holder file.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct SubstituteForm {
    pub item: String,
    pub index: usize,
    pub original: String,
    pub used: String,
}

impl HolderForm {
    /// Reads a form.
    ///
    /// # Errors
    /// When the bytes are too many, not UTF-8, not JSON, or not of this shape.
    pub fn read(bytes: &[u8]) -> Result<Self, FormError> {
        read(bytes, MAX_FORM, "a holder file")
    }
}

impl fmt::Debug for HolderForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderForm(redacted)")
    }
}

impl fmt::Debug for ResidenceForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResidenceForm(redacted)")
    }
}

impl fmt::Debug for CardForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardForm(redacted)")
    }
}

impl fmt::Debug for SubstituteForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubstituteForm(redacted)")
    }
}

/// Why bytes are not a form: which field, and what was expected there; never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", prefix(.field))]
#[non_exhaustive]
pub struct FormError {
    /// The field, as a path like `card.expires`; empty for the whole.
    pub field: String,
    /// What is wrong.
    pub problem: String,
}

impl FormError {
    /// The stable code.
    pub const CODE: &'static str = "E-JSON";

    /// A problem with the whole.
    pub(crate) fn problem(problem: &str) -> Self {
        Self::new("", problem.to_owned())
    }

    pub(super) fn new(field: &str, problem: String) -> Self {
        // The path of an unknown field is the file's own word for it, which may be anything.
        let plain = field.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.[]".contains(&b));
        let field = if plain && field != "." { field } else { "" };
        Self { field: field.to_owned(), problem }
    }

    /// What serde says, without the values that it quotes.
    fn of(path: &str, error: &serde_json::Error, thing: &str) -> Self {
        let place = format!("(line {}, column {})", error.line(), error.column());
        let said = error.to_string();
        let quoted = |prefix: &str| {
            let rest = said.strip_prefix(prefix)?;
            let name = rest.split('`').next()?;
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            Some(if plain && name.len() <= 40 { format!(" {name}") } else { String::new() })
        };
        let problem = if let Some(name) = quoted("missing field `") {
            return Self::new("", format!("the field{name} is missing {place}"));
        } else if let Some(name) = quoted("unknown field `") {
            return Self::new("", format!("there is no field{name} in {thing} {place}"));
        } else if let Some(name) = quoted("duplicate field `") {
            return Self::new("", format!("the field{name} stands twice {place}"));
        } else if error.is_eof() {
            format!("the JSON ends too early {place}")
        } else if let Some((_, expected)) = said.rsplit_once(", expected ") {
            let expected = expected.split(" at line").next().unwrap_or(expected);
            format!("wrong type, expected {expected} {place}")
        } else {
            format!("not JSON {place}")
        };
        Self::new(path, problem)
    }
}

/// Reads the JSON of `thing`, of `limit` bytes at most.
pub(crate) fn read<T: DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
    thing: &str,
) -> Result<T, FormError> {
    if bytes.len() > limit {
        return Err(FormError::new("", format!("longer than {limit} bytes")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        FormError::new("", format!("not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    let mut json = serde_json::Deserializer::from_str(text);
    let form = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        FormError::of(&path, error.inner(), thing)
    })?;
    json.end().map_err(|error| FormError::of("", &error, thing))?;
    match stray_list(text) {
        None => Ok(form),
        Some(at) => {
            Err(FormError::new("", format!("a list stands at byte {at} instead of fields")))
        }
    }
}

/// Where a list stands that is none of substitutes: serde takes the fields of a form in a row as well,
/// without their names.
fn stray_list(text: &str) -> Option<usize> {
    let (mut is_string, mut is_escaped) = (false, false);
    for (at, octet) in text.bytes().enumerate() {
        match (is_string, octet) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => is_string = !is_string,
            (false, b'[') => {
                let before = text.get(..at).unwrap_or_default().trim_ascii_end();
                let named = before.strip_suffix(':').map(str::trim_ascii_end);
                if !named.is_some_and(|before| before.ends_with("\"substitutes\"")) {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn prefix(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

/// The longest holder file or batch line, in bytes: ten times what the longest items need.
pub const MAX_FORM: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"person":"p-1","name":"山田　花子","birth_date":"1990-12-07","sex":"female",
        "address":"東京都清瀬市中里五丁目８４２番地","municipality":"132217","residence":{"category":"national"}}"#;

    fn error(text: &str) -> String {
        HolderForm::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_form_is_read() {
        let form = HolderForm::read(GOOD.as_bytes()).unwrap();
        assert_eq!(form.residence.category, "national");
        assert!(!form.guardianship && form.card.is_none());
    }

    #[test]
    fn shape_errors_name_the_field_and_not_the_value() {
        let with = |field: &str| GOOD.replacen('{', &format!("{{{field},"), 1);
        assert!(
            error(&with(r#""guardianship":"山田""#))
                .starts_with("guardianship: wrong type, expected a boolean")
        );
        assert!(
            error(&with(r#""card":{"expires":20351207}"#))
                .starts_with("card.expires: wrong type, expected a string")
        );
        assert!(error(&with(r#""shoe_size":24"#)).starts_with("there is no field shoe_size"));
        assert!(error(&with(r#""山田":24"#)).starts_with("there is no field in"));
        assert!(error(&with(r#""person":"p-2""#)).starts_with("the field person stands twice"));
        assert!(
            error(&GOOD.replace(r#""sex":"female","#, "")).starts_with("the field sex is missing")
        );
        assert!(
            error(&GOOD[..90]).starts_with("the JSON ends too early")
                || error(&GOOD[..90]).contains("ends too early")
        );
        assert!(error(&format!("{GOOD} {GOOD}")).starts_with("not JSON"));
        for text in [with(r#""guardianship":"山田""#), with(r#""山田":24"#)] {
            assert!(!error(&text).contains("山田"));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[20] = 0xff;
        assert!(
            HolderForm::read(&bytes).unwrap_err().to_string().starts_with("not UTF-8 at byte 20")
        );
        let long = format!("{GOOD}{}", " ".repeat(MAX_FORM));
        assert_eq!(error(&long), "longer than 65536 bytes");
        assert!(error("[]").contains("expected"));
        assert!(error("").contains("ends too early"));
    }

    #[test]
    fn fields_in_a_row_are_not_a_form() {
        let person = r#"["p-1","山田　花子","1990-12-07","female","東京都","132217",{"category":"national"}]"#;
        for text in
            [person.to_owned(), GOOD.replace(r#"{"category":"national"}"#, r#"["national"]"#)]
        {
            assert!(HolderForm::read(text.as_bytes()).is_err(), "{text}");
        }
        let bracket = GOOD.replace("p-1", "[");
        let other = |error: FormError| !error.to_string().contains("a list");
        assert!(HolderForm::read(bracket.as_bytes()).map_or_else(other, |_| true));
        let substitute = r#"{"item":"name","index":0,"original":"U+9AD9","used":"高"}"#;
        for (list, is_read) in [
            (format!("[{substitute}]"), true),
            ("[]".to_owned(), true),
            (r#"[["name",0,"U+9AD9","高"]]"#.to_owned(), false),
        ] {
            let text = GOOD.replace("\"sex\"", &format!("\"substitutes\" : {list},\"sex\""));
            assert_eq!(HolderForm::read(text.as_bytes()).is_ok(), is_read, "{text}");
        }
    }
}
