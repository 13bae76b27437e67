//! A publication: numbers reserved in one transaction, and views of the very state that it saw.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::asn1::sha256;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::crl::Coverage;
use crate::crl::Manifest;
use crate::crl::TbsList;
use crate::lint::Checked;
use crate::profile::Partition;
use crate::seal::Intent;
use crate::seal::Recorded;

use super::Store;
use super::StoreError;
use super::listing;
use super::listing::Listed;
use super::listing::RevokedRow;
use super::record::State;
use super::transaction::Tx;

impl Store {
    /// Runs `body` in a transaction, as [`Store::tx`] does, and hands out after the commit the
    /// permission to sign one list for every number that it [reserved](Tx::reserve_list), with
    /// `views` views of exactly the state that `body` saw (promise 14). Whoever writes meanwhile
    /// waits for the views to be opened, not for them to be read.
    ///
    /// # Errors
    /// Those of `body`, and those of the store.
    pub fn publication<T, E: From<StoreError>>(
        &self,
        at: Timestamp,
        views: usize,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<(T, Permits, Vec<View>), E> {
        let mut tx = Tx::new(self.backend.begin()?, at);
        let value = body(&mut tx)?;
        // Opened before the commit, while nobody else can commit. They miss what `body` wrote:
        // the numbers, which no certificate depends on.
        let views = (0..views)
            .map(|_| self.backend.view().map(View))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let reserved = std::mem::take(tx.reserved());
        tx.commit()?;
        let permits =
            Permits { publication: reserved.publication, lists: Mutex::new(reserved.lists) };
        Ok((value, permits, views))
    }
}

impl Store {
    /// The permission to sign the manifest of a publication that was committed with it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when no such publication was; those of the store.
    pub fn published(
        &self,
        at: Timestamp,
        manifest: Checked<Manifest>,
    ) -> Result<Recorded<Manifest>, StoreError> {
        let publication = manifest.tbs().publication();
        let digest = sha256(manifest.tbs().as_bytes());
        if !self.tx(at, |tx| tx.is_published(publication, digest))? {
            return Err(StoreError::Changed);
        }
        Ok(Recorded::mint(manifest, intent(publication)?))
    }
}

/// Where a publication stands in the store.
fn intent(publication: u64) -> Result<Intent, StoreError> {
    let row = i64::try_from(publication).map_err(|_| StoreError::Changed)?;
    Ok(Intent::new(row))
}

/// What a transaction reserved.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    pub(super) publication: u64,
    pub(super) lists: BTreeSet<ListKey>,
}

/// The last word: whether it is a delta list.
type ListKey = (CaName, Generation, Coverage, u64, bool);

/// The list numbers that a publication reserved durably, each good for one list.
#[derive(Debug)]
pub struct Permits {
    publication: u64,
    lists: Mutex<BTreeSet<ListKey>>,
}

impl Permits {
    /// The permission to sign this list, whose number was reserved for its generation and partition
    /// and has not been used.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when there is no such number.
    pub fn permit(&self, list: Checked<TbsList>) -> Result<Recorded<TbsList>, StoreError> {
        let tbs = list.tbs();
        let (ca, generation) = tbs.issuer();
        let key = (ca, generation, tbs.coverage(), tbs.number(), tbs.base().is_some());
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        if !lists.remove(&key) {
            return Err(StoreError::Changed);
        }
        Ok(Recorded::mint(list, intent(self.publication)?))
    }
}

/// One committed state, shown while others write on. For one thread; a publication has several of
/// the same state.
pub struct View(Box<dyn listing::View>);

impl View {
    /// Passes every certificate of a partition that is revoked or held and has not left the lists
    /// to `each`, by serial.
    ///
    /// # Errors
    /// Those of the store and of `each`.
    pub fn listed(
        &mut self,
        ca: CaName,
        partition: Partition,
        mut each: impl FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.0.listed(ca, partition, &mut each)
    }

    /// Passes every certificate of an authority that is revoked or held to `each`, by serial: those that
    /// have not left the lists, and those under a compromised key that end at `at` or later.
    ///
    /// # Errors
    /// Those of the store and of `each`.
    pub fn revoked(
        &mut self,
        ca: CaName,
        at: Timestamp,
        mut each: impl FnMut(&RevokedRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.0.revoked(ca, at, &mut each)
    }

    /// The numbers of a partition whose entries have changed since this audit entry, each once.
    ///
    /// # Errors
    /// Those of the store.
    pub fn changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        since: u64,
    ) -> Result<Vec<Serial>, StoreError> {
        self.0.changes(ca, partition, since)
    }

    /// The certificate with this number, if it is revoked or held and has not left the lists.
    ///
    /// # Errors
    /// Those of the store.
    pub fn listed_one(&mut self, ca: CaName, serial: Serial) -> Result<Option<Listed>, StoreError> {
        self.0.listed_one(ca, serial)
    }

    /// Those of a partition that ended before `before` and have not left the lists, by serial.
    ///
    /// # Errors
    /// Those of the store.
    pub fn leaving(
        &mut self,
        ca: CaName,
        partition: Partition,
        before: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        self.0.leaving(ca, partition, before)
    }

    /// Where the certificate with this number stands.
    ///
    /// # Errors
    /// Those of the store.
    pub fn state(&mut self, ca: CaName, serial: Serial) -> Result<Option<State>, StoreError> {
        self.0.state(ca, serial)
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").finish_non_exhaustive()
    }
}
