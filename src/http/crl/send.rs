//! A file as an answer.

use std::fs;
use std::future::Future as _;
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::task::JoinHandle;
use tokio::task::spawn_blocking;

use crate::clock::Timestamp;
use crate::http::conditional::Facts;
use crate::http::conditional::Verdict;
use crate::http::conditional::judge;
use crate::http::problem::text;
use crate::http::request::http_date;

/// What is sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) contents: Contents,
    pub(super) kind: &'static str,
    pub(super) etag: String,
    pub(super) modified: Option<Timestamp>,
    pub(super) freshness: Freshness,
}

/// Where its octets are.
#[derive(Debug)]
pub(super) enum Contents {
    Memory(Bytes),
    /// An open file of so many octets, which never changes.
    File(fs::File, u64),
}

/// How long it may be kept without asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Not at all: it changes when it changes.
    AskAgain,
    /// So many seconds from now on.
    Seconds { now: Timestamp, seconds: u64, is_private: bool },
}

impl Contents {
    fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    fn body(self, range: RangeInclusive<u64>) -> Body {
        let (start, end) = (*range.start(), range.end().saturating_add(1));
        match self {
            Self::Memory(bytes) => {
                let at = |octet: u64| usize::try_from(octet).unwrap_or(usize::MAX).min(bytes.len());
                Body::from(bytes.slice(at(start)..at(end)))
            }
            Self::File(file, _) => {
                Body::new(FileBody { file: Arc::new(file), at: start, end, reading: None })
            }
        }
    }
}

impl Sent {
    /// The answer to a request for it.
    pub(super) fn answer(self, method: &Method, headers: &HeaderMap) -> Response {
        let length = self.contents.length();
        let facts = Facts { etag: &self.etag, modified: self.modified, length };
        let verdict = judge(method, headers, facts);
        let mut response = match &verdict {
            Verdict::Failed => text(StatusCode::PRECONDITION_FAILED, "it is another by now\n"),
            Verdict::Unsatisfiable => {
                let mut response = text(StatusCode::RANGE_NOT_SATISFIABLE, "it has no such part\n");
                put(&mut response, header::CONTENT_RANGE, &format!("bytes */{length}"));
                response
            }
            Verdict::NotModified => status(StatusCode::NOT_MODIFIED),
            Verdict::Whole => status(StatusCode::OK),
            Verdict::Part(range) => {
                let mut response = status(StatusCode::PARTIAL_CONTENT);
                let (first, last) = (range.start(), range.end());
                put(
                    &mut response,
                    header::CONTENT_RANGE,
                    &format!("bytes {first}-{last}/{length}"),
                );
                response
            }
        };
        if matches!(verdict, Verdict::Failed | Verdict::Unsatisfiable) {
            return response;
        }
        put(&mut response, header::ETAG, &self.etag);
        if let Some(date) = self.modified.and_then(http_date) {
            response.headers_mut().insert(header::LAST_MODIFIED, date);
        }
        self.freshness.say(&mut response);
        if verdict == Verdict::NotModified {
            return response;
        }
        put(&mut response, header::CONTENT_TYPE, self.kind);
        put(&mut response, header::ACCEPT_RANGES, "bytes");
        let range = match verdict {
            Verdict::Part(range) => Some(range),
            _ => length.checked_sub(1).map(|last| 0..=last),
        };
        let octets = range.as_ref().map_or(0, |range| range.end() - range.start() + 1);
        put(&mut response, header::CONTENT_LENGTH, &octets.to_string());
        if let Some(range) = range.filter(|_| *method == Method::GET) {
            *response.body_mut() = self.contents.body(range);
        }
        response
    }
}

impl Freshness {
    fn say(self, response: &mut Response) {
        match self {
            Self::AskAgain => put(response, header::CACHE_CONTROL, "no-cache"),
            Self::Seconds { now, seconds, is_private } => {
                let scope = if is_private { "private" } else { "public" };
                put(response, header::CACHE_CONTROL, &format!("{scope}, max-age={seconds}"));
                let expires = now.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
                if let Some(date) = http_date(expires) {
                    response.headers_mut().insert(header::EXPIRES, date);
                }
            }
        }
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn put(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The octets of an open file, read as fast as they are taken, a piece ahead.
struct FileBody {
    file: Arc<fs::File>,
    at: u64,
    end: u64,
    reading: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let left = self.end.saturating_sub(self.at);
        if left == 0 {
            return Poll::Ready(None);
        }
        let (file, at) = (Arc::clone(&self.file), self.at);
        let reading = self.reading.get_or_insert_with(|| {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
            spawn_blocking(move || {
                let mut octets = vec![0; piece];
                file.read_exact_at(&mut octets, at).map(|()| octets)
            })
        });
        let Poll::Ready(read) = Pin::new(reading).poll(context) else { return Poll::Pending };
        self.reading = None;
        match read.map_err(io::Error::other).flatten() {
            Ok(octets) => {
                self.at += octets.len() as u64;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(octets)))))
            }
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end.saturating_sub(self.at))
    }
}

/// Octets that are read of a file at once.
const PIECE: usize = 256 << 10;
