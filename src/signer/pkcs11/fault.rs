//! What goes wrong with a token, for its operator. What a signer says to others is [`SignError`].

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::asn1::KeyAlgorithm;

use super::super::SignError;

/// Why a token did not do its work. None of these repeats a PIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// This build has no PKCS #11.
    #[error("this build has no PKCS #11: build it with the feature pkcs11")]
    NotBuiltIn,
    /// The module is not to be had.
    #[error("cannot load the module {path}: {problem}")]
    Module {
        /// The shared library.
        path: PathBuf,
        /// What the loader said.
        problem: String,
    },
    /// No token fits the address.
    #[error("the module shows no token that is {wanted}: is it connected, and is the name right?")]
    NoToken {
        /// What the address says of it.
        wanted: String,
    },
    /// More than one token fits the address.
    #[error("the module shows {count} tokens that are {wanted}: give the serial number too")]
    Ambiguous {
        /// What the address says of it.
        wanted: String,
        /// How many fit.
        count: usize,
    },
    /// In the place of the token that was opened is another one.
    #[error("another token is there now: its serial number is {found}, it was {expected}")]
    OtherToken {
        /// The serial number of the token that was opened.
        expected: String,
        /// That of the one which is there.
        found: String,
    },
    /// The PIN is wrong. It is not tried again: every try may be the one that locks it.
    #[error("the token refused the PIN; a few more wrong ones lock it")]
    PinRefused,
    /// The PIN is locked.
    #[error("the token's PIN is locked: its security officer has to set a new one")]
    PinLocked,
    /// There is no PIN yet, or it has to be changed first.
    #[error("the token's PIN is not set or has expired: set one with the token's own tools")]
    PinUnset,
    /// A call that the device answered with an error, and that certainly made nothing.
    #[error("{0}")]
    Failed(DeviceCall),
    /// A call that the device took up and answered with an error that does not say what became of it.
    #[error("{0}; what became of the call is not known")]
    Unknown(DeviceCall),
    /// A call that the device took up and has not answered.
    #[error("the device did not answer within {}; whether it did the work is not known", Seconds(.after))]
    Unanswered {
        /// How long the caller waited.
        after: Duration,
    },
    /// A call that ran out before the device was asked to sign: nothing was made.
    #[error("the device was not ready within {}; it was not asked to sign", Seconds(.after))]
    NotReached {
        /// How long the caller waited.
        after: Duration,
    },
    /// All sessions were in use for as long as a caller waits: nothing was asked.
    #[error("all {sessions} sessions with the token were in use for {}", Seconds(.after))]
    Busy {
        /// How many there are.
        sessions: usize,
        /// How long the caller waited.
        after: Duration,
    },
    /// So many calls never came back that no other is begun.
    #[error("{count} calls hang in the device's module: look after the device, then start again")]
    Hanging {
        /// How many.
        count: usize,
    },
    /// The device failed too often in a row and is left alone for a moment.
    #[error("the device is left alone for another {}; its last failure: {last}", Seconds(.left))]
    Resting {
        /// Until one call is let through to see how it is.
        left: Duration,
        /// Its last failure.
        last: String,
    },
    /// No key of that description is in the token.
    #[error("the token holds no key pair {key}")]
    KeyMissing {
        /// Its label and identifier.
        key: String,
    },
    /// More than one object is the same half of a key pair.
    #[error("the token holds more than one half of the same kind of the key pair {key}")]
    KeyTwice {
        /// Its label and identifier.
        key: String,
    },
    /// The private key is not the one that belongs to the public key.
    #[error(
        "the private key {key} does not belong to its public key, or the device signs wrongly: it is \
         not used"
    )]
    KeySwapped {
        /// Its label and identifier.
        key: String,
    },
    /// What the device says is the public key is none that we know.
    #[error("the public key {key} is not an RSA, P-256 or P-384 key")]
    KeyStrange {
        /// Its label and identifier.
        key: String,
    },
    /// A key that the device generated is not as well kept as it has to be; it was destroyed.
    #[error(
        "the device does not keep the new key as it has to ({attribute}): the key was destroyed"
    )]
    Exposed {
        /// The attribute that came out otherwise.
        attribute: &'static str,
    },
    /// A key that others could get out of the device.
    #[error("the private key {key} can be read out of the device: it is not used")]
    Extractable {
        /// Its label and identifier.
        key: String,
    },
    /// No generator for such keys.
    #[error("no generator for {0} keys")]
    NoGenerator(KeyAlgorithm),
    /// Not a digest by the hash that goes with the key.
    #[error("a digest of {length} octets does not go with a key of this kind")]
    DigestLength {
        /// Its length.
        length: usize,
    },
    /// The signature that the device made does not verify under the key's public half.
    #[error("the signature that the device made does not verify")]
    WrongSignature,
    /// The system gave no thread for a session.
    #[error("no thread for a session with the token: {0}")]
    Thread(String),
}

