//! What the lists of one partition carry.
//!
//! A nation's rows take longer to read than its lists take to write. So where the last list stands
//! as it was published, the next is made out of it: without what has left, with what has changed, and
//! the octets between copied. The account that is kept with every change of state must come out in
//! either case, to the last entry. For what is copied, the sum that was recorded with the digest of
//! the last list stands in; the sum over the bytes that are to be signed is taken when they are judged,
//! and must be the same.

use std::convert::Infallible;
use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl;
use crate::crl::Cause;
use crate::crl::CompareError;
use crate::crl::CoverageCode;
use crate::crl::Difference;
use crate::crl::Entry;
use crate::crl::Rows;
use crate::crl::SpliceError;
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
    pub(super) rows: Rows,
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
    pub(super) rows: Rows,
}

impl Contents {
    /// Gathers them, and holds them against the account and against the list before.
    pub(super) fn gather(
        workshop: &Workshop<'_>,
        job: &Job,
        view: &mut View,
    ) -> Result<Self, PublishError> {
        let with_delta = job.lists.iter().any(|list| list.delta.is_some());
        let last = Last::read(workshop, job)?;
        if let Some(last) = &last {
            let mut contents = Self::follow(last, job, view)?;
            if contents.counted == job.tally {
                if with_delta {
                    let new = contents.rows.entries().map_err(|error| last.unspliced(error))?;
                    contents.delta = Some(Delta::between(&last.entries()?, &new)?);
                }
                return Ok(contents);
            }
        }
        // Nothing to follow, or it leads elsewhere: the rows decide.
        let (entries, left) = Self::read(job, view)?;
        let mut contents = Self::of(&entries, left)?;
        if contents.counted != job.tally {
            let list = CoverageCode(job.coverage());
            let (found, due) = (contents.counted.0, job.tally.0);
            return Err(PublishError::Miscounted { ca: job.ca, list, found, due });
        }
        match last {
            Some(last) => {
                let old = last.entries()?;
                contents.compare(last.record, &old, &entries, job, view)?;
                if with_delta {
                    contents.delta = Some(Delta::between(&old, &entries)?);
                }
            }
            None if with_delta => {
                return Err(PublishError::Internal("a delta list begins from nothing"));
            }
            None => {}
        }
        Ok(contents)
    }

    /// The last list with what has become of it: each entry that goes or changes has a reason.
    fn follow(last: &Last<'_>, job: &Job, view: &mut View) -> Result<Self, PublishError> {
        let (edits, left) = since(last.record, job, view)?;
        let (rows, replaced) = Rows::splice(last.octets(), last.record.entries, &edits)
            .map_err(|error| last.unspliced(error))?;
        let mut sum = last.record.sum;
        for (old, new) in &replaced {
            judge(last.record, job, &left, view, *old, *new)?;
            if let Cause::Because(reason) = old.cause {
                sum = sum.without(old.serial, old.at, reason);
            }
        }
        let sum = edits.iter().filter_map(|(_, new)| new.as_ref()).fold(sum, with);
        Ok(Self::counted(rows, sum, left))
    }

    /// All rows of the partition: entries, and what has left them.
    fn read(job: &Job, view: &mut View) -> Result<(Vec<Entry>, Vec<Listed>), PublishError> {
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
        Ok((entries, left))
    }

    /// Writes and counts entries.
    fn of(entries: &[Entry], left: Vec<Listed>) -> Result<Self, PublishError> {
        let rows = Rows::encode(entries, entries.iter().collect(), false)?;
        let sum = entries.iter().fold(Sum::default(), with);
        Ok(Self::counted(rows, sum, left))
    }

    fn counted(rows: Rows, sum: Sum, left: Vec<Listed>) -> Self {
        let with_left =
            left.iter().fold(sum, |sum, left| sum.with(left.serial, left.since, left.reason));
        let counted = (rows.measure().count + left.len() as u64, with_left);
        Self { rows, sum, left, counted, delta: None }
    }

    /// Holds the entries against those of the list before.
    fn compare(
        &self,
        last: &ListRecord,
        old: &[Entry],
        new: &[Entry],
        job: &Job,
        view: &mut View,
    ) -> Result<(), PublishError> {
        for difference in crl::compare(row(old), row(new)) {
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
            judge(last, job, &self.left, view, old, new)?;
        }
        Ok(())
    }
}

/// What a sum becomes with an entry of a complete list.
pub(super) fn with(sum: Sum, entry: &Entry) -> Sum {
    match entry.cause {
        Cause::Because(reason) => sum.with(entry.serial, entry.at, reason),
        Cause::Removed => sum,
    }
}

/// What has become of entries since the last list, by serial: the entry now, or none; and those of
/// them that have left because their end is past.
fn since(
    last: &ListRecord,
    job: &Job,
    view: &mut View,
) -> Result<(Edits, Vec<Listed>), PublishError> {
    let mut edits = Vec::new();
    for serial in view.changes(job.ca, job.partition, last.seen)? {
        edits.push((serial, view.listed_one(job.ca, serial)?.as_ref().map(entry)));
    }
    let mut left = view.leaving(job.ca, job.partition, last.this_update)?;
    left.retain(|listed| has_stood(job, listed));
    edits.extend(left.iter().map(|left| (left.serial, None)));
    edits.sort_unstable_by_key(|(serial, _)| *serial);
    Ok((edits, left))
}

type Edits = Vec<(Serial, Option<Entry>)>;

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
        Ok(Self { rows: Rows::encode(&entries, entries.iter().collect(), true)? })
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
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where its entries are.
    rows: Range<usize>,
}

impl<'a> Last<'a> {
    /// Reads it, and knows it by the digest that was signed; none when none stands in the folder, or
    /// the generations' lists differ.
    fn read(workshop: &Workshop<'_>, job: &'a Job) -> Result<Option<Self>, PublishError> {
        let Some(visible) = workshop.visible else { return Ok(None) };
        let Some((list, record)) = standing(visible, &job.lists) else { return Ok(None) };
        let path = visible.folder.join(&list.file);
        let altered = || PublishError::Altered { path: path.clone() };
        let file = fs::read(&path).map_err(folder::fault(&path))?;
        let bytes = unpacked(workshop.format, file).ok_or_else(altered)?;
        let header = crl::Reader::new(&*bytes)
            .map_err(|source| PublishError::Unreadable { path: path.clone(), source })?
            .header()
            .clone();
        let place = |(begin, end)| Some(usize::try_from(begin).ok()?..usize::try_from(end).ok()?);
        let signed = place(header.signed).and_then(|signed| bytes.get(signed));
        let key = workshop.authority.generation(job.ca, list.generation)?;
        let is_it =
            signed.is_some_and(|signed| key.issuer.algorithm.digest(signed) == record.digest);
        let rows = header.entries.map_or(Some(0..0), place);
        let (true, Some(rows)) = (is_it, rows) else { return Err(altered()) };
        Ok(Some(Self { record, path, bytes, rows }))
    }

    /// Its entries, as they stand there.
    fn octets(&self) -> &[u8] {
        self.bytes.get(self.rows.clone()).unwrap_or_default()
    }

    /// Its entries.
    fn entries(&self) -> Result<Vec<Entry>, PublishError> {
        crl::entries(self.octets()).map_err(|error| self.unspliced(error))
    }

    fn unspliced(&self, error: SpliceError) -> PublishError {
        match error {
            SpliceError::Old => PublishError::Altered { path: self.path.clone() },
            SpliceError::Order => PublishError::Internal("changes of entries are out of order"),
        }
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
