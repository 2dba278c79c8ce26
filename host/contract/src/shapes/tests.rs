use super::secrets::is_secret;
use super::*;
use crate::agent::Agent;
use crate::layers::{Layer, merge};
use crate::validate;
use proptest::prelude::*;

const TOOLS: &[&str] = &["end_call", "save_data"];
const SAMPLES: [(&str, Shape); 5] = [
    ("env.env", Shape::Env),
    ("phone.json", Shape::Phone),
    ("factory.json", Shape::Factory),
    ("dynamic.json", Shape::Dynamic),
    ("persona.json", Shape::Persona),
];

fn golden(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/shapes").join(name)
}

fn sample(name: &str) -> Value {
    Value::String(std::fs::read_to_string(golden(name)).unwrap())
}

/// Compares with what was made before; `UPDATE_GOLDEN=1` writes what is made now.
fn same(name: &str, made: &Value) {
    let (path, text) = (golden(name), format!("{made:#}\n"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}

fn read(source: &Value) -> Imported {
    let mut imported = import(source, None, TOOLS).unwrap();
    let whole = imported.document.clone();
    imported.complete(&whole);
    imported
}

fn write(document: &Value, shape: Shape, id: &str, semver: Semver) -> Exported {
    let checked = validate::agent(document, TOOLS, &["conversation"]).unwrap();
    let effective = merge([(Layer::Agent, document)]).with_defaults(&checked.agent);
    export(&Written { id, semver, own: document, effective: &effective }, shape)
}

#[test]
fn each_sample_becomes_a_sound_agent_and_nothing_is_lost_in_silence() {
    for (name, shape) in SAMPLES {
        let source = sample(name);
        let imported = read(&source);
        assert_eq!(imported.shape, shape, "{name}");
        let checked = validate::agent(&imported.document, TOOLS, &["conversation"]);
        assert!(checked.is_ok(), "{name}: {checked:?}");
        let secrets: Vec<_> = imported.secrets.iter().map(|(name, value)| json!([name, value])).collect();
        let entries = &imported.entries;
        let shown =
            json!({"document": imported.document, "version": imported.semver, "secrets": secrets, "entries": entries});
        same(&format!("{}.imported.json", shape.name()), &shown);
        let source = if shape == Shape::Env {
            Value::Object(env::parse(source.as_str().unwrap()).unwrap())
        } else {
            serde_json::from_str(source.as_str().unwrap()).unwrap()
        };
        for leaf in leaves(&source, "") {
            assert!(told(&imported, &leaf), "{name}: nobody says what became of {leaf}");
        }
        let text = imported.document.to_string();
        assert!(!text.contains("test-00"), "{name}: a secret is in the contract");
    }
}

/// The places of everything that says something.
fn leaves(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| leaves(value, &crate::diff::child(at, name))).collect()
        }
        _ => vec![at.to_owned()],
    }
}

fn told(imported: &Imported, leaf: &str) -> bool {
    let holds =
        |from: &str| leaf == from || leaf.starts_with(&format!("{from}/")) || from.starts_with(&format!("{leaf}/"));
    imported.entries.iter().any(|entry| !entry.from.is_empty() && holds(&entry.from))
}

#[test]
fn what_was_imported_is_the_same_when_it_was_written_and_read_again() {
    for (name, shape) in SAMPLES {
        let first = read(&sample(name));
        let semver = first.semver.unwrap_or(Semver::FIRST);
        let written = write(&first.document, shape, "9f1c", semver);
        same(
            &format!("{}.exported.json", shape.name()),
            &json!({"content": written.content, "entries": written.entries}),
        );
        let second = read(&written.content);
        let only = |imported: &Imported| {
            let mut document = imported.document.clone();
            // The id that it has here is new to a source that had none.
            if let Some(notes) = document.pointer_mut(&format!("/metadata/notes/{}", shape.name())) {
                notes
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, id| !(name == "agent_id" || name == "id") || *id != "9f1c");
            }
            serde_json::from_value::<Agent>(document).unwrap()
        };
        assert_eq!(only(&first), only(&second), "{name}");
        assert_eq!(second.shape, shape);
    }
}

#[test]
fn our_own_shape_comes_back_exactly() {
    let own = json!({
        "tools": ["end_call"],
        "name": "Ada",
        "prompt": {"instructions": "Be {{ mood }}. {{{{", "greeting": "Hi"},
        "context": {"z": null, "mood": "kind", "a": [1, {"b": 2.50}]},
        "extends": "receptionist",
        "limits": {}
    });
    let effective = merge([(Layer::Agent, &own)]);
    let written =
        export(&Written { id: "x", semver: Semver::FIRST, own: &own, effective: &effective }, Shape::Trunkline);
    assert_eq!(written.content.to_string(), own.to_string());
    for source in [written.content.clone(), Value::String(written.content.to_string())] {
        let read = import(&source, None, &[]).unwrap();
        assert_eq!((read.shape, read.document.to_string()), (Shape::Trunkline, own.to_string()));
        assert!(read.entries.is_empty() && read.secrets.is_empty());
    }
}

