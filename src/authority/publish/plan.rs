//! What a run is to do: which lists are due, for which generations.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::Coverage;

use super::Authority;
use super::AuthorityError;
use super::Due;
use super::KeyGeneration;
use super::ListFormat;
use super::PublishError;
use super::PublishOptions;
use super::Published;
use super::contents;
use super::folder::Visible;
use super::full::FullJob;
use super::ledger::Ledger;
use super::set;
use super::work;
use super::work::Job;
use super::work::Planned;
use super::work::PlannedDelta;

/// What a run is to do.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) ledger: Ledger,
    /// Its number, once it is reserved.
    pub(super) publication: u64,
    pub(super) jobs: Vec<Job>,
    pub(super) full: Vec<FullJob>,
    pub(super) unchanged: Vec<Planned>,
    /// Whether the result has every partition.
    pub(super) whole: bool,
}

impl Plan {
    /// Whether nothing is to be made.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.full.is_empty()
    }

    /// What can be said before anything is made.
    pub(super) fn summary(&self) -> Published {
        let mut made = BTreeMap::new();
        for job in &self.jobs {
            *made.entry(job.why).or_default() += job.lists.len();
        }
        for job in &self.full {
            *made.entry(job.why).or_default() += job.lists.len();
        }
        let lists = self.jobs.iter().flat_map(|job| &job.lists);
        Published {
            publication: None,
            folder: None,
            made,
            deltas: lists.filter(|list| list.delta.is_some()).count(),
            taken_over: 0,
            unchanged: self.unchanged.len(),
            entries: 0,
            left: 0,
            octets: 0,
        }
    }
}

impl Authority {
    /// Which lists are due, and for which generations they are to be made.
    pub(super) fn plan_lists(
        &self,
        ledger: Ledger,
        visible: Option<&Visible>,
        at: Timestamp,
        options: &PublishOptions,
    ) -> Result<Plan, PublishError> {
        if let Some(latest) = ledger.latest().filter(|latest| *latest > at) {
            return Err(PublishError::Clock { now: at, latest });
        }
        if options.full && options.partition.is_some() {
            return Err(PublishError::Partial);
        }
        let partitions = ledger.partitions();
        let mut jobs: Vec<Job> = Vec::new();
        let mut full = Vec::new();
        let mut unchanged = Vec::new();
        for ca in CaName::ALL {
            let generations: Vec<Generation> =
                self.publishing(ca, at)?.map(|key| key.issuer.generation).collect();
            for partition in &partitions {
                let partition = *partition;
                let coverage = Coverage::Partition(partition);
                let due = if options.partition.is_some_and(|only| only != partition) {
                    None
                } else if options.all || options.partition.is_some() {
                    Some(Due::Asked)
                } else {
                    ledger.due(ca, coverage, &generations, at, options.timing)
                };
                let mut lists = planned(&ledger, ca, coverage, &generations, options.format);
                let here =
                    lists.iter().all(|list| set::stands(visible, list.last.as_ref(), &list.file));
                // What another folder has is not here.
                let due = match due {
                    None if !here && options.partition.is_none() => Some(Due::Missing),
                    due => due,
                };
                if options.delta
                    && due.is_some()
                    && let Some(visible) = visible
                    && contents::standing(visible, &lists).is_some()
                {
                    for list in &mut lists {
                        let Some(last) = &list.last else { continue };
                        let file = work::delta_name(ca, list.generation, coverage, options.format);
                        list.delta = Some(PlannedDelta { base: last.number, file });
                    }
                }
                match due {
                    Some(why) => jobs.push(Job {
                        ca,
                        partition,
                        why,
                        tally: ledger.tally(ca, partition),
                        lists,
                    }),
                    None if here => unchanged.extend(lists),
                    None => {}
                }
            }
            if options.full {
                let coverage = Coverage::Everything;
                let lists = planned(&ledger, ca, coverage, &generations, options.format);
                let here =
                    lists.iter().all(|list| set::stands(visible, list.last.as_ref(), &list.file));
                let due = if options.all {
                    Some(Due::Asked)
                } else {
                    let due = ledger.due(ca, coverage, &generations, at, options.timing);
                    // It says what the partitions' lists say.
                    let with_them = jobs.iter().filter(|job| job.ca == ca).map(|job| job.why).min();
                    due.or(with_them).or((!here).then_some(Due::Missing))
                };
                match due {
                    Some(why) => full.push(FullJob { ca, why, lists }),
                    None => unchanged.extend(lists),
                }
            }
        }
        // The largest first: else one of them could be the last, made by one thread alone.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.tally.0));
        let whole = options.partition.is_none();
        Ok(Plan { ledger, publication: 0, jobs, full, unchanged, whole })
    }

    /// The generations that sign lists: those whose own certificate is in force.
    fn publishing(
        &self,
        ca: CaName,
        at: Timestamp,
    ) -> Result<impl Iterator<Item = &KeyGeneration>, PublishError> {
        let signs = move |key: &&KeyGeneration| key.issuer.ca == ca && key.is_in_force(at);
        for key in self.generations.iter().filter(signs) {
            if key.signer.is_none() {
                let generation = key.issuer.generation;
                return Err(AuthorityError::NoKey { ca, generation }.into());
            }
        }
        Ok(self.generations.iter().filter(signs))
    }
}

/// A list for each generation, to be made or not.
fn planned(
    ledger: &Ledger,
    ca: CaName,
    coverage: Coverage,
    generations: &[Generation],
    format: ListFormat,
) -> Vec<Planned> {
    let list = |generation: &Generation| Planned {
        generation: *generation,
        number: 0,
        last: ledger.list(ca, coverage, *generation).cloned(),
        file: work::file_name(ca, *generation, coverage, format),
        delta: None,
    };
    generations.iter().map(list).collect()
}
