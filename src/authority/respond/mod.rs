//! Answering what a certificate is worth now (失効情報の提供, OCSP): request octets in, answer octets
//! out.
//!
//! Whatever is said of a certificate stands committed in the store at the moment of asking (promises
//! 14, 15): before every answer, kept ones included, the store is asked whether it has moved on. Where
//! it cannot be read, what was known last is said for a while, with the time at which it was known;
//! then `tryLater`.
//!
//! Answers without a nonce are kept and given again while they are young and the certificate stands
//! as they say. A kept answer is never looked for after a revocation, but compared with it: there is
//! nothing to forget.

mod counts;
mod kept;
mod keys;

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use crate::asn1::sha256;
use crate::clock::Clock;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::lint;
use crate::ocsp::CertId;
use crate::ocsp::Edition;
use crate::ocsp::Refusal;
use crate::ocsp::Request;
use crate::ocsp::Statement;
use crate::ocsp::Status;
use crate::ocsp::TbsAnswer;
use crate::policy::Answering;
use crate::policy::Unissued;
use crate::profile::Realm;
use crate::seal::Cause;
use crate::seal::seal;
use crate::store::Delays;
use crate::store::Found;
use crate::store::Statuses;
use crate::store::Store;
use crate::store::StoreError;

use super::AuthorityError;

use counts::Tallied;
use kept::Kept;
use kept::KeptAnswers;
use keys::Delegated;
use keys::Keys;
use keys::Named;

pub use counts::Counts;
pub use kept::Aside;
pub use keys::ResponderKey;

/// Answers for both authorities, all generations, with the responders' keys alone.
///
/// Shared by reference between threads.
#[derive(Debug)]
pub struct Responder {
    store: Store,
    statuses: Statuses,
    clock: Box<dyn Clock>,
    standing: RwLock<Arc<Standing>>,
    kept: KeptAnswers,
    /// When the store last said that what is known here is what it holds, in seconds.
    sure: AtomicI64,
    tallied: Tallied,
}

/// What holds until it is taken up anew.
#[derive(Debug)]
struct Standing {
    /// How often something was taken up: what was kept under another number is not given.
    number: u64,
    settings: Settings,
    keys: Keys,
}

/// What answers go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Their times, and what is said of unused numbers.
    pub answering: Answering,
    /// For how many years after its end a certificate's record is kept: the archive cutoff (RFC 6960
    /// section 4.4.4) lies so far back.
    pub retention_years: u8,
}

/// A state of the services' certificates: keys that are read behind it are no older.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf(u64);

/// What a request got.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The complete response in DER.
    pub der: Arc<Vec<u8>>,
    /// What it came to.
    pub outcome: Outcome,
    /// How others may keep it; none where they may not.
    pub keep: Option<Keep>,
    /// Beside an answer that was kept: what was made of it the last time is made of it again.
    pub aside: Option<Arc<Aside>>,
}

/// What an answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Answered, and signed.
    Signed,
    /// Answered out of what was kept.
    Kept,
    /// Refused, with a bare status.
    Refused(Refusal),
}

/// What others who may keep an answer go by (RFC 5019 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keep {
    /// The SHA-256 of the response, which tells it from every other.
    pub digest: [u8; 32],
    /// When what it says was known.
    pub this_update: Timestamp,
    /// When it is over.
    pub next_update: Timestamp,
    /// For how many seconds from now on others may keep it.
    pub max_age: i64,
}

/// How an installation's answering stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What is wrong with the store, if it could not be read just now.
    pub store: Option<String>,
    /// Whether answers are given from memory, or no longer at all.
    pub is_stale: bool,
    /// The generations in force whose answers nobody can sign now.
    pub mute: Vec<(CaName, Generation)>,
    /// The end of the first responder's certificate to end.
    pub first_end: Option<Timestamp>,
    /// The last audit entry that answers rest on.
    pub seen: u64,
    /// How many numbers are known.
    pub numbers: u64,
}

