//! One session with a token: opened and logged in when it is needed, and anew after a loss.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use cryptoki::context::Function;
use cryptoki::error::Error;
use cryptoki::error::RvError;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use cryptoki::session::UserType;
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::asn1::PublicKey;

use super::super::Passphrase;
use super::super::self_test;
use super::TokenError;
use super::TokenUri;
use super::key;
use super::key::KeyName;
use super::module::Module;
use super::ticket::Ticket;

/// What all sessions with one token share.
#[derive(Debug)]
pub(super) struct Device {
    uri: TokenUri,
    pin: Passphrase,
    /// The serial number of the token that was opened first.
    serial: OnceLock<String>,
    /// Held while somebody logs in, with what became of the PIN.
    login: Mutex<Option<TokenError>>,
}

impl Device {
    pub(super) fn new(uri: TokenUri, pin: Passphrase) -> Self {
        Self { uri, pin, serial: OnceLock::new(), login: Mutex::new(None) }
    }

    pub(super) fn uri(&self) -> &TokenUri {
        &self.uri
    }

    pub(super) fn serial(&self) -> Option<&str> {
        self.serial.get().map(String::as_str)
    }

    /// What the address says of the token, for messages.
    fn wanted(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.uri.token().map(|label| format!("labelled {label:?}")));
        parts.extend(self.uri.serial().map(|serial| format!("numbered {serial:?}")));
        parts.extend(self.uri.slot().map(|slot| format!("in slot {slot}")));
        parts.join(" and ")
    }

    /// The one token that the address names. Slots are looked for anew each time: a token that was away may
    /// come back in another.
    fn slot(&self, module: &Module) -> Result<Slot, TokenError> {
        let (mut found, mut fault) = (Vec::new(), None);
        for slot in module.context().get_slots_with_token()? {
            if self.uri.slot().is_some_and(|number| number != slot.id()) {
                continue;
            }
            // A neighbour in a bad state is not ours to judge.
            let token = match module.context().get_token_info(slot) {
                Ok(token) => token,
                Err(error) => {
                    fault = Some(error);
                    continue;
                }
            };
            let fits = self.uri.token().is_none_or(|label| label == token.label())
                && self.uri.serial().is_none_or(|serial| serial == token.serial_number());
            if fits && token.token_initialized() {
                found.push((slot, token));
            }
        }
        match (found.as_slice(), fault) {
            ([(slot, token)], _) => {
                let serial = token.serial_number();
                let expected = self.serial.get_or_init(|| serial.to_owned());
                if expected != serial {
                    return Err(TokenError::OtherToken {
                        expected: expected.clone(),
                        found: serial.to_owned(),
                    });
                }
                if token.user_pin_locked() {
                    return Err(TokenError::PinLocked);
                }
                Ok(*slot)
            }
            ([], Some(error)) => Err(error.into()),
            ([], None) => Err(TokenError::NoToken { wanted: self.wanted() }),
            ([_, _, ..], _) => {
                Err(TokenError::Ambiguous { wanted: self.wanted(), count: found.len() })
            }
        }
    }

    /// Logs in, unless another session of this process has. One at a time, and never again with a PIN that
    /// was refused: four sessions that try a wrong one at once would lock it.
    fn log_in(&self, session: &Session) -> Result<(), TokenError> {
        let mut refused = self.login.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(refused) = &*refused {
            return Err(refused.clone());
        }
        let pin = AuthPin::from(self.pin.expose().to_owned());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, Function::Login)) => Ok(()),
            Err(error) => {
                let error = TokenError::from(error);
                if error.is_of_pin() {
                    *refused = Some(error.clone());
                }
                Err(error)
            }
        }
    }
}

/// Where one thread works: its session, once it has one.
#[derive(Debug)]
pub(super) struct Bench {
    device: Arc<Device>,
    // Before the module, which is finalised when its last user has gone.
    open: Option<Open>,
    module: Option<Module>,
}

/// A session that is logged in, and what was looked up in it.
#[derive(Debug)]
pub(super) struct Open {
    session: Session,
    slot: Slot,
    /// Keys that were tried out in this session.
    keys: HashMap<KeyName, ObjectHandle>,
}

impl Bench {
    pub(super) fn new(device: Arc<Device>) -> Self {
        Self { device, open: None, module: None }
    }

    /// Does something in a session. What fails for a loss before the device took anything up is done once
    /// more in a new session; everything else is what it is.
    pub(super) fn work<T>(
        &mut self,
        ticket: &Ticket,
        work: impl Fn(&mut Open, &Module, &Ticket) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        match self.attempt(ticket, &work) {
            Err(error @ TokenError::Failed(_)) if error.loses_session() && ticket.may_begin() => {
                self.attempt(ticket, &work)
            }
            result => result,
        }
    }

    fn attempt<T>(
        &mut self,
        ticket: &Ticket,
        work: impl Fn(&mut Open, &Module, &Ticket) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let device = Arc::clone(&self.device);
        let module = match self.module.take() {
            Some(module) => module,
            None => Module::load(device.uri.module())?,
        };
        let module = &*self.module.insert(module);
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::new(&device, module)?,
        };
        let open = self.open.insert(open);
        let result = work(open, module, ticket);
        if result.as_ref().is_err_and(TokenError::loses_session) {
            // Closed where the device still knows it.
            self.open = None;
        }
        result
    }
}

impl Open {
    fn new(device: &Device, module: &Module) -> Result<Self, TokenError> {
        let opened = Self::begin(device, module);
        if !matches!(&opened, Err(error) if error.is_of_finalised_module()) {
            return opened;
        }
        // Somebody else in this process finalised the module under us.
        module.initialise_again()?;
        Self::begin(device, module)
    }

    fn begin(device: &Device, module: &Module) -> Result<Self, TokenError> {
        let slot = device.slot(module)?;
        let session = module.context().open_ro_session(slot)?;
        device.log_in(&session)?;
        Ok(Self { session, slot, keys: HashMap::new() })
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// A session that may change the token. It is logged in as this one is.
    pub(super) fn to_write(&self, module: &Module) -> Result<Session, TokenError> {
        Ok(module.context().open_rw_session(self.slot)?)
    }

    /// Signs a digest with a key, which is tried out first when this session has not used it yet: one that
    /// does not belong to its public half is refused before it signs.
    pub(super) fn sign(
        &mut self,
        name: &KeyName,
        public: &PublicKey,
        digest: &[u8],
        ticket: &Ticket,
    ) -> Result<Vec<u8>, TokenError> {
        let algorithm = public.algorithm();
        let private = match self.keys.get(name) {
            Some(private) => *private,
            None => {
                let private = name.private(&self.session)?;
                let message = self_test::MESSAGE;
                let tried = self
                    .use_key(private, public, &algorithm.digest(message))
                    .map_err(TokenError::of_a_trial)?;
                if public.verify(message, &tried).is_err() {
                    return Err(TokenError::KeySwapped { key: name.shown() });
                }
                self.keys.insert(name.clone(), private);
                private
            }
        };
        if !ticket.begin() {
            return Err(ticket.given_up());
        }
        let made = self.use_key(private, public, digest);
        if matches!(made, Err(TokenError::Failed(_))) {
            ticket.came_to_nothing();
        }
        made
    }

    fn use_key(
        &self,
        private: ObjectHandle,
        public: &PublicKey,
        digest: &[u8],
    ) -> Result<Vec<u8>, TokenError> {
        let algorithm = public.algorithm();
        let (mechanism, data) = key::to_sign(algorithm, digest)?;
        key::signature(algorithm, self.session.sign(&mechanism, private, &data)?)
    }
}
