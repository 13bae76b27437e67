//! What is published at the moment: one version of the folder, read once.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::body::Bytes;
use serde::Serialize;

use crate::asn1::sha256;
use crate::authority::publish::MANIFEST;
use crate::authority::publish::MANIFEST_SIGNATURE;
use crate::authority::publish::PUBLICATION_CERTIFICATE;
use crate::authority::publish::Visible;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::crl::PublishedList;

use super::name::ListFile;

/// The folder, and the version of it that was read last.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    last: Mutex<Option<Arc<Edition>>>,
}

impl Shelf {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, last: Mutex::new(None) }
    }

    /// What is visible now; none when nothing was published yet.
    pub(super) fn edition(&self) -> Result<Option<Arc<Edition>>, String> {
        // A version may be cleared away between the look at the pointer and at what it points at: then
        // there is a newer one.
        match self.look() {
            Err(_) => self.look(),
            found => found,
        }
    }

    fn look(&self) -> Result<Option<Arc<Edition>>, String> {
        let Some(folder) = Visible::resolve(&self.folder).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let identity = Identity::of(&folder).map_err(|error| said(&folder, &error))?;
        // Held while a version is read: thousands who ask at once read it once.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(edition) = last.as_ref().filter(|edition| edition.identity == identity) {
            return Ok(Some(Arc::clone(edition)));
        }
        let edition = Arc::new(Edition::read(&folder, identity)?);
        *last = Some(Arc::clone(&edition));
        Ok(Some(edition))
    }
}

/// Which version it is: a number may come again, where a home was made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    folder: PathBuf,
    inode: u64,
    modified: (i64, i64),
}

impl Identity {
    fn of(folder: &Path) -> io::Result<Self> {
        let found = fs::metadata(folder.join(MANIFEST))?;
        let modified = (found.mtime(), found.mtime_nsec());
        Ok(Self { folder: folder.to_owned(), inode: found.ino(), modified })
    }
}

/// A version of the folder.
#[derive(Debug)]
pub(super) struct Edition {
    identity: Identity,
    /// When it was made.
    pub(super) published_at: Timestamp,
    lists: BTreeMap<String, Shelved>,
    /// The manifest, its signature, and the certificate of the key that made it.
    pub(super) manifest: Small,
    pub(super) signature: Small,
    pub(super) certificate: Small,
    /// What there is, for programs and for people.
    pub(super) index: Small,
    pub(super) index_text: Small,
}

/// A list of a version.
#[derive(Clone, Debug)]
pub(super) struct Shelved {
    pub(super) list: PublishedList,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
}

/// A file that is held in memory.
#[derive(Clone, Debug)]
pub(super) struct Small {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
}

impl Small {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let digest = sha256(&bytes);
        let hex: String = digest.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
        Self { bytes: Bytes::from(bytes), etag: format!("\"{hex}\"") }
    }
}

impl Edition {
    fn read(folder: &Path, identity: Identity) -> Result<Self, String> {
        let small = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map(Small::new).map_err(|error| said(&path, &error))
        };
        let (manifest, signature) = (small(MANIFEST)?, small(MANIFEST_SIGNATURE)?);
        let certificate = small(PUBLICATION_CERTIFICATE)?;
        let read = crate::crl::Manifest::read(&manifest.bytes)
            .map_err(|error| said(&folder.join(MANIFEST), &error))?;
        let instant = |text: &str| {
            text.parse::<Timestamp>().map_err(|error| said(&folder.join(MANIFEST), &error))
        };
        let mut lists = BTreeMap::new();
        for list in read.lists() {
            let shelved = Shelved {
                list: list.clone(),
                this_update: instant(&list.this_update)?,
                next_update: instant(&list.next_update)?,
            };
            lists.insert(list.file.clone(), shelved);
        }
        let (index, index_text) = indexes(&read, &lists);
        Ok(Self {
            identity,
            published_at: instant(read.published_at())?,
            lists,
            manifest,
            signature,
            certificate,
            index,
            index_text,
        })
    }

    /// A list, and the path of its file.
    pub(super) fn find(&self, name: &ListFile) -> Option<(&Shelved, PathBuf)> {
        let (file, shelved) = self.lists.get_key_value(&name.published())?;
        Some((shelved, self.identity.folder.join(file)))
    }

    /// The lists that complete the set: no deltas.
    pub(super) fn complete_lists(&self) -> impl Iterator<Item = &Shelved> {
        self.lists.values().filter(|shelved| shelved.list.base.is_none())
    }
}

/// What is wrong with a file.
fn said(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

/// The contents of a version, for programs and for people.
fn indexes(manifest: &crate::crl::Manifest, lists: &BTreeMap<String, Shelved>) -> (Small, Small) {
    let (publication, published_at) = (manifest.publication(), manifest.published_at());
    let mut rows = Vec::new();
    let mut counts: BTreeMap<(CaName, u16), (usize, u64)> = BTreeMap::new();
    for Shelved { list, .. } in lists.values() {
        let Some(name) = ListFile::of_published(&list.file) else { continue };
        let count = counts.entry((list.ca, list.generation)).or_default();
        *count = (count.0 + 1, count.1 + list.size);
        rows.push(RowJson {
            href: name.path(),
            ca: list.ca,
            generation: list.generation,
            partition: list.partition.to_string(),
            number: list.number,
            base: list.base,
            entries: list.entries,
            this_update: &list.this_update,
            next_update: &list.next_update,
        });
    }
    let mut text = format!("publication {publication} of {published_at}\n\n");
    for ((ca, generation), (lists, octets)) in counts {
        text.push_str(&format!(
            "/crl/{ca}/{generation}/CODE.crl   {lists} lists, {octets} octets\n\
             /ca/{ca}-{generation}.cer\n"
        ));
    }
    text.push_str("/crl/manifest.json, manifest.sig, publication.cer\n");
    let json = IndexJson { publication, published_at, manifest: "/crl/manifest.json", lists: rows };
    // Strings and numbers always become JSON.
    let json = serde_json::to_vec(&json).unwrap_or_default();
    (Small::new(json), Small::new(text.into_bytes()))
}

#[derive(Serialize)]
struct IndexJson<'a> {
    publication: u64,
    published_at: &'a str,
    manifest: &'static str,
    lists: Vec<RowJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    href: String,
    ca: CaName,
    generation: u16,
    partition: String,
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u64>,
    entries: u64,
    this_update: &'a str,
    next_update: &'a str,
}
