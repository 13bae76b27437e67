//! The folder in which lists are published.
//!
//! ```text
//! current                     points at the newest version
//! versions/<n>/               everything that publication n consists of
//!     <ca>-<generation>-<partition>.crl
//!     <ca>-<generation>-<partition>.delta.crl, <ca>-<generation>-full.crl, where asked for
//!     manifest.json, manifest.sig, publication.cer
//! versions/<n>.writing/       a publication under way, or one that was interrupted
//! .lock                       kept locked by whoever publishes
//! ```
//!
//! A version is complete before `current` points at it, and never changes. Lists that stand
//! unchanged are links to the same file.

use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use crate::crl::Manifest;

use super::PublishError;

/// The folder, locked against others who publish.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: fs::File,
}

impl Folder {
    /// Opens the folder, makes it where there is none, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, PublishError> {
        let versions = path.join(VERSIONS);
        fs::create_dir_all(&versions).map_err(fault(&versions))?;
        let file = path.join(LOCK);
        let lock = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(fault(&file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(fs::TryLockError::WouldBlock) => Err(PublishError::UnderWay),
            Err(fs::TryLockError::Error(error)) => Err(fault(&file)(error)),
        }
    }

    /// The complete version with this number.
    pub(super) fn version(&self, publication: u64) -> PathBuf {
        self.path.join(VERSIONS).join(publication.to_string())
    }

    /// Where the publication with this number is put together.
    pub(super) fn staging(&self, publication: u64) -> PathBuf {
        self.path.join(VERSIONS).join(format!("{publication}{WRITING}"))
    }

    /// Makes the folder in which a publication is put together.
    pub(super) fn stage(&self, publication: u64) -> Result<PathBuf, PublishError> {
        let staging = self.staging(publication);
        fs::create_dir_all(&staging).map_err(fault(&staging))?;
        Ok(staging)
    }

    /// The numbers of the publications that were interrupted, oldest first.
    pub(super) fn interrupted(&self) -> Result<Vec<u64>, PublishError> {
        self.numbers(WRITING)
    }

    /// Makes a publication visible: its folder gets its name, and `current` points at it.
    pub(super) fn reveal(&self, publication: u64) -> Result<(), PublishError> {
        let (staging, version) = (self.staging(publication), self.version(publication));
        sync_contents(&staging)?;
        fs::rename(&staging, &version).map_err(fault(&version))?;
        sync_folder(&self.path.join(VERSIONS))?;
        self.point_at(publication)
    }

    /// Makes `current` point at a complete version.
    pub(super) fn point_at(&self, publication: u64) -> Result<(), PublishError> {
        let pointer = self.path.join(CURRENT);
        let fresh = self.path.join(format!("{CURRENT}{WRITING}"));
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(fault(&fresh)(error));
            }
            _ => {}
        }
        let target = Path::new(VERSIONS).join(publication.to_string());
        symlink(target, &fresh).map_err(fault(&fresh))?;
        fs::rename(&fresh, &pointer).map_err(fault(&pointer))?;
        sync_folder(&self.path)
    }

    /// Makes `current` point at the newest complete version, where it does not.
    pub(super) fn point_at_newest(&self) -> Result<(), PublishError> {
        let Some(newest) = self.numbers("")?.pop() else { return Ok(()) };
        let current = fs::read_link(self.path.join(CURRENT)).ok();
        if current.as_deref().and_then(Path::file_name) == self.version(newest).file_name() {
            return Ok(());
        }
        self.point_at(newest)
    }

    /// Removes a publication that was given up.
    pub(super) fn discard(&self, publication: u64) -> Result<(), PublishError> {
        let staging = self.staging(publication);
        fs::remove_dir_all(&staging).map_err(fault(&staging))
    }

    /// Removes all complete versions but the newest `keep` and the one that `current` points at.
    pub(super) fn prune(&self, keep: usize) -> Result<(), PublishError> {
        let versions = self.numbers("")?;
        let current = fs::read_link(self.path.join(CURRENT)).ok();
        let old = versions.len().saturating_sub(keep);
        for publication in versions.into_iter().take(old) {
            let version = self.version(publication);
            let is_current = current.as_deref().and_then(Path::file_name) == version.file_name();
            if !is_current {
                fs::remove_dir_all(&version).map_err(fault(&version))?;
            }
        }
        Ok(())
    }

    /// The numbers that, with this ending, name folders of versions.
    fn numbers(&self, ending: &str) -> Result<Vec<u64>, PublishError> {
        let versions = self.path.join(VERSIONS);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&versions).map_err(fault(&versions))? {
            let name = entry.map_err(fault(&versions))?.file_name();
            let found =
                name.to_str().and_then(|name| name.strip_suffix(ending)?.parse::<u64>().ok());
            numbers.extend(found);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Closing would do, but for a process that another thread is just starting: it inherits the
        // lock until it has become its program. When this fails, the lock goes with the process.
        let _unlocked = self.lock.unlock();
    }
}

