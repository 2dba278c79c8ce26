//! Agents of other systems, in and out.

use super::change::Change;
use super::{Why, check};
use crate::auth::Principal;
use crate::body::Body;
use crate::operations::Tag;
use crate::params::{Params, id};
use crate::{Api, Problem};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use trunkline_contract::shapes::{self, Entry, Imported, Outcome, Shape, Written};
use trunkline_contract::{AgentId, Fault};
use trunkline_egress::{EgressError, HttpLimits};
use trunkline_session::unix_ms;
use trunkline_store::{AgentVersion, NewVersion, PRODUCTION, Role, Secret};

/// An agent as another system describes it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AgentImport")]
pub(crate) struct Import {
    /// The agent: an object, or the text of an environment file or of a JSON file. Either this or `url` is given.
    source: Option<Source>,
    /// Where the host fetches it.
    #[schemars(length(max = 500), regex(pattern = r"^https?://[^\s]+$"))]
    url: Option<String>,
    /// What it is read as; found out when it is not given.
    shape: Option<Shape>,
    /// The agent whose next version it becomes; without it, a new agent is made.
    into: Option<AgentId>,
    /// What is put over what was read: a JSON Merge Patch (RFC 7396), such as another voice.
    #[serde(default)]
    changes: Map<String, Value>,
    /// Makes it the agent of whoever names none.
    #[serde(default)]
    set_default: bool,
    /// False: keys and passwords are left behind. True: they become secrets of the tenant, for which it takes an admin.
    #[serde(default = "yes")]
    secrets: bool,
    /// Tells what would become of it, and keeps nothing.
    #[serde(default)]
    dry_run: bool,
}

fn yes() -> bool {
    true
}

/// An agent as another system describes it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Source {
    Document(Map<String, Value>),
    Text(String),
}

/// A secret that was found.
#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    /// Its name.
    name: String,
    /// False: it was left behind, or there is one of this name already, which is kept.
    stored: bool,
}

/// What became of an agent of another system.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentImported")]
pub(crate) struct Report {
    /// What it was read as.
    shape: Shape,
    /// The agent; null when nothing was kept.
    agent: Option<AgentVersion>,
    /// The agent's own document.
    document: Value,
    /// What became of each value of the source.
    entries: Vec<Entry>,
    /// Keys and passwords.
    secrets: Vec<Found>,
    /// What somebody should look at.
    warnings: Vec<Fault>,
}

pub(crate) async fn import(
    State(api): State<Api>,
    principal: Principal,
    Params(why): Params<Why>,
    headers: HeaderMap,
    Body(import): Body<Import>,
) -> Result<Response, Problem> {
    let source = import.read(&api).await?;
    let mut imported = shapes::import(&source, import.shape, api.sessions.tools())
        .map_err(|fault| refused(vec![Fault { pointer: "/source".to_owned(), ..fault }]))?;
    if import.secrets && !imported.secrets.is_empty() {
        may_set_secrets(&principal)?;
    }
    json_patch::merge(&mut imported.document, &Value::Object(import.changes.clone()));
    let place = |imported: &Imported, fault: Fault| Fault { pointer: import.place(imported, &fault.pointer), ..fault };
    let whole = api.sessions.merged(principal.tenant.id(), &imported.document).await?;
    let whole = whole.map_err(|fault| refused(vec![place(&imported, fault)]))?;
    imported.complete(&whole.document);
    if import.set_default && whole.document.pointer("/metadata/status").is_some_and(|status| status == "archived") {
        let fault = Fault::error("/set_default", "archived", "an archived agent answers nobody: change its status too");
        return Err(refused(vec![fault]));
    }
    let checked = api.sessions.validate(principal.tenant.id(), &imported.document).await?;
    let checked =
        checked.map_err(|faults| refused(faults.into_iter().map(|fault| place(&imported, fault)).collect()))?;
    if let Some(into) = import.into {
        let latest = principal.tenant.agents().latest(into).await?.ok_or_else(|| Problem::missing("agent"))?;
        imported.after(latest.semver);
    }
    let (status, agent) = match (import.dry_run, import.into) {
        (true, _) => (StatusCode::OK, None),
        (false, Some(into)) => {
            let change = Change::new(&into.to_string(), &headers, why)?.numbered(imported.semver);
            (StatusCode::OK, Some(change.apply(&api, &principal, |_| Ok(imported.document.clone())).await?))
        }
        (false, None) => {
            let (summary, semver) = why.read()?;
            let (document, semver) = (imported.document.clone(), semver.or(imported.semver));
            // Where it came from was told above; what stands over it may have changed since.
            let _still = api.sessions.agent_changes(principal.tenant.id()).await;
            check(&api, &principal, &document).await?;
            let new = NewVersion { document, summary, semver, now_ms: unix_ms(), ..NewVersion::default() };
            (StatusCode::CREATED, Some(principal.tenant.agents().create(new).await?))
        }
    };
    if let Some(agent) = agent.as_ref().filter(|_| import.set_default) {
        principal.tenant.agents().set_default(agent.agent_id, PRODUCTION, unix_ms()).await?;
    }
    let tag = agent.as_ref().map(|agent| [(header::ETAG, format!("\"{}\"", agent.version))]);
    let secrets = keep(&principal, &mut imported, &import).await?;
    let Imported { shape, document, entries, .. } = imported;
    let report = Report { shape, agent, document, entries, secrets, warnings: checked.warnings };
    Ok((status, tag, Json(report)).into_response())
}

