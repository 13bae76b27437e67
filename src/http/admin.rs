//! The `admin` role: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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
use super::application::blocking;
use super::metrics::Metrics;
use super::problem::text;

/// Health and metrics of the process.
#[derive(Debug)]
pub(super) struct Admin {
    checks: Vec<Check>,
    metrics: Arc<Metrics>,
}

impl Admin {
    pub(super) fn new(checks: Vec<Check>, metrics: Arc<Metrics>) -> Self {
        Self { checks, metrics }
    }
}

impl Application for Admin {
    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/healthz", get(alive))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics))
            .fallback(|| async { text(StatusCode::NOT_FOUND, "not here\n") })
            .with_state(self)
    }

    fn reload(&self, _home: &Home) -> Result<Commit, String> {
        Ok(Box::new(|| {}))
    }
}

/// Whether the process answers at all.
async fn alive() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], text(StatusCode::OK, "ok\n")).into_response()
}

/// Whether it can do its work.
async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    // Side by side: one that hangs must not keep the others from being told.
    let looks: Vec<_> = admin
        .checks
        .iter()
        .map(|check| {
            let look = Arc::clone(&check.look);
            (check.name, tokio::spawn(timeout(PATIENCE, blocking(move || look()))))
        })
        .collect();
    let mut checks = Vec::new();
    for (name, look) in looks {
        let why = match look.await {
            Ok(Ok(Ok(found))) => found.err(),
            Ok(Err(_)) => Some("no answer in time".to_owned()),
            Ok(Ok(Err(_))) | Err(_) => Some("the check itself failed".to_owned()),
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
    match blocking(move || metrics.read()).await {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text)
                .into_response()
        }
        Err(problem) => problem.into_response(),
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
