use super::{assistant, deltas, plain, request, text, user};
use crate::error::ErrorKind;
use serde_json::json;
use trunkline_contract::chat::{Delta, Finish, Message, Request, ToolCall, check_history};
use trunkline_contract::event::ToolInfo;

fn with_tools(messages: Vec<Message>, names: &[&str]) -> Request {
    let tool = |name: &&str| ToolInfo { name: (*name).to_owned(), description: String::new(), input_schema: json!({}) };
    Request { tools: names.iter().map(tool).collect(), ..request(&plain(), messages) }
}

#[tokio::test]
async fn good_bye_ends_the_call_when_the_agent_may() {
    let asked = with_tools(vec![user("goodbye")], &["save_data", "end_call"]);
    let said = deltas(asked, None).await;
    let [.., Ok(Delta::ToolCall(call)), Ok(Delta::Done { finish: Finish::ToolCalls, .. })] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert_eq!(call.name, "end_call");
    assert!(serde_json::from_str::<serde_json::Value>(&call.arguments).unwrap().is_object());
    assert!(text(&said).ends_with("Goodbye."), "the farewell comes before");
    let said = deltas(with_tools(vec![user("goodbye")], &[]), None).await;
    assert!(matches!(said.as_slice(), [.., Ok(Delta::Text(_)), Ok(Delta::Done { finish: Finish::Stop, .. })]));
    let said = deltas(with_tools(vec![user("what are your hours")], &["end_call"]), None).await;
    assert!(!said.iter().any(|delta| matches!(delta, Ok(Delta::ToolCall(_)))));
}

#[tokio::test]
async fn nothing_more_is_said_after_a_tool_was_answered() {
    let call = ToolCall { id: "end-1".into(), name: "end_call".into(), arguments: "{}".into() };
    let asked = Message::Assistant { text: String::new(), tool_calls: vec![call] };
    let answered = Message::Tool { id: "end-1".into(), name: "end_call".into(), content: "{\"ok\":true}".into() };
    let history = vec![user("bye"), assistant("Goodbye."), asked, answered];
    check_history(&history).unwrap();
    let said = deltas(with_tools(history.clone(), &["end_call"]), None).await;
    assert!(matches!(said.as_slice(), [Ok(Delta::Done { finish: Finish::Stop, .. })]), "{said:?}");
    let history = history.into_iter().chain([user("wait, where are you?")]).collect();
    assert!(text(&deltas(with_tools(history, &["end_call"]), None).await).contains("12 Harbour Street"));
}

#[tokio::test]
async fn structured_output_is_refused() {
    let asked = Request { output_schema: Some(json!({"type": "object"})), ..request(&plain(), vec![user("hi")]) };
    let said = deltas(asked, None).await;
    let [Err(error)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((error.kind, error.retryable()), (ErrorKind::InvalidRequest, false));
    assert!(error.to_string().contains("output_schema"), "{error}");
}

#[tokio::test]
async fn an_answer_comes_in_sentences() {
    let said = deltas(request(&plain(), vec![user("thank you")]), None).await;
    let texts = said.iter().filter(|delta| matches!(delta, Ok(Delta::Text(_)))).count();
    assert_eq!(texts, 2);
}
