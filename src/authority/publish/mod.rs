//! Publishing: every partition's revocation list, by municipality, from one state of the store.
//!
//! A run goes like this, and whatever it is killed in, the next one goes on from there:
//!
//! 1. One transaction reads what is due and reserves the numbers; views of that very state are
//!    opened before it commits (promises 11, 14).
//! 2. Threads make the lists out of the views: encode, lint, seal, write, read again, compare with the
//!    list that is replaced (promises 4, 10, 12). They stand in `versions/<n>.writing`, where nobody
//!    looks. Lists of an interrupted run that still say the right thing are taken over. One more
//!    thread syncs what is written, so that the disk works meanwhile, and one removes the oldest
//!    version.
//! 3. Lists that are not due are linked from the version before. All of them together must be
//!    everything to be listed (promise 10). A list of everything, where it is asked for, is made out
//!    of them.
//! 4. One transaction puts each list in the place of the one that it was compared with
//!    (compare-and-swap), lets go what has left the lists, and names the manifest.
//! 5. The manifest is signed, the folder gets its name, `current` is switched to it.

mod compromised;
mod contents;
mod fault;
mod folder;
mod full;
mod ledger;
mod plan;
mod set;
mod status;
mod work;

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use crate::asn1::sha256;
use crate::crl::Coverage;
use crate::crl::Manifest;
use crate::lint;
use crate::policy::ListTiming;
use crate::profile::Partition;
use crate::profile::ServiceKey;
use crate::seal::seal;
use crate::store::StoreError;
use crate::store::View;

use folder::Folder;
use ledger::Ledger;
use plan::Plan;
use set::Set;
use work::Job;
use work::Made;
use work::Workshop;

use super::Authority;
use super::AuthorityError;
use super::KeyGeneration;

pub use compromised::CompromisedList;
pub use fault::PublishError;
pub use folder::MANIFEST;
pub use folder::MANIFEST_SIGNATURE;
pub use folder::PUBLICATION_CERTIFICATE;
pub use folder::Visible;
pub use ledger::Due;
pub use status::ListStatus;
pub use status::Standing;

/// What to publish, and how.
#[derive(Clone, Debug)]
pub struct PublishOptions {
    /// How long lists live.
    pub timing: ListTiming,
    /// All lists, due or not.
    pub all: bool,
    /// This partition alone, due or not.
    pub partition: Option<Partition>,
    /// Beside each list that replaces one, a delta list that begins from that one. It is part of this
    /// publication only.
    pub delta: bool,
    /// One more list for each generation, of everything in all partitions. It is part of the
    /// publications that ask for it only, and not to be had with [`PublishOptions::partition`]. It is
    /// held in memory to be signed: some 40 octets for each certificate that is revoked or held.
    pub full: bool,
    /// In which encoding.
    pub format: ListFormat,
    /// How many lists are made at the same time. One more than there are cores is best: now and then
    /// one waits for the disk.
    pub threads: NonZeroUsize,
}

impl PublishOptions {
    /// What is due, in DER, on all cores.
    #[must_use]
    pub fn due(timing: ListTiming) -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = cores.saturating_add(1);
        Self {
            timing,
            all: false,
            partition: None,
            delta: false,
            full: false,
            format: ListFormat::Der,
            threads,
        }
    }
}

/// How lists are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListFormat {
    /// DER, in `.crl` files.
    #[default]
    Der,
    /// PEM, in `.crl.pem` files.
    Pem,
}

/// What a run published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The number of the publication; none when nothing was due, and in a dry run.
    pub publication: Option<u64>,
    /// Where its files are.
    pub folder: Option<PathBuf>,
    /// The lists that were made, or would be in a dry run: how many are due for which reason.
    pub made: BTreeMap<Due, usize>,
    /// How many delta lists were made beside them, or would be.
    pub deltas: usize,
    /// How many lists of an interrupted run were taken over; counted in `made` as well.
    pub taken_over: usize,
    /// How many lists stand unchanged.
    pub unchanged: usize,
    /// Entries of the partitions' lists of one generation each: everything that is revoked or held.
    pub entries: u64,
    /// How many certificates left the lists, because they stood in one past their end.
    pub left: usize,
    /// Octets of the lists that were made.
    pub octets: u64,
}

