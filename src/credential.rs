//! The small words that every room shares: which certificate, on what, numbered how, ended why.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// Which of the two certificates of a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Signature certificate (署名用電子証明書): carries the basic four items.
    Signature,
    /// User-authentication certificate (利用者証明用電子証明書): carries no personal data.
    UserAuthentication,
}

impl Kind {
    /// Both kinds, in the order in which they are listed to people.
    pub const ALL: [Self; 2] = [Self::Signature, Self::UserAuthentication];

    /// The authority that issues this kind.
    #[must_use]
    pub fn ca(self) -> CaName {
        match self {
            Self::Signature => CaName::Signature,
            Self::UserAuthentication => CaName::UserAuthentication,
        }
    }

    /// The word of the command line and of file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.ca().as_str()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "signature" => Ok(Self::Signature),
            "user-authentication" => Ok(Self::UserAuthentication),
            _ => Err(WordError::Kind),
        }
    }
}

/// Which authority: one name over all its key generations (認証局).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CaName {
    /// Signature CA (署名用認証局).
    Signature,
    /// User-authentication CA (利用者証明用認証局).
    UserAuthentication,
}

impl CaName {
    /// Both authorities.
    pub const ALL: [Self; 2] = [Self::Signature, Self::UserAuthentication];

    /// The kind of certificate that it issues to holders.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Signature => Kind::Signature,
            Self::UserAuthentication => Kind::UserAuthentication,
        }
    }

    /// The word of the command line and of file names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::UserAuthentication => "user-authentication",
        }
    }
}

impl fmt::Display for CaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CaName {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        text.parse::<Kind>().map(Kind::ca).map_err(|_| WordError::CaName)
    }
}

/// Which cards an authority's generation issues for: those of today or the next ones
/// (次期個人番号カード). How long certificates, cards and the generation itself live follows from it,
/// and what keys usually are; which extensions certificates have does not.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The cards issued today: certificates to the fifth birthday, RSA-2048.
    #[default]
    Current,
    /// The next card as it is planned, not before the fiscal year 2028: certificates to the tenth
    /// birthday, P-384.
    Next,
}

impl Profile {
    /// Both profiles.
    pub const ALL: [Self; 2] = [Self::Current, Self::Next];

    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
        }
    }

    /// In Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Current => "現行カード",
            Self::Next => "次期カード",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let mut all = Self::ALL.into_iter();
        all.find(|profile| profile.as_str() == text).ok_or(WordError::Profile)
    }
}

/// What the key pair lives on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// My Number card (個人番号カード).
    #[default]
    Card,
    /// Smartphone (移動端末設備).
    Phone,
}

impl Carrier {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Phone => "phone",
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Carrier {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text {
            "card" => Ok(Self::Card),
            "phone" => Ok(Self::Phone),
            _ => Err(WordError::Carrier),
        }
    }
}

/// Issue number (発行の番号): positive, from one counter per [`CaName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(u64);

impl Serial {
    /// The first number of a counter: it goes to the authority's own certificate.
    pub const FIRST: Self = Self(1);

    /// The largest number: what a signed 64-bit column holds.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// A serial number.
    ///
    /// # Errors
    /// When it is zero or above [`Serial::MAX`].
    pub fn new(number: u64) -> Result<Self, WordError> {
        if number == 0 || number > Self::MAX.0 { Err(WordError::Serial) } else { Ok(Self(number)) }
    }

    /// The number in the contents of an INTEGER in DER; none when it is no number of ours: negative,
    /// zero, or above [`Serial::MAX`].
    #[must_use]
    pub fn of_integer(contents: &[u8]) -> Option<Self> {
        let octets = contents.len() <= size_of::<u64>();
        let positive = contents.first().is_some_and(|octet| octet & 0x80 == 0);
        let number = contents.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
        // Above eight octets it is above the largest serial in any case: a leading zero only stands
        // before an octet of at least 0x80.
        if octets && positive { Self::new(number).ok() } else { None }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The next number.
    ///
    /// # Errors
    /// When the counter is used up.
    pub fn next(self) -> Result<Self, WordError> {
        Self::new(self.0.saturating_add(1))
    }
}

impl fmt::Display for Serial {
    /// Decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Serial {
    type Err = WordError;

