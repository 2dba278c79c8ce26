//! `/agents`: contracts and their versions.

use super::{Operation, Tag, delete, get, patch, post, put};
use crate::agents::{
    self, Between, Differences, Effective, EffectiveOf, Environment, Fields, Pin, RollBack, Served, Switch, Validated,
    Why,
};
use crate::openapi::Contract;
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_contract::agent::Field;
use trunkline_store::{AgentVersion, Page, Role, Rollout};

const TAG: Tag = Tag::Agents;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/agents", "listAgents", TAG, "Lists agents, each in its latest version")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .query::<agents::Filter>()
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
            .query::<Environment>()
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
            .takes_patch::<serde_json::Map<String, serde_json::Value>>()
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
            .query::<Environment>()
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .run(agents::set_default),
        delete("/agents/{id}", "archiveAgent", TAG, "Puts an agent away; it can be restored")
            .least(Role::Editor)
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .refuses(&[StatusCode::CONFLICT])
            .run(agents::archive),
        post("/agents/{id}/restore", "restoreAgent", TAG, "Takes an archived agent back")
            .least(Role::Editor)
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .refuses(&[StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .run(agents::restore),
        get("/agents/{id}/versions/{v}", "getAgentVersion", TAG, "One version of an agent")
            .least(Role::Viewer)
            .gives::<AgentVersion>(StatusCode::OK)
            .tagged()
            .run(agents::version),
        get("/agents/{id}/diff", "compareAgentVersions", TAG, "What differs between two versions of an agent")
            .least(Role::Viewer)
            .query::<Between>()
            .gives::<Differences>(StatusCode::OK)
            .run(agents::diff),
        post("/agents/{id}/rollback", "rollBackAgent", TAG, "Makes an old version's contract the newest one")
            .least(Role::Editor)
            .takes::<RollBack>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::rollback),
    ]
    .into_iter()
    .chain(served())
    .chain(fields())
    .collect()
}

/// Which version answers, and with which contract.
fn served() -> Vec<Operation> {
    vec![
        get("/agents/{id}/serving", "getServing", TAG, "Which versions of an agent answer")
            .least(Role::Viewer)
            .gives::<Served>(StatusCode::OK)
            .run(agents::serving),
        put("/agents/{id}/pin", "pinAgent", TAG, "Lets one version answer whatever comes after it")
            .least(Role::Editor)
            .takes::<Pin>()
            .gives::<Served>(StatusCode::OK)
            .run(agents::pin),
        put("/agents/{id}/rollout", "rollOutAgent", TAG, "Lets a version answer a share of callers")
            .details(
                "Callers are recognised, so each gets the same version every time, and who was chosen stays chosen while the \
                 share grows. When nothing is pinned, the others keep the version that answered them until now.",
            )
            .least(Role::Editor)
            .takes::<Rollout>()
            .gives::<Served>(StatusCode::OK)
            .run(agents::rollout),
        delete("/agents/{id}/rollout", "endRollout", TAG, "Lets the pinned version answer everybody again")
            .least(Role::Editor)
            .gives::<Served>(StatusCode::OK)
            .run(agents::end_rollout),
        get("/agents/{id}/effective", "getEffectiveContract", TAG, "The contract in force, and whence each value")
            .least(Role::Viewer)
            .query::<EffectiveOf>()
            .gives::<Effective>(StatusCode::OK)
            .run(agents::effective),
    ]
}

/// Parts of the contract that change while it is served.
fn fields() -> Vec<Operation> {
    vec![
        get("/agents/{id}/schema/fields", "listFields", TAG, "The fields of an agent's answers")
            .least(Role::Viewer)
            .gives::<Fields>(StatusCode::OK)
            .run(agents::fields),
        post("/agents/{id}/schema/fields", "addField", TAG, "Adds a field to an agent's answers")
            .details("Live calls ask for it with their next answer.")
            .least(Role::Editor)
            .query::<Why>()
            .takes::<Field>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::add_field),
        put("/agents/{id}/schema/fields/{name}", "setField", TAG, "Changes a field of an agent's answers")
            .least(Role::Editor)
            .query::<Why>()
            .takes::<Field>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::set_field),
        delete("/agents/{id}/schema/fields/{name}", "dropField", TAG, "Removes a field from an agent's answers")
            .details("Results that have it keep it.")
            .least(Role::Editor)
            .query::<Why>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::drop_field),
        put("/agents/{id}/tracing", "setTracing", TAG, "Switches traces of an agent's calls on or off")
            .least(Role::Editor)
            .takes::<Switch>()
            .gives::<AgentVersion>(StatusCode::OK)
            .conditional()
            .run(agents::tracing),
    ]
}
