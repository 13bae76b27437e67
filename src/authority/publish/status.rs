//! How fresh the published lists are.

use std::path::Path;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::Coverage;
use crate::crl::CoverageCode;
use crate::policy::ListTiming;
use crate::store::ListRecord;

use super::Authority;
use super::Due;
use super::ListFormat;
use super::PublishError;
use super::folder::Visible;
use super::ledger::Ledger;
use super::set;
use super::work;

/// The last list of a generation for a partition, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListStatus {
    /// Whose list.
    pub ca: CaName,
    /// The generation that signs it.
    pub generation: Generation,
    /// Which one.
    pub partition: CoverageCode,
    /// How fresh it is.
    pub standing: Standing,
    /// Whether and why the next run makes it anew.
    pub due: Option<Due>,
    /// The list; none when none was ever published.
    pub last: Option<ListRecord>,
}

/// How fresh a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Standing {
    /// More than half of its life is left.
    Fresh,
    /// Half of its life is gone: the run that should have replaced it did not come (promise 13).
    Stale,
    /// Its `nextUpdate` is past: verifiers refuse it.
    Lapsed,
    /// None was published, or its file is not in the folder as it was written.
    Missing,
}

impl Standing {
    /// The word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Lapsed => "lapsed",
            Self::Missing => "missing",
        }
    }
}

impl Authority {
    /// How every list that should be in a folder stands at an instant: by authority, partition and
    /// generation; full lists where one was ever made, behind the partitions. No key is needed.
    ///
    /// # Errors
    /// When the folder or the store cannot be read.
    pub fn list_status(
        &self,
        path: &Path,
        timing: ListTiming,
        at: Timestamp,
    ) -> Result<Vec<ListStatus>, PublishError> {
        let visible = Visible::read(path)?;
        let ledger = self.store.rehearse(self.now(), Ledger::read)?;
        let partitions = ledger.partitions();
        let mut found = Vec::new();
        for ca in CaName::ALL {
            let generations: Vec<Generation> = self
                .generations
                .iter()
                .filter(|key| key.issuer.ca == ca && key.is_in_force(at))
                .map(|key| key.issuer.generation)
                .collect();
            let partitions = partitions.iter().map(|partition| Coverage::Partition(*partition));
            for coverage in partitions.chain([Coverage::Everything]) {
                for generation in &generations {
                    let last = ledger.list(ca, coverage, *generation);
                    // Only where somebody has asked for it once.
                    if coverage == Coverage::Everything && last.is_none() {
                        continue;
                    }
                    let stands = [ListFormat::Der, ListFormat::Pem].into_iter().any(|format| {
                        let file = work::file_name(ca, *generation, coverage, format);
                        set::stands(visible.as_ref(), last, &file)
                    });
                    found.push(ListStatus {
                        ca,
                        generation: *generation,
                        partition: CoverageCode(coverage),
                        standing: standing(last.filter(|_| stands), timing, at),
                        due: ledger.due(ca, coverage, &[*generation], at, timing),
                        last: last.cloned(),
                    });
                }
            }
        }
        Ok(found)
    }
}

fn standing(list: Option<&ListRecord>, timing: ListTiming, at: Timestamp) -> Standing {
    let Some(list) = list else { return Standing::Missing };
    if list.next_update < at {
        Standing::Lapsed
    } else if timing.is_stale(at.to_unix() - list.this_update.to_unix()) {
        Standing::Stale
    } else {
        Standing::Fresh
    }
}
