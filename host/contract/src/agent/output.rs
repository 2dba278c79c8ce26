//! What the model's answers are made of: the section `output_schema`. Fields keep the order in which they stand.

use crate::validate::short;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

mod answer;
mod faults;

pub(crate) use faults::together;

/// The fields of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputSchema {
    /// In this order; names are unique.
    #[schemars(length(max = 64))]
    pub fields: Vec<Field>,
}

/// One field of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in the answer and in the result.
    #[schemars(regex(pattern = r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$"))]
    pub name: String,
    /// `str`, `int`, `float`, `bool`, `list[...]` of one of them, or `Literal['a','b']`.
    #[serde(rename = "type")]
    pub field_type: FieldType,
    /// What the model reads.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2_000))]
    pub description: String,
    /// False: the model may answer null.
    #[serde(default = "yes")]
    pub required: bool,
    /// Stands in the result when the model answers null.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub default: Value,
    /// What values are allowed.
    #[serde(default, skip_serializing_if = "Constraints::is_empty")]
    pub constraints: Constraints,
    /// This field is spoken while it streams; one `str` field may be.
    #[serde(default)]
    pub use_in_tts: bool,
    /// Never shown or sent to people: for the behaviour and the log only.
    #[serde(default)]
    pub hidden: bool,
}

fn yes() -> bool {
    true
}

/// What values a field allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constraints {
    /// Numbers: at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ge: Option<f64>,
    /// Numbers: at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub le: Option<f64>,
    /// Texts: characters at least; lists: items at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_len: Option<u32>,
    /// Texts: characters at most; lists: items at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_len: Option<u32>,
    /// Texts: a regular expression that matches somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub pattern: Option<String>,
}

impl Constraints {
    /// Whether everything is allowed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A simple value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Item {
    Str,
    Int,
    Float,
    Bool,
}

impl Item {
    const ALL: [Self; 4] = [Self::Str, Self::Int, Self::Float, Self::Bool];

    /// As in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
        }
    }

    /// As in a JSON Schema.
    pub fn json_type(self) -> &'static str {
        match self {
            Self::Str => "string",
            Self::Int => "integer",
            Self::Float => "number",
            Self::Bool => "boolean",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.name() == name)
    }
}

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One value.
    One(Item),
    /// Several.
    List(Item),
    /// One of these texts; at least one, no two the same.
    Literal(Vec<String>),
}

/// Not the name of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no type: allowed are str, int, float, bool, list[str], list[int], list[float], list[bool] and Literal['a','b']"
)]
pub struct UnknownFieldType(pub String);

impl FieldType {
    /// Every type but the literals.
    pub(crate) const SIMPLE: &[&str] =
        &["str", "int", "float", "bool", "list[str]", "list[int]", "list[float]", "list[bool]"];
}

impl FromStr for FieldType {
    type Err = UnknownFieldType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = |start: &str| text.strip_prefix(start)?.strip_suffix(']');
        let found = if let Some(item) = inside("list[") {
            Item::named(item.trim()).map(Self::List)
        } else if let Some(texts) = inside("Literal[") {
            literals(texts).map(Self::Literal)
        } else {
            Item::named(text).map(Self::One)
        };
        found.ok_or_else(|| UnknownFieldType(short(text)))
    }
}

/// `'a', "b"`: quoted either way, a quote or backslash inside behind a backslash.
fn literals(text: &str) -> Option<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut chars = text.trim().chars().peekable();
    loop {
        let quote = chars.next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let mut one = String::new();
        loop {
            match chars.next()? {
                '\\' => one.push(chars.next()?),
                end if end == quote => break,
                other => one.push(other),
            }
        }
        if found.contains(&one) {
            return None;
        }
        found.push(one);
        while chars.next_if(|space| space.is_whitespace()).is_some() {}
        match chars.next() {
            None => return Some(found),
            Some(',') => while chars.next_if(|space| space.is_whitespace()).is_some() {},
            Some(_) => return None,
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(item) => f.write_str(item.name()),
            Self::List(item) => write!(f, "list[{}]", item.name()),
            Self::Literal(texts) => {
                let quoted = texts.iter().map(|text| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")));
                write!(f, "Literal[{}]", quoted.collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl Serialize for FieldType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for FieldType {
    fn schema_name() -> Cow<'static, str> {
        "FieldType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 3,
            "maxLength": 4_000,
            "examples": ["str", "int", "float", "bool", "list[str]", "Literal['yes','no']"],
        })
    }
}
