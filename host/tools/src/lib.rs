//! The one call path of tools that run outside of the engine: arguments against their schema, the tool within its limits and
//! grants, the result against its schema.
//!
//! What a tool gets and gives is data. Whatever goes wrong is an answer for whoever asked, never the end of a call.

mod grants;
mod outside;

pub use grants::{Grants, SecretGrant};
pub use outside::{Keep, Line, Outside};
pub use trunkline_egress::HttpClient;

use serde_json::{Value, json};
use std::sync::Arc;
use trunkline_runtime::{Failure, FailureKind, Invocation, Stats, Tool, ToolFailure, ToolSpec};

/// What became of one call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// `ok`, `failed`, `denied` or `invalid`.
    pub status: &'static str,
    /// The result, or an object whose `error` says why there is none.
    pub value: Value,
    /// What it wrote to stdout and stderr. May quote the call.
    pub notes: String,
    /// What it cost.
    pub stats: Stats,
}

impl Outcome {
    fn refused(status: &'static str, error: impl Into<String>) -> Self {
        let value = json!({"error": error.into()});
        Self { status, value, notes: String::new(), stats: Stats::default() }
    }
}

/// Longest explanation of a fault in arguments or a result, characters.
const FAULT: usize = 500;

/// Calls a tool of a component.
pub async fn call(
    tool: &Tool,
    spec: &ToolSpec,
    args: &Value,
    invocation: Invocation,
    outside: Arc<Outside>,
) -> Outcome {
    if let Err(fault) = fits(&spec.input_schema, args) {
        return Outcome::refused("invalid", format!("the arguments do not fit: {fault}"));
    }
    match tool.call(&spec.name, args, invocation, outside).await {
        Ok(answer) => {
            let (status, value) = match answer.result {
                Ok(value) => match spec.output_schema.as_ref().map_or(Ok(()), |schema| fits(schema, &value)) {
                    Ok(()) => ("ok", value),
                    Err(fault) => ("failed", json!({"error": format!("the result does not fit its schema: {fault}")})),
                },
                Err(failure) => (word(&failure), json!({"error": failure.to_string()})),
            };
            Outcome { status, value, notes: answer.notes, stats: answer.stats }
        }
        Err(failure) => {
            let Failure { notes, stats, .. } = &failure;
            let (notes, stats) = (notes.clone(), *stats);
            Outcome { notes, stats, ..Outcome::refused("failed", said(&failure)) }
        }
    }
}

fn word(failure: &ToolFailure) -> &'static str {
    match failure {
        ToolFailure::InvalidArgs(_) => "invalid",
        ToolFailure::Denied(_) => "denied",
        ToolFailure::Unavailable(_) | ToolFailure::Internal(_) => "failed",
    }
}

/// What a model is told: its author finds the rest in the log.
fn said(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::Trap | FailureKind::Guest | FailureKind::Panicked => "the tool failed".to_owned(),
        FailureKind::Busy | FailureKind::Closed => "the host has no room for the tool at this moment".to_owned(),
        _ => failure.to_string(),
    }
}

/// Whether a value is what a schema allows; the first fault, with its place.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let Ok(validator) = jsonschema::validator_for(schema) else {
        return Err("the tool's schema is none".to_owned());
    };
    validator.validate(value).map_err(|fault| {
        let at = fault.instance_path().to_string();
        let text = format!("{}: {fault}", if at.is_empty() { "/" } else { &at });
        text.chars().take(FAULT).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let schema = json!({"type": "object", "properties": {"day": {"enum": ["mon", "tue"]}}, "required": ["day"]});
        assert_eq!(fits(&schema, &json!({"day": "mon"})), Ok(()));
        assert!(fits(&schema, &json!({"day": "sun"})).unwrap_err().starts_with("/day: "));
        assert!(fits(&schema, &json!({})).unwrap_err().contains("day"));
        assert!(fits(&json!({"type": "nothing"}), &json!({})).is_err());
        let long = json!({"day": "x".repeat(5_000)});
        assert!(fits(&schema, &long).unwrap_err().chars().count() <= FAULT);
    }
}
