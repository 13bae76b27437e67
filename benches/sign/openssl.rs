//! The yardstick.

use std::error::Error;
use std::process::Command;

use jpki_ca::asn1::KeyAlgorithm;

/// What `openssl speed` says of one second, by the clock on the wall as everything here.
pub(crate) fn signatures_per_second(algorithm: KeyAlgorithm) -> Result<f64, Box<dyn Error>> {
    let name = match algorithm {
        KeyAlgorithm::P256 => "ecdsap256".to_owned(),
        KeyAlgorithm::P384 => "ecdsap384".to_owned(),
        rsa => rsa.to_string(),
    };
    let output =
        Command::new("openssl").args(["speed", "-elapsed", "-seconds", "1", &name]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    rate(&text).ok_or_else(|| format!("openssl speed {name}: no rate in {text:?}").into())
}

/// Behind the seconds for each kind of operation stand the operations for each second, signing first:
/// `rsa 2048 bits 0.000735s 0.000020s 1360.0 50761.0`, `256 bits ecdsa (nistp256) …`.
fn rate(text: &str) -> Option<f64> {
    let line = text.lines().rfind(|line| line.contains(" bits "))?;
    let (_, behind) = line.split_once(" bits ")?;
    behind.split_whitespace().find_map(|word| word.parse().ok())
}

/// Makes a key, as a process: a few milliseconds of what it takes are the process.
pub(crate) fn generate(algorithm: KeyAlgorithm) -> Result<(), Box<dyn Error>> {
    let (family, option) = match algorithm {
        KeyAlgorithm::P256 => ("EC", "ec_paramgen_curve:P-256".to_owned()),
        KeyAlgorithm::P384 => ("EC", "ec_paramgen_curve:P-384".to_owned()),
        KeyAlgorithm::Rsa(bits) => ("RSA", format!("rsa_keygen_bits:{bits}")),
        other => return Err(format!("no openssl words for {other}").into()),
    };
    let output = Command::new("openssl")
        .args(["genpkey", "-algorithm", family, "-pkeyopt", &option])
        .output()?;
    if output.status.success() { Ok(()) } else { Err("openssl genpkey failed".into()) }
}
