//! `trunkline call simulate`: from the command line to a simulated caller.

use super::super::Context;
use crate::backend::Backend;
use crate::cli::Simulate;
use crate::output::Out;
use crate::simulate::{Act, Fault, Script, Simulation, Step, run as play};
use anyhow::Context as _;
use serde_json::json;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Exit code of a simulation that could not be played.
const CANNOT: u8 = 2;

pub(super) async fn run(context: &Context<'_>, arguments: Simulate) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let script = match script(&arguments)? {
        Ok(script) => script,
        Err(faults) => return report(out, &faults),
    };
    match Box::pin(played(context, arguments, script)).await {
        Ok(code) => Ok(code),
        Err(error) => {
            out.failure(&error);
            Ok(ExitCode::from(CANNOT))
        }
    }
}

async fn played(context: &Context<'_>, arguments: Simulate, script: Script) -> anyhow::Result<ExitCode> {
    let remote = context.server()?;
    let named = arguments.agent.clone().or_else(|| script.agent.clone());
    let agent = Backend::Remote(remote.clone()).find_agent(named.as_deref()).await?;
    let Simulate { text, voice, tts, record, .. } = arguments;
    play(&remote, Simulation { agent, script, text, tts, voice, record }, context.out).await
}

/// A script that was not understood: where, and why.
struct Faulty {
    file: String,
    faults: Vec<Fault>,
}

fn script(arguments: &Simulate) -> anyhow::Result<Result<Script, Faulty>> {
    let mut script = match &arguments.script {
        Some(path) => {
            let file = path.display().to_string();
            let text = read(path).with_context(|| format!("the script {file} cannot be read"))?;
            let folder = path.parent().unwrap_or(Path::new(""));
            match Script::parse(&text, folder) {
                Ok(script) => script,
                Err(faults) => return Ok(Err(Faulty { file, faults })),
            }
        }
        None => Script::default(),
    };
    let said = arguments.say.iter().map(|text| Act::Say(text.clone()));
    let played = arguments.wav.iter().map(|path| Act::Play(path.clone(), None));
    script.steps.extend(said.chain(played).map(Step::of));
    script.pause_ms = arguments.pause.or(script.pause_ms);
    Ok(Ok(script))
}

fn read(path: &Path) -> std::io::Result<String> {
    if path != Path::new("-") {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

fn report(out: &Out, Faulty { file, faults }: &Faulty) -> anyhow::Result<ExitCode> {
    if out.json {
        let fault = |fault: &Fault| json!({"line": fault.line, "column": fault.column, "message": fault.message});
        let faults: Vec<_> = faults.iter().map(fault).collect();
        out.document(&json!({"ok": false, "script": file, "faults": faults}))?;
    } else {
        // In the form that editors jump to.
        for fault in faults {
            out.aside(&format!("{file}:{}:{}: {}", fault.line, fault.column, fault.message));
        }
    }
    Ok(ExitCode::from(CANNOT))
}
