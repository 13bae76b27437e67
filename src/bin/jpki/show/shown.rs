//! What is shown, for machines and for people side by side, so that neither forgets what the other
//! says.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use unicode_width::UnicodeWidthStr as _;

use crate::safe::safe;

use super::number::hex;
use super::number::short_hex;

/// One thing: its value for machines, its lines for people.
pub(super) struct Shown {
    /// For `--json`.
    pub(super) value: Value,
    /// For the terminal, not yet made safe for it.
    pub(super) lines: Vec<String>,
}

impl Shown {
    /// A value and one line.
    pub(super) fn new(value: impl Into<Value>, line: impl Into<String>) -> Self {
        Self { value: value.into(), lines: vec![line.into()] }
    }

    /// A text that is both.
    pub(super) fn text(text: &str) -> Self {
        Self::new(text, text)
    }

    /// Octets that are not what belongs there.
    pub(super) fn malformed(what: &str, octets: &[u8]) -> Self {
        let value = json!({ "error": format!("not {what}"), "hex": hex(octets) });
        Self::new(value, format!("読めません not {what}: {}", short_hex(octets)))
    }

    /// Several things: a list for machines, their lines one after the other for people.
    pub(super) fn list(all: impl IntoIterator<Item = Self>) -> Self {
        let (values, lines): (Vec<_>, Vec<_>) =
            all.into_iter().map(|shown| (shown.value, shown.lines)).unzip();
        Self { value: values.into(), lines: lines.concat() }
    }

    /// The lines, joined into one.
    pub(super) fn line(&self) -> String {
        self.lines.join(", ")
    }
}

/// One object of a file.
pub(crate) struct Object {
    json: Map<String, Value>,
    sections: Vec<Section>,
}

impl Object {
    /// An object of this kind, under this title.
    pub(super) fn new(kind: &str, title: &str) -> Self {
        let json = Map::from_iter([("object".to_owned(), kind.into())]);
        Self { json, sections: vec![Section { title: title.to_owned(), rows: Vec::new() }] }
    }

    /// A new title for the whole, once more is known.
    pub(super) fn retitle(&mut self, title: &str) {
        if let Some(first) = self.sections.first_mut() {
            title.clone_into(&mut first.title);
        }
    }

    /// Further rows stand under this title.
    pub(super) fn section(&mut self, title: &str) {
        self.sections.push(Section { title: title.to_owned(), rows: Vec::new() });
    }

    /// A fact for both.
    pub(super) fn fact(&mut self, key: &str, label: &str, shown: Shown) {
        self.data(key, shown.value);
        self.say(label, shown.lines);
    }

    /// A fact for machines only.
    pub(super) fn data(&mut self, key: &str, value: impl Into<Value>) {
        self.json.insert(key.to_owned(), value.into());
    }

    /// Lines for people only.
    pub(super) fn say(&mut self, label: &str, lines: Vec<String>) {
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(Row { label: label.to_owned(), lines });
        }
    }

    /// The value for machines.
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.json.clone())
    }

    /// The text for people, aligned by what a terminal takes for each character.
    pub(crate) fn to_text(&self) -> String {
        let rows = || self.sections.iter().flat_map(|section| &section.rows);
        let widest = rows().map(|row| row.label.width()).filter(|width| *width <= LABEL).max();
        let column = widest.unwrap_or(0);
        let mut text = String::new();
        for (position, section) in self.sections.iter().enumerate() {
            if position > 0 && section.rows.is_empty() {
                continue;
            }
            text.push_str(&safe(&section.title));
            text.push('\n');
            for row in &section.rows {
                row.write(column, &mut text);
            }
        }
        text.truncate(text.trim_end_matches('\n').len());
        text
    }
}

struct Section {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    label: String,
    lines: Vec<String>,
}

impl Row {
    /// The only way from a file to the terminal: every label and line passes the filter here.
    fn write(&self, column: usize, text: &mut String) {
        let label = safe(&self.label);
        let mut at = label.width();
        text.push_str("  ");
        text.push_str(&label);
        for (count, line) in self.lines.iter().enumerate() {
            if count > 0 {
                text.push_str("\n  ");
                at = 0;
            }
            // A label wider than the column pushes its first line aside, not all the others.
            text.push_str(&" ".repeat(column.saturating_sub(at) + 2));
            text.push_str(&safe(line));
        }
        text.push('\n');
    }
}

/// Columns that the labels may claim.
const LABEL: usize = 28;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_align_by_columns_and_lines_are_filtered() {
        let mut object = Object::new("thing", "題 Title");
        object.fact("a", "氏名 Name", Shown::text("山\u{202e}田\nx"));
        object.say("A", vec!["1".to_owned(), "2".to_owned()]);
        insta::assert_snapshot!(object.to_text(), @r"
        題 Title
          氏名 Name  山<U+202E>田<U+000A>x
          A          1
                     2
        ");
        assert_eq!(object.to_json(), json!({ "object": "thing", "a": "山\u{202e}田\nx" }));
    }
}
