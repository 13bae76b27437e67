//! The items that a signature certificate attests.

use std::fmt;

use crate::asn1::Value;
use crate::asn1::oid;
use crate::asn1::oid::ObjectIdentifier;
use crate::asn1::tag;
use crate::holder::BirthDate;
use crate::holder::Era;
use crate::holder::Sex;

/// The six items of a signature certificate, as its subjectAltName writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttestedText {
    /// Name (氏名).
    pub name: ItemText,
    /// Date of birth (生年月日), nine digits.
    pub birth_date: ItemText,
    /// Sex (性別), one digit.
    pub sex: ItemText,
    /// Address (住所).
    pub address: ItemText,
    /// Positions of substitute characters in the name (氏名の代替文字使用位置情報).
    pub name_mask: ItemText,
    /// Positions of substitute characters in the address (住所の代替文字使用位置情報).
    pub address_mask: ItemText,
}

impl AttestedText {
    /// Reads the value of a `subjectAltName` extension; none when no item of JPKI is in it.
    #[must_use]
    pub fn of_alternative_name(value: &[u8]) -> Option<Self> {
        let mut items = Self::default();
        let mut found = false;
        for name in Value::only(value)?.tagged(tag::SEQUENCE)?.children() {
            let mut parts = name.inside();
            if name.tag != tag::context_constructed(0) {
                continue;
            }
            let Some(slot) = parts.next_if(tag::OID).and_then(|oid| items.slot(oid)) else {
                continue;
            };
            found = true;
            // A second value of the same item makes both doubtful.
            let once = *slot == ItemText::Absent;
            *slot = match other_name_value(parts.any().ok()) {
                Some(text) if once && parts.is_empty() => ItemText::Text(text.to_owned()),
                Some(_) | None => ItemText::Malformed(name.der.to_vec()),
            };
        }
        found.then_some(items)
    }

    /// Era as stated and date of birth; none when the nine digits are not well formed.
    #[must_use]
    pub fn birth_date(&self) -> Option<(Era, BirthDate)> {
        BirthDate::from_encoded(self.birth_date.text()?).ok()
    }

    /// The sex; none when the digit is not one of its own.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        let text = self.sex.text()?;
        Sex::ALL.into_iter().find(|sex| sex.digit().to_string() == text)
    }

    /// Positions of the substitute characters of the name, counted from 0 in Unicode scalar values;
    /// none when the mask does not fit the name.
    #[must_use]
    pub fn name_substitutes(&self) -> Option<Vec<usize>> {
        marked(&self.name, &self.name_mask)
    }

    /// Positions of the substitute characters of the address, as for the name.
    #[must_use]
    pub fn address_substitutes(&self) -> Option<Vec<usize>> {
        marked(&self.address, &self.address_mask)
    }

    fn slot(&mut self, oid: Value<'_>) -> Option<&mut ItemText> {
        match ObjectIdentifier::from_bytes(oid.contents).ok()? {
            oid::JPKI_NAME => Some(&mut self.name),
            oid::JPKI_BIRTH_DATE => Some(&mut self.birth_date),
            oid::JPKI_SEX => Some(&mut self.sex),
            oid::JPKI_ADDRESS => Some(&mut self.address),
            oid::JPKI_NAME_SUBSTITUTES => Some(&mut self.name_mask),
            oid::JPKI_ADDRESS_SUBSTITUTES => Some(&mut self.address_mask),
            _ => None,
        }
    }
}

/// An item as a certificate writes it.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum ItemText {
    /// It is not there.
    #[default]
    Absent,
    /// The text of its `UTF8String`.
    Text(String),
    /// It stands there twice or is no `UTF8String`: the DER of its `GeneralName`.
    Malformed(Vec<u8>),
}

impl ItemText {
    /// The text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Malformed(_) => None,
        }
    }
}

impl fmt::Debug for ItemText {
    /// Redacted: an item is a holder's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Text(_) => "Text(…)",
            Self::Malformed(_) => "Malformed(…)",
        })
    }
}

/// The `UTF8String` in the `[0] EXPLICIT` value of an `otherName`.
fn other_name_value(value: Option<Value<'_>>) -> Option<&str> {
    value?.tagged(tag::context_constructed(0))?.child()?.utf8()
}

/// Where a mask of `0` and `1` marks a text, one sign for each character.
fn marked(text: &ItemText, mask: &ItemText) -> Option<Vec<usize>> {
    let (text, mask) = (text.text()?, mask.text()?);
    let fits =
        mask.len() == text.chars().count() && mask.bytes().all(|sign| matches!(sign, b'0' | b'1'));
    fits.then(|| {
        mask.bytes().enumerate().filter(|(_, sign)| *sign == b'1').map(|(at, _)| at).collect()
    })
}
