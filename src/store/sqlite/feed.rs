//! SQL about the register, one statement per verb.

use rusqlite::Row;
use rusqlite::params;

use crate::asn1::PublicKey;
use crate::clock::Date;
use crate::clock::Timestamp;
use crate::credential::Reason;
use crate::law::revocation::Article;
use crate::register::Timer;
use crate::seal::Intent;
use crate::store::StoreError;
use crate::store::backend::Register;
use crate::store::feed::Arrival;
use crate::store::feed::Behind;
use crate::store::feed::CauseRow;
use crate::store::feed::Deferred;
use crate::store::feed::Due;
use crate::store::feed::EventKey;
use crate::store::feed::EventRow;
use crate::store::feed::EventState;
use crate::store::feed::ResidentRow;
use crate::store::feed::SourceRow;
use crate::store::feed::SourceStatus;
use crate::store::feed::Voucher;
use crate::store::record::CertificateRecord;

use super::row;
use super::row::column;
use super::transaction::SqliteTransaction;

impl Register for SqliteTransaction<'_> {
    fn resident(&mut self, person: &str) -> Result<Option<String>, StoreError> {
        self.first("SELECT body FROM resident WHERE person = ?1", [person], |row| column(row, 0))
    }

    fn put_resident(&mut self, resident: &ResidentRow<'_>) -> Result<(), StoreError> {
        let since = resident.since.to_unix();
        // A version that is merely completed (the card's end at the first issue) replaces itself.
        if resident.version > 1 {
            let sql = "INSERT INTO resident_version (person, version, body, event, since, until) \
                       SELECT person, version, body, event, since, ?2 FROM resident \
                       WHERE person = ?1 AND version < ?3";
            let version = row::signed(resident.version)?;
            self.execute(sql, params![resident.person, since, version])?;
        }
        let sql = "INSERT INTO resident (person, version, body, due, event, since) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (person) DO UPDATE SET \
                   version = excluded.version, body = excluded.body, due = excluded.due, \
                   event = excluded.event, since = excluded.since";
        let version = row::signed(resident.version)?;
        let due = resident.due.map(|due| due.to_string());
        let event = resident.event.map(|event| event.0);
        let values = params![resident.person, version, resident.body, due, event, since];
        self.execute(sql, values).map(drop)
    }

    fn residents_due(
        &mut self,
        day: Date,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body FROM resident WHERE due <= ?1 AND person > ?2 \
                   ORDER BY person LIMIT ?3";
        self.all(sql, params![day.to_string(), after, limit], |row| column(row, 0))
    }

    fn residents(&mut self, after: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT body FROM resident WHERE person > ?1 ORDER BY person LIMIT ?2";
        self.all(sql, params![after, limit], |row| column(row, 0))
    }

    fn source(&mut self, name: &str) -> Result<Option<SourceRow>, StoreError> {
        let sql = "SELECT s.name, s.next, s.public_key, (SELECT min(e.seq) FROM event e \
                   WHERE e.source = s.name AND e.seq >= s.next AND e.state = 0) \
                   FROM source s WHERE s.name = ?1";
        self.first(sql, [name], |row| {
            let key: Option<Vec<u8>> = column(row, 2)?;
            let key = key.map(|der| PublicKey::from_der(&der)).transpose();
            let waiting: Option<i64> = column(row, 3)?;
            Ok(SourceRow {
                name: column(row, 0)?,
                next: row::unsigned(column(row, 1)?)?,
                key: key.map_err(|_| StoreError::Damaged("a source's key"))?,
                waiting: waiting.map(row::unsigned).transpose()?,
            })
        })
    }

    fn put_source(&mut self, source: &SourceRow) -> Result<(), StoreError> {
        let sql = "INSERT INTO source (name, next, public_key) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (name) DO UPDATE SET next = excluded.next, \
                   public_key = excluded.public_key";
        let key = source.key.as_ref().map(PublicKey::as_der);
        self.execute(sql, params![source.name, row::signed(source.next)?, key]).map(drop)
    }

    fn source_statuses(&mut self) -> Result<Vec<SourceStatus>, StoreError> {
        let sql = "SELECT s.name, s.next, \
                   (SELECT count(*) FROM event e WHERE e.source = s.name AND e.state = 1), \
                   (SELECT count(*) FROM event e WHERE e.source = s.name AND e.state = 0), \
                   (SELECT count(*) FROM event e WHERE e.source = s.name AND e.state = 2), \
                   (SELECT min(received_at) FROM event e WHERE e.source = s.name AND e.state = 2) \
                   FROM (SELECT name, next FROM source UNION ALL SELECT DISTINCT source, 1 \
                   FROM event WHERE state >= 2 AND state = 2 \
                   AND source NOT IN (SELECT name FROM source)) s ORDER BY s.name";
        self.all(sql, [], |row| {
            let oldest: Option<i64> = column(row, 5)?;
            Ok(SourceStatus {
                name: column(row, 0)?,
                last: row::unsigned(column(row, 1)?)?.saturating_sub(1),
                applied: row::unsigned(column(row, 2)?)?,
                waiting: row::unsigned(column(row, 3)?)?,
                refused: row::unsigned(column(row, 4)?)?,
                oldest_refused: oldest.map(row::time).transpose()?,
            })
        })
    }

    fn event(&mut self, source: &str, id: &str) -> Result<Option<EventRow>, StoreError> {
        let sql = format!("SELECT {EVENT} FROM event e WHERE e.id = ?1 AND e.source = ?2");
        self.first(&sql, [id, source], |row| event(row, 0))
    }

    fn events_named(&mut self, id: &str) -> Result<Vec<EventRow>, StoreError> {
        let sql = format!("SELECT {EVENT} FROM event e WHERE e.id = ?1 ORDER BY e.row");
        self.all(&sql, [id], |row| event(row, 0))
    }

    fn event_numbered(
        &mut self,
        source: &str,
        sequence: u64,
    ) -> Result<Option<EventRow>, StoreError> {
        let sql = format!("SELECT {EVENT} FROM event e WHERE e.source = ?1 AND e.seq = ?2");
        self.first(&sql, params![source, row::signed(sequence)?], |row| event(row, 0))
    }

    fn first_waiting(&mut self, source: &str, from: u64) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT seq FROM event WHERE source = ?1 AND seq >= ?2 AND state = 0 \
                   ORDER BY seq LIMIT 1";
        self.first(sql, params![source, row::signed(from)?], |row| row::unsigned(column(row, 0)?))
    }

    fn insert_event(
        &mut self,
        arrival: &Arrival<'_>,
        state: EventState,
        findings: Option<&str>,
        at: Timestamp,
    ) -> Result<EventKey, StoreError> {
        let sql = "INSERT INTO event (source, seq, id, line, state, findings, resend_of, \
                   received_at, settled_at, recorded_at, vouched) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let settled = (state != EventState::Waiting).then_some(at.to_unix());
        self.execute(
            sql,
            params![
                arrival.source,
                arrival.sequence.map(row::signed).transpose()?,
                arrival.id,
                arrival.line,
                state_number(state),
                findings,
                arrival.resend_of.map(|key| key.0),
                at.to_unix(),
                settled,
                arrival.recorded_at.map(Timestamp::to_unix),
                voucher_number(arrival.vouched),
            ],
        )?;
        Ok(EventKey(self.connection.last_insert_rowid()))
    }

    fn settle_event(
        &mut self,
        key: EventKey,
        state: EventState,
        findings: Option<&str>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE event SET state = ?2, findings = coalesce(?3, findings), \
                   settled_at = ?4 WHERE row = ?1";
        self.execute(sql, params![key.0, state_number(state), findings, at.to_unix()]).map(drop)
    }

    fn dismiss_event(
        &mut self,
        key: EventKey,
        note: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE event SET state = 4, note = ?2, settled_at = ?3 WHERE row = ?1";
        self.execute(sql, params![key.0, note, at.to_unix()]).map(drop)
    }

    fn owe_reissue(&mut self, key: EventKey, owed: bool) -> Result<(), StoreError> {
        self.execute("UPDATE event SET reissue = ?2 WHERE row = ?1", params![key.0, owed]).map(drop)
    }

    fn rejected(
        &mut self,
        after: EventKey,
        all: bool,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let sql = format!(
            "SELECT {EVENT} FROM event e WHERE e.state >= 2 AND (?2 OR e.state = 2) AND e.row > ?1 \
             ORDER BY e.row LIMIT ?3"
        );
        self.all(&sql, params![after.0, all, limit], |row| event(row, 0))
    }

    fn waiting_below(&mut self, source: &str, next: u64) -> Result<Vec<EventRow>, StoreError> {
        let sql = format!(
            "SELECT {EVENT} FROM event e WHERE e.source = ?1 AND e.seq < ?2 AND e.state = 0 \
             ORDER BY e.seq"
        );
        self.all(&sql, params![source, row::signed(next)?], |row| event(row, 0))
    }

    fn changed_by(
        &mut self,
        event: EventKey,
    ) -> Result<Vec<(CertificateRecord, String)>, StoreError> {
        let sql = row::select_certificate!(
            ", k.change FROM cause k JOIN certificate c ON c.id = k.id WHERE k.event = ?1 ORDER BY c.id"
        );
        self.all(sql, [event.0], |row| Ok((row::certificate(row)?, column(row, row::BEHIND)?)))
    }

    fn put_cause(
        &mut self,
        intent: Intent,
        change: &str,
        article: &str,
        behind: Behind,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO cause (id, change, article, event, timer, due, at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                   ON CONFLICT (id) DO UPDATE SET change = excluded.change, \
                   article = excluded.article, event = excluded.event, timer = excluded.timer, \
                   due = excluded.due, at = excluded.at";
        let (event, timer, due) = behind_columns(behind);
        let values = params![intent.row(), change, article, event, timer, due, at.to_unix()];
        self.execute(sql, values).map(drop)
    }

    fn cause(&mut self, intent: Intent) -> Result<Option<CauseRow>, StoreError> {
        let sql = format!(
            "SELECT k.change, k.article, k.at, k.timer, k.due, c.request, c.changed, {EVENT} \
             FROM cause k JOIN certificate c ON c.id = k.id \
             LEFT JOIN event e ON e.row = k.event WHERE k.id = ?1"
        );
        self.first(&sql, [intent.row()], |row| {
            let known: Option<i64> = column(row, 7)?;
            Ok(CauseRow {
                change: column(row, 0)?,
                article: article(&column::<String>(row, 1)?)?,
                event: known.map(|_| event(row, 7)).transpose()?,
                timer: due(column(row, 3)?, column(row, 4)?)?,
                request: column(row, 5)?,
                entry: row::unsigned(column(row, 6)?)?,
                at: row::time(column(row, 2)?)?,
            })
        })
    }

    fn latencies(&mut self) -> Result<Vec<i64>, StoreError> {
        let sql = "SELECT max(0, k.at - e.recorded_at) FROM cause k JOIN event e ON e.row = k.event \
                   WHERE e.recorded_at IS NOT NULL AND k.timer IS NULL ORDER BY 1";
        self.all(sql, [], |row| column(row, 0))
    }

    fn defer(&mut self, deferred: &Deferred) -> Result<(), StoreError> {
        let sql = "INSERT INTO deferred (id, at, reason, change, article, event, timer, due) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (event, timer, due) = behind_columns(deferred.behind);
        self.execute(
            sql,
            params![
                deferred.intent.row(),
                deferred.at.to_unix(),
                deferred.reason.code(),
                deferred.change,
                deferred.article.to_string(),
                event,
                timer,
                due,
            ],
        )
        .map(drop)
    }

    fn take_deferred(&mut self, at: Timestamp, limit: u32) -> Result<Vec<Deferred>, StoreError> {
        let sql = "SELECT id, at, reason, change, article, event, row, timer, due FROM deferred \
                   WHERE at <= ?1 ORDER BY at, row LIMIT ?2";
        let found = self.all(sql, params![at.to_unix(), limit], |row| {
            let deferred = Deferred {
                intent: Intent::new(column(row, 0)?),
                at: row::time(column(row, 1)?)?,
                reason: Reason::from_code(column(row, 2)?)
                    .map_err(|_| StoreError::Damaged("unknown reason"))?,
                change: column(row, 3)?,
                article: article(&column::<String>(row, 4)?)?,
                behind: Behind {
                    event: column::<Option<i64>>(row, 5)?.map(EventKey),
                    timer: due(column(row, 7)?, column(row, 8)?)?,
                },
            };
            Ok((deferred, column::<i64>(row, 6)?))
        })?;
        let mut deferred = Vec::with_capacity(found.len());
        for (one, place) in found {
            self.execute("DELETE FROM deferred WHERE row = ?1", [place])?;
            deferred.push(one);
        }
        Ok(deferred)
    }
}

