//! The `crl` role: the folder that `jpki crl publish` writes, and the authorities' certificates. No
//! key is opened, and no store.
//!
//! ```text
//! /crl/                                  what there is
//! /crl/manifest.json, manifest.sig, publication.cer
//! /crl/<ca>/<generation>/<code>.crl      a municipality's list; 000000.crl the authority's own
//! /crl/<ca>/<generation>/<code>.delta.crl, full.crl, and .crl.pem of each, where published
//! /ca/<ca>-<generation>.cer, .pem        an authority's certificate
//! /ca/link-<ca>-<one>-with-<other>.cer, .pem  one generation's key, certified by another
//! ```
//!
//! A name is parsed, and what it means is looked up in the manifest: no part of it becomes a path.

mod edition;
mod health;
mod name;
mod send;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::MethodFilter;
use axum::routing::on;

use crate::authority::home::Home;
use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::policy::ListTiming;

use super::application::Application;
use super::application::Check;
use super::application::Commit;
use super::application::Routes;
use super::application::blocking;
use super::metrics::Metrics;
use super::problem::text;
use edition::Edition;
use edition::Shelf;
use edition::Small;
use name::AuthorityFile;
use name::ListFile;
use send::Contents;
use send::Freshness;
use send::Sent;

/// The publication server.
#[derive(Debug)]
pub(super) struct Publication {
    clock: Arc<dyn Clock>,
    settings: Arc<RwLock<Arc<Settings>>>,
}

/// What a reload replaces.
#[derive(Debug)]
struct Settings {
    shelf: Shelf,
    /// Where the authorities' certificates are.
    authorities: PathBuf,
    max_age: u32,
    is_private: bool,
    timing: ListTiming,
}

impl Settings {
    fn of(home: &Home) -> Self {
        let config = home.config();
        Self {
            shelf: Shelf::new(home.folder().join(&config.serve.crl.folder)),
            authorities: home.folder().join("ca"),
            max_age: config.serve.crl.max_age_seconds,
            is_private: config.serve.crl.authenticate,
            timing: config.lists,
        }
    }

    /// How long something that is good until then may be kept.
    fn freshness(&self, now: Timestamp, until: Option<Timestamp>) -> Freshness {
        let left = until.map_or(i64::MAX, |until| until.to_unix().saturating_sub(now.to_unix()));
        let seconds = u64::try_from(left).unwrap_or(0).min(self.max_age.into());
        Freshness::Seconds { now, seconds, is_private: self.is_private }
    }
}

impl Publication {
    pub(super) fn new(home: &Home, clock: Arc<dyn Clock>) -> Self {
        Self { clock, settings: Arc::new(RwLock::new(Arc::new(Settings::of(home)))) }
    }
}

fn current(settings: &RwLock<Arc<Settings>>) -> Arc<Settings> {
    Arc::clone(&settings.read().unwrap_or_else(PoisonError::into_inner))
}

impl Application for Publication {
    fn routes(self: Arc<Self>) -> Routes {
        // HEAD by name: else it would have files read to throw them away.
        let both = MethodFilter::GET.or(MethodFilter::HEAD);
        Router::new()
            .route("/crl/", on(both, index))
            .route("/crl/manifest.json", on(both, manifest))
            .route("/crl/manifest.sig", on(both, signature))
            .route("/crl/publication.cer", on(both, certificate))
            .route("/crl/{ca}/{generation}/{file}", on(both, list))
            .route("/ca/{file}", on(both, authority))
            .fallback(|| async { not_here() })
            .with_state(self)
            .into()
    }

    fn reload(&self, home: &Home) -> Result<Commit, String> {
        let fresh = Arc::new(Settings::of(home));
        let place = Arc::clone(&self.settings);
        Ok(Box::new(move || {
            *place.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }))
    }

    fn checks(&self) -> Vec<Check> {
        let (settings, clock) = (Arc::clone(&self.settings), Arc::clone(&self.clock));
        vec![Check::new("lists", move || {
            let settings = current(&settings);
            let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
            health::judge(&health::ages(&edition, settings.timing, clock.now()))
        })]
    }

    fn register_metrics(self: Arc<Self>, metrics: &Metrics) {
        let gauges = health::Gauges::new(metrics);
        metrics.before_reading(move || {
            let settings = current(&self.settings);
            // What cannot be read is told by the check, and its gauges are gone.
            let edition = settings.shelf.edition().ok().flatten();
            let now = self.clock.now();
            gauges.set(edition.map(|edition| health::ages(&edition, settings.timing, now)));
        });
    }
}

/// A request for something that is published.
struct Asked {
    method: Method,
    headers: HeaderMap,
}

