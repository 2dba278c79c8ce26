//! `/agents`: contracts and their versions.

use super::{Operation, Tag, get, patch, post, put};
use crate::agents::{self, Validated, Why};
use crate::openapi::Contract;
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_store::{AgentVersion, Page, Role};

const TAG: Tag = Tag::Agents;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/agents", "listAgents", TAG, "Lists agents, each in its latest version")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .gives::<Page<AgentVersion>>(StatusCode::OK)
            .run(agents::list),
        post("/agents", "createAgent", TAG, "Makes an agent of a contract")
            .least(Role::Editor)
            .query::<Why>()
            .takes::<Contract>()
            .gives::<AgentVersion>(StatusCode::CREATED)
            .tagged()
            .run(agents::create),
        post("/agents/validate", "validateAgent", TAG, "Checks a contract and keeps nothing")
            .least(Role::Viewer)
            .takes::<Contract>()
            .gives::<Validated>(StatusCode::OK)
            .run(agents::validate),
        get("/agents/current", "currentAgent", TAG, "The agent of whoever names none")
            .least(Role::Viewer)
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .run(agents::current),
        get("/agents/{id}", "getAgent", TAG, "The latest version of an agent")
            .least(Role::Viewer)
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .run(agents::show),
        put("/agents/{id}", "replaceAgent", TAG, "Replaces the contract of an agent")
            .least(Role::Editor)
            .query::<Why>()
            .takes::<Contract>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::replace),
        patch("/agents/{id}", "changeAgent", TAG, "Changes parts of an agent's contract")
            .least(Role::Editor)
            .query::<Why>()
            .takes_patch::<serde_json::Value>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::patch),
        get("/agents/{id}/versions", "listAgentVersions", TAG, "Lists the versions of an agent, newest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .gives::<Page<AgentVersion>>(StatusCode::OK)
            .run(agents::versions),
        post("/agents/{id}/set-default", "setDefaultAgent", TAG, "Makes an agent that of whoever names none")
            .least(Role::Editor)
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .run(agents::set_default),
    ]
}
