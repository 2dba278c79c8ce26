//! Everything about a call in one file.

use super::super::{items, write_document, write_text};
use crate::backend::Backend;
use crate::cli::ExportFormat;
use crate::output::Out;
use crate::progress::Progress;
use serde_json::{Value, json};
use std::path::Path;
use trunkline_contract::CallId;
use trunkline_contract::log::Row;

pub(super) async fn run(
    out: &Out,
    backend: &Backend,
    id: CallId,
    to: Option<&Path>,
    format: ExportFormat,
) -> anyhow::Result<()> {
    let progress = Progress::spinner(out, "reading the call");
    let (call, transcript) = (backend.call(id).await?, backend.transcript(id).await?);
    let latency = backend.latency(id).await?;
    let mut events: Vec<Row> = Vec::new();
    loop {
        let page = backend.rows(id, events.last().map_or(1, |row| row.seq + 1)).await?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
        progress.say(format!("reading the call: {} rows", events.len()));
    }
    drop(progress);
    if format == ExportFormat::Json {
        let whole = json!({
            "call": call,
            "transcript": transcript["items"],
            "latency": latency["items"],
            "events": events,
        });
        return write_document(out, to, &whole);
    }
    let mut text = String::new();
    let mut line = |kind: &str, value: Value| -> anyhow::Result<()> {
        text.push_str(&serde_json::to_string(&json!({"type": kind, kind: value}))?);
        text.push('\n');
        Ok(())
    };
    line("call", call)?;
    items(&transcript).iter().try_for_each(|item| line("message", item.clone()))?;
    items(&latency).iter().try_for_each(|item| line("latency", item.clone()))?;
    events.iter().try_for_each(|row| line("event", serde_json::to_value(row)?))?;
    write_text(out, to, &text)
}
