//! What a certificate of JPKI looks like: one file per certificate, each in the order of the
//! published table (証明書プロファイル仕様); values that nobody could confirm are in [`assumed`].
//!
//! A profile turns facts into the bytes to be signed, [`TbsCertificate`], and nothing else: whether
//! they may be signed is for `law` and `lint` to say.

pub mod assumed;
mod ca;
mod extension;
mod issuer;
mod link;
mod partition;
mod read;
mod realm;
mod service;
mod signature;
mod subject;
mod tbs;
mod user_authentication;

pub use ca::CaGrant;
pub use ca::ca_certificate;
pub use ca::ca_end;
pub use ca::usual_algorithm;
pub use issuer::Issuer;
pub use issuer::alternative_name;
pub use issuer::ca_name;
pub use link::LinkGrant;
pub use link::link_certificate;
pub use link::link_end;
pub use partition::Partition;
pub use read::AttestedText;
pub use read::CommonName;
pub use read::ItemText;
pub use read::ListedOn;
pub use read::Reading;
pub use read::Role;
pub use read::Window;
pub use realm::Organisation;
pub use realm::PolicyArc;
pub use realm::Realm;
pub use realm::RealmError;
pub use service::Service;
pub use service::ServiceGrant;
pub use service::ServiceKey;
pub use service::service_certificate;
pub use service::service_end;
pub use signature::Attested;
pub use signature::signature_certificate;
pub use tbs::Grant;
pub use tbs::Subject;
pub use tbs::TbsCertificate;
pub use user_authentication::user_authentication_certificate;
