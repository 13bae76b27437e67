//! A device that was logged in to, and the keys in it.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use cryptoki::object::Attribute;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use rand_core::OsRng;
use rand_core::RngCore as _;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::clock::Stopwatch;

use super::super::Passphrase;
use super::super::SignError;
use super::super::Signer;
use super::TokenError;
use super::TokenHealth;
use super::TokenLimits;
use super::TokenUri;
use super::breaker::Breaker;
use super::desk::Desk;
use super::key;
use super::key::KeyName;
use super::module::Module;
use super::session::Bench;
use super::session::Device;
use super::session::Open;
use super::ticket::Ticket;

/// A token that was logged in to. Clones share its sessions; when the last of them and of its signers is
/// dropped, the sessions are closed.
#[derive(Clone)]
pub struct Token(Arc<Shared>);

struct Shared {
    desk: Desk,
    breaker: Mutex<Breaker>,
    limits: TokenLimits,
    /// The breaker's time begins here.
    opened: Stopwatch,
}

impl Token {
    /// Opens a token and logs in as its user.
    ///
    /// Within one process a token is logged in to once: another that is opened beside it takes part in
    /// that, whatever PIN it brings.
    ///
    /// # Errors
    /// When the module or the token is not to be had, or refuses the PIN.
    pub fn open(uri: &TokenUri, pin: &Passphrase, limits: TokenLimits) -> Result<Self, TokenError> {
        let device = Arc::new(Device::new(uri.clone(), pin.clone()));
        let token = Self(Arc::new(Shared {
            desk: Desk::new(device, limits),
            breaker: Mutex::new(Breaker::new(limits.failures, limits.rest)),
            limits,
            opened: Stopwatch::start(),
        }));
        token.0.call(limits.opening, |_, _, _| Ok(()))?;
        Ok(token)
    }

    /// The address that it was opened by.
    #[must_use]
    pub fn uri(&self) -> &TokenUri {
        self.0.desk.device().uri()
    }

    /// The serial number of the token that is there.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        self.0.desk.device().serial()
    }

    /// Generates a key pair inside the token: sensitive, not extractable, for signing alone. The attributes
    /// are read back, and a key that the device keeps otherwise is destroyed. `CKA_ID` is the key identifier
    /// (SHA-1 of the public key) where the device lets it be set, otherwise it stays random.
    ///
    /// # Errors
    /// When the device fails, does not keep the key as it has to, or has no generator for its kind. After
    /// [`TokenError::Unanswered`] a key pair under this label may be in the token; when the device answers
    /// later, it is destroyed.
    pub fn generate(
        &self,
        label: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<TokenSigner, TokenError> {
        let label = label.to_owned();
        let made = self.0.call_with(
            self.0.limits.generation,
            move |open, module, ticket| make(open, module, ticket, &label, algorithm),
            |bench, made| {
                if let Ok(Found { name, .. }) = made {
                    // Nobody knows of it, and nobody is left to be told.
                    let ticket = Ticket::new(Duration::ZERO);
                    let _destroyed =
                        bench.work(&ticket, |open, module, _| unmake(open, module, &name));
                }
            },
        )?;
        Ok(self.signer(made))
    }

    /// All key pairs with this label, by identifier. A private key without its public half, or one that can
    /// be read out of the device, is an error.
    ///
    /// # Errors
    /// When the device fails, or what it holds is no whole key pair of a kind that we sign with.
    pub fn find(&self, label: &str) -> Result<Vec<TokenSigner>, TokenError> {
        let label = label.to_owned();
        let found = self.0.call(self.0.limits.call, move |open, _, _| {
            key::names(open.session(), Some(&label))?
                .into_iter()
                .map(|name| {
                    let session = open.session();
                    key::check_safe(session, name.private(session)?, &name)?;
                    let public = key::read_public(session, name.public(session)?, &name)?;
                    Ok(Found { name, public })
                })
                .collect::<Result<Vec<_>, TokenError>>()
        })?;
        Ok(found.into_iter().map(|found| self.signer(found)).collect())
    }

    /// The labels of private keys that begin so, each once, sorted.
    ///
    /// # Errors
    /// When the device fails.
    pub fn labels(&self, prefix: &str) -> Result<Vec<String>, TokenError> {
        let names =
            self.0.call(self.0.limits.call, |open, _, _| key::names(open.session(), None))?;
        let mut labels: Vec<String> = names.into_iter().map(|name| name.label).collect();
        labels.retain(|label| label.starts_with(prefix));
        labels.dedup();
        Ok(labels)
    }

    /// Gives a key pair another label. The private half's counts and is changed first, in one step of the
    /// device's.
    ///
    /// # Errors
    /// When the device fails, or the key is not there.
    pub fn rename(&self, signer: &TokenSigner, label: &str) -> Result<TokenSigner, TokenError> {
        let renamed = KeyName { label: label.to_owned(), id: signer.name.id.clone() };
        let (old, new) = (signer.name.clone(), renamed.clone());
        self.0.call(self.0.limits.call, move |open, module, _| {
            let session = open.to_write(module)?;
            let label = [Attribute::Label(new.label.clone().into_bytes())];
            match old.private(&session) {
                Ok(private) => session.update_attributes(private, &label)?,
                // It was done when the session was lost.
                Err(TokenError::KeyMissing { .. }) if new.private(&session).is_ok() => {}
                Err(error) => return Err(error),
            }
            Ok(session.update_attributes(new.public(&session)?, &label)?)
        })?;
        Ok(self.signer(Found { name: renamed, public: signer.public.clone() }))
    }

    /// Destroys a key pair. There is no way back.
    ///
    /// # Errors
    /// When the device fails, or the key is not there.
    pub fn destroy(&self, signer: &TokenSigner) -> Result<(), TokenError> {
        let name = signer.name.clone();
        self.0.call(self.0.limits.call, move |open, module, _| unmake(open, module, &name))
    }

    /// How it is, by its last calls; the device is not asked.
    #[must_use]
    pub fn health(&self) -> TokenHealth {
        let hanging = self.0.desk.hanging();
        self.0.breaker().health(self.0.opened.elapsed(), hanging)
    }

    fn signer(&self, found: Found) -> TokenSigner {
        TokenSigner { token: self.clone(), name: found.name, public: found.public }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, {})", self.uri(), self.health())
    }
}

