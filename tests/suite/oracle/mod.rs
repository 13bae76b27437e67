//! Other implementations judge every certificate that the command issues, the lists that it
//! publishes, and answers about status.
//!
//! | judge | says |
//! | --- | --- |
//! | OpenSSL | every algorithm with every other; accepted under strict rules, rejected when anything is wrong; what it reads is a snapshot; revoked by the right list alone; answers verified |
//! | GnuTLS | accepted, rejected, read; every list read |
//! | pkilint | no finding against RFC 5280 but those in `pkilint-exceptions.tsv`, none in lists and answers |
//! | Python's cryptography | the extensions, the four items and the signature are what was asked for; lists and answers likewise |
//! | the JDK | the right verdict on every certificate of two generations, whichever generation's list is at hand |
//!
//! `tests/run.sh` installs the judges. A missing one fails its tests: a judge who was not heard has
//! not agreed.

mod algorithms;
mod cryptography;
mod gnutls;
mod issued;
mod java;
mod judge;
mod openssl;
mod pkilint;
mod published;
mod status;

pub(crate) use judge::ask_script;
pub(crate) use pkilint::findings as pkilint_findings;
