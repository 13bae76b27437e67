//! One partition's lists: encoded, judged, sealed, written, read again, compared.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use der::pem;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl;
use crate::crl::Coverage;
use crate::crl::CoverageCode;
use crate::crl::Edition;
use crate::crl::PublishedList;
use crate::crl::Rows;
use crate::crl::TbsList;
use crate::lint;
use crate::policy::ListTiming;
use crate::profile::Partition;
use crate::seal::seal;
use crate::store::ListRecord;
use crate::store::Listed;
use crate::store::Permits;
use crate::store::Sum;
use crate::store::View;

use super::Authority;
use super::AuthorityError;
use super::Due;
use super::KeyGeneration;
use super::ListFormat;
use super::PublishError;
use super::contents;
use super::contents::Contents;
use super::contents::Delta;
use super::folder;
use super::folder::Visible;
use super::set;

/// The lists of one partition to be made: the same entries, for each generation.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) ca: CaName,
    pub(super) partition: Partition,
    pub(super) why: Due,
    /// What they must carry.
    pub(super) tally: (u64, Sum),
    pub(super) lists: Vec<Planned>,
}

impl Job {
    pub(super) fn coverage(&self) -> Coverage {
        Coverage::Partition(self.partition)
    }
}

/// One list to be made.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) generation: Generation,
    /// Its number, once it is reserved.
    pub(super) number: u64,
    /// The list that it replaces.
    pub(super) last: Option<ListRecord>,
    /// The name of its file.
    pub(super) file: String,
    /// The delta list beside it, where there is to be one.
    pub(super) delta: Option<PlannedDelta>,
}

/// One delta list to be made, with the number of the complete list that is issued with it.
#[derive(Clone, Debug)]
pub(super) struct PlannedDelta {
    /// The number of the complete list that it begins from.
    pub(super) base: u64,
    /// The name of its file.
    pub(super) file: String,
}

/// The lists of one partition, made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) ca: CaName,
    pub(super) partition: Partition,
    /// Each with the number of the list that it was compared with.
    pub(super) lists: Vec<(ListRecord, Option<u64>)>,
    /// The names of their files, and of the digests that were signed.
    pub(super) files: Vec<(String, &'static str)>,
    /// The delta lists beside them.
    pub(super) deltas: Vec<PublishedList>,
    /// Certificates that are not on them any more, because their end is past.
    pub(super) left: Vec<Listed>,
    /// What is on them and what has left them, together.
    pub(super) counted: (u64, Sum),
    /// How many were taken over from an interrupted run.
    pub(super) taken_over: usize,
}

impl Made {
    /// Octets of the lists.
    pub(super) fn octets(&self) -> u64 {
        let lists = self.lists.iter().map(|(list, _)| list.size).sum::<u64>();
        lists + self.deltas.iter().map(|list| list.size).sum::<u64>()
    }
}

/// What lists are made with.
#[derive(Debug)]
pub(super) struct Workshop<'a> {
    pub(super) authority: &'a Authority,
    pub(super) at: Timestamp,
    pub(super) timing: ListTiming,
    pub(super) format: ListFormat,
    pub(super) permits: &'a Permits,
    pub(super) staging: &'a Path,
    pub(super) visible: Option<&'a Visible>,
    pub(super) leftovers: &'a BTreeMap<String, PathBuf>,
    pub(super) publication: u64,
    pub(super) seen: u64,
}

