//! All lists of a publication together.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::asn1::hex;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::Coverage;
use crate::crl::CoverageCode;
use crate::crl::Digest;
use crate::crl::Manifest;
use crate::crl::PublishedList;
use crate::store::ListRecord;
use crate::store::Sum;

use super::PublishError;
use super::Published;
use super::folder;
use super::folder::Visible;
use super::full::MadeFull;
use super::ledger::Ledger;
use super::plan::Plan;
use super::work::Made;

/// Every list of a publication, in its folder.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) made: Vec<Made>,
    pub(super) full: Vec<MadeFull>,
    pub(super) manifest: Manifest,
    /// Whether it has every partition.
    whole: bool,
}

/// Puts the lists that stand unchanged beside those that were made.
pub(super) fn link_unchanged(
    plan: &Plan,
    visible: Option<&Visible>,
    staging: &Path,
) -> Result<Vec<PublishedList>, PublishError> {
    let mut lists = Vec::with_capacity(plan.unchanged.len());
    for unchanged in &plan.unchanged {
        let visible = visible.ok_or(PublishError::Internal("nothing stands unchanged"))?;
        let published = named(visible, &unchanged.file)
            .ok_or(PublishError::Internal("a list that stands has no name"))?;
        folder::link(&visible.folder.join(&published.file), &staging.join(&published.file))?;
        lists.push(published.clone());
    }
    Ok(lists)
}

impl Set {
    /// All lists together: those that stand unchanged, and those that were made.
    pub(super) fn complete(
        plan: &Plan,
        unchanged: Vec<PublishedList>,
        made: Vec<Made>,
        full: Vec<MadeFull>,
        at: Timestamp,
    ) -> Result<Self, PublishError> {
        let mut lists = unchanged;
        lists.extend(full.iter().map(|full| full.published.clone()));
        for made in &made {
            lists.extend(made.deltas.iter().cloned());
            for ((record, _), (file, digest_name)) in made.lists.iter().zip(&made.files) {
                lists.push(published(record, file, digest_name, None)?);
            }
        }
        let manifest = Manifest::new(plan.publication, at, lists);
        Ok(Self { made, full, manifest, whole: plan.whole })
    }

    /// Whether the partitions together are everything to be listed, by count and sum, and so is each
    /// full list by itself (promise 10).
    pub(super) fn check(
        &self,
        ledger: &Ledger,
        signs: impl Fn(CaName) -> bool,
    ) -> Result<(), PublishError> {
        if !self.whole {
            return Ok(());
        }
        // One generation of each is enough: each was counted when it was made.
        let mut listed: BTreeMap<(CaName, Coverage), (u64, Sum)> = BTreeMap::new();
        for made in &self.made {
            let (entries, sum) = made.counted;
            listed.insert((made.ca, Coverage::Partition(made.partition)), (entries, sum));
        }
        for list in self.manifest.lists().iter().filter(|list| list.base.is_none()) {
            let key = (list.ca, list.partition.0);
            // Its own generation's: one that has ended leaves its last list in the accounts.
            if let std::collections::btree_map::Entry::Vacant(place) = listed.entry(key)
                && let Ok(generation) = Generation::new(list.generation)
                && let Some(record) = ledger.list(key.0, key.1, generation)
            {
                place.insert((record.entries, record.sum));
            }
        }
        // An authority whose generations have all ended signs no more: its last lists are the last.
        for ca in CaName::ALL.into_iter().filter(|ca| signs(*ca)) {
            let mut all = (0, Sum::default());
            for partition in ledger.partitions() {
                let coverage = Coverage::Partition(partition);
                let (due, sum) = ledger.tally(ca, partition);
                let (found, found_sum) = listed.remove(&(ca, coverage)).unwrap_or_default();
                if (found, found_sum) != (due, sum) {
                    let list = CoverageCode(coverage);
                    return Err(PublishError::Miscounted { ca, list, found, due });
                }
                all = (all.0 + due, all.1.and(sum));
            }
            self.check_full(ledger, ca, all)?;
        }
        Ok(())
    }

    /// Whether the full lists of an authority are everything that its accounts say, without what has
    /// just left the lists.
    fn check_full(
        &self,
        ledger: &Ledger,
        ca: CaName,
        (mut due, mut due_sum): (u64, Sum),
    ) -> Result<(), PublishError> {
        for left in self.made.iter().filter(|made| made.ca == ca).flat_map(|made| &made.left) {
            due = due.saturating_sub(1);
            due_sum = due_sum.without(left.serial, left.since, left.reason);
        }
        let full =
            |list: &&PublishedList| (list.ca, list.partition.0) == (ca, Coverage::Everything);
        for list in self.manifest.lists().iter().filter(full) {
            let made = self.full.iter().map(|full| &full.record);
            let mut own = made.filter(|record| record.ca == ca);
            let made = own.find(|record| record.generation.get() == list.generation);
            let standing = || ledger.list(ca, Coverage::Everything, list.generation()?);
            let found = made.or_else(standing).map(|record| (record.entries, record.sum));
            let (found, sum) = found.unwrap_or_default();
            if (found, sum) != (due, due_sum) {
                let list = CoverageCode(Coverage::Everything);
                return Err(PublishError::Miscounted { ca, list, found, due });
            }
        }
        Ok(())
    }

