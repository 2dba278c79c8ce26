//! Server-sent events (WHATWG HTML, 9.2).

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{Stream, StreamExt};
use serde::Serialize;
use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;
use tokio::time::timeout;

/// A comment is sent after so much silence, so that nobody on the way takes the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One event.
#[derive(Debug)]
pub(crate) struct Event(String);

impl Event {
    /// JSON holds no newline: one `data` line is enough.
    pub(crate) fn new(name: &str, data: &impl Serialize) -> Self {
        let data = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
        Self(format!("event: {name}\ndata: {data}\n"))
    }

    /// What `Last-Event-ID` will say.
    pub(crate) fn id(mut self, id: u64) -> Self {
        writeln!(self.0, "id: {id}").ok();
        self
    }

    fn bytes(mut self) -> Bytes {
        self.0.push('\n');
        Bytes::from(self.0)
    }
}

/// Answers with events as they come.
pub(crate) fn response(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let kept_alive = futures::stream::unfold(Box::pin(events), async |mut events| {
        let bytes = match timeout(KEEP_ALIVE, events.next()).await {
            Ok(event) => event?.bytes(),
            Err(_) => Bytes::from_static(b":\n\n"),
        };
        Some((Ok::<_, Infallible>(bytes), events))
    });
    let mut response = Body::from_stream(kept_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_cannot_break_out_of_its_event() {
        let event = Event::new("delta", &json!({"text": "a\n\nevent: done\r\ndata: {}"})).id(7);
        let bytes = event.bytes();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(text, "event: delta\ndata: {\"text\":\"a\\n\\nevent: done\\r\\ndata: {}\"}\nid: 7\n\n");
    }
}
