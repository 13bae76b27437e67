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
use crate::law::revocation::under_compromise;
use crate::lint::Checked;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::seal::Intent;
use crate::seal::Recorded;

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
        let (head, compromised) = follow.all(&mut |stand| numbers.put(&stand))?;
        numbers.seen = head.number;
        numbers.compromised = compromised;
        Ok(Statuses {
            numbers: RwLock::new(numbers),
            mark: RwLock::new(None),
            following: Mutex::new(Following { follow, head, unlisted: Vec::new(), last: Ok(()) }),
            begun: AtomicU64::new(0),
            services: AtomicU64::new(0),
            delays: Mutex::default(),
        })
    }
}

/// Where every number of both authorities stands. Shared between threads.
pub struct Statuses {
    numbers: RwLock<Numbers>,
    /// By which is seen that what is known is all, without a turn at the store.
    mark: RwLock<Option<Box<dyn Mark>>>,
    following: Mutex<Following>,
    /// How many looks at the store have begun.
    begun: AtomicU64,
    services: AtomicU64,
    delays: Mutex<Delays>,
}

/// A number, as [`Statuses::find`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// What is to be said of it, whether or not its time is up. Unknown is a number that this key
    /// issued no certificate with, one that is merely intended, and one whose record was erased when
    /// its keeping period ended.
    pub status: Status,
    /// Its certificate's last day, in days of Japan since 1970.
    last_day: u16,
}

impl Found {
    const NOTHING: Self = Self { status: Status::Unknown, last_day: u16::MAX };

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
        if self.is_as_marked() {
            return Ok(());
        }
        let arrived = self.begun.load(Ordering::SeqCst);
        // A panic elsewhere leaves a head and numbers that belong together: both change at the end.
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody began a look after we had come, and is done: it saw what we must see.
        if self.begun.load(Ordering::SeqCst) == arrived {
            self.begun.fetch_add(1, Ordering::SeqCst);
            following.last = following.look(at, self).map_err(Arc::new);
            let mark = if following.last.is_ok() { following.follow.mark() } else { None };
            *self.mark.write().unwrap_or_else(PoisonError::into_inner) = mark;
        }
        following.last.clone()
    }

    /// Whether the store is as it was at the last look that brought everything in.
    fn is_as_marked(&self) -> bool {
        let mark = self.mark.read().unwrap_or_else(PoisonError::into_inner);
        mark.as_ref().is_some_and(|mark| mark.holds())
    }

    /// Where a number stands, as certificates of this generation's key have it.
    #[must_use]
    pub fn find(&self, ca: CaName, generation: Generation, serial: Serial) -> Found {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        numbers.find(ca, generation, serial)
    }

    /// Whether a certificate is revoked or held for itself, and not only with the key that issued it.
    #[must_use]
    pub fn is_itself_revoked(&self, ca: CaName, serial: Serial) -> bool {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        numbers.revoked.contains_key(&(ca, serial.get()))
    }

    /// The permission to sign an answer, if what it says is so now.
    ///
    /// The status that it states is committed; its intent is the last audit entry that it rests on.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when it is not so, or no longer.
    pub fn vouch(&self, answer: Checked<TbsAnswer>) -> Result<Recorded<TbsAnswer>, StoreError> {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        let (ca, generation) = answer.tbs().issuer();
        for statement in answer.tbs().statements() {
            let serial = statement.id.serial();
            let found =
                serial.map_or(Found::NOTHING, |serial| numbers.find(ca, generation, serial));
            let said = match statement.status {
                Status::NeverIssued => Status::Unknown,
                said => said,
            };
            if found.status != said {
                return Err(StoreError::Changed);
            }
        }
        let row = i64::try_from(numbers.seen).map_err(|_| StoreError::Changed)?;
        Ok(Recorded::mint(answer, Intent::new(row)))
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

    /// Takes what was noted since the last call of how long the register's events took.
    #[must_use]
    pub fn take_delays(&self) -> Delays {
        std::mem::take(&mut *self.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statuses").field("seen", &self.seen()).finish_non_exhaustive()
    }
}

/// Seconds from the register's record of an event that revoked or held a certificate.
///
/// At most [`MOST_DELAYS`] of each kind are kept for whoever takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delays {
    /// To its being known here, which the next answer says.
    pub to_answer: Vec<i64>,
    /// To its being known here that lists say so.
    pub to_list: Vec<i64>,
}

