//! What a command works with: the home, the clock, the passphrase.

use std::fs;
use std::io::IsTerminal as _;
use std::path::Path;

use jpki_ca::authority::Authority;
use jpki_ca::authority::Recovery;
use jpki_ca::authority::Rule;
use jpki_ca::authority::home::Config;
use jpki_ca::authority::home::Home;
use jpki_ca::authority::home::KeyStore;
use jpki_ca::clock::Clock;
use jpki_ca::clock::FixedClock;
use jpki_ca::clock::SystemClock;
use jpki_ca::clock::Timestamp;
use jpki_ca::signer::Passphrase;
use jpki_ca::signer::Share;
use jpki_ca::signer::combine;
use jpki_ca::signer::pkcs11::PinSource;
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

    /// Opens the home to issue: with the authorities' keys.
    pub(crate) fn authority(&self) -> Result<Authority, Failure> {
        Ok(self.authority_and_home()?.0)
    }

    /// As [`Context::authority`], with the home.
    pub(crate) fn authority_and_home(&self) -> Result<(Authority, Home), Failure> {
        let (authority, home, _) = self.authority_home_and_passphrase()?;
        Ok((authority, home))
    }

    /// As [`Context::authority_and_home`], with the passphrase of the keys if they have one.
    pub(crate) fn authority_home_and_passphrase(
        &self,
    ) -> Result<(Authority, Home, Option<Passphrase>), Failure> {
        let (home, passphrase) = self.home_and_passphrase()?;
        let authority = self.tell(home.authority(self.clock(), passphrase.as_ref())?);
        Ok((authority, home, passphrase))
    }

    /// The home, and the passphrase of its keys if they have one.
    pub(crate) fn home_and_passphrase(&self) -> Result<(Home, Option<Passphrase>), Failure> {
        let home = self.home_to_change()?;
        let passphrase = if home.keys_are_encrypted()? {
            self.passphrase(&home, "the authorities' keys")?
        } else {
            None
        };
        Ok((home, passphrase))
    }

    /// Opens the home to change something that needs no key.
    pub(crate) fn records(&self) -> Result<Authority, Failure> {
        Ok(self.tell(self.home_to_change()?.records(self.clock())?))
    }

    /// Opens the home to ask something: `--at` is then the time that the question is about.
    pub(crate) fn records_to_ask(&self) -> Result<(Authority, Timestamp), Failure> {
        let (authority, at, _) = self.records_and_settings_to_ask()?;
        Ok((authority, at))
    }

    /// As [`Context::records_to_ask`], with the home's settings.
    pub(crate) fn records_and_settings_to_ask(
        &self,
    ) -> Result<(Authority, Timestamp, Config), Failure> {
        let home = self.home()?;
        let authority = self.tell(home.records(Box::new(SystemClock))?);
        let at = self.global.at.unwrap_or_else(|| authority.now());
        Ok((authority, at, home.config().clone()))
    }

    /// Whether a passphrase was given, or where it is.
    pub(crate) fn has_passphrase(&self) -> bool {
        let Global { passphrase_file, passphrase_env, unlock, .. } = self.global;
        passphrase_file.is_some() || passphrase_env.is_some() || !unlock.is_empty()
    }

    /// The passphrase of a home's keys, or the PIN of the token that they are in.
    pub(crate) fn passphrase(
        &self,
        home: &Home,
        whose: &str,
    ) -> Result<Option<Passphrase>, Failure> {
        self.passphrase_for(&home.config().keys, home.folder(), whose)
    }

    /// The passphrase that was given, out of a file, the environment or shares; else the PIN from where
    /// the token's address says, or one typed at a terminal; none elsewhere.
    pub(crate) fn passphrase_for(
        &self,
        keys: &KeyStore,
        folder: &Path,
        whose: &str,
    ) -> Result<Option<Passphrase>, Failure> {
        let Global { passphrase_file, passphrase_env, unlock, .. } = self.global;
        if let Some(path) = passphrase_file {
            return first_line(path).map(Some);
        }
        if let Some(name) = passphrase_env {
            return of_environment(name).map(Some);
        }
        if !unlock.is_empty() {
            let shares: Vec<Share> =
                unlock.iter().map(|path| share(path)).collect::<Result<_, _>>()?;
            return Ok(Some(combine(&shares).map_err(Failure::unauthorised)?));
        }
        match keys.pin_source() {
            Some(PinSource::File(path)) => return first_line(&folder.join(path)).map(Some),
            Some(PinSource::Env(name)) => return of_environment(name).map(Some),
            None => {}
        }
        if !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        typed(&match keys {
            KeyStore::Token(_) => "PIN of the token".to_owned(),
            _ => format!("Passphrase of {whose}"),
        })
        .map(Some)
    }

    /// The passphrase to which keys are to be closed: in a file, or typed twice at a terminal.
    pub(crate) fn new_passphrase(&self, file: Option<&Path>) -> Result<Passphrase, Failure> {
        if let Some(path) = file {
            return first_line(path);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::usage("no new passphrase: give --new-passphrase-file"));
        }
        let new = typed("New passphrase")?;
        if typed("The same again")?.expose() == new.expose() {
            Ok(new)
        } else {
            Err(Failure::usage("the two are not the same: nothing was changed"))
        }
    }

    /// Resolves what a crash left, or in a dry run does not, and says what that is.
    pub(crate) fn recover(&self) -> Result<Recovery, Failure> {
        let home = self.home_to_change()?;
        Ok(home.records(self.clock())?.1)
    }

    /// The home; a dry run leaves even what a crash left.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        let home = Home::open(&self.global.home)?;
        Ok(if self.global.dry_run { home.to_rehearse() } else { home })
    }

    /// The home, whose clock must be free to be set if it is.
    pub(crate) fn home_to_change(&self) -> Result<Home, Failure> {
        let home = self.home()?;
        if self.global.at.is_some() && home.is_production(&SystemClock)? {
            return Err(Failure::Refused(Rule::ProductionClock.into()));
        }
        Ok(home)
    }

    /// The authority, after a word on what a crash had left.
    fn tell(&self, (authority, recovery): (Authority, Recovery)) -> Authority {
        self.note_recovery(&recovery);
        authority
    }

    /// A word on what a crash had left.
    pub(crate) fn note_recovery(&self, recovery: &Recovery) {
        if !recovery.voided.is_empty() && !self.global.dry_run {
            self.report.note(&format!(
                "jpki: an earlier run was interrupted: {} number(s) never delivered are void and \
                 revoked; ask again under the same request ids",
                recovery.voided.len()
            ));
        }
    }
}

