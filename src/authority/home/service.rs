//! The services' certificates in a home: what all of them have in common.

use std::fs;
use std::io;
use std::path::Path;

use crate::asn1::CertificateParts;
use crate::authority::Authority;

use super::Home;
use super::HomeError;

impl Home {
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
