//! Writes the part of a list that is to be signed, as its entries arrive.

use std::borrow::Borrow;
use std::fmt;
use std::io;

use crate::credential::Serial;

use super::block::Block;
use super::block::Row;
use super::entry::Entry;
use super::entry::Measure;
use super::head::Head;

/// Writes a `TBSCertList` (RFC 5280 section 5.1) of entries that arrive in the order of their
/// serials, into any sink: a file, a digest, both.
///
/// Its length is settled before the first entry, by what was measured, and memory does not grow with
/// the list. What stands in the sink is a list only when [`Encoder::finish`] said so.
pub struct Encoder<W> {
    block: Block<W>,
    behind: Vec<u8>,
    /// What the whole must have.
    octets: u64,
    measured: u64,
    row: Row,
    /// Something was refused or not written: no list comes of it any more.
    failed: bool,
}

impl<W: io::Write> Encoder<W> {
    /// Begins a list of entries that were measured.
    ///
    /// # Errors
    /// [`EncodeError::Number`], [`EncodeError::Times`], [`EncodeError::TooLong`], or the sink's.
    pub fn new(head: &Head<'_>, measure: Measure, sink: W) -> Result<Self, EncodeError> {
        let frame = head.frame(measure)?;
        let mut block = Block::new(sink, measure.octets);
        block.raw(&frame.before)?;
        Ok(Self {
            block,
            behind: frame.behind,
            octets: frame.octets,
            measured: measure.count,
            row: Row::new(head.base.is_some()),
            failed: false,
        })
    }

    /// Octets that the whole will have.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// Writes the next entry.
    ///
    /// # Errors
    /// As [`Encoder::extend`].
    pub fn push(&mut self, entry: &Entry) -> Result<(), EncodeError> {
        self.extend(std::iter::once(entry))
    }

    /// Writes the next entries; many at once go faster than one by one.
    ///
    /// # Errors
    /// [`EncodeError::Order`] when a serial is not above the one before, [`EncodeError::Removed`]
    /// when an entry says so and the list is complete, or the sink's; after any of them
    /// [`EncodeError::Failed`].
    #[inline]
    pub fn extend(
        &mut self,
        entries: impl IntoIterator<Item: Borrow<Entry>>,
    ) -> Result<(), EncodeError> {
        if self.failed {
            return Err(EncodeError::Failed);
        }
        let written = self.block.entries(entries.into_iter(), &mut self.row);
        self.failed = written.is_err();
        written
    }

    /// Writes what stands behind the entries.
    ///
    /// # Errors
    /// [`EncodeError::Measure`] when other entries came than were measured,
    /// [`EncodeError::Failed`], or the sink's.
    pub fn finish(mut self) -> Result<Encoded, EncodeError> {
        if self.failed {
            return Err(EncodeError::Failed);
        }
        let octets = self.block.written() + self.behind.len() as u64;
        if octets != self.octets || self.row.count != self.measured {
            return Err(EncodeError::Measure);
        }
        self.block.raw(&self.behind)?;
        Ok(Encoded { octets, count: self.row.count })
    }
}

impl<W> fmt::Debug for Encoder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("octets", &self.octets)
            .field("count", &self.row.count)
            .finish_non_exhaustive()
    }
}

/// Writes a whole `TBSCertList`: an [`Encoder`] for entries that cannot fail to arrive.
///
/// # Errors
/// As the methods of [`Encoder`].
pub fn encode(
    head: &Head<'_>,
    measure: Measure,
    entries: impl IntoIterator<Item: Borrow<Entry>>,
    sink: &mut impl io::Write,
) -> Result<Encoded, EncodeError> {
    let mut encoder = Encoder::new(head, measure, sink)?;
    encoder.extend(entries)?;
    encoder.finish()
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// Octets of the `TBSCertList`.
    pub octets: u64,
    /// Entries.
    pub count: u64,
}

/// Why a list was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Its number is zero, or the base of a delta list is not a number below its own.
    #[error("a list's number is positive, and that of a delta list above its base")]
    Number,
    /// The next one would be out before it.
    #[error("a list's next update does not lie before its own")]
    Times,
    /// Its length does not fit four octets.
    #[error("a list is not longer than 4 GiB")]
    TooLong,
    /// An entry came twice, or after one with a higher serial.
    #[error("the entry {0} does not come in the order of serials, each once")]
    Order(Serial),
    /// An entry of a complete list says that it is not on the list.
    #[error("the entry {0} is removed, which delta lists alone can say")]
    Removed(Serial),
    /// Other entries came than were measured.
    #[error("the entries are not those that were measured")]
    Measure,
    /// An entry before was refused, or not written.
    #[error("an entry before was refused, or not written")]
    Failed,
    /// The sink did not take it.
    #[error("the list could not be written")]
    Sink(#[from] io::Error),
}
