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
    /// Show a list, whoever issued it (表示)
    ///
    /// Header and extensions come first, then a line for each entry as it is read, so that a list of
    /// any size takes a moment and little memory. In a list the extensions stand behind the entries:
    /// out of a pipe they are shown last. PEM is unpacked in memory, up to 256 MiB. Of a damaged list
    /// comes what could be read, then what is wrong and at which octet, and exit code 2.
    Show(ShowListArgs),
    /// Compare two lists: header, extensions and entries (比較)
    ///
    /// Entries are compared in one pass, both lists in the order of serials: + was added, - was removed,
    /// ~ was changed. Exit code 0 when the lists are the same in all but number and times, 1 when they
    /// differ, 2 when one cannot be read. Signatures are not compared, and extensions of entries other than
    /// reason and invalidity date only by whether there are any.
    Diff(DiffArgs),
    /// Say how fresh the lists are, and what is due; exit code 1 when any is past half its life
    Status(StatusArgs),
}

/// Arguments of `jpki crl publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
It looks after certificates of services too: that of publication is renewed in its last ninety days,
before the lists; OCSP responders get new keys in their last fifteen days, or where one is missing,
after the lists. What goes wrong there is said, and makes the exit code, but keeps no list back. In
the last ninety days before an authority's key must be rolled over, a note says so.

Examples:
  jpki crl publish
  jpki crl publish --partition 132217 --out lists
  jpki crl publish --delta --full")]
pub(crate) struct PublishArgs {
    #[command(flatten)]
    pub(crate) folder: ListFolder,
    /// Make this list alone, due or not: a municipality's code, or 000000 for the authority's own
    #[arg(long, value_name = "CODE", conflicts_with = "all")]
    pub(crate) partition: Option<String>,
    /// Make all lists, due or not
    #[arg(long)]
    pub(crate) all: bool,
    /// Beside each list that replaces one, a delta list that begins from that one
    ///
    /// Named CA-GENERATION-CODE.delta.crl. It is part of this publication only: the next has
    /// its own, or none.
    #[arg(long)]
    pub(crate) delta: bool,
    /// One more list for each generation, of everything: CA-GENERATION-full.crl
    ///
    /// Made out of the municipalities' lists, and part of the publications that ask for it only. It is
    /// held in memory once to be signed with a software key: some 40 octets for each certificate
    /// that is revoked or held, in PEM several times as much.
    #[arg(long, conflicts_with = "partition")]
    pub(crate) full: bool,
    /// How lists are encoded: DER in .crl files, or PEM in .crl.pem files
    #[arg(long, value_enum, default_value_t = FormatArg::Der)]
    pub(crate) format: FormatArg,
    /// How many lists are made at the same time [default: one more than cores]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Arguments of `jpki crl show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki crl show signature-1-132217.crl
  jpki crl show signature-1-132217.crl --head
  jpki crl show --json - < signature-1-132217.crl")]
pub(crate) struct ShowListArgs {
    /// The list: DER, or PEM of an X509 CRL (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Header and extensions only, however long the list is
    #[arg(long)]
    pub(crate) head: bool,
}

/// Arguments of `jpki crl diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki crl diff monday.crl tuesday.crl
  jpki crl diff monday.crl tuesday.crl --json")]
pub(crate) struct DiffArgs {
    /// The old list: DER, or PEM of an X509 CRL
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The new list
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
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