    /// Reads decimal, or hexadecimal after `0x`.
    fn from_str(text: &str) -> Result<Self, WordError> {
        let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None => (text, 10),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(WordError::Serial);
        }
        Self::new(u64::from_str_radix(digits, radix).map_err(|_| WordError::Serial)?)
    }
}

/// Key generation of an authority, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(NonZeroU16);

impl Generation {
    /// The first generation.
    pub const FIRST: Self = Self(NonZeroU16::MIN);

    /// The last that there can be.
    pub const LAST: Self = Self(NonZeroU16::MAX);

    /// A generation number.
    ///
    /// # Errors
    /// When it is zero.
    pub fn new(number: u16) -> Result<Self, WordError> {
        NonZeroU16::new(number).map(Self).ok_or(WordError::Generation)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }

    /// The one after it; none after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a certificate ended or is held: the reasons of RFC 5280 section 5.3.1 that the JPKI practice
/// statement uses, with its meaning of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Discarded before it was handed to the holder (交付前の破棄).
    Unspecified,
    /// The holder's private key is compromised.
    KeyCompromise,
    /// The authority's key is compromised.
    CaCompromise,
    /// What the certificate states has changed: one of the basic four items.
    AffiliationChanged,
    /// Replaced by a renewed certificate.
    Superseded,
    /// No longer needed, or its basis is gone: surrender, death, lapse.
    CessationOfOperation,
    /// Held (一時保留): the safety of the key is in doubt.
    CertificateHold,
}

impl Reason {
    /// All reasons, by code.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
    ];

    /// The code of `CRLReason`.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
        }
    }

    /// The reason with this code of `CRLReason`.
    ///
    /// # Errors
    /// When JPKI does not use the code.
    pub fn from_code(code: u8) -> Result<Self, WordError> {
        Self::ALL.into_iter().find(|reason| reason.code() == code).ok_or(WordError::Reason)
    }

    /// RFC 5280's name in kebab case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::CertificateHold => "certificate-hold",
        }
    }

    /// The meaning in JPKI, in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Unspecified => "交付前の破棄",
            Self::KeyCompromise => "利用者の秘密鍵の危殆化",
            Self::CaCompromise => "認証局の秘密鍵の危殆化",
            Self::AffiliationChanged => "記載事項の変更",
            Self::Superseded => "更新",
            Self::CessationOfOperation => "利用の終了",
            Self::CertificateHold => "一時保留",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Reason {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(WordError::Reason)
    }
}

/// Why a text is not one of these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordError {
    /// Not a [`Kind`].
    #[error("not a certificate kind: write signature or user-authentication")]
    Kind,
    /// Not a [`Kind`] nor both.
    #[error("not a certificate kind: write both, signature or user-authentication")]
    KindOrBoth,
    /// Not a [`CaName`].
    #[error("not an authority: write signature or user-authentication")]
    CaName,
    /// Not a [`Carrier`].
    #[error("not a carrier: write card or phone")]
    Carrier,
    /// Not a [`Profile`].
    #[error("not a profile: write current or next")]
    Profile,
    /// Not a [`Serial`].
    #[error(
        "not a serial number: write a positive decimal number below 2^63, or hexadecimal after 0x"
    )]
    Serial,
    /// Not a [`Generation`].
    #[error("not a generation: generations count from 1")]
    Generation,
    /// Not a [`Reason`].
    #[error(
        "not a reason: write unspecified, key-compromise, ca-compromise, affiliation-changed, \
         superseded, cessation-of-operation or certificate-hold"
    )]
    Reason,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_read_decimal_and_hexadecimal() {
        assert_eq!("20104363".parse::<Serial>().unwrap(), "0x0132C4AB".parse().unwrap());
        for bad in ["0", "-1", "+1", "", "0x", " 1", "9223372036854775808", "1f"] {
            assert_eq!(bad.parse::<Serial>(), Err(WordError::Serial), "{bad}");
        }
        assert_eq!(Serial::MAX.next(), Err(WordError::Serial));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for reason in Reason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(Reason::from_code(reason.code()), Ok(reason));
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(kind.ca().kind(), kind);
        }
        for profile in Profile::ALL {
            assert_eq!(profile.as_str().parse(), Ok(profile));
        }
        assert_eq!("last".parse::<Profile>(), Err(WordError::Profile));
        assert_eq!(Reason::from_code(7), Err(WordError::Reason));
    }
}
