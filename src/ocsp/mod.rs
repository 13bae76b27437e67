//! Online certificate status (OCSP, RFC 6960 with the profiles of RFC 5019 and RFC 9654): what is
//! asked, what is answered.
//!
//! | here | does |
//! | --- | --- |
//! | [`Request`] | reads what anyone asks, bounded and strict |
//! | [`IssuerId`], [`CertId`] | whose certificate is asked for, and which |
//! | [`TbsAnswer`] | an answer of ours, to be checked, recorded and sealed |
//! | [`Refusal`] | what is said instead of an answer |
//! | [`Query`] | a request of ours |
//! | [`Message`] | whether a file is one or the other |
//! | [`Answer`] | an answer of anyone, read and judged by whoever asked |
//!
//! What others wrote is read with `x509-ocsp`, and what most of them ask, in the one form in which they
//! ask it, at first sight; what we say is written with [`Der`](crate::asn1::Der).

mod answer;
mod cert_id;
mod delegate;
mod issuer;
mod judge;
mod message;
mod nonce;
mod query;
mod read;
mod refusal;
mod request;

pub use answer::Edition;
pub use answer::Statement;
pub use answer::Status;
pub use answer::TbsAnswer;
pub use answer::assemble;
pub use cert_id::CertId;
pub use cert_id::Hash;
pub(crate) use delegate::Delegate;
pub use issuer::IssuerHashes;
pub use issuer::IssuerId;
pub use judge::AnswerSigner;
pub use judge::Asked;
pub use judge::TrustedIssuer;
pub use judge::Unsound;
pub use judge::Verified;
pub use message::Message;
pub use nonce::Nonce;
pub use nonce::NonceLength;
pub use query::Query;
pub use query::QueryError;
pub use read::Answer;
pub use read::BasicAnswer;
pub use read::MAX_RESPONSE;
pub use read::ReadError;
pub use read::ResponderName;
pub use read::Told;
pub use read::ToldStatus;
pub use refusal::Refusal;
pub use request::MAX_ASKED;
pub use request::MAX_REQUEST;
pub use request::Request;
pub use request::RequestFault;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
