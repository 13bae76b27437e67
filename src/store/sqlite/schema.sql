-- Schema 1. Times are seconds since 1970 in UTC; `ca` is 0 for signature, 1 for user authentication.

CREATE TABLE setting (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One counter per authority, shared by the certificates of its holders and its own.
CREATE TABLE counter (
    ca   INTEGER NOT NULL PRIMARY KEY CHECK (ca IN (0, 1)),
    next INTEGER NOT NULL CHECK (next > 0)
) STRICT;
INSERT INTO counter (ca, next) VALUES (0, 1), (1, 1);

CREATE TABLE certificate (
    id           INTEGER PRIMARY KEY,
    -- Fixed when intended.
    ca           INTEGER NOT NULL CHECK (ca IN (0, 1)),
    serial       INTEGER NOT NULL CHECK (serial > 0),
    generation   INTEGER NOT NULL CHECK (generation > 0),
    carrier      INTEGER CHECK (carrier IN (0, 1)),       -- none: the authority's own
    municipality INTEGER,                                  -- with check digit; none: the authority's own
    person       TEXT,
    request      TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL CHECK (length(key_hash) = 32),
    tbs_hash     BLOB    NOT NULL CHECK (length(tbs_hash) = 32),
    not_before   INTEGER NOT NULL,
    not_after    INTEGER NOT NULL CHECK (not_after > not_before),
    clause       TEXT,
    entry        INTEGER NOT NULL,                         -- audit entry of the intent
    session      INTEGER NOT NULL,
    -- Changes in one direction, except a released hold.
    state        INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4), -- intended, live, held, revoked, expired
    issued_at    INTEGER,
    since        INTEGER,
    reason       INTEGER,
    changed      INTEGER NOT NULL,                         -- audit entry of the last change
    CHECK ((carrier IS NULL) = (municipality IS NULL) AND (carrier IS NULL) = (person IS NULL)),
    CHECK ((state IN (2, 3)) = (since IS NOT NULL)),
    CHECK ((state = 3) = (reason IS NOT NULL)),
    -- No longer lists: SQLite makes a temporary table of each that has more than two members.
    CHECK (state IN (0, 3) OR issued_at IS NOT NULL),
    CHECK (state <> 0 OR issued_at IS NULL)
) STRICT;
-- A serial is used at most once per authority (promise 2).
CREATE UNIQUE INDEX certificate_serial ON certificate (ca, serial);
-- One live certificate per person, kind and carrier, and one in the making.
CREATE UNIQUE INDEX certificate_live ON certificate (person, ca, carrier) WHERE state IN (1, 2);
CREATE UNIQUE INDEX certificate_intended ON certificate (person, ca, carrier) WHERE state = 0;
-- A key certified for two holders is a fault of whoever made it.
CREATE INDEX certificate_key ON certificate (key_hash);

-- The fat parts, each written once and in order.
CREATE TABLE tbs (
    id  INTEGER PRIMARY KEY REFERENCES certificate (id),
    der BLOB NOT NULL
) STRICT;
CREATE TABLE signature (
    id    INTEGER PRIMARY KEY REFERENCES certificate (id),
    value BLOB NOT NULL
) STRICT;

CREATE TABLE generation (
    ca         INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    id         INTEGER NOT NULL UNIQUE REFERENCES certificate (id),
    algorithm  TEXT    NOT NULL,
    key_id     BLOB    NOT NULL CHECK (length(key_id) = 20),
    PRIMARY KEY (ca, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    id      TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL CHECK (length(content) = 32),
    first   INTEGER NOT NULL REFERENCES certificate (id),
    second  INTEGER REFERENCES certificate (id)
) STRICT;

CREATE TABLE card (
    person TEXT NOT NULL PRIMARY KEY,
    ends   TEXT NOT NULL                                   -- YYYY-MM-DD, Japan
) STRICT, WITHOUT ROWID;

-- The record of acts: append-only.
CREATE TABLE audit (
    entry INTEGER PRIMARY KEY,
    line  TEXT NOT NULL,
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
