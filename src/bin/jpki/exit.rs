//! Exit codes, and how everything that goes wrong maps to one.

use std::fmt;
use std::io;
use std::process::ExitCode;

use jpki_ca::authority::AuthorityError;
use jpki_ca::authority::Refused;
use jpki_ca::authority::home::HomeError;
use jpki_ca::authority::publish::PublishError;
use jpki_ca::seal::Cause;
use jpki_ca::seal::SealError;
use jpki_ca::signer::KeyFileError;
use jpki_ca::signer::SignError;
use jpki_ca::store::StoreError;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// A negative answer: revoked, not valid, findings; or a batch in which a line was refused.
    Negative = 1,
    /// Usage, configuration or malformed input.
    Usage = 2,
    /// Refused by a rule.
    Refused = 3,
    /// Not authorised.
    Unauthorised = 4,
    /// Store, key device, disk or network unavailable.
    Unavailable = 5,
}

impl Exit {
    /// Prints what clap has to say, help and version included, and ends accordingly.
    pub(crate) fn from_usage(error: &clap::Error) -> Self {
        // A closed pipe is the reader's choice.
        let _printed = error.print();
        if error.use_stderr() { Self::Usage } else { Self::Done }
    }
}

impl Exit {
    /// What is wrong with the data is malformed input; what a rule says is a refusal; and a key that did not
    /// sign is not to be had.
    pub(crate) fn of_refusal(refused: &Refused) -> Self {
        match &refused.cause {
            Some(error) => of_sign(error),
            None if refused.rule.starts_with("E-") => Self::Usage,
            None => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Negative => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Unauthorised => 4,
            Exit::Unavailable => 5,
        })
    }
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A rule refused.
    Refused(Refused),
    /// Something else, with its exit code.
    Other(Exit, anyhow::Error),
}

impl Failure {
    /// Wrong usage or input.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::Other(Exit::Usage, anyhow::anyhow!("{message}"))
    }

    /// What was given does not open what is closed.
    pub(crate) fn unauthorised(message: impl fmt::Display) -> Self {
        Self::Other(Exit::Unauthorised, anyhow::anyhow!("{message}"))
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, error: io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::ReadOnlyFilesystem => Exit::Unavailable,
            _ => Exit::Usage,
        };
        Self::Other(exit, anyhow::Error::new(error).context(path.display().to_string()))
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Refused(refused) => Exit::of_refusal(refused),
            Self::Other(exit, _) => *exit,
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        Self::Other(of_authority(&error), error.into())
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let exit = match &error {
            HomeError::Io { .. } | HomeError::NoKey { .. } => Exit::Unavailable,
            HomeError::Sign(error) => of_sign(error),
            HomeError::PinNeeded => Exit::Unauthorised,
            HomeError::Token(error) if error.is_of_pin() => Exit::Unauthorised,
            HomeError::Token(_) => Exit::Unavailable,
            HomeError::KeyFile(error) => of_key_file(error),
            HomeError::Store(error) => of_store(error),
            HomeError::Authority(error) => of_authority(error),
            _ => Exit::Usage,
        };
        Self::Other(exit, error.into())
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        let exit = match &error {
            PublishError::Authority(error) => of_authority(error),
            PublishError::Manifest { .. } | PublishError::Clock { .. } | PublishError::Partial => {
                Exit::Usage
            }
            _ => Exit::Unavailable,
        };
        Self::Other(exit, error.into())
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        Self::Other(of_key_file(&error), error.into())
    }
}

fn of_key_file(error: &KeyFileError) -> Exit {
    match error {
        KeyFileError::PassphraseNeeded { .. } | KeyFileError::PassphraseWrong { .. } => {
            Exit::Unauthorised
        }
        KeyFileError::Io { .. } => Exit::Unavailable,
        _ => Exit::Usage,
    }
}

fn of_authority(error: &AuthorityError) -> Exit {
    match error {
        AuthorityError::Store(error) => of_store(error),
        AuthorityError::Seal(SealError { cause: Cause::Sign(error), .. }) => of_sign(error),
        AuthorityError::OtherRealm | AuthorityError::StrangeKey => Exit::Usage,
        AuthorityError::AuditBroken { .. } => Exit::Negative,
        _ => Exit::Unavailable,
    }
}

/// A key that opens for others is not ours to use; everything else may be over later.
fn of_sign(error: &SignError) -> Exit {
    match error {
        SignError::PinRefused | SignError::PinLocked => Exit::Unauthorised,
        _ => Exit::Unavailable,
    }
}

fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Address | StoreError::NoBackend(_) | StoreError::Exists => Exit::Usage,
        _ => Exit::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_did_not_sign_is_not_a_rule_that_refuses() {
        let mut refused = Refused::new("R-KEY-FAILED", "the key did not sign");
        for (error, exit) in [
            (SignError::Unanswered, Exit::Unavailable),
            (SignError::Unavailable, Exit::Unavailable),
            (SignError::Resting { seconds: 5 }, Exit::Unavailable),
            (SignError::WrongSignature, Exit::Unavailable),
            (SignError::PinRefused, Exit::Unauthorised),
            (SignError::PinLocked, Exit::Unauthorised),
        ] {
            assert_eq!(Failure::from(HomeError::Sign(error)).exit(), exit, "{error}");
            refused.cause = Some(error);
            assert_eq!(Exit::of_refusal(&refused), exit, "{error}");
        }
        assert_eq!(Exit::of_refusal(&Refused::new("R-VOID", "void")), Exit::Refused);
        assert_eq!(Exit::of_refusal(&Refused::new("E-DATE", "no date")), Exit::Usage);
    }
}
