//! SQL, one statement per verb.

use std::sync::MutexGuard;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Params;
use rusqlite::Row;
use rusqlite::params;

use crate::asn1::sha256;
use crate::audit::Entry;
use crate::audit::Head;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Profile;
use crate::credential::Serial;
use crate::profile::ServiceKey;
use crate::profile::Subject;
use crate::register::Person;
use crate::seal::Intent;
use crate::store::StoreError;
use crate::store::backend::IntentRow;
use crate::store::backend::StateChange;
use crate::store::backend::Transaction;
use crate::store::record::CertificateRecord;
use crate::store::record::Compromise;
use crate::store::record::GenerationRecord;
use crate::store::record::KeyUse;
use crate::store::record::RequestRecord;
use crate::store::session;

use super::SessionSlot;
use super::fault;
use super::row;
use super::row::column;
use super::row::select_certificate;

/// A transaction that holds the connection, begun IMMEDIATE: it never has to give up halfway.
pub(super) struct SqliteTransaction<'a> {
    pub(super) connection: MutexGuard<'a, Connection>,
    session: &'a SessionSlot,
    open: bool,
}

impl<'a> SqliteTransaction<'a> {
    pub(super) fn begin(
        connection: MutexGuard<'a, Connection>,
        session: &'a SessionSlot,
    ) -> Result<Self, StoreError> {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(fault)?;
        Ok(Self { connection, session, open: true })
    }

    pub(super) fn execute(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute(params)).map_err(fault)
    }

    /// The first row, if any, as `read` reads it.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        statement.query_row(params, |row| Ok(read(row))).optional().map_err(fault)?.transpose()
    }

    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(fault)?;
        let mut rows = statement.query(params).map_err(fault)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            found.push(read(row)?);
        }
        Ok(found)
    }
}

