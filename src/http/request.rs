//! What every request meets before and after its role: an id, who asks, how long it took.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;

use axum::Router;
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
use hyper_util::service::TowerToHyperService;
use rand_core::OsRng;
use rand_core::RngCore as _;
use tokio::time::timeout;

use crate::authority::home::CertificateFingerprint;
use crate::clock::Stopwatch;
use crate::clock::Timestamp;

use super::application::AtOnce;
use super::body;
use super::census::Place;
use super::client::Caller;
use super::listener::Answers;
use super::listener::Listening;
use super::metrics::Method;
use super::problem::Problem;
use super::role::Role;
use super::rules::Gate;
use super::rules::Rules;

/// What the requests of a connection share.
pub(super) struct Session {
    pub(super) listening: Arc<Listening>,
    pub(super) place: Arc<Place>,
    pub(super) certificate: Option<CertificateFingerprint>,
}

/// Answers one request.
pub(super) async fn answer(
    session: Arc<Session>,
    request: hyper::Request<Incoming>,
) -> Result<Response<Observed>, Infallible> {
    let rules = session.listening.rules.get();
    let caller = rules.clients.find(session.certificate);
    let mut record = Record {
        started: Stopwatch::start(),
        id: session.listening.ids.of(request.headers()),
        method: Method::of(request.method()),
        route: None,
        client: caller.client().map(|client| client.name.clone()),
        status: 0,
        octets: 0,
        is_sending: false,
        is_producing: false,
        is_whole: false,
        session,
    };
    record.begin(request.version());

    let answered = match pass(rules.gate, &caller) {
        Err(problem) => {
            let version = request.version();
            body::leave(request.into_body(), version, &record.session.place);
            problem.into_response().map(Content::Produced)
        }
        Ok(()) => match &record.session.listening.routes {
            Answers::At(routes) => {
                // Apart: it is large, and the others do not need it.
                Box::pin(routed(routes, caller, request, &rules, &record)).await
            }
            Answers::Once(one) => at_once(one.as_ref(), request, &rules, &record).await,
        },
    };
    let (mut parts, body) = answered.into_parts();
    parts.headers.insert(REQUEST_ID, record.id.value());
    parts.headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // By the clock that everything in the answer goes by.
    let now = record.session.listening.clock.now();
    if let Some(date) = http_date_now(now) {
        parts.headers.insert(header::DATE, date);
    }
    record.route = parts.extensions.remove::<Route>();
    record.status = parts.status.as_u16();
    record.is_sending = true;
    record.is_whole = body.is_end_stream();
    record.session.place.traffic.sending.fetch_add(1, Relaxed);
    Ok(Response::from_parts(parts, Observed { body, record }))
}

/// Has a route answer.
async fn routed(
    routes: &TowerToHyperService<Router>,
    caller: Caller,
    request: hyper::Request<Incoming>,
    rules: &Rules,
    record: &Record,
) -> Response<Content> {
    let (parts, incoming) = request.into_parts();
    let place = &record.session.place;
    match body::bounded(incoming, rules.body, parts.version, place, record.started) {
        Err(fault) => fault.into_response(),
        Ok(body) => {
            let mut request = Request::from_parts(parts, body.map_or_else(Body::empty, Body::new));
            request.extensions_mut().insert(caller);
            match timeout(rules.patience, routes.call(request)).await {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                    .detail("the answer took too long")
                    .into_response(),
            }
        }
    }
    .map(Content::Produced)
}

/// Answers as soon as the body is there, which has its own time.
async fn at_once(
    one: &dyn AtOnce,
    request: hyper::Request<Incoming>,
    rules: &Rules,
    record: &Record,
) -> Response<Content> {
    let (parts, incoming) = request.into_parts();
    let place = &record.session.place;
    let response = if let Some(response) = one.head(&parts) {
        body::leave(incoming, parts.version, place);
        response
    } else {
        let body = body::bounded(incoming, rules.body, parts.version, place, record.started);
        let whole = match body {
            Ok(body) => body::whole(body).await,
            Err(fault) => Err(fault),
        };
        match whole {
            Ok(octets) => one.whole(&parts, &octets),
            Err(fault) => return fault.into_response().map(Content::Produced),
        }
    };
    if record.session.listening.counters.under_way() <= TOGETHER {
        behind_others().await;
    }
    response.map(Content::Whole)
}

/// Lets others who are ready have their turn first, once. What is answered together is then sent
/// together, and whoever waits for several answers on this machine, a proxy, is woken once for all.
async fn behind_others() {
    let mut has_waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// With more requests under way than this, waiting for the others would take longer than it spares.
const TOGETHER: i64 = 64;

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

/// Makes ids of requests: 16 hexadecimal digits, the first eight of them the same for a listener's life.
#[derive(Debug)]
pub(super) struct Ids {
    prefix: u32,
    next: AtomicU32,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { prefix: OsRng.next_u32(), next: AtomicU32::new(0) }
    }

    /// The id of a request: the client's, if it is one, else ours.
    fn of(&self, headers: &HeaderMap) -> Id {
        match headers.get(REQUEST_ID).filter(|id| is_id(id.as_bytes())) {
            Some(given) => Id::Given(given.clone()),
            None => Id::Ours(self.prefix, self.next.fetch_add(1, Relaxed)),
        }
    }
}

/// The id of a request.
#[derive(Clone, Debug)]
enum Id {
    Given(HeaderValue),
    Ours(u32, u32),
}

