//! The address of a token: a PKCS #11 URI (RFC 7512).

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a token is, and where its PIN comes from:
/// `pkcs11:token=jpki?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/jpki/pin`.
///
/// | attribute | says |
/// |---|---|
/// | `token` | the token's label |
/// | `serial` | its serial number |
/// | `slot-id` | the number of its slot, in decimal; not every module keeps it |
/// | `object` | what the labels of our keys begin with |
/// | `module-path` | the module (a shared library), an absolute path |
/// | `pin-source` | `file:` with a path, or `env:` with the name of a variable |
///
/// At least one of the first three is needed, all that are given have to fit, and exactly one token may
/// fit them. Other attributes are refused rather than ignored, and so is `pin-value`: an address is seen
/// in process lists, settings and logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenUri {
    token: Option<String>,
    serial: Option<String>,
    slot: Option<u64>,
    object: Option<String>,
    module: PathBuf,
    pin_source: Option<PinSource>,
}

/// Where a PIN comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinSource {
    /// The first line of a file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

impl TokenUri {
    /// Whether a text is an address of this kind, well formed or not.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
    }

    /// The label of the token.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The serial number of the token.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// The number of its slot.
    #[must_use]
    pub fn slot(&self) -> Option<u64> {
        self.slot
    }

    /// What the labels of our keys begin with.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.object.as_deref()
    }

    /// The module: a shared library.
    #[must_use]
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// Where the PIN comes from, when the address says it.
    #[must_use]
    pub fn pin_source(&self) -> Option<&PinSource> {
        self.pin_source.as_ref()
    }
}

impl FromStr for TokenUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if !Self::is_one(text) {
            return Err(UriError::Scheme);
        }
        let rest = text.get(SCHEME.len()..).unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut taken = Taken::default();
        for attribute in path.split(';').filter(|one| !one.is_empty()) {
            taken.path_attribute(attribute)?;
        }
        for attribute in query.split('&').filter(|one| !one.is_empty()) {
            taken.query_attribute(attribute)?;
        }
        let Taken { token, serial, slot, object, module, pin_source } = taken;
        if token.is_none() && serial.is_none() && slot.is_none() {
            return Err(UriError::NoToken);
        }
        let module = module.ok_or(UriError::NoModule)?;
        Ok(Self { token, serial, slot, object, module, pin_source })
    }
}

impl fmt::Display for TokenUri {
    /// The address again, in one order and with one encoding. It holds no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        let slot = self.slot.map(|slot| slot.to_string());
        let path = [
            ("token", self.token.as_deref()),
            ("serial", self.serial.as_deref()),
            ("slot-id", slot.as_deref()),
            ("object", self.object.as_deref()),
        ];
        let mut separator = "";
        for (name, value) in path {
            if let Some(value) = value {
                write!(f, "{separator}{name}={}", Encoded(value, "&"))?;
                separator = ";";
            }
        }
        write!(f, "?module-path={}", Encoded(&self.module.to_string_lossy(), "/"))?;
        match &self.pin_source {
            None => Ok(()),
            Some(PinSource::File(path)) => {
                write!(f, "&pin-source=file:{}", Encoded(&path.to_string_lossy(), "/"))
            }
            Some(PinSource::Env(name)) => write!(f, "&pin-source=env:{}", Encoded(name, "/")),
        }
    }
}

/// What was read so far; nothing comes twice.
#[derive(Default)]
struct Taken {
    token: Option<String>,
    serial: Option<String>,
    slot: Option<u64>,
    object: Option<String>,
    module: Option<PathBuf>,
    pin_source: Option<PinSource>,
}

impl Taken {
    fn path_attribute(&mut self, attribute: &str) -> Result<(), UriError> {
        let (name, value) = split(attribute)?;
        let decode = |name| decode(name, value, "&");
        match name {
            "token" => once(&mut self.token, "token", decode("token")?),
            "serial" => once(&mut self.serial, "serial", decode("serial")?),
            "object" => once(&mut self.object, "object", decode("object")?),
            "slot-id" => {
                let number = decode("slot-id")?.parse().map_err(|_| UriError::SlotId)?;
                once(&mut self.slot, "slot-id", number)
            }
            "pin-value" => Err(UriError::PinInAddress),
            "module-path" | "pin-source" => Err(UriError::BehindTheQuestionMark),
            _ => Err(UriError::unknown(name)),
        }
    }

