//! A host without any key: real programs hear and speak, the built-in engine answers, and the seeded agents are there.

use crate::by_hand::until;
use crate::world::{NUMBER, event_names, of_kind};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::emulators::twilio::{Carrier, CarrierSettings, What, When};
use trunkline_tests::host::{Api, Host, HostSpec, Providers};
use trunkline_tests::speech::{Voice, microphone, say_with};
use trunkline_tests::web_line::{Seen, WebLine};

async fn host() -> (Host, Api) {
    let host = Host::start(HostSpec::new(Providers::default())).await.unwrap();
    let api = host.api().unwrap();
    (host, api)
}

async fn get(api: &Api, path: &str) -> Value {
    let (status, answer) = api.request(Method::GET, path, None).await.unwrap();
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

/// The seeded agent of this name.
async fn agent(api: &Api, part: &str) -> String {
    let all = get(api, "/agents").await;
    let found = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|agent| agent["document"]["behaviour"]["component"].as_str().unwrap_or("conversation") == part);
    found.unwrap_or_else(|| panic!("no {part}: {all}"))["agent_id"].as_str().unwrap().to_owned()
}

fn answers(lines: &[Value]) -> String {
    let texts = lines.iter().filter(|line| line["role"] == "assistant").skip(1);
    texts.filter_map(|line| line["text"].as_str()).collect::<Vec<_>>().join(" ")
}

/// The transcript, once it has an answer: what was heard of it is known when it was played.
async fn answered(api: &Api, call: &str) -> Vec<Value> {
    until(|| async {
        let lines = api.transcript(call).await.unwrap();
        (!answers(&lines).is_empty()).then_some(lines)
    })
    .await
}

