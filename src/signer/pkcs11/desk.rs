//! Who works with the device: threads with a session each, handed out to callers who wait no longer than
//! their time. A worker that does not come back in time is given up and another takes its place.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::clock::Stopwatch;

use super::TokenError;
use super::TokenLimits;
use super::session::Bench;
use super::session::Device;
use super::ticket::Left;
use super::ticket::Ticket;

/// The workers of one token.
pub(super) struct Desk {
    device: Arc<Device>,
    limits: TokenLimits,
    staff: Mutex<Staff>,
    /// Told when a worker is free, or may be hired.
    freed: Condvar,
    hanging: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Staff {
    /// The last one freed is taken first: one caller needs one session.
    idle: Vec<Worker>,
    engaged: usize,
}

/// A thread with a session. It ends when this is dropped and it has done what it was given.
struct Worker {
    jobs: mpsc::Sender<Job>,
    /// Closes when the thread has closed its session.
    gone: mpsc::Receiver<Infallible>,
}

type Job = Box<dyn FnOnce(&mut Bench) + Send>;

impl Desk {
    pub(super) fn new(device: Arc<Device>, limits: TokenLimits) -> Self {
        Self {
            device,
            limits,
            staff: Mutex::default(),
            freed: Condvar::new(),
            hanging: Arc::default(),
        }
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// Calls that were given up and have not come back.
    pub(super) fn hanging(&self) -> usize {
        self.hanging.load(Ordering::Relaxed)
    }

    /// Has something done by a worker and waits for it so long. `late` takes what comes when nobody waits
    /// for it any more.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&mut Bench, &Ticket) -> Result<T, TokenError> + Send + 'static,
        late: impl FnOnce(&mut Bench, Result<T, TokenError>) + Send + 'static,
    ) -> Result<T, TokenError> {
        let watch = Stopwatch::start();
        let worker = self.engage(limit, &watch)?;
        let ticket = Arc::new(Ticket::new(limit));
        let (answer, answers) = mpsc::sync_channel(1);
        let job: Job = {
            let (ticket, hanging) = (Arc::clone(&ticket), Arc::clone(&self.hanging));
            Box::new(move |bench| {
                let result = work(bench, &ticket);
                if ticket.finish() {
                    let _heard = answer.send(result);
                } else {
                    late(bench, result);
                    hanging.fetch_sub(1, Ordering::Relaxed);
                }
            })
        };
        if worker.jobs.send(job).is_err() {
            self.release(None);
            return Err(TokenError::Thread("a session's thread has ended".to_owned()));
        }
        let result = match answers.recv_timeout(limit.saturating_sub(watch.elapsed())) {
            Ok(result) => result,
            Err(error) => {
                // Counted first: the worker counts back as soon as it sees that nobody waits. One that is no
                // more does not.
                let counts = usize::from(error == mpsc::RecvTimeoutError::Timeout);
                self.hanging.fetch_add(counts, Ordering::Relaxed);
                match ticket.leave() {
                    Left::Before => return self.give_up(TokenError::NotReached { after: limit }),
                    Left::Meanwhile => {
                        return self.give_up(TokenError::Unanswered { after: limit });
                    }
                    Left::After => {
                        // It came in this very moment.
                        self.hanging.fetch_sub(counts, Ordering::Relaxed);
                        answers.recv().unwrap_or(Err(TokenError::Unanswered { after: limit }))
                    }
                }
            }
        };
        self.release(Some(worker));
        result
    }

    /// A worker: an idle one, a new one, or the first to be free in time.
    fn engage(&self, limit: Duration, watch: &Stopwatch) -> Result<Worker, TokenError> {
        let mut staff = self.staff();
        loop {
            if let Some(worker) = staff.idle.pop() {
                staff.engaged += 1;
                return Ok(worker);
            }
            if staff.engaged < self.limits.sessions.max(1) {
                let hanging = self.hanging();
                if hanging >= self.limits.hanging.max(1) {
                    return Err(TokenError::Hanging { count: hanging });
                }
                let worker = hire(Bench::new(Arc::clone(&self.device)))?;
                staff.engaged += 1;
                return Ok(worker);
            }
            let left = limit.saturating_sub(watch.elapsed());
            if left.is_zero() {
                let sessions = self.limits.sessions.max(1);
                return Err(TokenError::Busy { sessions, after: limit });
            }
            let waited = self.freed.wait_timeout(staff, left);
            staff = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A worker is free, or gone.
    fn release(&self, worker: Option<Worker>) {
        let mut staff = self.staff();
        staff.engaged = staff.engaged.saturating_sub(1);
        staff.idle.extend(worker);
        drop(staff);
        self.freed.notify_one();
    }

    /// The worker is left to itself: it closes its session when it comes back.
    fn give_up<T>(&self, error: TokenError) -> Result<T, TokenError> {
        self.release(None);
        Err(error)
    }

    fn staff(&self) -> MutexGuard<'_, Staff> {
        self.staff.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Desk {
    /// Waits for the sessions to be closed, for a moment: a process that ends while a module is at work
    /// may end badly.
    fn drop(&mut self) {
        let watch = Stopwatch::start();
        let staff = self.staff.get_mut().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = staff.idle.drain(..).map(|worker| worker.gone).collect();
        for gone in gone {
            let _gone = gone.recv_timeout(CLOSING.saturating_sub(watch.elapsed()));
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("device", &self.device).finish_non_exhaustive()
    }
}

/// Starts a worker.
fn hire(mut bench: Bench) -> Result<Worker, TokenError> {
    let (jobs, to_do) = mpsc::channel::<Job>();
    let (leaving, gone) = mpsc::channel::<Infallible>();
    thread::Builder::new()
        .name("pkcs11".to_owned())
        .spawn(move || {
            while let Ok(job) = to_do.recv() {
                job(&mut bench);
            }
            // The session first, then word of it.
            drop(bench);
            drop(leaving);
        })
        .map_err(|error| TokenError::Thread(error.to_string()))?;
    Ok(Worker { jobs, gone })
}

/// How long a token that is closed waits for its sessions.
const CLOSING: Duration = Duration::from_secs(2);
