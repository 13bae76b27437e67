//! Date of birth (生年月日), of which parts may be unknown, and the era (元号) that its code carries.

use std::fmt;
use std::str::FromStr;

use crate::clock;
use crate::clock::Date;
use crate::holder::fault::Fault;
use crate::holder::fault::Item;
use crate::holder::fault::Rule;

/// Date of birth (生年月日). The register knows some only in part: an unknown year, month or day is
/// zero in every written form.
///
/// Two dates are equal when they were written alike; a partly unknown one equals no other.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
}

impl BirthDate {
    /// Reads exactly `YYYY-MM-DD`; zeros stand for what is unknown: `1950-05-00`, `1950-00-00`,
    /// `0000-00-00`.
    ///
    /// # Errors
    /// A [`Fault`] of the date of birth: another shape, a day that no calendar has, a day in an
    /// unknown month, a year before the first era.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::from_numbers(clock::split_date(text).ok_or_else(|| fault(SHAPE))?)
    }

    /// Reads the nine digits of a certificate, `EYYYYMMDD`: the era that they state, and the date.
    /// Whether the two agree is for the reader to judge; [`BirthDate::era`] says what it should be.
    ///
    /// # Errors
    /// A [`Fault`] of the date of birth: not nine digits, no such era, or what
    /// [`BirthDate::parse`] refuses.
    pub fn from_encoded(text: &str) -> Result<(Era, Self), Fault> {
        if text.len() != 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(fault(CODE));
        }
        let number = |range: std::ops::Range<usize>| {
            text.get(range).and_then(|digits| digits.parse::<i16>().ok()).ok_or_else(|| fault(CODE))
        };
        let code = number(0..1)?;
        let era = Era::ALL.into_iter().find(|era| i16::from(era.code()) == code);
        let date = Self::from_numbers([number(1..5)?, number(5..7)?, number(7..9)?])?;
        Ok((era.ok_or_else(|| fault(CODE))?, date))
    }

    /// The Gregorian year, if known.
    #[must_use]
    pub fn year(self) -> Option<i16> {
        self.year
    }

    /// The month, 1 to 12, if known.
    #[must_use]
    pub fn month(self) -> Option<i8> {
        self.month
    }

    /// The day of the month, if known.
    #[must_use]
    pub fn day(self) -> Option<i8> {
        self.day
    }

    /// The earliest day that this can be; none when the year is unknown.
    #[must_use]
    pub fn earliest(self) -> Option<Date> {
        Date::new(self.year?, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()
    }

    /// The latest day that this can be; none when the year is unknown.
    #[must_use]
    pub fn latest(self) -> Option<Date> {
        let year = self.year?;
        let month = self.month.unwrap_or(12);
        Date::new(year, month, self.day.unwrap_or_else(|| last_day(year, month))).ok()
    }

    /// Refuses a date that certainly lies after `today`: one that is unknown in part is refused
    /// only when every day that it can be does.
    ///
    /// # Errors
    /// A [`Fault`] with [`Rule::Future`].
    pub fn check_not_after(self, today: Date) -> Result<(), Fault> {
        match self.earliest() {
            Some(earliest) if earliest > today => Err(Fault::new(Item::BirthDate, Rule::Future)),
            Some(_) | None => Ok(()),
        }
    }

    /// The era of the date. Assumption, as no source tells: where the known parts leave two eras
    /// possible (`1989-00-00`) or the year is unknown, the era is [`Era::Unknown`].
    #[must_use]
    pub fn era(self) -> Era {
        match (self.earliest().map(Era::of), self.latest().map(Era::of)) {
            (Some(first), Some(last)) if first == last => first,
            (Some(_) | None, Some(_) | None) => Era::Unknown,
        }
    }

    /// The nine digits of the certificate, `EYYYYMMDD`: era, Gregorian year, month, day.
    #[must_use]
    pub fn encoded(self) -> String {
        self.encoded_with(self.era())
    }

    /// The nine digits without an era (0), for a date that the register keeps in the Western
    /// calendar, where policy says so.
    #[must_use]
    pub fn encoded_western(self) -> String {
        self.encoded_with(Era::Unknown)
    }

    /// `YYYY-MM-DD`, as [`BirthDate::parse`] reads it. A holder's data: not for messages or logs.
    #[must_use]
    pub fn to_iso(self) -> String {
        let [year, month, day] = self.numbers();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The year as Japan writes it (和暦), `昭和55年`; none when the era is unknown.
    #[must_use]
    pub fn japanese_year(self) -> Option<String> {
        self.era().japanese_year(self.year?)
    }

    fn encoded_with(self, era: Era) -> String {
        let [year, month, day] = self.numbers();
        format!("{}{year:04}{month:02}{day:02}", era.code())
    }

    fn numbers(self) -> [i16; 3] {
        let small = |part: Option<i8>| part.map_or(0, i16::from);
        [self.year.unwrap_or(0), small(self.month), small(self.day)]
    }

    fn from_numbers([year, month, day]: [i16; 3]) -> Result<Self, Fault> {
        let part = |number: i16| match number {
            0 => Ok(None),
            _ => i8::try_from(number).map(Some).map_err(|_| fault(NO_SUCH_DAY)),
        };
        let date = Self { year: (year != 0).then_some(year), month: part(month)?, day: part(day)? };
        if date.month.is_none() && date.day.is_some() {
            return Err(fault(DAY_WITHOUT_MONTH));
        }
        // In an unknown year 29 February may exist.
        let known_year = date.year.unwrap_or(LEAP_YEAR);
        if known_year < FIRST_YEAR {
            return Err(fault(BEFORE_THE_ERAS));
        }
        match Date::new(known_year, date.month.unwrap_or(1), date.day.unwrap_or(1)) {
            Ok(_) => Ok(date),
            Err(_) => Err(fault(NO_SUCH_DAY)),
        }
    }
}

impl fmt::Debug for BirthDate {
    /// Redacted: a date of birth is a holder's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

impl FromStr for BirthDate {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }
}

/// Era (元号). The day on which an era begins belongs to it and no longer to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// Unknown (不明).
    Unknown,
    /// Meiji (明治), from 1868; its first year counts from New Year.
    Meiji,
    /// Taisho (大正), from 1912-07-30.
    Taisho,
    /// Showa (昭和), from 1926-12-25.
    Showa,
    /// Heisei (平成), from 1989-01-08.
    Heisei,
    /// Reiwa (令和), from 2019-05-01.
    Reiwa,
}

