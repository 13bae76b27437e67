//! What lists must carry, what the last ones carried, and which are due: read in one transaction,
//! judged without any.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::Coverage;
use crate::holder::Municipality;
use crate::policy::ListTiming;
use crate::profile::Partition;
use crate::store::ListRecord;
use crate::store::StoreError;
use crate::store::Sum;
use crate::store::Tally;
use crate::store::Tx;

/// The accounts of one state of the store.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    tallies: BTreeMap<(CaName, Partition), Tally>,
    lists: BTreeMap<(CaName, Coverage, Generation), ListRecord>,
    /// The last audit entry of the state.
    pub(super) seen: u64,
}

/// Why a list is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Due {
    /// There is none yet, or its file is gone from the folder.
    Missing,
    /// A certificate was revoked, held or released since the last.
    Changed,
    /// The next run could come after half of its life.
    Ageing,
    /// It was asked for.
    Asked,
}

impl Due {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Ageing => "ageing",
            Self::Asked => "asked",
        }
    }
}

impl Ledger {
    /// Reads the accounts.
    pub(super) fn read(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let tallies = tx.tallies()?;
        let lists = tx.lists()?;
        Ok(Self {
            tallies: tallies
                .into_iter()
                .map(|tally| ((tally.ca, tally.partition), tally))
                .collect(),
            lists: lists
                .into_iter()
                .map(|list| ((list.ca, list.coverage, list.generation), list))
                .collect(),
            seen: tx.audit_length()?,
        })
    }

    /// What a partition's lists must carry.
    pub(super) fn tally(&self, ca: CaName, partition: Partition) -> (u64, Sum) {
        let tally = self.tallies.get(&(ca, partition));
        tally.map_or((0, Sum::default()), |tally| (tally.entries, tally.sum))
    }

    /// The last list of a generation.
    pub(super) fn list(
        &self,
        ca: CaName,
        coverage: Coverage,
        generation: Generation,
    ) -> Option<&ListRecord> {
        self.lists.get(&(ca, coverage, generation))
    }

    /// All partitions: those of the country, and any other in which something must be listed. No
    /// setting has a say in it (promise 10).
    pub(super) fn partitions(&self) -> BTreeSet<Partition> {
        let known = Municipality::all().map(Partition::Municipality);
        known.chain([Partition::Authority]).chain(self.tallies.keys().map(|(_, p)| *p)).collect()
    }

    /// The latest `thisUpdate` of all lists.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.lists.values().map(|list| list.this_update).max()
    }

    /// Whether, and why, the lists of a partition, or of everything, are to be made anew for these
    /// generations.
    pub(super) fn due(
        &self,
        ca: CaName,
        coverage: Coverage,
        generations: &[Generation],
        at: Timestamp,
        timing: ListTiming,
    ) -> Option<Due> {
        let changed = match coverage {
            Coverage::Partition(partition) => self.tallies.get(&(ca, partition)),
            Coverage::Everything => {
                let own = self.tallies.values().filter(|tally| tally.ca == ca);
                own.max_by_key(|tally| tally.changed)
            }
        };
        let changed = changed.map_or(0, |tally| tally.changed);
        let why = |generation: &Generation| {
            let Some(list) = self.list(ca, coverage, *generation) else {
                return Some(Due::Missing);
            };
            if changed > list.seen {
                return Some(Due::Changed);
            }
            let age = at.to_unix() - list.this_update.to_unix();
            timing.is_due(age).then_some(Due::Ageing)
        };
        generations.iter().filter_map(why).min()
    }
}
