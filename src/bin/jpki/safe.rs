//! Text of strangers, made safe for a terminal.
//!
//! Names and addresses hold characters that we did not choose. Those that move the cursor, turn the
//! direction of a line around or do not show at all are written out, `<U+202E>`; everything that a
//! reader sees as a character stays itself, the ideographic space included.

use std::borrow::Cow;

/// `text` without anything that a terminal would act on or hide.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_dangerous(character) {
            shown.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal would act on a character, hide it, or show whatever its font has there.
fn is_dangerous(character: char) -> bool {
    let code = u32::from(character);
    // The last two code points of every plane are no characters.
    character.is_control()
        || code & 0xfffe == 0xfffe
        || DANGEROUS.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// Ranges beyond the controls: invisible and format characters (general category Cf, fillers,
/// variation selectors), line and paragraph separators, private use, noncharacters.
const DANGEROUS: [(u32, u32); 26] = [
    (0x00ad, 0x00ad),     // soft hyphen
    (0x034f, 0x034f),     // combining grapheme joiner
    (0x0600, 0x0605),     // Arabic number signs
    (0x061c, 0x061c),     // Arabic letter mark
    (0x06dd, 0x06dd),     // Arabic end of ayah
    (0x070f, 0x070f),     // Syriac abbreviation mark
    (0x0890, 0x0891),     // Arabic pound and piastre marks
    (0x08e2, 0x08e2),     // Arabic disputed end of ayah
    (0x115f, 0x1160),     // Hangul fillers
    (0x17b4, 0x17b5),     // Khmer inherent vowels
    (0x180b, 0x180f),     // Mongolian selectors
    (0x200b, 0x200f),     // zero width, direction marks
    (0x2028, 0x202e),     // separators, embeddings, overrides
    (0x2060, 0x206f),     // joiners, isolates
    (0x3164, 0x3164),     // Hangul filler
    (0xe000, 0xf8ff),     // private use
    (0xfdd0, 0xfdef),     // noncharacters
    (0xfe00, 0xfe0f),     // variation selectors
    (0xfeff, 0xfeff),     // byte order mark
    (0xffa0, 0xffa0),     // half-width Hangul filler
    (0xfff0, 0xfffb),     // unassigned, interlinear annotation
    (0x110bd, 0x110cd),   // Kaithi number signs
    (0x13430, 0x1345f),   // Egyptian format controls
    (0x1bca0, 0x1d17a),   // shorthand and musical format controls, and what lies between
    (0xe0000, 0xe0fff),   // tags, variation selectors for kanji (IVS)
    (0xf0000, 0x10_ffff), // private use
];

#[cfg(test)]
mod tests {
    use proptest::prop_assert;
    use proptest::proptest;
    use unicode_width::UnicodeWidthChar as _;

    use super::*;

    #[test]
    fn japanese_stays_itself() {
        for text in
            ["山田　花子", "東京都清瀬市中里５－８４２", "ｶﾅ ÀÉ が 㐂 𠮷 (株)", "C=JP, O=公的"]
        {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn what_acts_or_hides_is_written_out() {
        for (text, shown) in [
            ("a\u{1b}[31mb", "a<U+001B>[31mb"),
            ("a\r\nb\tc\0", "a<U+000D><U+000A>b<U+0009>c<U+0000>"),
            ("\u{9b}2J", "<U+009B>2J"),
            ("abc\u{202e}fdp", "abc<U+202E>fdp"),
            ("\u{2066}x\u{2069}", "<U+2066>x<U+2069>"),
            ("山\u{200b}田", "山<U+200B>田"),
            ("辺\u{e0100}", "辺<U+E0100>"),
            ("\u{e0041}\u{e007f}", "<U+E0041><U+E007F>"),
            ("\u{e000}\u{f0000}\u{10ffff}", "<U+E000><U+F0000><U+10FFFF>"),
            ("\u{2028}\u{feff}\u{ffff}\u{1fffe}", "<U+2028><U+FEFF><U+FFFF><U+1FFFE>"),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_dangerous_is_left(text: String) {
            prop_assert!(!safe(&text).chars().any(is_dangerous));
            prop_assert!(!safe(&text).chars().any(|c| c.width().is_none()));
        }
    }
}
