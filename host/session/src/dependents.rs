//! What a change of a template or of a tenant's defaults would do to the agents below it.

use crate::contracts::{Above, Proposed};
use crate::library::Catalogue;
use crate::sessions::{SessionError, Sessions, checked};
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_contract::validate::Severity;
use trunkline_contract::{AgentId, Fault, TenantId};
use trunkline_store::{AgentVersion, Agents};

/// Agents that are named; the others are counted.
const NAMED: usize = 10;
/// Faults of each that are named.
const FAULTS: usize = 5;
/// Agents that are read at a time.
const PAGE: usize = 100;

/// Agents whose contracts are valid, and would not be any more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Broken {
    /// How many there are.
    pub total: usize,
    /// The first of them, at most 10.
    pub agents: Vec<BrokenAgent>,
}

/// An agent whose contract would not be valid any more.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BrokenAgent {
    /// The agent.
    pub agent_id: AgentId,
    /// Its name.
    pub name: String,
    /// The version: the latest, or one that answers.
    pub version: u32,
    /// What would be wrong with the contract in force; at most 5 faults.
    pub errors: Vec<Fault>,
}

/// An agent whose contract names a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComponentUser {
    /// The agent.
    pub agent_id: AgentId,
    /// Its name.
    pub name: String,
    /// Its version: the latest, or one that answers.
    pub version: u32,
    /// The release that it is bound to; none: the live one.
    pub release: Option<u32>,
    /// The tools of the component that it is granted.
    pub tools: Vec<String>,
}

impl Sessions {
    /// Agents of a tenant whose contracts in force name a component of its own. Archived ones do not count.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn users_of(&self, tenant: TenantId, component: &str) -> Result<Vec<ComponentUser>, SessionError> {
        let above = self.0.contracts.above(tenant).await?;
        let mut users = Vec::new();
        self.each_version(tenant, |version| {
            let Ok(effective) = above.effective(&version.document, None) else { return };
            let behaviour = effective.document.get("behaviour").filter(|behaviour| behaviour["component"] == component);
            let tools =
                effective.document["tools"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let own = tools.filter(|tool| tool.split_once('.').is_some_and(|(name, _)| name == component));
            let tools: Vec<String> = own.map(str::to_owned).collect();
            if behaviour.is_none() && tools.is_empty() {
                return;
            }
            let release = behaviour.and_then(|behaviour| behaviour["release"].as_u64());
            users.push(ComponentUser {
                agent_id: version.agent_id,
                name: name(version),
                version: version.version,
                release: release.and_then(|number| u32::try_from(number).ok()),
                tools,
            });
        })
        .await?;
        Ok(users)
    }

    /// Shows each version of a tenant's agents that counts: the latest and those that answer, agent by agent.
    async fn each_version(&self, tenant: TenantId, mut look: impl FnMut(&AgentVersion)) -> Result<(), SessionError> {
        let store = self.0.store.tenant(tenant);
        let (agents, mut cursor) = (store.agents(), None::<String>);
        loop {
            let page = agents.list(cursor.as_deref(), PAGE).await?;
            for latest in page.items {
                versions(&agents, latest).await?.iter().for_each(&mut look);
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Agents of a tenant that a change above them would make invalid. Archived ones do not count, and neither do those
    /// that are invalid already.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn broken_by(&self, tenant: TenantId, proposed: Proposed<'_>) -> Result<Broken, SessionError> {
        let now = self.0.contracts.above(tenant).await?;
        let then = now.with(proposed);
        let catalogue = self.0.library.catalogue(tenant).await?;
        let (mut broken, mut last) = (Broken::default(), None);
        self.each_version(tenant, |version| {
            // An agent counts once.
            if last == Some(version.agent_id) {
                return;
            }
            if let Some(found) = breaks(&now, &then, version, &catalogue) {
                last = Some(version.agent_id);
                broken.total += 1;
                broken.agents.extend(Some(found).filter(|_| broken.agents.len() < NAMED));
            }
        })
        .await?;
        Ok(broken)
    }
}

/// The versions of an agent that count: the latest and those that answer.
async fn versions(agents: &Agents<'_>, latest: AgentVersion) -> Result<Vec<AgentVersion>, SessionError> {
    let serving = agents.serving(latest.agent_id).await?;
    let mut versions = vec![latest];
    for version in serving.into_iter().flat_map(|serving| [Some(serving.base), serving.candidate]).flatten() {
        if versions.iter().all(|known| known.version != version.version) {
            versions.push(version);
        }
    }
    Ok(versions)
}

fn breaks(now: &Above, then: &Above, version: &AgentVersion, catalogue: &Catalogue) -> Option<BrokenAgent> {
    let document = &version.document;
    if now.effective(document, None) == then.effective(document, None)
        || checked(now, document, None, catalogue).is_err()
    {
        return None;
    }
    let mut errors = checked(then, document, None, catalogue).err()?;
    errors.retain(|fault| fault.severity == Severity::Error);
    errors.truncate(FAULTS);
    Some(BrokenAgent { agent_id: version.agent_id, name: name(version), version: version.version, errors })
}

fn name(version: &AgentVersion) -> String {
    version.document.get("name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
