//! Address (住所) as the certificate carries it: from the prefecture on, no postcode, digits and
//! hyphens full-width (profile, subject alternative name, otherName .5).

use std::fmt;

use super::Fault;
use super::Item;
use super::Municipality;
use super::Rule;
use super::Substitute;
use super::repertoire;
use super::substitute;

/// Address with the places of its substitute characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    mask: String,
}

impl Address {
    /// An address; of `substitutes`, those of the address are applied.
    ///
    /// It begins with the prefecture and the name of `municipality`, a ward's with its city; before a
    /// town or village the county (郡) may stand. Something must follow: a resident record names the
    /// place within the municipality, so an address that ends there was cut off.
    ///
    /// With `abroad` it is the entry of a national living abroad (国外転出者), who has no address in
    /// Japan: `municipality` then keeps the supplementary family register (戸籍の附票), and the text
    /// begins with 国外転出.
    ///
    /// # Errors
    /// When the address is empty, too long, holds a character that cannot be carried, or begins or
    /// ends with a space; when it does not lie in the municipality or names nothing in it; when it is
    /// `abroad` in another form; when a substitute does not fit it.
    pub fn new(
        text: &str,
        municipality: Municipality,
        abroad: bool,
        substitutes: &[Substitute],
    ) -> Result<Self, Fault> {
        let item = Item::Address;
        repertoire::check_length(item, text, MAX_LENGTH)?;
        repertoire::check(item, text)?;
        if text.starts_with('\u{3000}') || text.ends_with('\u{3000}') {
            return Err(Fault::new(item, Rule::Spacing("begins or ends with a space")));
        }
        if abroad {
            if !text.starts_with(ABROAD) {
                return Err(Fault::new(item, Rule::Unsupported(ABROAD_FORM)));
            }
        } else {
            let rest = after_place(text, municipality)
                .ok_or_else(|| Fault::new(item, Rule::AddressPlace))?;
            if rest.is_empty() {
                return Err(Fault::new(item, Rule::AddressIncomplete));
            }
        }
        let mask = substitute::mask(item, text, substitutes)?;
        Ok(Self { text: text.to_owned(), mask })
    }

    /// The address.
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

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(redacted)")
    }
}

/// What follows the prefecture, the county if there is one, and the municipality.
fn after_place(text: &str, municipality: Municipality) -> Option<&str> {
    let rest = text.strip_prefix(municipality.prefecture())?;
    let name = municipality.name();
    if let Some(rest) = rest.strip_prefix(name) {
        return Some(rest);
    }
    // Only towns and villages lie in counties.
    if !name.ends_with(['町', '村']) {
        return None;
    }
    let counties = rest.match_indices(COUNTY).filter(|(at, _)| {
        rest.get(..*at).is_some_and(|county| {
            (1..MAX_COUNTY).contains(&county.chars().count()) && county.chars().all(is_kanji)
        })
    });
    counties
        .into_iter()
        .find_map(|(at, sign)| rest.get(at..)?.strip_prefix(sign)?.strip_prefix(name))
}

/// A kanji of the repertoire, or the mark that repeats one.
fn is_kanji(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '々')
}

/// Characters of an address at most (profile, otherName .5).
const MAX_LENGTH: usize = 200;

/// Last character of a county's name.
const COUNTY: char = '郡';

/// Characters of a county's name at most; the longest in use has five.
const MAX_COUNTY: usize = 10;

/// Beginning of the entry of a national living abroad. Assumed: it is known that the item has a
/// special form with the word and the planned day of the move, the exact text is not published.
const ABROAD: &str = "国外転出";

