-- Links that log a browser in, once. SHA-256 only. What a revoked token made goes with it; no token: the machine's own
-- console made the link.
CREATE TABLE login_links (
    hash          BLOB    NOT NULL PRIMARY KEY,
    token_name    TEXT    REFERENCES operator_tokens (name) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX login_links_by_expiry ON login_links (expires_at_ms);
CREATE INDEX login_links_by_token ON login_links (token_name);

-- Browsers that are logged in: SHA-256 of their cookie.
CREATE TABLE browser_sessions (
    hash          BLOB    NOT NULL PRIMARY KEY,
    token_name    TEXT    REFERENCES operator_tokens (name) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    -- Moves with use, up to `ends_at_ms`.
    idle_at_ms    INTEGER NOT NULL,
    ends_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX browser_sessions_by_idle ON browser_sessions (idle_at_ms);
CREATE INDEX browser_sessions_by_token ON browser_sessions (token_name);

-- Who answers when no agent is named.
CREATE TABLE default_agents (
    tenant_id BLOB    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    agent_id  BLOB    NOT NULL,
    set_at_ms INTEGER NOT NULL,
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Tenants that were given their first agents, or needed none: what is deleted later does not come back.
CREATE TABLE seeded_tenants (
    tenant_id    BLOB    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    seeded_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
