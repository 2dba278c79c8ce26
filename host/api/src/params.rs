//! Parameters of the query.

use crate::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 500;

/// Parameters of the query. That none is unknown was checked before, because several may share a query.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(refused) => Err(invalid(refused.body_text())),
        }
    }
}

/// What refuses a query.
pub(crate) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-query", detail)
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct PageQuery {
    /// Most items of the answer; 50 when it is not given.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<usize>,
    /// `next_cursor` of the page before; the first page without it.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit {
            None => Ok(DEFAULT_LIMIT),
            Some(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            Some(limit) => Err(invalid(format!("limit is {limit}, allowed are 1-{MAX_LIMIT}"))),
        }
    }
}

/// An id of a path: anything that is none is not there.
pub(crate) fn id<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::missing(what))
}
