-- Components that tenants upload. The host's own are in `components`.
CREATE TABLE tenant_components (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id),
    name          TEXT    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind IN ('agent', 'tool')),
    -- Numbers of releases: what was uploaded last and not promoted yet, what is used, what last worked.
    draft         INTEGER,
    live          INTEGER,
    last_good     INTEGER,
    -- JSON: what its tenant lets it reach.
    grants        TEXT    NOT NULL DEFAULT '{}',
    -- The number that was given last; a number is given once.
    numbered      INTEGER NOT NULL DEFAULT 0,
    version       INTEGER NOT NULL DEFAULT 1,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    UNIQUE (tenant_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX tenant_components_by_age ON tenant_components (tenant_id, created_at_ms DESC, id DESC);

CREATE TABLE component_releases (
    component_id   BLOB    NOT NULL REFERENCES tenant_components (id) ON DELETE CASCADE,
    number         INTEGER NOT NULL,
    digest         TEXT    NOT NULL REFERENCES component_blobs (digest),
    bytes          INTEGER NOT NULL,
    -- JSON: what it says of itself.
    manifest       TEXT    NOT NULL,
    created_by     TEXT    NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    -- When it last became the live one, and which was live until then.
    promoted_at_ms INTEGER,
    replaced       INTEGER,
    PRIMARY KEY (component_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX component_releases_by_digest ON component_releases (digest);

-- What tools keep between their calls.
CREATE TABLE tool_values (
    component_id BLOB NOT NULL REFERENCES tenant_components (id) ON DELETE CASCADE,
    key          TEXT NOT NULL,
    value        BLOB NOT NULL,
    PRIMARY KEY (component_id, key)
) STRICT, WITHOUT ROWID;

-- Since when nothing refers to it.
ALTER TABLE component_blobs ADD COLUMN unused_since_ms INTEGER;
