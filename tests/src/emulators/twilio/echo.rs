//! The least host there can be: it sends the caller's audio back. The yardstick of what media over WebSocket costs.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::{any, post};
use tokio::net::TcpListener;
use trunkline_twilio::media::{self, Inbound};
use trunkline_twilio::twiml::{CONTENT_TYPE, Connect, Response, Stream};

/// Serves `/voice` and `/media` for ever.
pub(super) async fn serve(listen: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let stream = Stream::new(format!("ws://{}/media", listener.local_addr()?));
    let twiml = Response::new().then(Connect { action: None, stream }).to_xml()?;
    let voice = |State(twiml): State<String>| async move { ([("content-type", CONTENT_TYPE)], twiml) };
    let media = |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(echo) };
    let routes = Router::new().route("/voice", post(voice)).route("/media", any(media)).with_state(twiml);
    Ok(axum::serve(listener, routes).await?)
}

async fn echo(mut socket: WebSocket) {
    let (mut stream_sid, mut audio) = (String::new(), Vec::new());
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        match media::parse(&text) {
            Ok(Inbound::Start(start)) => stream_sid = start.stream_sid,
            Ok(Inbound::Media(heard)) if heard.decode_into(&mut audio).is_ok() => {
                let mut out = String::new();
                media::write_media(&mut out, &stream_sid, &audio);
                if socket.send(Message::Text(out.into())).await.is_err() {
                    return;
                }
            }
            _ => {}
        }
    }
}