#[test]
fn a_contract_is_told_in_each_shape_with_what_has_no_place_there() {
    let own = json!({
        "name": "Ada", "prompt": {"instructions": "Work for {{ company }}.", "busy": "Later, please."},
        "context": {"company": "Acme"}, "llm": {"provider": "openai", "model": "gpt-4o"},
        "stt": {"provider": "local"}, "tts": {"provider": "elevenlabs", "voice": "v", "speed": 0.9},
        "tools": ["end_call"], "limits": {"max_duration_s": 60}
    });
    for shape in Shape::ALL.into_iter().skip(1) {
        let written = write(&own, shape, "9f1c", Semver::FIRST);
        let dropped: Vec<&str> = written
            .entries
            .iter()
            .filter(|entry| entry.outcome == Outcome::Dropped)
            .map(|entry| &*entry.from)
            .collect();
        for lost in ["/prompt/busy", "/stt/provider", "/limits/max_duration_s"] {
            let expected = lost != "/stt/provider" || shape != Shape::Phone;
            assert!(!expected || dropped.contains(&lost), "{shape:?}: {dropped:?}");
        }
        assert!(
            !dropped.contains(&"/name") && (shape == Shape::Persona || !dropped.contains(&"/prompt/instructions")),
            "{shape:?}: {dropped:?}"
        );
        let text = written.content.to_string();
        let words = if shape == Shape::Phone { "Work for {{ company }}." } else { "Work for Acme." };
        assert!(shape == Shape::Persona || text.contains(words), "{text}");
    }
}

#[test]
fn faults_stand_where_the_source_has_them() {
    let source = json!({"llm_config": {"provider": "openai", "model": "m", "temperature": 3}, "name": "x",
        "schema_config": {"fields": [{"field_name": "a", "field_type": "str", "constraints": {"ge": 1}}]}});
    let imported = read(&source);
    let faults = validate::agent(&imported.document, TOOLS, &["conversation"]).unwrap_err();
    let places: Vec<String> = faults.iter().map(|fault| imported.source_of(&fault.pointer)).collect();
    assert!(places.contains(&"/llm_config/temperature".to_owned()), "{places:?}");
    assert!(places.contains(&"/schema_config/fields/0/constraints/ge".to_owned()), "{places:?}");
}

#[test]
fn what_is_no_agent_is_refused_with_the_place() {
    for (source, shape, code, part) in [
        (json!([{}]), None, "type", "one by one"),
        (json!(7), None, "type", "an agent is a JSON object"),
        (json!("{\"a\": }"), None, "json", "line 1"),
        (json!("not an env file"), None, "env", "line 1: `not an env file` is no variable"),
        (json!("A=1\n\nB-C=2"), None, "env", "line 3: `B-C` is no name"),
        (json!("A=1\nB=\"open\nand on"), None, "env", "line 2: the quote of `B` is not closed"),
        (json!("PORT=80"), None, "env", "describe no agent (known: AGENT_NAME, SYSTEM_PROMPT,"),
        (json!(""), None, "env", "describe no agent"),
        (json!("A='x' y"), None, "env", "`y` stands behind"),
        (json!("A=1"), Some(Shape::Phone), "json", "not JSON"),
    ] {
        let fault = import(&source, shape, &[]).unwrap_err();
        assert!(fault.code == code && fault.message.contains(part), "{source}: {fault:?}");
    }
}

#[test]
fn a_line_of_an_environment_file_means_what_stands_there() {
    for (text, value) in [
        ("A=b", "b"),
        ("A = b c # d", "b c"),
        ("export A=b#c", "b#c"),
        ("A=# all of it", ""),
        ("A=", ""),
        ("A='$HOME \\n' # x", "$HOME \\n"),
        ("A=\"a\\nb\\\"c\\q\"", "a\nb\"c\\q"),
        ("A=\"a\nb\"", "a\nb"),
        ("A=$HOME", "$HOME"),
        ("\u{feff}# x\r\n\r\nA=b\r\n", "b"),
        ("A=1\nA=2", "2"),
    ] {
        assert_eq!(env::parse(text).unwrap()["A"], value, "{text:?}");
    }
}

#[test]
fn names_that_hide_something_are_known() {
    for name in [
        "api_key",
        "OPENAI_API_KEY",
        "apiKey",
        "authToken",
        "accessToken",
        "AUTH_TOKEN",
        "client_secret",
        "clientSecret",
        "token",
        "access-token",
        "bearer",
        "pwd",
        "passphrase",
        "deepgram_key",
        "signingKey",
        "api_keys",
        "passwords",
        "secrets",
        "credentials",
        "refreshTokens",
    ] {
        assert!(is_secret(name), "{name}");
    }
    for name in
        ["max_tokens", "maxTokens", "max_completion_tokens", "secretary_name", "tokenizer", "keyterms", "monkey", "key"]
    {
        assert!(!is_secret(name), "{name}");
    }
}

