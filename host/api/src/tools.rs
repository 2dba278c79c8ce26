//! `/tools`: what agents can be granted, and trying it.

use crate::auth::Principal;
use crate::body::Body;
use crate::calls::Items;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_contract::ComponentId;
use trunkline_session::{Bound, Caller, LibraryError, Sessions};
use uuid::Uuid;

/// A tool that agents can be granted.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tool")]
pub(crate) struct Listed {
    /// What contracts call it: `end_call`, or the component and the tool, `weather.forecast`.
    id: String,
    /// What the model knows it by.
    name: String,
    /// What the model reads.
    description: String,
    /// JSON Schema of the arguments.
    input_schema: Value,
    /// JSON Schema of the result, when there is one.
    output_schema: Option<Value>,
    /// It changes something: it is recorded before it runs, and never repeated.
    write: bool,
    /// The component that has it; none: it is built in.
    component: Option<ComponentId>,
}

/// What a tool is tried with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ToolTrial")]
pub(crate) struct Trial {
    /// The arguments.
    #[serde(default)]
    args: Map<String, Value>,
    /// BCP 47; `en-US` when it is not given.
    #[schemars(length(min = 2, max = 35))]
    locale: Option<String>,
}

/// A line that a tool wrote, or that says what it was denied.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ToolLine")]
pub(crate) struct Line {
    /// `debug`, `info`, `warn` or `error`.
    level: &'static str,
    /// What it wrote.
    message: String,
}

/// What became of a trial.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ToolTried")]
pub(crate) struct Tried {
    /// `ok`, `failed`, `denied` or `invalid`.
    status: &'static str,
    /// The result, or an object whose `error` says why there is none.
    value: Value,
    /// What it wrote and was denied.
    lines: Vec<Line>,
    /// What it wrote to its standard output and error.
    output: String,
    /// CPU, us.
    cpu_us: u64,
    /// Most memory at once, bytes.
    memory_peak: u64,
    /// Requests that left the host.
    requests: u64,
}

fn built_in() -> impl Iterator<Item = Listed> {
    Sessions::built_in().into_iter().map(|info| Listed {
        id: info.name.clone(),
        name: info.name,
        description: info.description,
        input_schema: info.input_schema,
        output_schema: None,
        write: false,
        component: None,
    })
}

fn of_component(bound: Bound) -> Listed {
    let id = bound.full_name();
    let spec = bound.spec;
    Listed {
        id,
        write: spec.effect == trunkline_session::ToolEffect::Write,
        name: spec.name,
        description: spec.description,
        input_schema: spec.input_schema,
        output_schema: spec.output_schema,
        component: Some(bound.component),
    }
}

pub(crate) async fn list(State(api): State<Api>, principal: Principal) -> Result<Json<Items<Listed>>, Problem> {
    let mut tools: Vec<Listed> = built_in().collect();
    tools.extend(api.sessions.component_tools(principal.tenant.id()).await?.into_iter().map(of_component));
    Ok(Json(Items::new(tools)))
}

pub(crate) async fn show(
    State(api): State<Api>,
    principal: Principal,
    Path(tool): Path<String>,
) -> Result<Json<Listed>, Problem> {
    if let Some(found) = built_in().find(|known| known.id == tool) {
        return Ok(Json(found));
    }
    find(&api, &principal, &tool).await.map(|bound| Json(of_component(bound)))
}

async fn find(api: &Api, principal: &Principal, tool: &str) -> Result<Bound, Problem> {
    let known = api.sessions.component_tools(principal.tenant.id()).await?;
    known.into_iter().find(|bound| bound.full_name() == tool).ok_or_else(|| Problem::missing("tool"))
}

pub(crate) async fn call(
    State(api): State<Api>,
    principal: Principal,
    Path(tool): Path<String>,
    Body(trial): Body<Trial>,
) -> Result<Json<Tried>, Problem> {
    if built_in().any(|known| known.id == tool) {
        let detail = format!("`{tool}` is built in: it does something to a call, and there is none");
        return Err(Problem::new(StatusCode::CONFLICT, "no-call", detail));
    }
    let bound = find(&api, &principal, &tool).await?;
    let caller = Caller {
        call: "trial".to_owned(),
        key: format!("trial:{}", Uuid::now_v7()),
        locale: trial.locale.unwrap_or_else(|| "en-US".to_owned()),
        utc_offset_minutes: 0,
    };
    let tenant = principal.tenant.id();
    let called = api.sessions.call_tool(tenant, &bound, &Value::Object(trial.args), caller).await;
    let (outcome, outside) = called.map_err(|error: LibraryError| {
        tracing::error!(%error, "the component of a tool cannot be used");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "compiler",
            "the component of the tool cannot be used at this moment",
        )
    })?;
    Ok(Json(Tried {
        status: outcome.status,
        value: outcome.value,
        lines: outside.lines().into_iter().map(|line| Line { level: line.level, message: line.message }).collect(),
        output: outcome.notes,
        cpu_us: outcome.stats.cpu_ns / 1_000,
        memory_peak: outcome.stats.memory_peak as u64,
        requests: outside.requests(),
    }))
}
