-- People. Those without a tenant are operators.
CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant_id     BLOB    REFERENCES tenants (id),
    email         TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'admin', 'operator')),
    -- Argon2id in PHC form; none: no password was set.
    password      TEXT,
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    version       INTEGER NOT NULL DEFAULT 1,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    login_at_ms   INTEGER,
    CHECK ((role = 'operator') = (tenant_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX users_by_tenant ON users (tenant_id, created_at_ms DESC, id DESC);

-- Programs. SHA-256 only.
CREATE TABLE api_keys (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id),
    name          TEXT    NOT NULL,
    -- The beginning of the key, for people who look for it.
    prefix        TEXT    NOT NULL,
    hash          BLOB    NOT NULL UNIQUE,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    -- A JSON list of tags of the API; empty: all of them.
    scopes        TEXT    NOT NULL DEFAULT '[]',
    created_by    TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    used_at_ms    INTEGER,
    revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX api_keys_by_tenant ON api_keys (tenant_id, created_at_ms DESC, id DESC);
CREATE UNIQUE INDEX api_keys_by_name ON api_keys (tenant_id, name) WHERE revoked_at_ms IS NULL;

ALTER TABLE browser_sessions ADD COLUMN user_id BLOB REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE login_links ADD COLUMN user_id BLOB REFERENCES users (id) ON DELETE CASCADE;

-- Keys that tokens are signed with, newest last. The private half is sealed.
CREATE TABLE signing_keys (
    kid           TEXT    NOT NULL PRIMARY KEY,
    public        BLOB    NOT NULL,
    sealed        BLOB    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    -- Signs nothing any more; what it has signed is still read.
    retired_at_ms INTEGER
) STRICT, WITHOUT ROWID;

-- Values are sealed with XChaCha20-Poly1305 under the key of `key_id`, bound to tenant and name.
CREATE TABLE secrets (
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id),
    name          TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    version       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

-- Answers to requests that may come twice.
CREATE TABLE idempotency (
    tenant_id     BLOB    NOT NULL,
    principal     TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    fingerprint   BLOB    NOT NULL,
    -- None: it is being carried out.
    status        INTEGER,
    headers       TEXT,
    body          BLOB,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_age ON idempotency (created_at_ms);
