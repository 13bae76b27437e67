//! Arguments about certificates.

use std::path::PathBuf;

use clap::ArgGroup;
use clap::Args;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::authority::Kinds;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Carrier;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;

/// Arguments of `jpki issue`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["holder", "batch"]))]
#[command(after_help = "\
Examples:
  jpki issue --holder hanako.json --out out
  jpki issue --holder hanako.json --kind signature --renew --out out
  jpki issue --holder hanako.json --kind signature --csr hanako.csr --out out
  jpki issue --batch town.jsonl --out out --json > results.jsonl")]
pub(crate) struct IssueArgs {
    /// Holder file: one resident as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) holder: Option<PathBuf>,
    /// Batch file: one resident as JSON per line (- for standard input)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public_key", "csr", "request_id"])]
    pub(crate) batch: Option<PathBuf>,
    /// Which certificates: both, signature or user-authentication
    #[arg(long, default_value = "both")]
    pub(crate) kind: Kinds,
    /// What the keys live on: card or phone
    #[arg(long, default_value = "card")]
    pub(crate) carrier: Carrier,
    /// The holder's public key (PEM or DER), instead of a generated pair; needs one --kind
    #[arg(long, value_name = "FILE", conflicts_with = "csr")]
    pub(crate) public_key: Option<PathBuf>,
    /// A certification request (PEM or DER) that proves possession of the holder's key
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<PathBuf>,
    /// What a generated pair is: rsa2048, rsa3072, rsa4096, p256 or p384 [default: rsa2048; p384
    /// where the authority issues for the next card]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) holder_algorithm: Option<KeyAlgorithm>,
    /// Replace a live certificate: it is revoked as superseded in the same act
    #[arg(long)]
    pub(crate) renew: bool,
    /// Name of the request: asked again under it, the same certificates come out
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// Folder for certificates and generated keys; made when missing
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
}

/// Names one certificate.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ChangeArgs {
    /// The authority: signature or user-authentication
    #[arg(long)]
    pub(crate) ca: CaName,
    /// The number: decimal, or hexadecimal after 0x
    #[arg(long)]
    pub(crate) serial: Serial,
}

/// Arguments of `jpki revoke`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
Example:
  jpki revoke --ca signature --serial 4 --reason affiliation-changed")]
pub(crate) struct RevokeArgs {
    #[command(flatten)]
    pub(crate) certificate: ChangeArgs,
    /// unspecified (discarded before delivery), key-compromise, affiliation-changed, superseded or
    /// cessation-of-operation
    #[arg(long)]
    pub(crate) reason: Reason,
}

/// One file.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The file: PEM or DER (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Files.
#[derive(Debug, Args)]
pub(crate) struct FilesArgs {
    /// The files: PEM or DER
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}