impl TokenError {
    /// Whether this is the device's failure, of which so many in a row let it rest. That it has no such
    /// key or refuses the PIN, it says in good health.
    #[must_use]
    pub fn is_of_device(&self) -> bool {
        match self {
            Self::Module { .. }
            | Self::NoToken { .. }
            | Self::OtherToken { .. }
            | Self::Failed(_)
            | Self::Unknown(_)
            | Self::Unanswered { .. }
            | Self::NotReached { .. }
            | Self::WrongSignature => true,
            Self::NotBuiltIn
            | Self::Ambiguous { .. }
            | Self::PinRefused
            | Self::PinLocked
            | Self::PinUnset
            | Self::Busy { .. }
            | Self::Hanging { .. }
            | Self::Resting { .. }
            | Self::KeyMissing { .. }
            | Self::KeyTwice { .. }
            | Self::KeySwapped { .. }
            | Self::KeyStrange { .. }
            | Self::Exposed { .. }
            | Self::Extractable { .. }
            | Self::NoGenerator(_)
            | Self::DigestLength { .. }
            | Self::Thread(_) => false,
        }
    }

    /// Whether the PIN is what is wrong. It is not tried again then.
    #[must_use]
    pub fn is_of_pin(&self) -> bool {
        matches!(self, Self::PinRefused | Self::PinLocked | Self::PinUnset)
    }

    /// The same, where what the device took up was not the caller's: nothing of the caller's was signed.
    #[cfg(feature = "pkcs11")]
    pub(super) fn of_a_trial(self) -> Self {
        match self {
            Self::Unknown(call) => Self::Failed(call),
            other => other,
        }
    }

    /// Whether the module says that it was never initialised, or was finalised since.
    #[cfg(feature = "pkcs11")]
    pub(super) fn is_of_finalised_module(&self) -> bool {
        matches!(self, Self::Failed(call) if call.returned == "CKR_CRYPTOKI_NOT_INITIALIZED")
    }

    /// Whether the session is of no more use after this.
    #[cfg(feature = "pkcs11")]
    pub(super) fn loses_session(&self) -> bool {
        match self {
            Self::Failed(call) | Self::Unknown(call) => call.is_lost,
            _ => false,
        }
    }
}

impl From<&TokenError> for SignError {
    fn from(error: &TokenError) -> Self {
        match error {
            TokenError::Unknown(_) | TokenError::Unanswered { .. } => Self::Unanswered,
            TokenError::Resting { left, .. } => Self::Resting { seconds: left.as_secs() + 1 },
            TokenError::PinRefused | TokenError::PinUnset => Self::PinRefused,
            TokenError::PinLocked => Self::PinLocked,
            TokenError::KeyMissing { .. } => Self::KeyMissing,
            TokenError::KeySwapped { .. } | TokenError::KeyTwice { .. } => Self::KeySwapped,
            TokenError::WrongSignature => Self::WrongSignature,
            TokenError::NoGenerator(algorithm) => Self::NoGenerator(*algorithm),
            TokenError::KeyStrange { .. } => Self::NotAKey,
            TokenError::Exposed { .. } => Self::Generation,
            TokenError::Extractable { .. } | TokenError::DigestLength { .. } => Self::Unusable,
            TokenError::NotBuiltIn
            | TokenError::Module { .. }
            | TokenError::NoToken { .. }
            | TokenError::Ambiguous { .. }
            | TokenError::OtherToken { .. }
            | TokenError::Failed(_)
            | TokenError::NotReached { .. }
            | TokenError::Busy { .. }
            | TokenError::Hanging { .. }
            | TokenError::Thread(_) => Self::Unavailable,
        }
    }
}

impl From<TokenError> for SignError {
    fn from(error: TokenError) -> Self {
        Self::from(&error)
    }
}

/// A call to the device's module, and what it returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCall {
    function: String,
    returned: String,
    is_lost: bool,
}

impl fmt::Display for DeviceCall {
    /// As the standard writes it: `C_Sign returned CKR_DEVICE_ERROR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} returned {}", self.function, self.returned)
    }
}

/// A duration as it is said: `10 s`, `250 ms`.
struct Seconds<'a>(&'a Duration);

impl fmt::Display for Seconds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        if milliseconds < 1000 {
            write!(f, "{milliseconds} ms")
        } else {
            write!(f, "{} s", milliseconds.div_ceil(1000))
        }
    }
}

#[cfg(feature = "pkcs11")]
mod returned {
    use cryptoki::context::Function;
    use cryptoki::error::Error;
    use cryptoki::error::RvError;

    use super::DeviceCall;
    use super::TokenError;