impl Era {
    /// All eras, by code.
    pub const ALL: [Self; 6] =
        [Self::Unknown, Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The era of a day; unknown before 1868.
    #[must_use]
    pub fn of(date: Date) -> Self {
        let day = (date.year(), date.month(), date.day());
        let begun = |era: &Self| era.begins().is_some_and(|first| first <= day);
        Self::ALL.into_iter().rev().find(begun).unwrap_or(Self::Unknown)
    }

    /// The era's digit in a certificate.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Meiji => 1,
            Self::Taisho => 2,
            Self::Showa => 3,
            Self::Heisei => 4,
            Self::Reiwa => 5,
        }
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Unknown => "不明",
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// The name in Latin letters.
    #[must_use]
    pub fn romaji(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Meiji => "Meiji",
            Self::Taisho => "Taisho",
            Self::Showa => "Showa",
            Self::Heisei => "Heisei",
            Self::Reiwa => "Reiwa",
        }
    }

    /// A Gregorian year counted in this era, `昭和55年`, the first as `元年`; none when the era is
    /// unknown or begins later.
    #[must_use]
    pub fn japanese_year(self, year: i16) -> Option<String> {
        let (first, _, _) = self.begins()?;
        match year.checked_sub(first)? {
            before if before < 0 => None,
            0 => Some(format!("{}元年", self.japanese())),
            years => Some(format!("{}{}年", self.japanese(), i32::from(years) + 1)),
        }
    }

    fn begins(self) -> Option<(i16, i8, i8)> {
        match self {
            Self::Unknown => None,
            Self::Meiji => Some((FIRST_YEAR, 1, 1)),
            Self::Taisho => Some((1912, 7, 30)),
            Self::Showa => Some((1926, 12, 25)),
            Self::Heisei => Some((1989, 1, 8)),
            Self::Reiwa => Some((2019, 5, 1)),
        }
    }
}

fn last_day(year: i16, month: i8) -> i8 {
    (28..=31).rev().find(|day| Date::new(year, month, *day).is_ok()).unwrap_or(28)
}

fn fault(message: &'static str) -> Fault {
    Fault::new(Item::BirthDate, Rule::BirthDate(message))
}

/// The year in which Meiji began; no earlier era has a code.
const FIRST_YEAR: i16 = 1868;
const LEAP_YEAR: i16 = 2000;

