//! Tokens in a build without PKCS #11: there are none.

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;

use super::super::Passphrase;
use super::super::SignError;
use super::super::Signer;
use super::TokenError;
use super::TokenHealth;
use super::TokenLimits;
use super::TokenUri;

/// A token that was logged in to. This build opens none.
#[derive(Clone, Debug)]
pub struct Token(Nothing);

/// A key pair in a token. This build has none.
#[derive(Clone, Debug)]
pub struct TokenSigner(Nothing);

/// What nobody can have.
#[derive(Clone, Copy, Debug)]
enum Nothing {}

impl Token {
    /// Opens a token and logs in as its user.
    ///
    /// # Errors
    /// Always: [`TokenError::NotBuiltIn`].
    pub fn open(uri: &TokenUri, pin: &Passphrase, limits: TokenLimits) -> Result<Self, TokenError> {
        let _unused = (uri, pin, limits);
        Err(TokenError::NotBuiltIn)
    }

    /// The address that it was opened by.
    #[must_use]
    pub fn uri(&self) -> &TokenUri {
        match self.0 {}
    }

    /// The serial number of the token that is there.
    #[must_use]
    pub fn serial(&self) -> Option<&str> {
        match self.0 {}
    }

    /// Generates a key pair inside the token.
    ///
    /// # Errors
    /// Never called.
    pub fn generate(
        &self,
        label: &str,
        algorithm: KeyAlgorithm,
    ) -> Result<TokenSigner, TokenError> {
        let _unused = (label, algorithm);
        match self.0 {}
    }

    /// All key pairs with this label, by identifier.
    ///
    /// # Errors
    /// Never called.
    pub fn find(&self, label: &str) -> Result<Vec<TokenSigner>, TokenError> {
        let _unused = label;
        match self.0 {}
    }

    /// The labels of private keys that begin so, each once, sorted.
    ///
    /// # Errors
    /// Never called.
    pub fn labels(&self, prefix: &str) -> Result<Vec<String>, TokenError> {
        let _unused = prefix;
        match self.0 {}
    }

    /// Gives a key pair another label.
    ///
    /// # Errors
    /// Never called.
    pub fn rename(&self, signer: &TokenSigner, label: &str) -> Result<TokenSigner, TokenError> {
        let _unused = (signer, label);
        match self.0 {}
    }

    /// Destroys a key pair.
    ///
    /// # Errors
    /// Never called.
    pub fn destroy(&self, signer: &TokenSigner) -> Result<(), TokenError> {
        let _unused = signer;
        match self.0 {}
    }

    /// How it is, by its last calls.
    #[must_use]
    pub fn health(&self) -> TokenHealth {
        match self.0 {}
    }
}

impl TokenSigner {
    /// Its label.
    #[must_use]
    pub fn label(&self) -> &str {
        match self.0 {}
    }

    /// The token that it is in.
    #[must_use]
    pub fn token(&self) -> &Token {
        match self.0 {}
    }
}

impl Signer for TokenSigner {
    fn public_key(&self) -> &PublicKey {
        match self.0 {}
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let _unused = message;
        match self.0 {}
    }
}
