//! What every request meets before and after its role: an id, who asks, how long it took.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Response;
use axum::http::StatusCode;
use axum::http::Version;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use hyper::service::Service as _;
use rand_core::OsRng;
use rand_core::RngCore as _;
use tokio::time::timeout;

use crate::authority::home::CertificateFingerprint;
use crate::clock::Stopwatch;

use super::body;
use super::census::Place;
use super::client::Caller;
use super::listener::Listening;
use super::metrics::Method;
use super::problem::Problem;
use super::role::Role;
use super::rules::Gate;

/// Answers one request.
pub(super) async fn answer(
    listening: Arc<Listening>,
    place: Arc<Place>,
    certificate: Option<CertificateFingerprint>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Observed>, Infallible> {
    let rules = listening.rules.get();
    let id = id(request.headers(), &listening.ids);
    let caller = rules.clients.find(certificate);
    let mut record = Record {
        place,
        listening: Arc::clone(&listening),
        started: Stopwatch::start(),
        id: id.clone(),
        method: Method::of(request.method()),
        route: None,
        client: caller.client().map(|client| client.name.clone()),
        status: 0,
        octets: 0,
        is_sending: false,
        is_producing: false,
        is_whole: false,
    };
    record.begin(request.version());

    let answered = match pass(rules.gate, &caller) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            let (parts, incoming) = request.into_parts();
            match body::bounded(incoming, rules.body) {
                Err(fault) => fault.into_response(),
                Ok(body) => {
                    let mut request = Request::from_parts(parts, body);
                    request.extensions_mut().insert(caller);
                    match timeout(rules.patience, listening.routes.call(request)).await {
                        Ok(Ok(response)) => response,
                        Ok(Err(never)) => match never {},
                        Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                            .detail("the answer took too long")
                            .into_response(),
                    }
                }
            }
        }
    };
    let (mut parts, body) = answered.into_parts();
    parts.headers.insert(REQUEST_ID, id);
    parts.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // By the clock that everything in the answer goes by.
    let now = listening.clock.now();
    if let Some(date) = http_date(now) {
        parts.headers.insert(header::DATE, date);
    }
    record.route = parts.extensions.remove::<Route>();
    record.status = parts.status.as_u16();
    record.is_sending = true;
    record.is_whole = hyper::body::Body::is_end_stream(&body);
    record.place.traffic.sending.fetch_add(1, Relaxed);
    Ok(Response::from_parts(parts, Observed { body, record }))
}

/// Whether this client is answered here at all.
fn pass(gate: Gate, caller: &Caller) -> Result<(), Problem> {
    match gate {
        Gate::Open => Ok(()),
        Gate::Only(role) => caller.must_be(role).map(|_| ()),
        Gate::Known if caller.client().is_some() => Ok(()),
        Gate::Known => Err(Problem::new(StatusCode::FORBIDDEN)
            .detail("this client's certificate is not among those of serve.client")),
    }
}

/// The pattern of the route that a request took: never what it asked for.
#[derive(Clone, Debug)]
pub(super) struct Route(MatchedPath);

/// Hands the route on to [`answer`]: it is known inside the router only.
pub(super) async fn note_route(request: Request, next: Next) -> axum::response::Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(Route(route));
    }
    response
}

/// The id of a request: the client's, if it is one, else ours.
fn id(headers: &HeaderMap, ids: &Ids) -> HeaderValue {
    if let Some(given) = headers.get(REQUEST_ID).filter(|id| is_id(id.as_bytes())) {
        return given.clone();
    }
    let id = format!("{:016x}", ids.draw());
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

/// Numbers that are met once: for telling requests apart, not secret.
pub(super) struct Ids {
    begin: u64,
    drawn: AtomicU64,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { begin: OsRng.next_u64(), drawn: AtomicU64::new(0) }
    }

    /// The next number, which looks like none before it: `SplitMix64`, one to one.
    fn draw(&self) -> u64 {
        let count = self.drawn.fetch_add(1, Relaxed).wrapping_add(1);
        let bits = self.begin.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// 16 to 64 letters, digits, `-` and `_`: a UUID is one, the number of a person or a certificate is
/// not, lest it be logged.
fn is_id(octets: &[u8]) -> bool {
    (16..=64).contains(&octets.len())
        && octets.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(octet))
        && octets.iter().any(u8::is_ascii_alphabetic)
}

/// An instant as HTTP writes it.
pub(super) fn http_date(at: crate::clock::Timestamp) -> Option<HeaderValue> {
    let seconds = u64::try_from(at.to_unix()).ok()?;
    let at = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))?;
    HeaderValue::from_str(&httpdate::fmt_http_date(at)).ok()
}

