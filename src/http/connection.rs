//! One connection, from the handshake to its end.

use std::future::Future as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::authority::home::CertificateFingerprint;
use crate::authority::home::LimitSettings;

use super::beside::Beside;
use super::census::Place;
use super::listener::Listening;
use super::listener::Phase;
use super::request;
use super::request::Session;
use super::tls;

/// Serves a connection until it ends, breaks a limit, or has to leave.
pub(super) async fn serve(
    listening: Arc<Listening>,
    stream: TcpStream,
    place: Place,
    phase: watch::Receiver<Phase>,
) {
    // Small answers must not wait for one another.
    let _best_effort = stream.set_nodelay(true);
    let rules = listening.rules.get();
    let place = Arc::new(place);
    let stream = Watched::new(stream, Arc::clone(&place));
    let Some(tls) = &rules.tls else {
        return speak(listening, stream, place, phase, rules.limits, None).await;
    };
    let handshake = TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream);
    let patience = Duration::from_secs(rules.limits.head_seconds.into());
    let mut stopping = phase.clone();
    let accepted = tokio::select! {
        accepted = timeout(patience, handshake) => accepted,
        () = place.traffic.leave.notified() => return,
        _ = stopping.wait_for(|phase| *phase != Phase::Open) => return,
    };
    let stream = match accepted {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(role = %listening.role, %error, "no handshake");
            return listening.metrics.refused_connection(listening.role, "handshake");
        }
        Err(_) => return listening.metrics.refused_connection(listening.role, "handshake"),
    };
    let (_, session) = stream.get_ref();
    let client = session.peer_certificates().and_then(|chain| chain.first()).map(tls::fingerprint);
    let limits = rules.limits;
    drop(rules);
    speak(listening, stream, place, phase, limits, client).await;
}

