//! SQL about lists, and the view that several threads read while others write.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::crl::Coverage;
use crate::holder::Municipality;
use crate::law::revocation::under_compromise;
use crate::profile::Partition;
use crate::seal::Intent;
use crate::store::StoreError;
use crate::store::listing::ListRecord;
use crate::store::listing::Listed;
use crate::store::listing::Listing;
use crate::store::listing::RevokedRow;
use crate::store::listing::Sum;
use crate::store::listing::Tally;
use crate::store::listing::View;
use crate::store::record::State;

use super::fault;
use super::row;
use super::row::column;
use super::row::select_certificate;
use super::transaction::SqliteTransaction;

impl Listing for SqliteTransaction<'_> {
    fn tallies(&mut self) -> Result<Vec<Tally>, StoreError> {
        let sql = "SELECT ca, municipality, entries, sum, changed FROM tally \
                   ORDER BY ca, municipality";
        self.all(sql, [], |row| {
            Ok(Tally {
                ca: row::ca(column(row, 0)?)?,
                partition: partition(column(row, 1)?)?,
                entries: row::unsigned(column(row, 2)?)?,
                sum: sum(row, 3)?,
                changed: row::unsigned(column(row, 4)?)?,
            })
        })
    }

    fn tally(&mut self, ca: CaName, partition: Partition) -> Result<Tally, StoreError> {
        let sql = "SELECT entries, sum, changed FROM tally \
                   WHERE ca = ?1 AND municipality = ?2";
        let found = self.first(sql, [row::ca_number(ca), partition_number(partition)], |row| {
            Ok(Tally {
                ca,
                partition,
                entries: row::unsigned(column(row, 0)?)?,
                sum: sum(row, 1)?,
                changed: row::unsigned(column(row, 2)?)?,
            })
        })?;
        let sum = Sum::default();
        Ok(found.unwrap_or(Tally { ca, partition, entries: 0, sum, changed: 0 }))
    }

    fn put_tally(&mut self, tally: &Tally) -> Result<(), StoreError> {
        let sql = "INSERT INTO tally (ca, municipality, entries, sum, changed) \
                   VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (ca, municipality) DO UPDATE SET \
                   entries = excluded.entries, sum = excluded.sum, changed = excluded.changed";
        self.execute(
            sql,
            params![
                row::ca_number(tally.ca),
                partition_number(tally.partition),
                row::signed(tally.entries)?,
                tally.sum.to_bits().cast_signed(),
                row::signed(tally.changed)?,
            ],
        )
        .map(drop)
    }

    fn note_change(
        &mut self,
        ca: CaName,
        partition: Partition,
        entry: u64,
        serial: Serial,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO list_change (ca, municipality, entry, serial) \
                   VALUES (?1, ?2, ?3, ?4)";
        let (entry, serial) = (row::signed(entry)?, row::signed(serial.get())?);
        self.execute(sql, [row::ca_number(ca), partition_number(partition), entry, serial])
            .map(drop)
    }

    fn forget_changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        seen: u64,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM list_change WHERE ca = ?1 AND municipality = ?2 AND entry <= ?3";
        let values = [row::ca_number(ca), partition_number(partition), row::signed(seen)?];
        self.execute(sql, values).map(drop)
    }

    fn lists(&mut self) -> Result<Vec<ListRecord>, StoreError> {
        let sql = "SELECT ca, generation, municipality, number, publication, this_update, \
                   next_update, entries, sum, digest, size, seen FROM list \
                   ORDER BY ca, generation, municipality";
        self.all(sql, [], |row| {
            Ok(ListRecord {
                ca: row::ca(column(row, 0)?)?,
                generation: generation(row, 1)?,
                coverage: coverage(column(row, 2)?)?,
                number: row::unsigned(column(row, 3)?)?,
                publication: row::unsigned(column(row, 4)?)?,
                this_update: row::time(column(row, 5)?)?,
                next_update: row::time(column(row, 6)?)?,
                entries: row::unsigned(column(row, 7)?)?,
                sum: sum(row, 8)?,
                digest: column(row, 9)?,
                size: row::unsigned(column(row, 10)?)?,
                seen: row::unsigned(column(row, 11)?)?,
            })
        })
    }

    fn put_list(&mut self, list: &ListRecord, replaces: Option<u64>) -> Result<(), StoreError> {
        let ca = row::ca_number(list.ca);
        let (generation, coverage) = (list.generation.get(), coverage_number(list.coverage));
        let sql = "SELECT number FROM list \
                   WHERE ca = ?1 AND generation = ?2 AND municipality = ?3";
        let standing = self
            .first(sql, params![ca, generation, coverage], |row| row::unsigned(column(row, 0)?))?;
        if standing != replaces || standing.is_some_and(|standing| standing >= list.number) {
            return Err(StoreError::Changed);
        }
        let sql = "INSERT OR REPLACE INTO list (ca, generation, municipality, number, publication, \
                   this_update, next_update, entries, sum, digest, size, seen) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        self.execute(
            sql,
            params![
                ca,
                generation,
                coverage,
                row::signed(list.number)?,
                row::signed(list.publication)?,
                list.this_update.to_unix(),
                list.next_update.to_unix(),
                row::signed(list.entries)?,
                list.sum.to_bits().cast_signed(),
                list.digest,
                row::signed(list.size)?,
                row::signed(list.seen)?,
            ],
        )
        .map(drop)
    }

    fn reserve_number(&mut self, ca: CaName, coverage: Coverage) -> Result<u64, StoreError> {
        let values = [row::ca_number(ca), coverage_number(coverage)];
        let sql = "INSERT INTO list_number (ca, municipality, last) VALUES (?1, ?2, 1) \
                   ON CONFLICT (ca, municipality) DO UPDATE SET last = last + 1";
        self.execute(sql, values)?;
        let sql = "SELECT last FROM list_number WHERE ca = ?1 AND municipality = ?2";
        let last = self.first(sql, values, |row| row::unsigned(column(row, 0)?))?;
        last.ok_or(StoreError::Damaged("a list number is missing"))
    }

    fn unlist(&mut self, intent: Intent, publication: u64) -> Result<(), StoreError> {
        let sql = "UPDATE certificate SET unlisted = ?2 \
                   WHERE id = ?1 AND since IS NOT NULL AND unlisted IS NULL";
        match self.execute(sql, [intent.row(), row::signed(publication)?])? {
            1 => Ok(()),
            _ => Err(StoreError::Changed),
        }
    }

    fn date_back(&mut self, intent: Intent, invalidity: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE certificate SET invalidity = ?2 WHERE id = ?1";
        self.execute(sql, [intent.row(), invalidity.to_unix()]).map(drop)
    }

    fn published(&mut self, publication: u64) -> Result<Option<[u8; 32]>, StoreError> {
        let sql = "SELECT manifest FROM publication WHERE id = ?1";
        let found = self.first(sql, [row::signed(publication)?], |row| column(row, 0))?;
        Ok(found.flatten())
    }

    fn begin_publication(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let sql = "INSERT INTO publication (begun_at) VALUES (?1)";
        self.execute(sql, [at.to_unix()])?;
        row::unsigned(self.connection.last_insert_rowid())
    }

    fn commit_publication(
        &mut self,
        publication: u64,
        digest: [u8; 32],
        entry: u64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE publication SET manifest = ?2, entry = ?3 \
                   WHERE id = ?1 AND manifest IS NULL";
        let values = params![row::signed(publication)?, digest, row::signed(entry)?];
        match self.execute(sql, values)? {
            1 => Ok(()),
            _ => Err(StoreError::Changed),
        }
    }
}

