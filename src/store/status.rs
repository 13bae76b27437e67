//! Where every number of both authorities stands, held in memory beside the store and never behind
//! it: what answers about status are made of.
//!
//! Whoever answers asks for every answer whether the store has moved on ([`Statuses::refresh`]),
//! which costs no read of the disk while it has not. What has changed is read from the record of acts
//! on, whose chain says at the same time that this is still the same store, gone forward.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::audit::Head;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;

use super::Store;
use super::StoreError;

impl Store {
    /// Reads where every number stands, and follows the store from then on. Some ten million
    /// certificates take some ten seconds and 60 MB.
    ///
    /// # Errors
    /// Those of the store.
    pub fn statuses(&self) -> Result<Statuses, StoreError> {
        let mut follow = self.backend.follow()?;
        let mut numbers = Numbers::default();
        let head = follow.all(&mut |stand| numbers.put(&stand))?;
        numbers.seen = head.number;
        Ok(Statuses {
            numbers: RwLock::new(numbers),
            following: Mutex::new(Following { follow, head, last: Ok(()) }),
            begun: AtomicU64::new(0),
            services: AtomicU64::new(0),
            delays: Mutex::new(Vec::new()),
        })
    }
}

/// Where every number of both authorities stands. Shared between threads.
pub struct Statuses {
    numbers: RwLock<Numbers>,
    following: Mutex<Following>,
    /// How many looks at the store have begun.
    begun: AtomicU64,
    services: AtomicU64,
    delays: Mutex<Vec<i64>>,
}

/// What a number is worth, whether or not its time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No certificate with this number was issued by this key, or its record was erased when its
    /// keeping period ended. So is one that is merely intended.
    Unissued,
    /// Issued, neither revoked nor held.
    Good,
    /// Revoked or held since, for a reason; a number that was given up before delivery, too.
    Revoked(Timestamp, Reason),
}

/// A number, as [`Statuses::find`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// What it is worth.
    pub standing: Standing,
    /// Its certificate's last day, in days of Japan since 1970.
    last_day: u16,
}

impl Found {
    const NOTHING: Self = Self { standing: Standing::Unissued, last_day: u16::MAX };

    /// Whether its time is up; of a number without a certificate, never.
    #[must_use]
    pub fn has_ended(self, at: Timestamp) -> bool {
        last_day(at) > self.last_day
    }
}

impl Statuses {
    /// Brings everything in that was committed before the call.
    ///
    /// # Errors
    /// Those of the store, and [`StoreError::WentBack`] where it is no longer the one that was
    /// followed, or an older state of it. What is known stays as it was. Those who wait for one look
    /// share what it found.
    pub fn refresh(&self, at: Timestamp) -> Result<(), Arc<StoreError>> {
        let arrived = self.begun.load(Ordering::SeqCst);
        // A panic elsewhere leaves a head and numbers that belong together: both change at the end.
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody began a look after we had come, and is done: it saw what we must see.
        if self.begun.load(Ordering::SeqCst) == arrived {
            self.begun.fetch_add(1, Ordering::SeqCst);
            following.last = following.look(at, self).map_err(Arc::new);
        }
        following.last.clone()
    }

    /// Where a number stands, as certificates of this generation's key have it.
    #[must_use]
    pub fn find(&self, ca: CaName, generation: Generation, serial: Serial) -> Found {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        numbers.find(ca, generation, serial)
    }

    /// The last audit entry that is brought in.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner).seen
    }

    /// How many numbers are known.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner).count
    }

    /// How often a certificate of a service has changed since: its keys are then to be looked for
    /// anew.
    #[must_use]
    pub fn service_changes(&self) -> u64 {
        self.services.load(Ordering::SeqCst)
    }

    /// Takes the seconds between the register's record of each event and its being brought in here,
    /// of those since the last call; at most [`MOST_DELAYS`] are kept.
    #[must_use]
    pub fn take_delays(&self) -> Vec<i64> {
        std::mem::take(&mut *self.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statuses").field("seen", &self.seen()).finish_non_exhaustive()
    }
}

/// How many delays are kept for whoever takes them.
pub const MOST_DELAYS: usize = 1 << 16;

/// The store, as far as it was followed.
struct Following {
    follow: Box<dyn Follow>,
    head: Head,
    /// What the last look came to.
    last: Result<(), Arc<StoreError>>,
}

impl Following {
    fn look(&mut self, at: Timestamp, statuses: &Statuses) -> Result<(), StoreError> {
        if !self.follow.has_changed()? {
            return Ok(());
        }
        let mut changed = Vec::new();
        let head = self.follow.since(self.head, &mut |stand| {
            changed.push(stand);
            Ok(())
        });
        let head = head.inspect_err(|_| self.follow.forget())?;
        let mut delays = statuses.delays.lock().unwrap_or_else(PoisonError::into_inner);
        let mut numbers = statuses.numbers.write().unwrap_or_else(PoisonError::into_inner);
        for stand in &changed {
            numbers.put(stand)?;
            if stand.is_service {
                statuses.services.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(told) = stand.told
                && delays.len() < MOST_DELAYS
            {
                delays.push(at.to_unix() - told.to_unix());
            }
        }
        numbers.seen = head.number;
        self.head = head;
        Ok(())
    }
}

/// What a back end offers to those who follow it: a connection of its own that never writes.
pub(super) trait Follow: Send {
    /// Whether anything was committed, or the store is another one, since the last call that said
    /// so; at first it was.
    fn has_changed(&mut self) -> Result<bool, StoreError>;

