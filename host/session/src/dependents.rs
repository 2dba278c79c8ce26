//! What a change of a template or of a tenant's defaults would do to the agents below it.

use crate::contracts::{Above, Proposed};
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

impl Sessions {
    /// Agents of a tenant that a change above them would make invalid. Archived ones do not count, and neither do those
    /// that are invalid already.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn broken_by(&self, tenant: TenantId, proposed: Proposed<'_>) -> Result<Broken, SessionError> {
        let now = self.0.contracts.above(tenant).await?;
        let then = now.with(proposed);
        let components = self.components().await?;
        let store = self.0.store.tenant(tenant);
        let agents = store.agents();
        let (mut broken, mut cursor) = (Broken::default(), None::<String>);
        loop {
            let page = agents.list(cursor.as_deref(), PAGE).await?;
            for latest in page.items {
                let versions = versions(&agents, latest).await?;
                let found = versions.iter().find_map(|version| breaks(&now, &then, version, &components));
                broken.total += usize::from(found.is_some());
                broken.agents.extend(found.filter(|_| broken.agents.len() < NAMED));
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(broken);
            }
        }
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

fn breaks(now: &Above, then: &Above, version: &AgentVersion, components: &[String]) -> Option<BrokenAgent> {
    let document = &version.document;
    if now.effective(document, None) == then.effective(document, None)
        || checked(now, document, None, components).is_err()
    {
        return None;
    }
    let mut errors = checked(then, document, None, components).err()?;
    errors.retain(|fault| fault.severity == Severity::Error);
    errors.truncate(FAULTS);
    let name = document.get("name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Some(BrokenAgent { agent_id: version.agent_id, name, version: version.version, errors })
}