    fn query_attribute(&mut self, attribute: &str) -> Result<(), UriError> {
        let (name, value) = split(attribute)?;
        match name {
            "module-path" => {
                let path = PathBuf::from(decode("module-path", value, QUERY)?);
                // A name alone would be looked for in folders that the environment names.
                if !path.is_absolute() {
                    return Err(UriError::ModuleNotAbsolute);
                }
                once(&mut self.module, "module-path", path)
            }
            "pin-source" => {
                let source = decode("pin-source", value, QUERY)?;
                once(&mut self.pin_source, "pin-source", pin_source(&source)?)
            }
            "pin-value" => Err(UriError::PinInAddress),
            "token" | "serial" | "slot-id" | "object" => Err(UriError::BeforeTheQuestionMark),
            _ => Err(UriError::unknown(name)),
        }
    }
}

/// Name and value. What is neither is not repeated: it may be a secret in the wrong place.
fn split(attribute: &str) -> Result<(&str, &str), UriError> {
    attribute.split_once('=').ok_or(UriError::NotAnAttribute)
}

fn once<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), UriError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(UriError::Twice { name }),
    }
}

fn pin_source(text: &str) -> Result<PinSource, UriError> {
    let source = match text.split_once(':') {
        // A file URI with an empty authority is the path behind it (RFC 8089).
        Some(("file", path)) if path.starts_with("///") => {
            PinSource::File(path.get(2..).unwrap_or_default().into())
        }
        Some(("file", path)) if !path.is_empty() && !path.starts_with("//") => {
            PinSource::File(path.into())
        }
        Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => {
            PinSource::Env(name.to_owned())
        }
        _ => return Err(UriError::PinSource),
    };
    Ok(source)
}

/// Undoes the percent-encoding of a value; `more` may stand there unencoded beside what may everywhere.
fn decode(name: &'static str, value: &str, more: &str) -> Result<String, UriError> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        if octet == b'%' {
            let digits = [rest.next().unwrap_or(b'?'), rest.next().unwrap_or(b'?')];
            // from_str_radix would take a sign.
            let octet = std::str::from_utf8(&digits)
                .ok()
                .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|digits| u8::from_str_radix(digits, 16).ok());
            octets.push(octet.ok_or(UriError::Encoding { name })?);
        } else if is_plain(octet, more) {
            octets.push(octet);
        } else {
            return Err(UriError::Unencoded { name });
        }
    }
    let text = String::from_utf8(octets).map_err(|_| UriError::Encoding { name })?;
    if text.is_empty() || text.contains('\0') {
        return Err(UriError::Empty { name });
    }
    Ok(text)
}

/// A value, percent-encoded as it stands in an address.
struct Encoded<'a>(&'a str, &'static str);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for octet in self.0.bytes() {
            if is_plain(octet, self.1) {
                write!(f, "{}", char::from(octet))?;
            } else {
                write!(f, "%{octet:02X}")?;
            }
        }
        Ok(())
    }
}

/// `unreserved` and `pk11-res-avail` of RFC 7512 section 2.3, and what the place allows besides.
fn is_plain(octet: u8, more: &str) -> bool {
    octet.is_ascii_alphanumeric()
        || b"-._~:[]@!$'()*+,=".contains(&octet)
        || more.as_bytes().contains(&octet)
}

const SCHEME: &str = "pkcs11:";

/// What a query value may hold unencoded beside what a path value may.
const QUERY: &str = "/?|";

