//! Bodies of requests: so many octets, in so much time.

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::Version;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use tokio::runtime::Handle;
use tokio::time::Sleep;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::clock::Stopwatch;

use super::census::Place;
use super::problem::Problem;
use super::rules::BodyLimits;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyFault {
    /// It is larger than the listener takes.
    TooLarge,
    /// It did not come in time.
    TooSlow,
    /// The connection ended, or what came was no body.
    Cut,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body did not come in time",
            Self::Cut => "the body was cut off",
        })
    }
}

impl std::error::Error for BodyFault {}

impl BodyFault {
    /// The status that says so.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Cut => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<BodyFault> for Problem {
    fn from(fault: BodyFault) -> Self {
        Self::new(fault.status()).detail(fault.to_string())
    }
}

impl IntoResponse for BodyFault {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// The whole body of a request.
///
/// # Errors
/// When it is too large, too slow or cut off.
pub async fn collect(body: Body) -> Result<Bytes, BodyFault> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(fault(error)),
    }
}

/// What went wrong with a body.
pub(super) fn fault(error: axum::Error) -> BodyFault {
    error.into_inner().downcast::<BodyFault>().map_or(BodyFault::Cut, |fault| *fault)
}

/// A body that is held to limits, the time from the head of its request on; none where there is none.
pub(super) fn bounded(
    incoming: Incoming,
    limits: BodyLimits,
    version: Version,
    place: &Arc<Place>,
    began: Stopwatch,
) -> Result<Option<Bounded>, BodyFault> {
    if incoming.is_end_stream() {
        return Ok(None);
    }
    place.traffic.unread.store(true, Relaxed);
    if incoming.size_hint().lower() > limits.octets {
        leave(incoming, version, place);
        return Err(BodyFault::TooLarge);
    }
    Ok(Some(Bounded {
        incoming: Some(incoming),
        version,
        place: Arc::clone(place),
        left: limits.octets,
        limits,
        began,
        total: None,
        stall: None,
    }))
}

/// As [`collect`], of a body that is held to limits.
pub(super) async fn whole(body: Option<Bounded>) -> Result<Bytes, BodyFault> {
    let Some(mut body) = body else { return Ok(Bytes::new()) };
    let mut first = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(octets) = frame?.into_data() else { continue };
        // As a rule it comes in one piece, behind its head.
        if body.is_end_stream() && first.is_empty() {
            return Ok(octets);
        }
        if !first.is_empty() {
            return rest(body, [first, octets].concat()).await;
        }
        first = octets;
    }
    Ok(first)
}

async fn rest(mut body: Bounded, mut gathered: Vec<u8>) -> Result<Bytes, BodyFault> {
    while let Some(frame) = body.frame().await {
        if let Ok(octets) = frame?.into_data() {
            gathered.extend_from_slice(&octets);
        }
    }
    Ok(gathered.into())
}

/// Leaves a body unread.
pub(super) fn leave(incoming: Incoming, version: Version, place: &Arc<Place>) {
    if !incoming.is_end_stream() {
        place.traffic.unread.store(true, Relaxed);
        linger(incoming, version);
    }
}

/// Reads on for a while, apart from the answer, what nobody wants any more: a client of HTTP/2 that
/// still sends would else find its stream reset (RFC 9113 section 8.1), and no answer. Of HTTP/1 the
/// connection as a whole takes leave.
fn linger(mut incoming: Incoming, version: Version) {
    if incoming.is_end_stream() || version < Version::HTTP_2 {
        return;
    }
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(timeout(LINGER, async move {
        let mut left = LINGER_OCTETS;
        while let Some(Ok(frame)) = incoming.frame().await {
            let octets = frame.data_ref().map_or(0, Bytes::len) as u64;
            match left.checked_sub(octets) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }));
}

/// A body on its way in.
pub(super) struct Bounded {
    /// None once it is given up.
    incoming: Option<Incoming>,
    version: Version,
    place: Arc<Place>,
    left: u64,
    limits: BodyLimits,
    began: Stopwatch,
    /// Running once something was waited for.
    total: Option<Pin<Box<Sleep>>>,
    /// Running while nothing comes.
    stall: Option<Pin<Box<Sleep>>>,
}

impl Bounded {
    fn note_end(&self) {
        if self.incoming.as_ref().is_none_or(hyper::body::Body::is_end_stream) {
            self.place.traffic.unread.store(false, Relaxed);
        }
    }
}

impl hyper::body::Body for Bounded {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(context);
        let Poll::Ready(frame) = polled else {
            let BodyLimits { stall, total, .. } = self.limits;
            let left = total.saturating_sub(self.began.elapsed());
            let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(stall)));
            let is_stalled = stall.as_mut().poll(context).is_ready();
            let total = self.total.get_or_insert_with(|| Box::pin(sleep(left)));
            let is_late = is_stalled || total.as_mut().poll(context).is_ready();
            return if is_late {
                Poll::Ready(Some(Err(BodyFault::TooSlow)))
            } else {
                Poll::Pending
            };
        };
        self.stall = None;
        // Octet by octet it is late as well.
        if self.began.elapsed() >= self.limits.total {
            return Poll::Ready(Some(Err(BodyFault::TooSlow)));
        }
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let octets = frame.data_ref().map_or(0, Bytes::len) as u64;
                match self.left.checked_sub(octets) {
                    Some(left) => {
                        self.left = left;
                        self.note_end();
                        Some(Ok(frame))
                    }
                    None => Some(Err(BodyFault::TooLarge)),
                }
            }
            Some(Err(_)) => Some(Err(BodyFault::Cut)),
            None => {
                self.note_end();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(hyper::body::Body::size_hint).unwrap_or_default()
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take() {
            linger(incoming, self.version);
        }
    }
}

/// What is read of a body that is not wanted.
const LINGER_OCTETS: u64 = 64 << 20;
/// For how long.
const LINGER: Duration = Duration::from_secs(5);
