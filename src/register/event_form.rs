//! The wire form of a register event: one line of a feed (JSON Lines). Unknown and repeated fields
//! are refused (only items that the law names are accepted), and no message repeats a value.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::form::CardForm;
use super::form::FormError;
use super::form::ResidenceForm;
use super::form::SubstituteForm;
use super::form::read;

/// A line of a feed as it stands, nothing checked but its shape.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EventForm {
    /// Who sends: a municipality's six-digit code, `immigration` or `card-desk`.
    pub source: String,
    /// The number within the source, from 1, without gaps. Only a resend may lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The id, unique over all sources.
    pub id: String,
    /// The register's handle of the person.
    pub person: String,
    /// The change reason (異動事由), one of [`ChangeReason::ALL`](super::ChangeReason::ALL).
    pub reason: String,
    /// Day of the change (異動年月日); of a move-out or a move abroad, the planned day.
    pub event_date: String,
    /// Day of the notice (届出年月日); what is done ex officio has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notified_on: Option<String>,
    /// When the register was changed.
    pub recorded_at: String,
    /// What changed, each item with its old and its new value.
    #[serde(default, skip_serializing_if = "ChangesForm::is_empty")]
    pub changes: ChangesForm,
    /// The certificate, or the kind and carrier, that the event is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetForm>,
    /// Free text; needed for `correction` (its ground) and `minor_correction` (a word of the policy
    /// `minor_corrections`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Substitute characters of the new values, as in a holder file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<SubstituteForm>,
    /// The card: with a move-in or a return, that its use continues; with an extension, its new
    /// end; with a re-issue, the new card's end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardForm>,
    /// The id of the refused event that this one repeats, corrected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend_of: Option<String>,
    /// The source's signature over [`EventForm::canonical`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// `changes` of a register event.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the items of a holder file")]
pub struct ChangesForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_surname: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<ChangeForm<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residence: Option<ChangeForm<ResidenceForm>>,
    /// Eleven digits (住民票コード).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident_code: Option<ChangeForm<String>>,
}

/// The old and the new value of an item; an item that was not or is no longer recorded has none.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeForm<T> {
    /// The value before.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub old: Option<T>,
    /// The value from now on.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub new: Option<T>,
}

/// `target` of a register event: `ca` and `serial`, or `kind` and `carrier`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are words of the command line")]
pub struct TargetForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
}

impl EventForm {
    /// Reads a line.
    ///
    /// # Errors
    /// When the bytes are too many, not UTF-8, not JSON, or not of this shape.
    pub fn read(bytes: &[u8]) -> Result<Self, FormError> {
        read(bytes, MAX_EVENT, "a register event")
    }

    /// The bytes that the source signs: the form without its signature, as compact JSON, its fields
    /// in the order in which they stand here and those that are absent left out.
    ///
    /// # Errors
    /// Never in practice: the form has nothing that JSON cannot hold.
    pub fn canonical(&self) -> Result<Vec<u8>, FormError> {
        let unsigned = Self { signature: None, ..self.clone() };
        serde_json::to_vec(&unsigned)
            .map_err(|_| FormError::new("", "cannot be written as JSON".to_owned()))
    }
}

impl ChangesForm {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for EventForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventForm(redacted)")
    }
}

impl fmt::Debug for ChangesForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangesForm(redacted)")
    }
}

impl<T> fmt::Debug for ChangeForm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeForm(redacted)")
    }
}

impl fmt::Debug for TargetForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TargetForm(redacted)")
    }
}

fn none<T>() -> Option<T> {
    None
}

/// The longest line of a feed, in bytes: ten times what the longest items need, old and new.
pub const MAX_EVENT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"source":"132217","seq":17,"id":"132217-2026-000017","person":"p-0001","reason":"relocation","event_date":"2026-04-01","notified_on":"2026-04-03","recorded_at":"2026-04-03T10:15:00+09:00","changes":{"address":{"old":"東京都清瀬市中里五丁目８４２番地","new":"東京都清瀬市松山一丁目１番２号"}}}"#;

    fn error(text: &str) -> String {
        EventForm::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_is_read_and_written_back() {
        let form = EventForm::read(GOOD.as_bytes()).unwrap();
        assert_eq!(form.seq, Some(17));
        assert_eq!(serde_json::to_string(&form).unwrap(), GOOD);
    }

    #[test]
    fn the_canonical_line_is_the_one_without_the_signature() {
        let signed = GOOD.replacen('{', r#"{"signature":"AAAA", "#, 1);
        let form = EventForm::read(signed.as_bytes()).unwrap();
        assert_eq!(form.canonical().unwrap(), GOOD.as_bytes());
    }

    #[test]
    fn shape_errors_name_the_field_and_not_the_value() {
        let with = |field: &str| GOOD.replacen('{', &format!("{{{field},"), 1);
        assert!(
            error(&with(r#""shoe_size":24"#))
                .starts_with("there is no field shoe_size in a register event")
        );
        assert!(error(&with(r#""seq":18"#)).starts_with("the field seq stands twice"));
        assert!(error(&GOOD.replace("17,", "-17,")).starts_with("seq: wrong type, expected u64"));
        assert!(
            error(&GOOD.replace("\"address\":{", "\"kana\":{"))
                .starts_with("there is no field kana")
        );
        assert!(error(&GOOD.replace("\"old\":", "\"was\":")).starts_with("there is no field was"));
        let nested = GOOD.replace(r#""new":"東京都清瀬市松山一丁目１番２号""#, r#""new":["松山"]"#);
        assert!(error(&nested).starts_with("changes.address.new: wrong type, expected a string"));
        assert!(!error(&nested).contains("松山"));
    }

    #[test]
    fn a_line_that_was_cut_or_is_too_long_is_refused() {
        assert!(error(&GOOD[..120]).contains("ends too early"));
        assert_eq!(error(&" ".repeat(10 << 20)), "longer than 65536 bytes");
        assert!(error("").contains("ends too early"));
        let mut bytes = GOOD.as_bytes().to_vec();
        bytes[10] = 0xff;
        assert!(
            EventForm::read(&bytes).unwrap_err().to_string().starts_with("not UTF-8 at byte 10")
        );
    }

    #[test]
    fn it_does_not_print() {
        let form = EventForm::read(GOOD.as_bytes()).unwrap();
        let all = format!("{form:?} {:?} {:?}", form.changes, form.changes.address);
        assert!(!all.contains('市') && !all.contains("p-0001"), "{all}");
    }
}