/// Why a text is not the address of a token. The values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Another kind of address.
    #[error("not the address of a token: it begins with pkcs11:")]
    Scheme,
    /// A part without a name.
    #[error(
        "a part of the address has no name: write NAME=VALUE, separated by ; and behind ? by &"
    )]
    NotAnAttribute,
    /// An attribute that means nothing here.
    #[error(
        "unknown attribute {name:?}: before the ? stand token, serial, slot-id and object, behind it \
         module-path and pin-source"
    )]
    Unknown {
        /// The attribute.
        name: String,
    },
    /// An attribute that stands there twice.
    #[error("{name} stands there twice")]
    Twice {
        /// The attribute.
        name: &'static str,
    },
    /// An attribute without a value.
    #[error("{name} is empty")]
    Empty {
        /// The attribute.
        name: &'static str,
    },
    /// A percent sign that encodes no octet, or octets that are no text.
    #[error("the value of {name} is not percent-encoded UTF-8")]
    Encoding {
        /// The attribute.
        name: &'static str,
    },
    /// A character that has to be encoded.
    #[error(
        "the value of {name} holds a character that has to be percent-encoded: a space is %20, / \
         before the ? is %2F"
    )]
    Unencoded {
        /// The attribute.
        name: &'static str,
    },
    /// A slot number that is none.
    #[error("slot-id is not a decimal number")]
    SlotId,
    /// A PIN in the address.
    #[error(
        "a PIN never stands in an address, which others can see: change that PIN, and write \
         pin-source=file:PATH or pin-source=env:NAME"
    )]
    PinInAddress,
    /// An attribute of the query in the path.
    #[error("module-path and pin-source stand behind the ?")]
    BehindTheQuestionMark,
    /// An attribute of the path in the query.
    #[error("token, serial, slot-id and object stand before the ?")]
    BeforeTheQuestionMark,
    /// Nothing says which token.
    #[error("the address names no token: give its label (token=…), serial= or slot-id=")]
    NoToken,
    /// Nothing says which module.
    #[error("the address names no module: give the device's library, ?module-path=/usr/lib/…")]
    NoModule,
    /// A module's name without its folder.
    #[error("module-path is not absolute")]
    ModuleNotAbsolute,
    /// A source of PINs of another kind.
    #[error("pin-source is neither file:PATH nor env:NAME")]
    PinSource,
}

