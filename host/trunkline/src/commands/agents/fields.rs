//! `PATH=VALUE` as a JSON Merge Patch (RFC 7396).

use anyhow::{Context as _, bail};
use serde_json::{Map, Value};

/// All fields as one patch.
///
/// # Errors
/// One is not of this form, or two contradict each other.
pub(super) fn patch(fields: &[String]) -> anyhow::Result<Value> {
    let mut patch = Map::new();
    for field in fields {
        let (path, value) = field.split_once('=').with_context(|| {
            format!("`{field}` is no field and value: write it as PATH=VALUE, such as prompt.greeting=\"Hello\"")
        })?;
        let path = parts(path).with_context(|| format!("`{path}` is no path: write it as prompt.greeting"))?;
        put(&mut patch, &path, value_of(value)).with_context(|| format!("`{field}`"))?;
    }
    Ok(Value::Object(patch))
}

/// Names divided by dots; or, behind a slash, a JSON pointer, for names that have dots.
fn parts(path: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = match path.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
        None => path.split('.').map(str::to_owned).collect(),
    };
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

/// JSON when it is some, else a text.
fn value_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn put(patch: &mut Map<String, Value>, path: &[String], value: Value) -> anyhow::Result<()> {
    match path {
        [] => {}
        [name] => {
            if patch.insert(name.clone(), value).is_some() {
                bail!("`{name}` is set twice");
            }
        }
        [name, rest @ ..] => match patch.entry(name.clone()).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => put(inner, rest, value)?,
            _ => bail!("`{name}` is set as a whole too"),
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(fields: &[&str]) -> anyhow::Result<Value> {
        patch(&fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_json_when_they_can_be_and_texts_otherwise() {
        let patch =
            of(&["prompt.greeting=Hi, there = you", "turn.interruption.enabled=false", "limits.max_tool_rounds=3"]);
        let expected = json!({
            "prompt": {"greeting": "Hi, there = you"},
            "turn": {"interruption": {"enabled": false}},
            "limits": {"max_tool_rounds": 3},
        });
        assert_eq!(patch.unwrap(), expected);
        assert_eq!(
            of(&["tools=[\"end_call\"]", "context.a=null"]).unwrap(),
            json!({"tools": ["end_call"], "context": {"a": null}})
        );
        assert_eq!(of(&["/context/a.b~1c=\"7\""]).unwrap(), json!({"context": {"a.b/c": "7"}}));
    }

    #[test]
    fn what_is_no_field_is_named() {
        for (fields, part) in [
            (vec!["greeting"], "`greeting` is no field and value"),
            (vec!["a..b=1"], "`a..b` is no path"),
            (vec!["=1"], "is no path"),
            (vec!["a=1", "a=2"], "`a` is set twice"),
            (vec!["a=1", "a.b=2"], "`a` is set as a whole too"),
        ] {
            let error = format!("{:#}", of(&fields).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_field_is_read_or_refused(fields: Vec<String>) {
            let _ = patch(&fields);
        }
    }
}
