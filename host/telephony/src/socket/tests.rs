//! The socket's end, over a real connection.

use super::{CloseReason, MediaSocket};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::routing::any;
use futures::{SinkExt, StreamExt};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const START: &str = r#"{"event":"start","sequenceNumber":"1","streamSid":"s","start":{"streamSid":"s","accountSid":"a",
    "callSid":"c","tracks":["inbound"],"customParameters":{},
    "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#;

#[tokio::test]
async fn whoever_is_still_sending_is_told_why_the_socket_closes() {
    let (sent, all_sent) = oneshot::channel::<()>();
    let all_sent = Arc::new(Mutex::new(Some(all_sent)));
    let serve = move |upgrade: WebSocketUpgrade| {
        let all_sent = all_sent.lock().unwrap().take().unwrap();
        async move {
            upgrade.on_upgrade(|socket| async {
                let Ok(opened) = MediaSocket::open(socket, Duration::from_secs(10)).await else { panic!("no start") };
                // What was sent by now is never read.
                all_sent.await.unwrap();
                opened.socket.close(CloseReason::TakenOver).await;
            })
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", any(serve))).await });
    #[allow(clippy::disallowed_methods, reason = "the other side of the socket under test")]
    let (mut client, _) = connect_async(format!("ws://{address}/")).await.unwrap();
    client.send(Message::text(START)).await.unwrap();
    for _ in 0..500 {
        client.send(Message::text("x".repeat(200))).await.unwrap();
    }
    sent.send(()).unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = client.next().await else { panic!("no word of the end") };
    assert_eq!(frame.code, CloseCode::from(4_001));
    // The answer is on its way; a connection that was torn down would end with an error.
    let mut rest = Vec::new();
    while let Some(message) = client.next().await {
        rest.push(message);
    }
    assert!(rest.iter().all(Result::is_ok), "{rest:?}");
}
