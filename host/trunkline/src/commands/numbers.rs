//! `trunkline number`: which agent answers.

use super::{Context, cell, items, time};
use crate::backend::Intent;
use crate::cli::NumberCommand;
use crate::output::clean;
use anyhow::bail;
use serde_json::{Value, json};
use std::process::ExitCode;

pub(super) async fn run(context: &Context<'_>, command: NumberCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        NumberCommand::List => {
            let answer = context.backend(Intent::Read).await?.numbers().await?;
            if out.json {
                out.document(&answer)?;
                return Ok(ExitCode::SUCCESS);
            }
            let row = |number: &Value| {
                vec![cell(&number["e164"]), cell(&number["agent_id"]), time(&number["assigned_at_ms"])]
            };
            out.table(&["NUMBER", "AGENT", "SINCE"], &items(&answer).iter().map(row).collect::<Vec<_>>())?;
        }
        NumberCommand::Assign { number, agent } => {
            let number = e164(number)?;
            let backend = context.backend(Intent::Write).await?;
            let agent = backend.agent_id(&agent).await?;
            let assigned = backend.assign(&number, agent).await?;
            if out.json {
                out.document(&assigned)?;
            } else {
                let (number, agent) = (cell(&assigned["e164"]), cell(&assigned["agent_id"]));
                out.line(clean(&format!("{number} is answered by {agent}")))?;
            }
        }
        NumberCommand::Unassign { number } => {
            let number = e164(number)?;
            context.backend(Intent::Write).await?.unassign(&number).await?;
            if out.json {
                out.document(&json!({"e164": number, "agent_id": null}))?;
            } else {
                out.line(format!("{number} is answered by nobody"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn e164(number: String) -> anyhow::Result<String> {
    if !trunkline_contract::number::is_e164(&number) {
        bail!("`{number}` is no number in E.164 form: write it with + and country code, such as +15550100");
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_e164_is_a_number() {
        for (text, valid) in [
            ("+15550100", true),
            ("+491234567890123", true),
            ("15550100", false),
            ("+05550100", false),
            ("+123456", false),
            ("+1234567890123456", false),
            ("+1 555 0100", false),
            ("", false),
        ] {
            assert_eq!(e164(text.to_owned()).is_ok(), valid, "{text}");
        }
    }
}
