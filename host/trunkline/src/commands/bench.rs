//! `trunkline bench`: the published figures, on this machine.

use super::Context;
use crate::progress::Progress;
use crate::{components, guests};
use anyhow::Context as _;
use std::process::ExitCode;
use trunkline_runtime::Runtime;
use trunkline_runtime::bench::{Times, dispatch};

/// Events that are measured each way.
const EVENTS: usize = 20_000;

pub(super) async fn run(context: &Context<'_>) -> anyhow::Result<ExitCode> {
    let config = context.load(None)?.config;
    let path = components::stock(&config.components)?;
    let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    measure(context, &guests::runtime(&config)?, &bytes, EVENTS).await
}

/// Measures a behaviour and shows what it costs.
pub(super) async fn measure(
    context: &Context<'_>,
    runtime: &Runtime,
    bytes: &[u8],
    events: usize,
) -> anyhow::Result<ExitCode> {
    let progress = Progress::spinner(context.out, "measuring");
    let report = dispatch(runtime, bytes, events).await;
    drop(progress);
    let report = report?;
    let out = context.out;
    if out.json {
        out.document(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |name: &str, times: &Times| {
        let times = [times.p50_us, times.p99_us, times.max_us, times.guest_p50_us];
        std::iter::once(name.to_owned()).chain(times.map(|us| format!("{us:.1}"))).collect()
    };
    out.table(
        &["INSTANCE", "P50 US", "P99 US", "MAX US", "OF IT GUEST"],
        &[row("fresh", &report.fresh), row("warm", &report.warm)],
    )?;
    let load = report.load_ms.map_or_else(String::new, |ms| format!(", from the compiled cache {ms:.1} ms"));
    out.line(format!("compiling {:.0} ms{load}; {} events each way", report.compile_ms, report.events))?;
    let [size, code, memory] = [report.bytes, report.code_bytes, report.memory_peak].map(|bytes| bytes >> 10);
    out.line(format!("component {size} KiB, compiled {code} KiB; memory of one event at most {memory} KiB"))?;
    Ok(ExitCode::SUCCESS)
}
