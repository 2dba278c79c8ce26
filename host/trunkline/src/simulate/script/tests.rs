use super::*;
use proptest::prelude::*;
use serde_json::json;

fn parse(text: &str) -> Result<Script, Vec<Fault>> {
    Script::parse(text, Path::new("/scripts"))
}

fn faults(text: &str) -> Vec<String> {
    parse(text).unwrap_err().iter().map(ToString::to_string).collect()
}

const WHOLE: &str = r#"
agent = "Survey"
voice = "slt"
pause_ms = 800

[[step]]
expect = "do you have a minute"

[[step]]
say = "Yes."
expect = ["how old", "/years?/"]
expect_not = "good-bye"

[[step]]
wav = "forty-two.wav"
say = "Forty-two."
interrupt_after_ms = 400
expect_result = { age = 42, name = "/smith/" }

[[step]]
digits = "1#"
wait = 0x3e8

[[step]]
hang_up = true
wait = "silence"

[end]
expect_reason = "caller-hangup"
expect_result = { done = true }
"#;

#[test]
fn a_script_says_what_the_caller_does_and_what_is_expected() {
    let script = parse(WHOLE).unwrap();
    assert_eq!((script.agent.as_deref(), script.pause_ms, script.patience_ms), (Some("Survey"), Some(800), None));
    let acts: Vec<&Act> = script.steps.iter().map(|step| &step.act).collect();
    let wav = Act::Play(PathBuf::from("/scripts/forty-two.wav"), Some("Forty-two.".into()));
    assert_eq!(acts, [&Act::Listen, &Act::Say("Yes.".into()), &wav, &Act::Digits("1#".into()), &Act::HangUp]);
    let begins: Vec<Begin> = script.steps.iter().map(|step| step.begin).collect();
    let expected = [Begin::Silence, Begin::Silence, Begin::Interrupting(400), Begin::After(1_000), Begin::Silence];
    assert_eq!(begins, expected);
    assert_eq!(script.steps[1].line, 9);
    assert_eq!(script.steps[1].expect.len(), 2);
    assert_eq!(Value::Object(script.steps[2].expect_result.clone()), json!({"age": 42, "name": "/smith/"}));
    assert_eq!(script.end.expect_reason.as_deref(), Some("caller-hangup"));
}

#[test]
fn a_typo_names_its_place_and_the_nearest_key() {
    assert_eq!(
        faults("[[step]]\nsay = \"a\"\n\n[[step]]\n  syy = \"b\"\n"),
        [
            "line 5, column 3: `syy` is no key of a step; did you mean `say`? (allowed: say, wav, digits, hang_up, wait, \
          interrupt_after_ms, expect, expect_not, expect_result)"
        ]
    );
    let text = "agnet = \"a\"\n[[step]]\nsay = \"a\"\nexpects = \"b\"\nhangup = true\n[end]\nreason = \"x\"\n";
    let found = faults(text);
    let hints = ["`agent`", "`expect`", "`hang_up`", "`expect_reason`"];
    assert_eq!(found.len(), hints.len(), "{found:#?}");
    for (fault, hint) in found.iter().zip(hints) {
        assert!(fault.contains(&format!("did you mean {hint}?")), "{fault}");
    }
}

#[test]
fn a_key_that_is_like_no_other_gets_no_hint() {
    assert!(faults("[[step]]\nqqqq = 1\n")[0].contains("`qqqq` is no key of a step (allowed: say"));
}

#[test]
fn all_faults_are_told_at_once_in_their_order() {
    let text = "pause_ms = -1\n[[step]]\nsay = \"\"\nwait = \"loud\"\n[[step]]\nsay = \"a\"\ndigits = \"1x\"\n\
        [[step]]\nexpect = \"/(/\"\n[[step]]\nwait = 1\ninterrupt_after_ms = 2\n[[step]]\nsay = 7\n";
    let found = faults(text);
    let expected = [
        "line 1, column 12: `pause_ms` is a number of milliseconds, 0 to 600000",
        "line 3, column 7: `say` is empty",
        "line 4, column 8: `wait` is \"silence\", or a number of milliseconds, 0 to 600000",
        "line 5, column 1: a step does one thing: keep one of `say` (or `wav`), `digits` and `hang_up`",
        "line 7, column 10: `x` is no key of a telephone (allowed: 0-9, *, #, A-D)",
        "line 9, column 10: `expect` is no regular expression: unclosed group",
        "line 10, column 1: `wait` and `interrupt_after_ms` exclude each other: keep one",
        "line 14, column 7: `say` is a text in quotes, found integer",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_toml_is_said_with_its_place() {
    let found = faults("[[step]]\nsay = \"a\nexpect = b\n");
    assert!(found[0].starts_with("line 2, column "), "{found:?}");
    assert!(faults("")[0].contains("there are no steps"));
    assert!(faults("[step]\nsay = \"a\"")[0].contains("write [[step]]"));
    assert!(faults("step = [1]")[0].contains("write [[step]]"));
    assert!(faults("end = 1\n[[step]]\nsay=\"a\"")[0].contains("write [end]"));
}

#[test]
fn words_are_found_without_regard_to_case_and_blanks() {
    let table = [
        ("open at NINE", "We  open\nat nine.", true),
        ("noon", "We open at nine.", false),
        ("/at (nine|ten)\\./", "We open at Ten.", true),
        ("/^nine/", "We open at nine.", false),
        ("/", "a/b", true),
    ];
    for (pattern, text, fits) in table {
        assert_eq!(Pattern::parse(pattern).unwrap().fits(text), fits, "{pattern} in {text}");
    }
    assert!(Pattern::parse(" ").is_err());
}

#[test]
fn only_what_is_expected_of_a_result_is_compared() {
    let object = |value: Value| value.as_object().unwrap().clone();
    let expected = object(json!({"age": 42, "name": "/^smith/", "a": {"b": [1, 2]}, "gone": true}));
    let found = object(json!({"age": 42.0, "name": "Smith, J.", "a": {"b": [1, 3], "c": 0}, "more": 1}));
    assert_eq!(
        differences(&expected, &found),
        ["`a.b` is [1,3], expected [1,2]", "`gone` is not there, expected true"]
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_places(text in "\\PC{0,200}") {
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn anything_that_looks_like_a_script_is_read_or_refused(
        keys in prop::collection::vec((prop::sample::select(STEP.to_vec()), "[\"/\\[\\]{}=a-z0-9., ]{0,12}"), 0..6),
    ) {
        let lines: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let _ = parse(&format!("[[step]]\n{lines}"));
        let quoted: String = keys.iter().map(|(key, value)| format!("{key} = {value:?}\n")).collect();
        let _ = parse(&format!("[[step]]\n{quoted}"));
    }
}
