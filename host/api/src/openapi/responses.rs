//! What operations answer: what they give, what they refuse, and the parts of the document that all of them share.

use super::{media, refusal};
use crate::operations::{About, Access, Output, of_path};
use crate::problem::Problem;
use axum::http::{Method, StatusCode};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Statuses by which an operation may refuse.
pub(super) fn refusals(about: &About) -> BTreeSet<u16> {
    let mut found: BTreeSet<u16> = about.refusals.iter().copied().collect();
    let mut add = |when: bool, statuses: &[StatusCode]| {
        if when {
            found.extend(statuses.iter().map(StatusCode::as_u16));
        }
    };
    // A query may always have a parameter too many.
    add(true, &[StatusCode::BAD_REQUEST, StatusCode::INTERNAL_SERVER_ERROR]);
    let known = about.access != Access::Public;
    // Whoever is known may name a tenant that is not there.
    add(
        known,
        &[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS],
    );
    add(!of_path(&about.path).is_empty(), &[StatusCode::NOT_FOUND]);
    add(
        about.input.is_some(),
        &[StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNSUPPORTED_MEDIA_TYPE, StatusCode::UNPROCESSABLE_ENTITY],
    );
    add(about.repeatable(), &[StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY]);
    add(about.conditional, &[StatusCode::PRECONDITION_FAILED]);
    found
}

pub(super) fn responses(about: &About, generator: &mut SchemaGenerator) -> Value {
    let mut responses: Map<String, Value> = Map::new();
    for Output { status, body } in &about.outputs {
        let reason = status.canonical_reason().unwrap_or("Done");
        let response = responses.entry(status.as_str()).or_insert_with(|| json!({"description": reason}));
        if let Some((kind, schema)) = body {
            response["content"][*kind] = media(*schema, generator);
        }
        response["headers"] = headers(about, *status);
    }
    if about.tagged && about.method == Method::GET {
        responses.insert("304".to_owned(), json!({"description": "It is still what `If-None-Match` names"}));
    }
    for status in refusals(about) {
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{}", name(status))}));
    }
    responses.into()
}

fn headers(about: &About, status: StatusCode) -> Value {
    let mut named: Vec<&str> = Vec::new();
    if about.access != Access::Public {
        named.extend(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]);
    }
    if about.tagged {
        named.push("ETag");
    }
    if status == StatusCode::CREATED {
        named.push("Location");
    }
    let shown = named.into_iter().map(|name| {
        let place = json!({"$ref": format!("#/components/headers/{}", name.replace('-', ""))});
        (name.to_owned(), place)
    });
    shown.collect::<Map<_, _>>().into()
}

/// What a refusal is called among the shared responses.
fn name(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or("Refused").replace([' ', '-'], "")
}

/// Parameters, headers, refusals and kinds of proof that operations share.
pub(super) fn shared(generator: &mut SchemaGenerator) -> Value {
    let problem = generator.subschema_for::<Problem>();
    let all: BTreeSet<u16> = crate::operations::all().iter().flat_map(|operation| refusals(&operation.about)).collect();
    let responses: Map<String, Value> = all
        .into_iter()
        .filter_map(|status| {
            let meaning = refusal(StatusCode::from_u16(status).ok()?);
            let mut response = json!({
                "description": meaning,
                "content": {"application/problem+json": {"schema": problem}},
            });
            if status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
                response["headers"] = json!({"Retry-After": {"$ref": "#/components/headers/RetryAfter"}});
            }
            Some((name(status), response))
        })
        .collect();
    let count = |description: &str| json!({"description": description, "schema": {"type": "integer", "minimum": 0}});
    let text = |description: &str| json!({"description": description, "schema": {"type": "string"}});
    json!({
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key (`tl_…`), a token of `/api/v1/auth/token` or of a configured issuer (JWT), \
                                or an operator's token (`trk_…`).",
            },
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": "trunkline_session",
                "description": "A browser that has logged in. What changes something needs `X-CSRF-Token`, too.",
            },
        },
        "parameters": {
            "IfMatch": {
                "name": "If-Match",
                "in": "header",
                "description": "The `ETag` that is to be changed; if it is another by now, nothing is changed.",
                "schema": {"type": "string", "pattern": r#"^(\*|(W/)?"[0-9]{1,9}")$"#},
            },
            "IfNoneMatch": {
                "name": "If-None-Match",
                "in": "header",
                "description": "The `ETag` that is known; if it is still that one, the answer is 304 without a body.",
                "schema": {"type": "string"},
            },
            "IdempotencyKey": {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Names this request: for 24 hours a repetition gets the first answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
            },
            "Tenant": {
                "name": "X-Tenant",
                "in": "header",
                "description": "For operators: id or name of the tenant to act for; the first one without it.",
                "schema": {"type": "string"},
            },
        },
        "headers": {
            "RateLimitLimit": count("Requests a minute."),
            "RateLimitRemaining": count("Requests that may follow at once."),
            "RateLimitReset": count("Seconds until all of them may."),
            "RetryAfter": count("Seconds to wait."),
            "ETag": text("The version, in quotes."),
            "Location": text("Where it is."),
        },
        "responses": responses,
    })
}
