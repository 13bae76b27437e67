//! The list of everything under compromised keys, for whoever asks for it.
//!
//! It is about all certificates of an authority's name, as its scope says and as whoever reads it must
//! be able to rely on: what the partitions' lists carry, and beside it every certificate under a
//! compromised key that has not ended. The newest generation whose key is not compromised signs it. Its
//! number is of the sequence of full lists, which have the same scope; it is part of no publication.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use der::pem;
use rand_core::OsRng;
use rand_core::RngCore as _;

use crate::authority::Authority;
use crate::authority::AuthorityError;
use crate::authority::Refused;
use crate::authority::Rule;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::crl::Cause;
use crate::crl::Coverage;
use crate::crl::CoverageCode;
use crate::crl::Edition;
use crate::crl::Entry;
use crate::crl::Measure;
use crate::crl::TbsList;
use crate::lint;
use crate::policy::ListTiming;
use crate::seal::seal;
use crate::store::RevokedRow;
use crate::store::StoreError;
use crate::store::Sum;
use crate::store::Tx;
use crate::store::View;

use super::ListFormat;
use super::PublishError;
use super::contents;
use super::folder;
use super::work::PEM_LABEL;
use super::work::write_and_read;

/// A list of everything under compromised keys, made or to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompromisedList {
    /// Whose certificates.
    pub ca: CaName,
    /// The generation that signs it.
    pub generation: Generation,
    /// The generations whose keys are compromised.
    pub compromised: Vec<Generation>,
    /// Its number (`cRLNumber`).
    pub number: u64,
    /// Its `thisUpdate`.
    pub this_update: Timestamp,
    /// Its `nextUpdate`.
    pub next_update: Timestamp,
    /// How many entries it has; none in a dry run, which counts nothing.
    pub entries: Option<u64>,
    /// Of these, how many stand on it for the compromise of the key.
    pub for_compromise: Option<u64>,
    /// Octets of the complete list.
    pub size: Option<u64>,
}

impl Authority {
    /// Makes the list of everything under compromised keys of an authority, in a file.
    ///
    /// The entries are read from the store one by one and encoded as they come. What is held in memory
    /// is the signed part of the list, some 40 octets to an entry.
    ///
    /// # Errors
    /// When the key of the generation that signs is not here or fails, the list would break a promise,
    /// or the disk or the store fails; a refusal by rule is the inner error.
    pub fn list_compromised(
        &self,
        ca: CaName,
        out: &Path,
        timing: ListTiming,
        format: ListFormat,
    ) -> Result<Result<CompromisedList, Refused>, PublishError> {
        let at = self.now();
        let (planned, permits, views) = self.store.publication(at, 1, |tx| {
            let planned = self.plan_compromised(tx, ca, timing)?;
            let accounts = tx.tallies()?.into_iter().filter(|tally| tally.ca == ca);
            let due = accounts.fold((0, Sum::default()), |(entries, sum), tally| {
                (entries + tally.entries, sum.and(tally.sum))
            });
            Ok::<_, PublishError>(planned.map(|list| (list, due)))
        })?;
        let (mut list, due) = match planned {
            Ok(planned) => planned,
            Err(refused) => return Ok(Err(refused)),
        };
        let missing = PublishError::Internal("a publication without a view");
        let mut view = views.into_iter().next().ok_or(missing)?;
        let key = self.generation(ca, list.generation)?;
        let generation = list.generation;
        let signer = key.signer.as_deref().ok_or(AuthorityError::NoKey { ca, generation })?;
        let counted = Counted::of(&mut view, ca, at)?;
        if (counted.listed, counted.listed_sum) != due {
            let (list, found) = (CoverageCode(Coverage::Everything), counted.listed);
            return Err(PublishError::Miscounted { ca, list, found, due: due.0 });
        }
        let tbs = write(&self.edition_of(&list, key), &counted, &mut view, at)?;
        drop(view);
        let mut sum = Sum::default();
        let signs = lint::Authority { realm: &self.realm, issuer: Some(&key.issuer) };
        let checked = lint::check_list_with(tbs, &signs, |listed| {
            // One that says nothing of ours is a finding.
            if let Some(entry) = listed.entry() {
                sum = contents::with(sum, &entry);
            }
        })?;
        if sum != counted.sum {
            let (list, due) = (CoverageCode(Coverage::Everything), counted.measure.count);
            return Err(PublishError::Miscounted { ca, list, found: due, due });
        }
        let sealed = seal(permits.permit(checked)?, signer)?;
        let envelope = sealed.envelope()?;
        let parts = [&envelope.before, sealed.tbs().as_der(), &envelope.behind];
        let staged = Staged::beside(out);
        let size = match format {
            ListFormat::Der => write_and_read(&staged.0, &parts)?,
            ListFormat::Pem => {
                let text = pem::encode_string(PEM_LABEL, pem::LineEnding::LF, &parts.concat())
                    .map_err(|_| PublishError::Internal("a list could not be written as PEM"))?;
                write_and_read(&staged.0, &[text.as_bytes()])?
            }
        };
        let synced = fs::File::open(&staged.0).and_then(|file| file.sync_all());
        synced.map_err(folder::fault(&staged.0))?;
        let entries = counted.measure.count;
        self.store.tx(self.now(), |tx| {
            tx.compromise_listed(ca, list.generation, list.number, entries, sealed.digest())
        })?;
        fs::rename(&staged.0, out).map_err(folder::fault(out))?;
        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty());
        folder::sync_folder(parent.unwrap_or(Path::new(".")))?;
        list.entries = Some(entries);
        list.for_compromise = Some(counted.for_compromise);
        list.size = Some(size);
        Ok(Ok(list))
    }

    /// What [`Authority::list_compromised`] would make, without making it.
    ///
    /// # Errors
    /// When the store fails; a refusal by rule is the inner error.
    pub fn rehearse_list_compromised(
        &self,
        ca: CaName,
        timing: ListTiming,
    ) -> Result<Result<CompromisedList, Refused>, PublishError> {
        self.store.rehearse(self.now(), |tx| self.plan_compromised(tx, ca, timing))
    }

    fn plan_compromised(
        &self,
        tx: &mut Tx<'_>,
        ca: CaName,
        timing: ListTiming,
    ) -> Result<Result<CompromisedList, Refused>, PublishError> {
        let at = tx.at();
        let all = self.check_generations(tx)?;
        let own = all.iter().filter(|own| own.certificate.ca == ca);
        let compromised: Vec<Generation> = own
            .clone()
            .filter(|own| own.compromised.is_some())
            .map(|own| own.certificate.generation)
            .collect();
        if compromised.is_empty() {
            return Ok(Err(Rule::NotCompromised.into()));
        }
        let signs = own.filter(|own| {
            let certificate = &own.certificate;
            own.compromised.is_none()
                && (certificate.not_before..=certificate.not_after).contains(&at)
        });
        let Some(signs) = signs.max_by_key(|own| own.certificate.generation) else {
            return Ok(Err(Rule::CaCompromised.into()));
        };
        let generation = signs.certificate.generation;
        let latest = tx.lists()?.into_iter().map(|list| list.this_update).max();
        if let Some(latest) = latest.filter(|latest| *latest > at) {
            return Err(PublishError::Clock { now: at, latest });
        }
        let number = tx.reserve_list(ca, generation, Coverage::Everything)?;
        Ok(Ok(CompromisedList {
            ca,
            generation,
            compromised,
            number,
            this_update: at,
            next_update: at.plus_seconds(timing.life_seconds()),
            entries: None,
            for_compromise: None,
            size: None,
        }))
    }

    fn edition_of<'a>(
        &'a self,
        list: &CompromisedList,
        key: &'a crate::authority::KeyGeneration,
    ) -> Edition<'a> {
        Edition {
            organisation: self.realm.organisation(),
            issuer: &key.issuer,
            coverage: Coverage::Everything,
            number: list.number,
            this_update: list.this_update,
            next_update: list.next_update,
            base: None,
        }
    }
}