    /// Has the next [`Follow::has_changed`] say yes: what it said last was not made use of.
    fn forget(&mut self);

    /// Passes every number to `each`; the head of the record of acts in the same state.
    fn all(
        &mut self,
        each: &mut dyn FnMut(Stand) -> Result<(), StoreError>,
    ) -> Result<Head, StoreError>;

    /// Passes the numbers of which the record speaks behind `seen` to `each`, as they stand now; its
    /// head in the same state. `WentBack` when the record does not continue what was seen.
    fn since(
        &mut self,
        seen: Head,
        each: &mut dyn FnMut(Stand) -> Result<(), StoreError>,
    ) -> Result<Head, StoreError>;
}

/// A number as the store has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) ca: CaName,
    pub(super) serial: Serial,
    /// None when its record is gone.
    pub(super) issued: Option<(Generation, Standing, Timestamp)>,
    pub(super) is_service: bool,
    /// When the register recorded the event that revoked or held it.
    pub(super) told: Option<Timestamp>,
}

/// The numbers of both authorities. They are counters, so all but the last chunk are dense.
#[derive(Default)]
struct Numbers {
    chunks: HashMap<(CaName, u64), Box<[Cell; CHUNK]>>,
    /// Since when and why, of those that are revoked or held.
    revoked: HashMap<(CaName, u64), Since>,
    seen: u64,
    count: u64,
}

impl Numbers {
    fn find(&self, ca: CaName, generation: Generation, serial: Serial) -> Found {
        let (chunk, index) = place(serial);
        let cell = self.chunks.get(&(ca, chunk)).and_then(|cells| cells.get(index)).copied();
        let Some(cell) = cell.filter(|cell| cell.generation == generation.get()) else {
            return Found::NOTHING;
        };
        let standing = match (cell.issued, self.revoked.get(&(ca, serial.get()))) {
            (false, _) => return Found::NOTHING,
            (true, None) => Standing::Good,
            (true, Some(since)) => since.standing(),
        };
        Found { standing, last_day: cell.last_day }
    }

    fn put(&mut self, stand: &Stand) -> Result<(), StoreError> {
        let key = (stand.ca, stand.serial.get());
        let (chunk, index) = place(stand.serial);
        let cells = self.chunks.entry((stand.ca, chunk)).or_insert_with(|| {
            Box::new([Cell { generation: 0, last_day: u16::MAX, issued: false }; CHUNK])
        });
        let missing = StoreError::Damaged("a number has no place");
        let cell = cells.get_mut(index).ok_or(missing)?;
        let before = cell.issued;
        match stand.issued {
            None | Some((_, Standing::Unissued, _)) => {
                cell.issued = false;
                self.revoked.remove(&key);
            }
            Some((generation, standing, not_after)) => {
                let (generation, last_day) = (generation.get(), last_day(not_after));
                *cell = Cell { generation, last_day, issued: true };
                match standing {
                    Standing::Revoked(since, reason) => {
                        self.revoked.insert(key, Since::new(since, reason));
                    }
                    Standing::Good | Standing::Unissued => {
                        self.revoked.remove(&key);
                    }
                }
            }
        }
        let after = cell.issued;
        self.count = self.count.saturating_add(after.into()).saturating_sub(before.into());
        Ok(())
    }
}

/// One number, in six octets.
#[derive(Clone, Copy)]
struct Cell {
    generation: u16,
    last_day: u16,
    issued: bool,
}

/// Numbers to a chunk.
const CHUNK: usize = 1 << 12;

fn place(serial: Serial) -> (u64, usize) {
    let (chunk, index) = (serial.get() / CHUNK as u64, serial.get() % CHUNK as u64);
    // Below the size of a chunk, so it always fits.
    (chunk, usize::try_from(index).unwrap_or(CHUNK))
}

/// Since when and why, in eight octets.
#[derive(Clone, Copy)]
struct Since(i64);

impl Since {
    fn new(since: Timestamp, reason: Reason) -> Self {
        // Seconds of the years 1 to 9998 take 39 bits, reasons three.
        Self(since.to_unix() << 3 | i64::from(reason.code()))
    }

    fn standing(self) -> Standing {
        let since = Timestamp::from_unix(self.0 >> 3).unwrap_or(Timestamp::EPOCH);
        let code = u8::try_from(self.0 & 7).unwrap_or_default();
        Standing::Revoked(since, Reason::from_code(code).unwrap_or(Reason::Unspecified))
    }
}

/// Days of Japan since 1970, held at the ends; certificates end with a day.
fn last_day(at: Timestamp) -> u16 {
    let days = at.to_unix().saturating_add(9 * 3600).div_euclid(24 * 3600);
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}
