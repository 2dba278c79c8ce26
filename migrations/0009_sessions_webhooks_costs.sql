-- Somebody talks with an agent that was set up for them.
CREATE TABLE agent_sessions (
    id              BLOB    NOT NULL PRIMARY KEY,
    tenant_id       BLOB    NOT NULL REFERENCES tenants (id),
    agent_id        BLOB    NOT NULL,
    agent_version   INTEGER NOT NULL,
    user            TEXT,
    -- JSON objects.
    overrides       TEXT    NOT NULL,
    context         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('active', 'ended')),
    created_at_ms   INTEGER NOT NULL,
    active_at_ms    INTEGER NOT NULL,
    ended_at_ms     INTEGER,
    end_reason      TEXT,
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX agent_sessions_by_age ON agent_sessions (tenant_id, created_at_ms DESC, id DESC);
CREATE INDEX agent_sessions_active ON agent_sessions (tenant_id, active_at_ms) WHERE state = 'active';

ALTER TABLE calls ADD COLUMN session_id BLOB REFERENCES agent_sessions (id);
-- Millionths of a US dollar, by the host's price list.
ALTER TABLE calls ADD COLUMN cost_micros INTEGER;
ALTER TABLE calls ADD COLUMN erased_at_ms INTEGER;
CREATE INDEX calls_by_caller ON calls (tenant_id, caller) WHERE caller IS NOT NULL;

CREATE TABLE webhooks (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id),
    -- Only this agent's calls; none: all of them.
    agent_id      BLOB,
    url           TEXT    NOT NULL,
    -- A JSON list.
    events        TEXT    NOT NULL,
    sealed        BLOB    NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('active', 'disabled')),
    -- It stands in the agent's contract.
    of_contract   INTEGER NOT NULL DEFAULT 0 CHECK (of_contract IN (0, 1)),
    version       INTEGER NOT NULL DEFAULT 1,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhooks_by_tenant ON webhooks (tenant_id, created_at_ms DESC, id DESC);
CREATE UNIQUE INDEX webhooks_of_contracts ON webhooks (tenant_id, agent_id, url) WHERE of_contract = 1;

-- The outbox: written with what it tells of, sent afterwards.
CREATE TABLE deliveries (
    id              BLOB    NOT NULL PRIMARY KEY,
    tenant_id       BLOB    NOT NULL,
    webhook_id      BLOB    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- The same for every endpoint that is told, and for every try.
    event_id        TEXT    NOT NULL,
    event           TEXT    NOT NULL,
    call_id         BLOB,
    payload         TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- When it is tried next; while somebody tries, when they are given up.
    next_at_ms      INTEGER NOT NULL,
    last_status     INTEGER,
    last_error      TEXT,
    created_at_ms   INTEGER NOT NULL,
    finished_at_ms  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (next_at_ms) WHERE state = 'pending';
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, created_at_ms DESC, id DESC);