/// What a first look at the rows counts: a list states its length before its entries.
#[derive(Default)]
struct Counted {
    measure: Measure,
    sum: Sum,
    /// Those that the partitions' lists carry too, and the sum over what they say of them.
    listed: u64,
    listed_sum: Sum,
    for_compromise: u64,
}

impl Counted {
    fn of(view: &mut View, ca: CaName, at: Timestamp) -> Result<Self, StoreError> {
        let mut counted = Self::default();
        view.revoked(ca, at, |row| {
            let entry = entry(row);
            counted.measure.add(&entry);
            counted.sum = contents::with(counted.sum, &entry);
            if let Some((since, reason)) = row.listed {
                counted.listed += 1;
                counted.listed_sum = counted.listed_sum.with(row.serial, since, reason);
            }
            counted.for_compromise += u64::from(row.listed != Some((row.since, row.reason)));
            Ok(())
        })?;
        Ok(counted)
    }
}

fn entry(row: &RevokedRow) -> Entry {
    let RevokedRow { serial, since, reason, invalidity, .. } = *row;
    Entry { serial, at: since, cause: Cause::Because(reason), invalidity }
}

/// Encodes the rows as they are read a second time, from the same state.
fn write(
    edition: &Edition<'_>,
    counted: &Counted,
    view: &mut View,
    at: Timestamp,
) -> Result<TbsList, PublishError> {
    TbsList::fill(edition, counted.measure, |encoder| {
        let mut failed = None;
        view.revoked(edition.issuer.ca, at, |row| {
            encoder.push(&entry(row)).map_err(|error| {
                failed = Some(error);
                StoreError::Changed
            })
        })
        .map_err(|error| failed.take().map_or_else(|| error.into(), PublishError::from))
    })
}

/// A file under construction, removed unless it got its name.
struct Staged(PathBuf);

impl Staged {
    fn beside(out: &Path) -> Self {
        let mut name = OsString::from(out.as_os_str());
        name.push(format!(".writing-{:08x}", OsRng.next_u32()));
        Self(name.into())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Gone already when it got its name; else the name says what it is.
        let _removed = fs::remove_file(&self.0);
    }
}
