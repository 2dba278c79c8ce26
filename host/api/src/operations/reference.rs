//! What describes the interface itself.

use super::{Operation, Tag, get};
use crate::reference;
use axum::http::StatusCode;

const TAG: Tag = Tag::Reference;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/openapi.json", "getOpenApi", TAG, "This document")
            .gives::<serde_json::Map<String, serde_json::Value>>(StatusCode::OK)
            .run(reference::openapi),
        get("/contract/schema", "getContractSchema", TAG, "The JSON Schema of contracts, draft 2020-12")
            .gives::<serde_json::Map<String, serde_json::Value>>(StatusCode::OK)
            .run(reference::contract_schema),
    ]
}
