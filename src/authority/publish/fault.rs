//! Why lists are not published.

use std::io;
use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Serial;
use crate::crl::CoverageCode;
use crate::crl::EncodeError;
use crate::crl::ManifestError;
use crate::crl::ReadError;
use crate::lint;
use crate::seal::SealError;
use crate::store::StoreError;

use super::AuthorityError;

/// Why lists were not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The authority, its keys or its store.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The folder.
    #[error("cannot use {path}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// Somebody else published meanwhile, into another folder.
    #[error(
        "another publication was committed meanwhile, into another folder: nothing of this one is \
         visible; run it again"
    )]
    Overtaken,
    /// Somebody else publishes into the folder.
    #[error("another process publishes into this folder; try again when it is done")]
    UnderWay,
    /// A full list was asked for together with one partition alone.
    #[error("a full list is made of all partitions: not with one of them alone")]
    Partial,
    /// The folder holds something else.
    #[error("{path} is not a manifest of ours: name the folder that jpki crl publish wrote")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The clock stands before a list that was published.
    #[error("the clock says {now}, but a list of {latest} was published: set the clock right")]
    Clock {
        /// What the clock says.
        now: Timestamp,
        /// When the latest list speaks.
        latest: Timestamp,
    },
    /// A list does not conform: a fault of this program.
    #[error("refused to sign a list that does not conform")]
    Lint(#[from] lint::Findings),
    /// A list could not be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A list that was published cannot be read.
    #[error("{path} is not the list that was published")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// A file differs from what was published or just written.
    #[error(
        "{path} is not what was written there: look after the disk; when the file is removed, the \
         list is made anew from the store"
    )]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// A list would lose or change an entry that may not go yet (promise 12).
    #[error(
        "{ca} list {list}: the entry {serial} of the list before would {what}, which no recorded \
         act explains: nothing was published"
    )]
    Lost {
        /// Whose list.
        ca: CaName,
        /// Which one.
        list: CoverageCode,
        /// Which entry.
        serial: Serial,
        /// What would become of it.
        what: &'static str,
    },
    /// The lists together are not everything to be listed (promise 10).
    #[error(
        "{ca} list {list} would carry {found} entries where {due} are due, or other ones: nothing \
         was published; keep a copy of the store and restore a backup"
    )]
    Miscounted {
        /// Whose list.
        ca: CaName,
        /// Which one.
        list: CoverageCode,
        /// How many entries were found.
        found: u64,
        /// How many were counted.
        due: u64,
    },
    /// A fault of this program.
    #[error("a fault of this program: {0}")]
    Internal(&'static str),
}

impl From<StoreError> for PublishError {
    fn from(error: StoreError) -> Self {
        Self::Authority(error.into())
    }
}

impl From<SealError> for PublishError {
    fn from(error: SealError) -> Self {
        Self::Authority(error.into())
    }
}