impl Workshop<'_> {
    /// Makes the lists of one partition.
    pub(super) fn make(&self, job: &Job, view: &mut View) -> Result<Made, PublishError> {
        let contents = Contents::gather(self, job, view)?;
        let mut made = Made {
            ca: job.ca,
            partition: job.partition,
            lists: Vec::with_capacity(job.lists.len()),
            files: Vec::with_capacity(job.lists.len()),
            deltas: Vec::new(),
            left: Vec::new(),
            counted: contents.counted,
            taken_over: 0,
        };
        for list in &job.lists {
            let (record, delta) = match self.take_over(job, list, &contents)? {
                Some(taken) => {
                    made.taken_over += 1;
                    taken
                }
                None => self.write(job, list, &contents)?,
            };
            let key = self.authority.generation(job.ca, list.generation)?;
            let digest_name = key.issuer.algorithm.digest_name();
            if let (Some(record), Some(delta)) = (delta, &list.delta) {
                let base = Some(delta.base);
                made.deltas.push(set::published(&record, &delta.file, digest_name, base)?);
            }
            made.lists.push((record, list.last.as_ref().map(|last| last.number)));
            made.files.push((list.file.clone(), digest_name));
        }
        made.left = contents.left;
        Ok(made)
    }

    /// Writes one list, and the delta list beside it where there is to be one.
    fn write(
        &self,
        job: &Job,
        list: &Planned,
        contents: &Contents,
    ) -> Result<Written, PublishError> {
        let key = self.authority.generation(job.ca, list.generation)?;
        let write = |file: &str, body: &Body<'_>| {
            let edition = self.edition(key, job.coverage(), list.number, body.base);
            let tbs = TbsList::of_rows(&edition, body.rows)?;
            self.issue(key, tbs, body.sum, file)
        };
        let record = write(&list.file, &contents.complete())?;
        let delta = match (&list.delta, &contents.delta) {
            (Some(planned), Some(delta)) => Some(write(&planned.file, &delta.body(planned.base))?),
            _ => None,
        };
        Ok((record, delta))
    }

    /// What a list of this run states but its entries.
    pub(super) fn edition<'a>(
        &'a self,
        key: &'a KeyGeneration,
        coverage: Coverage,
        number: u64,
        base: Option<u64>,
    ) -> Edition<'a> {
        Edition {
            organisation: self.authority.realm.organisation(),
            issuer: &key.issuer,
            coverage,
            number,
            this_update: self.at,
            next_update: self.at.plus_seconds(self.timing.life_seconds()),
            base,
        }
    }

    /// Judges, seals and writes one list, and reads it again: the one way to a list's signature.
    pub(super) fn issue(
        &self,
        key: &KeyGeneration,
        tbs: TbsList,
        sum: Sum,
        file: &str,
    ) -> Result<ListRecord, PublishError> {
        let (ca, generation) = (key.issuer.ca, key.issuer.generation);
        let signs = lint::Authority { realm: &self.authority.realm, issuer: Some(&key.issuer) };
        // Nothing accounts for a delta list by itself.
        let (count, is_accounted) = (tbs.count(), tbs.base().is_none());
        let list = CoverageCode(tbs.coverage());
        let mut found = Sum::default();
        let checked = lint::check_list_with(tbs, &signs, |listed| {
            // One that says nothing of ours is a finding.
            if let Some(entry) = listed.entry() {
                found = contents::with(found, &entry);
            }
        })?;
        if is_accounted && found != sum {
            return Err(PublishError::Miscounted { ca, list, found: count, due: count });
        }
        let recorded = self.permits.permit(checked)?;
        let no_key = AuthorityError::NoKey { ca, generation };
        let sealed = seal(recorded, key.signer.as_deref().ok_or(no_key)?)?;
        let envelope = sealed.envelope()?;
        let tbs = sealed.tbs();
        let parts = [&envelope.before, tbs.as_der(), &envelope.behind];
        let path = self.staging.join(file);
        let size = match self.format {
            ListFormat::Der => write_and_read(&path, &parts)?,
            ListFormat::Pem => {
                let text = pem::encode_string(PEM_LABEL, pem::LineEnding::LF, &parts.concat())
                    .map_err(|_| PublishError::Internal("a list could not be written as PEM"))?;
                write_and_read(&path, &[text.as_bytes()])?
            }
        };
        Ok(ListRecord {
            ca,
            generation,
            coverage: tbs.coverage(),
            number: tbs.number(),
            publication: self.publication,
            this_update: tbs.this_update(),
            next_update: tbs.next_update(),
            entries: tbs.count(),
            sum,
            digest: sealed.digest().to_vec(),
            size,
            seen: self.seen,
        })
    }

    /// Takes over a list of an interrupted run, if it says what this run would say and is not due;
    /// with the delta list beside it where there is to be one, which has its number.
    fn take_over(
        &self,
        job: &Job,
        list: &Planned,
        contents: &Contents,
    ) -> Result<Option<Written>, PublishError> {
        let Some((left, record)) = self.left_over(job, list, &list.file, &contents.complete())?
        else {
            return Ok(None);
        };
        let delta = match (&list.delta, &contents.delta) {
            (Some(planned), Some(delta)) => {
                let body = delta.body(planned.base);
                match self.left_over(job, list, &planned.file, &body)? {
                    Some((left, delta))
                        if (delta.number, delta.this_update)
                            == (record.number, record.this_update) =>
                    {
                        self.put(left, &planned.file)?;
                        Some(delta)
                    }
                    // One without the other is of no use: its number is spent.
                    Some(_) | None => return Ok(None),
                }
            }
            _ => None,
        };
        self.put(left, &list.file)?;
        Ok(Some((record, delta)))
    }

    /// The file that an interrupted run left under a name, if it is right.
    fn left_over(
        &self,
        job: &Job,
        list: &Planned,
        file: &str,
        body: &Body<'_>,
    ) -> Result<Option<(&PathBuf, ListRecord)>, PublishError> {
        let Some(left) = self.leftovers.get(file) else { return Ok(None) };
        let bytes = fs::read(left).map_err(folder::fault(left))?;
        Ok(self.judge(job, list, body, bytes).map(|record| (left, record)))
    }

    /// Moves a file that was left over to where this run puts its own.
    fn put(&self, left: &Path, file: &str) -> Result<(), PublishError> {
        let path = self.staging.join(file);
        if left == path {
            return Ok(());
        }
        fs::rename(left, &path).map_err(folder::fault(&path))
    }

    /// The record of a signed list, if it is one of this generation with these contents, a number
    /// that was reserved and not used, and a life that is not spent.
    fn judge(
        &self,
        job: &Job,
        list: &Planned,
        body: &Body<'_>,
        file: Vec<u8>,
    ) -> Option<ListRecord> {
        let size = file.len() as u64;
        let key = self.authority.generation(job.ca, list.generation).ok()?;
        let bytes = unpacked(self.format, file)?;
        let reader = crl::Reader::new(&*bytes).ok()?;
        let header = reader.header().clone();
        let trailer = reader.finish().ok()?;
        let (this_update, next_update) = (header.this_update.at, header.next_update?.at);
        let number = trailer.number()?.to_u64()?;
        let last = list.last.as_ref();
        let age = self.at.to_unix() - this_update.to_unix();
        let fits = (last.map_or(0, |last| last.number)..list.number).contains(&number)
            && last.is_none_or(|last| last.number < number && last.this_update <= this_update)
            && age >= 0
            && !self.timing.is_due(age)
            && next_update == this_update.plus_seconds(self.timing.life_seconds());
        if !fits {
            return None;
        }
        let edition = Edition {
            this_update,
            next_update,
            ..self.edition(key, job.coverage(), number, body.base)
        };
        // The same bytes as this run would write under that number, and the key's signature.
        let tbs = TbsList::of_rows(&edition, body.rows).ok()?;
        let (begin, end) = header.signed;
        let signed = bytes.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?)?;
        let signature = trailer.signature?.octets;
        let entries = body.rows.entries().ok()?;
        let is_accounted =
            body.base.is_some() || entries.iter().fold(Sum::default(), contents::with) == body.sum;
        let right =
            is_accounted && signed == tbs.as_der() && key.key.verify(signed, &signature).is_ok();
        right.then(|| ListRecord {
            ca: job.ca,
            generation: list.generation,
            coverage: job.coverage(),
            number,
            publication: self.publication,
            this_update,
            next_update,
            entries: body.rows.measure().count,
            sum: body.sum,
            digest: key.issuer.algorithm.digest(signed),
            size,
            seen: self.seen,
        })
    }
}

