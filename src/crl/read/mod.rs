//! Reads a list of anyone, entry by entry.

mod day;
mod fault;
mod header;
mod integer;
mod listed;
mod source;
mod time;
mod trailer;
mod usual;

use std::fmt;
use std::io;

use crate::asn1::Value;
use crate::asn1::tag;

use source::Source;

pub use fault::Fault;
pub use fault::ReadError;
pub use header::Header;
pub use integer::Integer;
pub use listed::Listed;
pub use listed::Unknown;
pub use time::Time;
pub use trailer::Extension;
pub use trailer::Point;
pub use trailer::Signature;
pub use trailer::Trailer;

/// A list that is being read: its [`Header`] is there at once, it iterates over its entries, and
/// [`Reader::finish`] gives the [`Trailer`].
///
/// The extensions (number, distribution point) stand *behind* the entries in a list; [`ends`] gets
/// at them without reading those, where the input can seek.
///
/// Only DER is taken, only consistent lengths, nothing behind the end; a list in PEM is to be
/// unpacked first. Memory is bounded whatever the list says of itself: 160 KiB for any number of
/// entries, an entry has at most 4 KiB, a field or the extensions at most 64 KiB. Whether the
/// signature verifies is for whoever holds the key: the tap sees exactly what is signed.
///
/// ```
/// use jpki_ca::crl;
///
/// fn sums(file: impl std::io::Read) -> Result<([u8; 32], usize), crl::ReadError> {
///     let mut signed = ring::digest::Context::new(&ring::digest::SHA256);
///     let mut reader = crl::Reader::tapped(file, |octets: &[u8]| signed.update(octets))?;
///     let mut held = 0;
///     for entry in &mut reader {
///         held += usize::from(entry?.reason == Some(6));
///     }
///     reader.finish()?;
///     let digest = signed.finish();
///     Ok((std::array::from_fn(|place| digest.as_ref()[place]), held))
/// }
/// ```
pub struct Reader<R, T = fn(&[u8])> {
    source: Source<R, T>,
    header: Header,
    /// Where the complete list ends; none when only the signed part is read.
    whole: Option<u64>,
    /// Where the entries end.
    entries_end: u64,
    /// Nothing more comes: an entry could not be read.
    failed: bool,
}

impl<R: io::Read> Reader<R> {
    /// Begins to read a complete list, `CertificateList`, up to its first entry.
    ///
    /// # Errors
    /// What is wrong with its header, and where.
    pub fn new(input: R) -> Result<Self, ReadError> {
        Self::tapped(input, |_: &[u8]| ())
    }

    /// Begins to read the signed part alone, `TBSCertList`, up to its first entry.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn tbs(input: R) -> Result<Self, ReadError> {
        Self::begin(Source::new(input, |_: &[u8]| ()), false)
    }

    /// Reads on among the entries of a list that was begun before: the input stands at an entry,
    /// `at` octets from where reading began then. For its entries alone; the input may end behind
    /// any of them.
    pub(crate) fn resumed(input: R, header: Header, at: u64) -> Self {
        let tap: fn(&[u8]) = |_| ();
        let mut source = Source::new(input, tap);
        source.set_at(at);
        let entries_end = header.entries.map_or(at, |(_, end)| end);
        Self { source, header, whole: None, entries_end, failed: false }
    }
}

impl<R: io::Read, T: FnMut(&[u8])> Reader<R, T> {
    /// As [`Reader::new`], with a tap that is shown exactly the octets of the signed part, in order
    /// and in blocks; all of them once [`Reader::finish`] has returned.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn tapped(input: R, tap: T) -> Result<Self, ReadError> {
        Self::begin(Source::new(input, tap), true)
    }

    /// As [`Reader::tbs`], with such a tap.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn tapped_tbs(input: R, tap: T) -> Result<Self, ReadError> {
        Self::begin(Source::new(input, tap), false)
    }

    fn begin(mut source: Source<R, T>, is_whole: bool) -> Result<Self, ReadError> {
        let whole = if is_whole {
            Some(source.open(tag::SEQUENCE, "a CertificateList", u64::MAX)?)
        } else {
            None
        };
        let header = Header::read(&mut source, whole)?;
        let entries_end = header.entries.map_or(source.at(), |(_, end)| end);
        Ok(Self { source, header, whole, entries_end, failed: false })
    }

    /// What stands before the entries.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Octets read so far.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.source.at()
    }

    /// Shows the entries that were not taken yet to `each`, until one cannot be read: iteration for
    /// the millions, where the usual entry is looked at where it is read, without being handed over.
    ///
    /// # Errors
    /// What is wrong with that entry, and where.
    #[inline]
    pub fn visit(&mut self, each: impl FnMut(&Listed)) -> Result<(), ReadError> {
        self.show(&mut Each(each))
    }

    /// As [`Reader::visit`], to one who looks at each entry where it is read.
    #[inline]
    pub(crate) fn show(&mut self, visitor: &mut impl Visitor) -> Result<(), ReadError> {
        loop {
            while let Some(listed) = self.next_usual() {
                visitor.see(&listed);
            }
            match self.next_unusual() {
                Some(listed) => visitor.see(&listed?),
                None => return Ok(()),
            }
        }
    }

    /// Reads what is left, entries that were not taken included.
    ///
    /// # Errors
    /// What is wrong with them or with what stands behind them, and where; [`Fault::Entry`] when an
    /// entry was taken that could not be read.
    pub fn finish(mut self) -> Result<Trailer, ReadError> {
        self.visit(|_| ())?;
        if self.failed {
            return Err(self.source.fault(Fault::Entry));
        }
        trailer(self.source, &self.header, self.whole)
    }
}

