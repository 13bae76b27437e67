//! Entries written into blocks, and the blocks into a sink.

use std::borrow::Borrow;
use std::io;

use super::encode::EncodeError;
use super::entry::Cause;
use super::entry::Entry;
use super::lay::Shape;
use super::lay::WINDOW;
use super::lay::lay;

/// A block under way.
pub(super) struct Block<W> {
    sink: W,
    octets: Box<[u8]>,
    filled: usize,
    /// Octets handed to the sink.
    written: u64,
}

impl<W: io::Write> Block<W> {
    /// For entries of so many octets.
    pub(super) fn new(sink: W, octets: u64) -> Self {
        let room = usize::try_from(octets).unwrap_or(LARGEST).saturating_add(WINDOW).min(LARGEST);
        let octets = vec![0; room].into_boxed_slice();
        Self { sink, octets, filled: 0, written: 0 }
    }

    /// Octets written so far, the block under way included.
    pub(super) fn written(&self) -> u64 {
        self.written + self.filled as u64
    }

    /// Writes octets as they are.
    pub(super) fn raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.flush()?;
        self.sink.write_all(octets)?;
        self.written += octets.len() as u64;
        Ok(())
    }

    /// Writes entries until there are no more.
    #[inline]
    pub(super) fn entries(
        &mut self,
        mut entries: impl Iterator<Item: Borrow<Entry>>,
        row: &mut Row,
    ) -> Result<(), EncodeError> {
        while !self.fill(&mut entries, row)? {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes entries until the block is full, or there are no more: says whether.
    #[inline(always)]
    fn fill(
        &mut self,
        entries: &mut impl Iterator<Item: Borrow<Entry>>,
        row: &mut Row,
    ) -> Result<bool, EncodeError> {
        // Everything that an entry changes is a local here: that is what registers are for.
        let (mut last, mut shape, mut count) = (row.last, row.shape, 0_u64);
        let mut rest = self.octets.get_mut(self.filled..).unwrap_or_default();
        let room = rest.len();
        let ended = loop {
            let Some(window) = rest.first_chunk_mut() else { break Ok(false) };
            let Some(entry) = entries.next() else { break Ok(true) };
            let entry: &Entry = entry.borrow();
            let serial = entry.serial.get();
            if serial <= last {
                break Err(EncodeError::Order(entry.serial));
            }
            if entry.cause == Cause::Removed && !row.is_delta {
                break Err(EncodeError::Removed(entry.serial));
            }
            last = serial;
            if serial > shape.ceiling {
                shape = Shape::of(entry.serial);
            }
            let octets = lay(window, entry, &shape);
            rest = rest.get_mut(octets & (WINDOW - 1)..).unwrap_or_default();
            count = count.wrapping_add(1);
        };
        self.filled += room - rest.len();
        row.count += count;
        (row.last, row.shape) = (last, shape);
        ended
    }

    /// Hands the block to the sink.
    #[cold]
    #[inline(never)]
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let filled = self.octets.get(..self.filled).unwrap_or_default();
        if !filled.is_empty() {
            self.sink.write_all(filled)?;
            self.written += filled.len() as u64;
            self.filled = 0;
        }
        Ok(())
    }
}

/// The row of entries so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) count: u64,
    /// Whether entries may say that they were removed.
    is_delta: bool,
    /// The serial before, zero at first.
    last: u64,
    /// What the next serial looks like.
    shape: Shape,
}

impl Row {
    pub(super) fn new(is_delta: bool) -> Self {
        Self { count: 0, is_delta, last: 0, shape: Shape::NONE }
    }
}

/// Octets of a block: enough that a write costs nothing per entry, few enough to stay in the nearest
/// cache beside the tables of dates.
const LARGEST: usize = 1 << 14;
