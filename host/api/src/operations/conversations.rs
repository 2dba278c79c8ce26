//! Conversations in writing, and calls from a browser.

use super::{Operation, Tag, get, post};
use crate::calls::Items;
use crate::params::PageQuery;
use crate::{chat, threads, web_calls};
use axum::http::StatusCode;
use trunkline_store::{Call, Page, Role, TranscriptLine};

const TAG: Tag = Tag::Conversations;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        post("/agents/{id}/chat", "chat", TAG, "Writes to an agent")
            .details(
                "Without `thread` a new one begins; without `text` its greeting is the answer. With \
                 `Accept: text/event-stream` the answer comes as it is written: `thread`, then any number of `delta`, \
                 `row` and `message`, then `done` or `error`.",
            )
            .least(Role::Editor)
            .takes::<chat::Ask>()
            .gives::<chat::Answered>(StatusCode::OK)
            .gives_as(StatusCode::OK, "text/event-stream", None)
            .refuses(&[StatusCode::SERVICE_UNAVAILABLE])
            .run(chat::chat),
        get("/threads", "listThreads", TAG, "Lists conversations in writing, newest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .query::<threads::Filter>()
            .gives::<Page<Call>>(StatusCode::OK)
            .run(threads::list),
        get("/threads/{id}", "getThread", TAG, "A conversation in writing")
            .least(Role::Viewer)
            .gives::<Call>(StatusCode::OK)
            .run(threads::show),
        get("/threads/{id}/messages", "listMessages", TAG, "Who wrote what")
            .least(Role::Viewer)
            .gives::<Items<TranscriptLine>>(StatusCode::OK)
            .run(threads::messages),
        post("/web-calls", "createWebCall", TAG, "Makes a call from a browser to an agent")
            .least(Role::Editor)
            .takes::<web_calls::New>()
            .gives::<web_calls::Ticket>(StatusCode::CREATED)
            .refuses(&[StatusCode::SERVICE_UNAVAILABLE])
            .secret()
            .run(web_calls::create),
        post("/web-calls/{id}/token", "renewWebCall", TAG, "Lets the browser of a call come back")
            .least(Role::Editor)
            .gives::<web_calls::Ticket>(StatusCode::OK)
            .secret()
            .run(web_calls::token),
        get("/web-calls/{id}/media", "openWebCall", TAG, "Opens the media socket of a call from a browser")
            .details("A WebSocket. The token of the call in its `start` message lets in.")
            .gives_nothing(StatusCode::SWITCHING_PROTOCOLS)
            .refuses(&[StatusCode::UPGRADE_REQUIRED, StatusCode::SERVICE_UNAVAILABLE])
            .run(web_calls::media),
    ]
}
