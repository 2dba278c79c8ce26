//! `/calls`: what was and is said.

use super::{Operation, Tag, get, post};
use crate::calls::{self, Items};
use crate::live;
use crate::params::PageQuery;
use axum::http::StatusCode;
use trunkline_contract::log::{Row, TurnLatency};
use trunkline_session::Switched;
use trunkline_store::{Call, Page, Role, TranscriptLine};

const TAG: Tag = Tag::Calls;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        get("/calls", "listCalls", TAG, "Lists calls, latest first")
            .least(Role::Viewer)
            .query::<PageQuery>()
            .query::<calls::Filter>()
            .gives::<Page<Call>>(StatusCode::OK)
            .run(calls::list),
        get("/calls/{id}", "getCall", TAG, "A call")
            .least(Role::Viewer)
            .gives::<Call>(StatusCode::OK)
            .run(calls::show),
        get("/calls/{id}/transcript", "getTranscript", TAG, "Who said what, as it was heard")
            .least(Role::Viewer)
            .gives::<Items<TranscriptLine>>(StatusCode::OK)
            .run(calls::transcript),
        get("/calls/{id}/events", "listEvents", TAG, "The log of a call")
            .least(Role::Viewer)
            .query::<calls::From>()
            .gives::<Items<Row>>(StatusCode::OK)
            .run(calls::events),
        get("/calls/{id}/latency", "getLatency", TAG, "How long the answers of a call took, turn by turn")
            .least(Role::Viewer)
            .gives::<Items<TurnLatency>>(StatusCode::OK)
            .run(calls::latency),
        get("/calls/{id}/live", "followCall", TAG, "The log of a call as it grows")
            .details(
                "Server-sent events: `row` for each row of the log, `partial` for what is said or heard at this moment, \
                 `end` when the call is over. `Last-Event-ID` goes on from there.",
            )
            .least(Role::Viewer)
            .query::<live::From>()
            .gives_as(StatusCode::OK, "text/event-stream", None)
            .run(live::live),
        post("/calls/{id}/hangup", "hangUp", TAG, "Ends a live call")
            .least(Role::Editor)
            .gives_nothing(StatusCode::ACCEPTED)
            .run(calls::hang_up),
        post("/calls/{id}/agent", "switchAgent", TAG, "Lets another agent take a live call over")
            .least(Role::Editor)
            .takes::<calls::Successor>()
            .gives::<Switched>(StatusCode::OK)
            .run(calls::agent),
    ]
}
