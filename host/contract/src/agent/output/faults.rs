//! What is wrong with the fields themselves, beyond their shape.

use super::{Field, FieldType, Item, OutputSchema};
use crate::validate::{Fault, against_schema, short};
use serde_json::Value;
use std::collections::HashSet;

impl OutputSchema {
    /// Every fault; pointers begin with `at`.
    pub fn faults(&self, at: &str) -> Vec<Fault> {
        let at = format!("{at}/fields");
        let outline = self.fields.iter().map(|field| (Some(field.name.as_str()), field.use_in_tts));
        let mut faults = together(outline, &at);
        faults.extend(self.fields.iter().enumerate().flat_map(|(index, field)| field.faults(&format!("{at}/{index}"))));
        faults
    }
}

/// What is wrong with fields beside each other: name (none when it cannot be read) and whether it is spoken, of each.
pub(crate) fn together<'a>(fields: impl Iterator<Item = (Option<&'a str>, bool)>, at: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut names = HashSet::new();
    let mut first = None;
    for (index, (name, spoken)) in fields.enumerate() {
        if let Some(name) = name.filter(|name| !names.insert(*name)) {
            let message = format!("there are two fields `{}`", short(name));
            faults.push(Fault::error(format!("{at}/{index}/name"), "duplicate", message));
        }
        if spoken && let Some(first) = first.replace(name.unwrap_or("?")) {
            let message = format!("`{}` is spoken already: one field can be", short(first));
            faults.push(Fault::error(format!("{at}/{index}/use_in_tts"), "spoken", message));
        }
    }
    faults
}

