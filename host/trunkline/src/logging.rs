//! Log lines go to standard error, so that standard output is the answer and nothing else.

use crate::cli::LogFormat;
use anyhow::Context;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging: by `filter`, else by RUST_LOG, else from `info` on for a service and from `warn` on otherwise.
///
/// # Errors
/// The filter cannot be read.
pub(crate) fn start(filter: Option<&str>, format: LogFormat, service: bool) -> anyhow::Result<()> {
    let given = filter.map(str::to_owned).or_else(|| std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty()));
    let text = given.as_deref().unwrap_or(if service { "info" } else { "warn" });
    let filter = EnvFilter::try_new(text)
        .with_context(|| format!("`{text}` is no log filter: write a level such as info, or trunkline=debug"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}
