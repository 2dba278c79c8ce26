//! Answers from a data directory that no server uses.

use super::{CallsOf, Faults, Intent, PageOf, ROWS};
use crate::components;
use crate::config::{Config, DEFAULT_TENANT};
use crate::first_run;
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{AgentId, CallId, Fault, Severity, validate};
use trunkline_engine::Granted;
use trunkline_session::{Above, Bound, tools_of, unix_ms};
use trunkline_store::{CallFilter, CallState, ComponentKind, NewVersion, PRODUCTION, Store, StoreError, TenantStore};

/// A data directory.
pub(crate) struct Local {
    store: Store,
    tenant: TenantStore,
    folder: PathBuf,
}

impl Local {
    pub(crate) async fn open(config: &Config, tenant: Option<&str>, intent: Intent) -> anyhow::Result<Self> {
        let store = first_run::open(&config.data, intent == Intent::Write).await?;
        let name = tenant.unwrap_or(DEFAULT_TENANT);
        let Some(found) = store.tenants().by_name(name).await? else {
            let all = store.tenants().list().await?;
            let names = all.into_iter().map(|tenant| tenant.name).collect::<Vec<_>>().join(", ");
            bail!("there is no tenant `{name}` (there are: {names})");
        };
        let tenant = store.tenant(found.id);
        Ok(Self { store, tenant, folder: config.components.clone() })
    }

    pub(crate) async fn agents(&self, page: &PageOf) -> anyhow::Result<Value> {
        let page = self.tenant.agents().list(page.cursor.as_deref(), page.limit.into()).await?;
        Ok(serde_json::to_value(page)?)
    }

    pub(crate) async fn agent(&self, id: AgentId) -> anyhow::Result<Value> {
        let found = self.tenant.agents().latest(id).await?;
        Ok(serde_json::to_value(found.with_context(|| format!("there is no agent {id}"))?)?)
    }

    pub(crate) async fn create_agent(&self, document: &Value) -> anyhow::Result<Value> {
        self.validate(document).await?;
        Ok(serde_json::to_value(self.tenant.agents().create(self.new_version(document, None)).await?)?)
    }

    pub(crate) async fn validate(&self, document: &Value) -> anyhow::Result<Vec<Fault>> {
        let mut names: Vec<String> = components::list(&self.folder)?.into_iter().map(|(name, _)| name).collect();
        names.extend(self.store.components().list().await?.into_iter().map(|component| component.name));
        names.extend(self.tenant.components().names(ComponentKind::Agent).await?);
        let owner = self.store.tenants().get(self.tenant.id()).await?.context("the tenant is gone")?;
        let effective = Above::of(&self.store, &owner).await?.effective(document, None);
        let effective = effective
            .map_err(|fault| Faults { detail: "the contract has 1 fault(s)".to_owned(), faults: vec![fault] })?;
        let live = self.tenant.components().live_tools().await?;
        let tools: Vec<String> = tools_of(&live).iter().map(Bound::full_name).collect();
        check(&effective.document, &names, &tools, &self.folder)
    }

    pub(crate) async fn default_agent(&self) -> anyhow::Result<Value> {
        let found = self.tenant.agents().current(PRODUCTION).await?;
        Ok(serde_json::to_value(
            found.context("there is no default agent: name one, or choose it with `trunkline agent default`")?,
        )?)
    }

    pub(crate) async fn set_default(&self, id: AgentId) -> anyhow::Result<Value> {
        let set = self.tenant.agents().set_default(id, PRODUCTION, unix_ms()).await;
        Ok(serde_json::to_value(set.map_err(|error| missing_agent(error, id))?)?)
    }

    pub(crate) async fn versions(&self, id: AgentId, _page: &PageOf) -> anyhow::Result<Value> {
        let versions = self.tenant.agents().versions(id).await?;
        if versions.is_empty() {
            bail!("there is no agent {id}");
        }
        Ok(json!({"items": versions, "next_cursor": null}))
    }

    pub(crate) async fn replace_agent(
        &self,
        id: AgentId,
        version: u64,
        document: &Value,
        why: Option<&str>,
    ) -> anyhow::Result<Value> {
        let latest = self.agent(id).await?;
        if *document == latest["document"] {
            return Ok(latest);
        }
        self.validate(document).await?;
        let expected = u32::try_from(version).ok();
        let new = self.new_version(document, why);
        let made = self.tenant.agents().update(id, expected, new).await;
        Ok(serde_json::to_value(made.map_err(|error| missing_agent(error, id))?)?)
    }

    pub(crate) async fn patch_agent(&self, id: AgentId, patch: &Value, why: Option<&str>) -> anyhow::Result<Value> {
        let latest = self.agent(id).await?;
        let mut document = latest["document"].clone();
        json_patch::merge(&mut document, patch);
        self.replace_agent(id, latest["version"].as_u64().unwrap_or_default(), &document, why).await
    }