/// The passphrase in the first line of a file.
fn first_line(path: &Path) -> Result<Passphrase, Failure> {
    let text =
        Zeroizing::new(fs::read_to_string(path).map_err(|error| Failure::file(path, error))?);
    Ok(Passphrase::new(text.split('\n').next().unwrap_or_default())?)
}

/// The passphrase in a variable.
#[expect(clippy::disallowed_methods, reason = "the command line names the variable")]
fn of_environment(name: &str) -> Result<Passphrase, Failure> {
    let value = std::env::var_os(name)
        .ok_or_else(|| Failure::usage(format!("the environment has no variable {name}")))?;
    let value = value.into_string().map(Zeroizing::new);
    let value = value.map_err(|_| Failure::usage(format!("the variable {name} is not UTF-8")))?;
    Ok(Passphrase::new(&value)?)
}

/// The share in a file.
fn share(path: &Path) -> Result<Share, Failure> {
    let text =
        Zeroizing::new(fs::read_to_string(path).map_err(|error| Failure::file(path, error))?);
    text.parse().map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn typed(prompt: &str) -> Result<Passphrase, Failure> {
    let typed = rpassword::prompt_password(format!("{prompt}: "))
        .map(Zeroizing::new)
        .map_err(|error| Failure::usage(format!("no passphrase could be read: {error}")))?;
    Ok(Passphrase::new(&typed)?)
}
