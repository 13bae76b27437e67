//! Names: the registered name (氏名), the former surname (旧氏) and the alias of a foreign resident
//! (通称).
//!
//! A name in characters of JIS X 0208 and JIS X 0212 separates its parts by one ideographic space
//! (profile, subject alternative name, otherName .1). Whether the characters make a name is for the
//! resident record to say: any permitted character is taken, and nothing is normalised.
//!
//! A foreign resident's name in Latin letters is taken as the residence card writes it: ASCII
//! capitals. That the certificate carries them in ASCII is an assumption; a name that the record
//! holds in full-width letters passes as it stands.

use std::fmt;

use super::Fault;
use super::Item;
use super::Rule;
use super::Substitute;
use super::repertoire;
use super::repertoire::Class;
use super::substitute;

/// Registered name (氏名) with the places of its substitute characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
    mask: String,
}

impl Name {
    /// A name; of `substitutes`, those of the name are applied.
    ///
    /// A national's name is a family and a given name with one ideographic space between them. A
    /// foreign resident's is either in Latin capitals, with single ASCII spaces, `-`, `'`, `.` and
    /// `,`, or in permitted characters with no or single ideographic spaces; not in both scripts,
    /// since no one form of the space would be right.
    ///
    /// # Errors
    /// When the name is empty, too long, holds a character that cannot be carried or is separated
    /// wrongly, or when a substitute does not fit it.
    pub fn new(text: &str, foreign: bool, substitutes: &[Substitute]) -> Result<Self, Fault> {
        let item = Item::Name;
        repertoire::check_length(item, text, MAX_LENGTH)?;
        if foreign && text.contains(|c: char| c.is_ascii_alphabetic()) {
            check_latin(text)?;
            check_parts(item, text, ' ')?;
        } else {
            repertoire::check(item, text)?;
            let parts = check_parts(item, text, SPACE)?;
            if !foreign && parts != 2 {
                return Err(Fault::new(item, Rule::Spacing(TWO_PARTS)));
            }
        }
        let mask = substitute::mask(item, text, substitutes)?;
        Ok(Self { text: text.to_owned(), mask })
    }

    /// The name as the certificate carries it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One digit per character: `1` where a substitute stands, else `0`.
    #[must_use]
    pub fn mask(&self) -> &str {
        &self.mask
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(redacted)")
    }
}

/// Former surname (旧氏): nationals only.
#[derive(Clone, PartialEq, Eq)]
pub struct FormerSurname {
    text: String,
    mask: String,
}

impl FormerSurname {
    /// A former surname; of `substitutes`, those of the former surname are applied.
    ///
    /// # Errors
    /// When it is empty, too long, holds a space or a character that cannot be carried, or when a
    /// substitute does not fit it.
    pub fn new(text: &str, substitutes: &[Substitute]) -> Result<Self, Fault> {
        let item = Item::FormerSurname;
        repertoire::check_length(item, text, MAX_LENGTH)?;
        repertoire::check(item, text)?;
        if text.contains(SPACE) {
            return Err(Fault::new(item, Rule::Spacing("a surname holds no space")));
        }
        let mask = substitute::mask(item, text, substitutes)?;
        Ok(Self { text: text.to_owned(), mask })
    }

    /// The surname.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// One digit per character: `1` where a substitute stands, else `0`.
    #[must_use]
    pub fn mask(&self) -> &str {
        &self.mask
    }
}

impl fmt::Debug for FormerSurname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormerSurname(redacted)")
    }
}

/// Alias (通称): the Japanese name that a foreign resident goes by and has registered.
#[derive(Clone, PartialEq, Eq)]
pub struct Alias {
    text: String,
}