/// The columns that [`event`] reads, in its order.
const EVENT: &str = "e.row, e.source, e.seq, e.id, e.line, e.state, e.findings, e.received_at, \
                     e.settled_at, e.vouched, e.note, e.resend_of, e.reissue";

/// An event out of a row in which [`EVENT`] begins at `at`.
fn event(row: &Row<'_>, at: usize) -> Result<EventRow, StoreError> {
    let sequence: Option<i64> = column(row, at + 2)?;
    let settled: Option<i64> = column(row, at + 8)?;
    Ok(EventRow {
        key: EventKey(column(row, at)?),
        source: column(row, at + 1)?,
        sequence: sequence.map(row::unsigned).transpose()?,
        id: column(row, at + 3)?,
        line: column(row, at + 4)?,
        state: match column::<i64>(row, at + 5)? {
            0 => EventState::Waiting,
            1 => EventState::Applied,
            2 => EventState::Refused,
            3 => EventState::Resent,
            4 => EventState::Dismissed,
            _ => return Err(StoreError::Damaged("unknown state of an event")),
        },
        vouched: match column::<i64>(row, at + 9)? {
            0 => Voucher::Nobody,
            1 => Voucher::Source,
            2 => Voucher::Operator,
            _ => return Err(StoreError::Damaged("unknown voucher of an event")),
        },
        findings: column(row, at + 6)?,
        note: column(row, at + 10)?,
        resend_of: column::<Option<i64>>(row, at + 11)?.map(EventKey),
        reissue: column(row, at + 12)?,
        received_at: row::time(column(row, at + 7)?)?,
        settled_at: settled.map(row::time).transpose()?,
    })
}

