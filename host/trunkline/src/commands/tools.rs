//! `trunkline tool`: what agents can be granted, and trying it.

use super::manage::{Columns, print};
use super::{Context, cell};
use crate::cli::ToolCommand;
use crate::interface::Ask;
use crate::output::{Tone, clean};
use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};
use std::process::ExitCode;

const TOOL: Columns = &[("id", "ID"), ("write", "WRITES"), ("description", "DESCRIPTION")];

pub(super) async fn run(context: &Context<'_>, command: ToolCommand) -> anyhow::Result<ExitCode> {
    match command {
        ToolCommand::List => {
            let answer = context.ask(Ask::new(Method::GET, &["tools"])).await?;
            print(context, &answer, TOOL)
        }
        ToolCommand::Show { tool } => {
            context.out.document(&context.ask(Ask::new(Method::GET, &["tools", &tool])).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        ToolCommand::Call { tool, args, locale } => {
            let text = if args == "-" { super::manage::standard_input()? } else { args };
            let args: Value = serde_json::from_str(&text).context("the arguments are no JSON")?;
            let body = json!({"args": args, "locale": locale});
            let answer = context.ask(Ask::new(Method::POST, &["tools", &tool, "call"]).body(body)).await?;
            tried(context, &answer)
        }
    }
}

fn tried(context: &Context<'_>, answer: &Value) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let fine = answer["status"] == "ok";
    if out.json {
        out.document(answer)?;
    } else {
        for line in answer["lines"].as_array().into_iter().flatten() {
            out.aside(&clean(&format!("  {:5}  {}", cell(&line["level"]), cell(&line["message"]))));
        }
        let (tone, status) = (if fine { Tone::Good } else { Tone::Bad }, cell(&answer["status"]));
        let cost = format!(
            "{} us of CPU, {} KiB, {} request(s)",
            answer["cpu_us"],
            answer["memory_peak"].as_u64().unwrap_or_default() >> 10,
            answer["requests"]
        );
        out.aside(&format!("{}  {cost}", out.paint_aside(tone, &status)));
        out.document(&answer["value"])?;
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
