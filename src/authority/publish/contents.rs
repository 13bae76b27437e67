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
        let last = Last::read(workshop, job)?;
        let mut contents = match &last {
            Some(last) => Self::follow(last, job, view)?,
            None => Self::read(job, view)?,
        };
        if contents.counted != job.tally && last.is_some() {
            // The rows decide.
            contents = Self::read(job, view)?;
        }
        if contents.counted != job.tally {
            let list = CoverageCode(job.coverage());
            let (found, due) = (contents.counted.0, job.tally.0);
            return Err(PublishError::Miscounted { ca: job.ca, list, found, due });
        }
        if let Some(last) = &last {
            contents.compare(last, job, view)?;
        }
        if job.lists.iter().any(|list| list.delta.is_some()) {
            let last = last.ok_or(PublishError::Internal("a delta list begins from nothing"))?;
            contents.delta = Some(Delta::between(&last.entries, &contents.entries)?);
        }
        Ok(contents)
    }

    fn new(capacity: u64) -> Self {
        Self {
            entries: Vec::with_capacity(usize::try_from(capacity).unwrap_or_default()),
            measure: Measure::default(),
            sum: Sum::default(),
            left: Vec::new(),
            counted: (0, Sum::default()),
            delta: None,
        }
    }

    /// All rows of the partition.
    fn read(job: &Job, view: &mut View) -> Result<Self, PublishError> {
        let mut contents = Self::new(job.tally.0);
        view.listed(job.ca, job.partition, |listed| {
            if has_stood(job, &listed) {
                contents.leave(listed);
            } else {
                contents.push(entry(&listed));
            }
            Ok::<_, StoreError>(())
        })?;
        contents.count();
        Ok(contents)
    }

    /// The last list, without what has left it, with what has changed since.
    fn follow(last: &Last<'_>, job: &Job, view: &mut View) -> Result<Self, PublishError> {
        let mut contents = Self::new(job.tally.0);
        let changes = view.changes(job.ca, job.partition, last.record.seen)?;
        let mut changed = Vec::with_capacity(changes.len());
        for serial in changes {
            let now = view.listed_one(job.ca, serial)?;
            changed.push((serial, now.as_ref().map(entry)));
        }
        for listed in view.leaving(job.ca, job.partition, last.record.this_update)? {
            if has_stood(job, &listed) {
                contents.leave(listed);
            }
        }
        let left = std::mem::take(&mut contents.left);
        let mut leaving = left.iter().map(|left| left.serial).peekable();
        let mut changed = changed.into_iter().peekable();
        let mut take = |new: Option<Entry>| new.into_iter().for_each(|new| contents.push(new));
        for old in &last.entries {
            while let Some((_, new)) = changed.next_if(|(serial, _)| *serial < old.serial) {
                take(new);
            }
            let has_left = leaving.next_if(|serial| *serial == old.serial).is_some();
            match changed.next_if(|(serial, _)| *serial == old.serial) {
                Some((_, new)) => take(new),
                None if has_left => {}
                None => take(Some(*old)),
            }
        }
        changed.for_each(|(_, new)| take(new));
        contents.left = left;
        contents.count();
        Ok(contents)
    }

    fn push(&mut self, entry: Entry) {
        self.measure.add(&entry);
        if let Cause::Because(reason) = entry.cause {
            self.sum = self.sum.with(entry.serial, entry.at, reason);
        }
        self.entries.push(entry);
    }

    fn leave(&mut self, listed: Listed) {
        let (entries, sum) = self.counted;
        self.counted = (entries + 1, sum.with(listed.serial, listed.since, listed.reason));
        self.left.push(listed);
    }

    /// Counts the entries beside those that left.
    fn count(&mut self) {
        let (entries, sum) = self.counted;
        self.counted = (entries + self.measure.count, sum.and(self.sum));
    }

    /// Holds the entries against those of the list before: nothing may go or change that has no
    /// reason to (promise 12).
    fn compare(&self, last: &Last<'_>, job: &Job, view: &mut View) -> Result<(), PublishError> {
        let lost = |serial, what| PublishError::Lost {
            ca: job.ca,
            list: CoverageCode(job.coverage()),
            serial,
            what,
        };
        let held = Cause::Because(Reason::CertificateHold);
        for difference in crl::compare(row(&last.entries), row(&self.entries)) {
            match difference.map_err(|error| match error {
                CompareError::OldOrder(serial) | CompareError::NewOrder(serial) => {
                    lost(serial, "stand out of order")
                }
                CompareError::Old(never) | CompareError::New(never) => match never {},
            })? {
                Difference::Added(_) => {}
                // A hold that ended in revocation, or was released and begun again.
                Difference::Changed(old, _) if old.cause == held => {}
                Difference::Changed(old, _) => return Err(lost(old.serial, "change")),
                Difference::Removed(old) => {
                    let left = self.left.binary_search_by_key(&old.serial, |left| left.serial);
                    let may_go = match left.ok().and_then(|place| self.left.get(place)) {
                        Some(left) => left.not_after < last.record.this_update,
                        None => {
                            old.cause == held
                                && view.state(job.ca, old.serial)? == Some(State::Live)
                        }
                    };
                    if !may_go {
                        return Err(lost(old.serial, "go"));
                    }
                }
            }
        }
        Ok(())
    }
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
