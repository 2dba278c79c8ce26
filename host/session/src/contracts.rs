//! From an agent to the contract that is in force: which version answers, and what its layers make of it.
//!
//! What was resolved is kept until something is set up anew, here or by another process (see [`Store::changes`]), so that a
//! call that comes in reads memory. A contract that cannot be resolved any more, because a template changed under it, is an
//! error of that agent alone.

use crate::sessions::SessionError;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use trunkline_contract::agent::Agent;
use trunkline_contract::layers::{self, Effective, Layer};
use trunkline_contract::{AgentId, Fault, TenantId, stock};
use trunkline_store::{AgentSession, AgentVersion, Calling, Serving, Store, Tenant};

/// Agents that are kept; beyond it, all are forgotten.
const MOST: usize = 10_000;

/// A version of an agent with the contract that is in force.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The version.
    pub version: AgentVersion,
    /// What its layers make of it.
    pub agent: Agent,
    /// The same as a document, with the layer of each value.
    pub effective: Effective,
}

/// An agent as it is served now.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) tenant: Tenant,
    pub(crate) serving: Serving,
    base: Result<Arc<Resolved>, String>,
    candidate: Option<Result<Arc<Resolved>, String>>,
}

impl Served {
    /// Who answers somebody.
    pub(crate) fn choose(&self, who: Calling<'_>) -> Result<Arc<Resolved>, SessionError> {
        let version = self.serving.choose(who).version;
        let chosen = match &self.candidate {
            Some(candidate) if version != self.serving.base.version => candidate,
            Some(_) | None => &self.base,
        };
        chosen.clone().map_err(SessionError::Agent)
    }
}

/// The layers above an agent's own document.
#[derive(Clone)]
pub struct Above {
    defaults: Value,
    templates: HashMap<String, Value>,
}

/// What is to stand above the agents of a tenant.
#[derive(Clone, Copy, Debug)]
pub enum Proposed<'a> {
    /// A template of this name has this document; none: the tenant has none of this name.
    Template(&'a str, Option<&'a Value>),
    /// The tenant's defaults are this.
    Defaults(&'a Value),
}

impl Above {
    /// Those of a tenant.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(store: &Store, owner: &Tenant) -> trunkline_store::Result<Self> {
        let templates = store.tenant(owner.id).templates().list().await?;
        let templates = templates.into_iter().map(|template| (template.name, template.document)).collect();
        Ok(Self { defaults: owner.defaults.clone(), templates })
    }

    /// The effective document of an agent's own; `session` goes over it.
    ///
    /// # Errors
    /// A template that does not exist or extends itself.
    pub fn effective(&self, document: &Value, session: Option<&Value>) -> Result<Effective, Fault> {
        let templates = self.templates(document)?;
        let mut all = vec![(Layer::Tenant, &self.defaults)];
        all.extend(templates.iter().map(|(name, template)| (Layer::Template(name.clone()), template)));
        all.push((Layer::Agent, document));
        all.extend(session.map(|session| (Layer::Session, session)));
        Ok(layers::merge(all))
    }
}

impl Above {
    /// The templates that a document extends, the farthest first.
    pub(crate) fn templates(&self, document: &Value) -> Result<Vec<(String, Value)>, Fault> {
        layers::templates(document, |name| self.templates.get(name).or_else(|| stock::find(name)).cloned())
    }

    /// The same when something else stands there.
    #[must_use]
    pub(crate) fn with(&self, proposed: Proposed<'_>) -> Self {
        let mut above = self.clone();
        match proposed {
            Proposed::Template(name, Some(document)) => {
                above.templates.insert(name.to_owned(), document.clone());
            }
            Proposed::Template(name, None) => drop(above.templates.remove(name)),
            Proposed::Defaults(document) => above.defaults = document.clone(),
        }
        above
    }
}

/// The contracts that are in force. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Contracts(Arc<Inner>);

type Kept = HashMap<(TenantId, AgentId), Arc<Served>>;

struct Inner {
    store: Store,
    changes: watch::Receiver<u64>,
    kept: Mutex<(u64, Kept)>,
}

impl Contracts {
    pub(crate) fn new(store: Store) -> Self {
        let changes = store.changes();
        Self(Arc::new(Inner { store, changes, kept: Mutex::default() }))
    }

    /// An agent as it is served now; none: the tenant has no such agent.
    pub(crate) async fn served(&self, tenant: TenantId, agent: AgentId) -> Result<Option<Arc<Served>>, SessionError> {
        let now = *self.0.changes.borrow();
        if let Some(known) = self.known(now, (tenant, agent)) {
            return Ok(Some(known));
        }
        let Some(owner) = self.0.store.tenants().get(tenant).await? else { return Ok(None) };
        let Some(serving) = self.0.store.tenant(tenant).agents().serving(agent).await? else { return Ok(None) };
        let above = Above::of(&self.0.store, &owner).await?;
        let of =
            |version: &AgentVersion| resolve(&above, version, None).map(Arc::new).map_err(|error| error.to_string());
        let served =
            Served { base: of(&serving.base), candidate: serving.candidate.as_ref().map(of), tenant: owner, serving };
        let served = Arc::new(served);
        self.keep(now, (tenant, agent), &served);
        Ok(Some(served))
    }

    fn known(&self, now: u64, key: (TenantId, AgentId)) -> Option<Arc<Served>> {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.0 != now {
            *kept = (now, HashMap::new());
        }
        kept.1.get(&key).cloned()
    }

    fn keep(&self, at: u64, key: (TenantId, AgentId), served: &Arc<Served>) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change may be older than it.
        if kept.0 == at {
            if kept.1.len() >= MOST {
                kept.1.clear();
            }
            kept.1.insert(key, Arc::clone(served));
        }
    }

    /// The layers above the agents of a tenant.
    pub(crate) async fn above(&self, tenant: TenantId) -> Result<Above, SessionError> {
        let owner = self.0.store.tenants().get(tenant).await?.ok_or(SessionError::Missing("tenant"))?;
        Ok(Above::of(&self.0.store, &owner).await?)
    }

    /// One version of an agent, as it is or as a session has it.
    pub(crate) async fn resolve(
        &self,
        tenant: TenantId,
        version: &AgentVersion,
        session: Option<&AgentSession>,
    ) -> Result<Resolved, SessionError> {
        resolve(&self.above(tenant).await?, version, session)
    }
}

fn resolve(above: &Above, version: &AgentVersion, session: Option<&AgentSession>) -> Result<Resolved, SessionError> {
    let fault = |fault: Fault| SessionError::Agent(format!("{}: {}", fault.pointer, fault.message));
    let overrides = session.map(overrides_of);
    let effective = above.effective(&version.document, overrides.as_ref()).map_err(fault)?;
    let agent: Agent = serde_json::from_value(effective.document.clone())
        .map_err(|error| SessionError::Agent(format!("its contract cannot be read: {error}")))?;
    let effective = effective.with_defaults(&agent);
    Ok(Resolved { version: version.clone(), agent, effective })
}

/// What a session puts over the agent: its overrides, and its data over the agent's context.
fn overrides_of(session: &AgentSession) -> Value {
    let mut overrides = session.overrides.as_object().cloned().unwrap_or_default();
    if !session.context.is_empty() {
        let context = overrides.entry("context").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(context) = context {
            context.extend(session.context.clone());
        }
    }
    Value::Object(overrides)
}
