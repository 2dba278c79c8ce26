//! An answer, streamed token by token or at once.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::super::server::{Recorder, random_hex};
use super::{OpenAiMode, OpenAiRecord, Rule};

/// How quick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) first: Duration,
    pub(super) each: Duration,
}

/// Notices that the client goes away before everything was sent.
pub(super) struct Watch(pub(super) Recorder<OpenAiMode, OpenAiRecord>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.update(|record| record.cancelled = !record.complete);
    }
}

/// One event, and the text in it.
struct Event {
    text: String,
    data: Value,
}

enum Step {
    Send(Event),
    Raw(&'static str),
    Lost,
    Silent,
}

pub(super) async fn respond(
    body: &Value,
    reply: Rule,
    pace: Pace,
    mode: OpenAiMode,
    record: Recorder<OpenAiMode, OpenAiRecord>,
) -> Response {
    let watch = Watch(record);
    if body["stream"] != true {
        tokio::time::sleep(pace.first + pace.each * tokens(&reply.say).count() as u32).await;
        watch.0.update(|record| {
            record.sent.clone_from(&reply.say);
            record.complete = true;
        });
        return axum::Json(whole(body, &reply)).into_response();
    }
    let steps = steps(body, &reply, &mode).into_iter();
    let begin = Instant::now() + pace.first;
    let state = (steps, watch, begin);
    let events = stream::unfold(state, move |(mut steps, watch, at)| async move {
        let Some(step) = steps.next() else {
            watch.0.update(|record| record.complete = true);
            return None;
        };
        sleep_until(at).await;
        let (bytes, next) = match step {
            Step::Send(event) => {
                watch.0.update(|record| record.sent.push_str(&event.text));
                let pause = if event.text.is_empty() { Duration::ZERO } else { pace.each };
                (format!("data: {}\n\n", event.data), at + pause)
            }
            Step::Raw(text) => (text.to_owned(), at),
            Step::Silent => std::future::pending().await,
            // An error ends the connection without the end of the body.
            Step::Lost => {
                // What was said so far must be on its way.
                tokio::task::yield_now().await;
                return Some((Err(std::io::Error::other("lost")), (steps, watch, at)));
            }
        };
        Some((Ok(Bytes::from(bytes)), (steps, watch, next)))
    });
    let mut response = Response::new(Body::from_stream(events));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/event-stream; charset=utf-8"));
    response
}

fn steps(body: &Value, reply: &Rule, mode: &OpenAiMode) -> Vec<Step> {
    let id = format!("chatcmpl-{}", random_hex(12));
    let usage_wanted = body["stream_options"]["include_usage"] == true;
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({"id": id, "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": body["model"], "service_tier": "default", "system_fingerprint": "fp_emulated", "choices": choices});
        if usage_wanted {
            chunk["usage"] = usage;
        }
        chunk
    };
    let choice = |delta: Value, finish: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), Value::Null)
    };
    let send = |text: &str, data: Value| Step::Send(Event { text: text.to_owned(), data });
    let mut steps = vec![send("", choice(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null))];
    for token in tokens(&reply.say) {
        steps.push(send(token, choice(json!({"content": token}), Value::Null)));
    }
    for (index, call) in reply.calls.iter().enumerate() {
        let begin = json!({"index": index, "id": format!("call_{}", random_hex(12)), "type": "function",
            "function": {"name": call.name, "arguments": ""}});
        steps.push(send("", choice(json!({"tool_calls": [begin]}), Value::Null)));
        for part in pieces(&call.arguments.to_string(), 4) {
            let more = json!({"index": index, "function": {"arguments": part}});
            steps.push(send("", choice(json!({"tool_calls": [more]}), Value::Null)));
        }
    }
    steps.push(send("", choice(json!({}), json!(finish(reply)))));
    if *mode == OpenAiMode::Bare {
        return steps;
    }
    if usage_wanted {
        steps.push(send("", chunk(json!([]), usage(body, reply))));
    }
    steps.push(Step::Raw("data: [DONE]\n\n"));
    let broken = match mode {
        OpenAiMode::DropAfter(tokens) => Some((tokens, Step::Lost)),
        OpenAiMode::SilentAfter(tokens) => Some((tokens, Step::Silent)),
        OpenAiMode::MalformedAfter(tokens) => Some((tokens, Step::Raw("data: {\"choices\":[{\"delta\"\n\n"))),
        OpenAiMode::ErrorAfter(tokens) => {
            let error = json!({"error": {"message": "The server had an error.", "type": "server_error", "param": null, "code": null}});
            Some((tokens, send("", error)))
        }
        _ => None,
    };
    if let Some((tokens, step)) = broken {
        steps.truncate(1 + tokens);
        steps.push(step);
    }
    steps
}

fn whole(body: &Value, reply: &Rule) -> Value {
    let calls: Vec<Value> = reply
        .calls
        .iter()
        .map(|call| {
            json!({"id": format!("call_{}", random_hex(12)), "type": "function",
                "function": {"name": call.name, "arguments": call.arguments.to_string()}})
        })
        .collect();
    let mut message = json!({"role": "assistant", "content": reply.say, "refusal": null, "annotations": []});
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    json!({"id": format!("chatcmpl-{}", random_hex(12)), "object": "chat.completion", "created": 1_700_000_000,
        "model": body["model"], "usage": usage(body, reply),
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish(reply)}]})
}

fn finish(reply: &Rule) -> &str {
    let usual = if reply.calls.is_empty() { "stop" } else { "tool_calls" };
    reply.finish.as_deref().unwrap_or(usual)
}

fn usage(body: &Value, reply: &Rule) -> Value {
    let read = body["messages"].to_string().len() / 4;
    let written =
        tokens(&reply.say).count() + reply.calls.iter().map(|c| c.arguments.to_string().len() / 4 + 2).sum::<usize>();
    json!({"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}})
}

/// Words, each with the space before it.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest.get(begin..)?.find(char::is_whitespace).map_or(rest.len(), |at| begin + at);
        let (token, after) = rest.split_at(end);
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

fn pieces(text: &str, size: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(size).map(|piece| piece.iter().collect()).collect()
}
