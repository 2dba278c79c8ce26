//! The OpenAPI 3.1 document of the interface, made from the table of operations.

mod responses;
mod schemas;
#[cfg(test)]
mod tests;

pub(crate) use schemas::Contract;

use crate::operations::{About, Access, Operation, Parameter, Place, Tag, all, of_path};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use responses::{responses, shared};
use schemars::SchemaGenerator;
use schemas::Schemas;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;
use trunkline_contract::validate;

const INTRODUCTION: &str = "\
Agents, calls and everything around them. Everything that the dashboard and the command line do goes through this \
interface.\n\n\
**Who asks.** `Authorization: Bearer` with an API key (`tl_…`), a token (JWT) or an operator's token (`trk_…`). Browsers \
log in and show a cookie, and repeat its `csrf` in `X-CSRF-Token` when they change something. Roles: viewer, editor, admin, \
operator; each may what those before it may, and each operation names the least. An operator names a tenant in `X-Tenant`.\n\n\
**Refusals** are problem documents (RFC 9457) with a JSON pointer for each fault. What belongs to another tenant is not \
there: 404.\n\n\
**Lists** come in pages: hand `next_cursor` back as `cursor`. **Changes** of what has versions heed `If-Match`. A `POST` \
with an `Idempotency-Key` is done once, however often it is sent: for 24 hours a repetition gets the first answer.\n\n\
**Limits**: `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say how many requests a minute there are; \
beyond them the answer is 429 with `Retry-After`.";

/// The document, as it is served.
pub(crate) fn served() -> Bytes {
    static SERVED: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(document().to_string()));
    SERVED.clone()
}

/// The document.
pub(crate) fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for Operation { about, .. } in all() {
        let operation = operation(&about, &mut schemas);
        let path = paths.entry(about.path.clone()).or_insert_with(|| json!({}));
        path[about.method.as_str().to_lowercase()] = operation;
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Trunkline",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Voice agents: contracts, calls, and who may what",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This host"}],
        "tags": Tag::ALL.map(|tag| json!({"name": tag.name(), "description": tag.description()})),
        "paths": paths,
        "components": shared(&mut schemas.answered),
    });
    schemas.finish(&mut document);
    document
}

fn operation(about: &About, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": about.id,
        "tags": [about.tag.name()],
        "summary": about.summary,
        "parameters": parameters(about, &mut schemas.sent),
        "responses": responses(about, &mut schemas.answered),
    });
    if let Some(details) = about.details {
        operation["description"] = json!(details);
    }
    match about.access {
        Access::Public => operation["security"] = json!([]),
        Access::Least(role) => {
            operation["security"] = json!([{"bearer": []}, {"session": []}]);
            operation["x-least-role"] = json!(role.name());
        }
    }
    if about.secret {
        operation["x-shown-once"] = json!(true);
    }
    if let Some(input) = &about.input {
        let content: Map<String, Value> =
            input.kinds.iter().map(|(kind, schema)| ((*kind).to_owned(), media(*schema, &mut schemas.sent))).collect();
        operation["requestBody"] = json!({"required": true, "content": content, "x-most-bytes": input.limit});
    }
    operation
}

fn media(schema: Option<crate::operations::SchemaOf>, generator: &mut SchemaGenerator) -> Value {
    match schema {
        Some(schema) => json!({"schema": schema(generator)}),
        None => json!({"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}),
    }
}

fn parameters(about: &About, generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut parameters: Vec<Value> = of_path(&about.path).iter().map(shown).collect();
    parameters.extend(of_query_with(about, generator).iter().map(shown));
    if about.conditional {
        parameters.push(json!({"$ref": "#/components/parameters/IfMatch"}));
    }
    if about.tagged && about.method == Method::GET {
        parameters.push(json!({"$ref": "#/components/parameters/IfNoneMatch"}));
    }
    if about.repeatable() {
        parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
    }
    if about.access != Access::Public {
        parameters.push(json!({"$ref": "#/components/parameters/Tenant"}));
    }
    parameters
}

fn shown(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    })
}

/// The parameters of an operation's query.
pub(crate) fn of_query(about: &About) -> Vec<Parameter> {
    of_query_with(about, &mut Schemas::new().sent)
}

/// As [`of_query`]: the fields of its structs, with their definitions in `generator`.
fn of_query_with(about: &About, generator: &mut SchemaGenerator) -> Vec<Parameter> {
    let mut found = Vec::new();
    for query in &about.queries {
        let schema = schemas::inlined(*query, generator);
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let Some(fields) = schema.get("properties").and_then(Value::as_object) else { continue };
        for (name, field) in fields {
            let mut field = field.clone();
            // A parameter that is not there is left out.
            field.as_object_mut().map(validate::not_null);
            let description = field.as_object_mut().and_then(|field| field.remove("description"));
            found.push(Parameter {
                name: name.clone(),
                place: Place::Query,
                description: description.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
                required: required.iter().any(|known| known == name),
                schema: field,
            });
        }
    }
    found
}

/// What a status means when something was refused.
fn refusal(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The query, a header or the JSON cannot be read",
        StatusCode::UNAUTHORIZED => "Nobody is known who asks",
        StatusCode::FORBIDDEN => "Whoever asks may not do this",
        StatusCode::NOT_FOUND => "There is no such thing, or it belongs to another tenant",
        StatusCode::CONFLICT => "It does not fit what is there, or the first request with this key is still under way",
        StatusCode::PRECONDITION_FAILED => "It has changed since: `If-Match` names another version",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than this operation takes",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body is of another media type",
        StatusCode::UNPROCESSABLE_ENTITY => "The body has faults, each named with its place",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests: `Retry-After` says when to come back",
        StatusCode::INTERNAL_SERVER_ERROR => "The host failed; its log says why",
        StatusCode::BAD_GATEWAY => "Somebody whom the host asked gave no usable answer",
        StatusCode::SERVICE_UNAVAILABLE => "There is no room for it at this moment",
        StatusCode::GATEWAY_TIMEOUT => "Somebody whom the host asked did not answer in time",
        StatusCode::INSUFFICIENT_STORAGE => "There is no room to keep it",
        _ => "Refused",
    }
}
