//! Substitute characters (代替文字): where the resident record holds a character outside the
//! repertoire, the certificate carries one from inside it, chosen with the applicant's agreement, and
//! marks the place in a mask (代替文字使用位置情報, otherName .2 for the name, .6 for the address).

use std::fmt;

use super::Fault;
use super::Item;
use super::Rule;
use super::repertoire;
use super::repertoire::Class;

/// One substitution: in `item`, at `index`, `used` stands for `original`.
#[derive(Clone, PartialEq, Eq)]
pub struct Substitute {
    item: Item,
    index: usize,
    base: char,
    selector: Option<char>,
    used: char,
}

impl Substitute {
    /// The substitution of one character.
    ///
    /// `index` counts the characters (Unicode scalar values) of the item as the certificate carries
    /// it, from 0. `original` is a code point, `U+20BB7`, or one with a variation selector,
    /// `U+9089 U+E0100`. A character of a private code is fine there, and nowhere else.
    ///
    /// # Errors
    /// When the item takes no substitutes, when `original` is not of this form, could be carried as
    /// it is or is no character, or when `used` is not one permitted character.
    pub fn new(item: Item, index: usize, original: &str, used: &str) -> Result<Self, Fault> {
        if !ITEMS.contains(&item) {
            return Err(fault("substitutes go into name, former_surname or address"));
        }
        let (base, selector) = read_original(original)
            .ok_or_else(|| fault("original: write a code point like U+20BB7, or U+9089 U+E0100"))?;
        if selector.is_none() && repertoire::is_permitted(base) {
            return Err(fault("original: the certificate can carry this character as it is"));
        }
        if !repertoire::is_permitted(base)
            && !matches!(Class::of(base), Class::Outside | Class::PrivateUse)
        {
            return Err(fault(
                "original: this is no character that a substitute can stand for: correct the text",
            ));
        }
        let mut characters = used.chars();
        let (Some(used), None) = (characters.next(), characters.next()) else {
            return Err(fault("used: write exactly one character"));
        };
        if !repertoire::is_permitted(used) {
            return Err(fault("used: the character is outside JIS X 0208 and JIS X 0212 too"));
        }
        if used == '\u{3000}' {
            return Err(fault("used: a space cannot stand for a character"));
        }
        Ok(Self { item, index, base, selector, used })
    }

    /// The item it belongs to.
    #[must_use]
    pub fn item(&self) -> Item {
        self.item
    }

    /// Its place in the item, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The code point of the original.
    #[must_use]
    pub fn base(&self) -> char {
        self.base
    }

    /// The variation selector of the original.
    #[must_use]
    pub fn selector(&self) -> Option<char> {
        self.selector
    }

    /// The character in the certificate.
    #[must_use]
    pub fn used(&self) -> char {
        self.used
    }
}

impl fmt::Debug for Substitute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Substitute(redacted)")
    }
}

/// The mask of an item: one `0` per character, `1` where one of the item's substitutes stands.
/// Substitutes of other items are passed over.
///
/// # Errors
/// When a substitute lies outside the text, is not what stands there, or has its place twice.
pub(super) fn mask(item: Item, text: &str, substitutes: &[Substitute]) -> Result<String, Fault> {
    let mut flags: Vec<(char, bool)> = text.chars().map(|c| (c, false)).collect();
    for substitute in substitutes.iter().filter(|substitute| substitute.item == item) {
        let Some((character, taken)) = flags.get_mut(substitute.index) else {
            return Err(fault("index: lies behind the end of the item"));
        };
        if *character != substitute.used {
            return Err(fault("used: another character stands at this index of the item"));
        }
        if *taken {
            return Err(fault("index: has two substitutes"));
        }
        *taken = true;
    }
    Ok(flags.into_iter().map(|(_, taken)| if taken { '1' } else { '0' }).collect())
}

/// `U+XXXX` or `U+XXXX U+XXXX`, the second one a variation selector.
fn read_original(text: &str) -> Option<(char, Option<char>)> {
    match text.split_once(' ') {
        None => Some((read_code_point(text)?, None)),
        Some((base, selector)) => {
            let selector = read_code_point(selector)?;
            repertoire::is_selector(selector).then_some((read_code_point(base)?, Some(selector)))
        }
    }
}

