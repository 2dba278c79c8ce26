//! Texts with variables: every variable has to be known, and every brace closed.

use crate::template::{self, TemplateError};
use crate::validate::{Fault, Sound, hint, listed, short};
use serde_json::{Map, Value};

/// What the model reads; it may use the answers so far.
const TOLD: &[&str] =
    &["/prompt/instructions", "/identity/character_role", "/identity/mission", "/identity/interaction_style"];
/// What is said word for word.
const SAID: &[&str] = &["/prompt/greeting", "/prompt/fallback", "/prompt/busy", "/prompt/goodbye"];

/// Braces that are not closed; what the variables stand for is for others to say.
pub(super) fn braces(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    for at in TOLD.iter().chain(SAID) {
        let errors = sound.text(at).into_iter().flat_map(|text| template::faults(text, &Map::new()));
        let unclosed = errors.filter(|error| matches!(error, TemplateError::Unclosed { .. }));
        faults.extend(unclosed.map(|error| Fault::error(*at, "template", error.to_string())));
    }
}

/// Braces that are not closed, and variables that stand for nothing.
pub(super) fn variables(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    let context = match sound.get("/context") {
        Some(context) => context.as_object().cloned(),
        None => sound.lacks("/context").then(Map::new),
    };
    // Whoever cannot know the names cannot call one of them wrong.
    let Some(context) = context else { return braces(sound, faults) };
    let output = Output::of(sound, &context);
    let told = output.beside(&context);
    for (texts, context) in [(TOLD, &told), (SAID, &context)] {
        for at in texts {
            let errors = sound.text(at).into_iter().flat_map(|text| template::faults(text, context));
            let messages = errors.filter_map(|error| output.explain(&error));
            faults.extend(messages.map(|message| Fault::error(*at, "template", message)));
        }
    }
}

/// The answers so far, as variables.
enum Output<'a> {
    /// The context has an `output` of its own, or there is no `output_schema`.
    None,
    /// The names of the fields.
    Fields(Vec<&'a str>),
    /// Some fields are wrong: their names may be anything.
    Wrong,
}

impl<'a> Output<'a> {
    fn of(sound: &Sound<'a>, context: &Map<String, Value>) -> Self {
        if context.contains_key("output") {
            return Self::None;
        }
        let at = "/output_schema/fields";
        if !sound.is(at) {
            return Self::Wrong;
        }
        let name = |(index, field): (usize, &'a Value)| {
            let sound = sound.is(&format!("{at}/{index}/name"));
            field.get("name").and_then(Value::as_str).filter(|_| sound)
        };
        match sound.items(at).map(name).collect::<Option<Vec<_>>>() {
            Some(names) if names.is_empty() => Self::None,
            Some(names) => Self::Fields(names),
            None => Self::Wrong,
        }
    }

    fn beside(&self, context: &Map<String, Value>) -> Map<String, Value> {
        let mut context = context.clone();
        if let Self::Fields(names) = self {
            let fields = names.iter().map(|name| ((*name).to_owned(), Value::Null));
            context.insert("output".to_owned(), Value::Object(fields.collect()));
        }
        context
    }

    /// None when nobody can tell.
    fn explain(&self, error: &TemplateError) -> Option<String> {
        let TemplateError::Unknown { name, .. } = error else { return Some(error.to_string()) };
        let Some(field) = name.strip_prefix("output.") else { return Some(error.to_string()) };
        match self {
            Self::Wrong => None,
            Self::None => Some(error.to_string()),
            Self::Fields(names) if names.contains(&field) => {
                Some(format!("`{name}`: only instructions and identity know the answers so far"))
            }
            Self::Fields(names) => {
                let (known, near) = (listed(names.iter().copied()), hint(field, names.iter().copied()));
                let field = short(field);
                Some(format!("`output.{field}`: `output_schema` has no field `{field}` (known: {known}){near}"))
            }
        }
    }
}