impl Authority {
    /// Publishes what is due into a folder, and makes it visible there.
    ///
    /// `progress` is told for how many of how many partitions lists are made, from any thread; full
    /// lists count as those of one more partition.
    ///
    /// # Errors
    /// When a generation's key is not here, no publication certificate is in force or it was renewed
    /// since the opening, a list would break a promise, or the disk, the key or the store fails. What
    /// is visible in the folder is then what was visible before.
    pub fn publish(
        &self,
        path: &Path,
        options: &PublishOptions,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Published, PublishError> {
        let at = self.now();
        // Asked before anything is done: at the end it would be too late.
        self.publication()?;
        let folder = Folder::open(path)?;
        self.finish(&folder)?;
        let visible = Visible::read(path)?;
        let leftovers = leftovers(&folder)?;
        // One more to look at what a full list says.
        let threads = options.threads.get().saturating_add(options.full.into());
        let (plan, permits, mut views) = self.store.publication(at, threads, |tx| {
            // A list of a generation that is not known here would be missing.
            self.check_generations(tx)?;
            self.check_service(tx, ServiceKey::Publication)?;
            let ledger = Ledger::read(tx)?;
            let mut plan = self.plan_lists(ledger, visible.as_ref(), at, options)?;
            if !plan.is_empty() {
                plan.publication = tx.begin_publication()?;
                for job in &mut plan.jobs {
                    let coverage = job.coverage();
                    for list in &mut job.lists {
                        list.number = tx.reserve_list(job.ca, list.generation, coverage)?;
                    }
                }
                for job in &mut plan.full {
                    for list in &mut job.lists {
                        let coverage = Coverage::Everything;
                        list.number = tx.reserve_list(job.ca, list.generation, coverage)?;
                    }
                }
            }
            Ok::<_, PublishError>(plan)
        })?;
        if plan.is_empty() {
            return Ok(plan.summary());
        }
        let staging = folder.stage(plan.publication)?;
        let workshop = Workshop {
            authority: self,
            at,
            timing: options.timing,
            format: options.format,
            permits: &permits,
            staging: &staging,
            visible: visible.as_ref(),
            leftovers: &leftovers,
            publication: plan.publication,
            seen: plan.ledger.seen,
        };
        let last_view = if options.full { views.pop() } else { None };
        std::thread::scope(|scope| {
            // Beside it all: the new version is about to take its place among those that stay.
            let pruned = scope.spawn(|| folder.prune(KEPT_VERSIONS - 1));
            let published =
                self.publish_planned(&folder, &workshop, &plan, views, last_view, progress)?;
            pruned.join().map_err(|_| PublishError::Internal("a thread stopped"))??;
            Ok(published)
        })
    }

    /// Makes the lists of a plan, and makes them visible.
    fn publish_planned(
        &self,
        folder: &Folder,
        workshop: &Workshop<'_>,
        plan: &Plan,
        views: Vec<View>,
        last_view: Option<View>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Published, PublishError> {
        let at = workshop.at;
        let all = plan.jobs.len() + plan.full.len();
        let made = std::thread::scope(|scope| {
            let (written, sizes) = mpsc::channel();
            let synced = scope.spawn(|| folder::sync_as_written(workshop.staging, sizes));
            let made = make_all(workshop, &plan.jobs, views, written, &|done| progress(done, all));
            let synced = synced.join().map_err(|_| PublishError::Internal("a thread stopped"))?;
            made.and_then(|made| synced.map(|()| made))
        })?;
        let unchanged = set::link_unchanged(plan, workshop.visible, workshop.staging)?;
        let mut full = Vec::new();
        if let Some(mut view) = last_view {
            for (job, done) in plan.full.iter().zip(plan.jobs.len() + 1..) {
                full.extend(workshop.make_full(job, plan, &made, &mut view)?);
                progress(done, all);
            }
        }
        let set = Set::complete(plan, unchanged, made, full, at)?;
        set.check(&plan.ledger, |ca| {
            self.generations.iter().any(|key| key.issuer.ca == ca && key.is_in_force(at))
        })?;
        folder::write(&workshop.staging.join(MANIFEST), &[set.manifest.as_bytes()])?;
        folder::sync_contents(workshop.staging)?;
        self.store.tx(at, |tx| {
            for made in &set.made {
                for (list, replaces) in &made.lists {
                    tx.put_list(list, *replaces).map_err(overtaken)?;
                }
                tx.unlist(made.ca, made.partition, &made.left, plan.publication)?;
                tx.forget_changes(made.ca, made.partition, plan.ledger.seen)?;
            }
            for full in &set.full {
                tx.put_list(&full.record, full.replaces).map_err(overtaken)?;
            }
            let digest = sha256(set.manifest.as_bytes());
            let lists = set.manifest.lists().len() as u64;
            tx.commit_publication(plan.publication, lists, digest)?;
            Ok::<_, PublishError>(())
        })?;
        self.reveal(folder, plan.publication, &set.manifest)?;
        for publication in folder.interrupted()? {
            folder.discard(publication)?;
        }
        Ok(Published {
            publication: Some(plan.publication),
            folder: Some(folder.version(plan.publication)),
            ..set.summary(plan)
        })
    }

    /// What [`Authority::publish`] would make, without making it.
    ///
    /// # Errors
    /// When a generation's key is not here, or the folder or the store cannot be read.
    pub fn rehearse_publish(
        &self,
        path: &Path,
        options: &PublishOptions,
    ) -> Result<Published, PublishError> {
        let at = self.now();
        let visible = Visible::read(path)?;
        let plan = self.store.rehearse(at, |tx| {
            self.check_generations(tx)?;
            let ledger = Ledger::read(tx)?;
            self.plan_lists(ledger, visible.as_ref(), at, options)
        })?;
        Ok(plan.summary())
    }

    /// Makes a committed publication visible.
    fn reveal(
        &self,
        folder: &Folder,
        publication: u64,
        manifest: &Manifest,
    ) -> Result<(), PublishError> {
        // The lists took their time: the key may have been replaced since.
        self.store.tx(self.now(), |tx| self.check_service(tx, ServiceKey::Publication))?;
        let checked = lint::check_manifest(manifest.clone())?;
        let recorded = self.store.published(self.now(), checked)?;
        let (certificate, signer) = self.publication()?;
        let sealed = seal(recorded, signer).map_err(AuthorityError::from)?;
        let staging = folder.staging(publication);
        folder::write(&staging.join(MANIFEST_SIGNATURE), &[sealed.signature()])?;
        folder::write(&staging.join(PUBLICATION_CERTIFICATE), &[certificate])?;
        folder.reveal(publication)
    }

    /// Makes visible what was committed before a crash.
    fn finish(&self, folder: &Folder) -> Result<(), PublishError> {
        for publication in folder.interrupted()? {
            let path = folder.staging(publication).join(MANIFEST);
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(folder::fault(&path)(error)),
            };
            let Ok(manifest) = Manifest::read(&bytes) else { continue };
            let digest = sha256(&bytes);
            let committed = self.store.tx(self.now(), |tx| tx.is_published(publication, digest))?;
            if committed && manifest.publication() == publication {
                self.reveal(folder, publication, &manifest)?;
            }
        }
        // Killed between the folder's name and the pointer.
        folder.point_at_newest()
    }
}

/// The place of a list was taken by another.
fn overtaken(error: StoreError) -> PublishError {
    match error {
        StoreError::Changed => PublishError::Overtaken,
        error => error.into(),
    }
}

/// The files that interrupted runs left, by name.
fn leftovers(folder: &Folder) -> Result<BTreeMap<String, PathBuf>, PublishError> {
    let mut found = BTreeMap::new();
    for publication in folder.interrupted()? {
        for path in folder::files(&folder.staging(publication))? {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                found.insert(name.to_owned(), path.clone());
            }
        }
    }
    Ok(found)
}

/// Makes all lists, a thread for every view; `written` is told the octets of each partition's.
fn make_all(
    workshop: &Workshop<'_>,
    jobs: &[Job],
    views: Vec<View>,
    written: mpsc::Sender<u64>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Made>, PublishError> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let made = Mutex::new(Vec::with_capacity(jobs.len()));
    let work = |mut view: View| -> Result<(), PublishError> {
        while !stop.load(Ordering::Relaxed)
            && let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed))
        {
            match workshop.make(job, &mut view) {
                Ok(one) => {
                    // Whether anybody syncs meanwhile or stopped at a fault, is heard later.
                    let _unheard = written.send(one.octets());
                    made.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            views.into_iter().map(|view| scope.spawn(move || work(view))).collect();
        let stopped = |_| PublishError::Internal("a thread stopped");
        threads.into_iter().try_for_each(|thread| thread.join().map_err(stopped)?)
    })?;
    drop(written);
    Ok(made.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Versions that stay beside the newest, for whoever is still reading them.
const KEPT_VERSIONS: usize = 3;
