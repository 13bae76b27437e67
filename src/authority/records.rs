//! The register's records themselves: baseline, sources, rejected events.

use crate::asn1::PublicKey;
use crate::register::FormError;
use crate::register::HolderForm;
use crate::register::Person;
use crate::register::Record;
use crate::register::Rule;
use crate::register::Source;
use crate::store::EventKey;
use crate::store::EventRow;
use crate::store::SourceStatus;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::EventOutcome;
use super::outcome::Refused;

/// How a source's feed stands after it was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The number that comes next.
    pub next: u64,
    /// How many events had waited under numbers that were passed over, and are refused now.
    pub passed: u64,
    /// What became of those that had waited for these numbers.
    pub resumed: Vec<EventOutcome>,
}

/// What became of a resident of a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Imported {
    /// Entered.
    Entered,
    /// On record already, with the same items.
    Known,
}

impl Authority {
    /// Enters residents of a baseline, each a holder file, in one commit.
    ///
    /// # Errors
    /// When the store fails; what is wrong with a resident is the inner error.
    pub fn import(
        &self,
        lines: &[Vec<u8>],
        dry_run: bool,
    ) -> Result<Vec<Result<Imported, Refused>>, AuthorityError> {
        let body = |tx: &mut Tx<'_>| {
            lines
                .iter()
                .map(|line| {
                    let record = match baseline(line, tx.at()) {
                        Ok((form, record)) => match tx.resident(record.person())? {
                            None => record,
                            Some(known) if known.differences(&form).is_empty() => {
                                return Ok(Ok(Imported::Known));
                            }
                            Some(_) => {
                                let refusal = crate::register::Refusal::from(Rule::Exists);
                                return Ok(Err(refusal.into()));
                            }
                        },
                        Err(refused) => return Ok(Err(refused)),
                    };
                    tx.put_resident(&record, None)?;
                    Ok(Ok(Imported::Entered))
                })
                .collect()
        };
        if dry_run {
            self.store.rehearse(self.now(), body)
        } else {
            self.store.tx(self.now(), body)
        }
    }

    /// The holder file of a person as the record has it now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn resident(&self, person: &Person) -> Result<Option<HolderForm>, AuthorityError> {
        let record = self.store.tx(self.now(), |tx| tx.resident(person))?;
        Ok(record.map(|record| record.form()))
    }

    /// Registers the key that a source signs with, or the number that its feed goes on from. Whatever
    /// waits under a lower number is refused then, and stays on the list.
    ///
    /// # Errors
    /// When the store fails; a number that was used already is the inner error.
    pub fn register_source(
        &self,
        source: Source,
        key: Option<PublicKey>,
        next: Option<u64>,
        dry_run: bool,
    ) -> Result<Result<Registered, Refused>, AuthorityError> {
        let body = |tx: &mut Tx<'_>| {
            let mut row = tx.source(source.as_str())?;
            if next.is_some_and(|next| next < row.next) {
                return Ok(Err(crate::register::Refusal::from(Rule::Replayed).into()));
            }
            row.next = next.unwrap_or(row.next);
            row.key = key.or(row.key);
            let (row, passed, resumed) = self.resume(tx, &row)?;
            tx.put_source(&row)?;
            Ok(Ok(Registered { next: row.next, passed, resumed }))
        };
        if dry_run {
            self.store.rehearse(self.now(), body)
        } else {
            self.store.tx(self.now(), body)
        }
    }

    /// Every refused event to `each`, in the order of arrival: those that were neither repeated nor
    /// dismissed, or `all`.
    ///
    /// # Errors
    /// When the store or `each` fails.
    pub fn rejected(
        &self,
        all: bool,
        mut each: impl FnMut(&EventRow) -> Result<(), AuthorityError>,
    ) -> Result<(), AuthorityError> {
        let mut after = EventKey::NONE;
        loop {
            let page = self.store.tx(self.now(), |tx| tx.rejected(after, all, PAGE))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.key;
            for row in &page {
                each(row)?;
            }
        }
    }

    /// How every source's feed stands, and the seconds from record to revocation, sorted.
    ///
    /// # Errors
    /// When the store fails.
    pub fn feed_status(&self) -> Result<(Vec<SourceStatus>, Vec<i64>), AuthorityError> {
        Ok(self.store.tx(self.now(), |tx| {
            Ok::<_, crate::store::StoreError>((tx.source_statuses()?, tx.latencies()?))
        })?)
    }
}

/// A resident of a baseline, checked.
fn baseline(line: &[u8], now: crate::clock::Timestamp) -> Result<(HolderForm, Record), Refused> {
    let form =
        HolderForm::read(line).map_err(|error| Refused::new(FormError::CODE, error.to_string()))?;
    let record = Record::open(&form, now)?;
    Ok((form, record))
}

/// Rows per page.
const PAGE: u32 = 1000;
