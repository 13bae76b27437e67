//! Erasing what need not be kept any longer (保存期間経過後の消去): the effect, and its tombstone in
//! the record of acts.

use crate::audit;
use crate::audit::Act;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Serial;

use super::StoreError;
use super::transaction::Tx;

impl Tx<'_> {
    /// Erases at most `limit` issue records of holders' certificates that ended before `before`; how
    /// many. Each leaves a tombstone that names authority and number.
    ///
    /// # Errors
    /// Those of the store.
    pub fn erase_issue_records(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let erased = self.inner().erase_certificates(before, limit)?;
        let mut count = 0;
        for certificate in erased {
            self.audit(&Act::Erased { certificate })?;
            count += 1;
        }
        Ok(count)
    }

    /// Erases the versions of residents' records that were replaced before `before`, and the lines
    /// of events that were settled before it; how many of both.
    ///
    /// # Errors
    /// Those of the store.
    pub fn erase_history(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let count = self.inner().erase_history(before)?;
        if count > 0 {
            self.audit(&Act::HistoryErased { before, count })?;
        }
        Ok(count)
    }

    /// Whether an authority's counter has passed a number: then it was used, whether or not its
    /// record is still kept.
    ///
    /// # Errors
    /// Those of the store.
    pub fn was_drawn(&mut self, ca: CaName, serial: Serial) -> Result<bool, StoreError> {
        self.inner().was_drawn(ca, serial)
    }
}

/// What a back end offers about erasing.
pub(super) trait Retention {
    fn erase_certificates(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<audit::Subject>, StoreError>;
    fn erase_history(&mut self, before: Timestamp) -> Result<u64, StoreError>;
    fn was_drawn(&mut self, ca: CaName, serial: Serial) -> Result<bool, StoreError>;
}