    impl From<Error> for TokenError {
        fn from(error: Error) -> Self {
            let Error::Pkcs11(code, function) = error else {
                // What the wrapper could not convert: the device's answer made no sense.
                let returned = error.to_string();
                let function = "the module".to_owned();
                return Self::Failed(DeviceCall { function, returned, is_lost: false });
            };
            match (function, code) {
                (
                    Function::Login,
                    RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                ) => Self::PinRefused,
                (Function::Login, RvError::PinLocked) => Self::PinLocked,
                (Function::Login, RvError::PinExpired | RvError::UserPinNotInitialized) => {
                    Self::PinUnset
                }
                _ => {
                    let call = DeviceCall {
                        function: format!("C_{function:?}"),
                        returned: name(code),
                        is_lost: is_lost(code),
                    };
                    match function {
                        Function::Sign | Function::GenerateKeyPair if !was_not_taken(code) => {
                            Self::Unknown(call)
                        }
                        _ => Self::Failed(call),
                    }
                }
            }
        }
    }

    /// Whether a call that returned this was turned away at the door, by what the standard says about the
    /// code (PKCS #11 v2.40, section 5.1): it speaks of the time when the function was invoked, or of what it was given.
    fn was_not_taken(code: RvError) -> bool {
        matches!(
            code,
            RvError::SessionHandleInvalid
                | RvError::TokenNotPresent
                | RvError::UserNotLoggedIn
                | RvError::OperationNotInitialized
                | RvError::CryptokiNotInitialized
                | RvError::ArgumentsBad
                | RvError::DataInvalid
                | RvError::DataLenRange
                | RvError::FunctionNotSupported
        )
    }

    /// Whether the session, or what was looked up in it, is of no more use.
    fn is_lost(code: RvError) -> bool {
        matches!(
            code,
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::SlotIdInvalid
                | RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::GeneralError
                | RvError::FunctionFailed
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::OperationNotInitialized
                | RvError::OperationActive
                | RvError::CryptokiNotInitialized
        )
    }

    /// `CKR_DEVICE_ERROR` out of `DeviceError`.
    fn name(code: RvError) -> String {
        match code {
            RvError::VendorDefined(number) => {
                return format!("CKR_VENDOR_DEFINED ({number:#010x})");
            }
            RvError::UnknownErrorCode(number) => {
                return format!("an unknown code ({number:#010x})");
            }
            _ => {}
        }
        let mut name = "CKR".to_owned();
        for letter in format!("{code:?}").chars() {
            if letter.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(letter.to_ascii_uppercase());
        }
        name
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::signer::SignError;

        fn of(code: RvError, function: Function) -> TokenError {
            Error::Pkcs11(code, function).into()
        }

        #[test]
        fn codes_are_named_as_the_standard_names_them() {
            let said = of(RvError::SessionHandleInvalid, Function::SignInit).to_string();
            assert_eq!(said, "C_SignInit returned CKR_SESSION_HANDLE_INVALID");
            let said = of(RvError::VendorDefined(0x8000_0001), Function::OpenSession).to_string();
            assert_eq!(said, "C_OpenSession returned CKR_VENDOR_DEFINED (0x80000001)");
        }

        #[test]
        fn what_the_device_took_up_has_an_unknown_result() {
            for code in [
                RvError::DeviceError,
                RvError::DeviceRemoved,
                RvError::SessionClosed,
                RvError::FunctionFailed,
                RvError::GeneralError,
                RvError::HostMemory,
                RvError::VendorDefined(0x8000_0001),
            ] {
                let error = of(code, Function::Sign);
                assert!(matches!(error, TokenError::Unknown(_)), "{error}");
                assert_eq!(SignError::from(&error), SignError::Unanswered);
                // Before the device was asked to sign, nothing can have been signed.
                let error = of(code, Function::SignInit);
                assert!(matches!(error, TokenError::Failed(_)), "{error}");
                assert_eq!(SignError::from(&error), SignError::Unavailable);
            }
            for code in [
                RvError::SessionHandleInvalid,
                RvError::TokenNotPresent,
                RvError::UserNotLoggedIn,
                RvError::CryptokiNotInitialized,
            ] {
                let error = of(code, Function::Sign);
                assert!(matches!(error, TokenError::Failed(_)) && error.loses_session(), "{error}");
            }
        }

        #[test]
        fn pins_are_told_apart_at_the_login_alone() {
            assert_eq!(of(RvError::PinIncorrect, Function::Login), TokenError::PinRefused);
            assert_eq!(of(RvError::PinLocked, Function::Login), TokenError::PinLocked);
            assert_eq!(of(RvError::UserPinNotInitialized, Function::Login), TokenError::PinUnset);
            assert!(!of(RvError::PinIncorrect, Function::Sign).is_of_pin());
        }
    }
}
