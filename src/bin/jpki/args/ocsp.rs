//! Arguments about the OCSP responders.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Serial;

/// Arguments of `jpki ocsp`.
#[derive(Debug, Args)]
pub(crate) struct OcspArgs {
    #[command(subcommand)]
    pub(crate) command: OcspCommand,
}

/// Verbs of `jpki ocsp`.
#[derive(Debug, Subcommand)]
pub(crate) enum OcspCommand {
    /// Ask whether a certificate is good, and judge the answer (失効情報の照会)
    ///
    /// Without --url the home itself answers, by its responders' keys and its records as they are. The
    /// answer is judged as a verifier has to: by whom it is signed, for which certificate, when, and for
    /// which nonce. Exit code 0 when the certificate is good; 1 when it is revoked, held or not known, or
    /// the answer cannot be relied on; 4 when the responder does not answer us, 5 when it cannot now.
    Query(QueryArgs),
    /// Give responders new keys, each with its certificate (レスポンダ鍵の交換)
    Rotate(RotateArgs),
    /// Say how each generation's responder stands; exit code 1 when one needs looking after
    ///
    /// The alarm is raised when a responder has no certificate in force or its key is not here, and
    /// when jpki crl publish, run as often as jpki.toml says, should have rotated it twice already.
    /// Keys under a passphrase are looked at when --passphrase-file is given.
    Status,
}

/// Arguments of `jpki ocsp query`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki ocsp query --ca user-authentication --serial 3
  jpki ocsp query --certificate out/signature-4.pem --nonce
  jpki ocsp query --ca signature --serial 4 --url http://127.0.0.1:8080/ --get --json")]
pub(crate) struct QueryArgs {
    /// The authority: signature or user-authentication
    #[arg(long, requires = "serial", required_unless_present = "certificate")]
    pub(crate) ca: Option<CaName>,
    /// The certificate's serial number, decimal or hexadecimal after 0x
    #[arg(long, requires = "ca", value_name = "N")]
    pub(crate) serial: Option<Serial>,
    /// The certificate itself instead: PEM or DER
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ca", "serial"])]
    pub(crate) certificate: Option<PathBuf>,
    /// The certificate of its issuer: PEM or DER [default: that of the home]
    #[arg(long, value_name = "FILE", requires_all = ["certificate", "url"])]
    pub(crate) issuer: Option<PathBuf>,
    /// Where to ask: http:// or https:// [default: the home itself]
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Send a nonce, and want it back
    #[arg(long)]
    pub(crate) nonce: bool,
    /// Send the request in the path of a GET, as caches like it
    #[arg(long, requires = "url")]
    pub(crate) get: bool,
    /// By which hash the certificate is named
    #[arg(long, value_enum, default_value_t = HashArg::Sha1)]
    pub(crate) hash: HashArg,
    /// The authorities that the server's TLS certificate must chain to: PEM
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) tls_authorities: Option<PathBuf>,
    /// The certificate that we show to the server: PEM
    #[arg(long, value_name = "FILE", requires_all = ["tls_authorities", "tls_key"])]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The key of that certificate: PEM, mode 0600
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
}

/// By which hash a certificate is named.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum HashArg {
    /// SHA-1, which every responder understands
    Sha1,
    /// SHA-256
    Sha256,
}

/// Arguments of `jpki ocsp rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every generation of an authority that is in force has a responder, certified for thirty days at a
time and every time for another key; the key before is destroyed. jpki crl publish does this by
itself in the last fifteen days. A responder that runs takes the new key up by itself.

RSA authorities may have P-256 responders, which sign some 25 times as fast.

Where a key was stolen, rotate with --compromised. It revokes the certificates before for
key-compromise, and publishing puts them on the authority's own list; a responder that runs signs
nothing with the old key from then on, and says tryLater for the seconds until it has the new one.
But verifiers do not ask whether a responder was revoked: its certificate tells them not to
(id-pkix-ocsp-nocheck). Whoever has the stolen key is believed until that certificate ends, in at most
thirty days.

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

pub(super) fn generation(text: &str) -> Result<Generation, String> {
    let number = text.parse().ok().and_then(|number| Generation::new(number).ok());
    number.ok_or_else(|| "write the number of a generation, from 1 on".to_owned())
}