/// A list that was written, and the delta list beside it.
type Written = (ListRecord, Option<ListRecord>);

/// The entries of one list, complete or delta.
struct Body<'a> {
    rows: &'a Rows,
    sum: Sum,
    base: Option<u64>,
}

impl Contents {
    fn complete(&self) -> Body<'_> {
        Body { rows: &self.rows, sum: self.sum, base: None }
    }
}

impl Delta {
    /// Nothing sums up a delta list: it is no account of anything.
    fn body(&self, base: u64) -> Body<'_> {
        Body { rows: &self.rows, sum: Sum::default(), base: Some(base) }
    }
}

/// The name of a list's file.
pub(super) fn file_name(
    ca: CaName,
    generation: Generation,
    coverage: Coverage,
    format: ListFormat,
) -> String {
    format!("{ca}-{generation}-{}.{}", CoverageCode(coverage), ending(format))
}

/// The name of a delta list's file.
pub(super) fn delta_name(
    ca: CaName,
    generation: Generation,
    coverage: Coverage,
    format: ListFormat,
) -> String {
    format!("{ca}-{generation}-{}.delta.{}", CoverageCode(coverage), ending(format))
}

fn ending(format: ListFormat) -> &'static str {
    match format {
        ListFormat::Der => "crl",
        ListFormat::Pem => "crl.pem",
    }
}

/// Writes a file and reads it again, block by block; its size.
pub(super) fn write_and_read(path: &Path, parts: &[&[u8]]) -> Result<u64, PublishError> {
    folder::write(path, parts)?;
    let altered = || PublishError::Altered { path: path.to_owned() };
    let mut file = fs::File::open(path).map_err(folder::fault(path))?;
    let mut block = [0; BLOCK];
    let mut size = 0;
    for chunk in parts.iter().flat_map(|part| part.chunks(BLOCK)) {
        let found = block.get_mut(..chunk.len()).unwrap_or_default();
        match file.read_exact(found) {
            Ok(()) if *found == *chunk => size += chunk.len() as u64,
            Ok(()) => return Err(altered()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(altered()),
            Err(error) => return Err(folder::fault(path)(error)),
        }
    }
    match file.read(&mut block).map_err(folder::fault(path))? {
        0 => Ok(size),
        _ => Err(altered()),
    }
}

/// The DER in a file.
pub(super) fn unpacked(format: ListFormat, file: Vec<u8>) -> Option<Vec<u8>> {
    match format {
        ListFormat::Der => Some(file),
        ListFormat::Pem => match pem::decode_vec(&file) {
            Ok((PEM_LABEL, bytes)) => Some(bytes),
            Ok(_) | Err(_) => None,
        },
    }
}

/// Octets that are read again at once.
const BLOCK: usize = 1 << 14;
/// RFC 7468 section 7.
pub(super) const PEM_LABEL: &str = "X509 CRL";
