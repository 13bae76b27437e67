//! Modules that are loaded. The standard gives a process one initialisation for each, and login belongs
//! to token and process; so whoever uses one shares it, and the last who leaves finalises it. It stays
//! loaded: a library may have threads of its own, under which nobody takes the code away.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use cryptoki::context::CInitializeArgs;
use cryptoki::context::CInitializeFlags;
use cryptoki::context::Function;
use cryptoki::context::Pkcs11;
use cryptoki::error::Error;
use cryptoki::error::RvError;

use super::TokenError;

/// A module that stays loaded for as long as this lives.
pub(super) struct Module {
    context: Pkcs11,
    place: Arc<Place>,
}

impl Module {
    /// Loads and initialises a module, or takes part in one that is. May hang as long as the module does:
    /// for a session's thread.
    pub(super) fn load(path: &Path) -> Result<Self, TokenError> {
        // Two names of one file would be one module to the loader.
        let path = path.canonicalize().map_err(|error| TokenError::Module {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        let place = {
            let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(path.clone()).or_default())
        };
        let mut loaded = place.0.lock().unwrap_or_else(PoisonError::into_inner);
        let context = match &loaded.context {
            Some(context) => context.clone(),
            None => {
                let context = Pkcs11::new(&path).map_err(|error| TokenError::Module {
                    path: path.clone(),
                    problem: error.to_string(),
                })?;
                loaded.context.insert(context).clone()
            }
        };
        if loaded.users == 0 {
            loaded.is_ours = initialise(&context)?;
        }
        loaded.users += 1;
        drop(loaded);
        Ok(Self { context, place })
    }

    /// Initialises it again after somebody else in this process has finalised it.
    pub(super) fn initialise_again(&self) -> Result<(), TokenError> {
        let mut loaded = self.place.0.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.is_ours |= initialise(&self.context)?;
        Ok(())
    }

    pub(super) fn context(&self) -> &Pkcs11 {
        &self.context
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let mut loaded = self.place.0.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.users = loaded.users.saturating_sub(1);
        if loaded.users == 0 && loaded.is_ours {
            // Nobody is left who could do anything about a failure.
            let _finalised = self.context.clone().finalize();
        }
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").finish_non_exhaustive()
    }
}

/// A path, and what is loaded from there. Its lock is held while the module is initialised or finalised,
/// so that the two do not meet.
#[derive(Default)]
struct Place(Mutex<Loaded>);

#[derive(Default)]
struct Loaded {
    context: Option<Pkcs11>,
    /// Whether we initialised it, and have to finalise it.
    is_ours: bool,
    users: usize,
}

static PLACES: Mutex<BTreeMap<PathBuf, Arc<Place>>> = Mutex::new(BTreeMap::new());

/// Whether it was not initialised before.
fn initialise(context: &Pkcs11) -> Result<bool, TokenError> {
    match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => Ok(true),
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, Function::Initialize)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
