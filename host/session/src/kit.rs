//! Tools of a tenant's components: which an agent is granted, and how one is called.

use crate::library::{Library, LibraryError};
use crate::sessions::{SessionError, Sessions};
use futures::future::{BoxFuture, FutureExt};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use trunkline_contract::agent::Agent;
use trunkline_contract::event::ToolInfo;
use trunkline_contract::{ComponentId, TenantId};
use trunkline_engine::{Granted, Runner};
use trunkline_runtime::{Invocation, KvError, ToolEffect, ToolSpec};
use trunkline_store::{LiveTools, StoreError, TenantStore};
use trunkline_tools::{Grants, HttpClient, Keep, Outcome, Outside};

/// A tool of a component, as it is called.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The component.
    pub component: ComponentId,
    /// Its name.
    pub name: String,
    /// Digest of the release that has the tool.
    pub digest: String,
    /// What the release says of it.
    pub spec: ToolSpec,
    /// What the tenant lets the component reach.
    pub grants: Grants,
}

impl Bound {
    /// What contracts call it: the component and the tool.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.spec.name)
    }

    fn granted(&self) -> Granted {
        let spec = &self.spec;
        let info = ToolInfo {
            name: spec.name.clone(),
            description: spec.description.clone(),
            input_schema: spec.input_schema.clone(),
        };
        let write = spec.effect == ToolEffect::Write;
        let runner = Runner::External { write, cancellable: spec.cancellable, timeout_ms: spec.timeout_ms };
        Granted { info, runner }
    }
}

/// What an agent is granted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kit {
    pub(crate) granted: Vec<Granted>,
    /// Those that components have, by the name that the model knows.
    pub(crate) bound: HashMap<String, Bound>,
}

/// On whose behalf a tool is called.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The call, or what stands for it.
    pub call: String,
    /// The same if the tool is ever called again for this.
    pub key: String,
    /// BCP 47.
    pub locale: String,
    /// Minutes east of UTC.
    pub utc_offset_minutes: i32,
}

/// All tools of a tenant's components, by name. A manifest or grant that cannot be read has none.
pub fn tools_of(live: &[LiveTools]) -> Vec<Bound> {
    let mut tools = Vec::new();
    for component in live {
        let specs: Vec<ToolSpec> = serde_json::from_value(component.manifest["tools"].clone()).unwrap_or_default();
        let grants: Grants = serde_json::from_value(component.grants.clone()).unwrap_or_default();
        tools.extend(specs.into_iter().map(|spec| Bound {
            component: component.id,
            name: component.name.clone(),
            digest: component.digest.clone(),
            spec,
            grants: grants.clone(),
        }));
    }
    tools
}

impl Sessions {
    /// All tools of a tenant's components.
    ///
    /// # Errors
    /// The store's.
    pub async fn component_tools(&self, tenant: TenantId) -> Result<Vec<Bound>, SessionError> {
        Ok(tools_of(&self.0.store.tenant(tenant).components().live_tools().await?))
    }

    /// What an agent of the tenant is granted. A tool that is not there any more is left out.
    pub(crate) async fn kit(&self, tenant: TenantId, agent: &Agent) -> Result<Kit, SessionError> {
        let mut kit = Kit::default();
        let own: Vec<&String> = agent.tools.iter().filter(|name| Granted::builtin(name).is_none()).collect();
        kit.granted.extend(agent.tools.iter().filter_map(|name| Granted::builtin(name)));
        if own.is_empty() {
            return Ok(kit);
        }
        let known = self.component_tools(tenant).await?;
        for name in own {
            let Some(bound) = known.iter().find(|bound| bound.full_name() == *name) else {
                tracing::warn!(%tenant, tool = name, "a granted tool is not there");
                continue;
            };
            kit.granted.push(bound.granted());
            kit.bound.insert(bound.spec.name.clone(), bound.clone());
        }
        Ok(kit)
    }

    /// Calls a tool of a tenant's component; the outcome, and what it reached and wrote.
    ///
    /// # Errors
    /// Its component cannot be loaded.
    pub async fn call_tool(
        &self,
        tenant: TenantId,
        bound: &Bound,
        args: &Value,
        caller: Caller,
    ) -> Result<(Outcome, Arc<Outside>), LibraryError> {
        let tenant = self.0.store.tenant(tenant);
        let (library, http) = (self.0.library.clone(), self.0.config.outgoing.clone());
        run(library, http, tenant, bound.clone(), args.clone(), caller).await
    }
}

/// One call of a tool, from its component to its outcome.
pub(crate) async fn run(
    library: Library,
    http: HttpClient,
    tenant: TenantStore,
    bound: Bound,
    args: Value,
    caller: Caller,
) -> Result<(Outcome, Arc<Outside>), LibraryError> {
    let tool = library.tool(&bound.digest).await?;
    let keep = Kept { tenant: tenant.clone(), component: bound.component };
    let outside = Arc::new(Outside::new(bound.name.clone(), bound.grants, http, Box::new(keep)));
    let invocation = Invocation {
        call_id: caller.call,
        tenant: tenant.id().to_string(),
        idempotency_key: caller.key,
        locale: caller.locale,
        utc_offset_minutes: caller.utc_offset_minutes,
        timeout: Some(Duration::from_millis(bound.spec.timeout_ms.into())),
    };
    let outcome = trunkline_tools::call(&tool, &bound.spec, &args, invocation, Arc::clone(&outside)).await;
    for line in outside.lines() {
        let (component, tool, level, pii_line) = (&bound.name, &bound.spec.name, line.level, &line.message);
        tracing::debug!(component, tool, level, pii_line, "a tool writes");
    }
    let (status, cpu_us, memory) = (outcome.status, outcome.stats.cpu_ns / 1_000, outcome.stats.memory_peak);
    let (component, tool) = (&bound.name, &bound.spec.name);
    tracing::info!(component, tool, status, cpu_us, memory, requests = outside.requests(), "a tool was called");
    Ok((outcome, outside))
}

/// What a tool keeps, and its tenant's secrets.
struct Kept {
    tenant: TenantStore,
    component: ComponentId,
}

fn refused(error: StoreError) -> KvError {
    match error {
        StoreError::Limit { .. } => KvError::Full,
        StoreError::Invalid(why) => KvError::InvalidKey(why.to_owned()),
        error => {
            tracing::warn!(%error, "a tool's values could not be reached");
            KvError::Unavailable("the store does not answer".to_owned())
        }
    }
}

impl Keep for Kept {
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<Vec<u8>>, KvError>> {
        async move { self.tenant.tool_values(self.component).get(key).await.map_err(refused) }.boxed()
    }

    fn set(&self, key: String, value: Vec<u8>) -> BoxFuture<'_, Result<(), KvError>> {
        async move { self.tenant.tool_values(self.component).set(key, value).await.map_err(refused) }.boxed()
    }

    fn delete(&self, key: String) -> BoxFuture<'_, Result<(), KvError>> {
        async move { self.tenant.tool_values(self.component).delete(key).await.map_err(refused) }.boxed()
    }

    fn increment(&self, key: String, by: i64) -> BoxFuture<'_, Result<i64, KvError>> {
        async move { self.tenant.tool_values(self.component).increment(key, by).await.map_err(refused) }.boxed()
    }

    fn secret(&self, name: String) -> BoxFuture<'_, Option<String>> {
        async move {
            let found = self.tenant.secrets().value(name).await;
            found.inspect_err(|error| tracing::warn!(%error, "a secret could not be opened")).ok().flatten()
        }
        .map(|secret| secret.map(|secret| secret.expose().to_owned()))
        .boxed()
    }
}
