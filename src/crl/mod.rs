//! Certificate revocation lists (RFC 5280 section 5): what is listed, how it is written, how it is
//! read, how two lists differ.
//!
//! A national list has millions of entries. So nothing here holds a list unless asked to:
//!
//! | here | does | memory |
//! | --- | --- | --- |
//! | [`Encoder`], [`encode`] | writes the part to be signed, its length known from a [`Measure`] | one block |
//! | [`Envelope`] | what stands before and behind that part in the signed list | – |
//! | [`Reader`] | reads a list of anyone, entry by entry, and shows the signed part to a tap | one block |
//! | [`ends`] | header and extensions of a file, past the entries | one block |
//! | [`compare`] | what one list has and the other has not | two entries |
//! | [`TbsList`] | a list of ours, to be checked, recorded and sealed | the list |
//!
//! Nothing here touches a disk or a clock, and no store is needed:
//!
//! ```
//! use jpki_ca::asn1::{KeyAlgorithm, Name, oid};
//! use jpki_ca::clock::Timestamp;
//! use jpki_ca::credential::{Reason, Serial};
//! use jpki_ca::crl::{self, Cause, Entry, Head, Measure, Scope};
//!
//! let issuer = Name::japan().with(oid::ORGANIZATION, "Example");
//! let this_update: Timestamp = "2026-11-21T00:00:00Z".parse()?;
//! let head = Head {
//!     algorithm: KeyAlgorithm::P256,
//!     issuer: &issuer,
//!     key_id: [7; 20],
//!     number: 12,
//!     this_update,
//!     next_update: this_update.plus_seconds(72 * 3600),
//!     scope: Scope::Everything,
//!     base: None,
//! };
//! let listed = [Entry {
//!     serial: Serial::new(20_104_363)?,
//!     at: "2026-11-20T03:04:05Z".parse()?,
//!     cause: Cause::Because(Reason::KeyCompromise),
//!     invalidity: None,
//! }];
//! let mut tbs = Vec::new();
//! let measure = listed.iter().collect::<Measure>();
//! let written = crl::encode(&head, measure, listed, &mut tbs)?;
//! assert_eq!(written.octets, tbs.len() as u64);
//!
//! let mut reader = crl::Reader::tbs(&tbs[..])?;
//! assert_eq!(reader.next().unwrap()?.entry(), Some(listed[0]));
//! assert_eq!(reader.finish()?.number().and_then(crl::Integer::to_u64), Some(12));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod block;
mod calendar;
mod civil;
mod compare;
mod encode;
mod entry;
mod envelope;
mod head;
mod lay;
mod manifest;
mod read;
mod rows;
mod tbs;

pub use compare::CompareError;
pub use compare::Difference;
pub use compare::compare;
pub use compare::complete;
pub use encode::EncodeError;
pub use encode::Encoded;
pub use encode::Encoder;
pub use encode::encode;
pub use entry::Cause;
pub use entry::Entry;
pub use entry::Measure;
pub use envelope::Envelope;
pub use head::Head;
pub use head::Scope;
pub use manifest::CoverageCode;
pub use manifest::Digest;
pub use manifest::Manifest;
pub use manifest::ManifestError;
pub use manifest::PublishedList;
pub use read::Ends;
pub use read::Extension;
pub use read::Fault;
pub use read::Header;
pub use read::Integer;
pub use read::Listed;
pub use read::Point;
pub use read::ReadError;
pub use read::Reader;
pub use read::Signature;
pub use read::Time;
pub use read::Trailer;
pub use read::Unknown;
pub(crate) use read::Visitor;
pub use read::ends;
pub(crate) use rows::Rows;
pub(crate) use rows::SpliceError;
pub(crate) use rows::entries;
pub use tbs::Coverage;
pub use tbs::Edition;
pub use tbs::Names;
pub use tbs::TbsList;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