impl Responder {
    /// Takes up an installation to answer about it: reads where every number stands, which takes a
    /// while where there are many.
    ///
    /// Nothing that a crash left is resolved here: a number that is merely intended is not known. The
    /// `keys` are read when everything else is known, so that none is missed that comes meanwhile.
    ///
    /// # Errors
    /// Those of `keys`; when the store fails or its authorities bear other names than the settings.
    pub fn open<E: From<AuthorityError>>(
        store: Store,
        clock: Box<dyn Clock>,
        realm: &Realm,
        settings: Settings,
        keys: impl FnOnce(&Store) -> Result<Vec<ResponderKey>, E>,
    ) -> Result<Self, E> {
        let statuses = store.statuses().map_err(AuthorityError::from)?;
        let now = clock.now();
        let as_of = AsOf(statuses.service_changes());
        let keys = Keys::take_up(&store, realm, now, as_of, keys(&store)?)?;
        Ok(Self {
            store,
            statuses,
            clock,
            standing: RwLock::new(Arc::new(Standing { number: 0, settings, keys })),
            kept: KeptAnswers::new(),
            sure: AtomicI64::new(now.to_unix()),
            tallied: Tallied::default(),
        })
    }

    /// The state of the services' certificates that is known: to be asked for before keys are read for
    /// [`Responder::take_up`].
    #[must_use]
    pub fn as_of(&self) -> AsOf {
        AsOf(self.statuses.service_changes())
    }

    /// Takes up the settings and the responders' keys anew, and the generations with them. What was
    /// kept is signed again, because a key may have been replaced for a reason. What changed behind
    /// `as_of` may be missing in the keys: then they are [wanted](Responder::wants_keys) again.
    ///
    /// # Errors
    /// As for [`Responder::open`]; everything before stays then.
    pub fn take_up(
        &self,
        realm: &Realm,
        settings: Settings,
        keys: Vec<ResponderKey>,
        as_of: AsOf,
    ) -> Result<(), AuthorityError> {
        let keys = Keys::take_up(&self.store, realm, self.clock.now(), as_of, keys)?;
        let mut standing = self.standing.write().unwrap_or_else(PoisonError::into_inner);
        *standing = Arc::new(Standing { number: standing.number + 1, settings, keys });
        drop(standing);
        self.kept.clear();
        Ok(())
    }

    /// Whether a certificate of a service was issued or revoked since the keys were read: then they are
    /// to be [taken up](Responder::take_up) again.
    #[must_use]
    pub fn wants_keys(&self) -> bool {
        self.are_outdated(&self.standing().keys)
    }

    fn are_outdated(&self, keys: &Keys) -> bool {
        keys.as_of != self.as_of()
    }

    /// Answers a request.
    ///
    /// Whatever goes wrong is an answer as well: each of the protocol's refusals, unsigned.
    #[must_use]
    pub fn respond(&self, request: &[u8]) -> Answered {
        let now = self.clock.now();
        let standing = self.standing();
        let answered = match self.known_at(now, standing.settings.answering) {
            Ok(known_at) => self.answer(request, &standing, now, known_at),
            // What is no request is told so whatever the store does.
            Err(refusal) => Err(Request::read(request).map_or_else(|fault| fault, |_| refusal)),
        };
        let answered = answered.unwrap_or_else(|refusal| Answered {
            der: Arc::new(refusal.to_der()),
            outcome: Outcome::Refused(refusal),
            keep: None,
            aside: None,
        });
        self.tallied.count(answered.outcome);
        answered
    }

    /// How it stands now. Looks at the store.
    #[must_use]
    pub fn health(&self) -> Health {
        let now = self.clock.now();
        let store = self.statuses.refresh(now).err().map(|error| error.to_string());
        if store.is_none() {
            self.note_sure(now);
        }
        let standing = self.standing();
        let in_force = standing.keys.issuers().filter(|named| named.issuer.is_in_force(now));
        let mute = in_force.clone().filter(|named| self.delegated(named, now).is_none());
        Health {
            is_stale: store.is_some(),
            store,
            mute: mute.map(|named| (named.id.ca(), named.id.generation())).collect(),
            first_end: in_force
                .filter_map(|named| Some(self.delegated(named, now)?.not_after))
                .min(),
            seen: self.statuses.seen(),
            numbers: self.statuses.count(),
        }
    }

