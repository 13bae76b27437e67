//! Permitted characters (使用可能文字): JIS X 0208 and JIS X 0212, as the certificate profile allows
//! them (profile specification, quoted in the practice statement 3.1.7 and 3.1.8). What lies outside
//! is gaiji (外字): the certificate carries a substitute character and marks its place.
//!
//! The standards number cells, not code points, and vendors map some cells differently. Each cell
//! has one code point here, so that a text has one form:
//!
//! | cell | taken | refused, with the taken one proposed |
//! | --- | --- | --- |
//! | 1-29 dash | U+2015 | U+2014 |
//! | 1-32 reverse solidus | U+FF3C | U+005C |
//! | 1-33 wave dash | U+301C | U+FF5E |
//! | 1-34 double vertical line | U+2016 | U+2225 |
//! | 1-61 minus sign | U+2212 **and** U+FF0D | |
//! | 1-79 yen sign | U+FFE5 | U+00A5 |
//! | 1-81 cent, 1-82 pound, 2-44 not sign | U+00A2, U+00A3, U+00AC | U+FFE0, U+FFE1, U+FFE2 |
//! | JIS X 0212 2-23 tilde | none | U+007E, U+FF5E |
//!
//! The minus sign is the exception: certificates in circulation write the hyphen of an address as
//! U+FF0D, while the standards' own mapping has U+2212, so neither can be refused.
//!
//! Text is never normalised: Unicode's normal forms replace name characters by others (U+FA19
//! becomes U+795E), which is a change of name.

use std::sync::LazyLock;

use super::Fault;
use super::Item;
use super::Rule;

/// Why a character is not permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Below U+0080 and printable.
    Ascii,
    /// Right-to-left marks and overrides, which make text look like other text.
    Bidirectional,
    /// Accents and voicing marks that join the character before them.
    Combining,
    /// C0 and C1 controls.
    Control,
    /// U+FFFD: the text was damaged earlier.
    Damaged,
    /// Half-width katakana and other half-width forms.
    HalfWidth,
    /// Zero-width characters and tags.
    Invisible,
    /// Code points that never hold a character.
    Noncharacter,
    /// A character, but of neither standard.
    Outside,
    /// Gaiji of a private code.
    PrivateUse,
    /// A space, but not U+3000.
    Space,
    /// A plane without characters.
    Unassigned,
    /// Selects a glyph of the character before it.
    VariationSelector,
}

impl Class {
    /// The class of a character that is not permitted.
    pub(super) fn of(c: char) -> Self {
        let code_point = u32::from(c);
        match code_point {
            0x20..=0x7E => Self::Ascii,
            _ if c.is_control() => Self::Control,
            _ if is_selector(c) => Self::VariationSelector,
            _ if code_point & 0xFFFE == 0xFFFE => Self::Noncharacter,
            0xFDD0..=0xFDEF => Self::Noncharacter,
            0x061C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069 => Self::Bidirectional,
            0x00AD | 0x034F | 0x115F | 0x1160 | 0x180E | 0x200B..=0x200D | 0x2060..=0x2064 => {
                Self::Invisible
            }
            0x206A..=0x206F | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF => {
                Self::Invisible
            }
            _ if c.is_whitespace() => Self::Space,
            0x0300..=0x036F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF => {
                Self::Combining
            }
            0x302A..=0x302F | 0x3099 | 0x309A | 0xFE20..=0xFE2F => Self::Combining,
            0xFF61..=0xFFDC | 0xFFE8..=0xFFEE => Self::HalfWidth,
            0xFFFD => Self::Damaged,
            0xE000..=0xF8FF | 0xF_0000.. => Self::PrivateUse,
            0x4_0000..=0xE_FFFF => Self::Unassigned,
            _ => Self::Outside,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Ascii => "an ASCII character",
            Self::Bidirectional => "a bidirectional control",
            Self::Combining => "a combining mark",
            Self::Control => "a control character",
            Self::Damaged => "the replacement character",
            Self::HalfWidth => "a half-width character",
            Self::Invisible => "an invisible character",
            Self::Noncharacter => "a noncharacter",
            Self::Outside => "outside JIS X 0208 and JIS X 0212",
            Self::PrivateUse => "a private-use character",
            Self::Space => "a space other than U+3000",
            Self::Unassigned => "an unassigned code point",
            Self::VariationSelector => "a variation selector",
        }
    }

