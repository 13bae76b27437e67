//! What can be typed: declarations only.

mod ca;
mod certificate;
mod crl;
mod feed;
mod home;
mod key;
mod ocsp;
#[cfg(feature = "http")]
mod serve;

use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use jpki_ca::clock::Timestamp;

pub(crate) use ca::CaArgs;
pub(crate) use ca::CaCommand;
pub(crate) use ca::CompromiseArgs;
pub(crate) use ca::CompromiseListArgs;
pub(crate) use ca::LinkArgs;
pub(crate) use ca::RehearseArgs;
pub(crate) use ca::RenewPublicationArgs;
pub(crate) use ca::RolloverArgs;
pub(crate) use certificate::ChangeArgs;
pub(crate) use certificate::FilesArgs;
pub(crate) use certificate::IssueArgs;
pub(crate) use certificate::RevokeArgs;
pub(crate) use certificate::ShowArgs;
pub(crate) use crl::CrlArgs;
pub(crate) use crl::CrlCommand;
pub(crate) use crl::DiffArgs;
pub(crate) use crl::FormatArg;
pub(crate) use crl::ListFolder;
pub(crate) use crl::PublishArgs;
pub(crate) use crl::ShowListArgs;
pub(crate) use crl::StatusArgs;
pub(crate) use feed::ApplyArgs;
pub(crate) use feed::DigestArgs;
pub(crate) use feed::DismissArgs;
pub(crate) use feed::ExplainArgs;
pub(crate) use feed::FeedArgs;
pub(crate) use feed::FeedCommand;
pub(crate) use feed::ImportArgs;
pub(crate) use feed::ReconcileArgs;
pub(crate) use feed::RejectedArgs;
pub(crate) use feed::ResendArgs;
pub(crate) use feed::SourceArgs;
pub(crate) use home::AuditArgs;
pub(crate) use home::AuditCommand;
pub(crate) use home::AuditListArgs;
pub(crate) use home::InitArgs;
pub(crate) use key::KeyArgs;
pub(crate) use key::KeyCommand;
pub(crate) use key::NewPassphraseArgs;
pub(crate) use key::SplitArgs;
pub(crate) use ocsp::HashArg;
pub(crate) use ocsp::OcspArgs;
pub(crate) use ocsp::OcspCommand;
pub(crate) use ocsp::QueryArgs;
pub(crate) use ocsp::RotateArgs;
#[cfg(feature = "http")]
pub(crate) use serve::ServeArgs;

/// Certification authority for Japan's public-key certification service (JPKI).
///
/// 公的個人認証サービスの認証局
#[derive(Debug, Parser)]
#[command(name = "jpki", version, about, propagate_version = true, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The folder of the authority
    #[arg(long, global = true, value_name = "DIR", env = "JPKI_HOME", default_value = "jpki-home")]
    pub(crate) home: PathBuf,
    /// Print JSON on standard output: one document, or one per line for streams
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Set the clock (sandbox only), or the time that a question is about: RFC 3339 with offset
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) at: Option<Timestamp>,
    /// Say what would happen; sign, change and write nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// No notes and no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// File whose first line is the passphrase of the authorities' keys
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Name of the environment variable that holds the passphrase of the authorities' keys
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "passphrase_file")]
    pub(crate) passphrase_env: Option<String>,
    /// File of one officer's share of the passphrase; give as many as are needed (鍵の分散情報)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with_all = ["passphrase_file", "passphrase_env"]
    )]
    pub(crate) unlock: Vec<PathBuf>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play the whole life of one fictional holder in a throw-away home (実演)
    Demo,
    /// Make a home: both authorities, their keys, settings and store (初期化)
    Init(InitArgs),
    /// Issue certificates to a holder, or to many (発行)
    Issue(IssueArgs),
    /// Revoke one certificate, for good (失効)
    Revoke(RevokeArgs),
    /// Hold one certificate (一時保留)
    Hold(ChangeArgs),
    /// Release one held certificate, where the law allows it (一時保留解除)
    Release(ChangeArgs),
    /// Show a certificate, request, key, revocation list or OCSP message, whoever made it (表示)
    Show(ShowArgs),
    /// Judge certificates, revocation lists and OCSP messages against the profile (検査)
    Lint(FilesArgs),
    /// Validate certificates of this home as of now, or --at (検証)
    Verify(FilesArgs),
    /// Follow the resident register (住民基本台帳の異動)
    Feed(FeedArgs),
    /// Say why a certificate stands as it does: event, rule and article (失効の理由)
    Why(ChangeArgs),
    /// Revocation lists, by municipality (失効情報)
    Crl(CrlArgs),
    /// Responders, which answer whether certificates are good: their keys (失効情報の照会)
    Ocsp(OcspArgs),
    /// Serve revocation lists, health and metrics (公開サーバ)
    ///
    /// Each role has a listener of its own, and a process opens only what its roles need: the lists' server
    /// no key and no store. With options, exactly those roles on those addresses; without, those that
    /// jpki.toml gives a listen address. A line for each listener is printed once it is bound, then "ready";
    /// log lines go to standard error. SIGTERM ends it after what is under way, exit code 0; a second one at
    /// once, exit code 5. SIGHUP reads jpki.toml, keys and certificates anew.
    #[cfg(feature = "http")]
    Serve(ServeArgs),
    /// The authorities, and the generations of their keys (認証局)
    Ca(CaArgs),
    /// The keys, and who can open them (鍵)
    Key(KeyArgs),
    /// The record of acts (監査記録)
    Audit(AuditArgs),
    /// Resolve what an interrupted run left behind (復旧)
    Recover,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  negative answer: revoked, not valid, findings; or a batch with a refused line
  2  usage, configuration or malformed input
  3  refused by a rule, whose id is printed
  4  not authorised
  5  store, key, disk or network unavailable";
