//! Keys in files.
//!
//! An authority's key has its place from the beginning: no generation before had it. Another key of a
//! service waits in `<service>.next.key.pem`, and takes the name of the one before when its
//! certificate is committed; killed between the two, whoever needs the key finds it in the second
//! place.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use rand_core::CryptoRngCore;
use rustix::fs::CWD;
use rustix::fs::RenameFlags;
use rustix::fs::renameat_with;

use crate::asn1::KeyAlgorithm;
use crate::asn1::PublicKey;
use crate::asn1::hex;
use crate::signer;
use crate::signer::KeyFileError;
use crate::signer::Passphrase;
use crate::signer::PrivateKey;
use crate::signer::Signer;
use crate::signer::SoftwareSigner;

use super::super::service::fault;
use super::super::sync_folder;
use super::HomeError;
use super::KeyPlace;
use super::Owner;
use super::private_folder;
use super::try_lock;

/// A folder of key files.
#[derive(Debug)]
pub(in super::super) struct Files {
    folder: PathBuf,
    passphrase: Option<Passphrase>,
    /// Whether these are the first keys; else new ones are closed as those that there are.
    founding: bool,
}

impl Files {
    pub(super) fn new(folder: &Path, passphrase: Option<&Passphrase>, founding: bool) -> Self {
        Self { folder: folder.to_owned(), passphrase: passphrase.cloned(), founding }
    }

    pub(super) fn lock(&self) -> Result<Option<fs::File>, HomeError> {
        try_lock(&self.folder)
    }