    /// What to do where no replacement is known.
    fn advice(self) -> &'static str {
        match self {
            Self::Bidirectional | Self::Control | Self::Invisible | Self::Noncharacter => {
                "delete it"
            }
            Self::Combining => "write it and the character before it as one composed character",
            Self::Damaged => "the text was damaged before it came here: fetch it again",
            Self::Space => "write U+3000",
            Self::VariationSelector => "delete it: no kanji stands before it",
            Self::Unassigned => "find out which character is meant",
            Self::Ascii | Self::HalfWidth | Self::Outside | Self::PrivateUse => AGREE,
        }
    }
}

/// Whether a certificate can carry the character as it is.
pub(crate) fn is_permitted(c: char) -> bool {
    let (word, bit) = place(c);
    PERMITTED.get(word).is_some_and(|bits| bits & bit != 0)
}

/// Whether the character only selects a glyph of the one before it (Unicode 23.4; the ideographic
/// ones are U+E0100 and above, UTS #37).
pub(super) fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Checks that an item is neither empty nor longer than `limit` characters.
pub(super) fn check_length(item: Item, text: &str, limit: usize) -> Result<(), Fault> {
    let length = text.chars().count();
    if length == 0 {
        return Err(Fault::new(item, Rule::Empty));
    }
    if length > limit {
        return Err(Fault::new(item, Rule::TooLong { length, limit }));
    }
    Ok(())
}

/// Checks that every character is permitted; the first one that is not makes the fault.
pub(super) fn check(item: Item, text: &str) -> Result<(), Fault> {
    let mut before = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((position, c)) = characters.next() {
        if !is_permitted(c) {
            let after = characters.peek().map(|(_, next)| *next);
            return Err(refuse(item, position, before, c, after));
        }
        before = Some(c);
    }
    Ok(())
}

/// The fault of the character at `position`, which is not permitted.
pub(super) fn refuse(
    item: Item,
    position: usize,
    before: Option<char>,
    c: char,
    after: Option<char>,
) -> Fault {
    let class = Class::of(c);
    let selector = after.filter(|next| is_selector(*next));
    let proposal = if let Some(text) = rewritten(c) {
        format!("write {text}")
    } else if class == Class::VariationSelector
        && let Some(base @ '\u{4E00}'..='\u{9FFF}') = before
    {
        // The sequence is one character: its place is that of the base.
        let original = format!("U+{:04X} U+{:04X}", u32::from(base), u32::from(c));
        substitute(item, position.saturating_sub(1), &original, base)
    } else if let Some(used) = usual_form(c) {
        let original = match selector {
            Some(selector) => format!("U+{:04X} U+{:04X}", u32::from(c), u32::from(selector)),
            None => format!("U+{:04X}", u32::from(c)),
        };
        substitute(item, position, &original, used)
    } else if class == Class::Combining
        && let Some(composed) = before.and_then(|base| composed(base, c))
    {
        format!("write it and the character before it as one: {composed}")
    } else {
        class.advice().to_owned()
    };
    let code_point = u32::from(c);
    Fault::new(item, Rule::Character { code_point, position, class: class.label(), proposal })
}

