//! `trunkline login`: a link that logs a browser in.

use super::{Context, time};
use std::process::ExitCode;

pub(super) async fn run(context: &Context<'_>) -> anyhow::Result<ExitCode> {
    let made = context.server()?.0.post(&["auth", "links"], None).await?;
    let out = context.out;
    if out.json {
        out.document(&made)?;
    } else {
        out.line(made["url"].as_str().unwrap_or_default())?;
        out.aside(&format!("good once, until {}", time(&made["expires_at_ms"])));
    }
    Ok(ExitCode::SUCCESS)
}
