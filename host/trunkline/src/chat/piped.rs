//! A conversation for scripts: each line is a message, and the answers are all that is printed.

use super::turn::Talk;
use crate::output::{Out, clean_text};
use anyhow::bail;
use serde_json::{Value, json};
use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader};

pub(super) async fn run(mut talk: Talk, out: &Out) -> anyhow::Result<ExitCode> {
    let mut ended = false;
    if talk.thread.is_none() {
        let greeting = talk.whole(None).await?;
        ended = show(None, &greeting, out)?;
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        if ended {
            bail!("the agent has ended the conversation: `{}` was not sent", clean_text(text));
        }
        let answer = talk.whole(Some(text)).await?;
        ended = show(Some(text), &answer, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the conversation is over.
fn show(text: Option<&str>, answer: &Value, out: &Out) -> anyhow::Result<bool> {
    let ended = answer["ended"] == true;
    if out.json {
        let turn = json!({
            "thread": answer["thread"],
            "text": text,
            "messages": answer["messages"],
            "ended": ended,
            "result": answer["result"],
        });
        out.record(&turn)?;
        return Ok(ended);
    }
    for line in answer["messages"].as_array().into_iter().flatten() {
        let said = line["text"].as_str().filter(|said| !said.is_empty() && line["role"] == "assistant");
        if let Some(said) = said {
            out.line(clean_text(said))?;
        }
    }
    Ok(ended)
}
