//! What differs between two versions of a document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Op {
    Add,
    Remove,
    Replace,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// How.
    pub op: Op,
    /// What was there; absent when it was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What is there; absent when it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// The differences, in the order of the new document; what was removed comes last in its object. Lists differ as a whole.
pub fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare(String::new(), old, new, &mut changes);
    changes
}

fn compare(pointer: String, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => objects(&pointer, old, new, changes),
        (old, new) if old == new => {}
        (old, new) => {
            changes.push(Change { pointer, op: Op::Replace, from: Some(old.clone()), to: Some(new.clone()) });
        }
    }
}

fn objects(pointer: &str, old: &Map<String, Value>, new: &Map<String, Value>, changes: &mut Vec<Change>) {
    for (name, value) in new {
        let pointer = child(pointer, name);
        match old.get(name) {
            Some(before) => compare(pointer, before, value, changes),
            None => changes.push(Change { pointer, op: Op::Add, from: None, to: Some(value.clone()) }),
        }
    }
    for (name, value) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let pointer = child(pointer, name);
        changes.push(Change { pointer, op: Op::Remove, from: Some(value.clone()), to: None });
    }
}

/// The pointer of a member.
pub(crate) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Makes the new document of the old one.
pub fn apply(mut document: Value, changes: &[Change]) -> Value {
    for change in changes {
        let Some((parent, name)) = change.pointer.rsplit_once('/') else {
            document = change.to.clone().unwrap_or(Value::Null);
            continue;
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Object(parent)) = document.pointer_mut(parent) {
            match &change.to {
                Some(value) => drop(parent.insert(name, value.clone())),
                None => drop(parent.remove(&name)),
            }
        }
    }
    document
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Any JSON of a few levels, with names that need escaping.
    pub(crate) fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let name = prop_oneof![Just("a"), Just("b"), Just("a/b"), Just("~"), Just("")];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::hash_map(name.prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn a_difference_says_where_and_what() {
        let (old, new) =
            (json!({"a": {"b/c": 1, "gone": true}, "x": [1]}), json!({"a": {"b/c": 2}, "x": [1], "y": {}}));
        let found: Vec<(String, Op)> = diff(&old, &new).into_iter().map(|c| (c.pointer, c.op)).collect();
        let expected = [("/a/b~1c", Op::Replace), ("/a/gone", Op::Remove), ("/y", Op::Add)];
        assert_eq!(found, expected.map(|(pointer, op)| (pointer.to_owned(), op)));
    }

    proptest! {
        #[test]
        fn the_differences_lead_from_one_to_the_other_and_back(old in documents(), new in documents()) {
            prop_assert_eq!(&apply(old.clone(), &diff(&old, &new)), &new);
            prop_assert_eq!(&apply(new.clone(), &diff(&new, &old)), &old);
            prop_assert!(diff(&old, &old).is_empty());
        }
    }
}
