//! Bodies of JSON: read once, with every fault named and placed.
//!
//! A body is held to the schema that the document shows of it, so that what is refused is what the document says. What a
//! schema cannot say (an id that is none) the type says when it is read.

use crate::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use trunkline_contract::{Fault, validate};

/// A body of JSON.
pub(crate) struct Body<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned + JsonSchema + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        if !json {
            return Err(unsupported("send the body as `Content-Type: application/json`"));
        }
        Ok(Self(read(&bytes(request, state).await?)?))
    }
}

/// The bytes of a body.
///
/// # Errors
/// It is larger than the operation takes, or did not arrive.
pub(crate) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|refused| {
        let kind = if refused.status() == StatusCode::PAYLOAD_TOO_LARGE { "too-large" } else { "invalid-body" };
        Problem::new(refused.status(), kind, refused.body_text())
    })
}

pub(crate) fn unsupported(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
}

/// The media type of a body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = media_type(headers).to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Any JSON.
///
/// # Errors
/// It is none.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = format!("the body is no JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "invalid-json", detail)
    })
}

fn read<T: DeserializeOwned + JsonSchema + 'static>(bytes: &[u8]) -> Result<T, Problem> {
    let value = json(bytes)?;
    let schema = schema::<T>();
    if *schema != Value::Bool(true) {
        let faults = validate::against_schema(&given(&value), &schema);
        if !faults.is_empty() {
            return Err(refused(faults));
        }
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = pointer(error.path().iter());
        refused(vec![Fault::error(pointer, "invalid", error.into_inner().to_string())])
    })
}

/// What is given: null stands for nothing.
fn given(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Object(fields) if fields.values().any(Value::is_null) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            Cow::Owned(given.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => Cow::Borrowed(other),
    }
}

fn refused(mut faults: Vec<Fault>) -> Problem {
    for fault in &mut faults {
        fault.message = fault.message.replace(" a field of the contract", " a field of the body");
    }
    let detail = match faults.as_slice() {
        [only] => format!("the body has a fault: {}", only.message),
        all => format!("the body has {} faults", all.len()),
    };
    Problem::invalid(detail, faults)
}

fn pointer<'a>(path: impl Iterator<Item = &'a Segment>) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The schema of a type, made when it is first asked for.
fn schema<T: JsonSchema + 'static>() -> Arc<Value> {
    static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<Value>>>> = LazyLock::new(RwLock::default);
    let id = TypeId::of::<T>();
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
        return Arc::clone(known);
    }
    let mut made = schemars::schema_for!(T).to_value();
    fold(&mut made);
    let made = Arc::new(made);
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&made));
    made
}

/// Takes choices away, so that a fault is found in what there is and not in the choice.
fn fold(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            validate::only(fields);
            validate::enumerated(fields);
            fields.values_mut().for_each(fold);
        }
        Value::Array(items) => items.iter_mut().for_each(fold),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;
    use trunkline_contract::AgentId;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[schemars(length(min = 1, max = 5))]
        name: String,
        agents: Vec<AgentId>,
        #[serde(default)]
        #[schemars(range(min = 1, max = 3))]
        count: Option<u8>,
    }

    fn faults(body: &Value) -> Vec<String> {
        let problem = read::<Order>(body.to_string().as_bytes()).unwrap_err();
        problem.faults().iter().map(|fault| fault.pointer.clone()).collect()
    }

    #[test]
    fn a_body_is_read_as_the_document_says() {
        let id = "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f";
        let order: Order = read(json!({"name": "a", "agents": [id], "count": null}).to_string().as_bytes()).unwrap();
        assert_eq!((order.name.as_str(), order.agents.len(), order.count), ("a", 1, None));
    }

    #[test]
    fn every_fault_is_placed() {
        assert_eq!(faults(&json!([])), [""]);
        assert_eq!(faults(&json!({"name": "", "agents": 7, "count": 9, "colour": 1})).len(), 4);
        assert_eq!(faults(&json!({"agents": []})), ["/name"]);
        assert_eq!(faults(&json!({"name": "a", "agents": ["x"]})), ["/agents/0"]);
        assert!(read::<Order>(b"{").is_err() && read::<Order>(b"").is_err() && read::<Order>(b"{} x").is_err());
    }

    #[test]
    fn json_has_many_names() {
        for (kind, is) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/json", false),
            ("text/plain", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            assert_eq!(is_json(&headers), is, "{kind}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
