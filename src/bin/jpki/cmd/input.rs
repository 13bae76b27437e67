//! Files that are read: bounded, PEM or DER.

use std::fs;
use std::io;
use std::io::Read as _;
use std::path::Path;

use jpki_ca::asn1::PublicKey;
use jpki_ca::authority::Refused;

use crate::exit::Failure;

/// The bytes of a file, or of standard input for `-`, at most `limit` of them.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    if path == Path::new("-") {
        return within(path, io::stdin().lock(), limit);
    }
    let file = fs::File::open(path).map_err(|error| Failure::file(path, error))?;
    within(path, file, limit)
}

/// The bytes of what was opened under this path, at most `limit` of them.
pub(super) fn within(path: &Path, file: impl io::Read, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let taken = file.take(limit + 1).read_to_end(&mut bytes);
    let taken = taken.map_err(|error| Failure::file(path, error))?;
    if taken as u64 > limit {
        let message = format!("{} is longer than {limit} bytes", path.display());
        return Err(Refused::new("E-LENGTH", message).into());
    }
    Ok(bytes)
}

/// The DER in bytes that are PEM with this label, or DER already.
pub(crate) fn der(bytes: &[u8], label: &str) -> Result<Vec<u8>, String> {
    if !bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        return Ok(bytes.to_vec());
    }
    let (found, der) = der::pem::decode_vec(bytes.trim_ascii())
        .map_err(|_| format!("not a single {label} in PEM"))?;
    if found == label { Ok(der) } else { Err(format!("holds a {found}, not a {label}")) }
}

/// A public key file.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let der = der(&read(path, KEY_LIMIT)?, "PUBLIC KEY").map_err(fault)?;
    PublicKey::from_der(&der).map_err(|error| fault(error.to_string()))
}

/// The key of a certification request that proves its possession.
pub(crate) fn certification_request(path: &Path) -> Result<PublicKey, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let bytes = read(path, KEY_LIMIT)?;
    let der = der(&bytes, "CERTIFICATE REQUEST")
        .or_else(|problem| der(&bytes, "NEW CERTIFICATE REQUEST").map_err(|_| problem))
        .map_err(fault)?;
    PublicKey::from_certification_request(&der).map_err(|error| fault(error.to_string()))
}

/// The longest certificate file, in bytes: no certificate of the profile comes near.
pub(crate) const CERTIFICATE_LIMIT: u64 = 1024 * 1024;

/// The longest key or request file, in bytes: RSA-16384 would fit ten times.
const KEY_LIMIT: u64 = 64 * 1024;
