//! What the process has to do with the system: signals, and how many files it may open.

use std::io;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To read everything anew.
    Reload,
    /// To end.
    Stop,
}

/// The signals that mean something to a server.
pub(super) struct Signals {
    hang_up: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.hang_up.recv() => Asked::Reload,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
        }
    }

    /// The next that asks for the end.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Asked::Stop {}
    }
}

/// Raises the limit of open files as far as it goes; how many connections each listener may then have.
pub(super) fn descriptors(listeners: usize) -> u32 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now =
        if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let spare = now.unwrap_or(u64::MAX).saturating_sub(OWN_DESCRIPTORS);
    // A connection may have a file open as well.
    let most = spare / (2 * listeners.max(1) as u64);
    u32::try_from(most).unwrap_or(u32::MAX).max(1)
}

/// Descriptors that are not connections': the store, logs, listeners.
const OWN_DESCRIPTORS: u64 = 128;
