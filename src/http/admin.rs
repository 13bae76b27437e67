//! The `admin` role: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use tokio::time::timeout;

use crate::authority::home::Home;

use super::application::Application;
use super::application::Check;
use super::application::Commit;
use super::application::Routes;
use super::application::blocking;
use super::metrics::Metrics;
use super::problem::text;

/// Health and metrics of the process.
#[derive(Debug)]
pub(super) struct Admin {
    looks: Vec<Look>,
    metrics: Arc<Metrics>,
    reading: Arc<AtomicBool>,
}

/// A check, and whether it is being made: one that hangs must not be begun again and again.
#[derive(Debug)]
struct Look {
    check: Check,
    under_way: Arc<AtomicBool>,
}

impl Admin {
    pub(super) fn new(checks: Vec<Check>, metrics: Arc<Metrics>) -> Self {
        let looks = checks.into_iter().map(|check| Look { check, under_way: Arc::default() });
        Self { looks: looks.collect(), metrics, reading: Arc::default() }
    }
}

/// Does something on a thread that may wait, unless it is being done already.
async fn once<T: Send + 'static>(
    under_way: &Arc<AtomicBool>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, &'static str> {
    if under_way.swap(true, Relaxed) {
        return Err("the last look has not ended yet");
    }
    let under_way = Arc::clone(under_way);
    let work = blocking(move || {
        let done = work();
        under_way.store(false, Relaxed);
        done
    });
    match timeout(PATIENCE, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err("the look itself failed"),
        Err(_) => Err("no answer in time"),
    }
}

impl Application for Admin {
    fn routes(self: Arc<Self>) -> Routes {
        Router::new()
            .route("/healthz", get(alive))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .fallback(|| async { text::<Body>(StatusCode::NOT_FOUND, "not here\n") })
            .with_state(self)
            .into()
    }

    fn reload(&self, _home: &Home) -> Result<Commit, String> {
        Ok(Box::new(|| {}))
    }
}

/// Whether the process answers at all.
async fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], text::<Body>(StatusCode::OK, "ok\n")).into_response()
}

/// Whether it can do its work.
async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    // Side by side: one that hangs must not keep the others from being told.
    let looks: Vec<_> = admin
        .looks
        .iter()
        .map(|Look { check, under_way }| {
            let (look, under_way) = (Arc::clone(&check.look), Arc::clone(under_way));
            (check.name, tokio::spawn(async move { once(&under_way, move || look()).await }))
        })
        .collect();
    let mut checks = Vec::new();
    for (name, look) in looks {
        let why = match look.await {
            Ok(Ok(found)) => found.err(),
            Ok(Err(why)) => Some(why.to_owned()),
            Err(_) => Some("the look itself failed".to_owned()),
        };
        checks.push(CheckJson { name, ok: why.is_none(), why });
    }
    let is_ready = checks.iter().all(|check| check.ok);
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Words and truth values always become JSON.
    let json = serde_json::to_vec(&ReadyJson { ready: is_ready, checks }).unwrap_or_default();
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, json).into_response()
}

/// Everything that is counted.
async fn metrics(State(admin): State<Arc<Admin>>) -> Response {
    let metrics = Arc::clone(&admin.metrics);
    match once(&admin.reading, move || metrics.read()).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text)
                .into_response()
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

#[derive(Serialize)]
struct ReadyJson {
    ready: bool,
    checks: Vec<CheckJson>,
}

#[derive(Serialize)]
struct CheckJson {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(5);
