//! `/sessions`: somebody's conversations with an agent that was set up for them.

use super::{Operation, Tag, delete, get, post};
use crate::agent_sessions::{self as sessions, Filter, New};
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_store::{AgentSession, Page, Role};

const TAG: Tag = Tag::Sessions;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/sessions", "listSessions", TAG, "Lists sessions with agents, newest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .query::<Filter>()
            .gives::<Page<AgentSession>>(StatusCode::OK)
            .run(sessions::list),
        post("/sessions", "createSession", TAG, "Sets an agent up for somebody")
            .details(
                "Conversations that name the session have its overrides and data, and the version that answered when it was \
                 made. Sessions that nobody uses end by themselves.",
            )
            .least(Role::Editor)
            .takes::<New>()
            .gives::<AgentSession>(StatusCode::CREATED)
            .refuses(&[StatusCode::CONFLICT])
            .run(sessions::create),
        get("/sessions/{id}", "getSession", TAG, "A session")
            .least(Role::Viewer)
            .gives::<AgentSession>(StatusCode::OK)
            .run(sessions::show),
        delete("/sessions/{id}", "endSession", TAG, "Ends a session")
            .least(Role::Editor)
            .gives::<AgentSession>(StatusCode::OK)
            .run(sessions::end),
    ]
}
