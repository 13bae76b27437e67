//! The list of everything: the entries of all partitions, in the order of serials.
//!
//! It is made out of the partitions' lists that this publication consists of, so that it cannot say
//! anything else than they do. Their files are read twice: once each whole, held against its record
//! and measured; then all in step, each opened for a block of entries at a time, since there are more
//! files than a process may usually have open. What is written is held in memory, as any list that is
//! to be signed: a software key takes a message whole.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::BinaryHeap;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::path::Path;
use std::path::PathBuf;

use crate::credential::CaName;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl;
use crate::crl::Cause;
use crate::crl::CompareError;
use crate::crl::Coverage;
use crate::crl::CoverageCode;
use crate::crl::Difference;
use crate::crl::Entry;
use crate::crl::Header;
use crate::crl::Measure;
use crate::crl::PublishedList;
use crate::crl::ReadError;
use crate::crl::TbsList;
use crate::store::ListRecord;
use crate::store::State;
use crate::store::Sum;
use crate::store::View;

use super::Due;
use super::ListFormat;
use super::PublishError;
use super::contents::with;
use super::folder;
use super::plan::Plan;
use super::set;
use super::work::Made;
use super::work::Planned;
use super::work::Workshop;
use super::work::unpacked;

/// The full lists of one authority to be made: the same entries, for each generation.
#[derive(Clone, Debug)]
pub(super) struct FullJob {
    pub(super) ca: CaName,
    pub(super) why: Due,
    pub(super) lists: Vec<Planned>,
}

/// The full list of one generation, made.
#[derive(Debug)]
pub(super) struct MadeFull {
    pub(super) record: ListRecord,
    /// The number of the list in whose place it is put.
    pub(super) replaces: Option<u64>,
    pub(super) published: PublishedList,
}