impl Id {
    fn value(&self) -> HeaderValue {
        match self {
            Self::Given(value) => value.clone(),
            Self::Ours(prefix, number) => {
                let digits = digits(*prefix, *number);
                HeaderValue::from_bytes(&digits).unwrap_or_else(|_| HeaderValue::from_static("-"))
            }
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.value().to_str().unwrap_or("-"))
    }
}

/// Sixteen hexadecimal digits.
fn digits(prefix: u32, number: u32) -> [u8; 16] {
    let mut rest = u64::from(prefix) << 32 | u64::from(number);
    let mut digits = [0; 16];
    for place in digits.iter_mut().rev() {
        // Below sixteen.
        let digit = u8::try_from(rest & 15).unwrap_or_default();
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        rest >>= 4;
    }
    digits
}

/// 16 to 64 letters, digits, `-` and `_`: a UUID is one, the number of a person or a certificate is
/// not, lest it be logged.
fn is_id(octets: &[u8]) -> bool {
    (16..=64).contains(&octets.len())
        && octets.iter().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(octet))
        && octets.iter().any(u8::is_ascii_alphabetic)
}

/// An instant as HTTP writes it.
pub(super) fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let seconds = u64::try_from(at.to_unix()).ok()?;
    let at = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))?;
    HeaderValue::from_str(&httpdate::fmt_http_date(at)).ok()
}

thread_local! {
    /// The last second that was written: it is the same for thousands of answers.
    static WRITTEN: Last<Timestamp> = const { RefCell::new(None) };
}

/// As [`http_date`], of an instant for which it is likely to be asked again.
fn http_date_now(at: Timestamp) -> Option<HeaderValue> {
    WRITTEN.with(|last| as_before(last, at, || http_date(at)))
}

/// The last value of a field that was written, and what it says.
pub(super) type Last<T> = RefCell<Option<(T, HeaderValue)>>;

/// What was written the last time, if it says this; else `write` does.
pub(super) fn as_before<T: PartialEq>(
    last: &Last<T>,
    said: T,
    write: impl FnOnce() -> Option<HeaderValue>,
) -> Option<HeaderValue> {
    let mut last = last.borrow_mut();
    match &*last {
        Some((before, value)) if *before == said => Some(value.clone()),
        _ => {
            let value = write()?;
            *last = Some((said, value.clone()));
            Some(value)
        }
    }
}

/// What is noted of a request, when its answer is done with.
struct Record {
    session: Arc<Session>,
    started: Stopwatch,
    id: Id,
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
        let traffic = &self.session.place.traffic;
        traffic.under_way.fetch_add(1, Relaxed);
        traffic.requests.fetch_add(1, Relaxed);
        traffic.head_since.store(0, Relaxed);
        traffic.multiplexed.store(version == Version::HTTP_2, Relaxed);
        self.session.listening.counters.begun();
    }

    fn set_producing(&mut self, is_producing: bool) {
        let counter = &self.session.place.traffic.producing;
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
        let traffic = &self.session.place.traffic;
        if self.is_sending {
            traffic.sending.fetch_sub(1, Relaxed);
        }
        if traffic.under_way.fetch_sub(1, Relaxed) == 1 {
            traffic.idle_since.store(self.session.place.now(), Relaxed);
        }
        let Self { status, .. } = *self;
        let role = self.session.listening.role;
        let elapsed = self.started.elapsed();
        self.session.listening.counters.ended(self.method, status, elapsed);
        let route = self.route.as_ref().map_or("-", |route| route.0.as_str());
        let client = self.client.as_deref().unwrap_or("-");
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let id = &self.id;
        let method = self.method.as_str();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    %role, %id, client, method, route, status, micros,
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

/// The body of an answer.
enum Content {
    /// At once, and nothing once it was given.
    Whole(Bytes),
    /// As a route produces it.
    Produced(Body),
}

impl Content {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(octets) => octets.is_empty(),
            Self::Produced(body) => hyper::body::Body::is_end_stream(body),
        }
    }

    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self {
            Self::Whole(octets) if octets.is_empty() => Poll::Ready(None),
            Self::Whole(octets) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(octets))))),
            Self::Produced(body) => hyper::body::Body::poll_frame(Pin::new(body), context),
        }
    }
}

/// The body of an answer, watched until it is sent or given up.
pub(super) struct Observed {
    body: Content,
    record: Record,
}

impl hyper::body::Body for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.body.poll_frame(context);
        self.record.set_producing(polled.is_pending());
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.record.octets += frame.data_ref().map_or(0, Bytes::len) as u64;
                self.record.is_whole = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.record.is_whole = true,
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(role = %self.record.session.listening.role, %error, "an answer broke off");
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Content::Whole(octets) => SizeHint::with_exact(octets.len() as u64),
            Content::Produced(body) => hyper::body::Body::size_hint(body),
        }
    }
}

/// The id of a request, in it and in its answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_ours_has_its_sixteen_digits() {
        assert_eq!(Id::Ours(0xd63d_09e2, 0x7bb8_4042).to_string(), "d63d09e27bb84042");
        assert_eq!(Id::Ours(0, 9).to_string(), "0000000000000009");
        assert_eq!(Id::Ours(u32::MAX, u32::MAX).to_string(), "f".repeat(16));
    }

    #[test]
    fn a_second_is_written_as_it_is_whatever_was_written_before() {
        for text in ["2026-11-27T01:40:29Z", "2026-11-27T01:40:29Z", "2026-11-27T01:40:30Z"] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(http_date_now(at), http_date(at));
        }
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
