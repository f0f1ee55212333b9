-- Columns are what SQL looks for; `data` is the row itself, as JSON. A new field is no migration.
-- Times are seconds since 1970. `due` is when the sweeper looks at a row again; NULL: never.
-- Every index is a page more in every commit: what is written at each login has as few as can be.

CREATE TABLE organisation (id BLOB PRIMARY KEY, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE relying_party (id BLOB PRIMARY KEY, organisation BLOB NOT NULL REFERENCES organisation, data TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE api_key (id BLOB PRIMARY KEY, relying_party BLOB NOT NULL REFERENCES relying_party, data TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE user (
    id           BLOB    NOT NULL UNIQUE,
    organisation BLOB    NOT NULL,
    external_id  TEXT    NOT NULL,
    login_name   TEXT,                        -- canonical
    version      INTEGER NOT NULL,            -- written WHERE version = the one that was read
    chain_length INTEGER NOT NULL,
    chain_head   BLOB    NOT NULL,
    data         TEXT    NOT NULL,
    UNIQUE (organisation, external_id),
    UNIQUE (organisation, login_name)
) STRICT;

CREATE TABLE device (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, due INTEGER, data TEXT NOT NULL) STRICT;
CREATE INDEX device_user ON device (user);
CREATE INDEX device_due ON device (due) WHERE due IS NOT NULL;

CREATE TABLE method (user BLOB NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (user, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE counter (user BLOB NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (user, kind)) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, due INTEGER, data TEXT NOT NULL) STRICT;
CREATE INDEX invitation_user ON invitation (user);
CREATE INDEX invitation_due ON invitation (due) WHERE due IS NOT NULL;

CREATE TABLE pairing (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, c BLOB NOT NULL, final INTEGER NOT NULL, state TEXT NOT NULL, due INTEGER, data TEXT NOT NULL) STRICT;
CREATE INDEX pairing_user ON pairing (user);
CREATE INDEX pairing_due ON pairing (due) WHERE due IS NOT NULL;

-- (final, user): what is open of a user, all that is open (for the sweeper), and a user's past, by one index.
CREATE TABLE prompt (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, token BLOB NOT NULL UNIQUE, final INTEGER NOT NULL, state TEXT NOT NULL, due INTEGER, created INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
CREATE INDEX prompt_user ON prompt (final, user);

CREATE TABLE challenge (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, final INTEGER NOT NULL, state TEXT NOT NULL, due INTEGER, created INTEGER NOT NULL, data TEXT NOT NULL) STRICT;
CREATE INDEX challenge_user ON challenge (final, user);

CREATE TABLE copy (
    challenge BLOB NOT NULL,
    seq       INTEGER NOT NULL,
    device    BLOB NOT NULL,
    user      BLOB NOT NULL,
    created   INTEGER NOT NULL,
    envelope  BLOB NOT NULL,
    data      TEXT NOT NULL,
    UNIQUE (challenge, seq, device)
) STRICT;

CREATE TABLE decision (device BLOB NOT NULL, jti BLOB NOT NULL, user BLOB NOT NULL, at INTEGER NOT NULL, data TEXT NOT NULL, UNIQUE (device, jti)) STRICT;

CREATE TABLE notice (id BLOB NOT NULL UNIQUE, user BLOB NOT NULL, due INTEGER, data TEXT NOT NULL) STRICT;
CREATE INDEX notice_user ON notice (user);
CREATE INDEX notice_due ON notice (due) WHERE due IS NOT NULL;

-- Jobs live for seconds: the table is small enough to be searched whole.
CREATE TABLE job (id BLOB PRIMARY KEY, user BLOB NOT NULL, lease_until INTEGER NOT NULL, data TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The highest rowid is the mark that is kept outside the database: a file behind it was copied back from a backup.
CREATE TABLE audit (
    mark       INTEGER PRIMARY KEY,
    chain      BLOB    NOT NULL,
    n          INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    commitment BLOB    NOT NULL,
    detail     TEXT,                          -- erasable: the hash covers only the commitment to it
    prev       BLOB    NOT NULL,
    hash       BLOB    NOT NULL,
    UNIQUE (chain, n)
) STRICT;
CREATE TABLE checkpoint (n INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;

CREATE TABLE source_counter (source TEXT NOT NULL, name BLOB NOT NULL, count INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (source, name)) STRICT, WITHOUT ROWID;
CREATE INDEX source_counter_name ON source_counter (name);
CREATE INDEX source_counter_since ON source_counter (since);

CREATE TABLE idempotency (key BLOB NOT NULL UNIQUE, body BLOB NOT NULL, answer BLOB NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE INDEX idempotency_until ON idempotency (until);
CREATE TABLE proof (device BLOB NOT NULL, jti BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (device, jti)) STRICT, WITHOUT ROWID;
CREATE INDEX proof_until ON proof (until);

-- A final state is final, whatever asks. The one arrow out of a final state is the fraud report's, and it leads from no other than
-- PENDING and APPROVED, which are not final.
CREATE TRIGGER challenge_final BEFORE UPDATE ON challenge WHEN old.final = 1 AND new.state <> old.state
BEGIN SELECT RAISE(ABORT, 'a final challenge stays as it is'); END;
CREATE TRIGGER prompt_final BEFORE UPDATE ON prompt WHEN old.final = 1 AND new.state <> old.state
BEGIN SELECT RAISE(ABORT, 'a final prompt stays as it is'); END;
CREATE TRIGGER pairing_final BEFORE UPDATE ON pairing WHEN old.final = 1 AND new.state <> old.state
BEGIN SELECT RAISE(ABORT, 'a final pairing stays as it is'); END;
-- The audit chain only grows. Erasing a detail leaves everything that is hashed.
CREATE TRIGGER audit_kept BEFORE UPDATE OF chain, n, at, kind, actor, commitment, prev, hash ON audit
BEGIN SELECT RAISE(ABORT, 'an audit entry stays as it is'); END;
