//! SQL for those who follow the store: where numbers stand, and what has changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;

use crate::audit::About;
use crate::audit::Entry;
use crate::audit::Head;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Reason;
use crate::credential::Serial;
use crate::ocsp::Status;
use crate::store::StoreError;
use crate::store::status::Compromised;
use crate::store::status::Follow;
use crate::store::status::Mark;
use crate::store::status::News;
use crate::store::status::Stand;

use super::fault;
use super::index::Index;
use super::index::IndexMark;
use super::row;
use super::row::column;
use super::transaction::audit_head;
use super::transaction::compromised;

/// A connection that only reads, and the file that it is open on.
pub(super) struct SqliteFollow {
    path: PathBuf,
    connection: Connection,
    file: (u64, u64),
    index: Option<Index>,
    /// What the index said when it was last asked whether anything has changed.
    mark: Option<IndexMark>,
    /// SQLite's count of what others have committed, as it stood when that was last made use of.
    version: Option<i64>,
}

impl SqliteFollow {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let (file, connection) = (identity(path)?, connect(path)?);
        let (path, index, mark) = (path.to_owned(), None, None);
        Ok(Self { path, connection, file, index, mark, version: None })
    }

    /// Runs `body` in one state of the store.
    fn in_one_state<T>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connection.execute_batch("BEGIN").map_err(fault)?;
        let read = body(&self.connection);
        let ended = self.connection.execute_batch("COMMIT").map_err(fault);
        read.and_then(|read| ended.map(|()| read))
    }
}

impl Follow for SqliteFollow {
    fn has_changed(&mut self) -> Result<bool, StoreError> {
        self.mark = None;
        // A file that was put in the place of ours is not seen through the one that is open.
        let file = identity(&self.path)?;
        if file != self.file {
            self.connection = connect(&self.path)?;
            self.file = file;
            self.index = None;
            self.version = None;
        }
        if self.index.is_none() {
            // A connection has one from the first time on that it reads.
            self.index = Index::open(&self.path);
        }
        // Before SQLite is asked: what is committed in between makes another mark.
        self.mark = self.index.as_ref().and_then(|index| index.mark(&self.path, file));
        let mut statement = self.connection.prepare_cached("PRAGMA data_version").map_err(fault)?;
        let version = statement.query_row([], |row| row.get::<_, i64>(0)).map_err(fault)?;
        let changed = self.version != Some(version);
        drop(statement);
        self.version = Some(version);
        Ok(changed)
    }

    fn forget(&mut self) {
        self.version = None;
    }

    fn mark(&self) -> Option<Box<dyn Mark>> {
        let mark: Box<dyn Mark> = Box::new(self.mark.clone()?);
        Some(mark)
    }

    fn all(
        &mut self,
        each: &mut dyn FnMut(Stand) -> Result<(), StoreError>,
    ) -> Result<(Head, Compromised), StoreError> {
        self.in_one_state(|connection| {
            let head = audit_head(connection)?;
            let sql = "SELECT ca, serial, generation, state, since, reason, not_after, service \
                       FROM certificate";
            let mut statement = connection.prepare(sql).map_err(fault)?;
            let mut rows = statement.query([]).map_err(fault)?;
            while let Some(row) = rows.next().map_err(fault)? {
                each(stand(row)?)?;
            }
            Ok((head, compromised(connection)?))
        })
    }

    fn since(&mut self, seen: Head) -> Result<News, StoreError> {
        self.in_one_state(|connection| {
            if entry(connection, seen.number)? != Some(seen) {
                return Err(StoreError::WentBack);
            }
            let (mut named, mut published, mut is_of_generations) = (BTreeMap::new(), None, false);
            let sql = "SELECT entry, line, hash FROM audit WHERE entry > ?1 ORDER BY entry";
            let mut statement = connection.prepare_cached(sql).map_err(fault)?;
            let mut rows = statement.query([row::signed(seen.number)?]).map_err(fault)?;
            let mut last = seen;
            while let Some(row) = rows.next().map_err(fault)? {
                let (number, line) = (row::unsigned(column(row, 0)?)?, column(row, 1)?);
                let entry = Entry { number, line, hash: column(row, 2)? };
                if !entry.follows(last) {
                    return Err(StoreError::Damaged("the record of acts is broken"));
                }
                last = entry.head();
                match entry.about() {
                    Some(About::Certificate(of)) => {
                        named.insert((of.ca, of.serial), last.number);
                    }
                    Some(About::Publication(publication)) => published = Some(publication),
                    Some(About::Generation(..)) => is_of_generations = true,
                    None => {}
                }
            }
            let mut changed = Vec::with_capacity(named.len());
            for ((ca, serial), entry) in named {
                changed.push((entry, stand_of(connection, ca, serial)?));
            }
            let listed =
                published.map(|publication| listed(connection, publication)).transpose()?;
            let compromised = is_of_generations.then(|| compromised(connection)).transpose()?;
            Ok(News { head: last, changed, listed: listed.flatten(), compromised })
        })
    }
}