/// A read transaction on a connection of its own: it sees what was committed when it began.
pub(super) struct SqliteView(Connection);

impl SqliteView {
    /// Begins one. SQLite fixes what a transaction sees with its first read.
    pub(super) fn begin(connection: Connection) -> Result<Self, StoreError> {
        connection.execute_batch("BEGIN").map_err(fault)?;
        let first = "SELECT count(*) FROM publication";
        connection.query_row(first, [], |row| row.get::<_, i64>(0)).map_err(fault)?;
        Ok(Self(connection))
    }
}

/// A query for what [`listed`] reads.
macro_rules! select_listed {
    ($rest:literal) => {
        concat!(
            "SELECT id, serial, since, reason, not_after, changed, invalidity FROM certificate ",
            $rest
        )
    };
}

impl SqliteView {
    fn each(
        &self,
        sql: &str,
        values: impl Params,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(values).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            each(listed(row)?)?;
        }
        Ok(())
    }
}

impl View for SqliteView {
    fn listed(
        &mut self,
        ca: CaName,
        partition: Partition,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // The columns of the index, which holds all that is asked.
        let sql = select_listed!(
            "INDEXED BY certificate_listed WHERE ca = ?1 AND municipality IS ?2 \
             AND since IS NOT NULL AND unlisted IS NULL ORDER BY serial"
        );
        self.each(sql, params![row::ca_number(ca), municipality(partition)], each)
    }

