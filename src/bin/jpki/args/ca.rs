//! Arguments about the authorities and the generations of their keys.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use jpki_ca::credential::Generation;
use jpki_ca::credential::Profile;

use super::crl::FormatArg;

/// Arguments of `jpki ca`.
#[derive(Debug, Args)]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    pub(crate) command: CaCommand,
}

/// Verbs of `jpki ca`.
#[derive(Debug, Subcommand)]
pub(crate) enum CaCommand {
    /// List every generation: what it must do, and until when; when to roll over
    List,
    /// Make a new key under the same name, which issues from now on (鍵の世代交代)
    Rollover(RolloverArgs),
    /// Make the link certificates between generations that are missing (リンク証明書)
    Link(LinkArgs),
    /// Record that a generation's key is compromised, for good (認証局の秘密鍵の危殆化)
    Compromise(CompromiseArgs),
    /// Make a list of everything under compromised keys, in a file (危殆化した鍵の失効情報)
    CompromiseList(CompromiseListArgs),
    /// Play a roll-over on simulated time, OpenSSL looking on (世代交代の予行)
    Rehearse(RehearseArgs),
    /// Renew the publication certificate, or its key too (公開用証明書の更新)
    RenewPublication(RenewPublicationArgs),
}

/// Arguments of `jpki ca rollover`.
#[derive(Debug, Args)]
#[command(after_help = "\
The new generation issues at once, or with --issue-from from then on, and the one before until then.
It gets an OCSP responder of its own, and both certify each other's keys, so that whoever trusts one
comes to the certificates of the other (ca/link-...). Those before it go on signing lists, and every
list is published once for each generation: publish next, so that verifiers find the new one's.

Certificates, cards and the generation itself live as its profile has it. Roll over both authorities
to the next card: until both issue for it, new cards are counted as today's.

Examples:
  jpki ca rollover --ca signature
  jpki ca rollover --ca signature --issue-from 2030-04-01T00:00:00+09:00
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
    /// From when it issues to holders, RFC 3339 with offset [default: at once]
    #[arg(long, value_name = "TIME")]
    pub(crate) issue_from: Option<Timestamp>,
}

/// Arguments of `jpki ca link`.
#[derive(Debug, Args)]
#[command(after_help = "\
A roll-over makes the links itself. This makes those that are missing: because it was interrupted,
because a key was not at hand, or between the neighbours of a generation that is compromised since.

Verifiers that take the authority key identifier for a hint build a path through a link: GnuTLS, the
JDK. OpenSSL accepts each link by itself, and no path through one: certificates name the serial number
of the issuer's own certificate, which a link does not have.

Examples:
  jpki ca link
  jpki ca link --ca signature")]
pub(crate) struct LinkArgs {
    /// Those of this authority alone
    #[arg(long)]
    pub(crate) ca: Option<CaName>,
}

/// Arguments of `jpki ca compromise`.
#[derive(Debug, Args)]
#[command(after_help = "\
By this one record every certificate that the generation issued is revoked for ca-compromise: OCSP says
so from the next answer on, also where a server runs and for answers that it kept. One that was revoked
by then keeps its date and reason, one that was held its date. The generation never issues again: roll
over next, unless another waits to take its place, then renew the holders' certificates. What certified
the key is revoked with it.

The lists of the partitions say nothing of it: jpki ca compromise-list makes one that does. Answers about
the generation are signed under the compromised key, as verifiers demand: whoever stole it can sign other
ones. Tell verifiers by other ways that they must not trust it any more.

Examples:
  jpki ca compromise --ca signature --generation 1 --dry-run
  jpki ca compromise --ca signature --generation 1 --since 2026-04-01T12:00:00+09:00")]
pub(crate) struct CompromiseArgs {
    /// The authority: signature or user-authentication
    #[arg(long)]
    pub(crate) ca: CaName,
    /// The generation, as jpki ca list shows it
    #[arg(long, value_name = "N", value_parser = super::ocsp::generation)]
    pub(crate) generation: Generation,
    /// Since when its key is compromised, RFC 3339 with offset [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
}

/// Arguments of `jpki ca compromise-list`.
#[derive(Debug, Args)]
#[command(after_help = "\
The list is about all certificates of the authority: everything that the partitions' lists carry, and
every certificate under a compromised key that has not ended. The newest generation whose key is not
compromised signs it. It is made now and part of no publication; the partitions' lists stay as they are.

Example:
  jpki ca compromise-list --ca signature --out compromised.crl")]
pub(crate) struct CompromiseListArgs {
    /// The authority: signature or user-authentication
    #[arg(long)]
    pub(crate) ca: CaName,
    /// The file; one that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Encoding of the list
    #[arg(long, value_enum, default_value = "der")]
    pub(crate) format: FormatArg,
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

/// Arguments of `jpki ca rehearse`.
#[derive(Debug, Args)]
#[command(after_help = "\
A small home of fictional people is made in a folder of its own and carried through a roll-over: from a
year before it to the day on which the old generation has ended. At each step OpenSSL verifies what was
issued before and after, with the lists and answers of that day. The home that --home names is not
touched. Exit code 1 when a check fails.

Examples:
  jpki ca rehearse --from p256 --to p384
  jpki ca rehearse --from rsa2048 --to p384 --profile next --keep rehearsal")]
pub(crate) struct RehearseArgs {
    /// What the keys before are: rsa2048, rsa3072, rsa4096, p256 or p384
    #[arg(long, value_name = "ALGORITHM", default_value = "rsa2048")]
    pub(crate) from: KeyAlgorithm,
    /// What those after are
    #[arg(long, value_name = "ALGORITHM", default_value = "p384")]
    pub(crate) to: KeyAlgorithm,
    /// For which cards the new generation issues: current or next [default: current]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<Profile>,
    /// Keep everything in this folder, which must not be there yet
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}