/// Sees entries. Unlike with a function, its author decides whether that is written into the loop.
pub(crate) trait Visitor {
    /// Looks at one.
    fn see(&mut self, listed: &Listed);
}

struct Each<F>(F);

impl<F: FnMut(&Listed)> Visitor for Each<F> {
    #[inline]
    fn see(&mut self, listed: &Listed) {
        (self.0)(listed);
    }
}

impl<R: io::Read, T: FnMut(&[u8])> Reader<R, T> {
    /// The next entry, if it is a usual one and at hand.
    #[inline(always)]
    fn next_usual(&mut self) -> Option<Listed> {
        let window = self.source.window(self.entries_end)?;
        let (listed, octets) = usual::read(window)?;
        self.source.advance(octets);
        Some(listed)
    }

    /// The next entry, whatever it is.
    #[cold]
    #[inline(never)]
    fn next_unusual(&mut self) -> Option<Result<Listed, ReadError>> {
        let at = self.source.at();
        if at == self.entries_end || self.failed {
            return None;
        }
        let value = self.source.value(tag::SEQUENCE, "an entry", MOST_ENTRY, self.entries_end);
        let listed = value.and_then(|(der, opening)| {
            let contents = der.get(opening..).unwrap_or_default();
            Listed::read(contents).map_err(|fault| ReadError { at, fault })
        });
        if listed.is_err() {
            // Nothing stands before an end at zero: no more entries.
            self.failed = true;
            self.entries_end = 0;
        }
        Some(listed)
    }
}

impl<R: io::Read, T: FnMut(&[u8])> Iterator for Reader<R, T> {
    type Item = Result<Listed, ReadError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self.next_usual() {
            Some(listed) => Some(Ok(listed)),
            None => self.next_unusual(),
        }
    }
}

impl<R, T> fmt::Debug for Reader<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Reads what stands behind the entries.
fn trailer<R: io::Read, T: FnMut(&[u8])>(
    mut source: Source<R, T>,
    header: &Header,
    whole: Option<u64>,
) -> Result<Trailer, ReadError> {
    let (_, signed) = header.signed;
    let at = source.at();
    let extensions = tag::context_constructed(0);
    let contents = match header::next(&mut source, signed)? {
        Some(tag) if tag == extensions => {
            let (der, opening) =
                source.value(extensions, "crlExtensions", MOST_EXTENSIONS, signed)?;
            der.get(opening..)
        }
        Some(_) | None => None,
    };
    let mut trailer = Trailer::read(contents).map_err(|fault| ReadError { at, fault })?;
    if source.at() != signed {
        return Err(source.fault(Fault::Behind));
    }
    source.close_tap();
    if let Some(end) = whole {
        let at = source.at();
        let (der, _) =
            source.value(tag::SEQUENCE, "an AlgorithmIdentifier", MOST_EXTENSIONS, end)?;
        if der != header.algorithm {
            return Err(ReadError { at, fault: Fault::Algorithm });
        }
        let algorithm = der.to_vec();
        let at = source.at();
        let (der, _) = source.value(tag::BIT_STRING, SIGNATURE, MOST_EXTENSIONS, end)?;
        let octets = match Value::only(der).map(|value| value.contents) {
            Some([0, octets @ ..]) => octets.to_vec(),
            Some(_) | None => return Err(ReadError { at, fault: Fault::NotA(SIGNATURE) }),
        };
        trailer.signature = Some(Signature { algorithm, octets });
        if source.at() != end {
            return Err(source.fault(Fault::Behind));
        }
    }
    if source.peek()?.is_some() {
        return Err(source.fault(Fault::Behind));
    }
    Ok(trailer)
}

/// Both ends of a complete list: header and trailer, without the entries between.
///
/// A few blocks are read, however long the list is, and the input is put back where it was. The
/// entries are not looked at; [`Reader`] does that.
///
/// # Errors
/// What is wrong with one of the ends, and where.
pub fn ends(input: &mut (impl io::Read + io::Seek)) -> Result<Ends, ReadError> {
    let input_fault = |at| move |error| ReadError { at, fault: Fault::Input(error) };
    let begins = input.stream_position().map_err(input_fault(0))?;
    let reader = Reader::new(&mut *input)?;
    let (header, whole, at) = (reader.header, reader.whole, reader.entries_end);
    input.seek(io::SeekFrom::Start(begins.saturating_add(at))).map_err(input_fault(at))?;
    let tap: fn(&[u8]) = |_| ();
    let mut source = Source::new(&mut *input, tap);
    source.set_at(at);
    let trailer = trailer(source, &header, whole)?;
    input.seek(io::SeekFrom::Start(begins)).map_err(input_fault(0))?;
    Ok(Ends { header, trailer })
}

/// What stands around the entries of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ends {
    /// What stands before them.
    pub header: Header,
    /// What stands behind them.
    pub trailer: Trailer,
}

const SIGNATURE: &str = "a signature";
/// Octets of an entry. Ours have at most 69; the longest thing of others is an issuer's name.
const MOST_ENTRY: usize = 1 << 12;
/// Octets of the extensions, of the algorithm, of the signature.
const MOST_EXTENSIONS: usize = 1 << 16;
