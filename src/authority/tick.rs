//! What time does by itself: notified moves take place, cards end when nobody acts, revocations that
//! policy put off fall due.

use serde::Serialize;

use crate::clock::Date;
use crate::clock::Timestamp;
use crate::register::lapse;
use crate::store::Deferred;
use crate::store::State;
use crate::store::Tx;

use super::Authority;
use super::AuthorityError;
use super::ingest::Touched;

/// What a run of the timers did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Tick {
    /// Records that a timer changed.
    pub records: u64,
    /// Certificates that ended.
    pub certificates: Vec<Touched>,
    /// Revocations that had been put off and took effect.
    pub deferred: u64,
    /// Issue records, replaced versions and events' lines that were erased: their keeping period is
    /// over.
    pub erased: u64,
}

impl Authority {
    /// Lets time do its work up to now, in groups of one commit each.
    ///
    /// # Errors
    /// When the store fails; what was committed stays, and the rest can be done again.
    pub fn tick(&self) -> Result<Tick, AuthorityError> {
        let mut tick = Tick::default();
        let mut after = String::new();
        while self.store.tx(self.now(), |tx| self.tick_group(tx, &mut after, &mut tick))? {}
        Ok(tick)
    }

    /// What [`Authority::tick`] would do, without doing it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rehearse_tick(&self) -> Result<Tick, AuthorityError> {
        let mut tick = Tick::default();
        self.store.rehearse(self.now(), |tx| {
            let mut after = String::new();
            while self.tick_group(tx, &mut after, &mut tick)? {}
            Ok::<_, AuthorityError>(())
        })?;
        Ok(tick)
    }

    /// One group; whether there may be more.
    fn tick_group(
        &self,
        tx: &mut Tx<'_>,
        after: &mut String,
        tick: &mut Tick,
    ) -> Result<bool, AuthorityError> {
        let today = tx.at().japan_date();
        let due = tx.residents_due(today, after, GROUP)?;
        let deferred = tx.take_deferred(GROUP)?;
        let kept_since = kept_since(today, self.policy.retention_years);
        let erased = match kept_since {
            Some(since) => tx.erase_issue_records(since, GROUP)? + tx.erase_history(since)?,
            None => 0,
        };
        tick.erased += erased;
        let more = !due.is_empty() || !deferred.is_empty() || erased > 0;
        // First what was decided earlier.
        for one in deferred {
            tick.deferred += u64::from(end(tx, &one)?);
        }
        for mut record in due {
            record.person().as_str().clone_into(after);
            while let Some(step) = lapse(&record, today, &self.policy) {
                tick.certificates.extend(self.follow_time(tx, &step)?);
                tick.records += 1;
                record = step.record;
            }
        }
        Ok(more)
    }
}

/// What ended or was replaced before this instant need not be kept: issue records are kept for ten
/// years from the day after a certificate's end (Enforcement Order of Act 153 of 2002, in the older
/// text), and what the register replaced is kept as long.
fn kept_since(today: Date, years: u8) -> Option<Timestamp> {
    today.plus_months(-12 * i32::from(years)).ok().map(Date::start_of_day)
}

/// Ends a certificate whose revocation was put off, unless it has ended meanwhile.
fn end(tx: &mut Tx<'_>, deferred: &Deferred) -> Result<bool, AuthorityError> {
    let record = tx.at_intent(deferred.intent)?;
    if record.not_after < tx.at() {
        return Ok(false);
    }
    match record.state {
        State::Live => tx.revoke(&record, deferred.reason, tx.at())?,
        State::Held(since) => tx.revoke(&record, deferred.reason, since)?,
        State::Intended | State::Revoked(..) | State::Expired => return Ok(false),
    }
    tx.put_cause(record.intent, &deferred.change, deferred.article, deferred.behind)?;
    Ok(true)
}

/// Records and revocations per commit.
const GROUP: u32 = 256;