impl Alias {
    /// An alias: permitted characters, at most one ideographic space. It takes no substitutes, since
    /// it is registered in characters of its bearer's choice.
    ///
    /// # Errors
    /// When it is empty, too long, holds a character that cannot be carried or is separated wrongly.
    pub fn new(text: &str) -> Result<Self, Fault> {
        let item = Item::Alias;
        repertoire::check_length(item, text, MAX_LENGTH)?;
        repertoire::check(item, text)?;
        if check_parts(item, text, SPACE)? > 2 {
            return Err(Fault::new(item, Rule::Spacing("holds more than one space")));
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The alias.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alias(redacted)")
    }
}

/// The number of parts between single separators.
fn check_parts(item: Item, text: &str, separator: char) -> Result<usize, Fault> {
    let rule = if text.starts_with(separator) || text.ends_with(separator) {
        Rule::Spacing("begins or ends with a space")
    } else if text.split(separator).any(str::is_empty) {
        Rule::Spacing("holds two spaces side by side")
    } else {
        return Ok(text.split(separator).count());
    };
    Err(Fault::new(item, rule))
}

/// Checks a name with Latin letters character by character.
fn check_latin(text: &str) -> Result<(), Fault> {
    let mut before = None;
    for (position, c) in text.chars().enumerate() {
        if !matches!(c, 'A'..='Z' | ' ' | '-' | '\'' | '.' | ',') {
            return Err(refuse_latin(position, before, c));
        }
        before = Some(c);
    }
    Ok(())
}

fn refuse_latin(position: usize, before: Option<char>, c: char) -> Fault {
    let (class, proposal) = match c {
        'a'..='z' => ("a lower-case letter", format!("write {}", c.to_ascii_uppercase())),
        '\u{2010}' | '\u{2011}' => ("a typographic hyphen", "write - (U+002D)".to_owned()),
        '\u{2018}' | '\u{2019}' => ("a typographic apostrophe", "write ' (U+0027)".to_owned()),
        '\u{3000}' => ("an ideographic space", "write U+0020".to_owned()),
        '\u{00C0}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}' => ("a letter outside A to Z", card()),
        _ => match Class::of(c) {
            Class::Ascii => ("outside A to Z, space, hyphen, apostrophe, stop and comma", card()),
            Class::Combining => ("a combining mark", card()),
            Class::Space => ("a space other than U+0020", "write U+0020".to_owned()),
            Class::HalfWidth | Class::Outside | Class::PrivateUse => {
                return Fault::new(Item::Name, Rule::Combination(ONE_SCRIPT));
            }
            Class::Bidirectional
            | Class::Control
            | Class::Damaged
            | Class::Invisible
            | Class::Noncharacter
            | Class::Unassigned
            | Class::VariationSelector => {
                return repertoire::refuse(Item::Name, position, before, c, None);
            }
        },
    };
    Fault::new(Item::Name, Rule::Character { code_point: u32::from(c), position, class, proposal })
}

fn card() -> String {
    "write the name in A to Z, as the residence card does".to_owned()
}

/// Separates the parts of a name.
const SPACE: char = '\u{3000}';

/// Characters of a name at most. Assumed: what the resident-register network is said to hold; the
/// profile's own limit is not published.
const MAX_LENGTH: usize = 100;

const TWO_PARTS: &str = "family and given name must be separated by exactly one ideographic space \
    (U+3000); a national's name of one part cannot be issued: have the record checked";

const ONE_SCRIPT: &str = "write the name either in Latin capitals or in characters of JIS X 0208 and \
    JIS X 0212, not in both";

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::proptest;
    use proptest::sample::select;

    use super::*;

