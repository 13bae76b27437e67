//! Keys in devices that speak PKCS #11 (version 2.40): hardware security modules, and SoftHSM.
//!
//! A [`Token`] is a device that was logged in to; a [`TokenSigner`] is a key pair in it. The private half is
//! generated inside and never leaves; it is given digests, so a list of any size costs one call.
//!
//! Promise 16, a key device gets a digest and a deadline, is kept here:
//!
//! * Every call runs on a thread with a session of its own and is waited for no longer than
//!   [`TokenLimits::call`]. One that ran out after the device was asked has an *unknown* result
//!   ([`TokenError::Unanswered`]); its thread is left to itself and another takes its place, up to
//!   [`TokenLimits::hanging`] of them. What it brings later, nobody takes.
//! * A call is repeated once, in a new session, when its failure says that the device took nothing up: the
//!   session is gone, the token was restarted, the module was initialised anew. Nothing else is ever
//!   repeated.
//! * So many failures in a row ([`TokenLimits::failures`]), and calls fail at once for a while
//!   ([`TokenLimits::rest`]); then one is let through to see how the device is. [`Token::health`] tells.
//! * A PIN that was refused is not tried again, since that would lock it.
//!
//! Each session tries a key out before it signs with it, and what a key signs is verified, so a wrong or
//! swapped key signs nothing. An RSA signature that a device computed wrongly would give the key away.
//!
//! Without the feature `pkcs11` everything here is there all the same, and a token cannot be opened
//! ([`TokenError::NotBuiltIn`]).

mod fault;
mod health;
mod uri;

#[cfg(not(feature = "pkcs11"))]
mod absent;
#[cfg(feature = "pkcs11")]
mod breaker;
#[cfg(feature = "pkcs11")]
mod desk;
#[cfg(feature = "pkcs11")]
#[cfg(test)]
pub(crate) mod fixture;
#[cfg(feature = "pkcs11")]
mod key;
#[cfg(feature = "pkcs11")]
mod module;
#[cfg(feature = "pkcs11")]
mod session;
#[cfg(feature = "pkcs11")]
#[cfg(test)]
mod tests;
#[cfg(feature = "pkcs11")]
mod ticket;
#[cfg(feature = "pkcs11")]
mod token;

use std::time::Duration;

pub use fault::DeviceCall;
pub use fault::TokenError;
pub use health::TokenHealth;
pub use health::TokenState;
pub use uri::PinSource;
pub use uri::TokenUri;
pub use uri::UriError;

#[cfg(not(feature = "pkcs11"))]
pub use absent::Token;
#[cfg(not(feature = "pkcs11"))]
pub use absent::TokenSigner;
#[cfg(feature = "pkcs11")]
pub use token::Token;
#[cfg(feature = "pkcs11")]
pub use token::TokenSigner;

/// How long a token is waited for, and how much is asked of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenLimits {
    /// The deadline of every call, from when it is made to its answer: 10 s.
    pub call: Duration,
    /// The deadline of opening the token, module and all: 30 s.
    pub opening: Duration,
    /// The deadline of generating a key, which takes devices long: 120 s.
    pub generation: Duration,
    /// Sessions, each with a thread, that are at work at once: 4.
    pub sessions: usize,
    /// Calls that were given up and have not come back, from which on no new session is begun: 8.
    pub hanging: usize,
    /// Failures in a row from which on the device is left alone: 3.
    pub failures: u32,
    /// How long it is left alone before one call is let through: 5 s.
    pub rest: Duration,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            opening: Duration::from_secs(30),
            generation: Duration::from_secs(120),
            sessions: 4,
            hanging: 8,
            failures: 3,
            rest: Duration::from_secs(5),
        }
    }
}
