use super::*;
use crate::llm::sse::Sse;
use proptest::prelude::*;

/// All deltas of a stream given in pieces, and how it ended.
fn read(pieces: &[&[u8]]) -> (Vec<Delta>, Result<(), ErrorKind>) {
    let (mut sse, mut answer, mut ready) = (Sse::default(), Answer::default(), VecDeque::new());
    let mut outcome = Ok(());
    let key = Secret::default();
    for piece in pieces {
        sse.push(piece, |data| {
            if outcome.is_ok() {
                outcome = answer.take(data, &key, &mut ready);
            }
        })
        .unwrap();
    }
    sse.finish(|data| {
        if outcome.is_ok() {
            outcome = answer.take(data, &key, &mut ready);
        }
    });
    let outcome = outcome.and_then(|()| answer.end(&mut ready));
    (joined(ready), outcome.map_err(|e| e.kind))
}

/// Texts that follow each other joined, as a listener would hear them.
fn joined(deltas: VecDeque<Delta>) -> Vec<Delta> {
    let mut all: Vec<Delta> = Vec::new();
    for delta in deltas {
        match (all.last_mut(), delta) {
            (Some(Delta::Text(before)), Delta::Text(text)) => before.push_str(&text),
            (_, delta) => all.push(delta),
        }
    }
    all
}

fn done(finish: Finish, input: u32, output: u32) -> Delta {
    Delta::Done { finish, usage: Usage { input_tokens: input, output_tokens: output, cached_tokens: 0 } }
}

fn call(id: &str, name: &str, arguments: &str) -> Delta {
    Delta::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments: arguments.into() })
}

const TEXT: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\u{fc}\u{df} \"},\"finish_reason\":null}]}\r\n\r\n\
    : comment\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"dich \\ud83d\\udc4b\"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12,\"prompt_tokens_details\":{\"cached_tokens\":0}}}\n\n\
    data: [DONE]\n\n";

const TOOLS: &str = r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"save","arguments":""}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"end_call","arguments":"{}"}}]},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: [DONE]

"#;

#[test]
fn text_comes_as_it_is_written() {
    let (deltas, outcome) = read(&[TEXT.as_bytes()]);
    assert_eq!(outcome, Ok(()));
    assert_eq!(deltas, [Delta::Text("Grüß dich 👋".into()), done(Finish::Stop, 9, 3)]);
}

#[test]
fn tool_calls_come_complete() {
    let (deltas, outcome) = read(&[TOOLS.as_bytes()]);
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        deltas,
        [call("call_1", "save", "{\"a\":1}"), call("call_2", "end_call", "{}"), done(Finish::ToolCalls, 0, 0)]
    );
}

#[test]
fn a_split_at_any_byte_changes_nothing() {
    for text in [TEXT, TOOLS] {
        let whole = read(&[text.as_bytes()]);
        for at in 0..=text.len() {
            let (head, tail) = text.as_bytes().split_at(at);
            assert_eq!(read(&[head, tail]), whole, "split at {at}");
        }
    }
}

#[test]
fn servers_may_leave_things_out() {
    let table: [(&str, Vec<Delta>); 4] = [
        // No end mark and no usage.
        (
            r#"data: {"choices":[{"delta":{"content":"hi"}}]}

data: {"choices":[{"delta":{},"finish_reason":"length"}]}

"#,
            vec![Delta::Text("hi".into()), done(Finish::Length, 0, 0)],
        ),
        // No reason for stopping, but an end mark.
        (
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\ndata: [DONE]\n\n",
            vec![Delta::Text("hi".into()), done(Finish::Stop, 0, 0)],
        ),
        // Calls without index, and a reason that hides them.
        (
            r#"data: {"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{"}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"arguments":"}"}}]}}]}

data: [DONE]

"#,
            vec![call("a", "f", "{}"), call("b", "g", "{}"), done(Finish::ToolCalls, 0, 0)],
        ),
        // Everything in one chunk, usage included; other choices are not ours.
        (
            r#"data: {"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}

"#,
            vec![Delta::Text("yes".into()), done(Finish::Stop, 1, 1)],
        ),
    ];
    for (text, deltas) in table {
        assert_eq!(read(&[text.as_bytes()]), (deltas, Ok(())), "{text}");
    }
}

#[test]
fn failures_in_the_middle_are_typed() {
    let start = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
    let table = [
        ("", ErrorKind::Closed),
        ("data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\"}}\n\n", ErrorKind::Unavailable),
        (
            "data: {\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}\n\n",
            ErrorKind::RateLimited { retry_after: None },
        ),
        ("data: {\"error\":{\"message\":\"no\",\"code\":400}}\n\n", ErrorKind::InvalidRequest),
        ("data: {\"error\":\"just a sentence\"}\n\n", ErrorKind::Unavailable),
        ("data: {\"choices\":\n\n", ErrorKind::Protocol),
    ];
    for (rest, kind) in table {
        let (deltas, outcome) = read(&[start.as_bytes(), rest.as_bytes()]);
        assert_eq!(deltas, [Delta::Text("hi".into())], "{rest}");
        assert_eq!(outcome, Err(kind), "{rest}");
    }
}

#[test]
fn a_tool_call_without_end_is_refused() {
    let long = "x".repeat(MAX_ARGUMENTS);
    let chunk = format!(
        "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":0,\"function\":{{\"arguments\":\"{long}\"}}}}]}}}}]}}\n\n"
    );
    assert_eq!(read(&[chunk.as_bytes()]).1, Err(ErrorKind::Closed));
    assert_eq!(read(&[chunk.as_bytes(), chunk.as_bytes()]).1, Err(ErrorKind::Protocol));
}

#[test]
fn the_explanation_of_a_refusal_is_found() {
    let body =
        br#"{"error":{"message":"You are poor","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;
    assert_eq!(explanation(body), (Some("insufficient_quota".into()), "You are poor".into()));
    assert_eq!(explanation(b"<html>Bad gateway"), (None, "<html>Bad gateway".into()));
}

proptest! {
    #[test]
    fn arbitrary_data_never_panics(data in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..600) {
        let mut ready = VecDeque::new();
        Answer::default().take(&data, &Secret::default(), &mut ready).ok();
        explanation(&data);
        let mut bytes = TOOLS.as_bytes().to_vec();
        let cut = cut.min(bytes.len());
        bytes.splice(cut..cut, data);
        let _ = read(&[&bytes]);
    }
}
