//! Answers that were given and may be given again.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::store::Found;

use super::Keep;

/// An answer about one certificate, by the request that it answers, with what it says.
#[derive(Debug)]
pub(super) struct Kept {
    /// The keys and settings that it goes by.
    pub(super) standing: u64,
    pub(super) der: Arc<Vec<u8>>,
    pub(super) ca: CaName,
    pub(super) generation: Generation,
    pub(super) serial: Serial,
    /// How the certificate stood.
    pub(super) found: Found,
    /// How others may keep it, but for how long from now on.
    pub(super) keep: Keep,
    /// What was made of it.
    pub(super) aside: Arc<Aside>,
    /// Whether it says that the certificate has ended.
    ended: bool,
}

/// A place beside a kept answer, for what whoever hands it on makes of it once.
#[derive(Default)]
pub struct Aside(OnceLock<Box<dyn Any + Send + Sync>>);

impl Aside {
    /// What was made of the answer, or is now. None where something of another type was.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aside").finish_non_exhaustive()
    }
}

impl Kept {
    /// An answer to be kept, if it is one: about a single number that was used, since of the others
    /// there are more than could be kept.
    pub(super) fn of(
        standing: u64,
        tbs: &TbsAnswer,
        der: &Arc<Vec<u8>>,
        keep: Keep,
        found: impl FnOnce(&Statement) -> Option<Found>,
    ) -> Option<Self> {
        let [statement] = tbs.statements() else { return None };
        let (ca, generation) = tbs.issuer();
        let (serial, found) = (statement.id.serial()?, found(statement)?);
        // It may have changed since the answer was signed.
        let is_so = found.status == statement.status && found.status != Status::Unknown;
        is_so.then(|| Self {
            standing,
            der: Arc::clone(der),
            ca,
            generation,
            serial,
            found,
            keep,
            aside: Arc::default(),
            ended: statement.archive_cutoff.is_some(),
        })
    }

    /// Whether the certificate has ended, and the answer does not say so.
    pub(super) fn has_ended_since(&self, now: Timestamp) -> bool {
        !self.ended && self.found.has_ended(now)
    }
}

/// The answers that are kept, up to [`ROOM`] octets: those that are asked for stay.
pub(super) struct KeptAnswers(Cache<Box<[u8]>, Arc<Kept>, Octets>);

impl KeptAnswers {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(EXPECTED, ROOM, Octets))
    }

    /// The answer to exactly this request.
    pub(super) fn find(&self, request: &[u8]) -> Option<Arc<Kept>> {
        if request.len() > LONGEST { None } else { self.0.get(request) }
    }

    pub(super) fn keep(&self, request: &[u8], kept: Kept) {
        if request.len() <= LONGEST {
            self.0.insert(request.into(), Arc::new(kept));
        }
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl fmt::Debug for KeptAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAnswers").field("count", &self.0.len()).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Octets;

impl Weighter<Box<[u8]>, Arc<Kept>> for Octets {
    fn weight(&self, request: &Box<[u8]>, kept: &Arc<Kept>) -> u64 {
        (request.len() + kept.der.len() + BESIDE) as u64
    }
}

/// Octets that kept answers take at most, some thirty thousand answers.
const ROOM: u64 = 64 << 20;
const EXPECTED: usize = 32 << 10;
/// Octets of the longest request whose answer is kept; one for a single certificate has some 110.
const LONGEST: usize = 256;
/// Octets that an entry takes beside request and answer, about, what is made of it included.
const BESIDE: usize = 1000;