const SHAPE: &str = "write YYYY-MM-DD, with zeros for what is unknown";
const CODE: &str = "must be nine digits: the era 0 to 5, then YYYYMMDD";
const NO_SUCH_DAY: &str = "there is no such day";
const DAY_WITHOUT_MONTH: &str = "a day in an unknown month says nothing; write 00 for both";
const BEFORE_THE_ERAS: &str = "lies before 1868, the first year that a certificate can state";

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    fn born(text: &str) -> BirthDate {
        text.parse().unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_published_test_card_encodes() {
        assert_eq!(born("1980-02-17").encoded(), "319800217");
        assert_eq!(born("1980-02-17").encoded_western(), "019800217");
        let (era, decoded) = BirthDate::from_encoded("319800217").unwrap();
        assert_eq!((era, decoded), (Era::Showa, born("1980-02-17")));
    }

    #[test]
    fn an_era_begins_on_its_first_day() {
        for (last, first, before, after) in [
            ("1912-07-29", "1912-07-30", Era::Meiji, Era::Taisho),
            ("1926-12-24", "1926-12-25", Era::Taisho, Era::Showa),
            ("1989-01-07", "1989-01-08", Era::Showa, Era::Heisei),
            ("2019-04-30", "2019-05-01", Era::Heisei, Era::Reiwa),
        ] {
            assert_eq!(born(last).era(), before, "{last}");
            assert_eq!(born(first).era(), after, "{first}");
        }
        assert_eq!(born("1868-01-01").era(), Era::Meiji);
        assert_eq!(Era::of(date("1867-12-31")), Era::Unknown);
    }

    #[test]
    fn an_era_is_stated_when_the_known_parts_decide_it() {
        for (text, code) in [
            ("1950-00-00", "319500000"),
            ("1950-05-00", "319500500"),
            ("2019-04-00", "420190400"),
            ("2019-05-00", "520190500"),
            ("1989-02-00", "419890200"),
            ("1989-00-00", "019890000"),
            ("1989-01-00", "019890100"),
            ("1926-12-00", "019261200"),
            ("0000-00-00", "000000000"),
            ("0000-05-10", "000000510"),
        ] {
            assert_eq!(born(text).encoded(), code, "{text}");
            assert_eq!(BirthDate::from_encoded(code).unwrap().1, born(text), "{text}");
            assert_eq!(born(text).to_iso(), text);
        }
        // A verifier meets an era alone.
        assert_eq!(
            BirthDate::from_encoded("400000000").unwrap(),
            (Era::Heisei, born("0000-00-00"))
        );
    }

    #[test]
    fn years_are_counted_as_japan_counts_them() {
        assert_eq!(born("1980-02-17").japanese_year().as_deref(), Some("昭和55年"));
        assert_eq!(born("2019-05-01").japanese_year().as_deref(), Some("令和元年"));
        assert_eq!(born("1989-01-07").japanese_year().as_deref(), Some("昭和64年"));
        assert_eq!(born("1989-01-08").japanese_year().as_deref(), Some("平成元年"));
        assert_eq!(born("1989-00-00").japanese_year(), None);
        assert_eq!(Era::Reiwa.japanese_year(2018), None);
        assert_eq!(Era::Unknown.japanese_year(2018), None);
        assert_eq!(Era::Reiwa.japanese_year(i16::MIN), None);
    }

    #[test]
    fn what_is_no_date_of_birth_is_refused_without_its_value() {
        for (text, message) in [
            ("1980-2-17", SHAPE),
            ("1980/02/17", SHAPE),
            (" 1980-02-17", SHAPE),
            ("1980-02-17 ", SHAPE),
            ("昭和55-02-17", SHAPE),
            ("", SHAPE),
            ("1981-02-29", NO_SUCH_DAY),
            ("0000-02-30", NO_SUCH_DAY),
            ("1980-13-00", NO_SUCH_DAY),
            ("1980-04-31", NO_SUCH_DAY),
            ("1980-00-17", DAY_WITHOUT_MONTH),
            ("0000-00-17", DAY_WITHOUT_MONTH),
            ("1867-12-31", BEFORE_THE_ERAS),
            ("0001-01-01", BEFORE_THE_ERAS),
        ] {
            assert_eq!(BirthDate::parse(text), Err(fault(message)), "{text}");
        }
        for code in ["31980021", "3198002170", "619800217", "31980021a", "319800230", "", "３１９"]
        {
            assert!(BirthDate::from_encoded(code).is_err(), "{code}");
        }
        assert!(!format!("{:?}", born("1980-02-17")).contains("19"));
        assert_eq!(born("0000-02-29").to_iso(), "0000-02-29");
    }

    #[test]
    fn only_what_is_certainly_in_the_future_is_refused() {
        let today = date("2026-11-21");
        for past in
            ["2026-11-21", "2026-11-00", "2026-00-00", "0000-00-00", "0000-12-31", "1950-05-00"]
        {
            assert_eq!(born(past).check_not_after(today), Ok(()), "{past}");
        }
        for future in ["2026-11-22", "2026-12-00", "2027-00-00"] {
            let fault = born(future).check_not_after(today).unwrap_err();
            assert_eq!((fault.item, fault.rule), (Item::BirthDate, Rule::Future), "{future}");
        }
    }

    #[test]
    fn the_span_of_a_partly_unknown_date_is_its_calendar() {
        assert_eq!(born("2000-02-00").latest(), Some(date("2000-02-29")));
        assert_eq!(born("1999-02-00").latest(), Some(date("1999-02-28")));
        assert_eq!(born("1999-00-00").earliest(), Some(date("1999-01-01")));
        assert_eq!(born("1999-00-00").latest(), Some(date("1999-12-31")));
        assert_eq!(born("0000-05-10").earliest(), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(
            year in 0_u16..=9999,
            month in 0_u8..=13,
            day in 0_u8..=32,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            if let Ok(date) = BirthDate::parse(&text) {
                prop_assert_eq!(date.to_iso(), text);
                prop_assert_eq!(BirthDate::from_encoded(&date.encoded()), Ok((date.era(), date)));
            }
        }

        #[test]
        fn any_text_is_answered(text in any::<String>(), code in "[0-9]{9}") {
            let _ = BirthDate::parse(&text);
            let _ = BirthDate::from_encoded(&text);
            let _ = BirthDate::from_encoded(&code);
        }
    }
}