/// A key pair in a token.
#[derive(Clone)]
pub struct TokenSigner {
    token: Token,
    name: KeyName,
    public: PublicKey,
}

impl TokenSigner {
    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.name.label
    }

    /// The token that it is in.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Signs a digest, with the reason when it fails.
    pub(super) fn sign_with_reason(
        &self,
        digest: &[u8],
        message: Option<&[u8]>,
    ) -> Result<Vec<u8>, TokenError> {
        let (name, public) = (self.name.clone(), self.public.clone());
        let digest = digest.to_vec();
        let shared = &self.token.0;
        let check = |signature: &Vec<u8>| match message {
            Some(message) if self.public.verify(message, signature).is_err() => {
                Err(TokenError::WrongSignature)
            }
            Some(_) | None => Ok(()),
        };
        shared.guarded(|| {
            let signature = shared.desk.ask(
                shared.limits.call,
                move |bench, ticket| {
                    bench.work(ticket, |open, _, ticket| open.sign(&name, &public, &digest, ticket))
                },
                |_, _| {},
            )?;
            check(&signature)?;
            Ok(signature)
        })
    }
}

impl Signer for TokenSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// As [`Signer::sign`]. The message is hashed here, and the device gets the digest.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let digest = self.public.algorithm().digest(message);
        Ok(self.sign_with_reason(&digest, Some(message))?)
    }

    /// As [`Signer::sign_digest`]. What comes out is not verified here, since that takes the message.
    fn sign_digest(&self, digest: &[u8]) -> Option<Result<Vec<u8>, SignError>> {
        Some(self.sign_with_reason(digest, None).map_err(SignError::from))
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({}, {})", self.public.algorithm(), self.name.shown())
    }
}

impl Shared {
    /// Does something in a session, within a time, with leave of the breaker.
    fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Fn(&mut Open, &Module, &Ticket) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        self.call_with(limit, work, |_, _| {})
    }

    fn call_with<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Fn(&mut Open, &Module, &Ticket) -> Result<T, TokenError> + Send + 'static,
        late: impl FnOnce(&mut Bench, Result<T, TokenError>) + Send + 'static,
    ) -> Result<T, TokenError> {
        let work = move |bench: &mut Bench, ticket: &Ticket| bench.work(ticket, work);
        self.guarded(|| self.desk.ask(limit, work, late))
    }

    /// Lets the breaker have its say before and its share after.
    fn guarded<T>(&self, call: impl FnOnce() -> Result<T, TokenError>) -> Result<T, TokenError> {
        let leave = self.breaker().enter(self.opened.elapsed())?;
        let result = call();
        self.breaker().leave(leave, self.opened.elapsed(), result.as_ref().err());
        result
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key pair, as it crosses from a session's thread.
struct Found {
    name: KeyName,
    public: PublicKey,
}

fn make(
    open: &mut Open,
    module: &Module,
    ticket: &Ticket,
    label: &str,
    algorithm: KeyAlgorithm,
) -> Result<Found, TokenError> {
    // The identifier depends on the key, which is not there yet; until then a random one joins the halves.
    let mut id = vec![0; 20];
    OsRng.fill_bytes(&mut id);
    let mut name = KeyName { label: label.to_owned(), id };
    let session = open.to_write(module)?;
    if !ticket.begin() {
        return Err(ticket.given_up());
    }
    let (public, private) = key::generate(&session, &name, algorithm)?;
    let finished = finish(&session, public, private, &mut name, algorithm);
    match finished {
        Ok(key) => Ok(Found { name, public: key }),
        Err(error) => {
            // A key that is not what it has to be is not left lying about.
            let _destroyed = session.destroy_object(private);
            let _destroyed = session.destroy_object(public);
            Err(error)
        }
    }
}

/// Holds a new key pair against what was asked for, and gives it its lasting identifier.
fn finish(
    session: &Session,
    public: ObjectHandle,
    private: ObjectHandle,
    name: &mut KeyName,
    algorithm: KeyAlgorithm,
) -> Result<PublicKey, TokenError> {
    key::check_kept(session, private)?;
    let key = key::read_public(session, public, name)?;
    if key.algorithm() != algorithm {
        return Err(TokenError::KeyStrange { key: name.shown() });
    }
    let id = key.key_id().to_vec();
    let attribute = [Attribute::Id(id.clone())];
    // Some devices never change an identifier; theirs stays random.
    if session.update_attributes(public, &attribute).is_ok() {
        session.update_attributes(private, &attribute)?;
        name.id = id;
    }
    Ok(key)
}

/// Destroys a key pair, the private half first.
fn unmake(open: &mut Open, module: &Module, name: &KeyName) -> Result<(), TokenError> {
    let session = open.to_write(module)?;
    session.destroy_object(name.private(&session)?)?;
    match name.public(&session) {
        Ok(public) => Ok(session.destroy_object(public)?),
        Err(TokenError::KeyMissing { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
