//! From the form of earlier versions to the present one.

use rusqlite::Connection;

use super::StoreError;
use super::VERSION;
use super::fault;

/// Brings a store of an earlier version to this one's form: at once and for good, or not at all.
pub(super) fn upgrade(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(fault)?;
    let upgraded = upgrade_within(connection);
    let end = if upgraded.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(&format!("PRAGMA writable_schema = OFF; {end}"));
    upgraded.and(ended.map_err(fault))
}

fn upgrade_within(connection: &Connection) -> Result<(), StoreError> {
    let pragma =
        |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fault);
    // Another may have been faster.
    match pragma("user_version")? {
        1 => {
            responders(connection, pragma("schema_version")?)?;
            profiles(connection)
        }
        2 => profiles(connection),
        _ => Ok(()),
    }
}

/// From 2 to 3: generations have a profile, those before that of today's cards.
fn profiles(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch(&format!(
            "ALTER TABLE generation ADD COLUMN profile TEXT NOT NULL DEFAULT 'current' \
             CHECK (profile IN ('current', 'next')); \
             PRAGMA user_version = {VERSION};"
        ))
        .map_err(fault)
}

/// From 1 to 2: responders have certificates. A constraint is changed in the schema's text, which
/// leaves the rows where they are (<https://sqlite.org/lang_altertable.html>, section 7).
fn responders(connection: &Connection, schema_version: i64) -> Result<(), StoreError> {
    connection.execute_batch("PRAGMA writable_schema = ON").map_err(fault)?;
    let sql = "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2) \
               WHERE type = 'table' AND name = 'certificate' AND instr(sql, ?1) > 0";
    let changed = connection
        .execute(sql, ["CHECK (service = 0)", "CHECK (service IN (0, 1))"])
        .map_err(fault)?;
    if changed != 1 {
        return Err(StoreError::Damaged("its schema is not the one of its version"));
    }
    let next = schema_version.wrapping_add(1);
    connection
        .execute_batch(&format!(
            "PRAGMA schema_version = {next}; PRAGMA writable_schema = OFF; \
             DROP INDEX certificate_service; \
             CREATE INDEX certificate_service ON certificate (service, ca, generation) \
             WHERE service IS NOT NULL;"
        ))
        .map_err(fault)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::APPLICATION_ID;
    use super::super::SCHEMA;
    use super::super::connect;
    use super::super::open;
    use super::*;

    /// A store as version 1 made it, but for the constraint on services, with the certificate of a
    /// publication key.
    fn version_1(path: &Path, constraint: &str) {
        std::fs::write(path, "").unwrap();
        let changed = [
            ("CHECK (service IN (0, 1)),       ", constraint),
            ("(service, ca, generation)", "(service)"),
            (PROFILE, ""),
        ];
        let mut schema = SCHEMA.to_owned();
        for (new, old) in changed {
            assert_eq!(schema.matches(new).count(), 1, "{new}");
            schema = schema.replace(new, old);
        }
        let rows = "INSERT INTO certificate (ca, serial, generation, service, request, key_hash, \
                    tbs_hash, not_before, not_after, entry, session, state, issued_at, changed) \
                    VALUES (0, 2, 1, 0, 'founding', zeroblob(32), zeroblob(32), 1, 2, 1, 1, 1, 1, 1)";
        connect(path)
            .unwrap()
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {schema} {rows}; \
                 PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; COMMIT;"
            ))
            .unwrap();
    }

    /// The columns that version 3 has added.
    const PROFILE: &str = "    -- For which cards it issues.\n    profile    TEXT    NOT NULL DEFAULT \
                           'current' CHECK (profile IN ('current', 'next')),\n";

    #[test]
    fn the_generations_of_version_2_issue_for_todays_cards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::write(&path, "").unwrap();
        assert_eq!(SCHEMA.matches(PROFILE).count(), 1);
        let schema = SCHEMA.replace(PROFILE, "");
        let rows = "INSERT INTO certificate (id, ca, serial, generation, request, key_hash, \
                    tbs_hash, not_before, not_after, entry, session, state, issued_at, changed) \
                    VALUES (1, 0, 1, 1, 'founding', zeroblob(32), zeroblob(32), 1, 2, 1, 1, 1, 1, \
                    1); \
                    INSERT INTO generation (ca, generation, id, algorithm, key_id) \
                    VALUES (0, 1, 1, 'p256', zeroblob(20));";
        connect(&path)
            .unwrap()
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {schema} {rows} \
                 PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2; COMMIT;"
            ))
            .unwrap();
        let backend = open(&path).unwrap();
        let generations = backend.begin().unwrap().generations().unwrap();
        assert_eq!(generations.len(), 1);
        assert_eq!(generations[0].profile, crate::credential::Profile::Current);
        let connection = connect(&path).unwrap();
        let next = connection.execute("UPDATE generation SET profile = 'next'", []);
        assert_eq!(next.unwrap(), 1);
        assert!(connection.execute("UPDATE generation SET profile = 'last'", []).is_err());
    }

    fn insert(path: &Path, serial: u32, service: u32) -> rusqlite::Result<usize> {
        let sql = "INSERT INTO certificate (ca, serial, generation, service, request, key_hash, \
                   tbs_hash, not_before, not_after, entry, session, state, issued_at, changed) \
                   VALUES (0, ?1, 1, ?2, 'x', zeroblob(32), zeroblob(32), 1, 2, 1, 1, 1, 1, 1)";
        connect(path).unwrap().execute(sql, [serial, service])
    }

    #[test]
    fn a_store_of_version_1_takes_responders_after_it_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        version_1(&path, "CHECK (service = 0),");
        assert!(insert(&path, 3, 1).is_err());
        // Held open by a process of the older version, and opened by two of this one at once.
        let older = connect(&path).unwrap();
        let read = |c: &Connection| {
            c.query_row("SELECT count(*) FROM certificate", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(read(&older), 1);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| drop(open(&path).unwrap()));
            }
        });
        insert(&path, 3, 1).unwrap();
        assert!(insert(&path, 4, 2).is_err(), "the constraint is there still");
        assert_eq!(read(&older), 2);
        drop(open(&path).unwrap());
        let check = |pragma: &str| -> String {
            let connection = connect(&path).unwrap();
            connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
        };
        assert_eq!(check("integrity_check"), "ok");
        let version: i64 =
            older.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, VERSION);
    }

    #[test]
    fn a_schema_that_is_not_its_versions_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        version_1(&path, "CHECK (service IN (0)),");
        assert!(matches!(open(&path), Err(StoreError::Damaged(_))));
        let connection = connect(&path).unwrap();
        let version: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 1);
    }
}