    /// What was done.
    pub(super) fn summary(&self, plan: &Plan) -> Published {
        let mut summary = plan.summary();
        for made in &self.made {
            summary.taken_over += made.taken_over;
            summary.left += made.left.len();
            summary.octets += made.octets();
        }
        summary.octets += self.full.iter().map(|full| full.record.size).sum::<u64>();
        let mut counted = BTreeMap::new();
        let in_partition =
            |list: &&PublishedList| list.base.is_none() && list.partition.0 != Coverage::Everything;
        for list in self.manifest.lists().iter().filter(in_partition) {
            counted.insert((list.ca, list.partition), list.entries);
        }
        summary.entries = counted.values().sum();
        summary
    }
}

/// Whether the last list of a generation stands in the folder as it was published.
pub(super) fn stands(visible: Option<&Visible>, last: Option<&ListRecord>, file: &str) -> bool {
    let (Some(visible), Some(last)) = (visible, last) else { return false };
    let Some(published) = named(visible, file) else { return false };
    let size = fs::metadata(visible.folder.join(&published.file)).map(|file| file.len());
    published.number == last.number
        && published.digest.hex == hex(&last.digest)
        && published.size == last.size
        && size.is_ok_and(|size| size == last.size)
}

fn named<'a>(visible: &'a Visible, file: &str) -> Option<&'a PublishedList> {
    let lists = visible.manifest.lists();
    let found = lists.binary_search_by(|list| list.file.as_str().cmp(file));
    found.ok().and_then(|position| lists.get(position))
}

/// What a manifest says of a list; of a delta list with the number that it begins from.
pub(super) fn published(
    record: &ListRecord,
    file: &str,
    digest_name: &str,
    base: Option<u64>,
) -> Result<PublishedList, PublishError> {
    Ok(PublishedList {
        file: file.to_owned(),
        ca: record.ca,
        generation: record.generation.get(),
        partition: CoverageCode(record.coverage),
        number: record.number,
        base,
        entries: record.entries,
        size: record.size,
        this_update: record.this_update.to_string(),
        next_update: record.next_update.to_string(),
        digest: Digest { algorithm: digest_name.to_owned(), hex: hex(&record.digest) },
    })
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use crate::credential::Reason;
    use crate::credential::Serial;
    use crate::profile::Partition;
    use crate::store::Store;
    use crate::store::StoreError;
    use crate::store::StoreUrl;

    use super::*;

    #[test]
    fn a_generation_that_has_ended_is_not_asked_what_it_listed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&StoreUrl::Sqlite(folder.path().join("store.db"))).unwrap();
        let at: Timestamp = "2036-04-01T00:00:00Z".parse().unwrap();
        let list = |generation, publication, entries, sum| ListRecord {
            ca: CaName::Signature,
            generation: Generation::new(generation).unwrap(),
            coverage: Coverage::Partition(Partition::Authority),
            number: u64::from(generation),
            publication,
            this_update: at,
            next_update: at.plus_seconds(1),
            entries,
            sum,
            digest: Vec::new(),
            size: 1,
            seen: 0,
        };
        let set = |manifest| Set { made: Vec::new(), full: Vec::new(), manifest, whole: true };
        // What has left the lists since stood on the last one of the first generation.
        let gone = Sum::default().with(Serial::FIRST, at, Reason::Superseded);
        let (ledger, standing) = store
            .tx(at, |tx| {
                let publication = tx.begin_publication()?;
                tx.put_list(&list(1, publication, 1, gone), None)?;
                let standing = list(2, publication, 0, Sum::default());
                tx.put_list(&standing, None)?;
                Ok::<_, StoreError>((Ledger::read(tx)?, standing))
            })
            .unwrap();
        let lists = vec![published(&standing, "signature-2-000000.crl", "sha256", None).unwrap()];
        let manifest = Manifest::new(2, at, lists);
        set(manifest).check(&ledger, |_| true).unwrap();
        // Of one that signs, it would be noticed.
        let lists = vec![
            published(&list(1, 1, 1, gone), "signature-1-000000.crl", "sha256", None).unwrap(),
        ];
        let manifest = Manifest::new(2, at, lists);
        let wrong = set(manifest).check(&ledger, |_| true);
        assert!(matches!(wrong, Err(PublishError::Miscounted { found: 1, due: 0, .. })));
    }
}
