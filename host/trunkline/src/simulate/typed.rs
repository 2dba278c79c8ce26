//! The same script in writing: what would be said is typed, and there is no line whose times could matter.

use super::report::{Played, PlayedStep};
use super::script::{Act, Script};
use super::watcher::Watcher;
use crate::backend::{Refused, Remote};
use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trunkline_contract::CallId;
use trunkline_contract::log::{Entry, Row};
use trunkline_store::transcript;

/// What the server says to one message.
#[derive(Debug, Deserialize)]
struct Answer {
    thread: CallId,
    messages: Vec<Line>,
    ended: bool,
    result: Value,
}

#[derive(Debug, Deserialize)]
struct Line {
    role: String,
    text: String,
}

impl Answer {
    fn words(&self) -> String {
        let said = self.messages.iter().filter(|line| line.role == "assistant" && !line.text.is_empty());
        said.map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn fields(&self) -> Map<String, Value> {
        self.result.as_object().cloned().unwrap_or_default()
    }
}

/// Plays a script; gives the thread's id too.
///
/// # Errors
/// The server's.
pub(super) async fn play(
    remote: &Remote,
    agent: &str,
    script: &Script,
    watcher: &mut Watcher<'_>,
) -> anyhow::Result<(CallId, Played)> {
    let mut seen = 0;
    let greeting = ask(remote, agent, json!({})).await?;
    let thread = greeting.thread;
    show(remote, thread, &mut seen, watcher).await?;
    let (mut last, mut played) = (greeting, Played::default());
    for step in &script.steps {
        let text = match &step.act {
            Act::Say(text) | Act::Digits(text) | Act::Play(_, Some(text)) => Some(text),
            Act::Play(path, None) => anyhow::bail!(
                "line {}: {} cannot be played in writing: say its words with `say` beside `wav`",
                step.line,
                path.display()
            ),
            Act::Listen | Act::HangUp => None,
        };
        if let Some(text) = text
            && !last.ended
        {
            last = match ask(remote, agent, json!({"thread": thread, "text": text})).await {
                // The agent has ended the conversation between two messages.
                Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.kind == "ended") => {
                    Answer { ended: true, ..last }
                }
                other => other?,
            };
            show(remote, thread, &mut seen, watcher).await?;
        } else if text.is_some() {
            played.steps.push(PlayedStep { skipped: true, ..PlayedStep::default() });
            continue;
        }
        let answer = if matches!(step.act, Act::HangUp) { String::new() } else { last.words() };
        played.steps.push(PlayedStep { answer, result: last.fields(), ..PlayedStep::default() });
    }
    let rows = all_rows(remote, thread).await?;
    played.end = rows.iter().rev().find_map(|row| match &row.entry {
        Entry::Ended { reason, duration_ms } => Some((reason.clone(), *duration_ms)),
        _ => None,
    });
    played.transcript = transcript(&rows);
    played.result = last.fields();
    Ok((thread, played))
}

async fn ask(remote: &Remote, agent: &str, body: Value) -> anyhow::Result<Answer> {
    let answer = remote.0.post(&["agents", agent, "chat"], Some(&body)).await?;
    serde_json::from_value(answer).context("the server does not answer like one that takes conversations in writing")
}

/// Shows what the thread's log has more than before.
async fn show(remote: &Remote, thread: CallId, seen: &mut u64, watcher: &mut Watcher<'_>) -> anyhow::Result<()> {
    for row in remote.rows(thread, *seen + 1).await? {
        watcher.row(&row);
        *seen = row.seq;
    }
    Ok(())
}

async fn all_rows(remote: &Remote, thread: CallId) -> anyhow::Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let page = remote.rows(thread, rows.last().map_or(1, |row| row.seq + 1)).await?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
    }
}
