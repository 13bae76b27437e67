//! Why a list is not read on.

use std::io;

/// What is wrong with a list, and where.
#[derive(Debug, thiserror::Error)]
#[error("octet {at}: {fault}")]
pub struct ReadError {
    /// Octets before the value in which it is wrong, from where reading began.
    pub at: u64,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It could not be read.
    #[error("the list could not be read")]
    Input(#[source] io::Error),
    /// It ends within a value.
    #[error("the list is cut short")]
    CutShort,
    /// Something stands behind its end, or behind what a value may hold.
    #[error("something stands behind the end of what belongs here")]
    Behind,
    /// A length is not in the one form of DER, or has more than four octets.
    #[error("a length is not in its shortest form, or has more than four octets")]
    Length,
    /// A value is longer than what it stands in.
    #[error("a value is longer than what it stands in")]
    Overrun,
    /// A value is longer than this reader takes.
    #[error("a value has more than {0} octets")]
    TooLarge(usize),
    /// Another value than the one that belongs here, or one in another encoding than DER.
    #[error("not the DER of {0}")]
    NotA(&'static str),
    /// A version that lists do not have.
    #[error("the version is stated, and is not 2")]
    Version,
    /// An extension stands there twice.
    #[error("an extension stands there twice")]
    Twice,
    /// An entry before could not be read, so that nothing behind it can be.
    #[error("an entry before could not be read")]
    Entry,
    /// The algorithm beside the signature is not the one within the signed part.
    #[error("the algorithm beside the signature is not the one within the signed part")]
    Algorithm,
}
