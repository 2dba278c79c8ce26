use super::*;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn a_version_is_three_numbers() {
    assert_eq!("1.20.3".parse(), Ok(Semver { major: 1, minor: 20, patch: 3 }));
    for wrong in
        ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "1.2.3-beta", " 1.2.3", "1..3", "1.2.99999999999"]
    {
        assert_eq!(wrong.parse::<Semver>(), Err(InvalidSemver(wrong.to_owned())));
    }
}

#[test]
fn how_much_a_change_means() {
    let old = json!({"name": "Ada", "prompt": {"greeting": "Hi", "instructions": "x"}, "llm": {"model": "a"}, "tools": ["end_call"],
        "output_schema": {"fields": [{"name": "age", "type": "int"}]}});
    let with = |patch: Value| {
        let mut new = old.clone();
        json_patch::merge(&mut new, &patch);
        bump(&old, &new)
    };
    assert_eq!(with(json!({"prompt": {"greeting": "Hello"}})), Bump::Patch);
    assert_eq!(with(json!({"name": "Grace"})), Bump::Patch);
    assert_eq!(with(json!({})), Bump::Patch);
    assert_eq!(with(json!({"prompt": {"instructions": "y"}})), Bump::Minor);
    assert_eq!(with(json!({"llm": {"model": "b"}})), Bump::Minor);
    assert_eq!(with(json!({"tools": ["end_call", "save_data"]})), Bump::Minor);
    assert_eq!(with(json!({"context": {"company": "Acme"}})), Bump::Minor);
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let fields = |fields: &[Value]| json!({"output_schema": {"fields": fields}});
    assert_eq!(with(fields(&[field("age", "int"), field("name", "str")])), Bump::Minor);
    assert_eq!(with(fields(&[field("age", "float")])), Bump::Major);
    assert_eq!(with(fields(&[])), Bump::Major);
    assert_eq!(with(json!({"type": "conversational"})), Bump::Major);
    assert_eq!(with(json!({"behaviour": {"component": "survey"}})), Bump::Major);
    assert_eq!(with(json!({"behaviour": {"settings": {"a": 1}}})), Bump::Minor);
}

proptest! {
    #[test]
    fn what_is_written_is_read(major: u32, minor: u32, patch: u32) {
        let version = Semver { major, minor, patch };
        prop_assert_eq!(version.to_string().parse(), Ok(version));
    }

    #[test]
    fn a_bump_goes_up(major in 0u32..9, minor in 0u32..9, patch in 0u32..9) {
        let version = Semver { major, minor, patch };
        let [patch, minor, major] = [Bump::Patch, Bump::Minor, Bump::Major].map(|bump| version.bumped(bump));
        prop_assert!(version < patch && patch < minor && minor < major);
    }

    #[test]
    fn any_text_is_a_version_or_refused(text in "\\PC{0,12}") {
        let _ = text.parse::<Semver>();
    }
}

/// What stands before each change, and how much the change means.
fn means(patch: &Value) -> Bump {
    let old = json!({
        "name": "Ada",
        "type": "voice",
        "prompt": {"instructions": "Help.", "greeting": "Hi"},
        "llm": {"provider": "openai", "model": "a", "temperature": 0.5},
        "stt": {"provider": "deepgram"},
        "tts": {"provider": "local", "voice": "slt"},
        "tools": ["end_call"],
        "context": {"company": "Acme"},
        "traits": {"humor": 10},
        "limits": {"max_duration_s": 60},
        "behaviour": {"component": "conversation"},
        "output_schema": {"fields": [{"name": "a", "type": "Literal['x', 'y']"}, {"name": "b", "type": "str", "use_in_tts": true}]},
        "metadata": {"tags": ["x"], "status": "active"},
    });
    let mut new = old.clone();
    json_patch::merge(&mut new, patch);
    bump(&old, &new)
}

