//! The small host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use trunkline_twilio::form::Form;
use trunkline_twilio::media::{self, Inbound, Start};
use trunkline_twilio::signature::{self, Keys, Method, Request};

pub(super) const ACCOUNT: &str = "AC1";
pub(super) const TOKEN: &str = "secret";

type Behaviour = Arc<dyn Fn(HostSocket) -> BoxFuture<'static, ()> + Send + Sync>;

/// What the host saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) form: Form,
    pub(super) verified: bool,
}

pub(super) struct Host {
    pub(super) base: String,
    pub(super) socket_base: String,
    shared: Arc<Shared>,
}

struct Shared {
    base: String,
    socket_base: String,
    documents: Mutex<HashMap<String, String>>,
    behaviour: Behaviour,
    seen: Mutex<Vec<Seen>>,
}

/// The host's side of a media socket.
pub(super) struct HostSocket {
    pub(super) socket: WebSocket,
    pub(super) stream_sid: String,
}

/// A message of the carrier, owned.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Got {
    Connected,
    Start(Box<Start>),
    Media { timestamp_ms: u64, audio: Vec<u8> },
    Dtmf(String),
    Mark(String),
    Stop,
    Unknown(String),
    Bad,
    Closed,
}

impl Host {
    pub(super) async fn start<F>(behaviour: impl Fn(HostSocket) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (base, socket_base) = (format!("http://{address}"), format!("ws://{address}"));
        let shared = Arc::new(Shared {
            base: base.clone(),
            socket_base: socket_base.clone(),
            documents: Mutex::default(),
            behaviour: Arc::new(move |socket| Box::pin(behaviour(socket))),
            seen: Mutex::default(),
        });
        let routes = Router::new()
            .route("/media", any(media_socket))
            .route("/{*path}", post(webhook))
            .with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, socket_base, shared }
    }

    /// Answers a path with TwiML; `MEDIA` stands for the socket's address.
    pub(super) fn document(self, path: &str, verbs: &str) -> Self {
        let media = format!("{}/media", self.socket_base);
        let xml = format!("<Response>{}</Response>", verbs.replace("MEDIA", &media));
        self.shared.documents.lock().unwrap().insert(path.to_owned(), xml);
        self
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

fn verified(shared: &Shared, method: Method, url: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let _ = shared;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        method,
        url,
        content_type: header("content-type"),
        body,
        signature: header(signature::SIGNATURE_HEADER),
        settings: header(signature::SETTINGS_HEADER),
    };
    signature::verify(&request, &Keys { auth_token: TOKEN, shared: &[] }).is_ok()
}

async fn webhook(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let url = format!("{}/{path}", shared.base);
    let verified = verified(&shared, Method::Post, &url, &headers, &body);
    let seen = Seen { path: path.clone(), form: Form::parse(&body).unwrap(), verified };
    shared.seen.lock().unwrap().push(seen);
    let Some(xml) = shared.documents.lock().unwrap().get(&path).cloned() else {
        return StatusCode::NO_CONTENT.into_response();
    };
    if verified { ([("content-type", "text/xml")], xml).into_response() } else { StatusCode::FORBIDDEN.into_response() }
}

async fn media_socket(State(shared): State<Arc<Shared>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let url = format!("{}/media", shared.socket_base);
    if !verified(&shared, Method::Upgrade, &url, &headers, &[]) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let behaviour = shared.behaviour.clone();
    upgrade.on_upgrade(move |socket| behaviour(HostSocket { socket, stream_sid: String::new() }))
}

impl HostSocket {
    pub(super) async fn next(&mut self) -> Got {
        let message = match self.socket.recv().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Got::Closed,
            Some(Ok(_)) => return Got::Bad,
        };
        match media::parse(&message) {
            Ok(Inbound::Connected { .. }) => Got::Connected,
            Ok(Inbound::Start(start)) => {
                self.stream_sid.clone_from(&start.stream_sid);
                Got::Start(start)
            }
            Ok(Inbound::Media(media)) => {
                let mut audio = Vec::new();
                match media.decode_into(&mut audio) {
                    Ok(()) => Got::Media { timestamp_ms: media.timestamp_ms, audio },
                    Err(_) => Got::Bad,
                }
            }
            Ok(Inbound::Dtmf(dtmf)) => Got::Dtmf(dtmf.digit.into_owned()),
            Ok(Inbound::Mark { name }) => Got::Mark(name.into_owned()),
            Ok(Inbound::Stop(_)) => Got::Stop,
            Ok(Inbound::Unknown { event }) => Got::Unknown(event.into_owned()),
            Err(_) => Got::Bad,
        }
    }

    /// Waits for the start of the stream.
    pub(super) async fn started(&mut self) -> Start {
        loop {
            match self.next().await {
                Got::Start(start) => return *start,
                Got::Closed => panic!("closed before the start"),
                _ => {}
            }
        }
    }

    /// Waits for a mark.
    pub(super) async fn until_mark(&mut self, name: &str) {
        loop {
            match self.next().await {
                Got::Mark(found) if found == name => return,
                Got::Closed => panic!("closed before the mark {name}"),
                _ => {}
            }
        }
    }

    /// Reads until the carrier closes.
    pub(super) async fn rest(&mut self) -> Vec<Got> {
        let mut all = Vec::new();
        loop {
            match self.next().await {
                Got::Closed => return all,
                got => all.push(got),
            }
        }
    }

    pub(super) async fn audio(&mut self, audio: &[u8]) {
        let mut out = String::new();
        media::write_media(&mut out, &self.stream_sid, audio);
        self.send(out).await;
    }

    pub(super) async fn mark(&mut self, name: &str) {
        let mut out = String::new();
        media::write_mark(&mut out, &self.stream_sid, name);
        self.send(out).await;
    }

    pub(super) async fn clear(&mut self) {
        let mut out = String::new();
        media::write_clear(&mut out, &self.stream_sid);
        self.send(out).await;
    }

    pub(super) async fn send(&mut self, text: String) {
        let _ = self.socket.send(Message::Text(text.into())).await;
    }

    pub(super) async fn close(mut self) {
        let _ = self.socket.send(Message::Close(None)).await;
        while self.next().await != Got::Closed {}
    }
}
