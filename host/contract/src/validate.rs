//! Validation of agent contracts: every fault at once, each with its JSON pointer, what was found and what is allowed.
//!
//! Shape, types and ranges come from the schema that is generated from [`Agent`]; what a schema cannot say (sections that
//! belong together, template variables, granted tools that exist) is checked on whatever parts have the right shape.

mod nearest;
mod schema;
mod semantics;
mod shape;
mod sound;

pub use nearest::nearest;
pub(crate) use nearest::{hint, listed, short};
pub use schema::{ID, enumerated, not_null, only, partial_schema, schema};
pub use shape::against_schema;

use crate::agent::Agent;
use crate::layers::FIXED;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sound::Sound;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The contract is refused.
    Error,
    /// It is accepted, but somebody should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What kind, in kebab case; stable.
    pub code: String,
    /// What was found and what is allowed, for people.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl Fault {
    /// A fault that refuses the contract.
    pub fn error(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into(), severity: Severity::Error }
    }

    /// A fault that does not.
    pub fn warning(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(pointer, code, message) }
    }
}

/// A contract that passed, with what somebody should still look at.
#[derive(Debug)]
pub struct Checked {
    /// The contract with its defaults filled in.
    pub agent: Agent,
    /// Warnings.
    pub warnings: Vec<Fault>,
}

/// Checks a contract: the whole document, with what its layers contribute.
///
/// `tools` are the names that can be granted and `components` those that exist. What is wrong in one place does not keep
/// the rest from being looked at: every fault is told at once.
///
/// # Errors
/// All faults, warnings included, when at least one refuses the contract.
pub fn agent(document: &Value, tools: &[&str], components: &[&str]) -> Result<Checked, Vec<Fault>> {
    let mut faults = shape::of_contract(document, schema());
    faults.extend(semantics::of_whole(&Sound::new(document, &faults), tools, components));
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        return Err(faults);
    }
    match serde_json::from_value(document.clone()) {
        Ok(agent) => Ok(Checked { agent, warnings: faults }),
        Err(error) => {
            faults.push(Fault::error("", "invalid", error.to_string()));
            Err(faults)
        }
    }
}

/// Checks a part of a contract: a template, a tenant's defaults, a session's overrides. Nothing has to be there, and null
/// stands for "as if it were not said below".
pub fn partial(document: &Value) -> Vec<Fault> {
    let document = shape::without_nulls(document, schema());
    let mut faults = shape::of_contract(&document, partial_schema());
    faults.extend(semantics::of_part(&Sound::new(&document, &faults)));
    faults
}

/// Checks what a session overrides; see [`crate::layers::FIXED`].
pub fn overrides(document: &Value) -> Vec<Fault> {
    let mut faults = partial(document);
    let fixed = document.as_object().into_iter().flat_map(Map::keys);
    let fixed = fixed.filter(|name| FIXED.contains(&name.as_str()));
    faults.extend(
        fixed.map(|name| Fault::error(format!("/{name}"), "fixed", format!("a session cannot override `{name}`"))),
    );
    // Whoever takes the section away takes the component away.
    let fixed = match document.get("behaviour") {
        Some(Value::Null) => vec!["/behaviour".to_owned()],
        Some(behaviour) => {
            let said = ["component", "release"].into_iter().filter(|name| behaviour.get(name).is_some());
            said.map(|name| format!("/behaviour/{name}")).collect()
        }
        None => Vec::new(),
    };
    faults.extend(fixed.into_iter().map(|at| Fault::error(at, "fixed", "a session cannot override the component")));
    faults
}

#[cfg(test)]
mod tests;
