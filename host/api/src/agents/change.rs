//! Changes of an agent: a whole document (PUT), or only what differs (PATCH, RFC 7396).

use super::expected::Expected;
use super::{check, tagged};
use crate::auth::Principal;
use crate::body::{Body, media_type, unsupported};
use crate::params::{Params, id, invalid};
use crate::{Api, Problem};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use trunkline_contract::AgentId;
use trunkline_contract::version::Semver;
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, NewVersion, StoreError};

/// Longest summary, characters.
const MAX_SUMMARY: usize = 200;
/// How often a change is made anew when others change the agent at the same time.
const TRIES: usize = 10;
const PATCHES: [&str; 2] = ["application/merge-patch+json", "application/json"];

/// Why something is changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Why {
    /// What changes, for people who look at the versions.
    #[schemars(length(max = 200))]
    summary: Option<String>,
    /// Number of the new version, such as 2.0.0; greater than the latest. Without it the kind of change decides.
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$"))]
    version: Option<String>,
}

impl Why {
    /// What was changed, as the author says, and the number that it gets.
    pub(super) fn read(self) -> Result<(Option<String>, Option<Semver>), Problem> {
        let semver = self.version.map(|text| text.parse::<Semver>()).transpose();
        let semver = semver.map_err(|error| invalid(format!("version: {error}")))?;
        let Some(summary) = self.summary.filter(|summary| !summary.is_empty()) else { return Ok((None, semver)) };
        if summary.chars().count() > MAX_SUMMARY || summary.chars().any(char::is_control) {
            let detail = format!("summary must have at most {MAX_SUMMARY} characters, and no control characters");
            return Err(invalid(detail));
        }
        Ok((Some(summary), semver))
    }
}

pub(crate) async fn replace(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(document): Body<Value>,
) -> Result<Response, Problem> {
    let change = Change::new(&agent, &headers, why)?;
    Ok(tagged(change.apply(&api, &principal, |_| Ok(document.clone())).await?))
}

pub(crate) async fn patch(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(patch): Body<Value>,
) -> Result<Response, Problem> {
    let change = Change::new(&agent, &headers, why)?;
    is_patch(&headers)?;
    let merged = |mut document| {
        json_patch::merge(&mut document, &patch);
        Ok(document)
    };
    Ok(tagged(change.apply(&api, &principal, merged).await?))
}

/// Other kinds of patches are JSON too, and would do something else.
fn is_patch(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = media_type(headers);
    if PATCHES.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    Err(unsupported(format!("a patch is a JSON Merge Patch: send it as {}", PATCHES.join(" or "))))
}

/// A change of an agent's document.
pub(super) struct Change {
    agent: AgentId,
    expected: Expected,
    summary: Option<String>,
    semver: Option<Semver>,
}

impl Change {
    /// What a request says of it.
    ///
    /// # Errors
    /// It says it in a way that cannot be read.
    pub(super) fn new(agent: &str, headers: &HeaderMap, why: Why) -> Result<Self, Problem> {
        let (summary, semver) = why.read()?;
        Ok(Self { agent: id(agent, "agent")?, expected: Expected::of(headers)?, summary, semver })
    }

    /// Gives the next version this number, unless it was given one already.
    #[must_use]
    pub(super) fn numbered(self, semver: Option<Semver>) -> Self {
        Self { semver: self.semver.or(semver), ..self }
    }

    /// Makes the next version, unless the document stays as it is.
    pub(super) async fn apply(
        self,
        api: &Api,
        principal: &Principal,
        change: impl Fn(Value) -> Result<Value, Problem>,
    ) -> Result<AgentVersion, Problem> {
        let agents = principal.tenant.agents();
        let _still = api.sessions.agent_changes(principal.tenant.id()).await;
        let mut stale = StoreError::NotFound("agent");
        for _ in 0..TRIES {
            let latest = agents.latest(self.agent).await?.ok_or_else(|| Problem::missing("agent"))?;
            if !self.expected.allows(latest.version) {
                return Err(StoreError::StaleVersion { latest: latest.version }.into());
            }
            let document = change(latest.document.clone())?;
            if document == latest.document {
                return Ok(latest);
            }
            check(api, principal, &document).await?;
            let (summary, semver) = (self.summary.clone(), self.semver);
            let new = NewVersion { document, summary, semver, now_ms: unix_ms(), ..NewVersion::default() };
            match agents.update(self.agent, Some(latest.version), new).await {
                // Somebody was faster: the change goes on top of theirs, if it may.
                Err(error @ StoreError::StaleVersion { .. }) => stale = error,
                outcome => return Ok(outcome?),
            }
        }
        Err(stale.into())
    }
}
