//! A contract in an editor: what is saved is checked, and a text with faults is never lost.

use super::super::Context;
use super::{id_of, refused};
use crate::backend::{Backend, Intent, Refused};
use crate::output::{Out, Tone};
use anyhow::{Context as _, bail};
use http::StatusCode;
use serde_json::Value;
use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use tempfile::NamedTempFile;
use trunkline_contract::AgentId;

/// How a text becomes a version.
enum Goal {
    New,
    Next { id: AgentId, version: u64, why: Option<String> },
}

pub(super) async fn run(context: &Context<'_>, agent: Option<&str>, why: Option<&str>) -> anyhow::Result<ExitCode> {
    let backend = context.backend(Intent::Write).await?;
    let found = backend.find_agent(agent).await?;
    let id = id_of(&found)?;
    let version = found["version"].as_u64().unwrap_or_default();
    let goal = Goal::Next { id, version, why: why.map(str::to_owned) };
    edited(context.out, &backend, &found["document"], &goal).await
}

/// Lets a new agent's contract be edited until it is one.
pub(super) async fn new(out: &Out, backend: &Backend, document: &Value) -> anyhow::Result<ExitCode> {
    edited(out, backend, document, &Goal::New).await
}

async fn edited(out: &Out, backend: &Backend, document: &Value, goal: &Goal) -> anyhow::Result<ExitCode> {
    let file = tempfile::Builder::new().prefix("agent-").suffix(".json").tempfile()?;
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o600))?;
    let begun = serde_json::to_string_pretty(document)?;
    std::fs::write(file.path(), format!("{begun}\n"))?;
    loop {
        open(file.path())?;
        let text = std::fs::read_to_string(file.path())?;
        if text.trim() == begun && matches!(goal, Goal::Next { .. }) {
            out.aside("nothing was changed");
            return Ok(ExitCode::SUCCESS);
        }
        match save(out, backend, &text, goal).await {
            Ok(Some(code)) => return Ok(code),
            Ok(None) => {}
            Err(error) => {
                out.failure(&error);
                keep(out, file)?;
                return Ok(ExitCode::FAILURE);
            }
        }
        if !again(out)? {
            keep(out, file)?;
            return Ok(ExitCode::FAILURE);
        }
    }
}

/// None: there are faults, which were shown.
async fn save(out: &Out, backend: &Backend, text: &str, goal: &Goal) -> anyhow::Result<Option<ExitCode>> {
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            out.aside(&format!("{} this is not JSON: {error}", out.paint_aside(Tone::Bad, "error:")));
            return Ok(None);
        }
    };
    let made = match goal {
        Goal::New => backend.create_agent(&document).await,
        Goal::Next { id, version, why } => backend.replace_agent(*id, *version, &document, why.as_deref()).await,
    };
    let stale = |error: &Refused| error.status == StatusCode::PRECONDITION_FAILED;
    match refused(made) {
        Ok(Ok(made)) => super::changed(out, Path::new("agent"), Ok(made)).map(Some),
        Ok(Err(faults)) => {
            out.failure(&faults.into());
            Ok(None)
        }
        Err(error) if error.downcast_ref::<Refused>().is_some_and(stale) => {
            Err(error.context("somebody else has changed the agent meanwhile"))
        }
        Err(error) => Err(error),
    }
}

/// The editor of whoever works here.
fn open(path: &Path) -> anyhow::Result<()> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    let editor = named.unwrap_or_else(|| OsString::from("vi"));
    // By a shell, because people set it to a command with options.
    let mut command = Command::new("sh");
    command.arg("-c").arg("eval \"$0 \\\"\\$1\\\"\"").arg(&editor).arg(path);
    let shown = editor.to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("the editor `{shown}` cannot be started"))?;
    if !status.success() {
        bail!("the editor `{shown}` failed ({status}): set EDITOR to one that works; nothing was changed");
    }
    Ok(())
}

fn again(out: &Out) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    let mut err = std::io::stderr().lock();
    write!(err, "{} ", out.paint_aside(Tone::Heading, "Edit again? [Y/n]"))?;
    err.flush()?;
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer)?;
    Ok(read > 0 && !answer.trim().to_lowercase().starts_with('n'))
}

fn keep(out: &Out, file: NamedTempFile) -> anyhow::Result<()> {
    let (_, path) = file.keep().context("the text cannot be kept")?;
    out.aside(&format!("your text is kept in {}: `trunkline agent import` takes it once it is right", path.display()));
    Ok(())
}
