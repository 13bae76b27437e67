//! What is durable: certificates and their states, requests, counters, the record of acts.
//!
//! The verbs are the domain's; SQL stays in the private back ends behind [`Store`]. A transaction is
//! named, and everything it does, audit entries included, is committed together or not at all
//! (promise 7). Only [`Store::record`] mints [`Recorded`], and only after the commit.

mod backend;
mod feed;
mod generation;
mod listing;
mod publication;
mod record;
mod retention;
#[cfg(feature = "sqlite")]
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
mod status;
mod transaction;
mod url;

use std::io;

use crate::asn1::PublicKeyError;
use crate::clock::Timestamp;
use crate::profile::TbsCertificate;
use crate::seal::Recorded;

pub use feed::Arrival;
pub use feed::Behind;
pub use feed::CauseRow;
pub use feed::Deferred;
pub use feed::Due;
pub use feed::EventKey;
pub use feed::EventRow;
pub use feed::EventState;
pub use feed::SourceRow;
pub use feed::SourceStatus;
pub use feed::Voucher;
pub use listing::ListRecord;
pub use listing::Listed;
pub use listing::RevokedRow;
pub use listing::Sum;
pub use listing::Tally;
pub use publication::Permits;
pub use publication::View;
pub use record::CertificateRecord;
pub use record::Compromise;
pub use record::GenerationRecord;
pub use record::Intention;
pub use record::KeyUse;
pub use record::RequestRecord;
pub use record::State;
pub use status::Delays;
pub use status::Found;
pub use status::MOST_DELAYS;
pub use status::Statuses;
pub use transaction::Tx;
use url::Older;
pub use url::StoreUrl;

/// A store of one installation. Any number of threads and processes may use one at the same time.
#[derive(Debug)]
pub struct Store {
    backend: Box<dyn backend::Backend>,
}

impl Store {
    /// Makes a new, empty store.
    ///
    /// # Errors
    /// When there is one already, the place cannot be written, or this build lacks the back end.
    pub fn create(url: &StoreUrl) -> Result<Self, StoreError> {
        Ok(Self { backend: url::create(url)? })
    }

    /// Opens an existing store; one that an older version wrote is brought to this version's form.
    ///
    /// # Errors
    /// When there is none, it is not one of ours, a newer version wrote it, or this build lacks the
    /// back end.
    pub fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        Ok(Self { backend: url::open(url, Older::Upgraded)? })
    }

    /// As [`Store::open`], for who only looks, such as a dry run: nothing is changed by opening it.
    ///
    /// # Errors
    /// As for [`Store::open`], and [`StoreError::Older`] when an older version wrote it.
    pub fn open_to_rehearse(url: &StoreUrl) -> Result<Self, StoreError> {
        Ok(Self { backend: url::open(url, Older::Refused)? })
    }

    /// Runs `body` in a transaction, committed when it returns `Ok` and undone when not.
    ///
    /// # Errors
    /// Those of `body`, and those of the store.
    pub fn tx<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = Tx::new(self.backend.begin()?, at);
        let value = body(&mut tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Whether it takes anything: writes durably something that stands there already.
    ///
    /// # Errors
    /// Those of the store, [`StoreError::Full`] first of all.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.backend.rewrite()
    }

    /// Runs `body` in a transaction that is always undone: what a dry run sees.
    ///
    /// # Errors
    /// Those of `body`, and those of the store.
    pub fn rehearse<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = Tx::new(self.backend.begin()?, at);
        body(&mut tx)
    }

    /// Like [`Store::tx`], for bodies that [intend](Tx::intend) certificates: hands out, after the
    /// commit, the permission to sign each, in the order of the calls.
    ///
    /// # Errors
    /// Those of `body`, and those of the store.
    pub fn record<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<(T, Vec<Recorded<TbsCertificate>>), E> {
        let mut tx = Tx::new(self.backend.begin()?, at);
        let value = body(&mut tx)?;
        let pledged = tx.take_pledged();
        tx.commit()?;
        let recorded =
            pledged.into_iter().map(|(checked, intent)| Recorded::mint(checked, intent)).collect();
        Ok((value, recorded))
    }
}

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Not an address of a store.
    #[error("not a store address: write sqlite:PATH, the path relative to the home or absolute")]
    Address,
    /// This build or version has no such back end.
    #[error("this build has no {0} store")]
    NoBackend(&'static str),
    /// An authority or a service has a key of a kind that this build does not know.
    #[error("a key of this home is not to be used: {0}")]
    NotBuiltIn(PublicKeyError),
    /// There is one already.
    #[error("there is a store already")]
    Exists,
    /// There is none.
    #[error(
        "there is no store at the address that jpki.toml gives: correct it, or restore a backup"
    )]
    Missing,
    /// The file is not a store of this program.
    #[error(
        "the store file is not one of this program's: correct the address in jpki.toml, or restore \
         a backup"
    )]
    Foreign,
    /// A newer version of this program wrote it.
    #[error(
        "the store has version {found}, this program knows up to {known}: use the newer program"
    )]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest that we know.
        known: i64,
    },
    /// An older version wrote it, and whoever opens it is to change nothing.
    #[error(
        "the store still has version {found}, and what only looks does not bring it to {known}: keep a \
         copy of it and run any command without --dry-run, such as jpki recover"
    )]
    Older {
        /// The store's version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Another process held the store for too long.
    #[error("another process holds the store; try again when it is done")]
    Busy,
    /// No space is left.
    #[error("the disk is full: nothing was changed; make room and try again")]
    Full,
    /// The disk did not take or give what it should.
    #[error(
        "the store's disk failed: look after free space, limits and the disk, then ask again; what \
         was begun is undone or completed"
    )]
    Disk(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store contradicts itself.
    #[error("the store is damaged: {0}; keep a copy of it and restore a backup")]
    Damaged(&'static str),
    /// Another store, or an older state of it, stands where the one that was followed stood.
    #[error(
        "the store is not the one that was followed, or an older state of it: nothing is said of \
         status until that is cleared up; restart to go by the store as it is"
    )]
    WentBack,
    /// A certificate that another process has dealt with meanwhile.
    #[error("the certificate's state has changed meanwhile")]
    Changed,
    /// A file beside the store.
    #[error("cannot use the store's folder")]
    Io(#[from] io::Error),
    /// Anything else that the back end said.
    #[error("the store failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
