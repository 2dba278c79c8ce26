use super::*;
use crate::validate::{self, Severity};
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 9] = [
    "creativity",
    "empathy",
    "assertiveness",
    "humor",
    "formality",
    "verbosity",
    "confidence",
    "technicality",
    "safety",
];

fn agent(more: &Value) -> Agent {
    let mut document = json!({"name": "Ada", "prompt": {"instructions": "Answer the phone of {{ company }}."}});
    json_patch::merge(&mut document, more);
    serde_json::from_value(document).unwrap()
}

/// Compares with what a model was told before; `UPDATE_GOLDEN=1` writes what it is told now.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/instructions").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; UPDATE_GOLDEN=1 rewrites it", path.display());
}

#[test]
fn without_identity_and_with_usual_traits_there_are_the_instructions_alone() {
    assert_eq!(template(&agent(&json!({}))), "Answer the phone of {{ company }}.");
    let nearly = json!({"traits": {"empathy": 45, "confidence": 75}, "identity": {"full_description": "For us."}});
    assert_eq!(template(&agent(&nearly)), "Answer the phone of {{ company }}.");
    let spaced = "\n  Two lines,\n\tas they stand.  \n";
    assert_eq!(template(&agent(&json!({"prompt": {"instructions": spaced}}))), spaced);
    assert_eq!(template(&agent(&json!({"prompt": {"instructions": ""}}))), "");
}

#[test]
fn identity_and_telling_traits_stand_before_the_instructions() {
    let told = agent(&json!({
        "identity": {
            "character_role": "Ada, the receptionist of {{ company }}.",
            "mission": "Nobody hangs up without an answer.",
            "interaction_style": "Warm and quick."
        },
        "traits": {"empathy": 95, "verbosity": 10, "humor": 30, "safety": 90},
        "context": {"company": "Acme"},
    }));
    golden("receptionist.txt", &render(&told).unwrap());
}

#[test]
fn an_intake_agent_and_a_guide_are_told_what_they_are_like() {
    let intake = agent(&json!({
        "identity": {"character_role": "an intake coach", "mission": "Learn what people want to reach."},
        "traits": {"empathy": 95, "assertiveness": 40, "safety": 90},
        "prompt": {"instructions": "Ask for one goal at a time. So far: {{ output.goals }}"},
        "output_schema": {"fields": [{"name": "reply", "type": "str", "use_in_tts": true}, {"name": "goals", "type": "list[str]"}]},
    }));
    golden("intake.txt", &render(&intake).unwrap());
    let guide = agent(&json!({
        "identity": {"interaction_style": "Slow, calm, with pauses."},
        "traits": {"creativity": 80, "empathy": 90, "confidence": 85, "safety": 95},
        "prompt": {"instructions": "Guide through ten minutes of rest."},
    }));
    golden("guide.txt", &render(&guide).unwrap());
}

#[test]
fn every_trait_has_words_for_five_bands_and_none_for_its_usual_one() {
    let mut lines = Vec::new();
    for name in NAMES {
        for (least, most) in [(0, 20), (21, 40), (41, 60), (61, 80), (81, 100)] {
            let told = |value: u32| template(&agent(&json!({"traits": {name: value}, "prompt": {"instructions": ""}})));
            assert_eq!(told(least), told(most), "{name} {least}-{most}");
            lines.push(format!("{name} {least}-{most}: {}\n", told(least)));
        }
    }
    golden("traits.txt", &lines.concat());
    assert_eq!(lines.iter().filter(|line| line.ends_with(": \n")).count(), NAMES.len());
    let phrases: std::collections::BTreeSet<&str> =
        lines.iter().filter_map(|line| line.split_once(": ")).map(|(_, said)| said).collect();
    assert_eq!(phrases.len(), 4 * NAMES.len() + 1);
}

#[test]
fn traits_are_named_in_one_order_whatever_order_they_are_given_in() {
    let all = |names: &mut dyn Iterator<Item = &str>| {
        let traits: Value = Value::Object(names.map(|name| (name.to_owned(), json!(0))).collect());
        template(&agent(&json!({ "traits": traits })))
    };
    assert_eq!(all(&mut NAMES.into_iter()), all(&mut NAMES.into_iter().rev()));
}

#[test]
fn what_cannot_be_rendered_says_why() {
    let error = render(&agent(&json!({"context": {"compny": "Acme"}}))).unwrap_err().to_string();
    assert_eq!(error, "unknown variable `company` (known: compny); did you mean `compny`?");
    assert!(render(&agent(&json!({"prompt": {"instructions": "{{ x"}}))).is_err());
}

#[test]
fn answers_so_far_are_empty_at_first() {
    let fields = json!({"fields": [{"name": "score", "type": "int"}]});
    let told = |context: Value| {
        let text = "Score: [{{ output.score }}]";
        render(&agent(&json!({"prompt": {"instructions": text}, "output_schema": fields, "context": context}))).unwrap()
    };
    assert_eq!(told(json!({})), "Score: []");
    assert_eq!(told(json!({"output": {"score": 7}})), "Score: [7]");
}

proptest! {
    /// What was checked can be rendered.
    #[test]
    fn a_contract_that_passed_renders(
        texts in proptest::collection::vec("[{} a-c.]{0,16}", 4), context in crate::diff::tests::documents(), value in 0u8..=100,
    ) {
        let document = json!({
            "name": "A", "type": "conversational", "behaviour": {"component": "c"},
            "context": if context.is_object() { context } else { json!({"a": context}) },
            "identity": {"character_role": texts[0], "mission": texts[1], "interaction_style": texts[2]},
            "traits": {"humor": value},
            "prompt": {"instructions": texts[3]},
        });
        match validate::agent(&document, &[], &["c"]) {
            Ok(checked) => prop_assert!(render(&checked.agent).is_ok(), "{:?}", render(&checked.agent)),
            Err(faults) => prop_assert!(faults.iter().any(|fault| fault.severity == Severity::Error)),
        }
    }
}
