//! The holder of a certificate: the basic four items (基本4情報) and what stands around them, each
//! checked when it is made.
//!
//! Nothing in this room prints a holder's data: `Debug` is redacted and a [`Fault`] names the item
//! and the rule, never the value.

mod address;
mod basic_four;
mod birth_date;
mod fault;
mod municipality;
mod name;
mod repertoire;
mod residence;
mod sex;
mod substitute;

pub use address::Address;
pub use basic_four::BasicFour;
pub use birth_date::BirthDate;
pub use birth_date::Era;
pub use fault::Fault;
pub use fault::Item;
pub use fault::Rule;
pub use municipality::Municipality;
pub use name::Alias;
pub use name::FormerSurname;
pub use name::Name;
pub(crate) use repertoire::is_permitted;
pub use residence::Category;
pub use residence::Residence;
pub use sex::Sex;
pub use substitute::Substitute;