/// What is visible in a folder of published lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Visible {
    /// Where its files are.
    pub folder: PathBuf,
    /// What they are.
    pub manifest: Manifest,
}

impl Visible {
    /// The folder of the version that `current` points at; none when nothing was published here.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn resolve(path: &Path) -> Result<Option<PathBuf>, PublishError> {
        let pointer = path.join(CURRENT);
        match fs::read_link(&pointer) {
            Ok(target) => Ok(Some(path.join(target))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(&pointer)(error)),
        }
    }

    /// The version that `current` points at; none when nothing was published here.
    ///
    /// # Errors
    /// When the folder cannot be read, or its manifest is none.
    pub fn read(path: &Path) -> Result<Option<Self>, PublishError> {
        // Resolved once, so that a switch in between does not mix two versions.
        let Some(folder) = Self::resolve(path)? else { return Ok(None) };
        let file = folder.join(MANIFEST);
        let bytes = fs::read(&file).map_err(fault(&file))?;
        let manifest = Manifest::read(&bytes)
            .map_err(|source| PublishError::Manifest { path: file, source })?;
        Ok(Some(Self { folder, manifest }))
    }
}

/// Writes a file out of several parts; nothing of it is durable before [`sync_contents`].
pub(super) fn write(path: &Path, parts: &[&[u8]]) -> Result<(), PublishError> {
    fs::File::create(path)
        .and_then(|mut file| parts.iter().try_for_each(|part| file.write_all(part)))
        .map_err(fault(path))
}

/// Makes every file in a folder durable, with their names.
///
/// Thousands of files: one `syncfs` where there is one, which since Linux 5.8 reports what could not
/// be written.
pub(super) fn sync_contents(folder: &Path) -> Result<(), PublishError> {
    #[cfg(target_os = "linux")]
    {
        let opened = fs::File::open(folder).map_err(fault(folder))?;
        rustix::fs::syncfs(opened).map_err(|error| fault(folder)(error.into()))
    }
    #[cfg(not(target_os = "linux"))]
    {
        for path in files(folder)? {
            fs::File::open(&path).and_then(|file| file.sync_all()).map_err(fault(&path))?;
        }
        sync_folder(folder)
    }
}

/// Makes files of a folder durable while they are written, told their sizes: whenever there is some
/// work for the disk, which would stand idle else and be waited for at the end. That is when
/// [`sync_contents`] has the last word; this ends when no more sizes come.
pub(super) fn sync_as_written(
    folder: &Path,
    sizes: impl IntoIterator<Item = u64>,
) -> Result<(), PublishError> {
    let mut dirty = 0;
    for size in sizes {
        dirty += size;
        // File by file it is dearer than what it saves.
        if cfg!(target_os = "linux") && dirty >= PORTION {
            sync_contents(folder)?;
            dirty = 0;
        }
    }
    Ok(())
}

/// Puts a file that stands unchanged into another folder: as a link where the disk has links.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), PublishError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => {
            let bytes = fs::read(from).map_err(fault(from))?;
            write(to, &[&bytes])
        }
    }
}

/// Makes what was created or renamed in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), PublishError> {
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault(folder))
}

/// What the file system said about a path.
pub(super) fn fault(path: &Path) -> impl Fn(io::Error) -> PublishError + use<> {
    let path = path.to_owned();
    move |source| PublishError::Io { path: path.clone(), source }
}

/// The files of a folder, by name.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, PublishError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault(folder))? {
        let path = entry.map_err(fault(folder))?.path();
        files.push(path);
    }
    files.sort();
    Ok(files)
}

/// The name of the manifest in a version.
pub const MANIFEST: &str = "manifest.json";
/// The name of the manifest's signature.
pub const MANIFEST_SIGNATURE: &str = "manifest.sig";
/// The name of the certificate of the key that signed the manifest.
pub const PUBLICATION_CERTIFICATE: &str = "publication.cer";
/// Octets after which the disk is set to work: for some tenths of a second.
const PORTION: u64 = 64 << 20;
const VERSIONS: &str = "versions";
const CURRENT: &str = "current";
const LOCK: &str = ".lock";
const WRITING: &str = ".writing";
