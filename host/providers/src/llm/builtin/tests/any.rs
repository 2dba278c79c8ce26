use super::{assistant, deltas, request, text, user};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};
use trunkline_contract::chat::{Delta, Message};

const KEYS: &[&str] = &[
    "hours",
    "business_hours",
    "address",
    "email",
    "phone",
    "prices",
    "services",
    "company",
    "name",
    "monday",
    "agent",
    "customer",
    "info",
    "a",
    "_x",
    "",
    "website",
    "open",
];

fn key() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(KEYS).prop_map(str::to_owned), "\\PC{0,12}"]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "(\\PC|\\n){500,900}".prop_map(Value::from),
        "[-0-9+ ()@.:a-p–]{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((key(), inner), 0..8).prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn words() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "what are your hours",
        "email",
        "where",
        "monday",
        "and",
        "how much",
        "price",
        "services",
        "spell",
        "it",
        "no",
        "pardon",
        "what can you do",
        "open",
        "a",
        "who are you",
    ]);
    prop_oneof![vec(known, 0..6).prop_map(|words| words.join(" ")), "\\PC{0,80}", "(\\PC|\\n| ){300,600}"]
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![words().prop_map(|text| user(&text)), "\\PC{0,60}".prop_map(|text| assistant(&text))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]
    #[test]
    fn anything_is_answered_shortly(
        context in json(),
        instructions in "(You are |for )?\\PC{0,60}",
        messages in vec(message(), 0..5),
        last in words(),
    ) {
        let mut request = request(&context, messages);
        request.instructions = instructions;
        request.messages.push(user(&last));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let said = runtime.block_on(deltas(request, None));
        prop_assert!(said.iter().all(Result::is_ok));
        let done = matches!(said.last(), Some(Ok(Delta::Done { .. })));
        prop_assert!(done);
        let text = text(&said);
        prop_assert!(!text.trim().is_empty() && text.chars().count() <= 2_000, "{text:?}");
    }
}
