//! Templates of the contract: `{{ name }}` or `{{ name.inner }}` stands for context data; `{{{{` writes two braces.
//!
//! Deliberately not a template language: contracts come from tenants, and a text that only substitutes cannot loop.

use crate::validate::{hint, listed, short};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Why a template cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// The context has no such value.
    #[error("unknown variable `{name}` (known: {known}){hint}")]
    Unknown {
        /// As written.
        name: String,
        /// The context's names.
        known: String,
        /// What may have been meant.
        hint: String,
    },
    /// `{{` without `}}`.
    #[error("`{{{{` at byte {at} has no `}}}}`")]
    Unclosed {
        /// Byte offset.
        at: usize,
    },
}

/// Renders `template` with `context`.
///
/// # Errors
/// The first unknown variable or unclosed brace.
pub fn render(template: &str, context: &Map<String, Value>) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(template.len());
    for part in parts(template) {
        match part? {
            Part::Text(text) => out.push_str(text),
            Part::Variable(name) => match lookup(name, context) {
                Some(Value::String(text)) => out.push_str(text),
                Some(Value::Null) => {}
                Some(other) => out.push_str(&other.to_string()),
                None => return Err(unknown(name, context, &offered(context))),
            },
        }
    }
    Ok(out)
}

/// Everything for which `template` cannot be rendered with `context`, from left to right; an unknown variable is told once.
pub fn faults(template: &str, context: &Map<String, Value>) -> Vec<TemplateError> {
    let mut told = HashSet::new();
    let mut names = None;
    let fault = |part| match part {
        Ok(Part::Variable(name)) if lookup(name, context).is_none() => {
            let first = told.insert(name);
            let offers =
                if told.len() > HINTED { &[] } else { names.get_or_insert_with(|| offered(context)).as_slice() };
            first.then(|| unknown(name, context, offers))
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    parts(template).filter_map(fault).collect()
}

enum Part<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// The parts of a template; an unclosed brace is the last.
fn parts(template: &str) -> impl Iterator<Item = Result<Part<'_>, TemplateError>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(after) = rest.strip_prefix("{{") else {
            let (text, behind) = rest.split_at(rest.find("{{").unwrap_or(rest.len()));
            rest = behind;
            return Some(Ok(Part::Text(text)));
        };
        if let Some(literal) = after.strip_prefix("{{") {
            rest = literal;
            return Some(Ok(Part::Text("{{")));
        }
        let Some((name, behind)) = after.split_once("}}") else {
            let at = template.len() - rest.len();
            rest = "";
            return Some(Err(TemplateError::Unclosed { at }));
        };
        rest = behind;
        Some(Ok(Part::Variable(name.trim())))
    })
}

fn lookup<'a>(name: &str, context: &'a Map<String, Value>) -> Option<&'a Value> {
    let mut parts = name.split('.');
    let first = context.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// How deep variables are offered for one that is not known.
const OFFERED_DEPTH: usize = 4;
/// How many are compared with it.
const OFFERED: usize = 1_000;
/// How many unknown variables of a text are told with one that may have been meant.
const HINTED: usize = 16;

fn unknown(name: &str, context: &Map<String, Value>, offered: &[String]) -> TemplateError {
    let hint = hint(name, offered.iter().map(String::as_str));
    TemplateError::Unknown { name: short(name), known: listed(context.keys().map(String::as_str)), hint }
}

