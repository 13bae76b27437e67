//! A token of SoftHSM in a temporary folder.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use jpki_ca::signer::pkcs11::TokenUri;

/// Where Debian's package `softhsm2` has the module.
pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

pub(crate) const PIN: &str = "48151623";

/// The word that says where the token is, to a process that was started for it.
pub(crate) const INSIDE: &str = "--token-in=";

/// Whether it can be measured.
pub(crate) fn is_here() -> bool {
    cfg!(feature = "pkcs11") && Path::new(MODULE).exists()
}

/// Makes a token, and runs this program again with SoftHSM's settings in its environment.
pub(crate) fn again_inside(words: &[String]) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path();
    let tokens = path.join("tokens");
    fs::create_dir(&tokens)?;
    let settings = path.join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    fs::write(&settings, text)?;
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "bench", "--so-pin", PIN, "--pin", PIN])
        .env(SETTINGS, &settings)
        .output()?;
    if !made.status.success() {
        return Err("softhsm2-util made no token".into());
    }
    let status = Command::new(std::env::current_exe()?)
        .args(words)
        .arg(format!("{INSIDE}{}", path.display()))
        .env(SETTINGS, &settings)
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("the benchmark ended with {status}").into()) }
}

/// The token's address.
pub(crate) fn uri(folder: &Path) -> Result<TokenUri, Box<dyn Error>> {
    if !folder.is_dir() {
        return Err("the token's folder is gone".into());
    }
    Ok(format!("pkcs11:token=bench?module-path={MODULE}").parse()?)
}

const SETTINGS: &str = "SOFTHSM2_CONF";