/// Speaks HTTP, whichever the client begins.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    listening: Arc<Listening>,
    stream: S,
    place: Arc<Place>,
    phase: watch::Receiver<Phase>,
    limits: LimitSettings,
    client: Option<CertificateFingerprint>,
) {
    let session = Arc::new(Session {
        listening: Arc::clone(&listening),
        place: Arc::clone(&place),
        certificate: client,
    });
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        request::answer(Arc::clone(&session), request)
    });
    let head_octets = limits.head_octets as usize;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // Ours, which tells a head that comes slowly from a connection that is idle.
        .header_read_timeout(None)
        // Who has said everything may still wait for the answer.
        .half_close(true)
        .max_buf_size(head_octets)
        .max_headers(MAX_HEADERS)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits.head_octets)
        .max_concurrent_streams(limits.streams)
        .max_send_buf_size(SEND_BUFFER);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut pace = Pace::new(limits);
    let mut phase = phase;
    let mut is_leaving = false;
    loop {
        let mut beside = pin!(Beside::new(next(&mut phase, &place, &mut pace, is_leaving)));
        let polled = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Err(ended)),
            Poll::Pending => beside.as_mut().poll(context).map(Ok),
        });
        let verdict = match polled.await {
            Ok(verdict) => verdict,
            Err(ended) => {
                if let Err(error) = ended {
                    tracing::debug!(role = %listening.role, %error, "a connection broke off");
                }
                return;
            }
        };
        match verdict {
            Verdict::Stay => {}
            Verdict::Cut => return,
            Verdict::TooSlow => {
                tracing::info!(role = %listening.role, "cut off: it took too little of an answer");
                return listening.metrics.refused_connection(listening.role, "slow");
            }
            Verdict::Leave => {
                is_leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What comes next for a connection from anywhere but its client.
async fn next(
    phase: &mut watch::Receiver<Phase>,
    place: &Place,
    pace: &mut Pace,
    is_leaving: bool,
) -> Verdict {
    let (awaited, step) =
        if is_leaving { (Phase::Closed, LEAVING_STEP) } else { (Phase::Stopping, pace.step()) };
    tokio::select! {
        _ = phase.wait_for(|phase| *phase >= awaited) => {
            if is_leaving { Verdict::Cut } else { Verdict::Leave }
        }
        () = place.traffic.leave.notified(), if !is_leaving => Verdict::Leave,
        () = sleep(step) => match pace.judge(place) {
            // It was asked to go, has nothing under way, and is still here.
            _ if is_leaving && place.traffic.is_idle() => Verdict::Cut,
            verdict => verdict,
        },
    }
}

/// What a look at a connection comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    /// Ends after what is under way.
    Leave,
    /// Ends now.
    Cut,
    /// Ends now: the client takes too little of an answer.
    TooSlow,
}

/// Holds a connection to its times, by a look at it now and then.
#[derive(Debug)]
struct Pace {
    limits: LimitSettings,
    looked: u64,
    written: u64,
    /// Since when the client takes too little of an answer.
    slow_since: Option<u64>,
}

impl Pace {
    fn new(limits: LimitSettings) -> Self {
        Self { limits, looked: 0, written: 0, slow_since: None }
    }

    /// The time between two looks: the shortest that is given for anything.
    fn step(&self) -> Duration {
        let LimitSettings { head_seconds, idle_seconds, stall_seconds, .. } = self.limits;
        Duration::from_secs(head_seconds.min(idle_seconds).min(stall_seconds).into())
    }

    fn judge(&mut self, place: &Place) -> Verdict {
        let now = place.now();
        let traffic = &place.traffic;
        let since = |start: u64| now.saturating_sub(start);
        let millis = |seconds: u16| u64::from(seconds) * 1000;
        let written = traffic.written.load(Relaxed);
        let taken = written.saturating_sub(self.written);
        let elapsed = since(self.looked);
        let is_first = self.looked == 0;
        (self.looked, self.written) = (now, written);

        // The end of an answer may still be on its way when the request counts as answered.
        let is_blocked = traffic.blocked.load(Relaxed);
        if traffic.is_idle() && !is_blocked {
            self.slow_since = None;
            let idle = since(traffic.idle_since.load(Relaxed));
            let head = traffic.head_since.load(Relaxed);
            let head_is_late = head > 0 && since(head) >= millis(self.limits.head_seconds);
            if traffic.requests.load(Relaxed) == 0 {
                let is_late = idle >= millis(self.limits.head_seconds);
                return if is_late { Verdict::Cut } else { Verdict::Stay };
            }
            // Of HTTP/2, what comes between requests need not be the beginning of one.
            if head_is_late && !traffic.multiplexed.load(Relaxed) {
                return Verdict::Cut;
            }
            let is_late = idle >= millis(self.limits.idle_seconds);
            return if is_late { Verdict::Leave } else { Verdict::Stay };
        }
        let waits_for_client =
            is_blocked || traffic.sending.load(Relaxed) > traffic.producing.load(Relaxed);
        if is_first || !waits_for_client || taken >= elapsed.saturating_mul(LEAST_RATE) / 1000 {
            self.slow_since = None;
            return Verdict::Stay;
        }
        let slow_since = *self.slow_since.get_or_insert(now.saturating_sub(elapsed));
        let is_late = since(slow_since) >= millis(self.limits.stall_seconds);
        if is_late { Verdict::TooSlow } else { Verdict::Stay }
    }
}

/// A stream that notes what goes through it, and takes leave in a way that loses no answer.
struct Watched {
    stream: TcpStream,
    place: Arc<Place>,
    /// Running once our side has said all.
    lingering: Option<Pin<Box<Sleep>>>,
    drained: usize,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let traffic = &self.place.traffic;
        if buffer.filled().len() > before
            && traffic.is_idle()
            && traffic.head_since.load(Relaxed) == 0
        {
            traffic.head_since.store(self.place.now(), Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, octets);
        self.note(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Closing while something is unread would have the system take back what the client has not read
    /// of the last answer. So what is still coming is read and thrown away, for a while.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.lingering = Some(Box::pin(sleep(LINGER)));
        }
        loop {
            let is_over =
                self.lingering.as_mut().is_none_or(|s| s.as_mut().poll(context).is_ready());
            if is_over || self.drained > LINGER_OCTETS {
                return Poll::Ready(Ok(()));
            }
            let mut octets = [0; 4096];
            let mut buffer = ReadBuf::new(&mut octets);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.drained += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    let is_more = self.drained > 0 || self.place.traffic.unread.load(Relaxed);
                    return if is_more { Poll::Pending } else { Poll::Ready(Ok(())) };
                }
            }
        }
    }
}

impl Watched {
    fn new(stream: TcpStream, place: Arc<Place>) -> Self {
        Self { stream, place, lingering: None, drained: 0 }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        let traffic = &self.place.traffic;
        traffic.blocked.store(written.is_pending(), Relaxed);
        if let Poll::Ready(Ok(octets)) = written {
            traffic.written.fetch_add(*octets as u64, Relaxed);
        }
    }
}

/// The time between two looks at a connection that was asked to go.
const LEAVING_STEP: Duration = Duration::from_secs(1);
/// Fields in the head of a request.
const MAX_HEADERS: usize = 64;
/// Octets of answers that one request of HTTP/2 may have waiting.
const SEND_BUFFER: usize = 256 << 10;
/// How long, and for how many octets, we go on reading behind our last word.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_OCTETS: usize = 4 << 20;
/// Octets a second that a client takes of an answer, if it takes it at all.
const LEAST_RATE: u64 = 256;
