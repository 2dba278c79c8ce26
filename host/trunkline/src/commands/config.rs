//! `trunkline config`: every value and where it came from.

use super::Context;
use crate::cli::{ConfigCommand, Listen};
use crate::config::{Loaded, short};
use crate::doctor;
use crate::output::{Out, Tone};
use serde_json::json;
use std::process::ExitCode;

pub(super) fn run(context: &Context<'_>, command: ConfigCommand) -> anyhow::Result<ExitCode> {
    let out = context.out;
    match command {
        ConfigCommand::Show(Listen { listen }) => {
            show(out, &context.load(listen)?, None)?;
            Ok(ExitCode::SUCCESS)
        }
        ConfigCommand::Check(Listen { listen }) => {
            let loaded = context.load(listen)?;
            let faults = doctor::files(&loaded.config);
            show(out, &loaded, Some(&faults))?;
            if !out.json {
                loaded.strangers.iter().try_for_each(|name| {
                    out.line(format!("{} {name} is no setting and has no effect", out.paint(Tone::Warning, "warning:")))
                })?;
                faults.iter().try_for_each(|fault| out.line(format!("{} {fault}", out.paint(Tone::Bad, "error:"))))?;
                if faults.is_empty() {
                    out.line(out.paint(Tone::Good, "the configuration is valid"))?;
                }
            }
            Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn show(out: &Out, loaded: &Loaded, faults: Option<&[String]>) -> anyhow::Result<()> {
    if out.json {
        let setting = |setting: &crate::config::Explained| json!({"key": setting.key, "value": setting.value, "origin": setting.origin.to_string()});
        let settings: Vec<_> = loaded.explained.iter().map(setting).collect();
        let mut document = json!({"file": loaded.file, "settings": settings});
        if let Some(faults) = faults {
            document["valid"] = faults.is_empty().into();
            document["errors"] = faults.into();
            document["unknown_variables"] = loaded.strangers.clone().into();
        }
        return out.document(&document);
    }
    let row = |setting: &crate::config::Explained| {
        let value = setting.value.as_deref().map_or_else(|| "-".to_owned(), |value| short(value).into_owned());
        vec![setting.key.clone(), value, setting.origin.to_string()]
    };
    Ok(out.table(&["KEY", "VALUE", "FROM"], &loaded.explained.iter().map(row).collect::<Vec<_>>())?)
}
