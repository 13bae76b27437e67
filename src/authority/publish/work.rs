//! One partition's lists: encoded, judged, sealed, written, read again, compared.

use std::collections::BTreeMap;
use std::fs;
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
use super::ListFormat;
use super::PublishError;
use super::contents::Contents;
use super::folder;
use super::folder::Visible;

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
    /// Certificates that are not on them any more, because their end is past.
    pub(super) left: Vec<Listed>,
    /// What is on them and what has left them, together.
    pub(super) counted: (u64, Sum),
    /// How many were taken over from an interrupted run.
    pub(super) taken_over: usize,
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
            left: Vec::new(),
            counted: contents.counted,
            taken_over: 0,
        };
        for list in &job.lists {
            let record = match self.take_over(job, list, &contents)? {
                Some(record) => {
                    made.taken_over += 1;
                    record
                }
                None => self.write(job, list, &contents)?,
            };
            let key = self.authority.generation(job.ca, list.generation)?;
            made.lists.push((record, list.last.as_ref().map(|last| last.number)));
            made.files.push((list.file.clone(), key.issuer.algorithm.digest_name()));
        }
        made.left = contents.left;
        Ok(made)
    }

    /// Encodes, judges, seals and writes one list, and reads it again.
    fn write(
        &self,
        job: &Job,
        list: &Planned,
        contents: &Contents,
    ) -> Result<ListRecord, PublishError> {
        let key = self.authority.generation(job.ca, list.generation)?;
        let edition = Edition {
            organisation: self.authority.realm.organisation(),
            issuer: &key.issuer,
            coverage: job.coverage(),
            number: list.number,
            this_update: self.at,
            next_update: self.at.plus_seconds(self.timing.life_seconds()),
            base: None,
        };
        let tbs = TbsList::encode(&edition, contents.measure, contents.entries.iter().copied())?;
        let signs = lint::Authority { realm: &self.authority.realm, issuer: Some(&key.issuer) };
        let checked = lint::check_list(tbs, &signs)?;
        let recorded = self.permits.permit(checked)?;
        let no_key = AuthorityError::NoKey { ca: job.ca, generation: list.generation };
        let sealed = seal(recorded, key.signer.as_deref().ok_or(no_key)?)?;
        let envelope = sealed.envelope()?;
        let parts = [&envelope.before, sealed.tbs().as_der(), &envelope.behind];
        let path = self.staging.join(&list.file);
        let size = match self.format {
            ListFormat::Der => write_and_read(&path, &parts)?,
            ListFormat::Pem => {
                let text = pem::encode_string(PEM_LABEL, pem::LineEnding::LF, &parts.concat())
                    .map_err(|_| PublishError::Internal("a list could not be written as PEM"))?;
                write_and_read(&path, &[text.as_bytes()])?
            }
        };
        Ok(ListRecord {
            ca: job.ca,
            generation: list.generation,
            coverage: job.coverage(),
            number: list.number,
            publication: self.publication,
            this_update: edition.this_update,
            next_update: edition.next_update,
            entries: contents.measure.count,
            sum: contents.sum,
            digest: sealed.digest().to_vec(),
            size,
            seen: self.seen,
        })
    }

    /// Takes over a list of an interrupted run, if it says what this run would say and is not due.
    fn take_over(
        &self,
        job: &Job,
        list: &Planned,
        contents: &Contents,
    ) -> Result<Option<ListRecord>, PublishError> {
        let Some(left) = self.leftovers.get(&list.file) else { return Ok(None) };
        let bytes = fs::read(left).map_err(folder::fault(left))?;
        let Some(record) = self.judge(job, list, contents, &bytes) else { return Ok(None) };
        let path = self.staging.join(&list.file);
        if *left != path {
            fs::rename(left, &path).map_err(folder::fault(&path))?;
        }
        Ok(Some(record))
    }

    /// The record of a complete list, if it is one of this generation with these contents, a number
    /// that was reserved and not used, and a life that is not spent.
    fn judge(
        &self,
        job: &Job,
        list: &Planned,
        contents: &Contents,
        file: &[u8],
    ) -> Option<ListRecord> {
        let key = self.authority.generation(job.ca, list.generation).ok()?;
        let bytes = unpacked(self.format, file)?;
        let mut reader = crl::Reader::new(&*bytes).ok()?;
        let header = reader.header().clone();
        let mut entries = contents.entries.iter();
        for found in reader.by_ref() {
            if found.ok()?.entry()? != *entries.next()? {
                return None;
            }
        }
        let trailer = reader.finish().ok()?;
        let (this_update, next_update) = (header.this_update.at, header.next_update?.at);
        let number = trailer.number()?.to_u64()?;
        let last = list.last.as_ref();
        let age = self.at.to_unix() - this_update.to_unix();
        let fits = entries.next().is_none()
            && (last.map_or(0, |last| last.number)..list.number).contains(&number)
            && last.is_none_or(|last| last.number < number && last.this_update <= this_update)
            && age >= 0
            && !self.timing.is_due(age)
            && next_update == this_update.plus_seconds(self.timing.life_seconds());
        if !fits {
            return None;
        }
        let edition = Edition {
            organisation: self.authority.realm.organisation(),
            issuer: &key.issuer,
            coverage: job.coverage(),
            number,
            this_update,
            next_update,
            base: None,
        };
        // The same bytes as this run would write under that number, and the key's signature.
        let entries = contents.entries.iter().copied();
        let tbs = TbsList::encode(&edition, contents.measure, entries).ok()?;
        let (begin, end) = header.signed;
        let signed = bytes.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?)?;
        let signature = trailer.signature?.octets;
        let right = signed == tbs.as_der() && key.key.verify(signed, &signature).is_ok();
        right.then(|| ListRecord {
            ca: job.ca,
            generation: list.generation,
            coverage: job.coverage(),
            number,
            publication: self.publication,
            this_update,
            next_update,
            entries: contents.measure.count,
            sum: contents.sum,
            digest: key.issuer.algorithm.digest(signed),
            size: file.len() as u64,
            seen: self.seen,
        })
    }
}

/// The name of a list's file.
pub(super) fn file_name(
    ca: CaName,
    generation: Generation,
    coverage: Coverage,
    format: ListFormat,
) -> String {
    let ending = match format {
        ListFormat::Der => "crl",
        ListFormat::Pem => "crl.pem",
    };
    format!("{ca}-{generation}-{}.{ending}", CoverageCode(coverage))
}

/// Writes a file and reads it again; its size.
fn write_and_read(path: &Path, parts: &[&[u8]]) -> Result<u64, PublishError> {
    folder::write(path, parts)?;
    let found = fs::read(path).map_err(folder::fault(path))?;
    let mut rest = found.as_slice();
    for part in parts {
        rest = rest
            .strip_prefix(*part)
            .ok_or_else(|| PublishError::Altered { path: path.to_owned() })?;
    }
    if rest.is_empty() {
        Ok(found.len() as u64)
    } else {
        Err(PublishError::Altered { path: path.to_owned() })
    }
}

/// The DER in a file.
pub(super) fn unpacked(format: ListFormat, file: &[u8]) -> Option<std::borrow::Cow<'_, [u8]>> {
    match format {
        ListFormat::Der => Some(file.into()),
        ListFormat::Pem => match pem::decode_vec(file) {
            Ok((PEM_LABEL, bytes)) => Some(bytes.into()),
            Ok(_) | Err(_) => None,
        },
    }
}

/// RFC 7468 section 7.
const PEM_LABEL: &str = "X509 CRL";
