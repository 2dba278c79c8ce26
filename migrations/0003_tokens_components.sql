-- Tokens of operators: SHA-256 only.
CREATE TABLE operator_tokens (
    hash          BLOB    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Call tokens work once.
CREATE TABLE used_nonces (
    nonce      BLOB    NOT NULL PRIMARY KEY,
    call_id    BLOB    NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonces_by_expiry ON used_nonces (expires_ms);

-- A rowid table: its rows are far larger than a page.
CREATE TABLE component_blobs (
    digest        TEXT    NOT NULL PRIMARY KEY,
    bytes         BLOB    NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE components (
    name          TEXT    NOT NULL PRIMARY KEY,
    live          TEXT    NOT NULL REFERENCES component_blobs (digest),
    last_good     TEXT    REFERENCES component_blobs (digest),
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
