//! Keys in a token (PKCS #11).
//!
//! Several keys may bear an owner's label: which of them counts, certificates say, and it is found by its
//! public half. So nothing moves when a key is replaced, and nothing waits. Those of responders that no
//! certificate names any more are destroyed by the rotation after the next, so that a server that
//! still answers with one can take up its successor first.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::hex;
use crate::signer::Signer;
use crate::signer::pkcs11::Token;
use crate::signer::pkcs11::TokenSigner;

use super::HomeError;
use super::KeyPlace;
use super::Owner;
use super::try_lock;

/// The keys of a home in a token.
#[derive(Debug)]
pub(in super::super) struct TokenKeys {
    token: Token,
    /// What is locked in its stead.
    folder: PathBuf,
    /// The keys that a founding has made so far: they go when it does not come to its end.
    made: Option<Mutex<Vec<TokenSigner>>>,
}

impl TokenKeys {
    pub(super) fn new(token: Token, folder: &Path) -> Self {
        Self { token, folder: folder.to_owned(), made: None }
    }

    /// For a new home, whose keys must be the first of their names.
    pub(super) fn found(token: Token, folder: &Path) -> Result<Self, HomeError> {
        let prefix = prefix(&token);
        let taken = token.labels(&prefix)?;
        if let Some(label) = taken.first() {
            return Err(HomeError::Init(format!(
                "the token holds keys already, {label} the first of {}: name others with object= in \
                 the address",
                taken.len()
            )));
        }
        Ok(Self { token, folder: folder.to_owned(), made: Some(Mutex::new(Vec::new())) })
    }

    /// The founding came to its end: the keys stay.
    pub(super) fn keep(&self) {
        if let Some(made) = &self.made {
            made.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    pub(super) fn lock(&self) -> Result<Option<fs::File>, HomeError> {
        try_lock(&self.folder)
    }

    pub(super) fn place(&self, owner: Owner) -> KeyPlace {
        KeyPlace::Token { label: self.label(owner), id: None }
    }

    fn label(&self, owner: Owner) -> String {
        format!("{}{}", prefix(&self.token), owner.stem())
    }

    pub(super) fn certified(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<Option<Box<dyn Signer>>, HomeError> {
        let found = self.token.find(&self.label(owner))?;
        let is_empty = found.is_empty();
        match found.into_iter().find(|signer| is_certified(signer.public_key())) {
            Some(signer) => Ok(Some(Box::new(signer))),
            None if is_empty => Ok(None),
            None => Err(HomeError::OtherKey { place: self.place(owner) }),
        }
    }

    pub(super) fn settle(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<Option<KeyPlace>, HomeError> {
        let mut left = None;
        for signer in self.token.find(&self.label(owner))? {
            if is_certified(signer.public_key()) {
                continue;
            }
            if !owner.keeps() {
                self.token.destroy(&signer)?;
            } else if matches!(owner, Owner::Authority(..)) {
                // Those of publication were certified once.
                let id = Some(hex(&signer.public_key().key_id()));
                left = left.or(Some(KeyPlace::Token { label: signer.label().to_owned(), id }));
            }
        }
        Ok(left)
    }

    pub(super) fn make(
        &self,
        owner: Owner,
        algorithm: KeyAlgorithm,
    ) -> Result<Box<dyn Signer>, HomeError> {
        let signer = self.token.generate(&self.label(owner), algorithm)?;
        if let Some(made) = &self.made {
            made.lock().unwrap_or_else(PoisonError::into_inner).push(signer.clone());
        }
        Ok(Box::new(signer))
    }
}

impl Drop for TokenKeys {
    fn drop(&mut self) {
        let made =
            self.made.take().map(|made| made.into_inner().unwrap_or_else(PoisonError::into_inner));
        for signer in made.unwrap_or_default() {
            // Best effort: the next founding names what was left.
            let _destroyed = self.token.destroy(&signer);
        }
    }
}

/// What the labels of a home's keys begin with.
fn prefix(token: &Token) -> String {
    format!("{}-", token.uri().object().unwrap_or("jpki"))
}