/// Whether the seeded opening hours are in a text.
fn tells_the_hours(text: &str) -> bool {
    text.contains("Monday") && text.contains("Friday")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_asks_for_the_hours_and_hears_them() {
    let (host, api) = host().await;
    let current = get(&api, "/agents/current").await;
    api.assign(NUMBER, current["agent_id"].as_str().unwrap()).await.unwrap();
    let question = say_with(Voice::Flite("rms"), "What are your business hours?").unwrap();
    let carrier = Carrier::new(CarrierSettings::default()).unwrap();
    let call = host
        .inbound(NUMBER)
        .step(When::AgentSilent(600), What::Say(question))
        .step(When::AgentSilent(3_000), What::HangUp);
    let record = carrier.place_call(call).finished().await;
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, host.output());
    let stored = api.ended(&record.call_sid).await.unwrap();
    let id = stored["id"].as_str().unwrap();
    let lines = api.transcript(id).await.unwrap();
    assert!(tells_the_hours(&answers(&lines)), "{lines:#?}");
    let rows = api.events(id).await.unwrap();
    assert_eq!(of_kind(&rows, "provider"), [] as [&Value; 0], "nothing failed");
    assert!(!of_kind(&rows, "latency").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_asks_for_the_hours_and_hears_a_changed_greeting() {
    let (host, api) = host().await;
    let current = get(&api, "/agents/current").await;
    let agent = current["agent_id"].as_str().unwrap().to_owned();
    let patch = json!({"prompt": {"greeting": "Ahoy, and welcome aboard."}});
    let (status, changed) = api.request(Method::PATCH, &format!("/agents/{agent}"), Some(&patch)).await.unwrap();
    assert_eq!(status, 200, "{changed}");
    let (_, ticket) = api.request(Method::POST, "/web-calls", Some(&json!({"agent": agent}))).await.unwrap();
    let call = ticket["call"].as_str().unwrap();
    let mut line = WebLine::open(host.port(), &ticket).await.unwrap();
    let greeted = line.until_spoken(&Seen::default()).await.unwrap();
    line.say(&microphone(Voice::Flite("rms"), "What are your business hours?").unwrap());
    line.until_spoken(&greeted).await.unwrap();
    let lines = answered(&api, call).await;
    assert_eq!(lines[0]["text"], "Ahoy, and welcome aboard.");
    assert!(tells_the_hours(&answers(&lines)), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_writing_it_knows_says_when_it_does_not_and_says_good_bye() {
    let (_host, api) = host().await;
    let agent = get(&api, "/agents/current").await["agent_id"].as_str().unwrap().to_owned();
    let path = format!("/agents/{agent}/chat");
    let (_, first) = api.request(Method::POST, &path, Some(&json!({"text": "When are you open?"}))).await.unwrap();
    let thread = &first["thread"];
    assert!(tells_the_hours(first["messages"].to_string().as_str()), "{first}");
    let ask = async |text: &str| {
        api.request(Method::POST, &path, Some(&json!({"thread": thread, "text": text}))).await.unwrap().1
    };
    let unknown = ask("Who won the chess championship in 1972?").await;
    let words = unknown["messages"][0]["text"].as_str().unwrap().to_lowercase();
    assert!(words.contains("do not know") || words.contains("don't know"), "{unknown}");
    let bye = ask("Thanks, good-bye!").await;
    assert_eq!(bye["ended"], true, "{bye}");
}

/// What the caller of the survey answers to a question, asked in these words among others.
const ANSWERS: [(&str, &str); 5] = [
    ("one to five", "I would say five."),
    ("ready when we said", "Yes, it was."),
    ("How did you order", "I came by in the shop."),
    ("How many times", "It was three times."),
    ("do better", "No."),
];

/// The caller's answer to what was asked last.
fn answer_to(asked: &str) -> &'static str {
    let last = ANSWERS.iter().filter_map(|(words, answer)| Some((asked.rfind(words)?, *answer))).max();
    last.map_or("Yes.", |(_, answer)| answer)
}

fn last_asked(lines: &[Value]) -> String {
    let asked = lines.iter().rev().find(|line| line["role"] == "assistant" && line["text"] != "");
    asked.and_then(|line| line["text"].as_str()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_answered_from() {
    let (_host, api) = host().await;
    let agent = get(&api, "/agents/current").await["agent_id"].as_str().unwrap().to_owned();
    let text = "Bicycles may be left in the yard behind the house. The gate code is four two zero.";
    let (status, made) =
        api.request(Method::POST, "/documents", Some(&json!({"name": "Bicycles", "text": text}))).await.unwrap();
    assert_eq!(status, 201, "{made}");
    let path = format!("/agents/{agent}/chat");
    let ask = json!({"text": "What is the gate code?"});
    let (_, answer) = api.request(Method::POST, &path, Some(&ask)).await.unwrap();
    assert!(answer["messages"].to_string().contains("four two zero"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_in_writing_and_by_speech_has_one_result() {
    let (host, api) = host().await;
    let agent = agent(&api, "survey").await;
    let path = format!("/agents/{agent}/chat");
    let (_, mut last) = api.request(Method::POST, &path, Some(&json!({}))).await.unwrap();
    let thread = last["thread"].clone();
    for _ in ANSWERS {
        let text = answer_to(&last_asked(last["messages"].as_array().unwrap()));
        last = api.request(Method::POST, &path, Some(&json!({"thread": thread, "text": text}))).await.unwrap().1;
    }
    assert_eq!((&last["ended"], &last["result"]["completed"]), (&json!(true), &json!(true)), "{last}");

    let (_, ticket) = api.request(Method::POST, "/web-calls", Some(&json!({"agent": agent}))).await.unwrap();
    let call = ticket["call"].as_str().unwrap();
    let mut line = WebLine::open(host.port(), &ticket).await.unwrap();
    let mut seen = line.until_spoken(&Seen::default()).await.unwrap();
    // A recogniser that mishears is asked again: more answers than questions.
    let mut told = 0;
    for _ in 0..4 * ANSWERS.len() {
        // What was heard of a question is known once it was played.
        let asked = until(|| async {
            let lines = api.transcript(call).await.unwrap();
            let known = lines.iter().filter(|line| line["role"] == "assistant" && line["text"] != "").count();
            (known > told).then(|| (known, last_asked(&lines)))
        })
        .await;
        told = asked.0;
        if line.seen().closed.is_some() {
            break;
        }
        line.say(&microphone(Voice::Flite("rms"), answer_to(&asked.1)).unwrap());
        let before = seen.came_ms;
        seen = line
            .until("an answer", move |seen| {
                (seen.came_ms > before && !seen.playing && seen.unechoed == 0) || seen.closed.is_some()
            })
            .await
            .unwrap();
    }
    let stored = until(|| async {
        let stored = get(&api, &format!("/calls/{call}")).await;
        (stored["state"] == "ended").then_some(stored)
    })
    .await;
    let lines = api.transcript(call).await.unwrap();
    assert_eq!(stored["result"], last["result"], "{lines:#?}");
    assert!(event_names(&api.events(call).await.unwrap()).contains(&"ended".to_owned()));
}