impl Workshop<'_> {
    /// Makes the full lists of one authority, out of the partitions' lists in the staging folder.
    pub(super) fn make_full(
        &self,
        job: &FullJob,
        plan: &Plan,
        made: &[Made],
        view: &mut View,
    ) -> Result<Vec<MadeFull>, PublishError> {
        let whole = Whole::measure(self, job, plan, made)?;
        let own = made.iter().filter(|made| made.ca == job.ca);
        let left = own.flat_map(|made| made.left.iter().map(|left| left.serial)).collect();
        let mut full = Vec::with_capacity(job.lists.len());
        for list in &job.lists {
            self.compare(job, list, &whole, &left, view)?;
            let key = self.authority.generation(job.ca, list.generation)?;
            let edition = self.edition(key, Coverage::Everything, list.number, None);
            let mut sum = Sum::default();
            let mut failed = None;
            let entries = whole.entries()?.map_while(|entry| match entry {
                Ok(entry) => {
                    sum = with(sum, &entry);
                    Some(entry)
                }
                Err(error) => {
                    failed = Some(error);
                    None
                }
            });
            let tbs = TbsList::encode(&edition, whole.measure, entries);
            if let Some(error) = failed {
                return Err(error);
            }
            let record = self.issue(key, tbs?, sum, &list.file)?;
            let digest_name = key.issuer.algorithm.digest_name();
            full.push(MadeFull {
                published: set::published(&record, &list.file, digest_name, None)?,
                replaces: list.last.as_ref().map(|last| last.number),
                record,
            });
        }
        Ok(full)
    }

    /// Holds the entries against those of the full list before, where that stands: nothing may be
    /// gone or changed but a hold, and what has left the partitions' lists, now or since then
    /// (promise 12).
    fn compare(
        &self,
        job: &FullJob,
        list: &Planned,
        whole: &Whole,
        left: &BTreeSet<Serial>,
        view: &mut View,
    ) -> Result<(), PublishError> {
        let (Some(visible), Some(last)) = (self.visible, &list.last) else { return Ok(()) };
        if !set::stands(Some(visible), Some(last), &list.file) {
            return Ok(());
        }
        let key = self.authority.generation(job.ca, list.generation)?;
        let path = visible.folder.join(&list.file);
        let altered = || PublishError::Altered { path: path.clone() };
        let unreadable = |source| PublishError::Unreadable { path: path.clone(), source };
        let lost = |serial, what| PublishError::Lost {
            ca: job.ca,
            list: CoverageCode(Coverage::Everything),
            serial,
            what,
        };
        let mut signed = key.issuer.algorithm.hasher();
        let input: Box<dyn io::Read> = match self.format {
            ListFormat::Der => Box::new(fs::File::open(&path).map_err(folder::fault(&path))?),
            ListFormat::Pem => {
                let file = fs::read(&path).map_err(folder::fault(&path))?;
                let bytes = unpacked(self.format, file).ok_or_else(altered)?;
                Box::new(io::Cursor::new(bytes))
            }
        };
        let mut reader = crl::Reader::tapped(input, |octets: &[u8]| signed.update(octets))
            .map_err(unreadable)?;
        let old = reader.by_ref().map(|listed| {
            listed.map_err(unreadable).and_then(|listed| listed.entry().ok_or_else(altered))
        });
        let held = Cause::Because(Reason::CertificateHold);
        for difference in crl::compare(old, whole.entries()?) {
            match difference.map_err(|error| match error {
                CompareError::Old(error) | CompareError::New(error) => error,
                CompareError::OldOrder(serial) | CompareError::NewOrder(serial) => {
                    lost(serial, "stand out of order")
                }
            })? {
                Difference::Added(_) => {}
                // A hold that ended in revocation, or was released and begun again.
                Difference::Changed(old, _) if old.cause == held => {}
                Difference::Changed(old, _) => return Err(lost(old.serial, "change")),
                Difference::Removed(old) => {
                    let serial = old.serial;
                    let may_go = left.contains(&serial)
                        || view.listed_one(job.ca, serial)?.is_none()
                            && match view.state(job.ca, serial)? {
                                // It left with a publication without a full list, past its end.
                                Some(State::Revoked(..) | State::Held(_)) => true,
                                Some(State::Live | State::Expired) => old.cause == held,
                                Some(State::Intended) | None => false,
                            };
                    if !may_go {
                        return Err(lost(serial, "go"));
                    }
                }
            }
        }
        reader.finish().map_err(unreadable)?;
        if signed.finish() == last.digest { Ok(()) } else { Err(altered()) }
    }
}

/// All partitions of one authority, as they stand in the staging folder.
struct Whole {
    parts: Vec<Part>,
    measure: Measure,
}

/// The list of one partition.
struct Part {
    path: PathBuf,
    header: Header,
    /// Its entries, where its file cannot be read from the middle.
    held: Vec<Entry>,
}

impl Whole {
    /// Reads the list of every partition, holds it against its record and measures it.
    fn measure(
        workshop: &Workshop<'_>,
        job: &FullJob,
        plan: &Plan,
        made: &[Made],
    ) -> Result<Self, PublishError> {
        // One generation's of each: the same entries as every other's.
        let mut lists: BTreeMap<Coverage, (&ListRecord, &str)> = BTreeMap::new();
        for made in made {
            for ((record, _), (file, _)) in made.lists.iter().zip(&made.files) {
                if record.ca == job.ca {
                    lists.entry(record.coverage).or_insert((record, file));
                }
            }
        }
        for list in &plan.unchanged {
            if let Some(record) = list.last.as_ref().filter(|last| last.ca == job.ca) {
                lists.entry(record.coverage).or_insert((record, &list.file));
            }
        }
        let mut whole = Self { parts: Vec::new(), measure: Measure::default() };
        for partition in plan.ledger.partitions() {
            let (record, file) = lists
                .get(&Coverage::Partition(partition))
                .ok_or(PublishError::Internal("a full list would lack a partition"))?;
            let path = workshop.staging.join(file);
            if let Some(part) = whole.add(workshop, record, path)? {
                whole.parts.push(part);
            }
        }
        Ok(whole)
    }