    fn revoked(
        &mut self,
        ca: CaName,
        at: Timestamp,
        each: &mut dyn FnMut(&RevokedRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // By the index of serials, so that nothing is sorted: memory does not grow.
        let sql = "SELECT c.serial, c.since, c.reason, c.invalidity, \
                   c.since IS NOT NULL AND c.unlisted IS NULL, g.compromised \
                   FROM certificate c INDEXED BY certificate_serial \
                   LEFT JOIN generation g ON g.ca = c.ca AND g.generation = c.generation \
                   WHERE c.ca = ?1 AND c.state <> 0 \
                   AND (c.since IS NOT NULL AND c.unlisted IS NULL \
                   OR g.compromised IS NOT NULL AND c.not_after >= ?2) ORDER BY c.serial";
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query([row::ca_number(ca), at.to_unix()]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let time = |at| column::<Option<i64>>(row, at)?.map(row::time).transpose();
            let recorded = time(1)?.map(|since| Ok::<_, StoreError>((since, reason(row, 2)?)));
            let recorded = recorded.transpose()?;
            let stands = match time(5)? {
                Some(compromised) => Some(under_compromise(recorded, compromised)),
                None => recorded,
            };
            let (since, reason) = stands.ok_or(StoreError::Damaged("an entry without a date"))?;
            let is_listed = column::<bool>(row, 4)?;
            each(&RevokedRow {
                serial: row::serial(column(row, 0)?)?,
                since,
                reason,
                invalidity: time(3)?,
                listed: recorded.filter(|_| is_listed),
            })?;
        }
        Ok(())
    }

    fn changes(
        &mut self,
        ca: CaName,
        partition: Partition,
        since: u64,
    ) -> Result<Vec<Serial>, StoreError> {
        let sql = "SELECT DISTINCT serial FROM list_change \
                   WHERE ca = ?1 AND municipality = ?2 AND entry > ?3 ORDER BY serial";
        let values = params![row::ca_number(ca), partition_number(partition), row::signed(since)?];
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(values).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            found.push(row::serial(column(row, 0)?)?);
        }
        Ok(found)
    }

    fn listed_one(&mut self, ca: CaName, serial: Serial) -> Result<Option<Listed>, StoreError> {
        let sql = select_listed!(
            "WHERE ca = ?1 AND serial = ?2 AND since IS NOT NULL AND unlisted IS NULL"
        );
        let mut found = None;
        let values = params![row::ca_number(ca), row::signed(serial.get())?];
        self.each(sql, values, &mut |listed| {
            found = Some(listed);
            Ok(())
        })?;
        Ok(found)
    }

