//! Arguments about the authorities and the generations of their keys.

use clap::Args;
use clap::Subcommand;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Profile;

/// Arguments of `jpki ca`.
#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    pub(crate) command: CaCommand,
}

/// Verbs of `jpki ca`.
#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// List every generation, and what it still does
    List,
    /// Make a new key under the same name, which issues from now on (鍵の世代交代)
    Rollover(RolloverArgs),
    /// Renew the publication certificate, or its key too (公開用証明書の更新)
    RenewPublication(RenewPublicationArgs),
}

/// Arguments of `jpki ca rollover`.
#[derive(Debug, Args)]
#[command(after_help = "\
The new generation issues at once, and gets an OCSP responder of its own; those before it go on
signing lists, and every list is published once for each generation. Publish next, so that verifiers find the new one's lists.

Certificates, cards and the generation itself live as its profile has it. Roll over both authorities to the
next card: until both issue for it, new cards are counted as today's.

Examples:
  jpki ca rollover --ca signature
  jpki ca rollover --ca user-authentication --algorithm p384
  jpki ca rollover --ca signature --profile next")]
pub(crate) struct RolloverArgs {
    /// The authority: signature or user-authentication
    #[arg(long)]
    pub(crate) ca: CaName,
    /// For which cards the new generation issues: current or next [default: those of the one before]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<Profile>,
    /// What the new key is: rsa2048, rsa3072, rsa4096, p256 or p384 [default: what the one before is,
    /// p384 with a change to the next card]
    #[arg(long, value_name = "ALGORITHM")]
    pub(crate) algorithm: Option<KeyAlgorithm>,
}

/// Arguments of `jpki ca renew-publication`.
#[derive(Debug, Args)]
#[command(after_help = "\
Publishing renews the certificate by itself in its last ninety days, for the same key. The one
before stays in force until its end, so that what it signed still counts. With --compromised all
that were issued before end at once, also those of keys that were replaced earlier: they lay in the
same folder. Publish next: the authority's own list then names them.

Examples:
  jpki ca renew-publication
  jpki ca renew-publication --new-key
  jpki ca renew-publication --new-key --compromised")]
pub(crate) struct RenewPublicationArgs {
    /// Put a new key in the place of the one that there is, which is laid aside
    #[arg(long)]
    pub(crate) new_key: bool,
    /// Revoke the certificates before for key-compromise
    #[arg(long, requires = "new_key")]
    pub(crate) compromised: bool,
}
