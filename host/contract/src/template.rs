//! Templates of the contract: `{{ name }}` or `{{ name.inner }}` stands for context data; `{{{{` writes two braces.
//!
//! Deliberately not a template language: contracts come from tenants, and a text that only substitutes cannot loop.

use serde_json::{Map, Value};

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
    let mut rest = template;
    let mut at = 0;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        at += before.len();
        if let Some(literal) = after.strip_prefix("{{") {
            out.push_str("{{");
            at += 4;
            rest = literal;
            continue;
        }
        let (name, behind) = after.split_once("}}").ok_or(TemplateError::Unclosed { at })?;
        out.push_str(&lookup(name.trim(), context)?);
        at += 2 + name.len() + 2;
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn lookup(name: &str, context: &Map<String, Value>) -> Result<String, TemplateError> {
    let mut parts = name.split('.');
    let mut value = parts.next().and_then(|first| context.get(first));
    for part in parts {
        value = value.and_then(|v| v.get(part));
    }
    match value {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) => Ok(String::new()),
        Some(other) => Ok(other.to_string()),
        None => {
            let near = crate::validate::nearest(name, context.keys().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let known = context.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none".to_owned() } else { known };
            Err(TemplateError::Unknown { name: name.to_owned(), known, hint })
        }
    }
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

    proptest::proptest! {
        #[test]
        fn any_text_renders_or_errors(text in ".*") {
            let _ = render(&text, &context());
        }
    }
}