/// How many delays of a kind are kept.
pub const MOST_DELAYS: usize = 1 << 16;

/// The store, as far as it was followed.
struct Following {
    follow: Box<dyn Follow>,
    head: Head,
    /// Audit entries of revocations that no list was seen to say yet, and when the register recorded
    /// their events.
    unlisted: Vec<(u64, Timestamp)>,
    /// What the last look came to.
    last: Result<(), Arc<StoreError>>,
}

impl Following {
    fn look(&mut self, at: Timestamp, statuses: &Statuses) -> Result<(), StoreError> {
        if !self.follow.has_changed()? {
            return Ok(());
        }
        let mut news = self.follow.since(self.head).inspect_err(|_| self.follow.forget())?;
        let mut numbers = statuses.numbers.write().unwrap_or_else(PoisonError::into_inner);
        for (_, stand) in &news.changed {
            numbers.put(stand)?;
            if stand.is_service {
                statuses.services.fetch_add(1, Ordering::SeqCst);
            }
        }
        numbers.seen = news.head.number;
        if let Some(compromised) = news.compromised.take() {
            numbers.compromised = compromised;
        }
        drop(numbers);
        self.head = news.head;
        let mut delays = statuses.delays.lock().unwrap_or_else(PoisonError::into_inner);
        self.time(at, &news, &mut delays);
        Ok(())
    }

    /// Notes how long events took.
    fn time(&mut self, at: Timestamp, news: &News, delays: &mut Delays) {
        let since = |told: Timestamp| at.to_unix() - told.to_unix();
        for (entry, stand) in &news.changed {
            let Some(told) = stand.told else { continue };
            if delays.to_answer.len() < MOST_DELAYS {
                delays.to_answer.push(since(told));
            }
            if self.unlisted.len() < MOST_DELAYS {
                self.unlisted.push((*entry, told));
            }
        }
        let Some(listed) = news.listed else { return };
        self.unlisted.retain(|(entry, told)| {
            let is_listed = *entry <= listed;
            if is_listed && delays.to_list.len() < MOST_DELAYS {
                delays.to_list.push(since(*told));
            }
            !is_listed
        });
    }
}

/// What a back end offers to those who follow it: a connection of its own that never writes.
pub(super) trait Follow: Send {
    /// Whether anything was committed, or the store is another one, since the last call that said
    /// so; at first it was.
    fn has_changed(&mut self) -> Result<bool, StoreError>;

    /// Has the next [`Follow::has_changed`] say yes: what it said last was not made use of.
    fn forget(&mut self);

    /// What the store was marked by when [`Follow::has_changed`] last began; none where it cannot be
    /// told by a mark.
    fn mark(&self) -> Option<Box<dyn Mark>>;

    /// Passes every number to `each`; the head of the record of acts in the same state, and which keys
    /// are compromised.
    fn all(
        &mut self,
        each: &mut dyn FnMut(Stand) -> Result<(), StoreError>,
    ) -> Result<(Head, Compromised), StoreError>;

    /// What the record speaks of behind `seen`; `WentBack` when it does not continue what was seen.
    fn since(&mut self, seen: Head) -> Result<News, StoreError>;
}

/// A state of the store, told from every other by something that is looked at in next to no time.
pub(super) trait Mark: Send + Sync {
    /// Whether nothing was committed since, and it is still the same store. When in doubt, no.
    fn holds(&self) -> bool;
}

