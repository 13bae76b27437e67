//! Conformance: whether what is about to be signed may be, judged from its bytes.
//!
//! A profile writes; this room reads what was written, with its own reader and its own copy of the
//! published table (証明書プロファイル仕様), and knows nothing of how it came about. So a slip in
//! `profile` does not excuse itself. What passes comes out as [`Checked`], which nothing else makes
//! and without which nothing is signed.
//!
//! | here | judges |
//! | --- | --- |
//! | [`check`] | a certificate to be signed, with the authority that is to sign it |
//! | [`certificate_file`] | any certificate found in a file, for people |
//! | [`check_list`], [`check_list_with`] | a list to be signed, with the authority that is to sign it |
//! | [`list()`] | a list as it is read, against what it is to state |
//! | [`list_file`] | any list found in a file, for people |
//! | [`check_answer`] | an answer (OCSP) to be signed, with the responder that is to sign it |
//! | [`answer_file`], [`request_file`] | any answer or request found in a file, for people |
//! | [`key()`] | a public key: size, form, known weaknesses |
//!
//! A [`Finding`] names the rule and its source, never what a holder's item says.

mod answer;
mod certificate;
mod checked;
mod experiment;
mod file;
mod finding;
mod key;
mod list;
mod manifest;
mod rules;

pub use answer::ANSWER_RULES;
pub use answer::AnswerReport;
pub use answer::REQUEST_RULES;
pub use answer::RequestReport;
pub use answer::Responder;
pub use answer::answer_file;
pub use answer::check_answer;
pub use answer::request_file;
pub use certificate::Table;
pub use checked::Authority;
pub use checked::Checked;
pub use checked::check;
pub use checked::check_with_key;
pub use file::Report;
pub use file::certificate_file;
pub use finding::Finding;
pub use finding::Findings;
pub use finding::Rule;
pub use finding::Severity;
pub use key::KeyFault;
pub use key::SoundKey;
pub use key::key;
pub use list::LIST_RULES;
pub use list::ListReport;
pub use list::ListSummary;
pub use list::check_list;
pub use list::check_list_with;
pub use list::list;
pub use list::list_file;
pub use manifest::check_manifest;
pub use rules::ALL as RULES;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
