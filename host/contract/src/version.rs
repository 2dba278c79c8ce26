//! Versions of contracts: how much a change means to those who rely on the agent.

use crate::agent::FieldType;
use crate::diff::{Change, Op, diff};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A version number: `major.minor.patch` (semver.org, without pre-releases).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names of the field")]
pub struct Semver {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

/// Not a version number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version: allowed are three numbers such as 1.4.0, without zeros before them")]
pub struct InvalidSemver(pub String);

impl Semver {
    /// That of an agent's first version.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// The next one after a change.
    #[must_use]
    pub fn bumped(self, bump: Bump) -> Self {
        let Self { major, minor, patch } = self;
        match bump {
            Bump::Major => Self { major: major.saturating_add(1), minor: 0, patch: 0 },
            Bump::Minor => Self { major, minor: minor.saturating_add(1), patch: 0 },
            Bump::Patch => Self { major, minor, patch: patch.saturating_add(1) },
        }
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Semver {
    type Err = InvalidSemver;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: &str| {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            plain.then(|| part.parse::<u32>().ok())?
        };
        let mut parts = text.split('.').map(number);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(major)), Some(Some(minor)), Some(Some(patch)), None) => Ok(Self { major, minor, patch }),
            _ => Err(InvalidSemver(text.to_owned())),
        }
    }
}

impl JsonSchema for Semver {
    fn schema_name() -> Cow<'static, str> {
        "Semver".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"})
    }
}

impl Serialize for Semver {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Semver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// How much a change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Words and numbers.
    Patch,
    /// Something new, or another way to the same end.
    Minor,
    /// Whoever reads its results or relies on what it is must look.
    Major,
}

/// What makes a change a major one, with what the contract takes for it when nothing is said.
const MAJOR: &[(&str, &str)] = &[("/type", "voice"), ("/behaviour/component", "conversation")];
/// What makes a change at least a minor one.
const MINOR: &[&str] =
    &["/llm", "/stt", "/tts", "/realtime", "/tools", "/extends", "/prompt/instructions", "/output_schema"];

/// How much the change from one document to another means: major when its type, its behaviour's component, or a field of its
/// answers is removed or changed; minor when something is added, or what it thinks, hears, speaks and works with changes;
/// else patch.
pub fn bump(old: &Value, new: &Value) -> Bump {
    let said =
        |document: &Value, at: &str, default: &str| document.pointer(at).cloned().unwrap_or_else(|| default.into());
    let other = |(at, default): &(&str, &str)| said(old, at, default) != said(new, at, default);
    if MAJOR.iter().any(other) || breaks_results(old, new) {
        return Bump::Major;
    }
    let changes = diff(old, new);
    let added = changes.iter().any(|Change { op, .. }| *op == Op::Add);
    if added || MINOR.iter().any(|at| old.pointer(at) != new.pointer(at)) { Bump::Minor } else { Bump::Patch }
}

fn breaks_results(old: &Value, new: &Value) -> bool {
    // A type that is only written in another way is the same.
    let plain = |text: &str| text.parse::<FieldType>().map_or_else(|_| text.into(), |kind| kind.to_string().into());
    let fields = |document: &Value| -> Vec<(Value, Value)> {
        let fields = document.pointer("/output_schema/fields").and_then(Value::as_array).into_iter().flatten();
        let kind = |field: &Value| field["type"].as_str().map_or_else(|| field["type"].clone(), plain);
        fields.map(|field| (field["name"].clone(), kind(field))).collect()
    };
    let kept = fields(new);
    fields(old).iter().any(|field| !kept.contains(field))
}

#[cfg(test)]
mod tests;
