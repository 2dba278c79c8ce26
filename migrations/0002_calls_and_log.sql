CREATE TABLE calls (
    id               BLOB    NOT NULL PRIMARY KEY,
    tenant_id        BLOB    NOT NULL REFERENCES tenants (id),
    agent_id         BLOB    NOT NULL,
    agent_version    INTEGER NOT NULL,
    channel          TEXT    NOT NULL,
    direction        TEXT    NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    caller           TEXT,
    callee           TEXT,
    -- The carrier's webhook may come twice; the call is made once.
    carrier_call_sid TEXT    UNIQUE,
    account_sid      TEXT,
    state            TEXT    NOT NULL CHECK (state IN ('ringing', 'active', 'ended')),
    started_at_ms    INTEGER NOT NULL,
    ended_at_ms      INTEGER,
    end_reason       TEXT,
    result           TEXT,
    -- 64 bits, stored as the signed number of the same bits.
    seed             INTEGER NOT NULL,
    -- Grows with every lease; the log refuses writers that hold an older one.
    fencing          INTEGER NOT NULL,
    lease_owner      TEXT,
    lease_expires_ms INTEGER,
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id),
    FOREIGN KEY (agent_id, agent_version) REFERENCES agent_versions (agent_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_start ON calls (tenant_id, started_at_ms DESC, id DESC);
CREATE INDEX calls_live_by_lease ON calls (lease_expires_ms) WHERE state <> 'ended';

CREATE TABLE events (
    call_id   BLOB    NOT NULL REFERENCES calls (id),
    seq       INTEGER NOT NULL CHECK (seq >= 1),
    at_ms     INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    payload   TEXT    NOT NULL,
    component TEXT,
    PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_states (
    call_id BLOB    NOT NULL PRIMARY KEY REFERENCES calls (id),
    seq     INTEGER NOT NULL,
    state   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE call_snapshots (
    call_id BLOB    NOT NULL REFERENCES calls (id),
    seq     INTEGER NOT NULL,
    state   BLOB    NOT NULL,
    PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;

-- A projection of the intents and outcomes in the log, written with them.
CREATE TABLE effects (
    call_id     BLOB    NOT NULL REFERENCES calls (id),
    key         TEXT    NOT NULL,
    what        TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    value       TEXT,
    intent_seq  INTEGER NOT NULL,
    outcome_seq INTEGER,
    PRIMARY KEY (call_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX effects_open ON effects (call_id, intent_seq) WHERE status = 'intent';
