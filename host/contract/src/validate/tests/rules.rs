//! What a schema cannot say, one row for each rule.

use super::*;

fn told(patch: &Value) -> Vec<(String, String, Severity)> {
    let mut document = valid();
    json_patch::merge(&mut document, patch);
    let faults = match check(&document) {
        Ok(checked) => checked.warnings,
        Err(faults) => faults,
    };
    faults.into_iter().map(|fault| (fault.pointer, fault.code, fault.severity)).collect()
}

fn spoken() -> Value {
    json!({"fields": [{"name": "reply", "type": "str", "use_in_tts": true}, {"name": "score", "type": "int"}]})
}

#[test]
fn each_rule_has_its_pointer_and_code() {
    use Severity::{Error, Warning};
    let quiet = json!({"fields": [{"name": "score", "type": "int"}]});
    for (patch, expected) in [
        (json!({"stt": null}), vec![("/stt", "missing", Error)]),
        (json!({"tts": null}), vec![("/tts", "missing", Error)]),
        (json!({"stt": null, "tts": null}), vec![("/stt", "missing", Error), ("/tts", "missing", Error)]),
        (json!({"type": "conversational", "stt": null, "tts": null}), vec![]),
        (json!({"type": "workflow", "stt": null, "tts": null}), vec![]),
        (json!({"llm": null}), vec![("/llm", "missing", Error)]),
        (json!({"llm": {"model": null}}), vec![("/llm/model", "missing", Error)]),
        (json!({"llm": {"provider": "builtin", "model": null}}), vec![]),
        (json!({"tts": {"voice": null}}), vec![("/tts/voice", "missing", Error)]),
        (json!({"tts": {"provider": "local", "voice": null}}), vec![]),
        (json!({"tools": ["end_call", "end_call"]}), vec![("/tools/1", "duplicate", Error)]),
        (json!({"tools": ["fly"]}), vec![("/tools/0", "unknown-tool", Error)]),
        (json!({"behaviour": {"component": "other"}}), vec![("/behaviour/component", "unknown-component", Error)]),
        (json!({"turn": {"endpointing": {"min_ms": 2_600}}}), vec![("/turn/endpointing/min_ms", "range", Error)]),
        (json!({"turn": {"endpointing": {"min_ms": 700, "max_ms": 700}}}), vec![]),
        (json!({"output_schema": spoken()}), vec![]),
        (json!({"output_schema": quiet}), vec![("/output_schema/fields", "spoken", Error)]),
        (json!({"output_schema": quiet, "type": "conversational"}), vec![]),
        (
            json!({"output_schema": spoken(), "llm": {"provider": "builtin", "model": null}}),
            vec![("/output_schema", "unsupported", Error)],
        ),
        (json!({"prompt": {"instructions": "  "}}), vec![("/prompt/instructions", "empty", Warning)]),
        (json!({"llm": {"model": "o1-pro"}}), vec![("/llm/model", "not-streaming", Warning)]),
        (json!({"llm": {"model": "o3-pro-2025-06-10"}}), vec![("/llm/model", "not-streaming", Warning)]),
        (json!({"llm": {"model": "o1"}}), vec![]),
        (json!({"tts": {"model": "eleven_v3"}}), vec![("/tts/model", "not-telephone", Warning)]),
        (json!({"tts": {"model": "eleven_flash_v2_5"}}), vec![]),
        (json!({"tts": {"model": "eleven_v3"}, "type": "conversational"}), vec![]),
        (json!({"memory": {"enabled": true}}), vec![("/memory/enabled", "not-active", Warning)]),
        (json!({"memory": {"thread_window": 7}}), vec![]),
        (json!({"tracing": {"enabled": true}}), vec![("/tracing/enabled", "not-active", Warning)]),
        (
            json!({"realtime": {"provider": "openai", "model": "gpt-realtime"}}),
            vec![("/realtime", "not-active", Warning)],
        ),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(at, code, how)| (at.to_owned(), code.to_owned(), how)).collect();
        assert_eq!(told(&patch), expected, "{patch}");
    }
}

#[test]
fn every_text_that_is_a_template_is_checked() {
    for at in [
        "/prompt/instructions",
        "/prompt/greeting",
        "/prompt/fallback",
        "/prompt/busy",
        "/prompt/goodbye",
        "/identity/character_role",
        "/identity/mission",
        "/identity/interaction_style",
    ] {
        let (section, name) = at[1..].split_once('/').unwrap();
        for (text, good) in [
            ("{{ company }}", true),
            ("{{company}} {{{{ nobody }}", true),
            ("{{ nobody }}", false),
            ("{{ company.inner }}", false),
            ("{{ }}", false),
            ("{{ company", false),
        ] {
            let expected: Vec<_> =
                Some((at.to_owned(), "template".to_owned(), Severity::Error)).filter(|_| !good).into_iter().collect();
            assert_eq!(told(&json!({ section: { name: text } })), expected, "{at}: {text}");
        }
    }
    // These are read by people, and never rendered.
    assert_eq!(told(&json!({"identity": {"short_description": "{{ x", "full_description": "{{ x }}"}})), []);
}

#[test]
fn only_what_the_model_reads_may_use_the_answers_so_far() {
    let text = "{{ output.score }}";
    for (patch, good) in [
        (json!({"prompt": {"instructions": text}}), true),
        (json!({"identity": {"mission": text}}), true),
        (json!({"prompt": {"greeting": text}}), false),
        (json!({"prompt": {"goodbye": text}}), false),
    ] {
        let mut whole = patch.clone();
        whole["output_schema"] = spoken();
        assert_eq!(told(&whole).is_empty(), good, "{patch}");
        // Without the field, whoever uses it is at fault.
        whole["output_schema"] = json!({"fields": [{"name": "reply", "type": "str", "use_in_tts": true}]});
        let faults = told(&whole);
        assert_eq!(faults.len(), 1, "{patch}");
        assert!(patch.pointer(&faults[0].0).is_some_and(|found| found == text), "{faults:?}");
    }
    // A context with an `output` of its own keeps it.
    assert_eq!(told(&json!({"context": {"output": {"score": 3}}, "prompt": {"greeting": text}})), []);
}
