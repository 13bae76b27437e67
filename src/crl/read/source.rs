//! Octets as they come, in a bounded buffer, and the tap that sees the signed ones.

use std::io;

use super::fault::Fault;
use super::fault::ReadError;

/// A buffered input that knows where it is.
pub(super) struct Source<R, T> {
    input: R,
    tap: T,
    buffer: Vec<u8>,
    /// The unread octets are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Octets before `start`, from where reading began.
    at: u64,
    /// While the signed part is read: its octets from here to `start` were not shown to the tap.
    shown: Option<usize>,
    /// The input has no more.
    dry: bool,
}

impl<R: io::Read, T: FnMut(&[u8])> Source<R, T> {
    pub(super) fn new(input: R, tap: T) -> Self {
        let buffer = vec![0; BLOCK];
        Self { input, tap, buffer, start: 0, end: 0, at: 0, shown: None, dry: false }
    }

    /// Octets before the next one.
    #[inline]
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Says where reading begins, for an input that was moved.
    pub(super) fn set_at(&mut self, at: u64) {
        self.at = at;
    }

    /// This fault, here.
    #[cold]
    pub(super) fn fault(&self, fault: Fault) -> ReadError {
        ReadError { at: self.at, fault }
    }

    /// From here on the tap sees what is read.
    pub(super) fn open_tap(&mut self) {
        self.shown = Some(self.start);
    }

    /// From here on it sees nothing.
    pub(super) fn close_tap(&mut self) {
        self.show();
        self.shown = None;
    }

    fn show(&mut self) {
        if let Some(shown) = &mut self.shown {
            let octets = self.buffer.get(*shown..self.start).unwrap_or_default();
            if !octets.is_empty() {
                (self.tap)(octets);
            }
            *shown = self.start;
        }
    }

    #[inline]
    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The next octet, without reading it; none at the end of the input.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        if self.start == self.end {
            self.fill(1)?;
        }
        Ok(self.unread().first().copied())
    }

    /// Makes at least `octets` unread, or all there are.
    #[cold]
    fn fill(&mut self, octets: usize) -> Result<(), ReadError> {
        if self.buffer.len() - self.start < octets {
            self.show();
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            if let Some(shown) = &mut self.shown {
                *shown = 0;
            }
            if self.buffer.len() < octets {
                self.buffer.resize(LARGEST, 0);
            }
        }
        while self.end - self.start < octets && !self.dry {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.input.read(room) {
                Ok(0) => self.dry = true,
                Ok(more) => self.end += more.min(room.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fault(Fault::Input(error))),
            }
        }
        Ok(())
    }

    /// The next octets, if so many are at hand and all of them stand before `end`.
    #[inline(always)]
    pub(super) fn window<const N: usize>(&self, end: u64) -> Option<&[u8; N]> {
        let here = self.buffer.get(self.start..self.end)?.first_chunk()?;
        (end.saturating_sub(self.at) >= N as u64).then_some(here)
    }

    /// Passes octets that are at hand.
    #[inline(always)]
    pub(super) fn advance(&mut self, octets: usize) {
        self.start += octets;
        self.at += octets as u64;
    }

    /// Tag, octets of tag and length, and length of the next value, without reading it.
    #[inline]
    fn header(&mut self) -> Result<(u8, usize, u32), ReadError> {
        if self.end - self.start < HEADER {
            self.fill(HEADER)?;
        }
        match *self.unread() {
            [tag, length @ 0..0x80, ..] => Ok((tag, 2, length.into())),
            [tag, first, ..] => self.long_header(tag, first),
            [] | [_] => Err(self.fault(Fault::CutShort)),
        }
    }

    /// As [`Source::header`], for a length of more than one octet.
    fn long_header(&self, tag: u8, first: u8) -> Result<(u8, usize, u32), ReadError> {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) {
            return Err(self.fault(Fault::Length));
        }
        let Some(octets) = self.unread().get(2..2 + count) else {
            return Err(self.fault(Fault::CutShort));
        };
        let length = octets.iter().fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
        if octets.first() == Some(&0) || length < 0x80 {
            return Err(self.fault(Fault::Length));
        }
        Ok((tag, 2 + count, length))
    }

    /// Reads tag and length of a value with this tag and stops before its contents; where it ends,
    /// which is not behind `end`.
    pub(super) fn open(&mut self, tag: u8, what: &'static str, end: u64) -> Result<u64, ReadError> {
        let (found, header, length) = self.header()?;
        if found != tag {
            return Err(self.fault(Fault::NotA(what)));
        }
        let ends = self.at + header as u64 + u64::from(length);
        if ends > end {
            return Err(self.fault(Fault::Overrun));
        }
        self.advance(header);
        Ok(ends)
    }

    /// Reads a whole value with this tag, of at most `most` octets, that does not end behind `end`:
    /// its DER, and how many octets of that are tag and length.
    #[inline]
    pub(super) fn value(
        &mut self,
        tag: u8,
        what: &'static str,
        most: usize,
        end: u64,
    ) -> Result<(&[u8], usize), ReadError> {
        let (found, header, length) = self.header()?;
        if found != tag {
            return Err(self.fault(Fault::NotA(what)));
        }
        let octets = header + usize::try_from(length).unwrap_or(usize::MAX - HEADER);
        if self.at + octets as u64 > end {
            return Err(self.fault(Fault::Overrun));
        }
        if octets > most.min(LARGEST) {
            return Err(self.fault(Fault::TooLarge(most)));
        }
        if self.end - self.start < octets {
            self.fill(octets)?;
            if self.end - self.start < octets {
                return Err(self.fault(Fault::CutShort));
            }
        }
        let start = self.start;
        self.advance(octets);
        Ok((self.buffer.get(start..start + octets).unwrap_or_default(), header))
    }
}

/// Octets of the buffer: few enough to stay in the nearer caches.
const BLOCK: usize = 1 << 15;
/// Octets of the buffer once a value is longer than that: more than the largest that is read whole.
const LARGEST: usize = 1 << 17;
/// Octets of a tag and the longest length.
const HEADER: usize = 6;
