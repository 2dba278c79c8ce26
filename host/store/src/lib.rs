//! libSQL: migrations, tenant-scoped repositories, event log.
//!
//! libSQL's local connection runs SQLite on the thread that polls it, so no future of it is ever polled on an async
//! thread: one writer thread owns the only connection that writes and commits in groups, two reader threads serve reads,
//! and the async API sends them closures and awaits the answers. Both queues are bounded; a full one makes the caller
//! wait (see `writer` and `reader`).
//!
//! Tenancy is a type: data of a tenant is reached through [`Store::tenant`] and nowhere else. What [`Store`] itself offers
//! is global by nature. Times come in as unix milliseconds; only that of a migration is the machine's own.

mod accounts;
mod agent_sessions;
mod agents;
mod audit;
mod backup;
mod bind;
mod calls;
mod changes;
mod components;
mod documents;
mod effects;
mod erasure;
mod error;
#[cfg(feature = "failpoints")]
mod failpoint;
mod idempotency;
mod keys;
mod latency;
mod lease;
mod log;
mod logins;
mod migrate;
mod numbers;
mod page;
mod passwords;
mod reader;
mod reseal;
mod roles;
mod secrets;
mod signing;
mod sqlite;
mod store;
mod templates;
mod tenant_components;
mod tenants;
mod tokens;
mod tool_values;
mod transcript;
mod usage;
mod users;
mod vault;
mod webhooks;
mod writer;

pub use accounts::Account;
pub use agent_sessions::{AgentSession, AgentSessions, NewSession};
pub use agents::{
    AgentFilter, AgentSort, AgentVersion, Agents, Calling, NewVersion, PRODUCTION, Rollout, Serving, Sticky,
};
pub use audit::{Audit, AuditEntry, AuditFilter, HostAudit};
pub use calls::{Call, CallFilter, CallState, CallUpdate, Calls, Created, Direction, NewCall, NewLease};
pub use components::{Component, Components};
pub use documents::{Chunk, Document, Documents, Hit, Matches, NewDocument, Query, Totals};
pub use effects::Effect;
pub use erasure::{Erased, Subject};
pub use error::StoreError;
pub use idempotency::{Answered, Begun, Idempotency, IdempotencyKey};
pub use keys::{ApiKey, KEY_PREFIX, Keys, NewKey};
pub use lease::Lease;
pub use log::{Append, Appended, EnqueueError, EventLog, Pending, ReducerState};
pub use logins::{BrowserSession, LoginLink, Logins, OpenedSession};
pub use migrate::MigrationStatus;
pub use numbers::{Number, NumberOwner, Numbers};
pub use page::Page;
pub use passwords::{PASSWORD, hash_password, verify_password};
pub use reseal::{Resealed, Unreadable};
pub use roles::{Role, UnknownRole};
pub use secrets::{SecretInfo, Secrets};
pub use signing::SigningKey;
pub use store::{Store, StoreConfig, TenantStore};
pub use templates::{NewTemplate, Template, Templates};
pub use tenant_components::{ComponentKind, LiveTools, Named, NewRelease, Release, TenantComponent, TenantComponents};
pub use tenants::{Tenant, TenantChange, TenantLimits, TenantStatus, Tenants};
pub use tokens::{OperatorToken, OperatorTokens};
pub use tool_values::ToolValues;
pub use transcript::{Speaker, TranscriptLine, messages, transcript};
pub use usage::UsageLine;
pub use users::{NewUser, User, UserChange, Users};
pub use vault::{Secret, Vault};
pub use webhooks::{Deliveries, Delivery, DeliveryState, Due, Emit, NewWebhook, Outcome, Webhook, Webhooks};
pub use writer::WriterStats;

use trunkline_contract::{AgentId, CallId, DocumentId, TenantId};
use uuid::Uuid;

/// Result of everything here.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A new id, ordered by time of making.
pub fn new_tenant_id() -> TenantId {
    TenantId(Uuid::now_v7())
}

/// A new id, ordered by time of making.
pub fn new_agent_id() -> AgentId {
    AgentId(Uuid::now_v7())
}

/// A new id, ordered by time of making.
pub fn new_call_id() -> CallId {
    CallId(Uuid::now_v7())
}

/// A new id, ordered by time of making.
pub fn new_document_id() -> DocumentId {
    DocumentId(Uuid::now_v7())
}
