//! The wire: every object identifier once, names with their string types, and a DER writer.
//!
//! Reading goes through `der` and `x509-cert`; writing goes through [`Der`], because a profile is
//! easiest to hold against the published table when it is written in the table's order, and because
//! the exact string type of every attribute is part of that table.

mod name;
pub mod oid;
mod write;

pub use name::Attribute;
pub use name::Name;
pub use name::StringType;
pub use write::Der;
pub use write::tag;
