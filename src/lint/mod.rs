//! Conformance: whether what is about to be signed may be, judged from its bytes.

mod key;

pub use key::KeyFault;
pub use key::key;
