//! Common names of holders' certificates.

use std::fmt;

use crate::clock::Timestamp;
use crate::holder::Municipality;

/// The common name of a holder's certificate, in its parts.
#[derive(Clone, PartialEq, Eq)]
pub enum CommonName {
    /// Signature: 28 characters.
    Signature {
        /// Fourteen digits, `YYYYMMDDhhmmss` in Japan time.
        requested: String,
        /// The instant that they mean; none when there is no such day or hour.
        requested_at: Option<Timestamp>,
        /// Five digits that count within the second.
        sequence: String,
        /// Where it was requested.
        window: Window,
    },
    /// User authentication: 23 characters.
    UserAuthentication {
        /// Fourteen characters that say nothing.
        opaque: String,
        /// Where it was requested.
        window: Window,
    },
}

impl CommonName {
    /// Reads a common name; none when it has neither form.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let (front, window) = text.split_at_checked(text.len().checked_sub(Window::LENGTH)?)?;
        let window = Window::of(window)?;
        match front.len() {
            19 => {
                let (requested, sequence) = front.split_at_checked(14)?;
                front.bytes().all(|octet| octet.is_ascii_digit()).then(|| Self::Signature {
                    requested: requested.to_owned(),
                    requested_at: japan_time(requested),
                    sequence: sequence.to_owned(),
                    window,
                })
            }
            14 => front
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric())
                .then(|| Self::UserAuthentication { opaque: front.to_owned(), window }),
            _ => None,
        }
    }

    /// Where the certificate was requested.
    #[must_use]
    pub fn window(&self) -> &Window {
        match self {
            Self::Signature { window, .. } | Self::UserAuthentication { window, .. } => window,
        }
    }
}

impl fmt::Debug for CommonName {
    /// Only the window: the rest singles a person out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommonName(…, {:?})", self.window())
    }
}

/// Reception window (受付窓口), by its identifier of nine characters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// Code of the municipality without its check digit.
    pub code: String,
    /// The municipality; none when no present one has the code.
    pub municipality: Option<Municipality>,
    /// Three digits and a letter, whose meaning is open
    /// ([`WINDOW_SUFFIX`](crate::profile::assumed::WINDOW_SUFFIX)).
    pub suffix: String,
}

impl Window {
    const LENGTH: usize = 9;

    fn of(text: &str) -> Option<Self> {
        let (code, suffix) = text.split_at_checked(5)?;
        let (digits, letter) = suffix.split_at_checked(3)?;
        let formed = code.bytes().chain(digits.bytes()).all(|octet| octet.is_ascii_digit())
            && letter.bytes().all(|octet| octet.is_ascii_uppercase());
        formed.then(|| Self {
            code: code.to_owned(),
            municipality: Municipality::all().find(|known| known.short_code() == code),
            suffix: suffix.to_owned(),
        })
    }
}

/// The instant that `YYYYMMDDhhmmss` means in Japan time.
fn japan_time(digits: &str) -> Option<Timestamp> {
    let part = |range: std::ops::Range<usize>| digits.get(range);
    let date = format!("{}-{}-{}", part(0..4)?, part(4..6)?, part(6..8)?);
    let time = format!("{}:{}:{}", part(8..10)?, part(10..12)?, part(12..14)?);
    format!("{date}T{time}+09:00").parse().ok()
}
