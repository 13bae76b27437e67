//! What the lists of one partition carry.
//!
//! A nation's rows take longer to read than its lists take to write. So where the last list stands
//! as it was published, the next is made out of it: without what has left, with what has changed. The
//! account that is kept with every change of state must come out in either case, to the last entry.

use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl;
use crate::crl::Cause;
use crate::crl::CompareError;
use crate::crl::CoverageCode;
use crate::crl::Difference;
use crate::crl::Entry;
use crate::crl::Measure;
use crate::store::ListRecord;
use crate::store::Listed;
use crate::store::State;
use crate::store::StoreError;
use crate::store::Sum;
use crate::store::View;

use super::PublishError;
use super::folder;
use super::folder::Visible;
use super::work::Job;
use super::work::Planned;
use super::work::Workshop;
use super::work::unpacked;

/// What the lists of a partition carry, the same for every generation.
pub(super) struct Contents {
    pub(super) entries: Vec<Entry>,
    pub(super) measure: Measure,
    pub(super) sum: Sum,
    /// Certificates that are not on them any more, by serial.
    pub(super) left: Vec<Listed>,
    /// Entries and those that left, together.
    pub(super) counted: (u64, Sum),
    /// What leads to them from the list before, where delta lists are to be made.
    pub(super) delta: Option<Delta>,
}

/// The entries of a delta list.
pub(super) struct Delta {
    pub(super) entries: Vec<Entry>,
    pub(super) measure: Measure,
}

impl Contents {
    /// Gathers them, and holds them against the account and against the list before.
    pub(super) fn gather(
        workshop: &Workshop<'_>,
        job: &Job,
        view: &mut View,
    ) -> Result<Self, PublishError> {
        let with_delta = job.lists.iter().any(|list| list.delta.is_some());
        if let Some(last) = Last::read(workshop, job)? {
            let (edits, left) = since(&last, job, view)?;
            for (serial, new) in &edits {
                let old = last.entries.binary_search_by_key(serial, |old| old.serial);
                if let Some(old) = old.ok().and_then(|place| last.entries.get(place)) {
                    judge(last.record, job, &left, view, *old, *new)?;
                }
            }
            let old = with_delta.then(|| last.entries.clone());
            let mut contents = Self::of(edited(last.entries, &edits), left);
            if contents.counted == job.tally {
                contents.delta =
                    old.map(|old| Delta::between(&old, &contents.entries)).transpose()?;
                return Ok(contents);
            }
        }
        // Nothing to follow, or it leads elsewhere: the rows decide.
        let mut contents = Self::read(job, view)?;
        if contents.counted != job.tally {
            let list = CoverageCode(job.coverage());
            let (found, due) = (contents.counted.0, job.tally.0);
            return Err(PublishError::Miscounted { ca: job.ca, list, found, due });
        }
        match Last::read(workshop, job)? {
            Some(last) => {
                contents.compare(&last, job, view)?;
                if with_delta {
                    contents.delta = Some(Delta::between(&last.entries, &contents.entries)?);
                }
            }
            None if with_delta => {
                return Err(PublishError::Internal("a delta list begins from nothing"));
            }
            None => {}
        }
        Ok(contents)
    }