/// The same character in the form that the repertoire has; no substitute, so no mark in the mask.
fn rewritten(c: char) -> Option<String> {
    if let Some((_, text)) = REWRITTEN.iter().find(|(from, _)| *from == c) {
        return Some((*text).to_owned());
    }
    let wide = match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c).saturating_add(0xFEE0))?,
        '\u{FF61}'..='\u{FF9D}' => {
            let offset = u32::from(c).checked_sub(0xFF61)?;
            KATAKANA.chars().nth(usize::try_from(offset).ok()?)?
        }
        _ if Class::of(c) == Class::Space => '\u{3000}',
        _ => return None,
    };
    is_permitted(wide).then(|| format!("{wide} (U+{:04X})", u32::from(wide)))
}

/// The kana with its voicing mark, which follows it in the code.
fn composed(base: char, mark: char) -> Option<char> {
    let step = match (mark, base) {
        ('\u{3099}', 'う') => return Some('\u{3094}').filter(|c| is_permitted(*c)),
        ('\u{3099}', 'ウ') => return Some('ヴ'),
        ('\u{3099}', _) if VOICED.contains(base) => 1,
        ('\u{309A}', _) if HALF_VOICED.contains(base) => 2,
        _ => return None,
    };
    char::from_u32(u32::from(base).checked_add(step)?)
}

/// The usual form of a variant, if it is known.
fn usual_form(c: char) -> Option<char> {
    let at = VARIANTS.binary_search_by_key(&c, |(variant, _)| *variant).ok()?;
    VARIANTS.get(at).map(|(_, form)| *form)
}

fn substitute(item: Item, index: usize, original: &str, used: char) -> String {
    if item == Item::Alias {
        // The certificate has no mask for an alias.
        return format!("an alias takes no substitute: agree another spelling, such as {used}");
    }
    format!(
        "write {used} and give it as a substitute: \
         {{\"item\":\"{item}\",\"index\":{index},\"original\":\"{original}\",\"used\":\"{used}\"}}"
    )
}

/// Word and bit of a character in [`PERMITTED`].
fn place(c: char) -> (usize, u64) {
    let code_point = u32::from(c);
    (usize::try_from(code_point >> 6).unwrap_or(usize::MAX), 1 << (code_point & 63))
}

/// One bit per code point of the basic plane; both standards lie in it.
static PERMITTED: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut bits = vec![0; 0x1_0000 / 64];
    let cells = [JIS_X_0208, JIS_X_0212].into_iter().flat_map(cells);
    for c in cells.chain([FULL_WIDTH_HYPHEN]) {
        let (word, bit) = place(c);
        if let Some(slot) = bits.get_mut(word) {
            *slot |= bit;
        }
    }
    bits
});

/// Variants and their usual forms, by variant.
static VARIANTS: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pair = |line: &str| {
        let (code_point, form) = line.split_once('\t')?;
        let variant = char::from_u32(u32::from_str_radix(code_point, 16).ok()?)?;
        Some((variant, form.chars().next()?))
    };
    include_str!("variants.tsv").lines().filter_map(pair).collect()
});

/// The filled cells of a table of one standard.
fn cells(table: &str) -> impl Iterator<Item = char> {
    let rows = table.lines().filter_map(|line| line.split_once('\t'));
    rows.flat_map(|(_, row)| row.chars()).filter(|c| *c != '.')
}

/// JIS X 0208 (第1水準・第2水準漢字 and non-kanji): 6,879 characters, no vendor rows.
const JIS_X_0208: &str = include_str!("jis_x_0208.tsv");

/// JIS X 0212 (補助漢字): 6,067 cells, of which the tilde is left out (module documentation).
const JIS_X_0212: &str = include_str!("jis_x_0212.tsv");

/// Second code point of the minus sign (module documentation).
const FULL_WIDTH_HYPHEN: char = '\u{FF0D}';

/// What is said where no replacement is known.
const AGREE: &str = "agree a substitute with the applicant and give it under `substitutes`";

/// Katakana and marks in the order of the half-width ones from U+FF61; the voicing marks are not
/// among them, since they join the kana before.
const KATAKANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノ\
    ハヒフヘホマミムメモヤユヨラリルレロワン";

