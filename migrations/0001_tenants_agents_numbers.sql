-- Ids are UUIDs as 16 bytes; times are unix milliseconds.

CREATE TABLE tenants (
    id            BLOB    NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
    id             BLOB    NOT NULL PRIMARY KEY,
    tenant_id      BLOB    NOT NULL REFERENCES tenants (id),
    name           TEXT    NOT NULL,
    latest_version INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    updated_at_ms  INTEGER NOT NULL,
    -- What rows of other tables point at, so that they cannot mix tenants.
    UNIQUE (id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX agents_by_age ON agents (tenant_id, created_at_ms DESC, id DESC);
CREATE INDEX agents_by_name ON agents (tenant_id, name);

CREATE TABLE agent_versions (
    agent_id      BLOB    NOT NULL REFERENCES agents (id),
    version       INTEGER NOT NULL CHECK (version >= 1),
    document      TEXT    NOT NULL,
    created_at_ms INTEGER NOT NULL,
    author        TEXT,
    summary       TEXT,
    PRIMARY KEY (agent_id, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER agent_versions_are_immutable BEFORE UPDATE ON agent_versions
BEGIN
    SELECT RAISE(ABORT, 'agent versions are immutable');
END;

-- One inbound agent per number, whoever the tenant.
CREATE TABLE numbers (
    e164           TEXT    NOT NULL PRIMARY KEY,
    tenant_id      BLOB    NOT NULL REFERENCES tenants (id),
    agent_id       BLOB    NOT NULL,
    assigned_at_ms INTEGER NOT NULL,
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX numbers_by_tenant ON numbers (tenant_id, e164);

-- A carrier's account; its secret is never here, only the name of the secret in the configuration.
CREATE TABLE accounts (
    account_sid    TEXT    NOT NULL PRIMARY KEY,
    tenant_id      BLOB    NOT NULL REFERENCES tenants (id),
    auth_token_ref TEXT,
    created_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