    /// All rows of the partition.
    fn read(job: &Job, view: &mut View) -> Result<Self, PublishError> {
        let capacity = usize::try_from(job.tally.0).unwrap_or_default();
        let (mut entries, mut left) = (Vec::with_capacity(capacity), Vec::new());
        view.listed(job.ca, job.partition, |listed| {
            if has_stood(job, &listed) {
                left.push(listed);
            } else {
                entries.push(entry(&listed));
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(Self::of(entries, left))
    }

    /// Measures and counts.
    fn of(entries: Vec<Entry>, left: Vec<Listed>) -> Self {
        let (mut measure, mut sum) = (Measure::default(), Sum::default());
        for entry in &entries {
            measure.add(entry);
            if let Cause::Because(reason) = entry.cause {
                sum = sum.with(entry.serial, entry.at, reason);
            }
        }
        let with_left =
            left.iter().fold(sum, |sum, left| sum.with(left.serial, left.since, left.reason));
        let counted = (measure.count + left.len() as u64, with_left);
        Self { entries, measure, sum, left, counted, delta: None }
    }

    /// Holds the entries against those of the list before.
    fn compare(&self, last: &Last<'_>, job: &Job, view: &mut View) -> Result<(), PublishError> {
        for difference in crl::compare(row(&last.entries), row(&self.entries)) {
            let (old, new) = match difference.map_err(|error| match error {
                CompareError::OldOrder(serial) | CompareError::NewOrder(serial) => {
                    lost(job, serial, "stand out of order")
                }
                CompareError::Old(never) | CompareError::New(never) => match never {},
            })? {
                Difference::Added(_) => continue,
                Difference::Changed(old, new) => (old, Some(new)),
                Difference::Removed(old) => (old, None),
            };
            judge(last.record, job, &self.left, view, old, new)?;
        }
        Ok(())
    }
}

/// What has become of entries since the last list, by serial: the entry now, or none; and those of
/// them that have left because their end is past.
fn since(
    last: &Last<'_>,
    job: &Job,
    view: &mut View,
) -> Result<(Edits, Vec<Listed>), PublishError> {
    let mut edits = Vec::new();
    for serial in view.changes(job.ca, job.partition, last.record.seen)? {
        edits.push((serial, view.listed_one(job.ca, serial)?.as_ref().map(entry)));
    }
    let mut left = view.leaving(job.ca, job.partition, last.record.this_update)?;
    left.retain(|listed| has_stood(job, listed));
    edits.extend(left.iter().map(|left| (left.serial, None)));
    edits.sort_unstable_by_key(|(serial, _)| *serial);
    Ok((edits, left))
}

type Edits = Vec<(Serial, Option<Entry>)>;

/// The entries with what has become of some of them.
fn edited(entries: Vec<Entry>, edits: &Edits) -> Vec<Entry> {
    if edits.is_empty() {
        return entries;
    }
    let mut next = Vec::with_capacity(entries.len() + edits.len());
    let mut rest = entries.as_slice();
    for (serial, new) in edits {
        let same = rest.partition_point(|old| old.serial < *serial);
        let (same, behind) = rest.split_at(same);
        next.extend_from_slice(same);
        rest = match behind.split_first() {
            Some((old, behind)) if old.serial == *serial => behind,
            _ => behind,
        };
        next.extend(*new);
    }
    next.extend_from_slice(rest);
    next
}

/// Whether what became of an entry has a reason (promise 12): a hold ends in revocation, is released,
/// or begun again; an expired certificate leaves; nothing else happens to what stands on a list.
fn judge(
    last: &ListRecord,
    job: &Job,
    left: &[Listed],
    view: &mut View,
    old: Entry,
    new: Option<Entry>,
) -> Result<(), PublishError> {
    let was_held = old.cause == Cause::Because(Reason::CertificateHold);
    let Some(new) = new else {
        let place = left.binary_search_by_key(&old.serial, |left| left.serial);
        let may_go = match place.ok().and_then(|place| left.get(place)) {
            Some(left) => left.not_after < last.this_update,
            None => was_held && view.state(job.ca, old.serial)? == Some(State::Live),
        };
        return if may_go { Ok(()) } else { Err(lost(job, old.serial, "go")) };
    };
    if new == old || was_held { Ok(()) } else { Err(lost(job, old.serial, "change")) }
}

fn lost(job: &Job, serial: Serial, what: &'static str) -> PublishError {
    PublishError::Lost { ca: job.ca, list: CoverageCode(job.coverage()), serial, what }
}

impl Delta {
    /// What leads from the entries of one list to those of another, and does lead there.
    fn between(old: &[Entry], new: &[Entry]) -> Result<Self, PublishError> {
        const ASTRAY: PublishError =
            PublishError::Internal("a delta list does not lead to the complete one");
        let difference = crl::compare(row(old), row(new));
        let entries: Vec<Entry> = difference
            .map(|difference| difference.map(Difference::delta))
            .collect::<Result<_, _>>()
            .map_err(|_| ASTRAY)?;
        let mut expected = new.iter();
        for found in crl::complete(row(old), row(&entries)) {
            if expected.next() != Some(&found.map_err(|_| ASTRAY)?) {
                return Err(ASTRAY);
            }
        }
        if expected.next().is_some() {
            return Err(ASTRAY);
        }
        let measure = entries.iter().collect();
        Ok(Self { entries, measure })
    }
}

/// Whether a certificate may leave the lists: it stood in every generation's last one, and that lay
/// past its end (promise 12).
fn has_stood(job: &Job, listed: &Listed) -> bool {
    let mut lasts = job.lists.iter().filter_map(|list| list.last.as_ref()).peekable();
    lasts.peek().is_some()
        && lasts.all(|last| listed.not_after < last.this_update && listed.changed <= last.seen)
}

/// Entries at hand, as what cannot fail to be read.
fn row(entries: &[Entry]) -> impl Iterator<Item = Result<Entry, Infallible>> {
    entries.iter().map(|entry| Ok(*entry))
}

fn entry(listed: &Listed) -> Entry {
    Entry {
        serial: listed.serial,
        at: listed.since,
        cause: Cause::Because(listed.reason),
        invalidity: listed.invalidity,
    }
}

/// The last list of a partition, as it was published: what it carries is what every generation's
/// carries.
struct Last<'a> {
    record: &'a ListRecord,
    entries: Vec<Entry>,
}

impl<'a> Last<'a> {
    /// Reads it; none when none stands in the folder, or the generations' lists differ.
    fn read(workshop: &Workshop<'_>, job: &'a Job) -> Result<Option<Self>, PublishError> {
        let Some(visible) = workshop.visible else { return Ok(None) };
        let Some((list, record)) = standing(visible, &job.lists) else { return Ok(None) };
        let path = visible.folder.join(&list.file);
        let file = fs::read(&path).map_err(folder::fault(&path))?;
        let entries = entries_of(workshop, job, list, record, &file, &path)?;
        Ok(Some(Self { record, entries }))
    }
}

/// The last list of a partition: the first generation's that has one. None when none stands in the
/// folder, or the generations' lists differ.
pub(super) fn standing<'a>(
    visible: &Visible,
    lists: &'a [Planned],
) -> Option<(&'a Planned, &'a ListRecord)> {
    let mut standing = lists.iter().filter_map(|list| Some((list, list.last.as_ref()?)));
    let (first, record) = standing.clone().next()?;
    let same = |(list, other): (&Planned, &ListRecord)| {
        (other.entries, other.sum, other.seen) == (record.entries, record.sum, record.seen)
            && super::set::stands(Some(visible), list.last.as_ref(), &list.file)
    };
    standing.all(same).then_some((first, record))
}

/// The entries of a file that must be the list of a record, by the digest that was signed.
fn entries_of(
    workshop: &Workshop<'_>,
    job: &Job,
    list: &Planned,
    record: &ListRecord,
    file: &[u8],
    path: &Path,
) -> Result<Vec<Entry>, PublishError> {
    let altered = || PublishError::Altered { path: path.to_owned() };
    let unreadable = |source| PublishError::Unreadable { path: PathBuf::from(path), source };
    let bytes = unpacked(workshop.format, file).ok_or_else(altered)?;
    let mut reader = crl::Reader::new(&*bytes).map_err(unreadable)?;
    let (begin, end) = reader.header().signed;
    let place = usize::try_from(begin).ok().zip(usize::try_from(end).ok());
    let signed = place.and_then(|(begin, end)| bytes.get(begin..end)).ok_or_else(altered)?;
    let key = workshop.authority.generation(job.ca, list.generation)?;
    if key.issuer.algorithm.digest(signed) != record.digest {
        return Err(altered());
    }
    let mut entries = Vec::with_capacity(usize::try_from(record.entries).unwrap_or_default());
    for listed in reader.by_ref() {
        entries.push(listed.map_err(unreadable)?.entry().ok_or_else(altered)?);
    }
    Ok(entries)
}
