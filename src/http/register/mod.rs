//! The `register` role: events of the register in, certificates out and ended, for clients that show
//! a certificate. Its process holds the authorities' keys.
//!
//! ```text
//! POST /v1/events                        a feed's lines, an answer for each     register
//! POST /v1/certificates                  issues to one holder                   issuer
//! POST /v1/revocations                   ends, holds or releases a certificate  issuer
//! GET  /v1/certificates/{ca}/{serial}    where a certificate stands             issuer, auditor
//! GET  /v1/why/{ca}/{serial}             the chain behind that                  issuer, auditor
//! GET  /openapi.json, /v1/openapi.json   this interface
//! ```
//!
//! Every answer that is no success is a [`Problem`] with the rule that refused, and none repeats what
//! was sent. Private keys do not pass here: holders' sides make their pairs and bring the public ones.

mod certificates;
mod document;
mod events;
mod form;
mod lines;
mod look;
mod refusal;
mod revocations;
mod turns;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use crate::authority::Authority;
use crate::authority::AuthorityError;
use crate::authority::home::ClientRole;
use crate::authority::home::Home;
use crate::authority::home::HomeError;
use crate::clock::Clock;
use crate::credential::CaName;
use crate::credential::Serial;
use crate::signer::Passphrase;

use super::application::Application;
use super::application::Check;
use super::application::Commit;
use super::application::Routes;
use super::application::blocking;
use super::client::Caller;
use super::client::Client;
use super::problem::Problem;
use super::server::Surroundings;
use turns::Turns;

/// The server of the register and of issuing.
pub(super) struct Desk {
    clock: Arc<dyn Clock>,
    passphrase: Option<Passphrase>,
    opened: Arc<RwLock<Arc<Opened>>>,
    /// Held by whoever opens the home anew.
    reopening: Mutex<()>,
    turns: Turns,
    /// Whether the store took nothing the last time: it may have become full.
    refuses: Arc<AtomicBool>,
    /// The interface, as JSON.
    document: Bytes,
}

