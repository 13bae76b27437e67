//! SQL that erases.

use rusqlite::params;

use crate::audit;
use crate::clock::Timestamp;
use crate::credential::CaName;
use crate::credential::Generation;
use crate::credential::Serial;
use crate::store::StoreError;
use crate::store::retention::Retention;

use super::row;
use super::row::column;
use super::transaction::SqliteTransaction;

impl Retention for SqliteTransaction<'_> {
    fn erase_certificates(
        &mut self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<audit::Subject>, StoreError> {
        let sql = "SELECT id, ca, generation, serial FROM certificate \
                   WHERE not_after < ?1 AND person IS NOT NULL AND state <> 0 \
                   AND (since IS NULL OR unlisted IS NOT NULL) ORDER BY id LIMIT ?2";
        let found = self.all(sql, params![before.to_unix(), limit], |row| {
            let subject = audit::Subject {
                ca: row::ca(column(row, 1)?)?,
                generation: Generation::new(column(row, 2)?)
                    .map_err(|_| StoreError::Damaged("unknown generation"))?,
                serial: row::serial(column(row, 3)?)?,
            };
            Ok((column::<i64>(row, 0)?, subject))
        })?;
        let mut erased = Vec::with_capacity(found.len());
        for (id, subject) in found {
            for sql in [
                // The request goes with the last of its certificates.
                "DELETE FROM request WHERE first = ?1 AND second IS NULL",
                "UPDATE request SET first = second, second = NULL WHERE first = ?1",
                "UPDATE request SET second = NULL WHERE second = ?1",
                "DELETE FROM cause WHERE id = ?1",
                "DELETE FROM deferred WHERE id = ?1",
                "DELETE FROM signature WHERE id = ?1",
                "DELETE FROM tbs WHERE id = ?1",
                "DELETE FROM certificate WHERE id = ?1",
            ] {
                self.execute(sql, [id])?;
            }
            erased.push(subject);
        }
        Ok(erased)
    }

    fn erase_history(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let versions =
            self.execute("DELETE FROM resident_version WHERE until < ?1", [before.to_unix()])?;
        let sql = "UPDATE event SET line = x'' WHERE settled_at < ?1 AND length(line) > 0";
        let lines = self.execute(sql, [before.to_unix()])?;
        Ok((versions + lines) as u64)
    }

    fn was_drawn(&mut self, ca: CaName, serial: Serial) -> Result<bool, StoreError> {
        let sql = "SELECT next > ?2 FROM counter WHERE ca = ?1";
        let values = params![row::ca_number(ca), row::signed(serial.get())?];
        Ok(self.first(sql, values, |row| column(row, 0))?.unwrap_or(false))
    }
}
