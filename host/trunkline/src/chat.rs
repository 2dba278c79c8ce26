//! `trunkline chat`: a conversation with an agent, in the terminal or line by line through a pipe.

mod piped;
mod terminal;
mod turn;

use crate::backend::{Backend, Remote};
use crate::output::Out;
use anyhow::Context as _;
use std::io::IsTerminal;
use std::process::ExitCode;
use turn::Talk;

/// Talks to an agent until whoever writes has had enough.
///
/// # Errors
/// There is no such agent, or the server does not answer.
pub(crate) async fn run(
    remote: Remote,
    agent: Option<&str>,
    thread: Option<String>,
    out: &Out,
) -> anyhow::Result<ExitCode> {
    let found = Backend::Remote(remote.clone()).find_agent(agent).await?;
    let id = found["agent_id"].as_str().context("the agent has no id")?.to_owned();
    let name = found["document"]["name"].as_str().unwrap_or("agent").to_owned();
    let talk = Talk::new(remote, id, thread);
    if out.json || !std::io::stdin().is_terminal() {
        return piped::run(talk, out).await;
    }
    terminal::run(talk, &name, found["version"].as_u64().unwrap_or_default(), out).await
}
