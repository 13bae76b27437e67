//! The embedded back end: one SQLite file in WAL mode, synced at every commit.

mod feed;
mod index;
mod listing;
mod retention;
mod row;
mod status;
mod transaction;
mod upgrade;

use std::fmt;
use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;

use rand_core::OsRng;
use rand_core::RngCore as _;
use rusqlite::Connection;
use rusqlite::ErrorCode;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;

use super::StoreError;
use super::backend::Backend;
use super::backend::Transaction;
use super::listing::View;
use super::session::Session;
use super::status::Follow;
use super::url::Older;

use listing::SqliteView;
use status::SqliteFollow;
use transaction::SqliteTransaction;

/// Makes a new store file.
pub(super) fn create(path: &Path) -> Result<Box<dyn Backend>, StoreError> {
    // Creating it exclusively decides between two who try at once; SQLite then fills the empty file.
    // It holds personal data, so its owner alone reads it, and the files that SQLite puts beside it.
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(StoreError::Exists);
        }
        Err(error) => return Err(error.into()),
    }
    let connection = connect(path)?;
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {SCHEMA} \
             PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
        ))
        .map_err(fault)?;
    Ok(Box::new(Sqlite::new(connection, path)?))
}

/// Opens a store file.
pub(super) fn open(path: &Path, older: Older) -> Result<Box<dyn Backend>, StoreError> {
    if !path.try_exists()? {
        return Err(StoreError::Missing);
    }
    let connection = connect(path)?;
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fault);
    if pragma("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign);
    }
    let found = pragma("user_version")?;
    if found > VERSION {
        return Err(StoreError::Newer { found, known: VERSION });
    }
    if found < 1 {
        return Err(StoreError::Damaged("its schema was never finished"));
    }
    match older {
        _ if found == VERSION => {}
        Older::Upgraded => upgrade::upgrade(&connection)?,
        Older::Refused => return Err(StoreError::Older { found, known: VERSION }),
    }
    Ok(Box::new(Sqlite::new(connection, path)?))
}

/// One connection, taken in turns: SQLite has one writer anyway.
struct Sqlite {
    path: PathBuf,
    connection: Mutex<Connection>,
    session: SessionSlot,
}

impl Sqlite {
    fn new(connection: Connection, path: &Path) -> Result<Self, StoreError> {
        let mut folder = path.as_os_str().to_owned();
        folder.push("-sessions");
        let session = SessionSlot {
            folder: PathBuf::from(folder),
            number: (OsRng.next_u64() >> 1).cast_signed(),
            session: OnceLock::new(),
        };
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), session })
    }
}

impl Backend for Sqlite {
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        // A poisoned lock is a panic in another thread; its transaction was rolled back.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Box::new(SqliteTransaction::begin(connection, &self.session)?))
    }

    fn view(&self) -> Result<Box<dyn View>, StoreError> {
        Ok(Box::new(SqliteView::begin(connect(&self.path)?)?))
    }

    fn follow(&self) -> Result<Box<dyn Follow>, StoreError> {
        Ok(Box::new(SqliteFollow::open(&self.path)?))
    }

    fn rewrite(&self) -> Result<(), StoreError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.pragma_update(None, "user_version", VERSION).map_err(fault)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("session", &self.session.number).finish_non_exhaustive()
    }
}

/// The session of this store, begun with its first intent.
struct SessionSlot {
    folder: PathBuf,
    number: i64,
    session: OnceLock<Session>,
}

impl SessionSlot {
    fn number(&self) -> Result<i64, StoreError> {
        if let Some(session) = self.session.get() {
            return Ok(session.number());
        }
        // Only whoever holds the connection's lock comes here, so nobody else begins it meanwhile.
        let begun = Session::begin(&self.folder, self.number)?;
        Ok(self.session.get_or_init(|| begun).number())
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
    connection.busy_timeout(PATIENCE).map_err(fault)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Else a statement is planned anew whenever a parameter that meets a partial index changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(fault)?;
    // Four groups of a batch dirty the same pages: the log takes them in before the file does.
    connection
        .execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384; \
             PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(fault)?;
    Ok(connection)
}

/// What SQLite said, in our words.
fn fault(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::SystemIoFailure) => StoreError::Disk(Box::new(error)),
        Some(ErrorCode::NotADatabase) => StoreError::Foreign,
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged("SQLite finds it malformed"),
        _ => StoreError::Backend(Box::new(error)),
    }
}

const SCHEMA: &str = include_str!("schema.sql");
const VERSION: i64 = 3;
/// "JPKI" in ASCII: how `file` and we tell the store from other databases.
const APPLICATION_ID: i64 = 0x4a50_4b49;
/// How long a second process waits for the first one's transaction.
const PATIENCE: Duration = Duration::from_secs(30);