    fn code(result: Result<Name, Fault>) -> &'static str {
        result.unwrap_err().code()
    }

    #[test]
    fn a_national_has_a_family_and_a_given_name() {
        let name = Name::new("公的　花子", false, &[]).unwrap();
        assert_eq!((name.text(), name.mask()), ("公的　花子", "00000"));
        for bad in ["公的花子", "　花子", "公的　", "公的　　花子", "公的　花　子", "　"]
        {
            assert_eq!(code(Name::new(bad, false, &[])), "E-SPACE", "{bad}");
        }
        assert_eq!(code(Name::new("", false, &[])), "E-EMPTY");
        for bad in ["公的 花子", "髙橋　花子", "YAMADA HANAKO", "公的　花子\n", "公的　ﾊﾅｺ"]
        {
            assert_eq!(code(Name::new(bad, false, &[])), "E-CHAR", "{bad}");
        }
    }

    #[test]
    fn a_foreign_name_is_latin_or_japanese() {
        for good in [
            "SAMPLE ANNA-MARIA",
            "O'SAMPLE J. P., JR.",
            "MONONYM",
            "王　小明",
            "王小明",
            "サンプル",
            "ＳＡＭＰＬＥ　ＡＮＮＡ　Ｍ",
        ] {
            let name = Name::new(good, true, &[]).unwrap();
            assert_eq!(name.mask(), "0".repeat(good.chars().count()));
        }
        for bad in ["SAMPLE  ANNA", " SAMPLE", "SAMPLE ", "王　　小明", "王　"] {
            assert_eq!(code(Name::new(bad, true, &[])), "E-SPACE", "{bad}");
        }
        for bad in ["SAMPLE 王", "SAMPLEＡ", "髙 SAMPLE"] {
            assert_eq!(code(Name::new(bad, true, &[])), "E-COMBINATION", "{bad}");
        }
        for (bad, words) in [
            ("Sample", "U+0061 at position 1 is a lower-case letter; write A"),
            ("SAMPLE\u{3000}ANNA", "write U+0020"),
            ("SAMPLE\u{A0}ANNA", "write U+0020"),
            ("JOSÉ", "in A to Z"),
            ("JOSE\u{301}", "in A to Z"),
            ("O’SAMPLE", "write ' (U+0027)"),
            ("SAMPLE 2", "in A to Z"),
            ("SAMPLE\u{202E}", "a bidirectional control; delete it"),
            ("王 小明", "write \u{3000} (U+3000)"),
        ] {
            let fault = Name::new(bad, true, &[]).unwrap_err();
            assert_eq!(fault.code(), "E-CHAR");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }

    #[test]
    fn substitutes_are_marked() {
        let list = [
            Substitute::new(Item::Name, 0, "U+20BB7", "吉").unwrap(),
            Substitute::new(Item::FormerSurname, 1, "U+9089 U+E0100", "辺").unwrap(),
            Substitute::new(Item::Address, 150, "U+E001", "西").unwrap(),
        ];
        assert_eq!(Name::new("吉本　花子", false, &list).unwrap().mask(), "10000");
        assert_eq!(FormerSurname::new("渡辺", &list).unwrap().mask(), "01");
        assert_eq!(code(Name::new("本吉　花子", false, &list)), "E-SUBSTITUTE");
    }

    #[test]
    fn surnames_and_aliases() {
        assert_eq!(FormerSurname::new("旧姓", &[]).unwrap().text(), "旧姓");
        assert_eq!(FormerSurname::new("旧　姓", &[]).unwrap_err().code(), "E-SPACE");
        assert_eq!(FormerSurname::new("", &[]).unwrap_err().code(), "E-EMPTY");
        for good in ["通称　太郎", "通称"] {
            assert_eq!(Alias::new(good).unwrap().text(), good);
        }
        for bad in ["通　称　太郎", "　通称", "通称　"] {
            assert_eq!(Alias::new(bad).unwrap_err().code(), "E-SPACE");
        }
        assert_eq!(Alias::new("TARO").unwrap_err().code(), "E-CHAR");
    }

    #[test]
    fn a_name_has_a_hundred_characters_at_most() {
        let name = |length| Name::new(&"花".repeat(length), true, &[]);
        assert_eq!(name(100).unwrap().mask().len(), 100);
        let fault = name(101).unwrap_err();
        assert_eq!(fault.rule, Rule::TooLong { length: 101, limit: 100 });
    }

    #[test]
    fn names_do_not_print() {
        let sentinel = "秘密";
        let name = Name::new("秘密　秘密", false, &[]).unwrap();
        let surname = FormerSurname::new(sentinel, &[]).unwrap();
        let alias = Alias::new(sentinel).unwrap();
        let printed = format!("{name:?} {surname:?} {alias:?} {name:#?} {surname:#?} {alias:#?}");
        assert!(printed.starts_with("Name(redacted) FormerSurname(redacted) Alias(redacted)"));
        assert!(!printed.contains(sentinel));
        for bad in ["秘密", "秘密　秘密　秘密", "秘密　髙", "秘密 "] {
            let fault = Name::new(bad, false, &[]).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains(sentinel), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_passes_is_permitted(text in any::<String>(), foreign in any::<bool>()) {
            let _ = (FormerSurname::new(&text, &[]), Alias::new(&text));
            if let Ok(name) = Name::new(&text, foreign, &[]) {
                assert!(text.chars().all(|c| c.is_ascii() || repertoire::is_permitted(c)));
                assert_eq!(name.mask().len(), text.chars().count());
            }
        }

        #[test]
        fn the_mask_is_as_long_as_the_name(
            family in vec(select(vec!['邉', '本', '々', 'ヶ', '丂']), 1..40),
            given in vec(select(vec!['花', '子', 'み', 'ー']), 1..40),
        ) {
            let text: String = family.iter().chain(&[SPACE]).chain(&given).collect();
            let first = family[0].to_string();
            let substitute = Substitute::new(Item::Name, 0, "U+E000", &first).unwrap();
            let name = Name::new(&text, false, &[substitute]).unwrap();
            assert_eq!(name.text(), text);
            assert_eq!(name.mask().len(), family.len() + 1 + given.len());
            assert_eq!(name.mask().matches('1').count(), 1);
        }
    }
}