    pub(crate) async fn roll_back(&self, id: AgentId, version: u32, why: Option<&str>) -> anyhow::Result<Value> {
        self.agent(id).await?;
        let old = self.tenant.agents().get(id, version).await?;
        let old =
            old.with_context(|| format!("the agent has no version {version}: `trunkline agent versions` shows all"))?;
        self.validate(&old.document).await?;
        let summary = why.map(str::to_owned);
        let made = self.tenant.agents().rollback(id, version, None, summary, unix_ms()).await;
        Ok(serde_json::to_value(made.map_err(|error| missing_agent(error, id))?)?)
    }

    fn new_version(&self, document: &Value, why: Option<&str>) -> NewVersion {
        let author = Some("command line".to_owned());
        NewVersion {
            document: document.clone(),
            author,
            summary: why.map(str::to_owned),
            now_ms: unix_ms(),
            ..NewVersion::default()
        }
    }

    pub(crate) async fn numbers(&self) -> anyhow::Result<Value> {
        Ok(json!({"items": self.tenant.numbers().list().await?, "next_cursor": null}))
    }

    pub(crate) async fn assign(&self, e164: &str, agent: AgentId) -> anyhow::Result<Value> {
        Ok(serde_json::to_value(self.tenant.numbers().assign(e164, agent, unix_ms()).await?)?)
    }

    pub(crate) async fn unassign(&self, e164: &str) -> anyhow::Result<()> {
        if !self.tenant.numbers().unassign(e164, unix_ms()).await? {
            bail!("nobody answers {e164}: `trunkline number list` shows all");
        }
        Ok(())
    }

    pub(crate) async fn calls(&self, of: &CallsOf, page: &PageOf) -> anyhow::Result<Value> {
        let states = [CallState::Ringing, CallState::Active, CallState::Ended];
        let state = of.state.and_then(|name| states.into_iter().find(|state| state.name() == name));
        let filter = CallFilter { state, agent: of.agent, channel: of.channel };
        let page = self.tenant.calls().list(filter, page.cursor.as_deref(), page.limit.into()).await?;
        Ok(serde_json::to_value(page)?)
    }

    pub(crate) async fn call(&self, id: CallId) -> anyhow::Result<Value> {
        let found = self.tenant.calls().get(id).await?;
        Ok(serde_json::to_value(found.with_context(|| format!("there is no call {id}"))?)?)
    }

    pub(crate) async fn transcript(&self, id: CallId) -> anyhow::Result<Value> {
        let lines = self.tenant.log().transcript(id).await.map_err(|error| missing_call(error, id))?;
        Ok(json!({"items": lines}))
    }

    pub(crate) async fn latency(&self, id: CallId) -> anyhow::Result<Value> {
        let (mut items, mut next) = (Vec::new(), 1);
        loop {
            let rows = self.rows(id, next).await?;
            let Some(last) = rows.last() else { return Ok(json!({"items": items})) };
            next = last.seq + 1;
            items.extend(rows.into_iter().filter_map(|row| match row.entry {
                Entry::Latency(latency) => Some(latency),
                _ => None,
            }));
        }
    }

    pub(crate) async fn rows(&self, id: CallId, from_seq: u64) -> anyhow::Result<Vec<Row>> {
        self.tenant.log().rows(id, from_seq, ROWS).await.map_err(|error| missing_call(error, id))
    }

    /// The bytes of a component by their digest, if the registry has them.
    pub(crate) async fn component(&self, digest: &str) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.store.components().blob(digest).await?)
    }
}

fn missing_agent(error: StoreError, id: AgentId) -> anyhow::Error {
    match error {
        StoreError::NotFound(_) => anyhow::anyhow!("there is no agent {id}"),
        other => other.into(),
    }
}

fn missing_call(error: StoreError, id: CallId) -> anyhow::Error {
    match error {
        StoreError::NotFound(_) => anyhow::anyhow!("there is no call {id}"),
        other => other.into(),
    }
}

/// Checks a contract against the components that there are and their `tools`; gives its warnings.
///
/// # Errors
/// [`Faults`], or there are no components at all.
pub(crate) fn check(
    document: &Value,
    components: &[String],
    tools: &[String],
    folder: &Path,
) -> anyhow::Result<Vec<Fault>> {
    if components.is_empty() {
        bail!("{}: {}", components::missing(folder), components::BUILD);
    }
    let mut names: Vec<&str> = components.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let tools: Vec<&str> = Granted::BUILTIN.iter().copied().chain(tools.iter().map(String::as_str)).collect();
    let checked = validate::agent(document, &tools, &names);
    checked.map(|checked| checked.warnings).map_err(|faults| {
        let errors = faults.iter().filter(|fault| fault.severity == Severity::Error).count();
        let detail = format!("the contract has {errors} fault{}", if errors == 1 { "" } else { "s" });
        Faults { detail, faults }.into()
    })
}
