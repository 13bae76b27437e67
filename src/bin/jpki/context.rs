//! What a command works with: the home, the clock, the passphrase.

use std::fs;
use std::io::IsTerminal as _;

use jpki_ca::authority::Authority;
use jpki_ca::authority::Recovery;
use jpki_ca::authority::Rule;
use jpki_ca::authority::home::Home;
use jpki_ca::clock::Clock;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::SystemClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::signer::Passphrase;
use zeroize::Zeroizing;

use crate::args::Global;
use crate::exit::Failure;
use crate::report::Report;

/// What every command is given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) global: &'a Global,
    pub(crate) report: &'a Report,
}

impl Context<'_> {
    /// The clock that `--at` sets, else the machine's.
    pub(crate) fn clock(&self) -> Box<dyn Clock> {
        match self.global.at {
            Some(at) => Box::new(FixedClock(at)),
            None => Box::new(SystemClock),
        }
    }

    /// Opens the home to change something: its clock must be free to be set, if it is.
    pub(crate) fn authority(&self) -> Result<(Home, Authority), Failure> {
        let home = Home::open(&self.global.home)?;
        if self.global.at.is_some() && home.is_production(&SystemClock)? {
            return Err(Failure::Refused(Rule::ProductionClock.into()));
        }
        let authority = self.authority_of(&home, self.clock())?;
        Ok((home, authority))
    }

    /// Opens the home to ask something: `--at` is then the time that the question is about.
    pub(crate) fn authority_to_ask(&self) -> Result<(Authority, Timestamp), Failure> {
        let home = Home::open(&self.global.home)?;
        let authority = self.authority_of(&home, Box::new(SystemClock))?;
        let at = self.global.at.unwrap_or_else(|| authority.now());
        Ok((authority, at))
    }

    /// The passphrase of `--passphrase-file`, or one typed at a terminal; none elsewhere.
    pub(crate) fn passphrase(&self, prompt: &str) -> Result<Option<Passphrase>, Failure> {
        if let Some(path) = &self.global.passphrase_file {
            let text = Zeroizing::new(
                fs::read_to_string(path).map_err(|error| Failure::file(path, error))?,
            );
            let line = text.strip_suffix('\n').unwrap_or(&text);
            return Ok(Some(Passphrase::new(line)?));
        }
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let typed = rpassword::prompt_password(format!("{prompt}: "))
            .map(Zeroizing::new)
            .map_err(|error| Failure::usage(format!("no passphrase could be read: {error}")))?;
        Ok(Some(Passphrase::new(&typed)?))
    }

    /// Resolves what a crash left, and says what that was.
    pub(crate) fn recover(&self, home: &Home) -> Result<Recovery, Failure> {
        self.take_up(home, self.clock()).map(|(_, recovery)| recovery)
    }

    fn authority_of(&self, home: &Home, clock: Box<dyn Clock>) -> Result<Authority, Failure> {
        let (authority, recovery) = self.take_up(home, clock)?;
        if !recovery.voided.is_empty() {
            self.report.note(&format!(
                "jpki: an earlier run was interrupted: {} number(s) never delivered are void and \
                 revoked; ask again under the same request ids",
                recovery.voided.len()
            ));
        }
        Ok(authority)
    }

    fn take_up(
        &self,
        home: &Home,
        clock: Box<dyn Clock>,
    ) -> Result<(Authority, Recovery), Failure> {
        let passphrase = if home.keys_are_encrypted()? {
            self.passphrase("Passphrase of the authorities' keys")?
        } else {
            None
        };
        Ok(home.authority(clock, passphrase.as_ref())?)
    }
}
