//! Which process an intent belongs to: a file that its process keeps locked while it lives.
//!
//! A lock ends with its process, however that ends; a process number could be somebody else's by
//! now. So an intent whose session file can be locked, or is gone, is nobody's.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// The session of one open store.
#[derive(Debug)]
pub(super) struct Session {
    number: i64,
    path: PathBuf,
    /// Held locked; the lock ends when the file is closed.
    _file: fs::File,
}

impl Session {
    /// Begins session `number` in `folder`.
    pub(super) fn begin(folder: &Path, number: i64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = file(folder, number);
        let lock = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        lock.lock()?;
        Ok(Self { number, path, _file: lock })
    }

    /// Its number, as intents carry it.
    pub(super) fn number(&self) -> i64 {
        self.number
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A file left behind is harmless: it can be locked, so its session counts as ended.
        let _removed = fs::remove_file(&self.path);
    }
}

/// Whether the process of a session is alive.
pub(super) fn alive(folder: &Path, number: i64) -> io::Result<bool> {
    let path = file(folder, number);
    let lock = match fs::OpenOptions::new().write(true).open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => {
            fs::remove_file(&path)?;
            Ok(false)
        }
        Err(fs::TryLockError::WouldBlock) => Ok(true),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

fn file(folder: &Path, number: i64) -> PathBuf {
    folder.join(format!("{number}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_lives_as_long_as_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::begin(folder.path(), 7).unwrap();
        assert_eq!(session.number(), 7);
        assert!(alive(folder.path(), 7).unwrap());
        drop(session);
        assert!(!alive(folder.path(), 7).unwrap());
        fs::write(file(folder.path(), 8), "").unwrap();
        assert!(!alive(folder.path(), 8).unwrap(), "left behind by a killed process");
    }
}
