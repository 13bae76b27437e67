//! Where each source's feed stands.

use std::collections::BTreeMap;
use std::collections::btree_map;

use crate::store::EventRow;
use crate::store::SourceRow;
use crate::store::StoreError;
use crate::store::Tx;

/// How the feeds stand while a group of lines is taken: read when a source first appears, written
/// once at the end. Nobody else writes meanwhile.
#[derive(Default)]
pub(super) struct Feeds(BTreeMap<String, Feed>);

impl Feeds {
    pub(super) fn of(&mut self, tx: &mut Tx<'_>, source: &str) -> Result<&mut Feed, StoreError> {
        match self.0.entry(source.to_owned()) {
            btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            btree_map::Entry::Vacant(place) => {
                Ok(place.insert(Feed { row: tx.source(source)?, changed: false }))
            }
        }
    }

    pub(super) fn put(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let mut changed = self.0.values().filter(|feed| feed.changed);
        changed.try_for_each(|feed| tx.put_source(&feed.row))
    }
}

/// How the feed of a source stands.
pub(super) struct Feed {
    pub(super) row: SourceRow,
    changed: bool,
}

impl Feed {
    /// The feed of a source whose row was just set.
    pub(super) fn set(tx: &mut Tx<'_>, row: &SourceRow) -> Result<Self, StoreError> {
        tx.put_source(row)?;
        Ok(Self { row: tx.source(&row.name)?, changed: true })
    }

    /// Whether an event has a number that is still to come; settled events are all below.
    pub(super) fn is_taken(&self, tx: &mut Tx<'_>, sequence: u64) -> Result<bool, StoreError> {
        Ok(self.row.waiting.is_some_and(|first| first <= sequence)
            && tx.event_numbered(&self.row.name, sequence)?.is_some())
    }

    pub(super) fn held_back(&mut self, sequence: u64) {
        self.row.waiting = Some(self.row.waiting.map_or(sequence, |first| first.min(sequence)));
        // So that a source is known that has sent nothing else.
        self.changed = true;
    }

    /// The expected event is settled.
    pub(super) fn advance(&mut self) {
        self.row.next = self.row.next.saturating_add(1);
        self.changed = true;
    }

    /// The event that is expected, if it waits; the one behind it is expected then.
    pub(super) fn take_waiting(&mut self, tx: &mut Tx<'_>) -> Result<Option<EventRow>, StoreError> {
        if self.row.waiting != Some(self.row.next) {
            return Ok(None);
        }
        let row = tx.event_numbered(&self.row.name, self.row.next)?;
        self.advance();
        tx.put_source(&self.row)?;
        self.row = tx.source(&self.row.name)?;
        Ok(row)
    }
}