/// What is noted of a request, when its answer is done with.
struct Record {
    place: Arc<Place>,
    listening: Arc<Listening>,
    started: Stopwatch,
    id: HeaderValue,
    method: Method,
    route: Option<Route>,
    client: Option<String>,
    status: u16,
    octets: u64,
    is_sending: bool,
    is_producing: bool,
    is_whole: bool,
}

impl Record {
    fn begin(&self, version: Version) {
        let traffic = &self.place.traffic;
        traffic.under_way.fetch_add(1, Relaxed);
        traffic.requests.fetch_add(1, Relaxed);
        traffic.head_since.store(0, Relaxed);
        traffic.multiplexed.store(version == Version::HTTP_2, Relaxed);
        self.listening.measured.begun();
    }

    fn set_producing(&mut self, is_producing: bool) {
        let counter = &self.place.traffic.producing;
        if is_producing && !self.is_producing {
            counter.fetch_add(1, Relaxed);
        } else if !is_producing && self.is_producing {
            counter.fetch_sub(1, Relaxed);
        }
        self.is_producing = is_producing;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.set_producing(false);
        let traffic = &self.place.traffic;
        if self.is_sending {
            traffic.sending.fetch_sub(1, Relaxed);
        }
        if traffic.under_way.fetch_sub(1, Relaxed) == 1 {
            traffic.idle_since.store(self.place.now(), Relaxed);
        }
        let Self { status, .. } = *self;
        let role = self.listening.role;
        let elapsed = self.started.elapsed();
        self.listening.metrics.answered(role, self.method, status);
        self.listening.measured.ended(elapsed);
        let route = self.route.as_ref().map_or("-", |route| route.0.as_str());
        let client = self.client.as_deref().unwrap_or("-");
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let id = self.id.to_str().unwrap_or("-");
        let method = self.method.as_str();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    %role, id, client, method, route, status, micros,
                    octets = self.octets, whole = self.is_whole, "request"
                )
            };
        }
        // Status is asked for, and health looked at, too often for a line each.
        let is_frequent = role == Role::Ocsp || role == Role::Admin;
        if status >= 500 && !(role == Role::Admin && status == 503) {
            line!(warn);
        } else if is_frequent {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// The body of an answer, watched until it is sent or given up.
pub(super) struct Observed {
    body: Body,
    record: Record,
}

impl hyper::body::Body for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.record.set_producing(polled.is_pending());
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.record.octets += frame.data_ref().map_or(0, Bytes::len) as u64;
                self.record.is_whole = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.record.is_whole = true,
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(role = %self.record.listening.role, %error, "an answer broke off");
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The id of a request, in it and in its answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_requests_have_one_id() {
        let ids = Ids::new();
        let drawn: std::collections::BTreeSet<u64> = (0..10_000).map(|_| ids.draw()).collect();
        assert_eq!(drawn.len(), 10_000);
        assert!(!drawn.contains(&Ids::new().draw()), "another process, another row");
    }

    #[test]
    fn an_id_is_taken_over_if_it_is_one() {
        for good in ["0b41fd3a-8b73-4a53-9d3c-4b2a0d3e6f11", "req_0123456789abcdef"] {
            assert!(is_id(good.as_bytes()), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", "123456789012", "0123456789012345", "short-1", "a b c d e f g h i", &long] {
            assert!(!is_id(bad.as_bytes()), "{bad}");
        }
    }
}
