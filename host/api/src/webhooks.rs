//! `/webhooks`: who is told of events, and what became of what they were to be told.

use crate::Problem;
use crate::agents::Expected;
use crate::auth::Principal;
use crate::body::Body;
use crate::params::{PageQuery, Params, id};
use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::agent::WebhookEvent;
use trunkline_contract::{AgentId, DeliveryId, WebhookId};
use trunkline_session::unix_ms;
use trunkline_store::{Delivery, NewWebhook, Page, Webhook};

/// What a webhook shall be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewWebhook")]
pub(crate) struct New {
    /// Where events are sent, by POST.
    #[schemars(length(max = 500), regex(pattern = r"^https?://[^\s]+$"))]
    url: String,
    /// Which events; all when it is not given.
    #[serde(default = "WebhookEvent::all")]
    #[schemars(length(min = 1, max = 2))]
    events: Vec<WebhookEvent>,
    /// Only of this agent's calls.
    #[serde(default)]
    agent_id: Option<AgentId>,
    /// Whether events are sent.
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

impl From<New> for NewWebhook {
    fn from(new: New) -> Self {
        let New { url, events, agent_id, active } = new;
        Self { agent_id, url, events, active, now_ms: unix_ms() }
    }
}

/// A webhook that has a new secret.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NewlyMadeWebhook")]
pub(crate) struct NewlyMade {
    /// What deliveries are signed with, as Standard Webhooks has it. It is shown this once.
    secret: String,
    /// What is known of it later.
    webhook: Webhook,
}

/// What is sent once more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeliver {
    /// The delivery.
    delivery_id: DeliveryId,
}

fn tagged(webhook: Webhook) -> Response {
    ([(header::ETAG, format!("\"{}\"", webhook.version))], Json(webhook)).into_response()
}

pub(crate) async fn list(
    principal: Principal,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<Webhook>>, Problem> {
    Ok(Json(principal.tenant.webhooks().list(page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn create(principal: Principal, Body(new): Body<New>) -> Result<Response, Problem> {
    let (secret, webhook) = principal.tenant.webhooks().create(new.into()).await?;
    let location = format!("/api/v1/webhooks/{}", webhook.id);
    let made = NewlyMade { secret: secret.expose().to_owned(), webhook };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(made)).into_response())
}

pub(crate) async fn show(principal: Principal, Path(webhook): Path<String>) -> Result<Response, Problem> {
    let found = principal.tenant.webhooks().get(id(&webhook, "webhook")?).await?;
    Ok(tagged(found.ok_or_else(|| Problem::missing("webhook"))?))
}

pub(crate) async fn replace(
    principal: Principal,
    Path(webhook): Path<String>,
    headers: HeaderMap,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let (webhook, expected) = (id(&webhook, "webhook")?, Expected::of(&headers)?.one()?);
    Ok(tagged(principal.tenant.webhooks().update(webhook, expected, new.into()).await?))
}

pub(crate) async fn replace_secret(
    principal: Principal,
    Path(webhook): Path<String>,
) -> Result<Json<NewlyMade>, Problem> {
    let (secret, webhook) = principal.tenant.webhooks().replace_secret(id(&webhook, "webhook")?, unix_ms()).await?;
    Ok(Json(NewlyMade { secret: secret.expose().to_owned(), webhook }))
}

pub(crate) async fn delete(principal: Principal, Path(webhook): Path<String>) -> Result<StatusCode, Problem> {
    principal.tenant.webhooks().delete(id(&webhook, "webhook")?, unix_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn deliveries(
    principal: Principal,
    Path(webhook): Path<String>,
    Params(page): Params<PageQuery>,
) -> Result<Json<Page<Delivery>>, Problem> {
    let webhook: WebhookId = id(&webhook, "webhook")?;
    principal.tenant.webhooks().get(webhook).await?.ok_or_else(|| Problem::missing("webhook"))?;
    Ok(Json(principal.tenant.deliveries().list(webhook, page.cursor.as_deref(), page.limit()?).await?))
}

pub(crate) async fn redeliver(
    principal: Principal,
    Path(webhook): Path<String>,
    Body(what): Body<Redeliver>,
) -> Result<Response, Problem> {
    let webhook = id(&webhook, "webhook")?;
    let delivery = principal.tenant.deliveries().redeliver(webhook, what.delivery_id, unix_ms()).await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)).into_response())
}
