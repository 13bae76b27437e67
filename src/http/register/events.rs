//! `POST /v1/events`: a feed's lines, taken as they come.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;

use crate::authority::home::ClientRole;
use crate::http::client::Caller;
use crate::http::problem::Problem;

use super::Desk;
use super::document;
use super::lines::Lines;
use super::lines::must_be;
use super::role;

/// Follows the register: takes the lines of a feed, and answers each.
///
/// The body is JSON Lines, each line an `EventForm`, as `jpki feed apply` takes them. They are applied in
/// order, in groups that are durable together, and answered in order: a line each, an `EventOutcome`,
/// and one more for every event that had waited for one of them. 200 says that the body was read, not
/// that every event was applied. After any other answer send the same lines again: what was applied is
/// then a `duplicate`.
///
/// A client with `sources` in `jpki.toml` sends their events only; another source's line is refused
/// with `R-SENDER`, and nothing of it is kept.
///
/// The new signature certificate that an event may call for is not issued here: ask for it with
/// `POST /v1/certificates`.
#[utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "sendEvents",
    tag = "register",
    request_body(
        content(
            (document::Lines = "application/x-ndjson", example = json!(document::EVENT_LINE)),
            (document::Lines = "application/jsonl", example = json!(document::EVENT_LINE)),
        ),
        description = "A line for each event: an `EventForm`. No more than 65536 lines.",
    ),
    responses(
        (
            status = 200,
            description = "The body was read: a line for each event, an `EventOutcome`.",
            body = document::Lines,
            content_type = "application/x-ndjson",
        ),
        document::Always,
        document::ForBody,
    ),
)]
pub(super) async fn take(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let client = role(&caller, &[ClientRole::Register])?;
    must_be(&headers, &[NDJSON, "application/jsonl"])?;
    let sources = client.sources.clone().map(Arc::new);
    let mut lines = Lines::new(body);
    let mut taken = 0;
    let mut answer = Vec::new();
    loop {
        let group = lines
            .next(GROUP)
            .await
            .map_err(|fault| cut(Problem::new(fault.status()), &fault.to_string(), taken))?;
        let count = group.len();
        if count == 0 {
            break;
        }
        if taken + count > MOST_LINES {
            let problem = Problem::new(StatusCode::PAYLOAD_TOO_LARGE).rule("E-LENGTH", None);
            return Err(cut(problem, "more than 65536 lines came in one body", taken));
        }
        let sources = sources.clone();
        let outcomes = desk.ask(move |authority| match &sources {
            Some(sources) => authority.ingest_from(&group, sources),
            None => authority.ingest(&group),
        });
        let outcomes = outcomes
            .await
            .map_err(|problem| cut(problem, "the store is not to be had at the moment", taken))?;
        for outcome in outcomes {
            serde_json::to_writer(&mut answer, &outcome).map_err(|error| {
                tracing::error!(%error, "an answer is no JSON");
                Problem::internal()
            })?;
            answer.push(b'\n');
        }
        taken += count;
    }
    let kind = (header::CONTENT_TYPE, NDJSON);
    Ok(([kind, (header::CACHE_CONTROL, "no-store")], answer).into_response())
}

/// A problem on the way, with what was done before.
fn cut(problem: Problem, what: &str, taken: usize) -> Problem {
    problem.detail(format!(
        "{what}: {taken} lines were taken before; send all of them again, what was applied is known"
    ))
}

const NDJSON: &str = "application/x-ndjson";
/// Events per commit: large enough that syncs do not matter, small enough that others get a turn.
const GROUP: usize = 256;
/// Lines of one body: the answers are held until all are read. 16 MiB of usual events have as many.
const MOST_LINES: usize = 65_536;
