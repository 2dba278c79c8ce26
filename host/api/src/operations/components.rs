//! `/components`: what tenants ship.

use super::{Operation, Tag, delete, get, post, put};
use crate::calls::Items;
use crate::components::{self, Details, Form, UploadOf, Uploaded, Which};
use crate::params::PageQuery;
use axum::http::StatusCode;
use schemars::JsonSchema;
use trunkline_session::Grants;
use trunkline_store::{Page, Release, Role, TenantComponent};

const TAG: Tag = Tag::Components;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/components", "listComponents", TAG, "Lists components of the tenant, newest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .gives::<Page<TenantComponent>>(StatusCode::OK)
            .run(components::list),
        post("/components", "uploadComponent", TAG, "Takes a component in, as the next release of its name")
            .details(
                "It is checked, compiled in a process of its own and asked what it is, without any grant; then it is the \
                 draft. Bytes that the latest release has already make no other one (200). With \
                 `Accept: text/event-stream` each `stage` is told (`checking`, `waiting`, `compiling`, `storing`), then \
                 `done` or `error`.",
            )
            .least(Role::Editor)
            .query::<UploadOf>()
            .takes_as(&["application/wasm"], None)
            .takes_as(&["multipart/form-data"], Some(Form::json_schema))
            .at_most(components::MAX_BODY)
            .gives::<Uploaded>(StatusCode::CREATED)
            .gives::<Uploaded>(StatusCode::OK)
            .gives_as(StatusCode::OK, "text/event-stream", None)
            .tagged()
            .refuses(&[StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE, StatusCode::INSUFFICIENT_STORAGE])
            .run(components::upload),
        get("/components/{id}", "getComponent", TAG, "A component, and which agents use it")
            .least(Role::Viewer)
            .gives::<Details>(StatusCode::OK)
            .tagged()
            .run(components::show),
        delete("/components/{id}", "deleteComponent", TAG, "Deletes a component that no agent uses")
            .least(Role::Editor)
            .gives_nothing(StatusCode::NO_CONTENT)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(components::delete),
        get("/components/{id}/releases", "listReleases", TAG, "The releases of a component, newest first")
            .least(Role::Viewer)
            .gives::<Items<Release>>(StatusCode::OK)
            .run(components::releases),
        delete("/components/{id}/releases/{release}", "deleteRelease", TAG, "Deletes a release that is not used")
            .least(Role::Editor)
            .gives_nothing(StatusCode::NO_CONTENT)
            .refuses(&[StatusCode::CONFLICT])
            .run(components::delete_release),
        put("/components/{id}/grants", "grantComponent", TAG, "Sets what a component may reach")
            .details("Nothing listed: nothing reachable. What is granted counts for the next call of a tool.")
            .least(Role::Admin)
            .takes::<Grants>()
            .gives::<TenantComponent>(StatusCode::OK)
            .conditional()
            .run(components::grant),
        post("/components/{id}/promote", "promoteComponent", TAG, "Makes a release the live one")
            .details("Calls that begin from now on run it; those that go on keep what they began with.")
            .least(Role::Editor)
            .takes::<Which>()
            .gives::<TenantComponent>(StatusCode::OK)
            .conditional()
            .run(components::promote),
        post("/components/{id}/rollback", "rollBackComponent", TAG, "Makes an earlier release the live one again")
            .least(Role::Editor)
            .takes::<Which>()
            .gives::<TenantComponent>(StatusCode::OK)
            .conditional()
            .run(components::roll_back),
    ]
}