impl Publication {
    /// Looks on a thread that may wait, and sends what is found.
    async fn send(
        self: Arc<Self>,
        asked: Asked,
        find: impl FnOnce(&Settings, Timestamp) -> Result<Option<Sent>, String> + Send + 'static,
    ) -> Response {
        let (settings, now) = (current(&self.settings), self.clock.now());
        match blocking(move || find(&settings, now)).await {
            Ok(Ok(Some(sent))) => sent.answer(&asked.method, &asked.headers),
            Ok(Ok(None)) => not_here(),
            Ok(Err(error)) => {
                tracing::error!(%error, "nothing could be sent");
                let mut response =
                    text(StatusCode::SERVICE_UNAVAILABLE, "nothing can be sent at the moment\n");
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
                response
            }
            Err(problem) => problem.into_response(),
        }
    }
}

async fn index(
    State(publication): State<Arc<Publication>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let is_text = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_text = is_text.is_some_and(|accept| accept.trim_start().starts_with("text/"));
    let send = publication.send(Asked { method, headers }, move |settings, _| {
        let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
        Ok(Some(if is_text {
            small(&edition.index_text, "text/plain; charset=utf-8", &edition)
        } else {
            small(&edition.index, JSON, &edition)
        }))
    });
    let mut response = send.await;
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn manifest(
    State(publication): State<Arc<Publication>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let find = |settings: &Settings, _| {
        let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
        Ok(Some(small(&edition.manifest, JSON, &edition)))
    };
    publication.send(Asked { method, headers }, find).await
}

async fn signature(
    State(publication): State<Arc<Publication>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let find = |settings: &Settings, _| {
        let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
        Ok(Some(small(&edition.signature, "application/octet-stream", &edition)))
    };
    publication.send(Asked { method, headers }, find).await
}

async fn certificate(
    State(publication): State<Arc<Publication>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let find = |settings: &Settings, _| {
        let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
        Ok(Some(small(&edition.certificate, CERTIFICATE, &edition)))
    };
    publication.send(Asked { method, headers }, find).await
}

async fn list(
    State(publication): State<Arc<Publication>>,
    Path((ca, generation, file)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some(name) = ListFile::read(&ca, &generation, &file) else { return not_here() };
    publication
        .send(Asked { method, headers }, move |settings, now| find_list(settings, &name, now))
        .await
}

async fn authority(
    State(publication): State<Arc<Publication>>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let Some(name) = AuthorityFile::read(&file) else { return not_here() };
    let find = move |settings: &Settings, now| {
        let path = settings.authorities.join(name.file());
        match fs::read(&path) {
            Ok(bytes) => {
                let Small { bytes, etag } = Small::new(bytes);
                Ok(Some(Sent {
                    contents: Contents::Memory(bytes),
                    kind: if name.is_pem { PEM } else { CERTIFICATE },
                    etag,
                    modified: None,
                    freshness: settings.freshness(now, None),
                }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    };
    publication.send(Asked { method, headers }, find).await
}

/// Opens a list. The version is resolved once: what is sent is one file of it, to its end, whatever is
/// published meanwhile.
fn find_list(settings: &Settings, name: &ListFile, now: Timestamp) -> Result<Option<Sent>, String> {
    for is_last in [false, true] {
        let edition = settings.shelf.edition()?.ok_or(NOTHING)?;
        let Some((shelved, path)) = edition.find(name) else { return Ok(None) };
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            // Cleared away between the look at the pointer and now: there is a newer version.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_last => continue,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let length = file.metadata().map_err(|error| format!("{}: {error}", path.display()))?.len();
        if !name.is_pem && length != shelved.list.size {
            return Err(format!("{}: it is not as long as it was signed", path.display()));
        }
        let digest = shelved.list.digest.hex.get(..32).unwrap_or(&shelved.list.digest.hex);
        let encoding = if name.is_pem { "-pem" } else { "" };
        return Ok(Some(Sent {
            contents: Contents::File(file, length),
            kind: if name.is_pem { PEM } else { "application/pkix-crl" },
            etag: format!("\"{}-{digest}{encoding}\"", shelved.list.number),
            modified: Some(shelved.this_update),
            freshness: settings.freshness(now, Some(shelved.next_update)),
        }));
    }
    Ok(None)
}

/// A small file of an edition.
fn small(small: &Small, kind: &'static str, edition: &Edition) -> Sent {
    Sent {
        contents: Contents::Memory(small.bytes.clone()),
        kind,
        etag: small.etag.clone(),
        modified: Some(edition.published_at),
        freshness: Freshness::AskAgain,
    }
}

fn not_here() -> Response {
    text(StatusCode::NOT_FOUND, "not here: see /crl/\n")
}

const JSON: &str = "application/json";
const CERTIFICATE: &str = "application/pkix-cert";
/// There is no registered type for lists in PEM.
const PEM: &str = "application/x-pem-file";
const NOTHING: &str = "no list was published yet: jpki crl publish";
