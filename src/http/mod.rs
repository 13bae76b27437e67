//! The servers: listeners, TLS, limits, logs, and what each role answers.
//!
//! A process serves one or several roles, each on a listener of its own, and opens only what those
//! need: `crl` no key and no store, `ocsp` the responders' keys, `register` the authorities', `admin`
//! nothing. Everything asynchronous is in this room; [`Server::run`] is an ordinary call that returns
//! when the server was stopped.
//!
//! What every request meets, whatever the role: its connection is counted and held to the limits
//! (`connection`, `census`), it gets an id, a line in the log and its place in the metrics (`request`),
//! its body is bounded in octets and time (`body`), and the client that its certificate names is looked
//! up (`client`). A role is an [`Application`]: routes behind all that.

mod admin;
mod application;
mod beside;
mod body;
mod census;
mod client;
mod conditional;
mod connection;
mod crl;
mod fetch;
mod generations;
mod listener;
mod log;
mod metrics;
mod ocsp;
mod problem;
mod process;
mod register;
mod request;
mod role;
mod rules;
mod server;
#[cfg(test)]
mod tests;
mod tls;

pub use application::Application;
pub use application::AtOnce;
pub use application::Check;
pub use application::Commit;
pub use application::Routes;
pub use application::blocking;
pub use body::BodyFault;
pub use body::collect;
pub use client::Caller;
pub use client::Client;
pub use fetch::Fetch;
pub use fetch::FetchError;
pub use fetch::TlsFiles;
pub use fetch::fetch;
pub use log::subscriber;
pub use metrics::Metrics;
pub use ocsp::ocsp_url;
pub use problem::Problem;
pub use role::Role;
pub use server::Bound;
pub use server::Ended;
pub use server::ServeError;
pub use server::Server;
pub use server::Surroundings;
pub use server::Told;
