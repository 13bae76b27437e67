//! What one list has and the other has not: both are read once, in step.

use std::iter::FusedIterator;

use crate::credential::Serial;

use super::entry::Cause;
use super::entry::Entry;

/// What differs between two lists, in the order of serials; both must come in it, each serial once.
///
/// What is refused before publishing (a list that lost an entry), what a delta list carries and what
/// people are shown is all of this. Nothing is kept but one entry of each list.
///
/// ```
/// use jpki_ca::crl::{self, Difference, Entry};
/// # use jpki_ca::{credential::{Reason, Serial}, crl::Cause};
/// # let entry = |serial| Entry { serial: Serial::new(serial).unwrap(), at: jpki_ca::clock::Timestamp::EPOCH, cause: Cause::Because(Reason::Superseded), invalidity: None };
///
/// let (old, new) = ([entry(1), entry(2)], [entry(2), entry(3)]);
/// let found: Result<Vec<Difference>, _> = crl::compare(
///     old.into_iter().map(Ok::<Entry, crl::ReadError>),
///     new.into_iter().map(Ok),
/// ).collect();
/// assert_eq!(found?, [Difference::Removed(old[0]), Difference::Added(new[1])]);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub fn compare<O, N, E>(
    old: O,
    new: N,
) -> impl FusedIterator<Item = Result<Difference, CompareError<E>>>
where
    O: IntoIterator<Item = Result<Entry, E>>,
    N: IntoIterator<Item = Result<Entry, E>>,
{
    Merge::new(old.into_iter(), new.into_iter(), |step| match step {
        Step::Left(old) => Some(Difference::Removed(old)),
        Step::Right(new) => Some(Difference::Added(new)),
        Step::Both(old, new) if old == new => None,
        Step::Both(old, new) => Some(Difference::Changed(old, new)),
    })
}

/// The complete list that a base list and a delta list make (RFC 5280 section 5.2.4), in the order
/// of serials; both must come in it, each serial once.
///
/// Whether they belong together (issuer, distribution point, numbers) is for the caller, who has
/// their headers.
pub fn complete<B, D, E>(
    base: B,
    delta: D,
) -> impl FusedIterator<Item = Result<Entry, CompareError<E>>>
where
    B: IntoIterator<Item = Result<Entry, E>>,
    D: IntoIterator<Item = Result<Entry, E>>,
{
    Merge::new(base.into_iter(), delta.into_iter(), |step| match step {
        Step::Left(base) => Some(base),
        Step::Right(delta) | Step::Both(_, delta) => {
            (delta.cause != Cause::Removed).then_some(delta)
        }
    })
}

/// One thing in which two lists differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The new list alone has it.
    Added(Entry),
    /// The old list alone has it.
    Removed(Entry),
    /// Both have it, the old one as the first, the new one as the second.
    Changed(Entry, Entry),
}

impl Difference {
    /// The serial number that it is about.
    #[must_use]
    pub fn serial(&self) -> Serial {
        match self {
            Self::Added(entry) | Self::Removed(entry) | Self::Changed(_, entry) => entry.serial,
        }
    }

    /// What a delta list from the old to the new one says of it. What left keeps its date, and its
    /// cause becomes [`Cause::Removed`].
    #[must_use]
    pub fn delta(self) -> Entry {
        match self {
            Self::Added(new) | Self::Changed(_, new) => new,
            Self::Removed(old) => Entry { cause: Cause::Removed, invalidity: None, ..old },
        }
    }
}

