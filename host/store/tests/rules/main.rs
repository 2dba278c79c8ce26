//! The store's rules, over a real file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod agent_sessions;
mod agents;
mod audit;
mod backup;
mod changes;
mod components;
mod documents;
mod durability;
mod erasure;
#[cfg(feature = "failpoints")]
mod failpoints;
mod idempotency;
mod keys;
mod leases;
mod log;
mod logins;
mod opening;
mod outbox;
mod registries;
mod secrets;
mod signing;
mod templates;
mod tenancy;
mod upkeep;
mod usage;
mod users;
mod webhooks;

use libsql::Connection;
use serde_json::json;
use tempfile::TempDir;
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{AgentId, CallId};
use trunkline_store::{Append, CallState, CallUpdate, NewCall, NewLease, NewVersion, Store, StoreConfig, TenantStore};

/// A store in a directory of its own, with one tenant, one agent, one call that is leased with fencing number 1.
struct Fixture {
    dir: TempDir,
    store: Store,
    tenant: TenantStore,
    agent: AgentId,
    call: CallId,
}

impl Fixture {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig::new(dir.path());
        Self::with(dir, config).await
    }

    async fn with(dir: TempDir, config: StoreConfig) -> Self {
        let store = Store::open(config).await.unwrap();
        let tenant = store.tenant(store.tenants().create("acme", 1).await.unwrap().id);
        let agent = tenant.agents().create(version("front desk")).await.unwrap().agent_id;
        let call = tenant.calls().create(new_call(agent)).await.unwrap().id;
        Self { dir, store, tenant, agent, call }
    }

    fn config(&self) -> StoreConfig {
        StoreConfig::new(self.dir.path())
    }

    /// A second tenant.
    async fn other(&self) -> TenantStore {
        self.store.tenant(self.store.tenants().create("other", 2).await.unwrap().id)
    }

    /// The database as another program has it.
    async fn raw(&self) -> Connection {
        let path = self.dir.path().join("trunkline.db");
        libsql::Builder::new_local(path).build().await.unwrap().connect().unwrap()
    }

    /// Whether these bytes stand anywhere in the database's files.
    fn holds(&self, wanted: impl AsRef<[u8]>) -> bool {
        let wanted = wanted.as_ref();
        ["trunkline.db", "trunkline.db-wal"].iter().any(|name| {
            let bytes = std::fs::read(self.dir.path().join(name)).unwrap_or_default();
            bytes.windows(wanted.len()).any(|window| window == wanted)
        })
    }

    /// As after a restart.
    async fn reopened(mut self) -> Self {
        self.store.close().await;
        self.store = Store::open(self.config()).await.unwrap();
        self.tenant = self.store.tenant(self.tenant.id());
        self
    }
}

fn version(name: &str) -> NewVersion {
    NewVersion {
        document: json!({ "name": name }),
        author: Some("ann".into()),
        summary: None,
        now_ms: 5,
        ..NewVersion::default()
    }
}

fn new_call(agent: AgentId) -> NewCall {
    let lease = Some(NewLease { owner: "host-a".into(), expires_ms: 10_000 });
    NewCall { lease, ..NewCall::new(agent, 1, "phone-inbound", 1_000, u64::MAX - 3) }
}

fn note(seq: u64) -> Row {
    let entry = Entry::Note { level: "info".into(), text: format!("row {seq}") };
    Row { seq, at_ms: seq * 20, entry, component: Some("d1".into()) }
}

fn append(call: CallId, rows: impl IntoIterator<Item = Row>) -> Append {
    let rows = rows.into_iter().collect();
    Append { call, fencing: 1, rows, state: None, snapshot: false, call_update: None, urgent: true }
}

/// The first row of an answer.
async fn row(conn: &Connection, sql: &str) -> libsql::Row {
    conn.query(sql, ()).await.unwrap().next().await.unwrap().unwrap()
}

async fn count(conn: &Connection, sql: &str) -> i64 {
    row(conn, sql).await.get(0).unwrap()
}

/// What a call becomes that is over.
fn over() -> CallUpdate {
    CallUpdate { state: Some(CallState::Ended), ended_at_ms: Some(2_000), ..CallUpdate::default() }
}
