//! A role's listener.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::clock::Clock;

use super::application::AtOnce;
use super::application::Routes;
use super::census::Census;
use super::connection;
use super::metrics::Metrics;
use super::metrics::RoleMetrics;
use super::request::Ids;
use super::request::note_route;
use super::role::Role;
use super::rules::Current;

/// What the connections of a listener share.
pub(super) struct Listening {
    pub(super) role: Role,
    pub(super) rules: Arc<Current>,
    pub(super) routes: Answers,
    pub(super) metrics: Arc<Metrics>,
    pub(super) counters: RoleMetrics,
    pub(super) ids: Ids,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) census: Arc<Census>,
    /// What the process has descriptors for.
    pub(super) most: u32,
}

/// Who answers.
pub(super) enum Answers {
    At(TowerToHyperService<Router>),
    Once(Arc<dyn AtOnce>),
}

impl From<Routes> for Answers {
    fn from(routes: Routes) -> Self {
        match routes {
            Routes::Table(routes) => {
                Self::At(TowerToHyperService::new(routes.layer(middleware::from_fn(note_route))))
            }
            Routes::One(one) => Self::Once(one),
        }
    }
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Connections are accepted.
    Open,
    /// What is under way is answered.
    Stopping,
    /// Nothing any more.
    Closed,
}

/// Whoever holds one is not done.
pub(super) type Busy = mpsc::Sender<()>;

/// Binds an address, so that it can be bound again as soon as it is left.
pub(super) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until the server stops.
pub(super) async fn accept(
    listening: Arc<Listening>,
    listener: TcpListener,
    mut phase: watch::Receiver<Phase>,
    busy: Busy,
) {
    let states = phase.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = phase.wait_for(|phase| *phase != Phase::Open) => return,
        };
        match accepted {
            Ok((stream, _)) => enter(&listening, stream, states.clone(), busy.clone()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of descriptors, most likely: those who wait are served when some are free.
                tracing::warn!(role = %listening.role, %error, "cannot accept");
                sleep(BREATH).await;
            }
        }
    }
}

fn enter(listening: &Arc<Listening>, stream: TcpStream, phase: watch::Receiver<Phase>, busy: Busy) {
    let limit = listening.rules.get().limits.connections.min(listening.most);
    let Some(place) = listening.census.enter(limit) else {
        tracing::debug!(role = %listening.role, "turned away: every connection is busy");
        return listening.metrics.refused_connection(listening.role, "full");
    };
    listening.counters.accepted();
    let listening = Arc::clone(listening);
    tokio::spawn(async move {
        let _busy = busy;
        connection::serve(listening, stream, place, phase).await;
    });
}

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: u32 = 4096;
/// The pause after a failure to accept.
const BREATH: Duration = Duration::from_millis(50);
