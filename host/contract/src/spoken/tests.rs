use super::*;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn spoken(answer: &str) -> String {
    SpokenField::new("reply").push(answer)
}

/// What is said when the answer comes in pieces that end at `cuts`, counted in letters.
fn in_pieces(answer: &str, cuts: &[usize]) -> String {
    let mut field = SpokenField::new("reply");
    let mut said = String::new();
    let letters: Vec<char> = answer.chars().collect();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (letters.len() + 1)).chain([0, letters.len()]).collect();
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        said.push_str(&field.push(&letters[pair[0]..pair[1]].iter().collect::<String>()));
    }
    said
}

/// The same JSON with every letter of its texts that can be escaped written as UTF-16 escapes.
fn escaped(json: &str) -> String {
    let unit = |unit: &u16| format!("\\u{unit:04x}");
    let letter = |c: char| match c {
        c if c.is_ascii() && !c.is_ascii_alphabetic() => c.to_string(),
        c => c.encode_utf16(&mut [0; 2]).iter().map(unit).collect(),
    };
    let mut out = String::new();
    let (mut inside, mut behind) = (false, false);
    for c in json.chars() {
        match (inside, behind, c) {
            (true, false, '\\') => (behind, out) = (true, out + "\\"),
            (true, true, c) => (behind, out) = (false, out + &c.to_string()),
            (_, _, '"') => (inside, out) = (!inside, out + "\""),
            (true, _, c) => out.push_str(&letter(c)),
            (false, _, c) => out.push(c),
        }
    }
    out
}

#[test]
fn the_field_is_found_wherever_it_stands() {
    for answer in [
        r#"{"reply": "Hello, \"you\".\n"}"#,
        r#"  {"mood": {"reply": "no"}, "list": ["reply", "no"], "n": 1, "reply":"Hello, \u0022you\".\n", "z": null}"#,
        r#"{"reply": "Hello, \"you\".\n""#,
        r#"{"\u0072eply": "Hello, \"you\".\n"}"#,
        "\n{\t\"a\" : \"reply\" ,\r\n \"reply\"\n:\n\"Hello, \\\"you\\\".\\n\"}",
    ] {
        assert_eq!(spoken(answer), "Hello, \"you\".\n", "{answer}");
    }
}

#[test]
fn what_is_not_that_field_is_not_spoken() {
    for answer in [
        r#"{"other": "reply"}"#,
        r#"{"reply": 7}"#,
        r#"{"reply": null}"#,
        r#"{"reply": ["no", "reply", "no"]}"#,
        r#"{"reply": {"reply": "no"}}"#,
        r#"{"a": [{"reply": "no"}]}"#,
        r#"{"Reply": "no", "reply ": "no"}"#,
        r#"{"a": "\"reply\": \"no\""}"#,
        r#"{} reply"#,
        r#"{"a": 1} {"reply": "no"}"#,
        "",
        "  ",
    ] {
        assert_eq!(spoken(answer), "", "{answer}");
    }
}

#[test]
fn it_is_spoken_while_it_streams() {
    let mut field = SpokenField::new("reply");
    let pieces = [
        r#"{"re"#,
        r#"ply""#,
        r#": "Hel"#,
        r"lo \ud83d",
        r"\ude00 th",
        r"ere\",
        r#"" \u00"#,
        r"e",
        r#"4", "x"#,
        r#"": "no"}"#,
    ];
    let said: Vec<String> = pieces.iter().map(|piece| field.push(piece)).collect();
    assert_eq!(said, ["", "", "Hel", "lo ", "😀 th", "ere", "\" ", "", "ä", ""]);
}

#[test]
fn half_a_letter_is_a_mark_and_nothing_after_it_is_lost() {
    for (answer, said) in [
        (r#"{"reply": "a\ud83d"}"#, "a\u{fffd}"),
        (r#"{"reply": "\ud83d b"}"#, "\u{fffd} b"),
        (r#"{"reply": "\ud83d\ud83d\ude00"}"#, "\u{fffd}😀"),
        (r#"{"reply": "\ude00b"}"#, "\u{fffd}b"),
        (r#"{"reply": "\ud83d\n"}"#, "\u{fffd}\n"),
        (r#"{"reply": "\ud83d\u0041"}"#, "\u{fffd}A"),
    ] {
        assert_eq!(spoken(answer), said, "{answer}");
    }
}

#[test]
fn an_answer_that_is_no_object_is_plain_text_as_it_stands() {
    for text in [" I am sorry {x}.", "[1]", "\"Hi\"", "\n\n- one\n- two\n", "7", "```json\n{}```", "\u{a0}{"] {
        assert_eq!(spoken(text), text);
    }
    let mut field = SpokenField::new("reply");
    assert_eq!([" ", "\n", "Hi ", " there", " "].map(|piece| field.push(piece)), ["", "", " \nHi ", " there", " "]);
}

proptest! {
    #[test]
    fn any_pieces_give_what_the_whole_says(
        text in "\\PC{0,30}",
        others in proptest::collection::btree_map("[a-z\"\\\\é😀]{0,4}", crate::diff::tests::documents(), 0..5),
        place in 0usize..6,
        cuts in proptest::collection::vec(0usize..600, 0..12),
        pretty: bool,
        ascii: bool,
    ) {
        let mut members: Vec<(String, Value)> = others.into_iter().filter(|(name, _)| name != "reply").collect();
        members.push(("nested".to_owned(), json!({"reply": "no", "list": [{"reply": text}]})));
        members.insert(place.min(members.len()), ("reply".to_owned(), text.into()));
        let whole = Value::Object(members.into_iter().collect::<Map<_, _>>());
        let answer = if pretty { serde_json::to_string_pretty(&whole).unwrap() } else { whole.to_string() };
        let answer = if ascii { escaped(&answer) } else { answer };
        let read: Value = serde_json::from_str(&answer).unwrap();
        prop_assert_eq!(&read, &whole);
        prop_assert_eq!(in_pieces(&answer, &cuts), read["reply"].as_str().unwrap());
    }

    #[test]
    fn plain_text_comes_out_as_it_went_in(text in "[ \n\t]{0,3}[^ \n\t\r{][\\PC\n]{0,40}", cuts in proptest::collection::vec(0usize..60, 0..8)) {
        prop_assume!(!text.trim_start().starts_with('{'));
        prop_assert_eq!(in_pieces(&text, &cuts), text);
    }

    #[test]
    fn the_pieces_make_no_difference_whatever_the_text(text in "[{}\\[\\]\":,\\\\ua-f0-9 replyd83😀]{0,60}", cuts in proptest::collection::vec(0usize..60, 0..8)) {
        prop_assert_eq!(in_pieces(&text, &cuts), spoken(&text));
    }
}
