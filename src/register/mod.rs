//! The resident register (住民基本台帳) as far as certificates need it: the record of a resident, and
//! the form in which records arrive.

mod form;
mod person;
mod resident;

pub use form::CardForm;
pub use form::FormError;
pub use form::HolderForm;
pub use form::MAX_FORM;
pub use form::ResidenceForm;
pub use form::SubstituteForm;
pub use person::Person;
pub use resident::Resident;