    /// Measures one list; none when it has no entries.
    fn add(
        &mut self,
        workshop: &Workshop<'_>,
        record: &ListRecord,
        path: PathBuf,
    ) -> Result<Option<Part>, PublishError> {
        let key = workshop.authority.generation(record.ca, record.generation)?;
        let altered = || PublishError::Altered { path: path.clone() };
        let unreadable = |source| PublishError::Unreadable { path: path.clone(), source };
        let file = fs::read(&path).map_err(folder::fault(&path))?;
        let bytes = unpacked(workshop.format, file).ok_or_else(altered)?;
        let mut signed = key.issuer.algorithm.hasher();
        let mut reader = crl::Reader::tapped(&*bytes, |octets: &[u8]| signed.update(octets))
            .map_err(unreadable)?;
        let header = reader.header().clone();
        let (mut count, mut sum, mut held) = (0, Sum::default(), Vec::new());
        for listed in reader.by_ref() {
            let entry = listed.map_err(unreadable)?.entry().ok_or_else(altered)?;
            count += 1;
            sum = with(sum, &entry);
            self.measure.add(&entry);
            if workshop.format == ListFormat::Pem {
                held.push(entry);
            }
        }
        reader.finish().map_err(unreadable)?;
        if signed.finish() != record.digest || (count, sum) != (record.entries, record.sum) {
            return Err(altered());
        }
        Ok((count > 0).then_some(Part { path, header, held }))
    }

    /// All entries, by serial.
    fn entries(&self) -> Result<Merge<'_>, PublishError> {
        let mut merge = Merge { rows: Vec::new(), next: BinaryHeap::new() };
        for (place, part) in self.parts.iter().enumerate() {
            let mut row = Row::new(part);
            if let Some(serial) = row.peek()? {
                merge.next.push(Reverse((serial, place)));
            }
            merge.rows.push(row);
        }
        Ok(merge)
    }
}

/// The entries of many lists, in step.
struct Merge<'a> {
    rows: Vec<Row<'a>>,
    /// The next serial of every row that has one, with its place.
    next: BinaryHeap<Reverse<(Serial, usize)>>,
}

impl Merge<'_> {
    fn step(&mut self) -> Result<Option<Entry>, PublishError> {
        let Some(Reverse((_, place))) = self.next.pop() else { return Ok(None) };
        let Some(row) = self.rows.get_mut(place) else { return Ok(None) };
        let entry = row.ahead.pop_front();
        if let Some(serial) = row.peek()? {
            self.next.push(Reverse((serial, place)));
        }
        Ok(entry)
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<Entry, PublishError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The entries of one list, a block at a time: between blocks its file is not open.
struct Row<'a> {
    path: &'a Path,
    header: &'a Header,
    ahead: VecDeque<Entry>,
    /// Octets before the first entry that was not read.
    at: u64,
    end: u64,
}

impl<'a> Row<'a> {
    fn new(part: &'a Part) -> Self {
        let (begin, end) = part.header.entries.unwrap_or_default();
        let ahead: VecDeque<Entry> = part.held.iter().copied().collect();
        let at = if ahead.is_empty() { begin } else { end };
        Self { path: &part.path, header: &part.header, ahead, at, end }
    }

    fn peek(&mut self) -> Result<Option<Serial>, PublishError> {
        if self.ahead.is_empty() && self.at < self.end {
            self.fill()?;
        }
        Ok(self.ahead.front().map(|entry| entry.serial))
    }