/// The names of what the context has, the outer ones first.
fn offered(context: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut level: Vec<(String, &Map<String, Value>)> = vec![(String::new(), context)];
    for _ in 0..OFFERED_DEPTH {
        let mut deeper = Vec::new();
        for (before, members) in level {
            for (name, value) in members.iter().take(OFFERED.saturating_sub(names.len())) {
                let name = format!("{before}{name}");
                deeper.extend(value.as_object().map(|inner| (format!("{name}."), inner)));
                names.push(name);
            }
        }
        level = deeper;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Map<String, Value> {
        let value = json!({"company": "Acme", "hours": {"open": 9}});
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn variables_are_replaced_and_double_braces_escaped() {
        let cases = [
            ("Welcome to {{ company }}.", "Welcome to Acme."),
            ("{{company}} opens at {{ hours.open }}", "Acme opens at 9"),
            ("write {{{{ company }}", "write {{ company }}"),
            ("no braces {}", "no braces {}"),
        ];
        for (template, expected) in cases {
            assert_eq!(render(template, &context()).unwrap(), expected);
        }
    }

    #[test]
    fn an_unknown_variable_names_the_known_ones() {
        let error = render("{{ compny }}", &context()).unwrap_err();
        assert_eq!(error.to_string(), "unknown variable `compny` (known: company, hours); did you mean `company`?");
        assert!(matches!(render("a {{ b", &context()), Err(TemplateError::Unclosed { at: 2 })));
    }

    #[test]
    fn every_fault_is_told_from_left_to_right() {
        for (template, expected) in [
            ("{{ company }} {{{{ nobody }}", vec![]),
            ("{{ a }}{{ hours.open }}{{ b }}", vec!["a", "b"]),
            ("{{}}", vec![""]),
            ("{{ company.name }}", vec!["company.name"]),
            ("{{ hours.open.more }}", vec!["hours.open.more"]),
            ("{{ hours. }}", vec!["hours."]),
        ] {
            let name = |error| match error {
                TemplateError::Unknown { name, .. } => name,
                TemplateError::Unclosed { at } => panic!("unclosed at {at}"),
            };
            assert_eq!(faults(template, &context()).into_iter().map(name).collect::<Vec<_>>(), expected, "{template}");
        }
        assert_eq!(faults("é {{{{ {{ company }} {{ x", &context()), [TemplateError::Unclosed { at: 22 }]);
        assert_eq!(faults("{{{", &context()), [TemplateError::Unclosed { at: 0 }]);
        assert_eq!(faults("{{{{", &context()), []);
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        let value =
            json!({"n": 1.5, "yes": true, "none": null, "list": ["a", 1], "a": {"b": {"c": "x {{ n }}"}}, "": "empty"});
        let context = value.as_object().cloned().unwrap();
        for (template, expected) in [
            ("{{ n }} {{ yes }} [{{ none }}]", "1.5 true []"),
            ("{{ list }}", r#"["a",1]"#),
            // What stands for a variable is text, and no template itself.
            ("{{ a.b.c }}", "x {{ n }}"),
            ("{{\ta.b.c\n}}", "x {{ n }}"),
            ("{{}}", "empty"),
            ("} }} {", "} }} {"),
        ] {
            assert_eq!(render(template, &context).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn the_nearest_variable_is_offered_also_inside() {
        for (name, near) in [("hours.opne", "hours.open"), ("hour.open", "hours.open"), ("Company", "company")] {
            let error = render(&format!("{{{{ {name} }}}}"), &context()).unwrap_err().to_string();
            assert!(error.ends_with(&format!("did you mean `{near}`?")), "{error}");
        }
        let many: Map<String, Value> = (0..1_000).map(|n| (format!("name_{n:04}"), Value::Null)).collect();
        let error = render("{{ qqq }}", &many).unwrap_err().to_string();
        assert!(error.ends_with("name_0023, and 976 more)"), "{error}");
        assert_eq!(render("{{ x }}", &Map::new()).unwrap_err().to_string(), "unknown variable `x` (known: none)");
    }

    proptest::proptest! {
        #[test]
        fn what_has_no_faults_renders_and_what_has_them_does_not(text in "[{} a-c.]{0,24}", context in crate::diff::tests::documents()) {
            let context = context.as_object().cloned().unwrap_or_default();
            let first = faults(&text, &context).into_iter().next();
            proptest::prop_assert_eq!(render(&text, &context).err(), first);
        }

        #[test]
        fn escaping_gives_back_any_text(text in "\\PC{0,40}") {
            let escaped = text.replace("{{", "{{{{");
            proptest::prop_assert_eq!(render(&escaped, &Map::new()).unwrap(), text);
        }

        #[test]
        fn any_text_renders_or_errors(text in ".*") {
            let _ = render(&text, &context());
        }
    }
}
