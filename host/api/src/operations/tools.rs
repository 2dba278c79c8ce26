//! `/tools`: what agents can be granted, and trying it.

use super::{Operation, Tag, get, post};
use crate::calls::Items;
use crate::tools::{self, Listed, Trial, Tried};
use axum::http::StatusCode;
use trunkline_store::Role;

const TAG: Tag = Tag::Tools;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/tools", "listTools", TAG, "Lists what agents can be granted")
            .least(Role::Viewer)
            .gives::<Items<Listed>>(StatusCode::OK)
            .run(tools::list),
        get("/tools/{tool}", "getTool", TAG, "A tool")
            .least(Role::Viewer)
            .gives::<Listed>(StatusCode::OK)
            .run(tools::show),
        post("/tools/{tool}/call", "callTool", TAG, "Calls a tool of a component, to try it")
            .details("It really runs: a tool that writes, writes. What went wrong with it is told in the answer (200).")
            .least(Role::Editor)
            .takes::<Trial>()
            .gives::<Tried>(StatusCode::OK)
            .refuses(&[StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE])
            .run(tools::call),
    ]
}
