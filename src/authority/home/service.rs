//! The services' keys and certificates in a home: what all of them have in common.
//!
//! Another key goes through `<service>.next.key.pem`: it is durable there before the intent, and takes
//! the name of the one before when its certificate is committed. Killed between the two, whoever
//! needs the key finds it in the second place.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::asn1::CertificateParts;
use crate::authority::Authority;
use crate::profile::Service;
use crate::profile::ServiceKey;
use crate::signer::Passphrase;
use crate::signer::SoftwareSigner;

use super::Home;
use super::HomeError;

/// The two places of a service's key.
pub(super) struct Places {
    pub(super) folder: PathBuf,
    pub(super) current: PathBuf,
    pub(super) next: PathBuf,
}

impl Home {
    /// Where a service's key is, and where another waits for its certificate.
    pub(super) fn places(&self, service: ServiceKey) -> Places {
        let folder = match service.service() {
            Service::Publication => self.key_folder(),
            Service::Responder => self.responder_key_folder(),
        };
        let current = folder.join(key_file(service));
        let next = folder.join(next_key_file(service));
        Places { folder, current, next }
    }

    /// Writes the newest certificate of each service where none stands, or an older one. One that is
    /// newer than what this process knows stays.
    pub(super) fn write_service_certificates(
        &self,
        authority: &Authority,
    ) -> Result<(), HomeError> {
        let folder = self.folder.join("ca");
        let mut is_written = false;
        for service in authority.service_keys() {
            let Some(newest) = authority.newest_certificate(service) else { continue };
            let stem = service.stem();
            if !stands(&folder, &stem, newest)? {
                fs::create_dir_all(&folder).map_err(fault(&folder))?;
                super::write_certificate(&folder, &stem, newest, true)?;
                is_written = true;
            }
        }
        if is_written { super::sync_folder(&folder) } else { Ok(()) }
    }
}

/// Whether a certificate stands in its files, or a newer one.
pub(super) fn stands(folder: &Path, stem: &str, newest: &[u8]) -> Result<bool, HomeError> {
    let der = read_file(&folder.join(format!("{stem}.cer")))?;
    let text = read_file(&folder.join(format!("{stem}.pem")))?;
    let text = text.map(|text| der::pem::decode_vec(&text).unwrap_or_default().1);
    Ok(!is_older(der.as_deref(), newest) && !is_older(text.as_deref(), newest))
}

/// Whether a certificate that was found is missing, unreadable or of a lower number than the newest:
/// numbers of an authority rise.
fn is_older(found: Option<&[u8]>, newest: &[u8]) -> bool {
    let number = |der| CertificateParts::read(der).and_then(|parts| number(parts.serial.contents));
    match (found.and_then(number), number(newest)) {
        (Some(found), Some(newest)) => found < newest,
        (None, _) | (_, None) => true,
    }
}

fn number(octets: &[u8]) -> Option<u64> {
    octets.iter().try_fold(0_u64, |number, octet| {
        number.checked_mul(256).map(|number| number + u64::from(*octet))
    })
}

/// The key in a file, if there is one.
pub(super) fn read_if_there(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Option<SoftwareSigner>, HomeError> {
    match super::read_signer(path, passphrase) {
        Ok(signer) => Ok(Some(signer)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a key file is not there, which may well be since it was listed or looked for.
pub(super) fn is_missing(error: &HomeError) -> bool {
    matches!(
        error,
        HomeError::KeyFile(crate::signer::KeyFileError::Io { source, .. })
            if source.kind() == io::ErrorKind::NotFound
    )
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, HomeError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(path)(error)),
    }
}

pub(super) fn fault(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    move |source| HomeError::Io { path: path.to_owned(), source }
}

/// The name of the file of a service's key.
pub(super) fn key_file(service: ServiceKey) -> String {
    format!("{}.key.pem", service.stem())
}

/// The name of the file in which another waits.
pub(super) fn next_key_file(service: ServiceKey) -> String {
    format!("{}.next.key.pem", service.stem())
}
