//! The connections of a listener, counted, and what goes on in each.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::Notify;

use crate::clock::Stopwatch;

/// What goes on in a connection. Its numbers are read beside one another, not together: whoever acts on
/// them may be one request late, which does no harm.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Requests that are not answered to the end.
    pub(super) under_way: AtomicU32,
    /// Those of them whose answers are being sent.
    pub(super) sending: AtomicU32,
    /// Those of these that wait for us, not for the client.
    pub(super) producing: AtomicU32,
    /// Whether requests come side by side (HTTP/2).
    pub(super) multiplexed: AtomicBool,
    /// Requests so far.
    pub(super) requests: AtomicU64,
    /// Octets that the client took, TLS included.
    pub(super) written: AtomicU64,
    /// Whether the client does not take what was written to it.
    pub(super) blocked: AtomicBool,
    /// Whether the client has more to send of a request that was answered already.
    pub(super) unread: AtomicBool,
    /// Since when no request is under way, in milliseconds of the census.
    pub(super) idle_since: AtomicU64,
    /// Since when a request's head is coming in; 0 while none is.
    pub(super) head_since: AtomicU64,
    /// Another connection needs the place.
    pub(super) leave: Notify,
}

impl Traffic {
    /// Whether no request is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.load(Relaxed) == 0
    }
}

/// The connections of a listener.
#[derive(Debug)]
pub(super) struct Census {
    clock: Stopwatch,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Arc<Traffic>>,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    census: Arc<Census>,
    number: u64,
    /// What goes on in it.
    pub(super) traffic: Arc<Traffic>,
}

impl Census {
    pub(super) fn new() -> Self {
        Self { clock: Stopwatch::start(), open: Mutex::default() }
    }

    /// Milliseconds since the listener began, from 1.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// A place for one more connection, among at most `limit`. When all are taken, those that were
    /// idle for longest lose theirs; none is given when none is idle.
    pub(super) fn enter(self: &Arc<Self>, limit: u32) -> Option<Place> {
        let now = self.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.connections.len() >= limit as usize {
            let mut idle: Vec<(u64, u64)> = open
                .connections
                .iter()
                .filter(|(_, traffic)| traffic.is_idle())
                .map(|(number, traffic)| (traffic.idle_since.load(Relaxed), *number))
                .collect();
            if idle.is_empty() {
                return None;
            }
            // Several at once: to look through all for each new one would be a way to keep us busy.
            let leaving = (open.connections.len() / LEAVING_SHARE).clamp(1, idle.len());
            idle.select_nth_unstable(leaving - 1);
            for (_, number) in idle.into_iter().take(leaving) {
                if let Some(traffic) = open.connections.remove(&number) {
                    traffic.leave.notify_one();
                }
            }
        }
        let traffic = Arc::new(Traffic::default());
        traffic.idle_since.store(now, Relaxed);
        open.next += 1;
        let number = open.next;
        open.connections.insert(number, Arc::clone(&traffic));
        Some(Place { census: Arc::clone(self), number, traffic })
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).connections.len()
    }
}

impl Place {
    /// Milliseconds of the census.
    pub(super) fn now(&self) -> u64 {
        self.census.now()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.census.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.connections.remove(&self.number);
    }
}

/// One part in so many of the connections leaves when there is no place.
const LEAVING_SHARE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_idle_for_longest_leaves() {
        let census = Arc::new(Census::new());
        let first = census.enter(2).unwrap();
        let second = census.enter(2).unwrap();
        first.traffic.idle_since.store(9, Relaxed);
        second.traffic.idle_since.store(8, Relaxed);
        let third = census.enter(2).unwrap();
        assert_eq!(census.len(), 2);
        assert!(census.open.lock().unwrap().connections.contains_key(&first.number));
        assert!(!census.open.lock().unwrap().connections.contains_key(&second.number));
        drop(second);
        assert_eq!(census.len(), 2, "its place is another's by now");
        drop((first, third));
        assert_eq!(census.len(), 0);
    }

    #[test]
    fn nobody_who_is_served_leaves_for_another() {
        let census = Arc::new(Census::new());
        let busy = census.enter(1).unwrap();
        busy.traffic.under_way.store(1, Relaxed);
        assert!(census.enter(1).is_none());
        busy.traffic.under_way.store(0, Relaxed);
        assert!(census.enter(1).is_some());
    }
}
