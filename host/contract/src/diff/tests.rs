use super::*;
use crate::layers::{Layer, merge};
use crate::version::{Bump, bump};
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

fn found(old: &Value, new: &Value) -> Vec<(String, Op)> {
    diff(old, new).into_iter().map(|change| (change.pointer, change.op)).collect()
}

#[test]
fn a_difference_says_where_and_what() {
    let old = json!({"a": {"b/c": 1, "gone": true}, "x": [1]});
    let new = json!({"a": {"b/c": 2}, "x": [1], "y": {}});
    let expected = [("/a/b~1c", Op::Replace), ("/a/gone", Op::Remove), ("/y", Op::Add)];
    assert_eq!(found(&old, &new), expected.map(|(pointer, op)| (pointer.to_owned(), op)));
}

#[test]
fn each_kind_of_difference() {
    for (old, new, expected) in [
        (json!({}), json!({}), vec![]),
        (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), vec![]),
        (json!({"a": null}), json!({}), vec![("/a", Op::Remove)]),
        (json!({}), json!({"a": null}), vec![("/a", Op::Add)]),
        (json!({"a": 1}), json!({"a": null}), vec![("/a", Op::Replace)]),
        (json!({"a": {"b": 1}}), json!({"a": [1]}), vec![("/a", Op::Replace)]),
        (json!({"a": {}}), json!({"a": {"b": {"c": 1}}}), vec![("/a/b", Op::Add)]),
        // A list differs as a whole: its items have no names.
        (json!({"a": [1, 2, 3]}), json!({"a": [1, 3]}), vec![("/a", Op::Replace)]),
        (json!({"~": 1, "": 1}), json!({"~": 2, "": 2}), vec![("/~0", Op::Replace), ("/", Op::Replace)]),
        (json!(1), json!({"a": 1}), vec![("", Op::Replace)]),
        (json!([]), json!([]), vec![]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(pointer, op)| (pointer.to_owned(), op)).collect();
        assert_eq!(found(&old, &new), expected, "{old} to {new}");
    }
}

#[test]
fn a_difference_keeps_what_was_and_what_is_in_json_too() {
    let (old, new) = (json!({"a": 1, "b": null, "c": 3}), json!({"a": null, "c": 3, "d": [null]}));
    let written = serde_json::to_value(diff(&old, &new)).unwrap();
    let expected = json!([
        {"pointer": "/a", "op": "replace", "from": 1, "to": null},
        {"pointer": "/d", "op": "add", "to": [null]},
        {"pointer": "/b", "op": "remove", "from": null},
    ]);
    assert_eq!(written, expected);
    let read: Vec<Change> = serde_json::from_value(written).unwrap();
    assert_eq!(read, diff(&old, &new));
    assert_eq!(apply(old, &read), new);
}

#[test]
fn changes_of_another_document_do_not_panic() {
    let changes = diff(&json!({"a": {"b": {"c": 1}}}), &json!({"a": {"b": {"c": 2, "d": 3}}}));
    for other in [json!(null), json!([]), json!({}), json!({"a": 1}), json!({"a": {"b": []}})] {
        assert_eq!(apply(other.clone(), &changes), other);
    }
}

proptest! {
    #[test]
    fn the_differences_lead_from_one_to_the_other_and_back(old in documents(), new in documents()) {
        prop_assert_eq!(&apply(old.clone(), &diff(&old, &new)), &new);
        prop_assert_eq!(&apply(new.clone(), &diff(&new, &old)), &old);
        prop_assert!(diff(&old, &old).is_empty());
    }

    #[test]
    fn the_differences_can_be_written_and_read(old in documents(), new in documents()) {
        let written = serde_json::to_string(&diff(&old, &new)).unwrap();
        let read: Vec<Change> = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&read, &diff(&old, &new));
        prop_assert_eq!(apply(old, &read), new);
    }

    /// Each difference says what stands at its pointer before and after.
    #[test]
    fn a_difference_names_values_that_are_there(old in documents(), new in documents()) {
        for Change { pointer, op, from, to } in diff(&old, &new) {
            prop_assert_eq!(from.as_ref(), old.pointer(&pointer).filter(|_| op != Op::Add));
            prop_assert_eq!(to.as_ref(), new.pointer(&pointer).filter(|_| op != Op::Remove));
            prop_assert_eq!((from.is_some(), to.is_some()), (op != Op::Add, op != Op::Remove));
        }
    }

    /// Versions one after the other, each stored as a change of the one before: going back to any of them, by the changes
    /// turned around or by its document, gives the same agent under the same layers.
    #[test]
    fn merging_comparing_and_rolling_back_agree(
        tenant in documents(), session in documents(), versions in proptest::collection::vec(documents(), 1..5), back in 0usize..5,
    ) {
        let back = back % versions.len();
        let steps: Vec<Vec<Change>> = versions.windows(2).map(|pair| diff(&pair[0], &pair[1])).collect();
        let latest = steps.iter().fold(versions[0].clone(), |document, step| apply(document, step));
        prop_assert_eq!(&latest, versions.last().unwrap());
        let undone = |step: &[Change]| -> Vec<Change> {
            let opposite = |op| match op { Op::Add => Op::Remove, Op::Remove => Op::Add, Op::Replace => Op::Replace };
            step.iter().rev().cloned()
                .map(|Change { pointer, op, from, to }| Change { pointer, op: opposite(op), from: to, to: from })
                .collect()
        };
        let returned = steps[back..].iter().rev().fold(latest.clone(), |document, step| apply(document, &undone(step)));
        prop_assert_eq!(&returned, &versions[back]);
        let effective = |agent: &Value| merge([(Layer::Tenant, &tenant), (Layer::Agent, agent), (Layer::Session, &session)]);
        prop_assert_eq!(effective(&returned), effective(&versions[back]));
        // Where nothing differs, nothing is more than a patch.
        prop_assert!(!diff(&latest, &versions[back]).is_empty() || bump(&latest, &versions[back]) == Bump::Patch);
    }
}