/// `U+` and four to six hexadecimal digits of a Unicode scalar value.
fn read_code_point(text: &str) -> Option<char> {
    let digits = text.strip_prefix("U+")?;
    let shape = (4..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if shape { char::from_u32(u32::from_str_radix(digits, 16).ok()?) } else { None }
}

fn fault(message: &'static str) -> Fault {
    Fault::new(Item::Substitutes, Rule::Substitute(message))
}

/// The items that take substitutes. The certificate has a mask for the name and one for the
/// address; a former surname stands in the name item, so we assume that its mask joins that one.
const ITEMS: [Item; 3] = [Item::Name, Item::FormerSurname, Item::Address];

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::proptest;

    use super::*;

    fn message(item: Item, original: &str, used: &str) -> String {
        Substitute::new(item, 0, original, used).unwrap_err().to_string()
    }

    #[test]
    fn originals_are_code_points_that_cannot_be_carried() {
        for good in ["U+20BB7", "U+9AD9", "U+9ad9", "U+9089 U+E0100", "U+845B U+FE00", "U+E000"] {
            Substitute::new(Item::Name, 0, good, "吉").unwrap();
        }
        for bad in [
            "",
            "𠮷",
            "20BB7",
            "U+",
            "U+BB7",
            "U+0020BB7",
            "u+20BB7",
            "U+D800",
            "U+110000",
            "U++BB7",
            "U+9089 U+9089",
            "U+9089  U+E0100",
            "U+9089 U+E0100 U+E0101",
            " U+20BB7",
            "U+9089 ",
        ] {
            assert!(message(Item::Name, bad, "吉").contains("write a code point"), "{bad}");
        }
        for bad in ["U+9AD8", "U+3042", "U+3000"] {
            assert!(message(Item::Name, bad, "高").contains("as it is"), "{bad}");
        }
        for bad in ["U+0041", "U+000A", "U+202E", "U+FFFE", "U+FE00", "U+FF71", "U+000A U+FE00"] {
            assert!(message(Item::Name, bad, "高").contains("no character"), "{bad}");
        }
    }

    #[test]
    fn one_permitted_character_is_used() {
        for bad in ["", "高高", "邉\u{E0100}", "髙", "A", "\u{E000}", "\u{3000}", "\n"] {
            assert!(message(Item::Name, "U+20BB7", bad).contains("used: "), "{bad}");
        }
    }

    #[test]
    fn only_items_with_a_mask_take_substitutes() {
        assert!(message(Item::Alias, "U+20BB7", "吉").contains("substitutes go into"));
        assert!(message(Item::Sex, "U+20BB7", "吉").contains("substitutes go into"));
    }

    #[test]
    fn the_mask_marks_places() {
        let name = |index| Substitute::new(Item::Name, index, "U+20BB7", "吉").unwrap();
        let address = Substitute::new(Item::Address, 9, "U+20BB7", "吉").unwrap();
        let made = |list: &[Substitute]| mask(Item::Name, "吉田　吉子", list);
        assert_eq!(made(&[]).unwrap(), "00000");
        assert_eq!(made(&[name(3), address, name(0)]).unwrap(), "10010");
        for bad in [vec![name(1)], vec![name(5)], vec![name(usize::MAX)], vec![name(0), name(0)]] {
            assert_eq!(made(&bad).unwrap_err().code(), "E-SUBSTITUTE");
        }
    }

    #[test]
    fn it_does_not_print() {
        let substitute = Substitute::new(Item::Name, 7, "U+20BB7", "吉").unwrap();
        assert_eq!(
            format!("{substitute:?} {substitute:#?}"),
            ["Substitute(redacted)"; 2].join(" ")
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(index in any::<usize>(), original in any::<String>(), used in any::<String>()) {
            let _ = Substitute::new(Item::Address, index, &original, &used);
        }

        #[test]
        fn every_scalar_value_can_be_written(c in any::<char>()) {
            let text = format!("U+{:04X}", u32::from(c));
            assert_eq!(read_original(&text), Some((c, None)));
        }
    }
}
