//! `/auth/token`: a token that lives for hours, for programs that should not hold a key that lives for long.

use crate::auth::{Claims, Kind, MAX_TTL_S, Principal, Scope};
use crate::body::Body;
use crate::{Api, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_contract::{Fault, TenantId};
use trunkline_session::unix_ms;
use trunkline_store::Role;
use uuid::Uuid;

/// Life of a token when none is asked for, s.
const TTL_S: u64 = 60 * 60;
/// Others may keep the public keys for so long: a token of a new one may be refused in the meantime.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=60");

/// The token that is wanted.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "NewToken")]
pub(crate) struct Wanted {
    /// At most your own, which it is when none is given.
    role: Option<Role>,
    /// How long it lives, s; an hour when it is not given.
    #[schemars(range(min = 1, max = 86_400))]
    ttl_s: Option<u64>,
    /// At most your own, which they are when none are given.
    #[schemars(length(max = 50))]
    scopes: Vec<String>,
}

/// A token that was made now; it can be seen this once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Token")]
pub(crate) struct Issued {
    /// To be sent as `Authorization: Bearer`.
    token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Unix ms.
    expires_at_ms: u64,
    /// What it may.
    role: Role,
    /// The tenant whose things it sees; null: an operator's, which names one with each request.
    tenant_id: Option<TenantId>,
    /// What of the interface it may use; empty: all of it.
    scopes: Vec<String>,
}

/// The key that signs from now on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SigningKey")]
pub(crate) struct Rotated {
    /// `kid` of the tokens that it signs.
    kid: String,
}

pub(crate) async fn issue(
    State(api): State<Api>,
    principal: Principal,
    Body(wanted): Body<Wanted>,
) -> Result<Response, Problem> {
    let claims = wanted.claims(&principal, &api.public_url, unix_ms() / 1_000)?;
    let issued = Issued {
        token: api.signing.sign(&claims).await?,
        token_type: "Bearer",
        expires_at_ms: claims.exp * 1_000,
        role: claims.role,
        tenant_id: claims.tenant,
        scopes: claims.scopes,
    };
    Ok((StatusCode::CREATED, Json(issued)).into_response())
}

impl Wanted {
    fn claims(self, principal: &Principal, origin: &str, now_s: u64) -> Result<Claims, Problem> {
        let known = &principal.known;
        // Else one that is about to end could be followed by another for ever.
        if matches!(known.kind, Kind::Derived(_) | Kind::Stranger { .. }) {
            let detail = "a token makes no tokens: ask with a key, or log in";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
        let role = self.role.unwrap_or(known.role);
        if role > known.role {
            return Err(refused("/role", "role", format!("`{role}` is more than your own role, {}", known.role)));
        }
        let scopes = Scope::within(&self.scopes, &known.scopes)?;
        let ttl_s = self.ttl_s.unwrap_or(TTL_S).clamp(1, MAX_TTL_S);
        Ok(Claims {
            iss: origin.to_owned(),
            aud: origin.to_owned(),
            sub: known.kind.id(),
            name: known.name.to_string(),
            role,
            tenant: (role < Role::Operator).then(|| principal.tenant.id()),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            iat: now_s,
            exp: now_s.saturating_add(ttl_s),
            jti: Uuid::now_v7(),
        })
    }
}

fn refused(pointer: &str, code: &str, message: String) -> Problem {
    Problem::invalid(message.clone(), vec![Fault::error(pointer, code, message)])
}

/// The public keys that tokens of this host are checked by (RFC 7517).
pub(crate) async fn keys(State(api): State<Api>) -> Result<Response, Problem> {
    Ok(([(header::CACHE_CONTROL, KEPT)], Json(api.signing.public().await?)).into_response())
}

pub(crate) async fn rotate(State(api): State<Api>) -> Result<Response, Problem> {
    Ok((StatusCode::CREATED, Json(Rotated { kid: api.signing.rotate().await? })).into_response())
}
