//! What a role is to the server: routes, and what goes on around them.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::Response;
use axum::http::request::Parts;

use crate::authority::home::Home;
use crate::signer::pkcs11::TokenHealth;

use super::metrics::Metrics;
use super::problem::Problem;

/// A role's answers.
///
/// Behind the routes everything is done already that has to do with connections: limits, TLS, ids,
/// logs, metrics. A route finds the client in the request's extensions, as
/// [`Caller`](super::Caller), and reads a body with [`collect`](super::collect). It never panics: that
/// ends the process.
pub trait Application: fmt::Debug + Send + Sync {
    /// How it answers. It is asked for once.
    fn routes(self: Arc<Self>) -> Routes;

    /// Reads anew what a reload brings, and returns what puts it in place. Nothing has changed before
    /// that is called, and it is not called where any other role refused.
    ///
    /// # Errors
    /// What is wrong with the new settings or files.
    fn reload(&self, home: &Home) -> Result<Commit, String>;

    /// What must be well for this role to be ready.
    fn checks(&self) -> Vec<Check> {
        Vec::new()
    }

    /// Looks after what changes by itself: called every few seconds, on a thread that may wait.
    fn tend(&self) {}

    /// Records durably what it has counted: called every hour, and once when the last request was
    /// answered, on a thread that may wait.
    fn record(&self) {}

    /// Adds the role's own metrics.
    fn register_metrics(self: Arc<Self>, metrics: &Metrics) {
        let _none = metrics;
    }
}

/// How a role answers.
pub enum Routes {
    /// Path by path. What takes its time may be waited for.
    Table(Router),
    /// Everything alike, at once, out of memory: without what routes and waiting cost.
    One(Arc<dyn AtOnce>),
}

/// Who answers everything at once, without waiting for anything but the body.
pub trait AtOnce: Send + Sync {
    /// What is answered to a head whatever the body may be; nothing where the body is to be read.
    fn head(&self, head: &Parts) -> Option<Response<Bytes>>;

    /// What is answered to a request with its body.
    fn whole(&self, head: &Parts, body: &[u8]) -> Response<Bytes>;
}

impl From<Router> for Routes {
    fn from(router: Router) -> Self {
        Self::Table(router)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table(_) => "Table",
            Self::One(_) => "One",
        })
    }
}

/// Puts in place what a reload has read.
pub type Commit = Box<dyn FnOnce() + Send>;

/// Something that must be well for the process to be ready.
#[derive(Clone)]
pub struct Check {
    /// What it is called in `/readyz`.
    pub name: &'static str,
    /// Looks, and says what is wrong. It may take its time: it runs on a thread of its own.
    pub look: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
}

impl Check {
    /// A check.
    pub fn new(
        name: &'static str,
        look: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { name, look: Arc::new(look) }
    }

    /// Whether the token answers that holds a home's keys, if one does: by the calls of this process,
    /// since a look at it would have to use a key.
    pub fn key_device(home: impl Fn() -> Option<TokenHealth> + Send + Sync + 'static) -> Self {
        Self::new("key-device", move || match home() {
            Some(health) if !health.is_well() => Err(health.to_string()),
            Some(_) | None => Ok(()),
        })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// Runs what waits for disk, store or key on a thread that may wait.
///
/// # Errors
/// 500 when it did not end.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "work did not end");
        Problem::internal()
    })
}