/// What has changed, in one state of the store.
pub(super) struct News {
    /// Where the record ends.
    pub(super) head: Head,
    /// The numbers of which it speaks, as they stand now, each with the last entry about it.
    pub(super) changed: Vec<(u64, Stand)>,
    /// The last entry that lists published meanwhile show.
    pub(super) listed: Option<u64>,
    /// Which keys are compromised, where the record speaks of generations.
    pub(super) compromised: Option<Compromised>,
}

/// The generations whose keys are compromised, and since when: few, and mostly none.
pub(super) type Compromised = Vec<(CaName, Generation, Timestamp)>;

/// A number as the store has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
    pub(super) ca: CaName,
    pub(super) serial: Serial,
    /// None when its record is gone.
    pub(super) issued: Option<(Generation, Status, Timestamp)>,
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
    /// By these, all that the generation issued is revoked, whatever is known of one number.
    compromised: Compromised,
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
        let since = if cell.revoked { self.revoked.get(&(ca, serial.get())) } else { None };
        let status = match (cell.issued, since) {
            (false, _) => return Found::NOTHING,
            (true, None) => Status::Good,
            (true, Some(since)) => since.status(),
        };
        let status = match self.compromised_since(ca, generation) {
            None => status,
            Some(since) => under(status, since),
        };
        Found { status, last_day: cell.last_day }
    }

    fn compromised_since(&self, ca: CaName, generation: Generation) -> Option<Timestamp> {
        let mut known = self.compromised.iter();
        known.find(|known| (known.0, known.1) == (ca, generation)).map(|known| known.2)
    }

    fn put(&mut self, stand: &Stand) -> Result<(), StoreError> {
        let key = (stand.ca, stand.serial.get());
        let (chunk, index) = place(stand.serial);
        let cells = self
            .chunks
            .entry((stand.ca, chunk))
            .or_insert_with(|| Box::new([Cell::NOTHING; CHUNK]));
        let missing = StoreError::Damaged("a number has no place");
        let cell = cells.get_mut(index).ok_or(missing)?;
        let before = cell.issued;
        match stand.issued {
            None | Some((_, Status::Unknown | Status::NeverIssued, _)) => {
                (cell.issued, cell.revoked) = (false, false);
                self.revoked.remove(&key);
            }
            Some((generation, status, not_after)) => {
                let (generation, last_day) = (generation.get(), last_day(not_after));
                let revoked = match status {
                    Status::Revoked { since, reason } => {
                        self.revoked.insert(key, Since::new(since, reason));
                        true
                    }
                    Status::Good | Status::Unknown | Status::NeverIssued => {
                        self.revoked.remove(&key);
                        false
                    }
                };
                *cell = Cell { generation, last_day, issued: true, revoked };
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
    /// Whether since when and why stands beside.
    revoked: bool,
}

impl Cell {
    const NOTHING: Self = Self { generation: 0, last_day: u16::MAX, issued: false, revoked: false };
}

/// What is to be said of a number whose issuer's key is compromised since then.
fn under(status: Status, compromised: Timestamp) -> Status {
    let before = match status {
        Status::Unknown | Status::NeverIssued => return status,
        Status::Good => None,
        Status::Revoked { since, reason } => Some((since, reason)),
    };
    let (since, reason) = under_compromise(before, compromised);
    Status::Revoked { since, reason }
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

    fn status(self) -> Status {
        let since = Timestamp::from_unix(self.0 >> 3).unwrap_or(Timestamp::EPOCH);
        let code = u8::try_from(self.0 & 7).unwrap_or_default();
        Status::Revoked { since, reason: Reason::from_code(code).unwrap_or(Reason::Unspecified) }
    }
}

/// Days of Japan since 1970, held at the ends; certificates end with a day.
fn last_day(at: Timestamp) -> u16 {
    let days = at.to_unix().saturating_add(9 * 3600).div_euclid(24 * 3600);
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}
