//! Other implementations judge every certificate that the command issues.
//!
//! | judge | says |
//! | --- | --- |
//! | OpenSSL | accepted under strict rules, rejected when anything is wrong; what it reads is a snapshot |
//! | GnuTLS | accepted, rejected, read |
//! | pkilint | no finding against RFC 5280 but those in `pkilint-exceptions.tsv` |
//! | Python's cryptography | the extensions, the four items and the signature are what was asked for |
//!
//! `tests/run.sh` installs the judges. A missing one fails its tests: a judge who was not heard has
//! not agreed.

mod cryptography;
mod gnutls;
mod issued;
mod judge;
mod openssl;
mod pkilint;
