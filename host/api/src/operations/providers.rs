//! `/providers`: what this host speaks, hears and thinks with, and trying it out.

use super::{Operation, Tag, get, post};
use crate::calls::Items;
use crate::providers;
use axum::http::StatusCode;
use trunkline_providers::ProviderStatus;
use trunkline_store::Role;

const TAG: Tag = Tag::Providers;
/// How a provider may fail a try-out.
const FAILURES: [StatusCode; 3] =
    [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/providers", "listProviders", TAG, "Lists what this host hears, thinks and speaks with")
            .least(Role::Viewer)
            .gives::<Items<ProviderStatus>>(StatusCode::OK)
            .run(providers::list),
        post("/providers/tts/{name}/say", "say", TAG, "Has a text spoken")
            .least(Role::Editor)
            .takes::<providers::Say>()
            .gives_as(StatusCode::OK, "audio/wav", None)
            .refuses(&FAILURES)
            .run(providers::say),
        post("/providers/stt/{name}/hear", "hear", TAG, "Has a recording recognised")
            .least(Role::Editor)
            .query::<providers::Hear>()
            .takes_as(&["audio/wav"], None)
            .at_most(providers::MAX_RECORDING)
            .gives::<providers::Recognised>(StatusCode::OK)
            .refuses(&FAILURES)
            .run(providers::hear),
    ]
}
