//! Distinguished names, with the string type of every attribute.

use std::fmt;

use const_oid::ObjectIdentifier;

use super::oid;
use super::write::Der;
use super::write::tag;

/// How an attribute value is encoded: part of the profile, because names are compared by their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StringType {
    /// PrintableString: the country.
    Printable,
    /// UTF8String: everything else in this profile.
    Utf8,
}

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// Its type.
    pub oid: ObjectIdentifier,
    /// How the value is encoded.
    pub string: StringType,
    /// Its value.
    pub value: String,
}

/// A distinguished name with one attribute per relative name, in encoded order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(Vec<Attribute>);

impl Name {
    /// `C=JP` (PrintableString), with which every name of this profile begins.
    #[must_use]
    pub fn japan() -> Self {
        Self(vec![Attribute {
            oid: oid::COUNTRY,
            string: StringType::Printable,
            value: "JP".to_owned(),
        }])
    }

    /// This name with one more attribute, a UTF8String.
    #[must_use]
    pub fn with(mut self, oid: ObjectIdentifier, value: &str) -> Self {
        self.0.push(Attribute { oid, string: StringType::Utf8, value: value.to_owned() });
        self
    }

    /// The attributes, in encoded order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.0
    }

    /// The DER of the name.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        Der::build(|der| self.write(der))
    }

    /// Writes the name.
    pub(crate) fn write(&self, der: &mut Der) {
        der.sequence(|der| {
            for attribute in &self.0 {
                let string_tag = match attribute.string {
                    StringType::Printable => tag::PRINTABLE_STRING,
                    StringType::Utf8 => tag::UTF8_STRING,
                };
                der.nested(tag::SET, |der| {
                    der.sequence(|der| {
                        der.oid(attribute.oid);
                        der.primitive(string_tag, attribute.value.as_bytes());
                    });
                });
            }
        });
    }
}

impl fmt::Display for Name {
    /// In encoded order, `C=JP, O=…`, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, attribute) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            match short_name(attribute.oid) {
                Some(short) => write!(f, "{short}={}", attribute.value)?,
                None => write!(f, "{}={}", attribute.oid, attribute.value)?,
            }
        }
        Ok(())
    }
}

/// The letters that RFC 4514 section 3 writes for an attribute type.
fn short_name(oid: ObjectIdentifier) -> Option<&'static str> {
    match oid {
        oid::COUNTRY => Some("C"),
        oid::LOCALITY => Some("L"),
        oid::ORGANIZATION => Some("O"),
        oid::ORGANIZATIONAL_UNIT => Some("OU"),
        oid::COMMON_NAME => Some("CN"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_issuer_name_comes_out_byte_for_byte() {
        let name = Name::japan()
            .with(oid::ORGANIZATION, "JPKI")
            .with(oid::ORGANIZATIONAL_UNIT, "JPKI for digital signature")
            .with(oid::ORGANIZATIONAL_UNIT, "Japan Agency for Local Authority Information Systems");
        let hex: String = name.to_der().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "308180310b3009060355040613024a50310d300b060355040a0c044a504b4931233021060355040b0c1a4a\
             504b4920666f72206469676974616c207369676e6174757265313d303b060355040b0c344a6170616e2041\
             67656e637920666f72204c6f63616c20417574686f7269747920496e666f726d6174696f6e205379737465\
             6d73"
                .replace(' ', "")
        );
    }
}