    fn fill(&mut self) -> Result<(), PublishError> {
        let altered = || PublishError::Altered { path: self.path.to_owned() };
        let mut file = fs::File::open(self.path).map_err(folder::fault(self.path))?;
        file.seek(io::SeekFrom::Start(self.at)).map_err(folder::fault(self.path))?;
        let mut reader =
            crl::Reader::resumed(file.take(BLOCK_OCTETS), self.header.clone(), self.at);
        while self.ahead.len() < BLOCK_ENTRIES {
            let Some(listed) = reader.next() else { break };
            let unreadable =
                |source: ReadError| PublishError::Unreadable { path: self.path.to_owned(), source };
            self.ahead.push_back(listed.map_err(unreadable)?.entry().ok_or_else(altered)?);
        }
        self.at = reader.at();
        Ok(())
    }
}

/// Entries that are read at once.
const BLOCK_ENTRIES: usize = 512;
/// Octets in which so many entries are in any case: each has at most 69.
const BLOCK_OCTETS: u64 = 1 << 16;

#[cfg(test)]
mod tests {
    use crate::asn1::KeyAlgorithm;
    use crate::asn1::Name;
    use crate::clock::Timestamp;
    use crate::crl::Envelope;
    use crate::crl::Head;
    use crate::crl::Scope;

    use super::*;

    /// The largest entries that there are.
    fn entry(serial: u64) -> Entry {
        let late: Timestamp = "2050-01-01T00:00:00Z".parse().unwrap();
        Entry {
            serial: Serial::new(i64::MAX as u64 - serial).unwrap(),
            at: late,
            cause: Cause::Because(Reason::Superseded),
            invalidity: Some(late),
        }
    }

    /// A list in a file.
    fn part(path: PathBuf, entries: &[Entry]) -> Part {
        let issuer = Name::japan();
        let at: Timestamp = "2050-01-01T00:00:00Z".parse().unwrap();
        let head = Head {
            algorithm: KeyAlgorithm::P256,
            issuer: &issuer,
            key_id: [7; 20],
            number: 1,
            this_update: at,
            next_update: at,
            scope: Scope::Everything,
            base: None,
        };
        let mut tbs = Vec::new();
        crl::encode(&head, entries.iter().collect(), entries, &mut tbs).unwrap();
        let envelope = Envelope::new(head.algorithm, tbs.len() as u64, &[0xa5; 64]).unwrap();
        folder::write(&path, &[&envelope.before, &tbs, &envelope.behind]).unwrap();
        let header = crl::Reader::new(fs::File::open(&path).unwrap()).unwrap().header().clone();
        Part { path, header, held: Vec::new() }
    }

    #[test]
    fn what_takes_many_blocks_comes_in_order_and_whole() {
        assert!(entry(0).octets() * BLOCK_ENTRIES as u64 <= BLOCK_OCTETS);
        assert_eq!(entry(0).octets(), 69, "none is larger");
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<Entry> = (1..4000).rev().map(entry).collect();
        // A long one, one of exactly two blocks, short ones, and what is left.
        let (mut rows, mut rest) = (vec![Vec::new(); 4], all.iter());
        for (place, entry) in rest.by_ref().enumerate() {
            let row = match place {
                _ if place % 3 == 0 && rows[1].len() < 2 * BLOCK_ENTRIES => 1,
                2500..2600 => 2,
                3990.. => 3,
                _ => 0,
            };
            rows[row].push(*entry);
        }
        assert_eq!(rows[1].len(), 2 * BLOCK_ENTRIES);
        let parts: Vec<Part> = rows
            .iter()
            .enumerate()
            .map(|(place, row)| part(folder.path().join(place.to_string()), row))
            .collect();
        let whole = Whole { parts, measure: all.iter().collect() };
        for _ in 0..2 {
            let found: Vec<Entry> = whole.entries().unwrap().map(Result::unwrap).collect();
            assert_eq!(found, all);
        }
        // A file that ends too soon says so.
        let path = folder.path().join("0");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(whole.entries().unwrap().any(|entry| entry.is_err()));
    }
}
