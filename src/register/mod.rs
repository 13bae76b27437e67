//! The resident register (住民基本台帳) as far as certificates need it: the records of residents, the
//! events that change them, the checks that an event must pass, and the forms in which both arrive.
//!
//! A record changes by [`transition`] and by time, [`lapse`], alone; both say what changed, and
//! [`crate::law`] says what that does to certificates.

mod acts;
mod cards;
mod change;
mod checks;
mod event;
mod event_form;
mod explain;
mod form;
mod items;
mod moves;
mod person;
mod reason;
mod record;
mod refusal;
mod resident;
mod resident_code;
mod rule;
mod source;
mod stays;
mod target;
mod timer;
mod transition;

pub use change::BasicItem;
pub use change::Change;
pub use change::Deletion;
pub use change::Lapse;
pub use event::CardChange;
pub use event::Event;
pub use event::EventId;
pub use event::check_note;
pub use event_form::ChangeForm;
pub use event_form::ChangesForm;
pub use event_form::EventForm;
pub use event_form::MAX_EVENT;
pub use event_form::TargetForm;
pub use explain::Explanation;
pub use explain::explanation;
pub use form::CardForm;
pub use form::FormError;
pub use form::HolderForm;
pub use form::MAX_FORM;
pub use form::ResidenceForm;
pub use form::SubstituteForm;
#[cfg(feature = "http")]
pub(crate) use form::read as read_form;
pub use person::Person;
pub use reason::ChangeReason;
pub use record::Card;
pub use record::CardState;
pub use record::Cause;
pub use record::Deadline;
pub use record::Departure;
pub use record::Destination;
pub use record::Origin;
pub use record::PhoneState;
pub use record::Record;
pub use record::Status;
pub use record::Timer;
pub use refusal::Refusal;
pub use refusal::Refusals;
pub use resident::Resident;
pub use resident_code::ResidentCode;
pub use rule::Rule;
pub use source::Source;
pub use target::Target;
pub use timer::lapse;
pub use transition::Transition;
pub use transition::transition;

#[cfg(test)]
mod tests;
