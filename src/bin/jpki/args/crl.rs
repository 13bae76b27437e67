//! Arguments about revocation lists.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;

/// Arguments of `jpki crl`.
#[derive(Debug, Args)]
pub(crate) struct CrlArgs {
    #[command(subcommand)]
    pub(crate) command: CrlCommand,
}

/// Verbs of `jpki crl`.
#[derive(Debug, Subcommand)]
pub(crate) enum CrlCommand {
    /// Publish the lists that are due, one for every municipality (失効情報の公開)
    Publish(PublishArgs),
    /// Say how fresh the lists are, and what is due; exit code 1 when any is past half its life
    Status(StatusArgs),
}

/// Arguments of `jpki crl publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki crl publish
  jpki crl publish --partition 132217 --out lists")]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) folder: ListFolder,
    /// Make this list alone, due or not: a municipality's code, or 000000 for the authority's own
    #[arg(long, value_name = "CODE", conflicts_with = "all")]
    pub(crate) partition: Option<String>,
    /// Make all lists, due or not
    #[arg(long)]
    pub(crate) all: bool,
    /// How lists are encoded: DER in .crl files, or PEM in .crl.pem files
    #[arg(long, value_enum, default_value_t = FormatArg::Der)]
    pub(crate) format: FormatArg,
    /// How many lists are made at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Arguments of `jpki crl status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) folder: ListFolder,
}

/// Where lists are published.
#[derive(Debug, Args)]
pub(crate) struct ListFolder {
    /// Folder of the published lists [default: crl in the home]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// How lists are encoded.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatArg {
    /// DER
    Der,
    /// PEM
    Pem,
}
