//! `trunkline doctor`: what works, what is missing, and the command or setting that mends it. Changes nothing.

mod machine;
mod outside;
mod speech;

use crate::config::{Config, ConfigError, Loaded};
use crate::outgoing;
use crate::output::{Out, Tone, clean};
use crate::progress::Progress;
use serde::Serialize;
use std::process::ExitCode;
use trunkline_api::Tls;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// Not set up; nothing needs it.
    Off,
    /// Works, but somebody should look.
    Warn,
    /// Calls cannot be answered without it.
    Missing,
}

/// One line of the answer.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: String,
    state: State,
    /// What was found.
    found: String,
    /// What to do about it.
    mend: Option<String>,
}

impl Check {
    fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self { name: name.into(), state: State::Ok, found: found.into(), mend: None }
    }

    fn off(name: impl Into<String>, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Off, mend: Some(mend.into()), ..Self::ok(name, found) }
    }

    fn warn(name: impl Into<String>, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Warn, mend: Some(mend.into()), ..Self::ok(name, found) }
    }

    fn missing(name: impl Into<String>, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { state: State::Missing, ..Self::warn(name, found, mend) }
    }
}

/// Checks everything; exit code 1 when something is missing. `trial`: speech programs say and hear a sentence.
///
/// # Errors
/// The answer cannot be written.
pub(crate) async fn run(loaded: Result<Loaded, ConfigError>, trial: bool, out: &Out) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    let progress = Progress::spinner(out, "looking");
    match &loaded {
        Ok(loaded) => {
            configuration(loaded, &mut checks);
            machine::check(&loaded.config, &mut checks).await;
            progress.say("looking at providers");
            Box::pin(speech::check(&loaded.config, trial, &mut checks)).await;
            outside::check(&loaded.config, &mut checks).await;
        }
        Err(error) => {
            let fault = |line| Check::missing("configuration", line, "correct it and run this again");
            checks.extend(error.to_string().lines().map(fault));
        }
    }
    drop(progress);
    let healthy = checks.iter().all(|check| check.state != State::Missing);
    if out.json {
        out.document(&serde_json::json!({"ok": healthy, "checks": checks}))?;
    } else {
        let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or_default();
        checks.iter().try_for_each(|check| print(out, check, width))?;
    }
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(out: &Out, check: &Check, width: usize) -> std::io::Result<()> {
    let (tone, word) = match check.state {
        State::Ok => (Tone::Good, "ok     "),
        State::Off => (Tone::Quiet, "off    "),
        State::Warn => (Tone::Warning, "warn   "),
        State::Missing => (Tone::Bad, "missing"),
    };
    out.line(format!("{}  {:<width$}  {}", out.paint(tone, word), check.name, clean(&check.found)))?;
    let indent = width + 11;
    match &check.mend {
        Some(mend) => out.line(format!("{:indent$}{}", "", out.paint(Tone::Quiet, &clean(&format!("-> {mend}"))))),
        None => Ok(()),
    }
}

fn configuration(loaded: &Loaded, checks: &mut Vec<Check>) {
    checks.push(match &loaded.file {
        Some(file) => Check::ok("configuration", file.display().to_string()),
        None => Check::ok("configuration", "defaults and environment; there is no trunkline.toml here"),
    });
    for name in &loaded.strangers {
        let mend = "unset it, or see `trunkline config show` for what there is";
        checks.push(Check::warn("configuration", format!("{name} is no setting"), mend));
    }
    for fault in files(&loaded.config) {
        checks.push(Check::missing("configuration", fault, "give the right file, or take the setting out"));
    }
}

/// What is wrong with the files that the configuration names, one sentence each.
pub(crate) fn files(config: &Config) -> Vec<String> {
    let mut faults = Vec::new();
    if let Err(error) = outgoing::egress(config) {
        faults.push(format!("{error:#}"));
    }
    if let Some(tls) = &config.tls
        && let Err(error) = Tls::from_files(&tls.cert, &tls.key)
    {
        faults.push(error.to_string());
    }
    faults
}
