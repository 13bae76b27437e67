//! Lists that are read: from a file, from standard input, out of PEM.

use std::fmt;
use std::fs;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::path::Path;
use std::path::PathBuf;

use jpki_ca::asn1::tag;
use jpki_ca::crl;
use jpki_ca::crl::Ends;
use jpki_ca::crl::Fault;
use jpki_ca::crl::ReadError;
use jpki_ca::crl::Reader;

use crate::exit::Failure;
use crate::show::pem;

use super::input;

/// A file or standard input, of which the beginning was looked at.
pub(super) struct Opened {
    path: PathBuf,
    start: Vec<u8>,
    rest: Rest,
}

/// What comes behind the beginning, or can be read anew.
enum Rest {
    File(fs::File),
    Stream(Box<dyn Read>),
}

impl Opened {
    /// Opens a file, or standard input for `-`, and looks at its beginning.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let fault = |error| Failure::file(path, error);
        let mut start = Vec::new();
        let rest = if path == Path::new("-") {
            let mut stream: Box<dyn Read> = Box::new(io::stdin());
            stream.by_ref().take(START).read_to_end(&mut start).map_err(fault)?;
            Rest::Stream(stream)
        } else {
            let mut file = fs::File::open(path).map_err(fault)?;
            file.by_ref().take(START).read_to_end(&mut start).map_err(fault)?;
            // A pipe has a name, too, and cannot seek.
            if file.rewind().is_ok() { Rest::File(file) } else { Rest::Stream(Box::new(file)) }
        };
        Ok(Self { path: path.to_owned(), start, rest })
    }

    /// Whether it begins as a list does, in DER or PEM, whatever follows.
    pub(super) fn is_list(&self) -> bool {
        match first_label(&self.start) {
            Some(label) => label == LABEL.as_bytes(),
            None => Reader::new(self.start.as_slice()).is_ok(),
        }
    }

    /// All of it, at most `limit` octets.
    pub(super) fn read(self, limit: u64) -> Result<Vec<u8>, Failure> {
        let path = self.path.clone();
        input::within(&path, self.whole(), limit)
    }

    /// The list in it.
    pub(super) fn into_list(self) -> Result<ListFile, Failure> {
        let Some(_) = first_label(&self.start) else {
            let name = ListName { path: self.path, unpacked: false };
            let bytes = match self.rest {
                Rest::File(file) => Bytes::Seeks(Box::new(file)),
                Rest::Stream(rest) => {
                    Bytes::Streams(Box::new(io::Cursor::new(self.start).chain(rest)))
                }
            };
            return Ok(ListFile { name, bytes });
        };
        let name = ListName { path: self.path.clone(), unpacked: true };
        let fault = |problem: &str| Failure::usage(format!("{}: {problem}", name.path.display()));
        let file = self.read(PEM_LIMIT)?;
        let mut blocks = pem::blocks(&file).into_iter();
        let der = match (blocks.next(), blocks.next()) {
            (Some(block), None) if block.label != LABEL => {
                return Err(fault(&format!("holds a {}, not an {LABEL}", block.label)));
            }
            (Some(block), None) => block.der,
            (_, Some(_)) => return Err(fault("holds several PEM blocks: a list stands alone")),
            (None, None) => None,
        };
        let Some(mut der) = der else {
            return Err(fault("the base64 is damaged or its END line is missing"));
        };
        let der = std::mem::take(&mut *der);
        Ok(ListFile { name, bytes: Bytes::Seeks(Box::new(io::Cursor::new(der))) })
    }

    /// From the beginning on.
    fn whole(self) -> Box<dyn Read> {
        match self.rest {
            Rest::File(file) => Box::new(file),
            Rest::Stream(rest) => Box::new(io::Cursor::new(self.start).chain(rest)),
        }
    }
}

/// A list that is there to be read, more than once where it can seek.
pub(super) struct ListFile {
    name: ListName,
    bytes: Bytes,
}

enum Bytes {
    Seeks(Box<dyn ReadSeek>),
    Streams(Box<dyn Read>),
}

trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl ListFile {
    /// Opens a list.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        Opened::open(path)?.into_list()
    }

    /// What it is called in messages.
    pub(super) fn name(&self) -> ListName {
        self.name.clone()
    }

    /// What stands around the entries, without reading those; none where that cannot be, since the
    /// input does not seek.
    pub(super) fn ends(&mut self) -> Option<Result<Ends, ReadError>> {
        match &mut self.bytes {
            Bytes::Seeks(bytes) => Some(rewound(bytes).and_then(|()| crl::ends(bytes))),
            Bytes::Streams(_) => None,
        }
    }

    /// A reader from the beginning on; where it does not seek, there is but one.
    pub(super) fn reader(&mut self) -> Result<Reader<&mut dyn Read>, ReadError> {
        match &mut self.bytes {
            Bytes::Seeks(bytes) => {
                rewound(bytes)?;
                Reader::new(bytes)
            }
            Bytes::Streams(bytes) => Reader::new(bytes),
        }
    }

    /// The octets themselves.
    pub(super) fn into_read(self) -> Box<dyn Read> {
        match self.bytes {
            Bytes::Seeks(bytes) => Box::new(bytes),
            Bytes::Streams(bytes) => bytes,
        }
    }
}

fn rewound(bytes: &mut Box<dyn ReadSeek>) -> Result<(), ReadError> {
    bytes.rewind().map_err(|error| ReadError { at: 0, fault: Fault::Input(error) })
}

/// What a list is called in messages.
#[derive(Clone, Debug)]
pub(super) struct ListName {
    path: PathBuf,
    unpacked: bool,
}

impl ListName {
    /// Why it is not read on: malformed input, unless it is the input that failed.
    pub(super) fn failure(&self, error: ReadError) -> Failure {
        match error.fault {
            Fault::Input(error) => Failure::file(&self.path, error),
            _ => Failure::usage(format!("{self}: {error}")),
        }
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        f.write_str(if self.unpacked { ", unpacked from PEM" } else { "" })
    }
}

/// The label of the first block, where it is PEM and not DER.
fn first_label(start: &[u8]) -> Option<&[u8]> {
    if matches!(start, [tag::SEQUENCE, length, ..] if *length >= 0x80) {
        return None;
    }
    let mut lines = start.split(|octet| matches!(octet, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    lines.find_map(|line| line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----"))
}

/// The label of a list in PEM (RFC 7468 section 6).
const LABEL: &str = "X509 CRL";
/// Octets of the beginning: more than the fields before the entries of any list that is read.
const START: u64 = 1 << 18;
/// Octets of PEM that are unpacked.
const PEM_LIMIT: u64 = 256 << 20;