impl Drop for SqliteTransaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // When this fails SQLite has rolled back by itself.
            let _rolled_back = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl Transaction for SqliteTransaction<'_> {
    fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.connection.execute_batch("COMMIT").map_err(fault)?;
        self.open = false;
        Ok(())
    }

    fn setting(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        self.first("SELECT value FROM setting WHERE key = ?1", [key], |row| column(row, 0))
    }

    fn put_setting(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO setting (key, value) VALUES (?1, ?2) \
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.execute(sql, [key, value]).map(drop)
    }

    fn draw_serial(&mut self, ca: CaName) -> Result<Serial, StoreError> {
        // Nobody writes between the two: the transaction was begun as a writer's. RETURNING would
        // do both, and make a temporary table each time.
        let ca = row::ca_number(ca);
        let number: i64 = self
            .first("SELECT next FROM counter WHERE ca = ?1", [ca], |row| column(row, 0))?
            .ok_or(StoreError::Damaged("a counter is missing"))?;
        self.execute("UPDATE counter SET next = next + 1 WHERE ca = ?1", [ca])?;
        row::serial(number)
    }

    fn insert_intent(&mut self, intent: &IntentRow<'_>) -> Result<Intent, StoreError> {
        let (carrier, municipality) = match intent.subject {
            Subject::Authority | Subject::Link(_) | Subject::Service(_) => (None, None),
            Subject::Holder(_, carrier, municipality) => {
                (Some(row::carrier_number(carrier)), Some(municipality.number()))
            }
        };
        let (service, certified) = match intent.subject {
            Subject::Service(service) => (Some(row::service_number(service)), None),
            Subject::Link(certified) => (None, Some(certified.get())),
            Subject::Authority | Subject::Holder(..) => (None, None),
        };
        let sql = "INSERT INTO certificate (ca, serial, generation, carrier, municipality, person, \
                   request, key_hash, tbs_hash, not_before, not_after, clause, entry, session, \
                   service, certified, state, changed) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0, \
                   ?13)";
        self.execute(
            sql,
            params![
                row::ca_number(intent.ca),
                row::signed(intent.serial.get())?,
                intent.generation.get(),
                carrier,
                municipality,
                intent.person.map(Person::as_str),
                intent.request,
                intent.key_hash,
                intent.tbs_hash,
                intent.not_before.to_unix(),
                intent.not_after.to_unix(),
                intent.clause,
                row::signed(intent.entry)?,
                self.session.number()?,
                service,
                certified,
            ],
        )?;
        let id = self.connection.last_insert_rowid();
        self.execute("INSERT INTO tbs (id, der) VALUES (?1, ?2)", params![id, intent.tbs])?;
        Ok(Intent::new(id))
    }

    fn insert_signature(&mut self, intent: Intent, signature: &[u8]) -> Result<(), StoreError> {
        let sql = "INSERT INTO signature (id, value) VALUES (?1, ?2)";
        self.execute(sql, params![intent.row(), signature]).map(drop)
    }

    fn set_state(&mut self, change: &StateChange) -> Result<(), StoreError> {
        let (from, _, _) = row::state_columns(change.from);
        let (to, since, reason) = row::state_columns(change.to);
        let sql = "UPDATE certificate \
                   SET state = ?3, since = CASE ?3 WHEN 4 THEN since ELSE ?4 END, reason = ?5, \
                   issued_at = ?6, changed = ?7 \
                   WHERE id = ?1 AND state = ?2";
        let issued_at = change.issued_at.map(Timestamp::to_unix);
        let entry = row::signed(change.entry)?;
        let row = change.intent.row();
        match self.execute(sql, params![row, from, to, since, reason, issued_at, entry])? {
            1 => Ok(()),
            _ => Err(StoreError::Changed),
        }
    }

    fn certificate(
        &mut self,
        ca: CaName,
        serial: Serial,
    ) -> Result<Option<CertificateRecord>, StoreError> {
        let sql = select_certificate!(" FROM certificate c WHERE c.ca = ?1 AND c.serial = ?2");
        self.first(sql, [row::ca_number(ca), row::signed(serial.get())?], row::certificate)
    }

    fn certificate_at(&mut self, intent: Intent) -> Result<Option<CertificateRecord>, StoreError> {
        let sql = select_certificate!(" FROM certificate c WHERE c.id = ?1");
        self.first(sql, [intent.row()], row::certificate)
    }

    fn body(&mut self, intent: Intent) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let sql = "SELECT t.der, s.value, c.tbs_hash FROM certificate c \
                   JOIN tbs t ON t.id = c.id LEFT JOIN signature s ON s.id = c.id WHERE c.id = ?1";
        let (tbs, signature, hash) = self
            .first(sql, [intent.row()], |row| {
                Ok((column::<Vec<u8>>(row, 0)?, column(row, 1)?, column::<[u8; 32]>(row, 2)?))
            })?
            .ok_or(StoreError::Damaged("a certificate's bytes are missing"))?;
        if sha256(&tbs) == hash {
            Ok((tbs, signature))
        } else {
            Err(StoreError::Damaged("a certificate's bytes are not those that were recorded"))
        }
    }

    fn current(&mut self, person: &Person) -> Result<Vec<CertificateRecord>, StoreError> {
        // Two queries, because each kind of state has its own index.
        let sql =
            select_certificate!(" FROM certificate c WHERE c.person = ?1 AND c.state IN (1, 2)");
        let mut found = self.all(sql, [person.as_str()], row::certificate)?;
        let sql = select_certificate!(" FROM certificate c WHERE c.person = ?1 AND c.state = 0");
        found.extend(self.all(sql, [person.as_str()], row::certificate)?);
        Ok(found)
    }

    fn key_use(&mut self, key_hash: &[u8; 32]) -> Result<Vec<KeyUse>, StoreError> {
        let sql = "SELECT ca, person FROM certificate WHERE key_hash = ?1";
        self.all(sql, [key_hash], |row| {
            let person: Option<String> = column(row, 1)?;
            let person = person.map(|person| Person::new(&person)).transpose();
            let person = person.map_err(|_| StoreError::Damaged("unknown person"))?;
            Ok(KeyUse { ca: row::ca(column(row, 0)?)?, person })
        })
    }

    fn request_of(&mut self, intent: Intent) -> Result<Option<String>, StoreError> {
        let sql = "SELECT request FROM certificate WHERE id = ?1";
        self.first(sql, [intent.row()], |row| column(row, 0))
    }

    fn request(&mut self, id: &str) -> Result<Option<RequestRecord>, StoreError> {
        let sql = "SELECT content, first, second FROM request WHERE id = ?1";
        let found = self.first(sql, [id], |row| {
            Ok((column::<[u8; 32]>(row, 0)?, column(row, 1)?, column::<Option<i64>>(row, 2)?))
        })?;
        let Some((content, first, second)) = found else {
            return Ok(None);
        };
        let certificates = std::iter::once(first)
            .chain(second)
            .map(|row| {
                self.certificate_at(Intent::new(row))?
                    .ok_or(StoreError::Damaged("a request's certificate is missing"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Some(RequestRecord { content, certificates }))
    }

    fn put_request(
        &mut self,
        id: &str,
        content: &[u8; 32],
        certificates: &[Intent],
    ) -> Result<(), StoreError> {
        let mut rows = certificates.iter().map(|intent| intent.row());
        let sql = "INSERT INTO request (id, content, first, second) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (id) DO UPDATE SET content = excluded.content, \
                   first = excluded.first, second = excluded.second";
        self.execute(sql, params![id, content, rows.next(), rows.next()]).map(drop)
    }

    fn insert_generation(
        &mut self,
        certificate: Intent,
        algorithm: &str,
        key_id: &[u8; 20],
        profile: Profile,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO generation (ca, generation, id, algorithm, key_id, profile) \
                   SELECT ca, generation, id, ?2, ?3, ?4 FROM certificate WHERE id = ?1";
        let profile = profile.as_str();
        self.execute(sql, params![certificate.row(), algorithm, key_id, profile]).map(drop)
    }

    fn generations(&mut self) -> Result<Vec<GenerationRecord>, StoreError> {
        let sql = select_certificate!(
            ", g.algorithm, g.key_id, g.profile, g.issue_from, g.last_end, g.compromised, g.compromised_at, \
             g.compromised_entry FROM generation g \
             JOIN certificate c ON c.id = g.id ORDER BY g.ca, g.generation"
        );
        self.all(sql, [], |row| {
            let algorithm: String = column(row, row::BEHIND)?;
            let profile: String = column(row, row::BEHIND + 2)?;
            let time =
                |at| column::<Option<i64>>(row, row::BEHIND + at)?.map(row::time).transpose();
            let compromised = match (time(5)?, time(6)?, column(row, row::BEHIND + 7)?) {
                (None, None, None) => None,
                (Some(since), Some(at), Some(entry)) => {
                    Some(Compromise { since, at, entry: row::unsigned(entry)? })
                }
                _ => return Err(StoreError::Damaged("half of a compromise")),
            };
            Ok(GenerationRecord {
                algorithm: algorithm
                    .parse()
                    .map_err(|_| StoreError::Damaged("unknown key algorithm"))?,
                key_id: column(row, row::BEHIND + 1)?,
                profile: profile.parse().map_err(|_| StoreError::Damaged("unknown profile"))?,
                certificate: row::certificate(row)?,
                issue_from: time(3)?,
                last_end: time(4)?,
                compromised,
            })
        })
    }

    fn compromised(&mut self) -> Result<Vec<(CaName, Generation, Timestamp)>, StoreError> {
        compromised(&self.connection)
    }

    fn put_compromise(
        &mut self,
        ca: CaName,
        generation: Generation,
        compromise: Compromise,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE generation SET compromised = ?3, compromised_at = ?4, \
                   compromised_entry = ?5 \
                   WHERE ca = ?1 AND generation = ?2 AND compromised IS NULL";
        let values = params![
            row::ca_number(ca),
            generation.get(),
            compromise.since.to_unix(),
            compromise.at.to_unix(),
            row::signed(compromise.entry)?,
        ];
        match self.execute(sql, values)? {
            1 => Ok(()),
            _ => Err(StoreError::Changed),
        }
    }

    fn put_issue_from(
        &mut self,
        ca: CaName,
        generation: Generation,
        from: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE generation SET issue_from = ?3 WHERE ca = ?1 AND generation = ?2";
        let values = params![row::ca_number(ca), generation.get(), from.to_unix()];
        self.execute(sql, values).map(drop)
    }

    fn note_end(
        &mut self,
        ca: CaName,
        generation: Generation,
        end: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE generation SET last_end = ?3 WHERE ca = ?1 AND generation = ?2 \
                   AND (last_end IS NULL OR last_end < ?3)";
        let values = params![row::ca_number(ca), generation.get(), end.to_unix()];
        self.execute(sql, values).map(drop)
    }

    fn links(&mut self) -> Result<Vec<CertificateRecord>, StoreError> {
        let sql = select_certificate!(
            " FROM certificate c INDEXED BY certificate_link WHERE c.certified IS NOT NULL \
             ORDER BY c.ca, c.id"
        );
        self.all(sql, [], row::certificate)
    }

    fn is_rolling_over(&mut self, ca: CaName) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM certificate INDEXED BY certificate_intended \
                   WHERE state = 0 AND ca = ?1 AND person IS NULL AND service IS NULL \
                   AND certified IS NULL LIMIT 1";
        Ok(self.first(sql, [row::ca_number(ca)], |_| Ok(()))?.is_some())
    }

    fn is_renewing(&mut self, key: ServiceKey) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM certificate INDEXED BY certificate_service \
                   WHERE service = ?1 AND ca = COALESCE(?2, ca) \
                   AND generation = COALESCE(?3, generation) AND state = 0 LIMIT 1";
        Ok(self.first(sql, service_key(key), |_| Ok(()))?.is_some())
    }

    fn service_certificates(
        &mut self,
        key: ServiceKey,
    ) -> Result<Vec<CertificateRecord>, StoreError> {
        let sql = select_certificate!(
            " FROM certificate c INDEXED BY certificate_service \
             WHERE c.service = ?1 AND c.ca = COALESCE(?2, c.ca) \
             AND c.generation = COALESCE(?3, c.generation) AND c.issued_at IS NOT NULL \
             ORDER BY c.id"
        );
        self.all(sql, service_key(key), row::certificate)
    }

    fn newest_service_certificate(
        &mut self,
        key: ServiceKey,
    ) -> Result<Option<(CertificateRecord, [u8; 32])>, StoreError> {
        let sql = select_certificate!(
            ", c.key_hash FROM certificate c INDEXED BY certificate_service \
             WHERE c.service = ?1 AND c.ca = COALESCE(?2, c.ca) \
             AND c.generation = COALESCE(?3, c.generation) AND c.issued_at IS NOT NULL \
             ORDER BY c.id DESC LIMIT 1"
        );
        self.first(sql, service_key(key), |row| {
            Ok((row::certificate(row)?, column(row, row::BEHIND)?))
        })
    }

    fn dangling(&mut self) -> Result<Vec<(CertificateRecord, String)>, StoreError> {
        let sql = select_certificate!(
            ", c.request, c.session FROM certificate c INDEXED BY certificate_intended \
             WHERE c.state = 0 ORDER BY c.id"
        );
        let mut found = self.all(sql, [], |row| {
            Ok((
                row::certificate(row)?,
                column::<String>(row, row::BEHIND)?,
                column::<i64>(row, row::BEHIND + 1)?,
            ))
        })?;
        let mut dangling = Vec::new();
        let mut known = None;
        for (record, request, number) in found.drain(..) {
            let alive = match known {
                Some((known, alive)) if known == number => alive,
                _ => number == self.session.number || session::alive(&self.session.folder, number)?,
            };
            known = Some((number, alive));
            if !alive {
                dangling.push((record, request));
            }
        }
        Ok(dangling)
    }

    fn audit_head(&mut self) -> Result<Head, StoreError> {
        audit_head(&self.connection)
    }

    fn append_audit(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (entry, line, hash) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![row::signed(entry.number)?, entry.line, entry.hash]).map(drop)
    }

    fn audit_entries(&mut self, after: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let sql = "SELECT entry, line, hash FROM audit WHERE entry > ?1 ORDER BY entry LIMIT ?2";
        self.all(sql, params![row::signed(after)?, limit], |row| {
            Ok(Entry {
                number: row::unsigned(column(row, 0)?)?,
                line: column(row, 1)?,
                hash: column(row, 2)?,
            })
        })
    }

    fn last_change(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT COALESCE(MAX(changed), 0) FROM certificate";
        let last = self.first(sql, [], |row| row::unsigned(column(row, 0)?))?;
        Ok(last.unwrap_or_default())
    }
}