/// Kana that the next code point voices.
const VOICED: &str =
    "かきくけこさしすせそたちつてとはひふへほゝカキクケコサシスセソタチツテトハヒフヘホヽ";

/// Kana that the code point after the next half-voices.
const HALF_VOICED: &str = "はひふへほハヒフヘホ";

/// Characters with another form in the repertoire that is not found by rule.
const REWRITTEN: &[(char, &str)] = &[
    ('"', "” (U+201D)"),
    ('\'', "’ (U+2019)"),
    ('~', "〜 (U+301C)"),
    ('\u{00A5}', "￥ (U+FFE5)"),
    ('\u{00B7}', "・ (U+30FB)"),
    ('\u{2011}', "‐ (U+2010)"),
    ('\u{2012}', "－ (U+FF0D)"),
    ('\u{2013}', "－ (U+FF0D)"),
    ('\u{2014}', "― (U+2015)"),
    ('\u{2022}', "・ (U+30FB)"),
    ('\u{2160}', "Ｉ"),
    ('\u{2161}', "ＩＩ"),
    ('\u{2162}', "ＩＩＩ"),
    ('\u{2163}', "ＩＶ"),
    ('\u{2164}', "Ｖ"),
    ('\u{2165}', "ＶＩ"),
    ('\u{2166}', "ＶＩＩ"),
    ('\u{2167}', "ＶＩＩＩ"),
    ('\u{2168}', "ＩＸ"),
    ('\u{2169}', "Ｘ"),
    ('\u{2225}', "‖ (U+2016)"),
    ('\u{22EF}', "… (U+2026)"),
    ('\u{3231}', "（株）"),
    ('\u{3232}', "（有）"),
    ('\u{FF02}', "” (U+201D)"),
    ('\u{FF07}', "’ (U+2019)"),
    ('\u{FF5E}', "〜 (U+301C)"),
    ('\u{FF9E}', "it and the kana before it as one full-width kana"),
    ('\u{FF9F}', "it and the kana before it as one full-width kana"),
    ('\u{FFE0}', "¢ (U+00A2)"),
    ('\u{FFE1}', "£ (U+00A3)"),
    ('\u{FFE2}', "¬ (U+00AC)"),
    ('\u{FFE4}', "¦ (U+00A6)"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::any;
    use proptest::proptest;

    use super::*;

    fn fault(text: &str) -> String {
        check(Item::Name, text).unwrap_err().to_string()
    }

    #[test]
    fn both_standards_are_whole() {
        let first: BTreeSet<char> = cells(JIS_X_0208).collect();
        let second: BTreeSet<char> = cells(JIS_X_0212).collect();
        assert_eq!(first.len(), 6_879);
        // One of the 6,067 cells, the tilde, has no permitted code point.
        assert_eq!(second.len(), 6_066);
        assert!(first.is_disjoint(&second));
        let permitted = ('\0'..=char::MAX).filter(|c| is_permitted(*c)).count();
        assert_eq!(permitted, 6_879 + 6_066 + 1, "both standards and U+FF0D");
    }

    #[test]
    fn known_members() {
        for c in "亜熙辺邉邊崎高吉〜－\u{2212}\u{3000}々〆ヶあ丂龥".chars() {
            assert!(is_permitted(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn known_outsiders() {
        for c in "髙﨑𠮷①㈱Ⅱｱﾞ1A ~\u{FF5E}\u{2014}\u{2225}\u{E000}\u{FE00}\u{F900}\u{10FFFF}".chars()
        {
            assert!(!is_permitted(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn a_known_variant_is_proposed_as_a_substitute() {
        assert_eq!(
            fault("髙橋"),
            "name: character U+9AD9 at position 0 is outside JIS X 0208 and JIS X 0212; write 高 and \
             give it as a substitute: \
             {\"item\":\"name\",\"index\":0,\"original\":\"U+9AD9\",\"used\":\"高\"}"
        );
        for (variant, used) in ["﨑崎", "𠮷吉", "德徳", "\u{FA10}塚", "\u{FA19}神"].map(two)
        {
            assert!(fault(&variant.to_string()).contains(&format!("\"used\":\"{used}\"")));
        }
    }

    #[test]
    fn a_sequence_is_one_character() {
        let text = fault("渡邉\u{E0101}");
        assert!(text.contains("position 2 is a variation selector"), "{text}");
        assert!(text.contains(r#""index":1,"original":"U+9089 U+E0101","used":"邉""#), "{text}");
        let text = fault("𠮷\u{E0100}");
        assert!(text.contains(r#""index":0,"original":"U+20BB7 U+E0100","used":"吉""#), "{text}");
    }

    #[test]
    fn classes_and_proposals() {
        for (text, expected) in [
            ("\u{E000}", "a private-use character; agree a substitute"),
            ("\u{10FFFD}", "a private-use character; agree a substitute"),
            ("\u{202E}", "a bidirectional control; delete it"),
            ("\n", "a control character; delete it"),
            ("\u{200B}", "an invisible character; delete it"),
            ("\u{E0041}", "an invisible character; delete it"),
            ("\u{FE00}", "a variation selector; delete it"),
            ("〒\u{FE0E}", "a variation selector; delete it"),
            ("\u{FDD0}", "a noncharacter"),
            ("\u{5FFFE}", "a noncharacter"),
            ("\u{50000}", "an unassigned code point"),
            ("\u{FFFD}", "the replacement character"),
            ("か\u{3099}", "a combining mark; write it and the character before it as one: が"),
            ("ハ\u{309A}", "a combining mark; write it and the character before it as one: パ"),
            ("a\u{301}", "an ASCII character; write ａ (U+FF41)"),
            ("-", "an ASCII character; write － (U+FF0D)"),
            ("~", "an ASCII character; write 〜 (U+301C)"),
            (" ", "an ASCII character; write \u{3000} (U+3000)"),
            ("\u{A0}", "a space other than U+3000; write \u{3000} (U+3000)"),
            ("ｱ", "a half-width character; write ア (U+30A2)"),
            ("ﾝ", "a half-width character; write ン (U+30F3)"),
            ("\u{FF5E}", "write 〜 (U+301C)"),
            ("Ⅱ", "write ＩＩ"),
            ("①", "outside JIS X 0208 and JIS X 0212; agree a substitute"),
        ] {
            let found = fault(text);
            assert!(found.contains(expected), "{found}");
        }
        let alias = check(Item::Alias, "髙").unwrap_err().to_string();
        assert!(alias.contains("such as 高") && !alias.contains('{'), "{alias}");
    }

    #[test]
    fn what_is_proposed_is_permitted_and_what_is_replaced_is_not() {
        assert!(VARIANTS.is_sorted() && VARIANTS.len() > 700);
        for (variant, form) in VARIANTS.iter() {
            assert!(!is_permitted(*variant) && is_permitted(*form), "{variant}");
        }
        assert_eq!(VARIANTS.len(), include_str!("variants.tsv").lines().count() - 1);
        for (from, text) in REWRITTEN {
            let to = text.split(" (").next().unwrap();
            assert!(!is_permitted(*from), "{from}");
            assert!(to.starts_with("it and") || to.chars().all(is_permitted), "{from}");
        }
        assert_eq!(KATAKANA.chars().count(), 0xFF9D - 0xFF61 + 1);
        assert!(('!'..='~').all(|c| rewritten(c).is_some()));
    }

    fn two(pair: &str) -> (char, char) {
        let mut characters = pair.chars();
        (characters.next().unwrap(), characters.next().unwrap())
    }

    proptest! {
        #[test]
        fn nothing_panics_and_only_permitted_passes(text in any::<String>()) {
            assert_eq!(check(Item::Name, &text).is_ok(), text.chars().all(is_permitted));
        }
    }
}
