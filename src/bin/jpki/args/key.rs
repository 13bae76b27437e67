//! Arguments about keys, and who can open them.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

/// Arguments of `jpki key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// Verbs of `jpki key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Share a new passphrase among officers: so many of them open the keys together (秘密分散)
    Split(SplitArgs),
    /// Close the keys to another passphrase (パスフレーズの変更)
    Passphrase(NewPassphraseArgs),
}

/// Arguments of `jpki key split`.
#[derive(Debug, Args)]
#[command(after_help = "\
All keys of the home are closed to a new passphrase of 256 random bits, which nobody sees: it exists
in the shares alone. Each is a text that can be printed and typed again; give each to one officer and
delete the files. From then on every command that needs the keys takes --unlock. To replace officers,
split again.

Examples:
  jpki key split --needed 2 --shares 3 --out shares
  jpki key split --needed 3 --shares 5 --out new --unlock share-1.txt --unlock share-3.txt")]
pub(crate) struct SplitArgs {
    /// How many shares open the keys, at least 2
    #[arg(long, value_name = "COUNT")]
    pub(crate) needed: u8,
    /// How many shares there are, at most 255
    #[arg(long, value_name = "COUNT")]
    pub(crate) shares: u8,
    /// Folder for the shares; made when missing
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
}

/// Arguments of `jpki key passphrase`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  jpki key passphrase --new-passphrase-file passphrase")]
pub(crate) struct NewPassphraseArgs {
    /// File whose first line is the new passphrase; typed twice at a terminal without it
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
}
