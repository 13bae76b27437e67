//! Arguments about the register feed.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::register::Source;

/// Arguments of `jpki feed`.
#[derive(Debug, Args)]
pub(crate) struct FeedArgs {
    #[command(subcommand)]
    pub(crate) command: FeedCommand,
}

/// Verbs of `jpki feed`.
#[derive(Debug, Subcommand)]
pub(crate) enum FeedCommand {
    /// Take events of the register, one JSON object per line (異動の反映)
    Apply(ApplyArgs),
    /// Enter residents who are on record already: a baseline, a holder file per line (初期登録)
    Import(ImportArgs),
    /// List the refused events (エラーリスト)
    Rejected(RejectedArgs),
    /// Say what a code means and what to do, in Japanese and English
    Explain(ExplainArgs),
    /// Repeat a refused event, corrected; the original stays on record (再送)
    ///
    /// The repeat is an act of the operator of this authority, who answers for it: it bears no
    /// signature of the source, and the record of acts links it to the original. It is open for events
    /// that their source is known to have sent. What was refused for its signature, number or id
    /// (R-UNSIGNED, R-SIGNATURE, R-SOURCE-UNKNOWN, R-REPLAYED, R-EVENT-CONFLICT), or cannot be read
    /// where signatures are asked for, only the source can send again: in a line of its own, signed,
    /// that may name the original in `resend_of`.
    Resend(ResendArgs),
    /// Take a refused event off the list, with a note why; it stays on record (処理済み)
    Dismiss(DismissArgs),
    /// How each source's feed stands, and how fast certificates follow
    Status,
    /// Let time do its work: notified moves, lapsed cards, deferred revocations
    Tick,
    /// Compare residents with those of a sender, by digests (整合性確認)
    ///
    /// Only what the sender states is compared: an optional item that a line lacks, like the card or
    /// a former surname, is not reported. Digests that were cut or changed are called incomplete, and
    /// nothing is compared then.
    Reconcile(ReconcileArgs),
    /// Digest residents for a receiver to reconcile with, without their data
    Digest(DigestArgs),
    /// Register a source: the key that signs its events, or the number that comes next
    Source(SourceArgs),
}

/// Arguments of `jpki feed apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki feed apply events.jsonl
  jpki feed apply events.jsonl --reissue --out out")]
pub(crate) struct ApplyArgs {
    /// Event files, JSON Lines (- for standard input)
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Issue a new signature certificate where an event ended the holder's because what it states
    /// changed, or completes a move that did. A visit that was interrupted is finished when the event
    /// is given again
    #[arg(long, requires = "out")]
    pub(crate) reissue: bool,
    /// Folder for re-issued certificates and their keys
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What a generated pair is: rsa2048, rsa3072, rsa4096, p256 or p384 [default: rsa2048; p384
    /// where the authority issues for the next card]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) holder_algorithm: Option<KeyAlgorithm>,
}

/// Arguments of `jpki feed import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Residents, a holder file per line (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Arguments of `jpki feed explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jpki feed explain R-MOVEIN-EXISTING")]
pub(crate) struct ExplainArgs {
    /// The code: R-… of a rule, E-… of data
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}

/// Arguments of `jpki feed rejected`.
#[derive(Debug, Args)]
pub(crate) struct RejectedArgs {
    /// Also those that were repeated or dismissed since
    #[arg(long)]
    pub(crate) all: bool,
}

/// Arguments of `jpki feed dismiss`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jpki feed dismiss 132217-2026-000017 --note \"sent again by the source as 000018\"")]
pub(crate) struct DismissArgs {
    /// The id of the refused event, or the one under which an unreadable line is listed
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Why nothing has to be done about it any more; no personal data
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
}

/// Arguments of `jpki feed resend`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jpki feed resend 132217-2026-000017 --set changes.sex.old=female")]
pub(crate) struct ResendArgs {
    /// The id of the refused event
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// A field to correct, as a path; a value is text unless it is a JSON object, list or string; an
    /// empty one removes the field
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
}

/// Arguments of `jpki feed reconcile`.
#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// The sender's view: digests made by `jpki feed digest`, or residents, a holder file per line
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Arguments of `jpki feed digest`.
#[derive(Debug, Args)]
pub(crate) struct DigestArgs {
    /// Residents, a holder file per line
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only the leaves of these branches, which a receiver found to differ: 00,3f
    #[arg(long, value_name = "BRANCHES", value_delimiter = ',')]
    pub(crate) leaves: Vec<String>,
}

/// Arguments of `jpki feed source`.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    /// A municipality's six-digit code, immigration or card-desk
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Source,
    /// The public key that will sign its events (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) public_key: Option<PathBuf>,
    /// The number that comes next, where a feed is taken over; whatever waits under a lower one is
    /// refused (R-SEQUENCE-PASSED) and stays on the list of refused events
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..1 << 62))]
    pub(crate) next: Option<u64>,
}
