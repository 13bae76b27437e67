//! Municipalities (市区町村): the cities, towns and villages, the special wards of Tokyo and the wards
//! of designated cities that keep a resident register. Each is one partition of the revocation lists
//! (profile, certificate `cRLDistributionPoints`) and gives the certificate its two `L` attributes.
//!
//! The table beside this file follows the national list of local-authority codes
//! (全国地方公共団体コード, JIS X 0401 and 0402 with check digit). It holds present municipalities
//! only: a code that a merger ended is unknown.

use std::fmt;
use std::sync::LazyLock;

use super::Fault;
use super::Item;
use super::Rule;

/// A municipality: a handle into a static table, as cheap to copy as a reference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Municipality(&'static Row);

impl Municipality {
    /// The municipality with this six-digit code.
    ///
    /// # Errors
    /// When the text is not six ASCII digits with a right check digit, or names a prefecture
    /// (`E-MUNICIPALITY-CODE`), is the code of no municipality (`E-MUNICIPALITY-UNKNOWN`), or that of
    /// a designated city, whose wards keep the register (`E-MUNICIPALITY-WARD`).
    pub fn from_code(code: &str) -> Result<Self, Fault> {
        let fault = |rule| Fault::new(Item::Municipality, rule);
        let number = match code.parse() {
            Ok(number) if code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) => number,
            _ => return Err(fault(Rule::MunicipalityCode("write six ASCII digits"))),
        };
        if !has_right_check_digit(number) {
            return Err(fault(Rule::MunicipalityCode(
                "the check digit, the sixth, is wrong: one of the digits is mistyped",
            )));
        }
        if number / 10 % 1000 == 0 {
            return Err(fault(Rule::MunicipalityCode(
                "names a prefecture; give the code of the municipality",
            )));
        }
        match row(number) {
            Some(row) if row.designated => Err(fault(Rule::MunicipalityNeedsWard)),
            Some(row) => Ok(Self(row)),
            None => Err(fault(Rule::MunicipalityUnknown)),
        }
    }

    /// The municipality whose code is this [number](Self::number).
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        row(number).filter(|row| !row.designated).map(Self)
    }

    /// All municipalities, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().filter(|row| !row.designated).map(Self)
    }

    /// The code, six digits with the check digit.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The code without its check digit, as the common name of a subject carries it.
    #[must_use]
    pub fn short_code(self) -> &'static str {
        self.0.code.get(..5).unwrap_or(self.0.code)
    }

    /// The code as a number, check digit included: a key for stores.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.number
    }

    /// The prefecture in Japanese: `東京都`.
    #[must_use]
    pub fn prefecture(self) -> &'static str {
        self.0.prefecture
    }

    /// The prefecture in Roman letters, the first `L` of a subject: `Tokyo-to`.
    #[must_use]
    pub fn prefecture_label(self) -> &'static str {
        self.0.prefecture_label
    }

    /// The name in Japanese, of a ward with its city, without the county: `札幌市中央区`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The name in Roman letters, the second `L` of a subject: `Kiyose-shi`, `Sapporo-shi-Chuo-ku`.
    ///
    /// With the prefecture's it is unique, as partitions of revocation lists must be: the two towns
    /// of Hokkaido that read Esashi (江差町, 枝幸町) have their short codes added.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.0.label
    }
}

impl fmt::Debug for Municipality {
    /// The code: which municipality issues is no secret, it names the public revocation list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Municipality({})", self.code())
    }
}

/// A line of the table; the number stands first because it decides every comparison.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row {
    number: u32,
    code: &'static str,
    designated: bool,
    prefecture: &'static str,
    prefecture_label: &'static str,
    name: &'static str,
    label: &'static str,
}

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let code = fields.next()?;
        Some(Self {
            number: code.parse().ok()?,
            code,
            designated: fields.next()? == "designated_city",
            prefecture: fields.next()?,
            prefecture_label: fields.next()?,
            name: fields.next()?,
            label: fields.next()?,
        })
    }
}

fn row(number: u32) -> Option<&'static Row> {
    let at = ROWS.binary_search_by_key(&number, |row| row.number).ok()?;
    ROWS.get(at)
}

