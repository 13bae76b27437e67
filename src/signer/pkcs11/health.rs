//! How a token is.

use std::fmt;
use std::time::Duration;

/// How a token is: the last calls say it, nothing is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenHealth {
    /// What its calls say.
    pub state: TokenState,
    /// Calls that were given up and have not come back from the module.
    pub hanging: usize,
}

/// What a token's last calls say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenState {
    /// The last call was answered.
    Well,
    /// The last calls failed.
    Failing {
        /// How many in a row.
        failures: u32,
        /// How the last one failed.
        last: String,
    },
    /// Too many calls failed in a row: calls fail at once until one is let through to see how it is.
    Resting {
        /// How many failed in a row.
        failures: u32,
        /// Until one is let through; zero when it is due or under way.
        left: Duration,
        /// How the last one failed.
        last: String,
    },
    /// The PIN was refused, and nothing is tried until the token is opened with another.
    LockedOut {
        /// What the token said.
        last: String,
    },
}

impl TokenHealth {
    /// Whether the token does its work.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.state == TokenState::Well && self.hanging == 0
    }
}

impl fmt::Display for TokenHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            TokenState::Well => f.write_str("well")?,
            TokenState::Failing { failures, last } => {
                write!(f, "failing ({failures} in a row): {last}")?;
            }
            TokenState::Resting { failures, left, last } => {
                let left = left.as_millis().div_ceil(1000);
                write!(f, "resting for {left} s ({failures} failures in a row): {last}")?;
            }
            TokenState::LockedOut { last } => write!(f, "locked out: {last}")?,
        }
        match self.hanging {
            0 => Ok(()),
            1 => f.write_str("; 1 call hangs"),
            hanging => write!(f, "; {hanging} calls hang"),
        }
    }
}
