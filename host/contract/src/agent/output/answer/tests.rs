use super::*;

fn schema(fields: &Value) -> OutputSchema {
    serde_json::from_value(json!({"fields": fields})).unwrap()
}

fn interview() -> OutputSchema {
    schema(&json!([
        {"name": "score", "type": "int", "constraints": {"ge": 0, "le": 100}, "hidden": true},
        {"name": "reply", "type": "str", "use_in_tts": true, "description": "What is said."},
        {"name": "mood", "type": "Literal['calm','tense']", "required": false, "default": "calm"},
        {"name": "skills", "type": "list[str]", "constraints": {"max_len": 3}},
    ]))
}

#[test]
fn the_spoken_field_comes_first_and_everything_is_required() {
    let schema = interview().json_schema();
    let expected = json!({
        "type": "object",
        "properties": {
            "reply": {"type": "string", "description": "What is said."},
            "score": {"type": "integer", "minimum": 0.0, "maximum": 100.0},
            "mood": {"type": ["string", "null"], "enum": ["calm", "tense", null]},
            "skills": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        },
        "required": ["reply", "score", "mood", "skills"],
        "additionalProperties": false,
    });
    assert_eq!(schema, expected);
    assert_eq!(
        (interview().spoken(), interview().is_hidden("score"), interview().is_hidden("reply")),
        (Some("reply"), true, false)
    );
    assert_eq!(interview().hidden().collect::<Vec<_>>(), ["score"]);
}

#[test]
fn each_type_has_its_schema_and_what_it_refuses() {
    for (field, expected, good, bad) in [
        (json!({"type": "str"}), json!({"type": "string"}), vec![json!(""), json!("é")], vec![json!(1), json!(null)]),
        (json!({"type": "int"}), json!({"type": "integer"}), vec![json!(-3)], vec![json!(1.5), json!("1")]),
        (json!({"type": "float"}), json!({"type": "number"}), vec![json!(1), json!(0.5)], vec![json!("0.5")]),
        (json!({"type": "bool"}), json!({"type": "boolean"}), vec![json!(false)], vec![json!(0), json!("yes")]),
        (
            json!({"type": "list[int]"}),
            json!({"type": "array", "items": {"type": "integer"}}),
            vec![json!([]), json!([1, 2])],
            vec![json!([1, "2"]), json!(1), json!([null])],
        ),
        (
            json!({"type": "Literal['a','b']"}),
            json!({"type": "string", "enum": ["a", "b"]}),
            vec![json!("a")],
            vec![json!("A"), json!("")],
        ),
        (
            json!({"type": "int", "required": false}),
            json!({"type": ["integer", "null"]}),
            vec![json!(null), json!(1)],
            vec![json!("")],
        ),
        (
            json!({"type": "list[str]", "required": false, "constraints": {"min_len": 1, "max_len": 2}}),
            json!({"type": ["array", "null"], "items": {"type": "string"}, "minItems": 1, "maxItems": 2}),
            vec![json!(null), json!(["a"]), json!(["a", "b"])],
            vec![json!([]), json!(["a", "b", "c"])],
        ),
        (
            json!({"type": "str", "constraints": {"min_len": 2, "max_len": 3, "pattern": "^[a-zä]+$"}}),
            json!({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-zä]+$"}),
            vec![json!("ab"), json!("äää")],
            vec![json!("a"), json!("abcd"), json!("AB")],
        ),
        (
            json!({"type": "float", "constraints": {"ge": 0.5, "le": 1}, "description": "How sure."}),
            json!({"type": "number", "minimum": 0.5, "maximum": 1.0, "description": "How sure."}),
            vec![json!(0.5), json!(1)],
            vec![json!(0.49), json!(1.01)],
        ),
    ] {
        let mut named = field.clone();
        named["name"] = json!("a");
        let schema = schema(&json!([named]));
        assert_eq!(schema.json_schema()["properties"]["a"], expected, "{field}");
        for value in good {
            assert_eq!(schema.check(&json!({ "a": value })), [], "{field}: {value}");
        }
        for value in bad {
            let faults = schema.check(&json!({ "a": value }));
            assert!(!faults.is_empty() && faults.iter().all(|f| f.pointer.starts_with("/a")), "{field}: {value}");
        }
    }
}

#[test]
fn an_answer_has_every_field_and_no_other() {
    let faults = interview().check(&json!({"score": 1, "mod": "calm"}));
    let mut found: Vec<(&str, &str)> = faults.iter().map(|f| (f.pointer.as_str(), f.code.as_str())).collect();
    found.sort_unstable();
    let missing = ["/mood", "/reply", "/skills"].map(|at| (at, "missing"));
    assert_eq!(found, [("/mod", "unknown-field"), missing[0], missing[1], missing[2]]);
    for none in [json!(null), json!([]), json!("reply")] {
        assert_eq!(interview().check(&none).len(), 1, "{none}");
    }
    assert_eq!(OutputSchema::default().check(&json!({})), []);
}

#[test]
fn a_result_of_an_older_schema_stays_readable() {
    let older = json!({"reply": "Hi", "score": 7, "gone": true});
    let complete = interview().complete(older.as_object().unwrap());
    assert_eq!(Value::Object(complete), json!({"score": 7, "reply": "Hi", "mood": "calm"}));
    let nothing = interview().complete(&Map::new());
    assert_eq!(Value::Object(nothing), json!({"mood": "calm"}));
}

#[test]
fn a_field_is_written_as_it_was_read() {
    let full = json!({"name": "a", "type": "list[str]", "description": "x", "required": false, "default": ["y"],
        "constraints": {"min_len": 1, "max_len": 2}, "use_in_tts": false, "hidden": true});
    let field: Field = serde_json::from_value(full.clone()).unwrap();
    assert_eq!(serde_json::to_value(&field).unwrap(), full);
    let plain: Field = serde_json::from_value(json!({"name": "a", "type": "str", "default": null})).unwrap();
    assert!(plain.required && !plain.use_in_tts && !plain.hidden && plain.default.is_null());
    let order: Vec<Value> = (0..64).rev().map(|n| json!({"name": format!("f{n}"), "type": "int"})).collect();
    let schema = schema(&json!(order));
    let names: Vec<String> = schema.fields.iter().map(|field| field.name.clone()).collect();
    let json = schema.json_schema();
    assert_eq!(json["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    assert_eq!(json["required"], json!(names));
}

#[test]
fn an_answer_is_checked_and_completed() {
    let good = json!({"reply": "Hi", "score": 7, "mood": null, "skills": ["rust"]});
    assert_eq!(interview().check(&good), Vec::new());
    let complete = interview().complete(good.as_object().unwrap());
    assert_eq!(complete["mood"], "calm");
    let bad = json!({"reply": 1, "score": 101, "mood": "angry", "skills": ["a", "b", "c", "d"], "more": 1});
    let mut pointers: Vec<String> = interview().check(&bad).into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/mood", "/more", "/reply", "/score", "/skills"]);
}