fn state_number(state: EventState) -> i64 {
    match state {
        EventState::Waiting => 0,
        EventState::Applied => 1,
        EventState::Refused => 2,
        EventState::Resent => 3,
        EventState::Dismissed => 4,
    }
}

fn voucher_number(vouched: Voucher) -> i64 {
    match vouched {
        Voucher::Nobody => 0,
        Voucher::Source => 1,
        Voucher::Operator => 2,
    }
}

/// Event, timer and its day.
fn behind_columns(behind: Behind) -> (Option<i64>, Option<&'static str>, Option<String>) {
    (
        behind.event.map(|key| key.0),
        behind.timer.map(|due| due.timer.as_str()),
        behind.timer.map(|due| due.on.to_string()),
    )
}

/// A timer out of its two columns.
fn due(timer: Option<String>, on: Option<String>) -> Result<Option<Due>, StoreError> {
    let Some((timer, on)) = timer.zip(on) else { return Ok(None) };
    let timer = Timer::from_word(&timer).ok_or(StoreError::Damaged("unknown timer"))?;
    let on = on.parse().map_err(|_| StoreError::Damaged("the day of a timer"))?;
    Ok(Some(Due { timer, on }))
}

fn article(id: &str) -> Result<Article, StoreError> {
    Article::from_id(id).ok_or(StoreError::Damaged("unknown article"))
}
