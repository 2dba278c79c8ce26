use super::{egress, key, trusted, url, within};
use serde_json::json;
use std::time::Duration;
use trunkline_contract::chat::{Delta, Finish, Message, Request, ToolCall};
use trunkline_contract::event::ToolInfo;
use trunkline_providers::{ErrorKind, Llm, LlmRequest, LlmStream, OpenAi, ProviderError, Secret};
use trunkline_tests::emulators::openai::{OpenAiEmulator, OpenAiMode, OpenAiSettings, Rule};
use trunkline_tests::emulators::server::Listen;

async fn emulator(settings: OpenAiSettings) -> (OpenAiEmulator, OpenAi) {
    let emulator = OpenAiEmulator::start(&Listen::default(), settings).await.unwrap();
    let adapter = adapter(&emulator, key());
    (emulator, adapter)
}

fn adapter(emulator: &OpenAiEmulator, key: Secret) -> OpenAi {
    OpenAi::new(egress().http(trusted()).unwrap(), url(&emulator.url()), key)
}

fn quick(script: Vec<Rule>) -> OpenAiSettings {
    OpenAiSettings { keys: vec!["key".into()], script, ttft_ms: 0, tokens_per_s: 5_000.0 }
}

pub(super) fn request(messages: Vec<Message>) -> LlmRequest {
    let tool = ToolInfo { name: "save".into(), description: "Saves.".into(), input_schema: json!({"type": "object"}) };
    LlmRequest {
        chat: Request {
            instructions: "Be kind.".into(),
            messages,
            tools: vec![tool],
            output_schema: None,
            context: serde_json::Value::Null,
        },
        model: Some("m".into()),
        temperature: Some(0.3),
        max_tokens: 200,
        idle: Duration::from_secs(5),
        total: Duration::from_secs(20),
    }
}

pub(super) fn user(text: &str) -> Message {
    Message::User { text: text.into() }
}

/// The text, the tools called, and how it ended.
async fn read(mut stream: LlmStream) -> (String, Vec<ToolCall>, Result<Finish, ProviderError>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    let outcome = loop {
        match within(stream.next()).await.expect("the stream ended without a word") {
            Ok(Delta::Text(more)) => text.push_str(&more),
            Ok(Delta::ToolCall(call)) => calls.push(call),
            Ok(Delta::Done { finish, .. }) => break Ok(finish),
            Err(error) => break Err(error),
        }
    };
    assert!(within(stream.next()).await.is_none());
    (text, calls, outcome)
}

#[tokio::test]
async fn an_answer_is_streamed() {
    let (emulator, adapter) = emulator(quick(vec![Rule::say("Grüezi mitenand, how can I help?")])).await;
    let (text, calls, outcome) = read(adapter.generate(&request(vec![user("Hello")]))).await;
    assert_eq!((text.as_str(), calls.len(), outcome.unwrap()), ("Grüezi mitenand, how can I help?", 0, Finish::Stop));
    let record = &emulator.control.records()[0];
    assert_eq!((record.authorization.as_str(), record.complete, record.cancelled), ("Bearer key", true, false));
    assert_eq!(record.body["messages"][0], json!({"role": "system", "content": "Be kind."}));
}

#[tokio::test]
async fn tools_are_called_and_answered() {
    let rules = vec![
        Rule { say: "One moment.".into(), ..Rule::call("save", json!({"name": "Zoë", "n": 2})) }.when("save"),
        Rule::say("It is saved.").after("save"),
    ];
    let (_emulator, adapter) = emulator(quick(rules)).await;
    let (text, calls, outcome) = read(adapter.generate(&request(vec![user("Please save it")]))).await;
    assert_eq!((text.as_str(), outcome.unwrap()), ("One moment.", Finish::ToolCalls));
    let arguments: serde_json::Value = serde_json::from_str(&calls[0].arguments).unwrap();
    assert_eq!((calls[0].name.as_str(), arguments), ("save", json!({"name": "Zoë", "n": 2})));
    let answer = Message::Tool { id: calls[0].id.clone(), name: "save".into(), content: "ok".into() };
    let history = vec![user("Please save it"), Message::Assistant { text, tool_calls: calls }, answer];
    let (text, ..) = read(adapter.generate(&request(history))).await;
    assert_eq!(text, "It is saved.");
}