#[test]
fn each_change_means_as_much_as_it_breaks() {
    let fields = |fields: Value| json!({"output_schema": {"fields": fields}});
    let (a, b) =
        (json!({"name": "a", "type": "Literal['x','y']"}), json!({"name": "b", "type": "str", "use_in_tts": true}));
    for (patch, expected) in [
        (json!({"type": "workflow"}), Bump::Major),
        // Nobody saying so is the same as saying the default.
        (json!({"type": null}), Bump::Patch),
        (json!({"behaviour": {"component": "survey"}}), Bump::Major),
        (json!({"behaviour": null}), Bump::Patch),
        (json!({"output_schema": null}), Bump::Major),
        (fields(json!([b])), Bump::Major),
        (fields(json!([a, {"name": "b", "type": "int"}])), Bump::Major),
        (fields(json!([{"name": "a", "type": "Literal['x']"}, b])), Bump::Major),
        // Written in another way, in another order, or with one more.
        (fields(json!([{"name": "a", "type": r#"Literal["x","y"]"#}, b])), Bump::Minor),
        (fields(json!([b, a])), Bump::Minor),
        (fields(json!([a, b, {"name": "c", "type": "int"}])), Bump::Minor),
        (json!({"llm": {"temperature": 0.6}}), Bump::Minor),
        (json!({"llm": {"temperature": null}}), Bump::Minor),
        (json!({"llm": null}), Bump::Minor),
        (json!({"stt": {"provider": "local"}}), Bump::Minor),
        (json!({"tts": {"voice": "awb"}}), Bump::Minor),
        (json!({"tools": []}), Bump::Minor),
        (json!({"extends": "desk"}), Bump::Minor),
        (json!({"prompt": {"instructions": "Help more."}}), Bump::Minor),
        (json!({"context": {"hours": "9 to 5"}}), Bump::Minor),
        (json!({"webhooks": [{"url": "https://x"}]}), Bump::Minor),
        (json!({"prompt": {"greeting": "Hello"}}), Bump::Patch),
        (json!({"prompt": {"greeting": null}}), Bump::Patch),
        (json!({"context": {"company": "Other"}}), Bump::Patch),
        (json!({"context": null}), Bump::Patch),
        (json!({"traits": {"humor": 90}}), Bump::Patch),
        (json!({"limits": {"max_duration_s": 61}}), Bump::Patch),
        (json!({"metadata": {"status": "inactive", "tags": []}}), Bump::Patch),
        (json!({"name": "Grace"}), Bump::Patch),
        (json!({}), Bump::Patch),
        // The most that any part of a change means counts.
        (json!({"name": "Grace", "type": "workflow", "tools": []}), Bump::Major),
    ] {
        assert_eq!(means(&patch), expected, "{patch}");
    }
}

#[test]
fn versions_are_compared_as_numbers() {
    let sorted = ["0.0.9", "0.9.0", "0.10.0", "1.0.0", "1.0.1", "1.9.9", "1.10.0", "2.0.0", "10.0.0"];
    let versions: Vec<Semver> = sorted.iter().map(|text| text.parse().unwrap()).collect();
    assert!(versions.is_sorted());
    assert_eq!(Semver::FIRST.to_string(), "1.0.0");
    let most: Semver = "4294967295.4294967295.4294967295".parse().unwrap();
    assert_eq!(most.bumped(Bump::Patch), most);
}

#[test]
fn a_version_is_a_text_in_json() {
    let version: Semver = serde_json::from_value(json!("1.2.3")).unwrap();
    assert_eq!(serde_json::to_value(version).unwrap(), json!("1.2.3"));
    for wrong in [json!("1.2"), json!(1.2), json!(null), json!({"major": 1, "minor": 2, "patch": 3})] {
        let error = serde_json::from_value::<Semver>(wrong.clone()).unwrap_err().to_string();
        assert!(!wrong.is_string() || error.contains("1.4.0"), "{error}");
    }
}

proptest! {
    #[test]
    fn any_two_documents_have_a_bump(old in crate::diff::tests::documents(), new in crate::diff::tests::documents()) {
        let fields = json!({"output_schema": {"fields": old}, "type": new});
        let _ = (bump(&old, &new), bump(&fields, &new), bump(&old, &fields));
        prop_assert_eq!(bump(&fields, &fields), Bump::Patch);
    }
}
