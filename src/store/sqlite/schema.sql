-- Schema 3. Times are seconds since 1970 in UTC; `ca` is 0 for signature, 1 for user authentication.

CREATE TABLE setting (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One counter per authority, shared by the certificates of its holders, its services and its own.
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
    carrier      INTEGER CHECK (carrier IN (0, 1)),       -- none: the authority's own, or a service's
    municipality INTEGER,                                  -- with check digit; none: as for carrier
    person       TEXT,
    service      INTEGER CHECK (service IN (0, 1)),        -- publication, responder; none: the authority's own, or a holder's
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
    invalidity   INTEGER,                                  -- since when what it states was not so
    unlisted     INTEGER REFERENCES publication (id),      -- whose lists it left, its end being past
    -- Of a link certificate: the generation whose key it certifies.
    certified    INTEGER CHECK (certified IS NULL OR (certified > 0 AND person IS NULL AND service IS NULL)),
    CHECK ((carrier IS NULL) = (municipality IS NULL) AND (carrier IS NULL) = (person IS NULL)),
    CHECK (service IS NULL OR person IS NULL),
    CHECK (state NOT IN (2, 3) OR since IS NOT NULL),
    CHECK (state NOT IN (0, 1) OR since IS NULL),          -- an expired one keeps since when it was held
    CHECK (unlisted IS NULL OR since IS NOT NULL),
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

-- The few among the many.
CREATE INDEX certificate_service ON certificate (service, ca, generation) WHERE service IS NOT NULL;
CREATE INDEX certificate_link ON certificate (ca, generation, certified) WHERE certified IS NOT NULL;
-- What the lists carry, in their order, with everything that an entry needs.
CREATE INDEX certificate_listed
    ON certificate (ca, municipality, serial, since, reason, not_after, changed, invalidity, id)
    WHERE since IS NOT NULL AND unlisted IS NULL;
-- Those whose time on the lists is over.
CREATE INDEX certificate_leaving ON certificate (ca, municipality, not_after)
    WHERE since IS NOT NULL AND unlisted IS NULL;

-- Keeping periods are counted from the end.
CREATE INDEX certificate_end ON certificate (not_after) WHERE person IS NOT NULL;

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
    -- For which cards it issues.
    profile    TEXT    NOT NULL DEFAULT 'current' CHECK (profile IN ('current', 'next')),
    -- From when it issues to holders; none: from its beginning.
    issue_from INTEGER,
    -- The latest end of a holder's certificate that it may have signed; none: it has not begun to.
    last_end   INTEGER,
    -- Since when its key is compromised, when that was recorded, and the audit entry: for good.
    compromised       INTEGER,
    compromised_at    INTEGER CHECK ((compromised_at IS NULL) = (compromised IS NULL)),
    compromised_entry INTEGER CHECK ((compromised_entry IS NULL) = (compromised IS NULL)),
    PRIMARY KEY (ca, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    id      TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL CHECK (length(content) = 32),
    first   INTEGER NOT NULL REFERENCES certificate (id),
    second  INTEGER REFERENCES certificate (id)
) STRICT;

-- The record of acts: append-only.
CREATE TABLE audit (
    entry INTEGER PRIMARY KEY,
    line  TEXT NOT NULL,
    hash  BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

-- The register's record of each person as it stands; what it was before is in resident_version.
CREATE TABLE resident (
    person  TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    body    TEXT NOT NULL,                                 -- JSON
    due     TEXT,                                          -- the first deadline, YYYY-MM-DD, Japan
    event   INTEGER,                                       -- what made this version; none: entry by issue or import
    since   INTEGER NOT NULL                               -- when it was recorded here
) STRICT;
CREATE INDEX resident_due ON resident (due) WHERE due IS NOT NULL;
CREATE TABLE resident_version (
    person  TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL,
    event   INTEGER,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    PRIMARY KEY (person, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX resident_version_until ON resident_version (until);

-- Who sends events, and the number that comes next.
CREATE TABLE source (
    name       TEXT NOT NULL PRIMARY KEY,
    next       INTEGER NOT NULL CHECK (next > 0),
    public_key BLOB                                        -- SubjectPublicKeyInfo, when registered
) STRICT, WITHOUT ROWID;

-- Every event that arrived, whatever became of it.
CREATE TABLE event (
    row         INTEGER PRIMARY KEY,
    source      TEXT NOT NULL,
    seq         INTEGER,                                   -- none: a resend, or a line nobody could read
    id          TEXT NOT NULL,
    line        BLOB NOT NULL,
    -- Waiting, applied, refused; refused and since resent or dismissed.
    state       INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    vouched     INTEGER NOT NULL CHECK (vouched BETWEEN 0 AND 2), -- who answers for it: nobody, its source, the operator
    findings    TEXT,                                      -- JSON, when refused
    note        TEXT,                                      -- why it was dismissed
    resend_of   INTEGER REFERENCES event (row),
    reissue     INTEGER NOT NULL DEFAULT 0 CHECK (reissue IN (0, 1)), -- 1: a new certificate is owed
    received_at INTEGER NOT NULL,
    settled_at  INTEGER,
    recorded_at INTEGER,                                   -- the register's time of record
    CHECK ((state = 0) = (settled_at IS NULL)),
    CHECK ((state = 4) = (note IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX event_id ON event (id, source);
CREATE UNIQUE INDEX event_seq ON event (source, seq) WHERE seq IS NOT NULL;
CREATE INDEX event_refused ON event (row) WHERE state >= 2;
CREATE INDEX event_waiting ON event (source, seq) WHERE state = 0;

-- Why a certificate's state last changed: the change, the rule's article, the event behind it, and
-- the timer that ran from that event, when it was time's work.
CREATE TABLE cause (
    id      INTEGER PRIMARY KEY REFERENCES certificate (id),
    change  TEXT NOT NULL,
    article TEXT NOT NULL,
    event   INTEGER REFERENCES event (row),
    timer   TEXT,
    due     TEXT,                                          -- the timer's day, YYYY-MM-DD, Japan
    at      INTEGER NOT NULL,
    CHECK ((timer IS NULL) = (due IS NULL))
) STRICT;
CREATE INDEX cause_event ON cause (event) WHERE event IS NOT NULL;

-- Revocations that policy puts off.
CREATE TABLE deferred (
    row     INTEGER PRIMARY KEY,
    id      INTEGER NOT NULL REFERENCES certificate (id),
    at      INTEGER NOT NULL,
    reason  INTEGER NOT NULL,
    change  TEXT NOT NULL,
    article TEXT NOT NULL,
    event   INTEGER,
    timer   TEXT,
    due     TEXT
) STRICT;
CREATE INDEX deferred_at ON deferred (at);

-- Runs that publish lists.
CREATE TABLE publication (
    id       INTEGER PRIMARY KEY,
    begun_at INTEGER NOT NULL,
    -- Once it is complete: SHA-256 of what names its lists, and the audit entry.
    manifest BLOB CHECK (length(manifest) = 32),
    entry    INTEGER
) STRICT;

-- What the lists of a partition must carry, counted with every change of state. Here and below, a
-- municipality of 0 means what belongs to none, -1 everything.
CREATE TABLE tally (
    ca           INTEGER NOT NULL,
    municipality INTEGER NOT NULL,
    entries      INTEGER NOT NULL CHECK (entries >= 0),
    sum          INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    PRIMARY KEY (ca, municipality)
) STRICT, WITHOUT ROWID;

-- Which entries have changed since the last lists, so that the next need not read all the others.
CREATE TABLE list_change (
    ca           INTEGER NOT NULL,
    municipality INTEGER NOT NULL,
    entry        INTEGER NOT NULL,                         -- audit entry
    serial       INTEGER NOT NULL,
    PRIMARY KEY (ca, municipality, entry, serial)
) STRICT, WITHOUT ROWID;

-- The highest list number reserved, one sequence for all generations.
CREATE TABLE list_number (
    ca           INTEGER NOT NULL,
    municipality INTEGER NOT NULL,
    last         INTEGER NOT NULL CHECK (last > 0),
    PRIMARY KEY (ca, municipality)
) STRICT, WITHOUT ROWID;

-- The last complete list of each generation and partition.
CREATE TABLE list (
    ca           INTEGER NOT NULL,
    generation   INTEGER NOT NULL,
    municipality INTEGER NOT NULL,
    number       INTEGER NOT NULL CHECK (number > 0),
    publication  INTEGER NOT NULL REFERENCES publication (id),
    this_update  INTEGER NOT NULL,
    next_update  INTEGER NOT NULL CHECK (next_update > this_update),
    entries      INTEGER NOT NULL,
    sum          INTEGER NOT NULL,
    digest       BLOB    NOT NULL,
    size         INTEGER NOT NULL,
    seen         INTEGER NOT NULL,
    PRIMARY KEY (ca, generation, municipality)
) STRICT, WITHOUT ROWID;