const ABROAD_FORM: &str = "the address of a national living abroad must begin with 国外転出; no \
    other form is known for the certificate";

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::proptest;
    use proptest::sample::select;

    use super::*;

    fn address(code: &str, text: &str) -> Result<Address, Fault> {
        Address::new(text, Municipality::from_code(code).unwrap(), false, &[])
    }

    #[test]
    fn it_begins_with_prefecture_and_municipality() {
        for (code, text) in [
            ("132217", "東京都清瀬市架空町１２－７－２０２"),
            ("011011", "北海道札幌市中央区架空一丁目"),
            ("133078", "東京都西多摩郡檜原村１番地"),
            ("133078", "東京都檜原村１番地"),
            ("134023", "東京都青ヶ島村無番地"),
            ("073644", "福島県南会津郡檜枝岐村字架空１"),
            ("132217", "東京都清瀬市架空町１　メゾン架空　２０２"),
        ] {
            let made = address(code, text).unwrap();
            assert_eq!(made.text(), text);
            assert_eq!(made.mask(), "0".repeat(text.chars().count()));
        }
        for (code, text) in [
            ("132217", "清瀬市架空町１"),
            ("132217", "東京都府中市架空町１"),
            ("132217", "埼玉県清瀬市架空町１"),
            ("132217", "東京都架空郡清瀬市１"),
            ("011011", "北海道中央区架空一丁目"),
            ("011011", "北海道札幌市北区架空一丁目"),
            ("133078", "東京都郡檜原村１番地"),
            ("133078", "東京都かくう郡檜原村１番地"),
            ("133078", "東京都一二三四五六七八九十郡檜原村１番地"),
            ("133078", "東京都西多摩檜原村１番地"),
            ("132217", "国外転出"),
        ] {
            assert_eq!(address(code, text).unwrap_err().code(), "E-ADDRESS-PLACE", "{text}");
        }
    }

    #[test]
    fn it_goes_on_after_the_municipality() {
        for (code, text) in [("132217", "東京都清瀬市"), ("133078", "東京都西多摩郡檜原村")]
        {
            assert_eq!(address(code, text).unwrap_err().code(), "E-ADDRESS-INCOMPLETE");
        }
    }

    #[test]
    fn characters_are_full_width() {
        for (text, words) in [
            ("東京都清瀬市架空町1-2", "position 9 is an ASCII character; write １ (U+FF11)"),
            ("東京都清瀬市架空町１-２", "write － (U+FF0D)"),
            ("東京都清瀬市架空町 １", "write \u{3000} (U+3000)"),
            ("東京都清瀬市架空町１Ａb", "write ｂ (U+FF42)"),
            ("東京都清瀬市架空町①", "agree a substitute"),
        ] {
            let fault = address("132217", text).unwrap_err();
            assert_eq!(fault.code(), "E-CHAR");
            assert!(fault.to_string().contains(words), "{fault}");
        }
        for bad in ["　東京都清瀬市架空町１", "東京都清瀬市架空町１　", "東京都清瀬市　"]
        {
            assert_eq!(address("132217", bad).unwrap_err().code(), "E-SPACE");
        }
    }

    #[test]
    fn it_has_two_hundred_characters_at_most() {
        let long = |tail| address("132217", &format!("東京都清瀬市{}", "架".repeat(tail)));
        assert_eq!(long(194).unwrap().mask().len(), 200);
        assert_eq!(long(195).unwrap_err().rule, Rule::TooLong { length: 201, limit: 200 });
        assert_eq!(address("132217", "").unwrap_err().code(), "E-EMPTY");
    }

    #[test]
    fn nationals_abroad_have_their_own_form() {
        let municipality = Municipality::from_code("132217").unwrap();
        let abroad = |text| Address::new(text, municipality, true, &[]);
        assert_eq!(abroad("国外転出").unwrap().mask(), "0000");
        assert_eq!(abroad("東京都清瀬市架空町１").unwrap_err().code(), "E-UNSUPPORTED");
    }

    #[test]
    fn substitutes_are_marked() {
        let list = [
            Substitute::new(Item::Address, 7, "U+E0A1", "塚").unwrap(),
            Substitute::new(Item::Name, 0, "U+20BB7", "吉").unwrap(),
        ];
        let municipality = Municipality::from_code("132217").unwrap();
        let text = "東京都清瀬市架塚１";
        let made = Address::new(text, municipality, false, &list).unwrap();
        assert_eq!(made.mask(), "000000010");
        let other = Address::new("東京都清瀬市架空１", municipality, false, &list);
        assert_eq!(other.unwrap_err().code(), "E-SUBSTITUTE");
    }

    #[test]
    fn it_does_not_print() {
        let made = address("132217", "東京都清瀬市秘密１").unwrap();
        assert_eq!(format!("{made:?} {made:#?}"), "Address(redacted) Address(redacted)");
        for bad in ["東京都秘密市１", "東京都清瀬市秘密1", "東京都清瀬市秘密　"]
        {
            let fault = address("132217", bad).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("秘密"), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>(), abroad in any::<bool>()) {
            let municipality = Municipality::from_code("133078").unwrap();
            let _ = Address::new(&text, municipality, abroad, &[]);
            let _ = Address::new(&format!("東京都{text}郡檜原村{text}"), municipality, abroad, &[]);
        }

        #[test]
        fn the_mask_is_as_long_as_the_address(
            index in any::<proptest::sample::Index>(),
            tail in vec(select(vec!['架', '空', '１', '－', '\u{3000}', 'ー', '丂']), 1..150),
        ) {
            for municipality in [Municipality::from_code("132217").unwrap(), {
                let all: Vec<_> = Municipality::all().collect();
                *index.get(&all)
            }] {
                let tail: String = tail.iter().collect();
                let text = format!("{}{}{tail}", municipality.prefecture(), municipality.name());
                if let Ok(address) = Address::new(&text, municipality, false, &[]) {
                    assert!(text.chars().all(repertoire::is_permitted));
                    assert_eq!(address.mask().len(), text.chars().count());
                } else {
                    assert!(text.ends_with('\u{3000}'));
                }
            }
        }
    }
}
