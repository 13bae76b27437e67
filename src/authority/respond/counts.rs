//! How many requests came to what.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::ocsp::Refusal;

use super::Outcome;

/// How many requests came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Answered and signed.
    pub signed: u64,
    /// Answered out of what was kept.
    pub kept: u64,
    /// Refused, by the codes of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
}

impl Counts {
    /// All that were answered.
    #[must_use]
    pub fn answered(self) -> u64 {
        self.signed + self.kept
    }

    /// All that were refused.
    #[must_use]
    pub fn all_refused(self) -> u64 {
        self.refused.iter().sum()
    }

    /// How many more than at a time before.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        let mut refused = self.refused;
        for (now, before) in refused.iter_mut().zip(before.refused) {
            *now = now.saturating_sub(before);
        }
        Self {
            signed: self.signed.saturating_sub(before.signed),
            kept: self.kept.saturating_sub(before.kept),
            refused,
        }
    }
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(super) struct Tallied {
    signed: AtomicU64,
    kept: AtomicU64,
    refused: [AtomicU64; Refusal::ALL.len()],
    /// What they stood at when they were last recorded.
    recorded: Mutex<Counts>,
}

impl Tallied {
    pub(super) fn count(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Signed => Some(&self.signed),
            Outcome::Kept => Some(&self.kept),
            Outcome::Refused(refusal) => {
                let position = Refusal::ALL.iter().position(|one| *one == refusal);
                position.and_then(|position| self.refused.get(position))
            }
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            signed: self.signed.load(Ordering::Relaxed),
            kept: self.kept.load(Ordering::Relaxed),
            refused: std::array::from_fn(|at| {
                self.refused.get(at).map_or(0, |count| count.load(Ordering::Relaxed))
            }),
        }
    }

    /// Hands what was counted since the last time to `record`, if anything was.
    pub(super) fn hand_over<E>(
        &self,
        record: impl FnOnce(Counts) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.counts();
        if now != *recorded {
            record(now.since(*recorded))?;
            *recorded = now;
        }
        Ok(())
    }
}