/// The generations whose keys are compromised, in the state that a connection sees.
pub(super) fn compromised(
    connection: &Connection,
) -> Result<Vec<(CaName, Generation, Timestamp)>, StoreError> {
    let sql = "SELECT ca, generation, compromised FROM generation WHERE compromised IS NOT NULL";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        let generation = Generation::new(column(row, 1)?)
            .map_err(|_| StoreError::Damaged("unknown generation"))?;
        found.push((row::ca(column(row, 0)?)?, generation, row::time(column(row, 2)?)?));
    }
    Ok(found)
}

/// Where the record of acts ends, in the state that a connection sees.
pub(super) fn audit_head(connection: &Connection) -> Result<Head, StoreError> {
    let sql = "SELECT entry, hash FROM audit ORDER BY entry DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    let head = statement
        .query_row([], |row| {
            Ok(row::unsigned(row.get(0)?)
                .and_then(|number| Ok(Head { number, hash: column(row, 1)? })))
        })
        .optional()
        .map_err(fault)?;
    head.unwrap_or(Ok(Head::GENESIS))
}

/// Service, authority and generation of a service's key; the last two where it has them.
fn service_key(key: ServiceKey) -> (i64, Option<i64>, Option<u16>) {
    let service = row::service_number(key.service());
    match key {
        ServiceKey::Publication => (service, None, None),
        ServiceKey::Responder(ca, generation) => {
            (service, Some(row::ca_number(ca)), Some(generation.get()))
        }
    }
}
