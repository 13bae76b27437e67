//! Arguments about the home.

use clap::Args;
use clap::Subcommand;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::credential::Profile;

/// Arguments of `jpki init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  jpki init
  jpki init --home ./ca --algorithm p256
  jpki init --home ./ca --profile next
  jpki init --home ./ca --production --org 'EXAMPLE PKI' --passphrase-file ./passphrase")]
pub(crate) struct InitArgs {
    /// Organisation (O) of every name [default: JPKI-SANDBOX]
    #[arg(long, value_name = "NAME")]
    pub(crate) org: Option<String>,
    /// For which cards the authorities issue: current, or next (次期個人番号カード): certificates to the
    /// tenth birthday, authorities of twenty years
    #[arg(long, value_name = "PROFILE", default_value_t)]
    pub(crate) profile: Profile,
    /// What the authorities' and their services' keys are: rsa2048, rsa3072, rsa4096, p256 or p384
    /// [default: rsa2048; p384 for the next card]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) algorithm: Option<KeyAlgorithm>,
    /// Where the records go; a relative path is taken from the home
    #[arg(long, value_name = "URL", default_value = "sqlite:store.db")]
    pub(crate) store: String,
    // Not a doc comment, as below.
    #[arg(
        long,
        value_name = "URI",
        default_value = "file:keys",
        help = "Where the keys go: file:FOLDER, a relative path being taken from the home, or the address of \
                a token, pkcs11:token=…?module-path=…&pin-source=file:…"
    )]
    pub(crate) key_store: String,
    // Not a doc comment: the address would have to carry its marks into the help.
    #[arg(
        long,
        value_name = "URL",
        help = "Where status will be answered [default: http://ocsp.jpki-sandbox.invalid]"
    )]
    pub(crate) ocsp_url: Option<String>,
    /// No sandbox: own organisation, encrypted keys, production policies, and never --at
    #[arg(long)]
    pub(crate) production: bool,
}

/// Arguments of `jpki audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// Verbs of `jpki audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Check that no entry was changed, removed or added
    Verify,
    /// List the entries
    List(AuditListArgs),
}

/// Arguments of `jpki audit list`.
#[derive(Debug, Args)]
pub(crate) struct AuditListArgs {
    /// Only entries after this one
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(crate) after: u64,
}
