//! What stands before every handler, from the table: who asks, how often they may, whether they may this at all, and that
//! what was asked is asked in words that the operation knows.

mod bucket;
mod rates;
mod repeat;

pub(crate) use bucket::Bucket;
pub use rates::RateLimits;
pub(crate) use rates::{Allowance, Rates};

use crate::auth::{Known, Principal, authenticate};
use crate::operations::{About, Access, Parameter};
use crate::{Api, Problem, nearest, openapi, params};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;
use trunkline_store::Role;

/// Stands before one operation.
#[derive(Clone)]
pub(crate) struct Guard {
    api: Api,
    about: Arc<About>,
    /// Names of the query's parameters.
    parameters: Arc<[String]>,
}

impl Guard {
    pub(crate) fn new(api: Api, about: About) -> Self {
        let parameters = openapi::of_query(&about).into_iter().map(|Parameter { name, .. }| name).collect();
        Self { api, about: Arc::new(about), parameters }
    }

    async fn pass(self, request: Request, next: Next) -> Result<Response, Problem> {
        let Access::Least(least) = self.about.access else {
            self.knows(&request)?;
            return Ok(next.run(request).await);
        };
        let (mut parts, body) = request.into_parts();
        let (method, seen) = (parts.method.clone(), parts.headers.get(header::IF_NONE_MATCH).cloned());
        let principal = authenticate(&parts, &self.api).await?;
        let allowance = self.api.rates.take(&principal, Instant::now());
        let outcome = async {
            allowance.as_ref().map_or(Ok(()), Allowance::check)?;
            may(&self.about, least, &principal)?;
            parts.extensions.insert(principal.clone());
            let request = Request::from_parts(parts, body);
            self.knows(&request)?;
            match repeat::key(&self.about, request.headers())? {
                None => Ok(next.run(request).await),
                Some(key) => repeat::once(&principal, key, request, next).await,
            }
        };
        let mut response = outcome.await.unwrap_or_else(IntoResponse::into_response);
        if self.about.tagged && known_already(&method, &seen, &response) {
            response = unchanged(response);
        }
        if let Some(allowance) = allowance {
            allowance.tell(response.headers_mut());
        }
        Ok(response)
    }

    /// Whether the query has only parameters that the operation has; one that is misspelt would be ignored in silence.
    fn knows(&self, request: &Request) -> Result<(), Problem> {
        let query = request.uri().query().unwrap_or_default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let name = pair.split('=').next().unwrap_or_default();
            if !self.parameters.iter().any(|known| known == name) {
                let name: String = name.chars().take(60).collect();
                let known = nearest::hint(&name, self.parameters.iter().map(String::as_str));
                return Err(params::invalid(format!("`{name}` is not a parameter of this operation{known}")));
            }
        }
        Ok(())
    }
}

/// Runs before the handler of an operation.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    guard.pass(request, next).await.unwrap_or_else(IntoResponse::into_response)
}

/// Whether whoever asks has what the answer would tell.
fn known_already(method: &Method, seen: &Option<HeaderValue>, response: &Response) -> bool {
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let seen = seen.as_ref().and_then(|seen| seen.to_str().ok());
    let (Some(tag), Some(seen), true) = (tag, seen, method.is_safe()) else { return false };
    response.status() == StatusCode::OK
        && seen.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// Only the headers of an answer.
fn unchanged(response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

/// Whether somebody's role and scopes are enough.
fn may(about: &About, least: Role, principal: &Principal) -> Result<(), Problem> {
    let Known { role, scopes, .. } = &principal.known;
    let detail = if *role < least {
        format!("{} needs the role {least} or a higher one, and yours is {role}", about.id)
    } else if !scopes.is_empty() && !scopes.iter().any(|scope| scope.allows(about.tag, &about.method)) {
        format!("{} needs the scope {}, which your key does not have", about.id, about.tag.name())
    } else {
        return Ok(());
    };
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
}