    fn leaving(
        &mut self,
        ca: CaName,
        partition: Partition,
        before: Timestamp,
    ) -> Result<Vec<Listed>, StoreError> {
        // Looked up in the other index as well: to unlist them later is to change its pages too, and
        // to read those from the disk is for this thread of several, not for the transaction at the end.
        let sql = select_listed!(
            "INDEXED BY certificate_leaving WHERE ca = ?1 AND municipality IS ?2 \
             AND not_after < ?3 AND since IS NOT NULL AND unlisted IS NULL \
             AND EXISTS (SELECT 1 FROM certificate listed INDEXED BY certificate_listed \
                 WHERE listed.ca = ?1 AND listed.municipality IS ?2 \
                 AND listed.serial = certificate.serial \
                 AND listed.since IS NOT NULL AND listed.unlisted IS NULL)"
        );
        let mut found = Vec::new();
        let values = params![row::ca_number(ca), municipality(partition), before.to_unix()];
        self.each(sql, values, &mut |listed| {
            found.push(listed);
            Ok(())
        })?;
        found.sort_unstable_by_key(|listed| listed.serial);
        Ok(found)
    }

    fn state(&mut self, ca: CaName, serial: Serial) -> Result<Option<State>, StoreError> {
        let sql = select_certificate!(" FROM certificate c WHERE c.ca = ?1 AND c.serial = ?2");
        let mut statement = self.0.prepare_cached(sql).map_err(fault)?;
        let values = [row::ca_number(ca), row::signed(serial.get())?];
        let record = statement
            .query_row(values, |row| Ok(row::certificate(row)))
            .optional()
            .map_err(fault)?;
        Ok(record.transpose()?.map(|record| record.state))
    }
}

/// A certificate that lists name, out of a row of a `select_listed`.
fn listed(row: &Row<'_>) -> Result<Listed, StoreError> {
    Ok(Listed {
        intent: Intent::new(column(row, 0)?),
        serial: row::serial(column(row, 1)?)?,
        since: row::time(column(row, 2)?)?,
        reason: reason(row, 3)?,
        not_after: row::time(column(row, 4)?)?,
        changed: row::unsigned(column(row, 5)?)?,
        invalidity: column::<Option<i64>>(row, 6)?.map(row::time).transpose()?,
    })
}

/// Why a certificate is listed.
fn reason(row: &Row<'_>, index: usize) -> Result<Reason, StoreError> {
    match column::<Option<u8>>(row, index)? {
        // Held, or expired while it was.
        None => Ok(Reason::CertificateHold),
        Some(code) => Reason::from_code(code).map_err(|_| StoreError::Damaged("unknown reason")),
    }
}

/// The column of a certificate: the authority's own has none.
fn municipality(partition: Partition) -> Option<u32> {
    match partition {
        Partition::Authority => None,
        Partition::Municipality(municipality) => Some(municipality.number()),
    }
}

/// The authority's own list has no municipality.
fn partition_number(partition: Partition) -> i64 {
    match partition {
        Partition::Authority => 0,
        Partition::Municipality(municipality) => municipality.number().into(),
    }
}

fn partition(number: u32) -> Result<Partition, StoreError> {
    if number == 0 {
        return Ok(Partition::Authority);
    }
    Municipality::from_number(number)
        .map(Partition::Municipality)
        .ok_or(StoreError::Damaged("lists of an unknown municipality"))
}

/// Beside the partitions' numbers, one for the lists of everything.
fn coverage_number(coverage: Coverage) -> i64 {
    match coverage {
        Coverage::Partition(partition) => partition_number(partition),
        Coverage::Everything => EVERYTHING,
    }
}

fn coverage(number: i64) -> Result<Coverage, StoreError> {
    if number == EVERYTHING {
        return Ok(Coverage::Everything);
    }
    let number =
        number.try_into().map_err(|_| StoreError::Damaged("lists of an unknown municipality"))?;
    Ok(Coverage::Partition(partition(number)?))
}

const EVERYTHING: i64 = -1;

fn sum(row: &Row<'_>, index: usize) -> Result<Sum, StoreError> {
    Ok(Sum::from_bits(column::<i64>(row, index)?.cast_unsigned()))
}

fn generation(row: &Row<'_>, index: usize) -> Result<Generation, StoreError> {
    Generation::new(column(row, index)?).map_err(|_| StoreError::Damaged("unknown generation"))
}