    /// Closes every key to another passphrase: all of them, or none when this is killed. How many there
    /// are. To be called under the lock.
    pub(super) fn close_to(
        &self,
        passphrase: &Passphrase,
        random: &mut impl CryptoRngCore,
    ) -> Result<usize, HomeError> {
        self.sweep()?;
        let mut copy = self.folder.clone().into_os_string();
        copy.push(format!("{COPY}{:016x}", random.next_u64()));
        let copy = PathBuf::from(copy);
        private_folder(&copy)?;
        let closed = self.copy_to(&copy, passphrase, random).and_then(|count| {
            let exchanged = renameat_with(CWD, &copy, CWD, &self.folder, RenameFlags::EXCHANGE);
            exchanged.map_err(|error| fault(&self.folder)(error.into()))?;
            Ok(count)
        });
        // What stands there now is not in use: the copy when something failed, else what was before.
        fs::remove_dir_all(&copy).map_err(fault(&copy))?;
        let count = closed?;
        match self.folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent)?,
            Some(_) | None => sync_folder(Path::new("."))?,
        }
        Ok(count)
    }

    fn copy_to(
        &self,
        copy: &Path,
        passphrase: &Passphrase,
        random: &mut impl CryptoRngCore,
    ) -> Result<usize, HomeError> {
        let count = self.each(|name, key| {
            Ok(signer::write_key_file(&copy.join(name), key, Some(passphrase), random)?)
        })?;
        sync_folder(copy)?;
        Ok(count)
    }

    /// Does something with every key, those that were laid aside included; how many there are.
    pub(super) fn each(
        &self,
        mut work: impl FnMut(&OsStr, &PrivateKey) -> Result<(), HomeError>,
    ) -> Result<usize, HomeError> {
        let mut count = 0;
        for entry in fs::read_dir(&self.folder).map_err(fault(&self.folder))? {
            let path = entry.map_err(fault(&self.folder))?.path();
            let Some(name) = path.file_name() else { continue };
            if path.extension().is_some_and(|ending| ending == "pem") {
                work(name, &signer::read_key_file(&path, self.passphrase.as_ref())?)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Removes copies of the keys that an interrupted run left beside them.
    fn sweep(&self) -> Result<(), HomeError> {
        let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name()) else {
            return Ok(());
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let prefix = format!("{}{COPY}", name.to_string_lossy());
        for entry in fs::read_dir(parent).map_err(fault(parent))? {
            let entry = entry.map_err(fault(parent))?;
            if entry.file_name().to_string_lossy().starts_with(&prefix) {
                fs::remove_dir_all(entry.path()).map_err(fault(&entry.path()))?;
            }
        }
        Ok(())
    }

    pub(super) fn place(&self, owner: Owner) -> KeyPlace {
        KeyPlace::File(self.current(owner))
    }

    fn current(&self, owner: Owner) -> PathBuf {
        self.folder.join(format!("{}.key.pem", owner.stem()))
    }

    fn waiting(&self, owner: Owner) -> PathBuf {
        self.folder.join(waiting_file(owner))
    }

    pub(super) fn certified(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<Option<Box<dyn Signer>>, HomeError> {
        let mut wrong = None;
        let mut places = vec![self.current(owner), self.waiting(owner)];
        places.dedup();
        for path in places {
            match self.read(&path) {
                Ok(Some(signer)) if is_certified(signer.public_key()) => {
                    return Ok(Some(Box::new(signer)));
                }
                Ok(None) => {}
                Ok(Some(_)) => {
                    wrong = wrong.or(Some(HomeError::OtherKey { place: KeyPlace::File(path) }));
                }
                // The other place may have it.
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        wrong.map_or(Ok(None), Err)
    }

    pub(super) fn has_waiting(&self, owner: Owner) -> Result<bool, HomeError> {
        let waiting = self.waiting(owner);
        waiting.try_exists().map_err(fault(&waiting))
    }

    pub(super) fn waits(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
    ) -> Result<bool, HomeError> {
        let key = self.read(&self.waiting(owner))?;
        Ok(key.is_some_and(|key| is_certified(key.public_key())))
    }

    pub(super) fn settle(
        &self,
        owner: Owner,
        is_certified: impl Fn(&PublicKey) -> bool,
        random: &mut impl CryptoRngCore,
    ) -> Result<Option<KeyPlace>, HomeError> {
        self.clear_unfinished(owner)?;
        let waiting = self.waiting(owner);
        if !self.has_waiting(owner)? {
            return Ok(None);
        }
        let waits = self.waits(owner, is_certified);
        if matches!(waits, Ok(true)) {
            self.adopt(owner)?;
            return Ok(None);
        }
        let mut aside = None;
        if owner.keeps() {
            // No key of an authority or of publication is ever destroyed.
            let name = format!("{}.unused-{:08x}.pem", owner.stem(), random.next_u32());
            let path = self.folder.join(name);
            fs::rename(&waiting, &path).map_err(fault(&waiting))?;
            aside = Some(KeyPlace::File(path));
        } else {
            waits?;
            fs::remove_file(&waiting).map_err(fault(&waiting))?;
        }
        sync_folder(&self.folder)?;
        Ok(aside)
    }

    pub(super) fn make(
        &self,
        owner: Owner,
        algorithm: KeyAlgorithm,
        random: &mut impl CryptoRngCore,
    ) -> Result<Box<dyn Signer>, HomeError> {
        self.sweep()?;
        let is_closed = self.founding || any_is_encrypted(&self.folder, |_| true)?;
        let passphrase = self.passphrase.as_ref().filter(|_| is_closed);
        let key = signer::generate(algorithm, random)?;
        let place = if self.founding { self.current(owner) } else { self.waiting(owner) };
        signer::write_key_file(&place, &key, passphrase, random)?;
        sync_folder(&self.folder)?;
        Ok(Box::new(SoftwareSigner::new(&key)?))
    }

    pub(super) fn adopt(&self, owner: Owner) -> Result<Option<KeyPlace>, HomeError> {
        let (current, waiting) = (self.current(owner), self.waiting(owner));
        if current == waiting {
            return Ok(None);
        }
        let mut aside = None;
        if owner.keeps()
            && let Some(before) = self.read(&current)?
        {
            let id = hex(&before.public_key().key_id());
            let path = self.folder.join(format!("{}.replaced-{id:.16}.pem", owner.stem()));
            match fs::hard_link(&current, &path) {
                // An earlier run was killed behind this line.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked.map_err(fault(&path))?,
            }
            sync_folder(&self.folder)?;
            aside = Some(KeyPlace::File(path));
        }
        fs::rename(&waiting, &current).map_err(fault(&waiting))?;
        sync_folder(&self.folder)?;
        Ok(aside)
    }

    /// The key in a file, if there is one.
    fn read(&self, path: &Path) -> Result<Option<SoftwareSigner>, HomeError> {
        match signer::read_key_file(path, self.passphrase.as_ref()) {
            Ok(key) => Ok(Some(SoftwareSigner::new(&key)?)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes what an interrupted run had not finished writing of a key.
    fn clear_unfinished(&self, owner: Owner) -> Result<(), HomeError> {
        let prefix = format!("{}.writing-", waiting_file(owner));
        for entry in fs::read_dir(&self.folder).map_err(fault(&self.folder))? {
            let path = entry.map_err(fault(&self.folder))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            if name.is_some_and(|name| name.starts_with(&prefix)) {
                fs::remove_file(&path).map_err(fault(&path))?;
            }
        }
        Ok(())
    }
}

/// The name of the file in which a key waits.
fn waiting_file(owner: Owner) -> String {
    let stem = owner.stem();
    match owner {
        Owner::Authority(..) => format!("{stem}.key.pem"),
        Owner::Service(_) => format!("{stem}.next.key.pem"),
    }
}

/// Whether a key file is not there, which may well be since it was listed or looked for.
fn is_missing(error: &KeyFileError) -> bool {
    matches!(error, KeyFileError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

/// Whether any of a folder's key files with such a name needs a passphrase.
pub(super) fn any_is_encrypted(
    folder: &Path,
    counts: impl Fn(&str) -> bool,
) -> Result<bool, HomeError> {
    for entry in fs::read_dir(folder).map_err(fault(folder))? {
        let path = entry.map_err(fault(folder))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if !name.ends_with(".key.pem") || !counts(&name) {
            continue;
        }
        match signer::is_encrypted(&path) {
            Ok(false) => {}
            // A key that has got its name since.
            Err(error) if is_missing(&error) => {}
            decided => return Ok(decided?),
        }
    }
    Ok(false)
}

/// Between a folder's name and the number of a copy of it.
const COPY: &str = ".closing-";
