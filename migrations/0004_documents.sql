CREATE TABLE documents (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant_id     BLOB    NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    -- None: every agent of the tenant answers from it.
    agent_id      BLOB,
    name          TEXT    NOT NULL,
    metadata      TEXT    NOT NULL,
    bytes         INTEGER NOT NULL,
    chunks        INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (id, tenant_id),
    FOREIGN KEY (agent_id, tenant_id) REFERENCES agents (id, tenant_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX documents_by_age ON documents (tenant_id, created_at_ms DESC, id DESC);
CREATE INDEX documents_by_agent ON documents (agent_id, tenant_id) WHERE agent_id IS NOT NULL;

-- The text of a document is that of its chunks, joined in order.
CREATE TABLE chunks (
    id          INTEGER PRIMARY KEY,
    tenant_id   BLOB    NOT NULL,
    document_id BLOB    NOT NULL,
    seq         INTEGER NOT NULL,
    -- The headings that it stands under.
    heading     TEXT,
    text        TEXT    NOT NULL,
    UNIQUE (document_id, seq),
    FOREIGN KEY (document_id, tenant_id) REFERENCES documents (id, tenant_id) ON DELETE CASCADE
) STRICT;

-- `scope` holds words that stand for the tenant and for who may see the chunk, so that a search reads no other tenant's rows.
CREATE VIRTUAL TABLE chunk_index USING fts5 (
    scope, title, text,
    content = '', contentless_delete = 1,
    tokenize = "porter unicode61 remove_diacritics 2"
);

CREATE TRIGGER chunks_leave_the_index AFTER DELETE ON chunks
BEGIN
    DELETE FROM chunk_index WHERE rowid = old.id;
END;

-- A projection of `documents`, per tenant and agent; the documents of all agents stand under an empty id.
CREATE TABLE document_totals (
    tenant_id BLOB    NOT NULL,
    agent_id  BLOB    NOT NULL,
    documents INTEGER NOT NULL,
    chunks    INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER documents_are_counted AFTER INSERT ON documents
BEGIN
    INSERT INTO document_totals VALUES (new.tenant_id, coalesce(new.agent_id, x''), 1, new.chunks, new.bytes)
    ON CONFLICT DO UPDATE SET documents = documents + 1, chunks = chunks + new.chunks, bytes = bytes + new.bytes;
END;

CREATE TRIGGER documents_are_counted_off AFTER DELETE ON documents
BEGIN
    UPDATE document_totals SET documents = documents - 1, chunks = chunks - old.chunks, bytes = bytes - old.bytes
    WHERE tenant_id = old.tenant_id AND agent_id = coalesce(old.agent_id, x'');
END;
