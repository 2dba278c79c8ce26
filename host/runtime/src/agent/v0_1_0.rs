//! `trunkline:agent@0.1.0`: the generated bindings, and their conversion from and to the host's own events and actions.

mod action;
mod event;

use super::{Input, Invalid, Manifest, Output};
use crate::config::Budget;
use crate::failure::{Failure, FailureKind, Stats};
use serde_json::Value;

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/agent/0.1.0",
        world: "agent",
        exports: { default: async },
    });
}

use bindings::exports::trunkline::agent::behaviour;
use bindings::trunkline::agent::types;

pub(crate) use bindings::{Agent, AgentPre};

/// The event in the guest's types.
pub(super) fn input(input: Input, most: usize) -> Result<behaviour::Input, Failure> {
    let mut size = input.state.len();
    let event = event::event(input.event, &mut size);
    if size > most {
        let message = format!("event and state have {size} bytes, {most} are allowed");
        return Err(Failure::new(FailureKind::InputTooLarge, message));
    }
    Ok(behaviour::Input { seq: input.seq, now_ms: input.now_ms, seed: input.seed, state: input.state, event })
}

/// The answer in the host's types, within its limits.
pub(super) fn output(output: behaviour::Output, budget: &Budget) -> Result<Output, Failure> {
    let at_most = |what: &str, found: usize, most: usize| {
        if found <= most {
            return Ok(());
        }
        Err(Failure::new(FailureKind::OutputTooLarge, format!("{found} {what}, {most} are allowed")))
    };
    at_most("bytes of state", output.state.len(), budget.state)?;
    at_most("actions", output.actions.len(), budget.actions)?;
    let (mut size, mut actions, mut invalid) = (0, Vec::with_capacity(output.actions.len()), Vec::new());
    for types::Action { effect, kind } in output.actions {
        let name = action::name(&kind);
        match action::kind(kind, &mut size) {
            Ok(kind) => actions.push(trunkline_contract::Action { effect, kind }),
            Err(message) => invalid.push(Invalid { effect, action: name, message }),
        }
    }
    at_most("bytes of actions", size, budget.output)?;
    Ok(Output { state: output.state, actions, invalid, notes: String::new(), stats: Stats::default() })
}

/// The manifest, when it keeps its rules.
pub(super) fn manifest(manifest: behaviour::Manifest) -> Result<Manifest, Failure> {
    let broken = |rule: &str| Failure::new(FailureKind::Guest, format!("manifest: {rule}"));
    let name_is_good = (1..=64).contains(&manifest.name.len())
        && manifest.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !name_is_good {
        return Err(broken("the name must be 1-64 characters of a-z 0-9 -"));
    }
    if !is_semantic(&manifest.version) {
        return Err(broken("the version must be semantic, for example 1.0.0"));
    }
    if manifest.description.len() > 2_000 {
        return Err(broken("the description must be at most 2,000 bytes"));
    }
    let schema: Value = serde_json::from_str(&manifest.settings_schema)
        .map_err(|fault| broken(&format!("the settings schema is not JSON: {fault}")))?;
    if !schema.is_object() {
        return Err(broken("the settings schema must be a JSON object"));
    }
    Ok(Manifest {
        name: manifest.name,
        version: manifest.version,
        description: manifest.description,
        settings_schema: schema,
        state_compatible: manifest.state_compatible,
    })
}

/// `1.2.3`, with anything printable after `-` or `+`.
fn is_semantic(version: &str) -> bool {
    let (numbers, rest) = version.find(['-', '+']).map_or((version, ""), |at| version.split_at(at));
    let parts: Vec<&str> = numbers.split('.').collect();
    version.len() <= 64
        && parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
        && rest.len() != 1
}