#[tokio::test]
async fn dropping_the_stream_cancels_the_request() {
    let settings = OpenAiSettings { tokens_per_s: 1.0, ..quick(vec![Rule::say("One two three four five.")]) };
    let (emulator, adapter) = emulator(settings).await;
    let mut stream = adapter.generate(&request(vec![user("Hello")]));
    assert_eq!(within(stream.next()).await.unwrap().unwrap(), Delta::Text("One".into()));
    drop(stream);
    let records = within(emulator.control.wait_for(|r| r[0].cancelled)).await;
    assert_eq!(records[0].sent, "One");
}

#[tokio::test]
async fn a_warm_connection_is_used_again_and_again() {
    let (emulator, adapter) = emulator(quick(vec![Rule::say("Yes.")])).await;
    within(adapter.warm()).await.unwrap();
    for _ in 0..3 {
        let mut stream = adapter.generate(&request(vec![user("Hello")]));
        while within(stream.next()).await.is_some() {}
        // The end of the body is read by a task of its own.
        tokio::task::yield_now().await;
    }
    assert_eq!(emulator.connections(), 1);
}

#[tokio::test]
async fn failures_are_typed() {
    let (emulator, adapter) = emulator(quick(vec![Rule::say("One two three four five six.")])).await;
    let retry_after = Some(Duration::from_secs(7));
    let table = [
        (OpenAiMode::RateLimited(7), ErrorKind::RateLimited { retry_after }, ""),
        (OpenAiMode::NoQuota, ErrorKind::QuotaExceeded, ""),
        (OpenAiMode::Status(500), ErrorKind::Unavailable, ""),
        (OpenAiMode::Status(403), ErrorKind::Unauthorised, ""),
        (OpenAiMode::SilentBefore, ErrorKind::Timeout, ""),
        (OpenAiMode::SilentAfter(2), ErrorKind::Timeout, "One two"),
        (OpenAiMode::DropAfter(2), ErrorKind::Closed, "One two"),
        (OpenAiMode::ErrorAfter(2), ErrorKind::Unavailable, "One two"),
        (OpenAiMode::MalformedAfter(2), ErrorKind::Protocol, "One two"),
    ];
    for (mode, kind, before) in table {
        emulator.control.next_mode(mode.clone());
        let asked = LlmRequest { idle: Duration::from_millis(200), ..request(vec![user("Hello")]) };
        let (text, _, outcome) = read(adapter.generate(&asked)).await;
        assert_eq!((outcome.unwrap_err().kind, text.as_str()), (kind, before), "{mode:?}");
    }
}

#[tokio::test]
async fn a_server_may_leave_out_usage_and_end() {
    let (emulator, adapter) = emulator(quick(vec![Rule::say("Yes.")])).await;
    emulator.control.next_mode(OpenAiMode::Bare);
    let (text, _, outcome) = read(adapter.generate(&request(vec![user("Hello")]))).await;
    assert_eq!((text.as_str(), outcome.unwrap()), ("Yes.", Finish::Stop));
}

#[tokio::test]
async fn a_refused_request_says_why_without_the_key() {
    let (emulator, adapter_) = emulator(quick(vec![])).await;
    let asked = Message::Assistant {
        text: String::new(),
        tool_calls: vec![ToolCall { id: "c1".into(), name: "save".into(), arguments: "{}".into() }],
    };
    let (_, _, outcome) = read(adapter_.generate(&request(vec![user("Hi"), asked, user("Well?")]))).await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequest);
    assert!(error.message.contains("did not have response messages: c1"), "{error}");

    let wrong = adapter(&emulator, Secret::new("sk-very-secret"));
    let error = read(wrong.generate(&request(vec![user("Hi")]))).await.2.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthorised);
    assert!(!error.to_string().contains("sk-"), "{error}");
}
