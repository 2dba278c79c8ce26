-- Versions have numbers for people, too. What is known of the newest document stands beside the agent, for lists.

DROP TRIGGER agent_versions_are_immutable;
ALTER TABLE agent_versions ADD COLUMN semver TEXT NOT NULL DEFAULT '1.0.0';
UPDATE agent_versions SET semver = '1.0.' || (version - 1);
CREATE TRIGGER agent_versions_are_immutable BEFORE UPDATE ON agent_versions
BEGIN
    SELECT RAISE(ABORT, 'agent versions are immutable');
END;

ALTER TABLE agents ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
ALTER TABLE agents ADD COLUMN kind TEXT NOT NULL DEFAULT 'voice';
ALTER TABLE agents ADD COLUMN extends TEXT;
-- A JSON list.
ALTER TABLE agents ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agents ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- The version that answers; none: the latest.
ALTER TABLE agents ADD COLUMN pinned_version INTEGER;
-- A version that answers a share of callers.
ALTER TABLE agents ADD COLUMN rollout_version INTEGER;
ALTER TABLE agents ADD COLUMN rollout_percent INTEGER CHECK (rollout_percent BETWEEN 0 AND 100);
ALTER TABLE agents ADD COLUMN rollout_sticky TEXT CHECK (rollout_sticky IN ('caller', 'user', 'call'));

UPDATE agents SET
    status = coalesce((SELECT document ->> '$.metadata.status' FROM agent_versions WHERE agent_id = agents.id AND version = agents.latest_version), 'active'),
    kind = coalesce((SELECT document ->> '$.type' FROM agent_versions WHERE agent_id = agents.id AND version = agents.latest_version), 'voice'),
    tags = coalesce((SELECT document -> '$.metadata.tags' FROM agent_versions WHERE agent_id = agents.id AND version = agents.latest_version), '[]');

-- One name, one agent: those that came later get a number.
UPDATE agents SET name = name || ' (' || substr(hex(id), 25) || ')' WHERE EXISTS (
    SELECT 1 FROM agents older WHERE older.tenant_id = agents.tenant_id AND older.name = agents.name
    AND (older.created_at_ms, older.id) < (agents.created_at_ms, agents.id)
);
DROP INDEX agents_by_name;
CREATE UNIQUE INDEX agents_by_name ON agents (tenant_id, name) WHERE status <> 'archived';
CREATE INDEX agents_by_update ON agents (tenant_id, updated_at_ms DESC, id DESC);

-- Who answers when no agent is named, in each environment.
CREATE TABLE default_agents_of (
    tenant_id   BLOB    NOT NULL REFERENCES tenants (id),
    environment TEXT    NOT NULL,
    agent_id    BLOB    NOT NULL,
    set_at_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, environment),
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO default_agents_of SELECT tenant_id, 'production', agent_id, set_at_ms FROM default_agents;
DROP TABLE default_agents;
ALTER TABLE default_agents_of RENAME TO default_agents;
