//! Arguments about the OCSP responders.

use clap::Args;
use clap::Subcommand;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Generation;

/// Arguments of `jpki ocsp`.
#[derive(Debug, Args)]
pub(crate) struct OcspArgs {
    #[command(subcommand)]
    pub(crate) command: OcspCommand,
}

/// Verbs of `jpki ocsp`.
#[derive(Debug, Subcommand)]
pub(crate) enum OcspCommand {
    /// Give responders new keys, each with its certificate (レスポンダ鍵の交換)
    Rotate(RotateArgs),
    /// Say how each generation's responder stands; exit code 1 when one needs looking after
    ///
    /// The alarm is raised when a responder has no certificate in force or its key is not here, and
    /// when jpki crl publish, run as often as jpki.toml says, should have rotated it twice already.
    /// Keys under a passphrase are looked at when --passphrase-file is given.
    Status,
}

/// Arguments of `jpki ocsp rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every generation of an authority that is in force has a responder, certified for thirty days at a
time and every time for another key; the key before is destroyed. jpki crl publish does this by
itself in the last fifteen days. A responder that runs takes the new key up by itself.

RSA authorities may have P-256 responders, which sign some 25 times as fast.

Where a key was stolen, rotate with --compromised. It revokes the certificates before for
key-compromise, and publishing puts them on the authority's own list. But verifiers do not ask
whether a responder was revoked: its certificate tells them not to (id-pkix-ocsp-nocheck). Whoever has
the stolen key is believed until that certificate ends, in at most thirty days.

Examples:
  jpki ocsp rotate
  jpki ocsp rotate --due
  jpki ocsp rotate --ca signature --generation 1 --algorithm p256
  jpki ocsp rotate --compromised --dry-run")]
pub(crate) struct RotateArgs {
    /// Those of this authority alone: signature or user-authentication
    #[arg(long)]
    pub(crate) ca: Option<CaName>,
    /// That of this generation alone
    #[arg(long, value_name = "N", requires = "ca", value_parser = generation)]
    pub(crate) generation: Option<Generation>,
    /// What the new keys are: rsa2048, rsa3072, rsa4096, p256 or p384 [default: what those before are]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) algorithm: Option<KeyAlgorithm>,
    /// Only those in the last fifteen days of their certificates, or that are missing
    #[arg(long)]
    pub(crate) due: bool,
    /// Revoke the certificates before for key-compromise
    #[arg(long, conflicts_with = "due")]
    pub(crate) compromised: bool,
}

fn generation(text: &str) -> Result<Generation, String> {
    let number = text.parse().ok().and_then(|number| Generation::new(number).ok());
    number.ok_or_else(|| "write the number of a generation, from 1 on".to_owned())
}
