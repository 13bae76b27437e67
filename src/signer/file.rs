//! Key files: PKCS #8 in PEM, mode 0600, encrypted by PBES2 when there is a passphrase.

use std::fmt;
use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use der::pem::PemLabel as _;
use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::PrivateKeyInfo;
use pkcs8::SecretDocument;
use pkcs8::pkcs5::pbes2;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::software::PrivateKey;

/// A passphrase: wiped from memory when dropped, never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase of at least one character.
    ///
    /// # Errors
    /// When it is empty.
    pub fn new(text: &str) -> Result<Self, KeyFileError> {
        if text.is_empty() {
            return Err(KeyFileError::EmptyPassphrase);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Its text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}

/// Writes a private key to a new file that only its owner can read, and syncs it to disk; the
/// caller syncs the folder. The file appears complete or not at all.
///
/// With a passphrase the key is encrypted (PBES2: PBKDF2 with HMAC-SHA-256, AES-256 in CBC mode),
/// in a form that OpenSSL reads.
///
/// # Errors
/// When the file exists, or the disk does not take it.
pub fn write_key_file(
    path: &Path,
    key: &PrivateKey,
    passphrase: Option<&Passphrase>,
    random: &mut impl CryptoRngCore,
) -> Result<(), KeyFileError> {
    let pem = match passphrase {
        None => pem(PrivateKeyInfo::PEM_LABEL, key.expose().try_into().ok()),
        Some(passphrase) => {
            let (mut salt, mut iv) = ([0; 16], [0; 16]);
            random.fill_bytes(&mut salt);
            random.fill_bytes(&mut iv);
            let encrypted = pbes2::Parameters::pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, &iv)
                .ok()
                .zip(PrivateKeyInfo::try_from(key.expose()).ok())
                .and_then(|(parameters, info)| {
                    info.encrypt_with_params(parameters, passphrase.0.as_bytes()).ok()
                });
            pem(EncryptedPrivateKeyInfo::PEM_LABEL, encrypted)
        }
    };
    let pem = pem.ok_or_else(|| KeyFileError::Format { path: path.to_owned() })?;
    write_secret_file(path, &pem, random)
}

/// Writes a secret to a new file that only its owner can read, and syncs it to disk; the caller syncs
/// the folder. The file appears complete or not at all.
///
/// # Errors
/// When the file exists, or the disk does not take it.
pub fn write_secret_file(
    path: &Path,
    text: &str,
    random: &mut impl CryptoRngCore,
) -> Result<(), KeyFileError> {
    let fault = |source| KeyFileError::Io { path: path.to_owned(), source };
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".writing-{:016x}", random.next_u64()));
    let temporary = PathBuf::from(temporary);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        // A link, unlike a rename, never replaces: the file appears whole, and no key is lost.
        .and_then(|()| fs::hard_link(&temporary, path));
    // The key's bytes do not stay behind under a second name.
    let _removed = fs::remove_file(&temporary);
    written.map_err(fault)
}

/// Reads a private key from a file.
///
/// # Errors
/// When the file cannot be read, is readable by others than its owner, is not a key in PKCS #8
/// PEM, or does not open with the passphrase.
pub fn read_key_file(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<PrivateKey, KeyFileError> {
    let fault = |source| KeyFileError::Io { path: path.to_owned(), source };
    let format = || KeyFileError::Format { path: path.to_owned() };
    let mode = fs::metadata(path).map_err(fault)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode: mode & 0o777 });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(fault)?);
    let (label, document) = SecretDocument::from_pem(&text).map_err(|_| format())?;
    if label == PrivateKeyInfo::PEM_LABEL {
        return Ok(PrivateKey::from_pkcs8(document.as_bytes()));
    }
    if label != EncryptedPrivateKeyInfo::PEM_LABEL {
        return Err(format());
    }
    let passphrase =
        passphrase.ok_or_else(|| KeyFileError::PassphraseNeeded { path: path.to_owned() })?;
    let encrypted = EncryptedPrivateKeyInfo::try_from(document.as_bytes()).map_err(|_| format())?;
    let plain = encrypted
        .decrypt(passphrase.0.as_bytes())
        .map_err(|_| KeyFileError::PassphraseWrong { path: path.to_owned() })?;
    Ok(PrivateKey::from_pkcs8(plain.as_bytes()))
}

/// Whether a key file needs a passphrase.
///
/// # Errors
/// When the file cannot be read.
pub fn is_encrypted(path: &Path) -> Result<bool, KeyFileError> {
    let text = fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
    Ok(text.contains(EncryptedPrivateKeyInfo::PEM_LABEL))
}

/// Why a key file cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file system said no.
    #[error("key file {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("key file {path} has mode {mode:03o}: others can reach it; run chmod 600 on it")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a private key.
    #[error("key file {path} is not a private key in PKCS #8 PEM")]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// Encrypted, and no passphrase was given.
    #[error("key file {path} is encrypted: give its passphrase")]
    PassphraseNeeded {
        /// The file.
        path: PathBuf,
    },
    /// Encrypted under another passphrase, or damaged.
    #[error("key file {path} does not open with this passphrase")]
    PassphraseWrong {
        /// The file.
        path: PathBuf,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
}

/// The PEM of a document that was encoded, if it was.
fn pem(label: &'static str, document: Option<SecretDocument>) -> Option<Zeroizing<String>> {
    document?.to_pem(label, der::pem::LineEnding::LF).ok()
}

/// Rounds of PBKDF2: what OWASP recommends for HMAC-SHA-256 since 2023.
const ITERATIONS: u32 = 600_000;

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::super::generate;
    use super::*;
    use crate::asn1::KeyAlgorithm;

    #[test]
    fn keys_come_back_and_strangers_are_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        let key = generate(KeyAlgorithm::P256, &mut OsRng).unwrap();
        let plain = folder.path().join("plain.pem");
        write_key_file(&plain, &key, None, &mut OsRng).unwrap();
        assert_eq!(read_key_file(&plain, None).unwrap().expose(), key.expose());
        let again = write_key_file(&plain, &key, None, &mut OsRng);
        assert!(matches!(again, Err(KeyFileError::Io { .. })), "an existing key is never replaced");

        let sealed = folder.path().join("sealed.pem");
        let passphrase = Passphrase::new("correct horse").unwrap();
        write_key_file(&sealed, &key, Some(&passphrase), &mut OsRng).unwrap();
        let opened = read_key_file(&sealed, Some(&passphrase)).unwrap();
        assert_eq!(opened.expose(), key.expose());
        let wrong = Passphrase::new("wrong horse").unwrap();
        let refused = read_key_file(&sealed, Some(&wrong));
        assert!(matches!(refused, Err(KeyFileError::PassphraseWrong { .. })));
        let refused = read_key_file(&sealed, None);
        assert!(matches!(refused, Err(KeyFileError::PassphraseNeeded { .. })));

        fs::set_permissions(&plain, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read_key_file(&plain, None).unwrap_err();
        assert!(refused.to_string().contains("mode 640"), "{refused}");
        fs::set_permissions(&plain, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&plain, "no key").unwrap();
        let refused = read_key_file(&plain, None);
        assert!(matches!(refused, Err(KeyFileError::Format { .. })));
    }
}
