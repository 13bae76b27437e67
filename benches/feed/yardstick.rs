//! The yardstick: the rows that the feed wrote, read back and written once more into a copy of the
//! store by prepared statements, and nothing around them.

use std::collections::BTreeSet;
use std::path::Path;

use jpki_ca::authority::EventOutcome;
use jpki_ca::authority::Fate;
use jpki_ca::credential::CaName;
use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::Params;
use rusqlite::params;
use rusqlite::params_from_iter;
use rusqlite::types::Value;

/// Rows of the same group, table by table, in the order of [`INTO_COPY`].
pub(crate) struct Written([Vec<Vec<Value>>; 7]);

impl Written {
    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

/// What changes a copy of the store as the feed changed the store.
const INTO_COPY: [&str; 7] = [
    "INSERT INTO event (row, source, seq, id, line, state, findings, resend_of, received_at, \
     settled_at, recorded_at, vouched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    "INSERT INTO resident_version (person, version, body, event, since, until) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    "UPDATE resident SET version = ?2, body = ?3, due = ?4, event = ?5, since = ?6 \
     WHERE person = ?1",
    "INSERT INTO audit (entry, line, hash) VALUES (?1, ?2, ?3)",
    "UPDATE certificate SET state = ?16, since = ?18, reason = ?19, changed = ?20 WHERE id = ?1",
    "INSERT INTO cause (id, change, article, event, timer, due, at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    "INSERT INTO source (name, next, public_key) VALUES (?1, ?2, ?3) \
     ON CONFLICT (name) DO UPDATE SET next = excluded.next",
];

/// What puts the same rows into tables that were empty before the first group.
const INTO_EMPTY: [&str; 7] = [
    INTO_COPY[0],
    INTO_COPY[1],
    "INSERT OR REPLACE INTO resident (person, version, body, due, event, since) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    "INSERT OR REPLACE INTO audit (entry, line, hash) VALUES (?1, ?2, ?3)",
    "INSERT OR REPLACE INTO certificate (id, ca, serial, generation, carrier, municipality, person, \
     request, key_hash, tbs_hash, not_before, not_after, clause, entry, session, state, issued_at, \
     since, reason, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
     ?15, ?16, ?17, ?18, ?19, ?20)",
    INTO_COPY[5],
    INTO_COPY[6],
];

/// A look into the store from outside.
pub(crate) struct Journal {
    connection: Connection,
    event: i64,
    entry: i64,
}

impl Journal {
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let entry =
            connection.query_row("SELECT max(entry) FROM audit", [], |row| row.get::<_, i64>(0))?;
        Ok(Self { connection, event: 0, entry })
    }

    /// The rows that came of these outcomes, the last group's.
    pub(crate) fn since_last(&mut self, outcomes: &[EventOutcome]) -> rusqlite::Result<Written> {
        let events = self.rows(
            "SELECT row, source, seq, id, line, state, findings, resend_of, received_at, \
             settled_at, recorded_at, vouched FROM event WHERE row > ?1 ORDER BY row",
            [self.event],
        )?;
        let audit = self.rows(
            "SELECT entry, line, hash FROM audit WHERE entry > ?1 ORDER BY entry",
            [self.entry],
        )?;
        let (mut residents, mut versions) = (Vec::new(), Vec::new());
        let (mut certificates, mut causes) = (Vec::new(), Vec::new());
        let mut sources = BTreeSet::new();
        for outcome in outcomes {
            sources.insert(&outcome.source);
            let Fate::Applied { person, certificates: touched, .. } = &outcome.fate else {
                continue;
            };
            // The version that the event made, wherever it stands now, and the one before it.
            residents.extend(self.rows(
                "SELECT r.person, r.version, r.body, r.due, r.event, r.since FROM resident r \
                 JOIN event e ON e.row = r.event WHERE r.person = ?1 AND e.id = ?2 \
                 UNION ALL SELECT v.person, v.version, v.body, NULL, v.event, v.since \
                 FROM resident_version v JOIN event e ON e.row = v.event \
                 WHERE v.person = ?1 AND e.id = ?2",
                [person, &outcome.id],
            )?);
            if let Some(version) = residents.last().and_then(|row| row.get(1)) {
                versions.extend(self.rows(
                    "SELECT person, version, body, event, since, until FROM resident_version \
                     WHERE person = ?1 AND version < ?2 ORDER BY version DESC LIMIT 1",
                    params![person, version],
                )?);
            }
            for one in touched {
                let ca = i64::from(one.ca == CaName::UserAuthentication);
                let serial: i64 = one.serial.parse().unwrap_or_default();
                certificates.extend(self.rows(
                    "SELECT id, ca, serial, generation, carrier, municipality, person, request, \
                     key_hash, tbs_hash, not_before, not_after, clause, entry, session, state, \
                     issued_at, since, reason, changed FROM certificate \
                     WHERE ca = ?1 AND serial = ?2",
                    [ca, serial],
                )?);
                causes.extend(self.rows(
                    "SELECT k.id, k.change, k.article, k.event, k.timer, k.due, k.at FROM cause k \
                     JOIN certificate c ON c.id = k.id WHERE c.ca = ?1 AND c.serial = ?2",
                    [ca, serial],
                )?);
            }
        }
        let mut feeds = Vec::new();
        for source in sources {
            feeds.extend(
                self.rows("SELECT name, next, public_key FROM source WHERE name = ?1", [source])?,
            );
        }
        self.event = last(&events).unwrap_or(self.event);
        self.entry = last(&audit).unwrap_or(self.entry);
        Ok(Written([events, versions, residents, audit, certificates, causes, feeds]))
    }

    fn rows(&self, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Vec<Value>>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let width = statement.column_count();
        let rows = statement.query_map(params, |row| (0..width).map(|at| row.get(at)).collect())?;
        rows.collect()
    }
}

/// The key of the last row.
fn last(rows: &[Vec<Value>]) -> Option<i64> {
    match rows.last()?.first()? {
        Value::Integer(key) => Some(*key),
        _ => None,
    }
}

/// A database of the store's schema and durability, and what is written into it.
pub(crate) struct Twin {
    connection: Connection,
    writes: &'static [&'static str; 7],
}

impl Twin {
    /// A copy of the store.
    pub(crate) fn copy(path: &Path) -> rusqlite::Result<Self> {
        Self::open(path, &INTO_COPY, "ON")
    }

    /// A store without anything in it; what the rows refer to is not there.
    pub(crate) fn empty(path: &Path) -> rusqlite::Result<Self> {
        Self::open(path, &INTO_EMPTY, "OFF")
    }

    fn open(
        path: &Path,
        writes: &'static [&'static str; 7],
        references: &str,
    ) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = {references}; \
             PRAGMA cache_size = -16384;"
        ))?;
        Ok(Self { connection, writes })
    }

    /// Writes a group in one commit.
    pub(crate) fn insert(&self, written: &Written) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        for (sql, rows) in self.writes.iter().zip(&written.0) {
            let mut statement = self.connection.prepare_cached(sql)?;
            for row in rows {
                statement.execute(params_from_iter(row))?;
            }
        }
        self.connection.execute_batch("COMMIT")
    }
}
