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
    let found = pragma("user_version")?;
    if found < 2 {
        responders(connection, pragma("schema_version")?)?;
    }
    if found < 3 {
        generations(connection)?;
    }
    Ok(())
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
             WHERE service IS NOT NULL; \
             PRAGMA user_version = 2;"
        ))
        .map_err(fault)
}

/// From 2 to 3: generations have a profile, those before that of today's cards; take over at a time of
/// their own, may be compromised, and are certified by each other. Every certificate is read once, for the latest end under each generation.
fn generations(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch(
            "ALTER TABLE certificate ADD COLUMN certified INTEGER \
             CHECK (certified IS NULL OR (certified > 0 AND person IS NULL AND service IS NULL)); \
             CREATE INDEX certificate_link ON certificate (ca, generation, certified) \
             WHERE certified IS NOT NULL; \
             ALTER TABLE generation ADD COLUMN profile TEXT NOT NULL DEFAULT 'current' \
             CHECK (profile IN ('current', 'next')); \
             ALTER TABLE generation ADD COLUMN issue_from INTEGER; \
             ALTER TABLE generation ADD COLUMN last_end INTEGER; \
             ALTER TABLE generation ADD COLUMN compromised INTEGER; \
             ALTER TABLE generation ADD COLUMN compromised_at INTEGER \
             CHECK ((compromised_at IS NULL) = (compromised IS NULL)); \
             ALTER TABLE generation ADD COLUMN compromised_entry INTEGER \
             CHECK ((compromised_entry IS NULL) = (compromised IS NULL)); \
             UPDATE generation SET last_end = ends.last FROM \
             (SELECT ca, generation, max(not_after) AS last FROM certificate \
             WHERE person IS NOT NULL GROUP BY ca, generation) AS ends \
             WHERE ends.ca = generation.ca AND ends.generation = generation.generation; \
             PRAGMA user_version = 3;",
        )
        .map_err(fault)
}