impl Field {
    /// What is wrong with a field by itself, beyond its shape; pointers begin with `at`.
    pub fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = self.misplaced(at);
        faults.extend(self.contradictions(at));
        let sound = faults.is_empty();
        if self.use_in_tts && self.field_type != FieldType::One(Item::Str) {
            let message = format!("a field of type {} cannot be spoken (allowed: str)", self.field_type);
            faults.push(Fault::error(format!("{at}/use_in_tts"), "spoken", message));
        }
        if self.use_in_tts && self.hidden {
            let message = "a field that is spoken cannot be hidden";
            faults.push(Fault::error(format!("{at}/hidden"), "spoken", message));
        }
        if sound && !self.default.is_null() {
            let wrong = against_schema(&self.default, &self.json_schema());
            faults.extend(
                wrong.into_iter().map(|fault| Fault { pointer: format!("{at}/default{}", fault.pointer), ..fault }),
            );
        }
        faults
    }

    /// Constraints that mean nothing for the field's type.
    fn misplaced(&self, at: &str) -> Vec<Fault> {
        const NUMBERS: &str = "int, float";
        const LENGTHS: &str = "str, list[...]";
        let given = &self.constraints;
        let number = matches!(self.field_type, FieldType::One(Item::Int | Item::Float));
        let text = self.field_type == FieldType::One(Item::Str);
        let length = text || matches!(self.field_type, FieldType::List(_));
        let all = [
            ("ge", given.ge.is_some(), number, NUMBERS),
            ("le", given.le.is_some(), number, NUMBERS),
            ("min_len", given.min_len.is_some(), length, LENGTHS),
            ("max_len", given.max_len.is_some(), length, LENGTHS),
            ("pattern", given.pattern.is_some(), text, "str"),
        ];
        let wrong = all.into_iter().filter(|(_, given, fits, _)| *given && !fits);
        wrong
            .map(|(name, _, _, types)| {
                let message = format!("`{name}` says nothing about {} (it is for {types})", self.field_type);
                Fault::error(format!("{at}/constraints/{name}"), "constraint", message)
            })
            .collect()
    }

    fn contradictions(&self, at: &str) -> Vec<Fault> {
        let given = &self.constraints;
        let mut faults = Vec::new();
        let mut contradiction = |name: &str, message: String| {
            faults.push(Fault::error(format!("{at}/constraints/{name}"), "constraint", message));
        };
        if let (Some(ge), Some(le)) = (given.ge, given.le)
            && ge > le
        {
            contradiction("ge", format!("{ge} is more than le ({le})"));
        }
        if let (Some(min), Some(max)) = (given.min_len, given.max_len)
            && min > max
        {
            contradiction("min_len", format!("{min} is more than max_len ({max})"));
        }
        if let Some(pattern) = &given.pattern
            && let Some(fault) = against_schema(&Value::from(""), &serde_json::json!({"pattern": pattern}))
                .into_iter()
                .find(|fault| fault.code == "invalid-schema")
        {
            contradiction("pattern", format!("`{pattern}` is no regular expression: {}", fault.message));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(fields: &Value) -> Vec<(String, String)> {
        let schema: OutputSchema = serde_json::from_value(json!({"fields": fields})).unwrap();
        schema.faults("/output_schema").into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn each_fault_of_a_field_is_found() {
        let field = |more: Value| {
            let mut field = json!({"name": "a", "type": "str"});
            json_patch::merge(&mut field, &more);
            json!([field])
        };
        let cases = [
            (field(json!({"constraints": {"ge": 1}})), "constraints/ge", "constraint"),
            (field(json!({"type": "int", "constraints": {"pattern": "x"}})), "constraints/pattern", "constraint"),
            (field(json!({"type": "bool", "constraints": {"max_len": 3}})), "constraints/max_len", "constraint"),
            (field(json!({"type": "list[int]", "constraints": {"le": 3}})), "constraints/le", "constraint"),
            (field(json!({"type": "int", "constraints": {"ge": 3, "le": 2}})), "constraints/ge", "constraint"),
            (field(json!({"constraints": {"min_len": 3, "max_len": 2}})), "constraints/min_len", "constraint"),
            (field(json!({"constraints": {"pattern": "("}})), "constraints/pattern", "constraint"),
            (field(json!({"type": "int", "default": "x"})), "default", "type"),
            (field(json!({"type": "int", "constraints": {"le": 3}, "default": 4})), "default", "maximum"),
            (field(json!({"type": "Literal['a']", "default": "b"})), "default", "enum"),
            (field(json!({"type": "int", "use_in_tts": true})), "use_in_tts", "spoken"),
            (field(json!({"use_in_tts": true, "hidden": true})), "hidden", "spoken"),
        ];
        for (fields, pointer, code) in cases {
            assert_eq!(faults(&fields), [(format!("/output_schema/fields/0/{pointer}"), code.to_owned())], "{fields}");
        }
        assert_eq!(faults(&field(json!({"type": "list[str]", "constraints": {"min_len": 1}, "default": ["x"]}))), []);
    }

    #[test]
    fn names_are_unique_and_one_field_is_spoken() {
        let two =
            json!([{"name": "a", "type": "str", "use_in_tts": true}, {"name": "a", "type": "str", "use_in_tts": true}]);
        let expected =
            [("/output_schema/fields/1/name", "duplicate"), ("/output_schema/fields/1/use_in_tts", "spoken")];
        assert_eq!(faults(&two), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    }

    #[test]
    fn a_default_keeps_the_constraints_of_its_field() {
        for (field, expected) in [
            (json!({"type": "int", "default": 3}), None),
            (json!({"type": "int", "default": 3.5}), Some(("default", "type"))),
            (json!({"type": "float", "default": 3}), None),
            (json!({"type": "bool", "default": "no"}), Some(("default", "type"))),
            (json!({"type": "str", "default": "ab", "constraints": {"max_len": 1}}), Some(("default", "max-length"))),
            (json!({"type": "str", "default": "ab", "constraints": {"pattern": "^b"}}), Some(("default", "pattern"))),
            (json!({"type": "list[int]", "default": [1, "x"]}), Some(("default/1", "type"))),
            (
                json!({"type": "list[int]", "default": [], "constraints": {"min_len": 1}}),
                Some(("default", "min-items")),
            ),
            (json!({"type": "Literal['a','b']", "default": "b"}), None),
            (json!({"type": "str", "default": null, "required": false}), None),
        ] {
            let mut named = field.clone();
            named["name"] = json!("a");
            let expected = expected.map(|(at, code)| (format!("/output_schema/fields/0/{at}"), code.to_owned()));
            assert_eq!(faults(&json!([named])), expected.into_iter().collect::<Vec<_>>(), "{field}");
        }
    }

    #[test]
    fn a_constraint_of_another_type_is_told_with_the_types_that_have_it() {
        let types = ["str", "int", "float", "bool", "list[str]", "Literal['a']"];
        for (name, value, allowed, says) in [
            ("ge", json!(1), vec!["int", "float"], "int, float"),
            ("le", json!(1), vec!["int", "float"], "int, float"),
            ("min_len", json!(1), vec!["str", "list[str]"], "str, list[...]"),
            ("max_len", json!(1), vec!["str", "list[str]"], "str, list[...]"),
            ("pattern", json!("a"), vec!["str"], "str"),
        ] {
            for kind in types {
                let field = json!([{"name": "a", "type": kind, "constraints": {name: value}}]);
                let schema: OutputSchema = serde_json::from_value(json!({"fields": field})).unwrap();
                let told = schema.faults("");
                if allowed.contains(&kind) {
                    assert_eq!(told, [], "{name} on {kind}");
                    continue;
                }
                let [fault] = told.as_slice() else { panic!("{name} on {kind}: {told:?}") };
                assert_eq!(fault.pointer, format!("/fields/0/constraints/{name}"));
                assert!(
                    fault.message.contains(kind) && fault.message.ends_with(&format!("(it is for {says})")),
                    "{}",
                    fault.message
                );
            }
        }
    }

    #[test]
    fn patterns_that_cannot_be_compiled_are_told_and_cost_little() {
        for (pattern, good) in [
            (r"^\+[0-9]{7,15}$", true),
            ("", true),
            ("é+", true),
            ("[a-", false),
            ("a{2,1}", false),
            ("((a{1000}){1000}){1000}", false),
            ("(?<n>a)(?<n>b)", false),
        ] {
            let field = json!([{"name": "a", "type": "str", "constraints": {"pattern": pattern}}]);
            let at = ("/output_schema/fields/0/constraints/pattern".to_owned(), "constraint".to_owned());
            assert_eq!(faults(&field), Some(at).filter(|_| !good).into_iter().collect::<Vec<_>>(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_backtracks_gives_up() {
        let text = format!("{}b", "a".repeat(5_000));
        for pattern in [r"^(a+)+$", r"^(a|aa)+\1$", r"^(?=(a+)+$)", r"^(([a-z])+.)+[A-Z]([a-z])+$"] {
            let field = json!([{"name": "a", "type": "str", "constraints": {"pattern": pattern}, "default": text}]);
            assert_eq!(
                faults(&field),
                [("/output_schema/fields/0/default".to_owned(), "pattern".to_owned())],
                "{pattern}"
            );
        }
    }

    #[test]
    fn types_are_written_as_in_python() {
        for (text, plain) in [
            ("str", "str"),
            ("list[int]", "list[int]"),
            ("list[ bool ]", "list[bool]"),
            ("Literal['a','b']", "Literal['a','b']"),
            (r#"Literal["a", 'it\'s']"#, r"Literal['a','it\'s']"),
        ] {
            assert_eq!(text.parse::<FieldType>().unwrap().to_string(), plain);
        }
        for wrong in [
            "",
            "string",
            "list",
            "list[]",
            "list[list[int]]",
            "Literal[]",
            "Literal['a','a']",
            "Literal['a',]",
            "Literal[a]",
            "Literal['a' 'b']",
            "Literal['a",
        ] {
            assert!(wrong.parse::<FieldType>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_type_is_read_or_refused_and_reads_itself(text in "(list\\[|Literal\\[)?['\"a-z, \\\\]{0,12}\\]?") {
            if let Ok(read) = text.parse::<FieldType>() {
                proptest::prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
