//! Each bound of the contract: what is on it is accepted, what is beyond it is refused at the field itself.

use super::*;

/// A contract in which every section may stand.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = valid();
    let nested = pointer.rsplit('/').filter(|name| !name.is_empty()).fold(value, |inner, name| json!({ name: inner }));
    json_patch::merge(&mut document, &nested);
    document
}

fn codes(pointer: &str, value: Value) -> Vec<(String, String)> {
    let faults = check(&with(pointer, value)).err().unwrap_or_default();
    let errors = faults.into_iter().filter(|fault| fault.severity == Severity::Error);
    errors.map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn numbers_have_bounds() {
    let trait_names = ["creativity", "empathy", "assertiveness", "humor", "formality", "verbosity", "confidence"];
    let trait_names = trait_names.into_iter().chain(["technicality", "safety"]).map(|name| format!("/traits/{name}"));
    let whole = [
        ("/utc_offset_minutes", -720, 840),
        ("/llm/max_tokens", 50, 4_000),
        ("/llm/timeout_ms", 1_000, 60_000),
        ("/stt/stall_ms", 1_000, 60_000),
        ("/tts/stall_ms", 1_000, 60_000),
        ("/knowledge/top_k", 1, 20),
        ("/memory/k", 1, 20),
        ("/memory/thread_window", 5, 50),
        ("/limits/max_duration_s", 10, 14_400),
        ("/limits/max_tool_rounds", 1, 32),
        ("/turn/interruption/min_speech_ms", 20, 2_000),
        ("/turn/interruption/min_words", 0, 20),
        ("/turn/interruption/resume_after_ms", 200, 10_000),
        ("/turn/interruption/protect_greeting_ms", 0, 10_000),
        ("/turn/silence/after_ms", 1_000, 120_000),
    ];
    let whole = whole.map(|(at, least, most)| (at.to_owned(), least, most)).into_iter();
    for (at, least, most) in whole.chain(trait_names.map(|at| (at, 0, 100))) {
        for good in [least, most] {
            assert_eq!(codes(&at, json!(good)), [], "{at} = {good}");
        }
        for (bad, code) in [(json!(least - 1), "minimum"), (json!(most + 1), "maximum")] {
            assert_eq!(codes(&at, bad.clone()), [(at.clone(), code.to_owned())], "{at} = {bad}");
        }
        for bad in [json!("7"), json!(least as f64 + 0.5), json!(true)] {
            assert_eq!(codes(&at, bad.clone()), [(at.clone(), "type".to_owned())], "{at} = {bad}");
        }
    }
}

#[test]
fn fractions_have_bounds() {
    for (at, least, most, below, above) in [
        ("/llm/temperature", 0.0, 2.0, -0.1, 2.1),
        ("/tts/speed", 0.5, 2.0, 0.4, 2.1),
        ("/tts/stability", 0.0, 1.0, -0.1, 1.1),
        ("/tts/similarity_boost", 0.0, 1.0, -0.1, 1.1),
        ("/tracing/sample_rate", 0.0, 1.0, -0.1, 1.1),
        ("/limits/max_cost_usd", 0.001, 1_000.0, 0.000_9, 1_000.1),
    ] {
        for good in [json!(least), json!(most), json!(1)] {
            assert_eq!(codes(at, good.clone()), [], "{at} = {good}");
        }
        for (bad, code) in [(json!(below), "minimum"), (json!(above), "maximum"), (json!("1"), "type")] {
            assert_eq!(codes(at, bad.clone()), [(at.to_owned(), code.to_owned())], "{at} = {bad}");
        }
    }
}

#[test]
fn texts_have_lengths() {
    for (at, least, most) in [
        ("/name", 1, 100),
        ("/identity/short_description", 0, 200),
        ("/identity/full_description", 0, 5_000),
        ("/identity/character_role", 0, 500),
        ("/identity/mission", 0, 1_000),
        ("/identity/interaction_style", 0, 1_000),
        ("/prompt/instructions", 0, 100_000),
        ("/prompt/greeting", 1, 2_000),
        ("/prompt/fallback", 1, 500),
        ("/prompt/busy", 1, 500),
        ("/prompt/goodbye", 1, 500),
        ("/llm/model", 1, 200),
        ("/stt/model", 1, 200),
        ("/tts/model", 1, 200),
        ("/tts/voice", 1, 200),
        ("/metadata/owner", 0, 200),
    ] {
        // Characters count, not bytes.
        for good in ["ä".repeat(least), "ä".repeat(most)] {
            assert_eq!(codes(at, json!(good)), [], "{at}, {} characters", good.chars().count());
        }
        assert_eq!(codes(at, json!("x".repeat(most + 1))), [(at.to_owned(), "max-length".to_owned())]);
        if least > 0 {
            assert_eq!(codes(at, json!("")), [(at.to_owned(), "min-length".to_owned())]);
        }
        assert_eq!(codes(at, json!(7)), [(at.to_owned(), "type".to_owned())]);
    }
}

/// Makes the nth item.
type Make<'a> = &'a dyn Fn(usize) -> Value;

#[test]
fn lists_have_lengths() {
    let hook = |n: usize| json!({"url": format!("https://example.com/{n}")});
    let field = |n: usize| json!({"name": format!("f{n}"), "type": "str", "use_in_tts": n == 0});
    let text = |n: usize| json!(format!("t{n}"));
    let many = |n: usize, one: Make<'_>| Value::Array((0..n).map(one).collect());
    let lists: [(&str, usize, Make<'_>); 6] = [
        ("/webhooks", 10, &hook),
        ("/output_schema/fields", 64, &field),
        ("/stt/keyterms", 100, &text),
        ("/turn/interruption/ignore", 100, &text),
        ("/turn/silence/prompts", 10, &text),
        ("/metadata/tags", 50, &text),
    ];
    for (at, most, one) in lists {
        assert_eq!(codes(at, many(0, one)), [], "{at}");
        assert_eq!(codes(at, many(most, one)), [], "{at}");
        assert_eq!(codes(at, many(most + 1, one)), [(at.to_owned(), "max-items".to_owned())]);
    }
}

#[test]
fn names_and_addresses_have_a_form() {
    let long = "a".repeat(64);
    for (at, good, bad) in [
        ("/extends", vec!["receptionist", "a", "2nd-line"], vec!["", "Desk", "-a", "a_b", "a b", long.as_str()]),
        ("/locale", vec!["de", "en-US", "zh-Hant-TW"], vec!["", "e", "en_US", "english language"]),
        ("/llm/base_url", vec!["http://127.0.0.1:1/v1", "https://x"], vec!["ftp://x", "x", ""]),
    ] {
        for text in good {
            assert_eq!(codes(at, json!(text)), [], "{at} = {text}");
        }
        for text in bad {
            assert_eq!(codes(at, json!(text)), [(at.to_owned(), "pattern".to_owned())], "{at} = {text}");
        }
    }
    for url in ["ftp://example.com", "example.com", "https://", "https://a b"] {
        let at = ("/webhooks/0/url".to_owned(), "pattern".to_owned());
        assert_eq!(codes("/webhooks", json!([{"url": url}])), [at], "{url}");
    }
    for name in ["", "1a", "a-b", "ä", "a".repeat(65).as_str()] {
        let field = json!([{"name": name, "type": "str", "use_in_tts": true}]);
        let at = ("/output_schema/fields/0/name".to_owned(), "pattern".to_owned());
        assert_eq!(codes("/output_schema/fields", field), [at], "{name}");
    }
}

#[test]
fn names_out_of_a_list_are_told_with_the_list() {
    for (at, value, allowed) in [
        ("/type", json!("chat"), vec!["conversational", "voice", "workflow", "autonomous"]),
        ("/llm/provider", json!("opnai"), vec!["builtin", "openai"]),
        ("/stt/provider", json!("whisper"), vec!["deepgram", "local"]),
        ("/tts/provider", json!("polly"), vec!["elevenlabs", "local"]),
        ("/realtime", json!({"provider": "x", "model": "m"}), vec!["openai"]),
        ("/tracing/provider", json!("x"), vec!["langfuse"]),
        ("/turn/endpointing/strategy", json!("magic"), vec!["vad", "adaptive"]),
        ("/metadata/status", json!("gone"), vec!["active", "inactive", "archived"]),
        ("/webhooks", json!([{"url": "https://x", "events": ["call.began"]}]), vec!["call.ended", "call.result"]),
    ] {
        let faults = check(&with(at, value)).unwrap_err();
        let faults: Vec<Fault> = faults.into_iter().filter(|fault| fault.severity == Severity::Error).collect();
        let [fault] = faults.as_slice() else { panic!("{at}: {faults:?}") };
        assert!(fault.pointer.starts_with(at) && ["enum", "const"].contains(&fault.code.as_str()), "{fault:?}");
        assert!(allowed.iter().all(|name| fault.message.contains(name)), "{}", fault.message);
    }
}