fn refused(faults: Vec<Fault>) -> Problem {
    Problem::invalid(format!("what was read makes no agent: {} fault(s)", faults.len()), faults)
}

impl Import {
    async fn read(&self, api: &Api) -> Result<Value, Problem> {
        match (&self.source, &self.url) {
            (Some(Source::Document(members)), None) => Ok(Value::Object(members.clone())),
            (Some(Source::Text(text)), None) => Ok(Value::String(text.clone())),
            (None, Some(url)) => fetch(api, url).await,
            (None, None) => {
                let fault = Fault::error("/source", "missing", "either `source` or `url` is required");
                Err(Problem::invalid("there is nothing to import", vec![fault]))
            }
            (Some(_), Some(_)) => {
                let fault = Fault::error("/url", "conflict", "`source` is given too: give one of them");
                Err(Problem::invalid("there are two things to import", vec![fault]))
            }
        }
    }

    /// Where a place of the contract comes from in the request.
    fn place(&self, imported: &Imported, pointer: &str) -> String {
        let changed = self.changes.keys().any(|name| {
            let rest = pointer.strip_prefix('/').and_then(|rest| rest.strip_prefix(name.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if changed { format!("/changes{pointer}") } else { format!("/source{}", imported.source_of(pointer)) }
    }
}

fn may_set_secrets(principal: &Principal) -> Result<(), Problem> {
    let scopes = &principal.known.scopes;
    let scoped = scopes.is_empty() || scopes.iter().any(|scope| scope.allows(Tag::Secrets, &Method::PUT));
    if principal.role >= Role::Admin && scoped {
        return Ok(());
    }
    let detail = "there are keys or passwords in it, and only an admin may set secrets: leave them behind with \
        `\"secrets\": false`";
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
}

/// Keeps the secrets that were found, and none that there are already. Whoever leaves them behind is not told which there are.
async fn keep(principal: &Principal, imported: &mut Imported, import: &Import) -> Result<Vec<Found>, Problem> {
    let mut found = Vec::new();
    for (name, value) in std::mem::take(&mut imported.secrets) {
        let known = import.secrets && principal.tenant.secrets().info(name.clone()).await?.is_some();
        let wanted = import.secrets && !known;
        let stored = wanted && !import.dry_run;
        if stored {
            principal.tenant.secrets().set(name.clone(), Secret::new(value), unix_ms()).await?;
        }
        let entry = imported.entries.iter_mut().find(|entry| entry.to.as_deref() == Some(&name));
        if let Some(entry) = entry.filter(|entry| entry.outcome == Outcome::Secret) {
            entry.message = match (wanted, known) {
                (true, _) => None,
                (false, true) => Some("there is a secret of this name already, which is kept".to_owned()),
                (false, false) => Some("it was left behind".to_owned()),
            };
        }
        found.push(Found { name, stored });
    }
    Ok(found)
}

async fn fetch(api: &Api, url: &str) -> Result<Value, Problem> {
    let fault = |message: String| {
        let faults = vec![Fault::error("/url", "fetch", message)];
        Problem::invalid("the agent cannot be fetched", faults)
    };
    let Some(http) = &api.outgoing else { return Err(fault("this host fetches nothing".to_owned())) };
    let limits = HttpLimits { total: Duration::from_secs(20), max_body_bytes: 512 * 1024, ..HttpLimits::default() };
    let request = Request::builder().uri(url).header(header::ACCEPT, "application/json, text/plain, */*");
    let request = request.body(Bytes::new()).map_err(|error| fault(error.to_string()))?;
    let failed = |error: EgressError| fault(error.to_string());
    let answer = http.send(request, &limits).await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(fault(format!("the answer is {}; redirects are not followed", answer.status())));
    }
    let bytes = answer.bytes().await.map_err(failed)?;
    String::from_utf8(bytes.to_vec()).map(Value::String).map_err(|_| fault("what is there is no text".to_owned()))
}

/// In which shape, and of which version.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ExportOf {
    /// `trunkline` when it is not given: the agent's own document, exactly.
    #[serde(default)]
    shape: Shape,
    /// Number of the version; the latest when it is not given.
    version: Option<u32>,
}

/// An agent as another system describes it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgentExported")]
pub(crate) struct Exported {
    /// The shape.
    shape: Shape,
    /// A JSON object; of `env`, a text. Secrets are not in it.
    content: Value,
    /// What became of each value that the agent says.
    entries: Vec<Entry>,
}

pub(crate) async fn export(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    Params(of): Params<ExportOf>,
) -> Result<Json<Exported>, Problem> {
    let agent = id(&agent, "agent")?;
    let found = api.sessions.effective(principal.tenant.id(), agent, of.version, None).await?;
    let (id, version) = (agent.to_string(), &found.version);
    let written = Written { id: &id, semver: version.semver, own: &version.document, effective: &found.effective };
    let exported = shapes::export(&written, of.shape);
    Ok(Json(Exported { shape: of.shape, content: exported.content, entries: exported.entries }))
}
