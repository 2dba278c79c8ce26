CREATE TABLE templates (
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id),
    name          TEXT    NOT NULL,
    description   TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    -- Counts its changes, from 1.
    version       INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE tenants ADD COLUMN status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended'));
-- JSON objects: what the tenant may use, and what its agents begin with.
ALTER TABLE tenants ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN defaults TEXT NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tenants ADD COLUMN updated_at_ms INTEGER NOT NULL DEFAULT 0;

-- Who did what, written with what was done. Hashes are SHA-256 of the document as canonical JSON.
CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- None: of the host itself.
    tenant_id   BLOB,
    at_ms       INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    before_hash TEXT,
    after_hash  TEXT
) STRICT;

CREATE INDEX audit_by_tenant ON audit (tenant_id, seq DESC);
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