impl UriError {
    fn unknown(name: &str) -> Self {
        // As long as names are; a whole line pasted in the wrong place is not repeated.
        Self::Unknown { name: name.chars().take(24).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODULE: &str = "module-path=/usr/lib/softhsm/libsofthsm2.so";

    fn refused(text: &str) -> UriError {
        text.parse::<TokenUri>().unwrap_err()
    }

    #[test]
    fn every_attribute_is_read_and_written_again() {
        let text = format!(
            "pkcs11:token=jpki;serial=0a1b;slot-id=7;object=tokyo%2F?{MODULE}&pin-source=file:/etc/jpki/pin"
        );
        let uri: TokenUri = text.parse().unwrap();
        assert_eq!(uri.token(), Some("jpki"));
        assert_eq!(uri.serial(), Some("0a1b"));
        assert_eq!(uri.slot(), Some(7));
        assert_eq!(uri.object(), Some("tokyo/"));
        assert_eq!(uri.module(), Path::new("/usr/lib/softhsm/libsofthsm2.so"));
        assert_eq!(uri.pin_source(), Some(&PinSource::File("/etc/jpki/pin".into())));
        assert_eq!(uri.to_string(), text);

        let uri: TokenUri = format!("PKCS11:token=%E5%85%AC%E7%9A%84;?&{MODULE}").parse().unwrap();
        assert_eq!(uri.token(), Some("公的"));
        assert_eq!(uri.pin_source(), None);
        assert_eq!(uri.to_string(), format!("pkcs11:token=%E5%85%AC%E7%9A%84?{MODULE}"));
    }

    #[test]
    fn a_pin_comes_from_a_file_or_a_variable() {
        let source = |text: &str| {
            format!("pkcs11:token=jpki?{MODULE}&pin-source={text}")
                .parse::<TokenUri>()
                .map(|uri| uri.pin_source().cloned().unwrap())
        };
        assert_eq!(source("env:JPKI_PIN"), Ok(PinSource::Env("JPKI_PIN".into())));
        assert_eq!(source("file:pin"), Ok(PinSource::File("pin".into())));
        assert_eq!(source("file:///etc/pin"), Ok(PinSource::File("/etc/pin".into())));
        for bad in ["/etc/pin", "|cat%20pin", "file:", "env:", "file://host/pin", "http:x", "1234"]
        {
            assert_eq!(source(bad), Err(UriError::PinSource), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_no_value_repeated() {
        let unknown = |name: &str| UriError::Unknown { name: name.into() };
        for (text, error) in [
            ("file:keys".to_owned(), UriError::Scheme),
            (format!("pkcs11:token=a;pin-value=48151623?{MODULE}"), UriError::PinInAddress),
            (format!("pkcs11:token=a?{MODULE}&pin-value=48151623"), UriError::PinInAddress),
            (format!("pkcs11:token=a;48151623?{MODULE}"), UriError::NotAnAttribute),
            (format!("pkcs11:token=a;type=private?{MODULE}"), unknown("type")),
            (format!("pkcs11:token=a?{MODULE}&module-name=x"), unknown("module-name")),
            (format!("pkcs11:token=a;{MODULE}"), UriError::BehindTheQuestionMark),
            (format!("pkcs11:?{MODULE}&token=a"), UriError::BeforeTheQuestionMark),
            (format!("pkcs11:token=a;token=b?{MODULE}"), UriError::Twice { name: "token" }),
            (format!("pkcs11:token=a?{MODULE}&{MODULE}"), UriError::Twice { name: "module-path" }),
            (format!("pkcs11:token=?{MODULE}"), UriError::Empty { name: "token" }),
            (format!("pkcs11:token=a%00?{MODULE}"), UriError::Empty { name: "token" }),
            (format!("pkcs11:token=a%2?{MODULE}"), UriError::Encoding { name: "token" }),
            (format!("pkcs11:token=a%+1?{MODULE}"), UriError::Encoding { name: "token" }),
            (format!("pkcs11:token=a%FF?{MODULE}"), UriError::Encoding { name: "token" }),
            (format!("pkcs11:token=my token?{MODULE}"), UriError::Unencoded { name: "token" }),
            (format!("pkcs11:token=公的?{MODULE}"), UriError::Unencoded { name: "token" }),
            (format!("pkcs11:slot-id=0x1?{MODULE}"), UriError::SlotId),
            (format!("pkcs11:object=a?{MODULE}"), UriError::NoToken),
            ("pkcs11:token=a".to_owned(), UriError::NoModule),
            ("pkcs11:token=a?module-path=lib.so".to_owned(), UriError::ModuleNotAbsolute),
        ] {
            assert_eq!(refused(&text), error, "{text}");
            let said = format!("{error} {error:?}");
            assert!(!said.contains("48151623"), "{said}");
        }
    }

    #[test]
    fn the_addresses_of_the_documentation_are_addresses() {
        let text = include_str!("../../../packaging/pkcs11.md");
        let addresses: Vec<&str> =
            text.lines().filter(|line| line.starts_with("pkcs11:")).collect();
        assert!(addresses.len() > 5);
        for address in addresses {
            let uri: TokenUri = address.parse().unwrap();
            assert!(uri.pin_source().is_some(), "{address}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(
            token in "[^\0]{1,20}",
            object in proptest::option::of("[^\0]{1,20}"),
            slot in proptest::option::of(any::<u64>()),
            module in "/[^\0]{1,30}",
            env in "[A-Z_]{1,12}",
        ) {
            let uri = TokenUri {
                token: Some(token),
                serial: None,
                slot,
                object,
                module: module.into(),
                pin_source: Some(PinSource::Env(env)),
            };
            prop_assert_eq!(uri.to_string().parse::<TokenUri>(), Ok(uri));
        }

        #[test]
        fn nothing_makes_it_panic(text in "pkcs11:.{0,60}") {
            let _ = text.parse::<TokenUri>();
        }
    }
}