/// A home with its authorities: what a reload replaces.
struct Opened {
    home: Home,
    authority: Authority,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Desk {
    /// Takes up the authorities of a home.
    ///
    /// # Errors
    /// Those of [`Home::authority`].
    pub(super) fn open(home: &Home, surroundings: &Surroundings) -> Result<Self, HomeError> {
        let Surroundings { clock, passphrase } = surroundings;
        let opened = open(home, clock, passphrase.as_ref())?;
        Ok(Self {
            clock: Arc::clone(clock),
            passphrase: passphrase.clone(),
            opened: Arc::new(RwLock::new(Arc::new(opened))),
            reopening: Mutex::default(),
            turns: Turns::default(),
            refuses: Arc::default(),
            document: document::to_json().into(),
        })
    }

    fn current(&self) -> Arc<Opened> {
        Arc::clone(&self.opened.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something with the authorities, on a thread that may wait.
    async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Fn(&Authority) -> Result<T, AuthorityError> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        blocking(move || desk.with(work)).await?.map_err(|error| refusal::failed(&error))
    }

    /// Does something with the authorities. Where another process has made a new generation or
    /// certificate meanwhile, they are taken up anew, once.
    fn with<T>(
        &self,
        work: impl Fn(&Authority) -> Result<T, AuthorityError>,
    ) -> Result<T, AuthorityError> {
        let opened = self.current();
        let done = match work(&opened.authority) {
            Err(error) if is_outdated(&error) => match self.reopen(&opened) {
                Ok(fresh) => work(&fresh.authority),
                Err(fault) => {
                    tracing::error!(error = %refusal::chain(&fault), "the home does not open anew");
                    Err(error)
                }
            },
            done => done,
        };
        if matches!(done, Err(AuthorityError::Store(_))) {
            self.refuses.store(true, Relaxed);
        }
        done
    }

    /// Takes the authorities up anew, unless somebody has since they were `outdated`.
    fn reopen(&self, outdated: &Arc<Opened>) -> Result<Arc<Opened>, HomeError> {
        let _turn = self.reopening.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current();
        if !Arc::ptr_eq(&current, outdated) {
            return Ok(current);
        }
        let fresh = Arc::new(open(&current.home, &self.clock, self.passphrase.as_ref())?);
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        tracing::info!("the authorities' keys and certificates were taken up anew");
        Ok(fresh)
    }
}

impl Application for Desk {
    fn routes(self: Arc<Self>) -> Routes {
        let (routes, _) = document::interface();
        routes
            .route("/openapi.json", get(document::send))
            .route("/v1/openapi.json", get(document::send))
            .fallback(|| async { Problem::new(StatusCode::NOT_FOUND).detail(NOT_HERE) })
            .method_not_allowed_fallback(|| async {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail(NOT_HERE)
            })
            .with_state(self)
            .into()
    }

    fn reload(&self, home: &Home) -> Result<Commit, String> {
        let fresh = open(home, &self.clock, self.passphrase.as_ref());
        let fresh = Arc::new(fresh.map_err(|fault| refusal::chain(&fault))?);
        let place = Arc::clone(&self.opened);
        Ok(Box::new(move || {
            *place.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }))
    }

    fn checks(&self) -> Vec<Check> {
        let (opened, home) = (Arc::clone(&self.opened), Arc::clone(&self.opened));
        let refuses = Arc::clone(&self.refuses);
        vec![
            Check::key_device(move || {
                home.read().unwrap_or_else(PoisonError::into_inner).home.token_health()
            }),
            Check::new("register-store", move || {
                let opened = Arc::clone(&opened.read().unwrap_or_else(PoisonError::into_inner));
                let found = opened.authority.certificate(CaName::Signature, Serial::FIRST);
                found.map_err(|error| refusal::chain(&error))?;
                if refuses.load(Relaxed) {
                    // Only then: whoever looks every second must not keep the disk busy.
                    let store = opened.home.open_store().map_err(|error| refusal::chain(&error))?;
                    store.probe().map_err(|error| refusal::chain(&error))?;
                    refuses.store(false, Relaxed);
                }
                Ok(())
            }),
        ]
    }
}

/// Opens a home with its keys.
fn open(
    home: &Home,
    clock: &Arc<dyn Clock>,
    passphrase: Option<&Passphrase>,
) -> Result<Opened, HomeError> {
    let (authority, recovery) = home.authority(Box::new(Arc::clone(clock)), passphrase)?;
    if !recovery.voided.is_empty() {
        let numbers = recovery.voided.len();
        tracing::warn!(numbers, "an earlier run was interrupted: numbers never delivered are void");
    }
    Ok(Opened { home: home.clone(), authority })
}

/// Whether the authorities are no longer those that were opened.
fn is_outdated(error: &AuthorityError) -> bool {
    matches!(
        error,
        AuthorityError::RolledOver
            | AuthorityError::ServiceChanged { .. }
            // A certificate of a generation that was not there.
            | AuthorityError::NoKey { .. }
    )
}

/// The client, if it has one of these roles.
fn role<'a>(caller: &'a Caller, roles: &[ClientRole]) -> Result<&'a Client, Problem> {
    if let Some(client) = roles.iter().find_map(|role| caller.must_be(*role).ok()) {
        return Ok(client);
    }
    let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    Err(Problem::new(StatusCode::FORBIDDEN)
        .detail(format!("this is for clients with the role {}", words.join(" or ")))
        .rule("R-ROLE", None))
}

/// A document as an answer that nobody keeps.
fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(body) => {
            let kind = (header::CONTENT_TYPE, "application/json");
            (status, [kind, (header::CACHE_CONTROL, "no-store")], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer is no JSON");
            Problem::internal().into_response()
        }
    }
}

const NOT_HERE: &str = "not here: /v1/openapi.json says what there is";
