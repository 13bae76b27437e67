//! Bodies of requests: so many octets, in so much time.

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use tokio::time::Sleep;
use tokio::time::sleep;

use crate::clock::Stopwatch;

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
fn fault(error: axum::Error) -> BodyFault {
    error.into_inner().downcast::<BodyFault>().map_or(BodyFault::Cut, |fault| *fault)
}

/// A body that is held to limits.
pub(super) fn bounded(incoming: Incoming, limits: BodyLimits) -> Result<Body, BodyFault> {
    if incoming.is_end_stream() {
        return Ok(Body::empty());
    }
    if incoming.size_hint().lower() > limits.octets {
        return Err(BodyFault::TooLarge);
    }
    Ok(Body::new(Bounded {
        incoming,
        left: limits.octets,
        limits,
        begun: Stopwatch::start(),
        waits: None,
    }))
}

/// A body on its way in.
struct Bounded {
    incoming: Incoming,
    left: u64,
    limits: BodyLimits,
    begun: Stopwatch,
    /// Running while nothing comes: most bodies are there with the head.
    waits: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Bounded {
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(context);
        let Poll::Ready(frame) = polled else {
            // To the end of whichever time is over first.
            let left = self.limits.total.saturating_sub(self.begun.elapsed());
            let limit = self.limits.stall.min(left);
            let waits = self.waits.get_or_insert_with(|| Box::pin(sleep(limit)));
            return if waits.as_mut().poll(context).is_ready() {
                Poll::Ready(Some(Err(BodyFault::TooSlow)))
            } else {
                Poll::Pending
            };
        };
        self.waits = None;
        // Octet by octet it is late as well.
        if self.begun.elapsed() >= self.limits.total {
            return Poll::Ready(Some(Err(BodyFault::TooSlow)));
        }
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                let octets = frame.data_ref().map_or(0, Bytes::len) as u64;
                match self.left.checked_sub(octets) {
                    Some(left) => {
                        self.left = left;
                        Some(Ok(frame))
                    }
                    None => Some(Err(BodyFault::TooLarge)),
                }
            }
            Some(Err(_)) => Some(Err(BodyFault::Cut)),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
