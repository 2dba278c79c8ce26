//! Which version of an agent answers: the latest, a pinned one, or a newer one for a share of callers.

use super::{AgentVersion, Agents, get, owns};
use crate::audit::{Deed, record};
use crate::bind::params;
use crate::sqlite::Db;
use crate::{Result, StoreError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trunkline_contract::rollout::chosen;
use trunkline_contract::{AgentId, TenantId};

/// By what a caller is recognised, so that they get the same version each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sticky {
    /// The caller's number; where it is withheld, the call.
    #[default]
    Caller,
    /// The user of the session; without one, the call.
    User,
    /// Each call anew.
    Call,
}

impl Sticky {
    fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::User => "user",
            Self::Call => "call",
        }
    }

    fn named(name: &str) -> Result<Self> {
        [Self::Caller, Self::User, Self::Call]
            .into_iter()
            .find(|sticky| sticky.name() == name)
            .ok_or_else(|| StoreError::Corrupt(format!("`{name}` is no way to recognise a caller")))
    }
}

/// A version that answers a share of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// The version.
    pub version: u32,
    /// Of 100 callers.
    pub percent: u8,
    /// How they are recognised.
    #[serde(default)]
    pub sticky: Sticky,
}

/// Which versions answer.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Serving {
    /// Who answers all who were not chosen: the pinned version, else the latest.
    pub base: AgentVersion,
    /// The base is pinned.
    pub pinned: bool,
    /// A version that answers a share of callers.
    pub rollout: Option<Rollout>,
    /// That version.
    #[serde(skip)]
    pub candidate: Option<AgentVersion>,
}

/// Who calls, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Calling<'a> {
    /// The caller's number.
    pub caller: Option<&'a str>,
    /// The session's user.
    pub user: Option<&'a str>,
    /// The call's id.
    pub call: &'a str,
}

impl Serving {
    /// The version that answers somebody.
    pub fn choose(&self, who: Calling<'_>) -> &AgentVersion {
        let (Some(rollout), Some(candidate)) = (&self.rollout, &self.candidate) else { return &self.base };
        let key = match rollout.sticky {
            Sticky::Caller => who.caller.unwrap_or(who.call),
            Sticky::User => who.user.unwrap_or(who.call),
            Sticky::Call => who.call,
        };
        if chosen(self.base.agent_id, rollout.version, key, rollout.percent) { candidate } else { &self.base }
    }
}

impl Agents<'_> {
    /// Which versions of an agent answer.
    pub async fn serving(&self, id: AgentId) -> Result<Option<Serving>> {
        let tenant = self.0.id;
        self.0.store.read(move |db| serving(db, tenant, id)).await
    }

    /// Lets one version answer whatever comes after it; none: the latest does, and a rollout ends.
    ///
    /// # Errors
    /// `NotFound`: the agent or the version.
    pub async fn pin(&self, id: AgentId, version: Option<u32>, now_ms: u64) -> Result<Serving> {
        const PIN: &str = "UPDATE agents SET pinned_version = ?3 WHERE tenant_id = ?1 AND id = ?2";
        const FREE: &str = "UPDATE agents SET pinned_version = NULL, rollout_version = NULL, rollout_percent = NULL, \
            rollout_sticky = NULL WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                owns(tx, tenant, id)?;
                match version {
                    Some(version) => {
                        get(tx, tenant, id, version)?.ok_or(StoreError::NotFound("version"))?;
                        tx.execute(PIN, params![tenant, id, version])?;
                    }
                    None => drop(tx.execute(FREE, params![tenant, id])?),
                }
                let what = json!({"version": version});
                record(tx, Some(tenant), &actor, now_ms, Deed::new("agent.pin", id).after(&what))?;
                serving(tx, tenant, id)?.ok_or(StoreError::NotFound("agent"))
            })
            .await
    }

    /// Lets a version answer a share of callers, or ends that. When nothing is pinned, the others keep the version that
    /// answered them until now.
    ///
    /// # Errors
    /// `NotFound`: the agent or the version; `Invalid`: a share of more than 100, or the base itself.
    pub async fn set_rollout(&self, id: AgentId, rollout: Option<Rollout>, now_ms: u64) -> Result<Serving> {
        const SET: &str = "UPDATE agents SET rollout_version = ?3, rollout_percent = ?4, rollout_sticky = ?5, \
            pinned_version = coalesce(pinned_version, ?6) WHERE tenant_id = ?1 AND id = ?2";
        const END: &str = "UPDATE agents SET rollout_version = NULL, rollout_percent = NULL, rollout_sticky = NULL \
            WHERE tenant_id = ?1 AND id = ?2";
        let (tenant, actor) = (self.0.id, self.0.actor.clone());
        self.0
            .store
            .write(move |tx| {
                let now = serving(tx, tenant, id)?.ok_or(StoreError::NotFound("agent"))?;
                match rollout {
                    Some(Rollout { version, percent, sticky }) => {
                        if percent > 100 {
                            return Err(StoreError::Invalid("`percent` is more than 100"));
                        }
                        get(tx, tenant, id, version)?.ok_or(StoreError::NotFound("version"))?;
                        let base = base(&now, version)?;
                        tx.execute(SET, params![tenant, id, version, u32::from(percent), sticky.name(), base])?;
                    }
                    None => drop(tx.execute(END, params![tenant, id])?),
                }
                let what = json!({"rollout": rollout});
                record(tx, Some(tenant), &actor, now_ms, Deed::new("agent.rollout", id).after(&what))?;
                serving(tx, tenant, id)?.ok_or(StoreError::NotFound("agent"))
            })
            .await
    }
}

/// Who answers the others: the base of now, or the version before when that is what is rolled out.
fn base(now: &Serving, version: u32) -> Result<u32> {
    match now.base.version {
        same if same == version && now.pinned => Err(StoreError::Invalid("the version answers everybody already")),
        same if same == version && version > 1 => Ok(version - 1),
        same if same == version => {
            Err(StoreError::Invalid("there is no version before it that could answer the others"))
        }
        other => Ok(other),
    }
}

fn serving(db: &Db, tenant: TenantId, id: AgentId) -> Result<Option<Serving>> {
    const SQL: &str = "SELECT coalesce(pinned_version, latest_version), pinned_version IS NOT NULL, rollout_version, \
        rollout_percent, rollout_sticky FROM agents WHERE tenant_id = ?1 AND id = ?2";
    let found = db.first(SQL, params![tenant, id], |row| {
        let rollout = match (row.opt_u32(2)?, row.opt_u32(3)?, row.opt_text(4)?) {
            (Some(version), Some(percent), Some(sticky)) => {
                let percent = u8::try_from(percent).unwrap_or(100);
                Some(Rollout { version, percent, sticky: Sticky::named(&sticky)? })
            }
            _ => None,
        };
        Ok((row.u32(0)?, row.bool(1)?, rollout))
    })?;
    let Some((version, pinned, rollout)) = found else { return Ok(None) };
    let Some(base) = get(db, tenant, id, version)? else { return Ok(None) };
    let candidate = rollout.map(|rollout| get(db, tenant, id, rollout.version)).transpose()?.flatten();
    Ok(Some(Serving { base, pinned, rollout, candidate }))
}
