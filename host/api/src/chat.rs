//! `/agents/{id}/chat`: writes to an agent; the answer comes whole, or as it is written (SSE).

use crate::auth::Principal;
use crate::body::Body;
use crate::params::id;
use crate::sse::{self, Event};
use crate::{Api, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trunkline_contract::log::{Entry, Row};
use trunkline_contract::{AgentId, CallId, Fault};
use trunkline_session::{Chat, Told};
use trunkline_store::{TranscriptLine, transcript};

/// Longest text, characters.
const MAX_TEXT: usize = 16_000;

/// What is written to an agent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    /// The conversation; a new one without it.
    thread: Option<String>,
    /// Id of a session with the agent; a new conversation is as the session has it.
    session: Option<String>,
    /// 1-16,000 characters; may be left out where a conversation begins.
    text: Option<String>,
}

/// What an agent answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answered {
    /// The conversation.
    thread: CallId,
    /// What the agent wrote.
    messages: Vec<TranscriptLine>,
    /// The conversation is over.
    ended: bool,
    /// The result so far.
    result: Value,
}

pub(crate) async fn chat(
    State(api): State<Api>,
    principal: Principal,
    Path(agent): Path<String>,
    headers: HeaderMap,
    Body(ask): Body<Ask>,
) -> Result<Response, Problem> {
    let agent: AgentId = id(&agent, "agent")?;
    let thread: Option<CallId> = ask.thread.as_deref().map(|thread| id(thread, "thread")).transpose()?;
    check(&ask)?;
    let session = ask.session.as_deref().map(|session| id(session, "session")).transpose()?;
    let chat = api.sessions.chat(principal.tenant.id(), agent, thread, session, ask.text).await?;
    let streams = headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/event-stream"));
    if streams { Ok(stream(chat)) } else { Ok(Json(whole(chat).await?).into_response()) }
}

fn check(ask: &Ask) -> Result<(), Problem> {
    let fault = match ask.text.as_deref() {
        None if ask.thread.is_some() => {
            Fault::error("/text", "missing", "`text` is required in a thread that has begun")
        }
        None => return Ok(()),
        Some(text) if text.trim().is_empty() => Fault::error("/text", "empty", "the text is empty"),
        Some(text) if text.chars().count() > MAX_TEXT => {
            let found = text.chars().count();
            Fault::error("/text", "too-long", format!("the text has {found} characters, allowed are 1-{MAX_TEXT}"))
        }
        Some(text) => match text.chars().position(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
            Some(at) => {
                let message = format!("character {} is a control character; allowed are newline and tab", at + 1);
                Fault::error("/text", "control-character", message)
            }
            None => return Ok(()),
        },
    };
    Err(Problem::invalid(fault.message.clone(), vec![fault]))
}

/// The lines that rows add to a conversation.
fn lines(rows: &[Row]) -> Vec<TranscriptLine> {
    transcript(rows)
}

async fn whole(mut chat: Chat) -> Result<Answered, Problem> {
    let mut rows = Vec::new();
    while let Some(told) = chat.told.recv().await {
        match told {
            Told::Piece { .. } => {}
            Told::Row(row) => rows.push(*row),
            Told::Rest { ended, result } => {
                let messages = lines(&rows).into_iter().filter(TranscriptLine::is_answer).collect();
                return Ok(Answered { thread: chat.thread.id, messages, ended, result });
            }
        }
    }
    Err(lost(&chat))
}

fn lost(chat: &Chat) -> Problem {
    let detail = format!("the answer was lost; GET /api/v1/threads/{}/messages tells how far it came", chat.thread.id);
    Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "lost", detail)
}

fn stream(chat: Chat) -> Response {
    let begin = json!({
        "thread": chat.thread.id,
        "agent_id": chat.thread.agent_id,
        "agent_version": chat.thread.agent_version,
    });
    let first = stream::once(async move { vec![Event::new("thread", &begin)] });
    let rest = stream::unfold(Some(chat), async move |chat| {
        let mut chat = chat?;
        Some(match chat.told.recv().await {
            Some(Told::Piece { index, text }) => {
                (vec![Event::new("delta", &json!({"index": index, "text": text}))], Some(chat))
            }
            Some(Told::Row(row)) => (row_events(&row), Some(chat)),
            Some(Told::Rest { ended, result }) => {
                (vec![Event::new("done", &json!({"ended": ended, "result": result}))], None)
            }
            None => (vec![Event::new("error", &lost(&chat))], None),
        })
    });
    sse::response(first.chain(rest).flat_map(stream::iter))
}

fn row_events(row: &Row) -> Vec<Event> {
    let mut events = vec![Event::new("row", row).id(row.seq)];
    if matches!(row.entry, Entry::Message { .. }) {
        let lines = lines(std::slice::from_ref(row));
        events.extend(lines.iter().map(|line| Event::new("message", line)));
    }
    events
}