/// Why two lists could not be compared, or put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError<E> {
    /// The old list, or the base, could not be read.
    #[error("the first list could not be read")]
    Old(#[source] E),
    /// The new list, or the delta, could not be read.
    #[error("the second list could not be read")]
    New(#[source] E),
    /// The old list, or the base, is not in the order of serials, each once.
    #[error("entry {0} of the first list does not come in the order of serials, each once")]
    OldOrder(Serial),
    /// The new list, or the delta, is not in the order of serials, each once.
    #[error("entry {0} of the second list does not come in the order of serials, each once")]
    NewOrder(Serial),
}

/// What two sorted rows have at the next serial.
enum Step {
    Left(Entry),
    Right(Entry),
    Both(Entry, Entry),
}

/// Two rows, merged.
struct Merge<O, N, F> {
    old: Row<O>,
    new: Row<N>,
    /// What is made of a step.
    say: F,
    failed: bool,
}

/// A row and its next entry, fetched when it is looked at.
struct Row<I> {
    entries: I,
    ahead: Option<Entry>,
    /// The serial before, for the order.
    last: Option<Serial>,
    ended: bool,
}

/// Why a row gives no next entry.
enum Broken<E> {
    Unread(E),
    Order(Serial),
}

impl<E, I: Iterator<Item = Result<Entry, E>>> Row<I> {
    fn new(entries: I) -> Self {
        Self { entries, ahead: None, last: None, ended: false }
    }

    fn peek(&mut self) -> Result<Option<Entry>, Broken<E>> {
        if self.ahead.is_none() && !self.ended {
            match self.entries.next() {
                Some(Ok(entry)) if self.last.is_some_and(|last| entry.serial <= last) => {
                    return Err(Broken::Order(entry.serial));
                }
                Some(Ok(entry)) => {
                    self.last = Some(entry.serial);
                    self.ahead = Some(entry);
                }
                Some(Err(error)) => return Err(Broken::Unread(error)),
                None => self.ended = true,
            }
        }
        Ok(self.ahead)
    }
}

impl<O, N, F, E, T> Merge<O, N, F>
where
    O: Iterator<Item = Result<Entry, E>>,
    N: Iterator<Item = Result<Entry, E>>,
    F: Fn(Step) -> Option<T>,
{
    fn new(old: O, new: N, say: F) -> Self {
        Self { old: Row::new(old), new: Row::new(new), say, failed: false }
    }

    fn step(&mut self) -> Result<Option<Step>, CompareError<E>> {
        let old = self.old.peek().map_err(|broken| match broken {
            Broken::Unread(error) => CompareError::Old(error),
            Broken::Order(serial) => CompareError::OldOrder(serial),
        })?;
        let new = self.new.peek().map_err(|broken| match broken {
            Broken::Unread(error) => CompareError::New(error),
            Broken::Order(serial) => CompareError::NewOrder(serial),
        })?;
        let step = match (old, new) {
            (Some(old), Some(new)) if old.serial == new.serial => Step::Both(old, new),
            (Some(old), Some(new)) if old.serial < new.serial => Step::Left(old),
            (_, Some(new)) => Step::Right(new),
            (Some(old), None) => Step::Left(old),
            (None, None) => return Ok(None),
        };
        if matches!(step, Step::Left(_) | Step::Both(..)) {
            self.old.ahead = None;
        }
        if matches!(step, Step::Right(_) | Step::Both(..)) {
            self.new.ahead = None;
        }
        Ok(Some(step))
    }
}

impl<O, N, F, E, T> Iterator for Merge<O, N, F>
where
    O: Iterator<Item = Result<Entry, E>>,
    N: Iterator<Item = Result<Entry, E>>,
    F: Fn(Step) -> Option<T>,
{
    type Item = Result<T, CompareError<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.step() {
                Ok(Some(step)) => {
                    if let Some(said) = (self.say)(step) {
                        return Some(Ok(said));
                    }
                }
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl<O, N, F, E, T> FusedIterator for Merge<O, N, F>
where
    O: Iterator<Item = Result<Entry, E>>,
    N: Iterator<Item = Result<Entry, E>>,
    F: Fn(Step) -> Option<T>,
{
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;
    use crate::crl::fixture;

    type Never = Result<Entry, Infallible>;

    fn sure(entries: &[Entry]) -> impl Iterator<Item = Never> + '_ {
        entries.iter().copied().map(Ok)
    }

    fn changed(mut entries: Vec<Entry>, flips: &[bool]) -> Vec<Entry> {
        for (entry, flip) in entries.iter_mut().zip(flips) {
            if *flip {
                entry.at = entry.at.plus_seconds(-1);
            }
        }
        entries
    }

    proptest! {
        #[test]
        fn every_difference_is_found_once(
            shared in fixture::any_entries(20, false),
            flips: [bool; 20],
            old in fixture::any_entries(10, false),
            new in fixture::any_entries(10, false),
        ) {
            let map = |own: &[Entry], shared: Vec<Entry>| -> BTreeMap<Serial, Entry> {
                own.iter().copied().chain(shared).map(|entry| (entry.serial, entry)).collect()
            };
            let (old, new) = (map(&old, shared.clone()), map(&new, changed(shared, &flips)));
            let mut expected = Vec::new();
            for serial in old.keys().chain(new.keys()).collect::<std::collections::BTreeSet<_>>() {
                match (old.get(serial), new.get(serial)) {
                    (Some(old), None) => expected.push(Difference::Removed(*old)),
                    (None, Some(new)) => expected.push(Difference::Added(*new)),
                    (Some(old), Some(new)) if old != new => {
                        expected.push(Difference::Changed(*old, *new));
                    }
                    _ => {}
                }
            }
            let old: Vec<Entry> = old.into_values().collect();
            let new: Vec<Entry> = new.into_values().collect();
            let found: Result<Vec<_>, _> = compare(sure(&old), sure(&new)).collect();
            let found = found.unwrap();
            prop_assert_eq!(&found, &expected);

            // What differs, as a delta list, makes the new list of the old.
            let delta: Vec<Entry> = found.into_iter().map(Difference::delta).collect();
            let whole: Result<Vec<_>, _> = complete(sure(&old), sure(&delta)).collect();
            prop_assert_eq!(whole.unwrap(), new);
        }
    }

    #[test]
    fn disorder_and_what_cannot_be_read_end_it() {
        let entries = fixture::small().entries;
        let twice = [entries[0], entries[1], entries[1], entries[2]];
        let mut found = compare(sure(&twice), sure(&entries));
        assert_eq!(found.next(), Some(Err(CompareError::OldOrder(entries[1].serial))));
        assert_eq!(found.next(), None);
        let mut found = complete(sure(&[]), sure(&twice));
        assert_eq!(found.by_ref().filter(Result::is_ok).count(), 2);
        let found: Vec<_> = compare(
            entries.iter().copied().map(Ok),
            [Ok(entries[0]), Err("torn")].into_iter().chain([Ok(entries[1])]),
        )
        .collect();
        assert_eq!(found, [Err(CompareError::New("torn"))]);
    }
}