#[test]
fn whatever_form_a_secret_has_it_is_in_no_contract_and_in_no_report() {
    let hidden = [
        json!("HIDDEN"),
        json!(["HIDDEN", "HIDDEN"]),
        json!({"openai": "HIDDEN", "more": {"x": ["HIDDEN"]}}),
        json!([{"x": "HIDDEN"}]),
        json!(4_711_471_147_114_711_u64),
    ];
    for hidden in &hidden {
        for (shape, source) in [
            (Shape::Factory, json!({"name": "x", "llm_config": {"provider": "openai", "api_keys": hidden}})),
            (
                Shape::Factory,
                json!({"name": "x", "llm_config": {}, "apiKey": hidden, "list": [{"a": {"pwd": hidden}}]}),
            ),
            (
                Shape::Factory,
                json!({"name": "x", "llm_config": {"provider": {"password": hidden}}, "greeting": {"token": hidden}}),
            ),
            (
                Shape::Factory,
                json!({"name": "x", "llm_config": {}, "tools": [{"name": "end_call", "api_key": hidden}, {"name": "y", "secret": hidden}]}),
            ),
            (
                Shape::Phone,
                json!({"name": "x", "context_data": {"crm_api_key": hidden, "smtp": {"password": hidden, "host": "h"}, "all": [{"token": hidden}]}}),
            ),
            (
                Shape::Dynamic,
                json!({"agent_id": "x", "schema_config": {"fields": [{"field_name": "a", "field_type": "str", "default": {"token": hidden}, "metadata": {"apiKey": hidden}}]}}),
            ),
            (
                Shape::Persona,
                json!({"name": "x", "configuration": {"accessToken": hidden}, "metadata": {"tags": [{"secret": hidden}]}}),
            ),
        ] {
            let imported = import(&source, Some(shape), TOOLS).unwrap();
            let told = format!("{} {}", imported.document, serde_json::to_string(&imported.entries).unwrap());
            assert!(!told.contains("HIDDEN") && !told.contains("47114711"), "{source}: {told}");
            for leaf in leaves(&source, "") {
                assert!(super::tests::told(&imported, &leaf), "{source}: {leaf}");
            }
        }
    }
    let imported = import(
        &json!({"name": "x", "context_data": {"pin": 1, "crm_api_key": "k", "smtp": {"host": "h", "password": 7}}}),
        Some(Shape::Phone),
        TOOLS,
    )
    .unwrap();
    assert_eq!(imported.document["context"], json!({"pin": 1, "smtp": {"host": "h"}}), "the rest is kept");
    let named: Vec<_> = imported.secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(named, [("CONTEXT_DATA_CRM_API_KEY", "k"), ("CONTEXT_DATA_SMTP_PASSWORD", "7")]);
}

#[test]
fn what_is_said_of_a_tool_beside_its_name_is_kept_of_each_of_them() {
    let tools = json!([
        {"name": "save_data", "type": "builtin", "parameters": {"a": 1}},
        {"name": "lookup", "url": "a"},
        {"name": "lookup", "url": "b"},
    ]);
    let imported = import(&json!({"name": "x", "llm_config": {}, "tools": tools}), None, TOOLS).unwrap();
    assert_eq!(imported.document["tools"], json!(["save_data"]));
    let notes = imported.document["metadata"]["notes"].to_string();
    for kept in ["\"parameters\":{\"a\":1}", "\"url\":\"a\"", "\"url\":\"b\""] {
        assert!(notes.contains(kept), "{kept}: {notes}");
    }
}

proptest! {
    #[test]
    fn any_variables_come_back(values in proptest::collection::btree_map("[A-Z_][A-Z0-9_]{0,8}", "\\PC{0,20}|[\\\\\"'\n\r\t #$={}]{0,8}", 0..6)) {
        let members: Map<String, Value> = values.into_iter().map(|(name, value)| (name, value.into())).collect();
        prop_assert_eq!(env::parse(&env::text(&members)).unwrap(), members);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[A-Z=\"'#\\\\\n ]*") {
        let _ = import(&Value::String(text), None, &[]);
    }

    #[test]
    fn any_document_is_read_and_says_what_became_of_it(document in crate::diff::tests::documents(), shape in 1_usize..6) {
        if let (true, Ok(read)) = (document.is_object(), import(&document, Some(Shape::ALL[shape]), TOOLS)) {
            for leaf in leaves(&document, "") {
                prop_assert!(told(&read, &leaf), "{}", leaf);
            }
        }
    }
}