    /// How many requests came to what, since the opening.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tallied.counts()
    }

    /// Takes what was noted since the last call of how long the register's events took.
    #[must_use]
    pub fn take_delays(&self) -> Delays {
        self.statuses.take_delays()
    }

    /// Records in the record of acts how many requests were answered since the last time, if any
    /// were: answers are counted there, not listed.
    ///
    /// # Errors
    /// Those of the store; they are counted the next time then.
    pub fn record_counts(&self) -> Result<(), AuthorityError> {
        let now = self.clock.now();
        self.tallied.hand_over(|since_last| {
            let (answered, refused) = (since_last.answered(), since_last.all_refused());
            self.store.tx(now, |tx| tx.answered(answered, refused)).map_err(AuthorityError::from)
        })
    }

    /// When what is known here was last known to be what the store holds: now, if it can be read.
    fn known_at(&self, now: Timestamp, answering: Answering) -> Result<Timestamp, Refusal> {
        let error = match self.statuses.refresh(now) {
            Ok(()) => {
                self.note_sure(now);
                return Ok(now);
            }
            Err(error) => error,
        };
        // Something else stands where the store stood: what is known is not of it.
        if matches!(*error, StoreError::WentBack | StoreError::Damaged(_) | StoreError::Foreign) {
            return Err(Refusal::TryLater);
        }
        let sure = self.sure.load(Ordering::SeqCst);
        let age = now.to_unix() - sure;
        if !(0..=answering.stale_seconds()).contains(&age) {
            return Err(Refusal::TryLater);
        }
        Timestamp::from_unix(sure).map_err(|_| Refusal::TryLater)
    }

    fn note_sure(&self, now: Timestamp) {
        // Once a second: what all processors write at once goes to and fro between them.
        if self.sure.load(Ordering::SeqCst) != now.to_unix() {
            self.sure.store(now.to_unix(), Ordering::SeqCst);
        }
    }

    fn answer(
        &self,
        request: &[u8],
        standing: &Standing,
        now: Timestamp,
        known_at: Timestamp,
    ) -> Result<Answered, Refusal> {
        let Standing { number, settings, keys } = standing;
        let outdated = self.are_outdated(keys);
        // The key that signed what was kept may be the one that is now reported as compromised.
        if !outdated
            && let Some(kept) = self.kept.find(request)
            && kept.standing == *number
            && self.still_holds(&kept, now, settings.answering.life_seconds())
        {
            let keep = keep_until(kept.keep, now, settings.answering);
            let der = Arc::clone(&kept.der);
            let aside = Some(Arc::clone(&kept.aside));
            return Ok(Answered { der, outcome: Outcome::Kept, keep: Some(keep), aside });
        }
        let asked = Request::read(request)?;
        let named = keys.asked(asked.asked()).ok_or(Refusal::Unauthorized)?;
        if !named.issuer.is_in_force(now) {
            return Err(Refusal::Unauthorized);
        }
        // A new key is about to be taken up, or nobody sees to it.
        let mute = if outdated { Refusal::TryLater } else { Refusal::InternalError };
        let delegated = self.delegated(named, now).ok_or(mute)?;
        let (tbs, der) = self.signed(&asked, named, delegated, *settings, now, known_at)?;
        if asked.nonce().is_some() {
            return Ok(Answered { der, outcome: Outcome::Signed, keep: None, aside: None });
        }
        let (this_update, next_update) = (tbs.this_update(), tbs.next_update());
        let keep = Keep { digest: sha256(&der), this_update, next_update, max_age: 0 };
        if let Some(kept) = Kept::of(*number, &tbs, &der, keep, |said| self.found(&tbs, said)) {
            self.kept.keep(request, kept);
        }
        let keep = Some(keep_until(keep, now, settings.answering));
        Ok(Answered { der, outcome: Outcome::Signed, keep, aside: None })
    }

    /// The key that answers for a generation. One that is reported as compromised signs nothing from
    /// then on, whether or not there is another yet.
    fn delegated<'a>(&self, named: &'a Named, now: Timestamp) -> Option<&'a Delegated> {
        named.delegated(now, |serial| self.statuses.is_itself_revoked(named.id.ca(), serial))
    }

    /// Writes, judges, records and seals an answer.
    fn signed(
        &self,
        asked: &Request,
        named: &Named,
        delegated: &Delegated,
        settings: Settings,
        now: Timestamp,
        known_at: Timestamp,
    ) -> Result<(TbsAnswer, Arc<Vec<u8>>), Refusal> {
        let life = settings.answering.life_seconds();
        let next_update = known_at.plus_seconds(life).min(delegated.not_after);
        let responder = lint::Responder {
            issuer: &named.id,
            issuer_not_after: named.issuer.not_after,
            key_id: delegated.key_id,
            not_before: delegated.not_before,
            not_after: delegated.not_after,
        };
        // Somebody may change the very certificate between the looking up and the recording.
        for _ in 0..TRIES {
            let statements: Vec<Statement> =
                asked.asked().iter().map(|id| self.statement(named, id, settings, now)).collect();
            let tbs = TbsAnswer::encode(&Edition {
                issuer: (named.id.ca(), named.id.generation()),
                responder: delegated.key_id,
                produced_at: now,
                this_update: known_at,
                next_update,
                nonce: asked.nonce(),
                statements: &statements,
            });
            let checked =
                lint::check_answer(tbs, &responder).map_err(|_| Refusal::InternalError)?;
            let recorded = match self.statuses.vouch(checked) {
                Ok(recorded) => recorded,
                Err(StoreError::Changed) => continue,
                Err(_) => return Err(Refusal::InternalError),
            };
            let sealed = seal(recorded, delegated.signer.as_ref());
            // A device that is away comes back; a key that is another one does not.
            let sealed = sealed.map_err(|error| match error.cause {
                Cause::Sign(error) if error.is_passing() => Refusal::TryLater,
                _ => Refusal::InternalError,
            })?;
            let der = Arc::new(sealed.to_der(&delegated.certificate));
            return Ok((sealed.into_inner(), der));
        }
        Err(Refusal::TryLater)
    }

    fn statement(
        &self,
        named: &Named,
        id: &CertId,
        settings: Settings,
        now: Timestamp,
    ) -> Statement {
        let (ca, generation) = (named.id.ca(), named.id.generation());
        let found = id.serial().map(|serial| self.statuses.find(ca, generation, serial));
        let status = match (found.map(|found| found.status), settings.answering.unissued) {
            (None | Some(Status::Unknown), Unissued::Revoked) => Status::NeverIssued,
            (None, Unissued::Unknown) => Status::Unknown,
            (Some(status), _) => status,
        };
        let has_ended = found.is_some_and(|found| found.has_ended(now));
        let years = i32::from(settings.retention_years);
        let cutoff = || now.japan_date().plus_months(-12 * years).map(Date::start_of_day).ok();
        let archive_cutoff = if has_ended { cutoff() } else { None };
        Statement { id: id.clone(), status, archive_cutoff }
    }

    /// How the certificate of a statement stands now.
    fn found(&self, tbs: &TbsAnswer, statement: &Statement) -> Option<Found> {
        let (ca, generation) = tbs.issuer();
        Some(self.statuses.find(ca, generation, statement.id.serial()?))
    }

    /// Whether a kept answer may be given now: it is young, and what it says is so.
    fn still_holds(&self, kept: &Kept, now: Timestamp, life_seconds: i64) -> bool {
        let age = now.to_unix() - kept.keep.this_update.to_unix();
        let young = (0..=life_seconds / 2).contains(&age);
        let found = self.statuses.find(kept.ca, kept.generation, kept.serial);
        young && now < kept.keep.next_update && found == kept.found && !kept.has_ended_since(now)
    }

    fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// For how long from now on others may keep an answer.
fn keep_until(keep: Keep, now: Timestamp, answering: Answering) -> Keep {
    let left = keep.next_update.to_unix() - now.to_unix();
    Keep { max_age: left.min(answering.cache_seconds()).max(0), ..keep }
}

/// How often an answer is written anew because what it says has changed meanwhile.
const TRIES: usize = 8;

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;
