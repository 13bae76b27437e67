//! SQLite's index of its log, looked at from outside: whether anything was committed, in one read of
//! 96 octets and without a lock.
//!
//! In WAL mode a transaction is committed when the header of the index says how far the log goes
//! (<https://www.sqlite.org/walformat.html>, section 2): the index is a file beside the store,
//! `store.db-shm`, that all connections of all processes have mapped. The header counts the commits,
//! and holds the log's length and checksums. It stands there twice; whoever writes it writes both
//! before its commit returns.
//!
//! Nothing else is made of it here but this: while all of it is as it was, nothing was committed. For
//! everything else SQLite is asked.

use std::fs;
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::store::status::Mark;

use super::status::identity;

/// The index of a store that a connection of this process is open on.
///
/// The file is never closed. The locks that SQLite holds on it are the process's (POSIX.1,
/// `fcntl`): closing any descriptor of the file would give up those of all connections. One is left
/// behind when the store was replaced by another.
pub(super) struct Index(Arc<ManuallyDrop<File>>);

impl Index {
    /// That of the store at this path; none where there is none yet, or it cannot be read.
    pub(super) fn open(store: &Path) -> Option<Self> {
        // SQLite puts it beside the file itself, whatever led there.
        let mut path = fs::canonicalize(store).ok()?.into_os_string();
        path.push("-shm");
        File::open(path).ok().map(|file| Self(Arc::new(ManuallyDrop::new(file))))
    }

    /// What tells the present state of the store, which is this file at this path; none while
    /// somebody writes, and where the index is not as we know it.
    pub(super) fn mark(&self, path: &Path, file: (u64, u64)) -> Option<IndexMark> {
        let header = read(&self.0).filter(is_settled)?;
        Some(IndexMark { path: path.to_owned(), file, index: Arc::clone(&self.0), header })
    }
}

/// A state of the store.
#[derive(Clone)]
pub(super) struct IndexMark {
    path: PathBuf,
    file: (u64, u64),
    index: Arc<ManuallyDrop<File>>,
    header: Header,
}

impl Mark for IndexMark {
    fn holds(&self) -> bool {
        identity(&self.path).is_ok_and(|file| file == self.file)
            && read(&self.index).is_some_and(|header| header == self.header)
    }
}

/// Both copies of the header.
type Header = [u8; 2 * COPY];

fn read(index: &File) -> Option<Header> {
    let mut header = [0; 2 * COPY];
    index.read_exact_at(&mut header, 0).ok().map(|()| header)
}

/// Whether both copies say the same, in the one version that there is, and the header is in use.
fn is_settled(header: &Header) -> bool {
    let (first, second) = header.split_at(COPY);
    let version = first.first_chunk().copied().map(u32::from_ne_bytes);
    first == second && version == Some(VERSION) && first.get(IN_USE) == Some(&1)
}

/// Octets of a copy of the header.
const COPY: usize = 48;
/// What stands at its beginning, in the machine's order of octets.
const VERSION: u32 = 3_007_000;
/// Where it says that it was begun.
const IN_USE: usize = 12;

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn store(folder: &Path) -> (PathBuf, Connection) {
        let path = folder.join("store.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n);").unwrap();
        (path, connection)
    }

    fn mark(path: &Path) -> IndexMark {
        let index = Index::open(path).unwrap();
        index.mark(path, identity(path).unwrap()).unwrap()
    }

    #[test]
    fn every_commit_makes_another_mark_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let (path, writer) = store(folder.path());
        let reader = Connection::open(&path).unwrap();
        let count = || {
            let sql = "SELECT count(*) FROM t";
            reader.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        for round in 0..300_i64 {
            assert_eq!(count(), round);
            let mark = mark(&path);
            assert!(mark.holds());
            writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1); ROLLBACK").unwrap();
            assert!(mark.holds(), "undone");
            match round % 3 {
                0 => writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap(),
                1 => writer.execute_batch("PRAGMA wal_checkpoint(RESTART)").unwrap(),
                _ => {}
            }
            writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
            assert!(!mark.holds(), "round {round}");
        }
    }

    #[test]
    fn another_store_in_its_place_is_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let (path, writer) = store(folder.path());
        let mark = mark(&path);
        let away = folder.path().join("away.db");
        fs::rename(&path, &away).unwrap();
        assert!(!mark.holds(), "gone");
        fs::copy(&away, &path).unwrap();
        assert!(!mark.holds(), "a copy");
        fs::rename(&away, &path).unwrap();
        assert!(mark.holds(), "back");
        drop(writer);
    }

    #[test]
    fn a_header_that_is_being_written_is_no_mark() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _writer) = store(folder.path());
        let header = read(&Index::open(&path).unwrap().0).unwrap();
        assert!(is_settled(&header));
        for octet in 0..header.len() {
            let mut torn = header;
            torn[octet] ^= 1;
            assert!(!is_settled(&torn), "octet {octet}");
        }
    }

    #[test]
    fn nobody_loses_a_lock_for_our_having_looked() {
        let folder = tempfile::tempdir().unwrap();
        let (path, writer) = store(folder.path());
        writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
        drop((mark(&path), Index::open(&path)));
        // Locks are a process's: only another one sees whether they are still held.
        let script = format!(
            "import sqlite3\ntry:\n sqlite3.connect('{}', timeout=0, isolation_level=None)\
             .execute('BEGIN IMMEDIATE')\nexcept sqlite3.OperationalError as e: print(e)",
            path.display()
        );
        let python = std::process::Command::new("python3").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&python.stdout).trim(), "database is locked");
        writer.execute_batch("COMMIT").unwrap();
    }
}