/// A connection that does not wait long: whoever follows has others who wait for it.
fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = super::connect(path)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    Ok(connection)
}

const PATIENCE: Duration = Duration::from_millis(200);

/// Which file it is, whatever it is called.
pub(super) fn identity(path: &Path) -> Result<(u64, u64), StoreError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok((metadata.dev(), metadata.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::Missing),
        Err(error) => Err(error.into()),
    }
}

/// An entry of the record by its number.
fn entry(connection: &Connection, number: u64) -> Result<Option<Head>, StoreError> {
    if number == 0 {
        return Ok(Some(Head::GENESIS));
    }
    let sql = "SELECT hash FROM audit WHERE entry = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let hash = statement
        .query_row([row::signed(number)?], |row| row.get::<_, [u8; 32]>(0))
        .optional()
        .map_err(fault)?;
    Ok(hash.map(|hash| Head { number, hash }))
}

/// The last entry that the lists of a publication show; none where it made none.
fn listed(connection: &Connection, publication: u64) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT max(seen) FROM list WHERE publication = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let seen: Option<i64> =
        statement.query_row([row::signed(publication)?], |row| row.get(0)).map_err(fault)?;
    seen.map(row::unsigned).transpose()
}

/// A number as it stands now, with the event behind it.
fn stand_of(connection: &Connection, ca: CaName, serial: Serial) -> Result<Stand, StoreError> {
    let sql = "SELECT c.ca, c.serial, c.generation, c.state, c.since, c.reason, c.not_after, \
               c.service, e.recorded_at FROM certificate c LEFT JOIN cause w ON w.id = c.id \
               LEFT JOIN event e ON e.row = w.event WHERE c.ca = ?1 AND c.serial = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let values = [row::ca_number(ca), row::signed(serial.get())?];
    let mut rows = statement.query(values).map_err(fault)?;
    let Some(row) = rows.next().map_err(fault)? else {
        return Ok(Stand { ca, serial, issued: None, is_service: false, told: None });
    };
    let told = column::<Option<i64>>(row, 8)?.map(row::time).transpose()?;
    let mut stand = stand(row)?;
    stand.told = told.filter(|_| matches!(stand.issued, Some((_, Status::Revoked { .. }, _))));
    Ok(stand)
}

/// Out of a row: authority, serial, generation, state, since, reason, end, service.
fn stand(row: &Row<'_>) -> Result<Stand, StoreError> {
    let since = column::<Option<i64>>(row, 4)?.map(row::time).transpose()?;
    let reason = column::<Option<u8>>(row, 5)?.map(Reason::from_code).transpose();
    let reason = reason.map_err(|_| StoreError::Damaged("unknown reason"))?;
    let status = match (column::<i64>(row, 3)?, since, reason) {
        (0, None, None) => Status::Unknown,
        (1 | 4, None, None) => Status::Good,
        // One that expired while it was held is not good for having expired.
        (2 | 4, Some(since), None) => Status::Revoked { since, reason: Reason::CertificateHold },
        (3, Some(since), Some(reason)) => Status::Revoked { since, reason },
        _ => return Err(StoreError::Damaged("unknown state")),
    };
    let generation =
        Generation::new(column(row, 2)?).map_err(|_| StoreError::Damaged("unknown generation"))?;
    let not_after: Timestamp = row::time(column(row, 6)?)?;
    Ok(Stand {
        ca: row::ca(column(row, 0)?)?,
        serial: row::serial(column(row, 1)?)?,
        issued: Some((generation, status, not_after)),
        is_service: column::<Option<i64>>(row, 7)?.is_some(),
        told: None,
    })
}