const _: () = assert!(VERSION == 3, "another version needs another step");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::APPLICATION_ID;
    use super::super::Older;
    use super::super::SCHEMA;
    use super::super::connect;
    use super::super::open;
    use super::*;

    /// The present schema with some texts replaced, each of which stands there once.
    fn schema(changed: &[(&str, &str)]) -> String {
        let mut schema = SCHEMA.to_owned();
        for (new, old) in changed {
            assert_eq!(schema.matches(new).count(), 1, "{new}");
            schema = schema.replace(new, old);
        }
        schema
    }

    /// What version 3 has and version 2 had not.
    const SINCE_2: [(&str, &str); 3] = [
        (
            "    -- Of a link certificate: the generation whose key it certifies.\n    certified    \
             INTEGER CHECK (certified IS NULL OR (certified > 0 AND person IS NULL AND service IS \
             NULL)),\n",
            "",
        ),
        (
            "CREATE INDEX certificate_link ON certificate (ca, generation, certified) WHERE \
             certified IS NOT NULL;\n",
            "",
        ),
        (
            "    -- For which cards it issues.\n    profile    TEXT    NOT NULL DEFAULT \
             'current' CHECK (profile IN ('current', 'next')),\n    -- From when it issues to holders; none: from its beginning.\n    issue_from \
             INTEGER,\n    -- The latest end of a holder's certificate that it may have signed; none: \
             it has not begun to.\n    last_end   INTEGER,\n    -- Since when its key is compromised, \
             when that was recorded, and the audit entry: for good.\n    compromised       \
             INTEGER,\n    compromised_at    INTEGER CHECK ((compromised_at IS NULL) = (compromised \
             IS NULL)),\n    compromised_entry INTEGER CHECK ((compromised_entry IS NULL) = \
             (compromised IS NULL)),\n",
            "",
        ),
    ];

    /// Makes a store of an earlier version with some rows.
    fn make(path: &Path, version: i64, schema: &str, rows: &str) {
        std::fs::write(path, "").unwrap();
        connect(path)
            .unwrap()
            .execute_batch(&format!(
                "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; {schema} {rows} \
                 PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}; COMMIT;"
            ))
            .unwrap();
    }

    /// A store as version 1 made it, but for the constraint on services, with the certificate of a
    /// publication key.
    fn version_1(path: &Path, constraint: &str) {
        let mut changed = SINCE_2.to_vec();
        changed.push(("CHECK (service IN (0, 1)),       ", constraint));
        changed.push(("(service, ca, generation)", "(service)"));
        let rows = "INSERT INTO certificate (ca, serial, generation, service, request, key_hash, \
                    tbs_hash, not_before, not_after, entry, session, state, issued_at, changed) \
                    VALUES (0, 2, 1, 0, 'founding', zeroblob(32), zeroblob(32), 1, 2, 1, 1, 1, 1, 1);";
        make(path, 1, &schema(&changed), rows);
    }

    /// A store as version 2 made it, with two generations of an authority and holders of both.
    fn version_2(path: &Path) {
        let certificate = |id: u32, generation: u32, holder: &str, not_after: u32| {
            format!(
                "INSERT INTO certificate (id, ca, serial, generation, carrier, municipality, person, \
                 request, key_hash, tbs_hash, not_before, not_after, entry, session, state, \
                 issued_at, changed) VALUES ({id}, 0, {id}, {generation}, {holder}, 'x', \
                 zeroblob(32), zeroblob(32), 1, {not_after}, 1, 1, 1, 1, 1); "
            )
        };
        let own = "NULL, NULL, NULL";
        let mut rows = certificate(1, 1, own, 1000);
        rows += &certificate(2, 2, own, 2000);
        for (id, generation, not_after) in [(3, 1, 700), (4, 1, 900), (5, 1, 800)] {
            let holder = format!("0, 132217, 'p-{id}'");
            rows += &certificate(id, generation, &holder, not_after);
        }
        for (generation, algorithm) in [(1, "rsa2048"), (2, "p384")] {
            rows += &format!(
                "INSERT INTO generation (ca, generation, id, algorithm, key_id) \
                 VALUES (0, {generation}, {generation}, '{algorithm}', zeroblob(20)); "
            );
        }
        make(path, 2, &schema(&SINCE_2), &rows);
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
                scope.spawn(|| drop(open(&path, Older::Upgraded).unwrap()));
            }
        });
        insert(&path, 3, 1).unwrap();
        assert!(insert(&path, 4, 2).is_err(), "the constraint is there still");
        assert_eq!(read(&older), 2);
        drop(open(&path, Older::Upgraded).unwrap());
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
        assert!(matches!(open(&path, Older::Upgraded), Err(StoreError::Damaged(_))));
        let connection = connect(&path).unwrap();
        let version: i64 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, 1);
    }

    #[test]
    fn a_store_of_version_2_knows_what_its_generations_certified() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        version_2(&path);
        let older = connect(&path).unwrap();
        let store = open(&path, Older::Upgraded).unwrap();
        let generations = store.begin().unwrap().generations().unwrap();
        let ends: Vec<_> =
            generations.iter().map(|own| own.last_end.map(|end| end.to_unix())).collect();
        assert_eq!(ends, [Some(900), None], "its own certificate does not count");
        assert!(generations.iter().all(|own| own.issue_from.is_none()));
        assert!(generations.iter().all(|own| own.profile == crate::credential::Profile::Current));
        assert!(generations.iter().all(|own| own.compromised.is_none()));
        let version: i64 =
            older.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, VERSION);
        drop(open(&path, Older::Upgraded).unwrap());
        let connection = connect(&path).unwrap();
        let refused = |sql: &str| connection.execute(sql, []).is_err();
        assert!(refused("UPDATE generation SET compromised = 1"), "when and by which entry?");
        assert!(refused("UPDATE certificate SET certified = 2 WHERE id = 3"), "a holder's");
        assert!(!refused("UPDATE certificate SET certified = 2 WHERE id = 1"));
    }

    /// Whichever version a store began with, its tables and indices come to have the same columns.
    #[test]
    fn upgraded_stores_have_the_form_of_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second, new] = ["first", "second", "new"].map(|name| folder.path().join(name));
        version_1(&first, "CHECK (service = 0),");
        version_2(&second);
        make(&new, VERSION, SCHEMA, "");
        let form = |path: &Path| {
            drop(open(path, Older::Upgraded).unwrap());
            let connection = connect(path).unwrap();
            let sql = "SELECT m.type, m.name, p.name, p.type, p.\"notnull\", p.pk FROM sqlite_schema m \
                       JOIN pragma_table_xinfo(m.name) p UNION ALL \
                       SELECT m.type, m.name, p.name, p.desc, p.cid, p.seqno FROM sqlite_schema m \
                       JOIN pragma_index_xinfo(m.name) p ORDER BY 1, 2, 3, 4, 5, 6";
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| {
                let words = (0..6).map(|at| row.get::<_, rusqlite::types::Value>(at));
                words.collect::<Result<Vec<_>, _>>()
            });
            rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
        };
        let newest = form(&new);
        assert!(newest.len() > 100);
        assert_eq!(form(&first), newest);
        assert_eq!(form(&second), newest);
    }
}