/// Weights 6 5 4 3 2 on the first five digits; the sixth is the last digit of 11 less the sum's
/// remainder by 11. So the remainder 0 gives 1 and 1 gives 0.
fn has_right_check_digit(number: u32) -> bool {
    let weighted = [(100_000, 6), (10_000, 5), (1_000, 4), (100, 3), (10, 2)];
    let sum: u32 = weighted.into_iter().map(|(place, weight)| number / place % 10 * weight).sum();
    (11 - sum % 11) % 10 == number % 10
}

/// The table by code; its first line has the names of the columns and reads as no row.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows: Vec<Row> =
        include_str!("municipalities.tsv").lines().filter_map(Row::read).collect();
    rows.sort_unstable();
    rows
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::any;
    use proptest::proptest;

    use super::*;
    use crate::holder::repertoire;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(ROWS.len(), include_str!("municipalities.tsv").lines().count() - 1);
        assert_eq!(Municipality::all().count(), 1_892);
        assert_eq!(ROWS.iter().filter(|row| row.designated).count(), 20);
        assert!(ROWS.is_sorted_by(|a, b| a.number < b.number));
        let prefectures: BTreeSet<_> =
            Municipality::all().map(|m| (m.prefecture(), m.prefecture_label())).collect();
        assert_eq!(prefectures.len(), 47);
        for row in ROWS.iter() {
            assert!(has_right_check_digit(row.number), "{}", row.code);
            assert_eq!(row.code, format!("{:06}", row.number));
        }
    }

    #[test]
    fn labels_are_unique_and_printable() {
        let labels: BTreeSet<_> =
            Municipality::all().map(|m| (m.prefecture_label(), m.label())).collect();
        assert_eq!(labels.len(), 1_892);
        for m in Municipality::all() {
            let ascii = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            assert!(ascii(m.prefecture_label()) && ascii(m.label()), "{m:?}");
            let mut name = m.prefecture().chars().chain(m.name().chars());
            assert!(name.all(repertoire::is_permitted), "{m:?}");
            assert_eq!(Municipality::from_code(m.code()), Ok(m));
            assert_eq!(Municipality::from_number(m.number()), Some(m));
        }
    }

    #[test]
    fn a_municipality_knows_its_names() {
        let kiyose = Municipality::from_code("132217").unwrap();
        assert_eq!(
            (kiyose.code(), kiyose.short_code(), kiyose.number()),
            ("132217", "13221", 132_217)
        );
        assert_eq!((kiyose.prefecture(), kiyose.name()), ("東京都", "清瀬市"));
        assert_eq!((kiyose.prefecture_label(), kiyose.label()), ("Tokyo-to", "Kiyose-shi"));
        assert_eq!(format!("{kiyose:?}"), "Municipality(132217)");
        assert_eq!(Municipality::from_code("011011").unwrap().label(), "Sapporo-shi-Chuo-ku");
    }

    #[test]
    fn the_check_digit_follows_the_rule() {
        // The published examples: remainder 0 gives 1, remainder 1 gives 0.
        for good in [131016, 131041, 131130, 132152, 11002, 271004, 130001, 400009, 410004] {
            assert!(has_right_check_digit(good), "{good}");
            assert!(!has_right_check_digit(good / 10 * 10 + (good + 1) % 10), "{good}");
        }
    }

    #[test]
    fn each_mistake_has_its_message() {
        for (code, rule, words) in [
            ("", "E-MUNICIPALITY-CODE", "six ASCII digits"),
            ("13221", "E-MUNICIPALITY-CODE", "six ASCII digits"),
            ("+13221", "E-MUNICIPALITY-CODE", "six ASCII digits"),
            ("１３２２１７", "E-MUNICIPALITY-CODE", "six ASCII digits"),
            ("0132217", "E-MUNICIPALITY-CODE", "six ASCII digits"),
            ("132216", "E-MUNICIPALITY-CODE", "check digit"),
            ("130001", "E-MUNICIPALITY-CODE", "prefecture"),
            ("139998", "E-MUNICIPALITY-UNKNOWN", "no municipality"),
            ("011002", "E-MUNICIPALITY-WARD", "ward"),
        ] {
            let fault = Municipality::from_code(code).unwrap_err();
            assert_eq!(fault.code(), rule, "{code}");
            assert!(fault.to_string().contains(words), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in any::<String>(), number in 0..1_000_000_u32) {
            let _ = Municipality::from_code(&text);
            let _ = Municipality::from_code(&format!("{number:06}"));
        }
    }
}
