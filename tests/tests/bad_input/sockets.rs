//! Media sockets that do not belong to the call they ask for.

use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::{assert_ready, assert_undisturbed, caller, logged};
use crate::by_hand::{Hand, until};
use crate::world::{Setting, World};

const LIVE: &str = "CA0000000000000000000000000000000a";
const OTHER: &str = "CA0000000000000000000000000000000b";

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_its_calls_token_is_closed_and_disturbs_nobody() {
    let world = World::start(Setting::default()).await;
    let hand = Hand::of(&world.host);
    let twiml = hand.ring(LIVE).await.body;
    let used = crate::by_hand::token_of(&twiml);
    let mut call = caller(&world, &["When do you open?", "And on Sundays?"]);
    call.call_sid = Some(LIVE.to_owned());
    call.twiml = Some(twiml);
    let live = world.carrier.place_call(call);
    logged(&world.api, LIVE, "media-started").await;

    let fresh = hand.token(OTHER).await;
    let forged = format!("{}{}", &fresh[..fresh.len() - 1], if fresh.ends_with('A') { 'B' } else { 'A' });
    let mut foreign_account = hand.start(OTHER, Some(&fresh));
    foreign_account["start"]["accountSid"] = json!("AC00000000000000000000000000000099");
    let format = |encoding: &str, rate: u32, channels: u32| {
        let mut start = hand.start(OTHER, Some(&fresh));
        start["start"]["mediaFormat"] = json!({"encoding": encoding, "sampleRate": rate, "channels": channels});
        start.to_string()
    };
    let first_frames: Vec<(&str, Message)> = vec![
        ("no token", hand.start(OTHER, None).to_string().into()),
        ("an empty token", hand.start(OTHER, Some("")).to_string().into()),
        ("a forged token", hand.start(OTHER, Some(&forged)).to_string().into()),
        ("a used token", hand.start(LIVE, Some(&used)).to_string().into()),
        ("a used token for another call", hand.start(OTHER, Some(&used)).to_string().into()),
        ("another call's token", hand.start(LIVE, Some(&fresh)).to_string().into()),
        ("another account", foreign_account.to_string().into()),
        ("another encoding", format("audio/l16", 8_000, 1).into()),
        ("another rate", format("audio/x-mulaw", 16_000, 1).into()),
        ("another number of channels", format("audio/x-mulaw", 8_000, 2).into()),
        ("media before start", json!({"event": "media", "media": {"payload": "////"}}).to_string().into()),
        ("a binary frame", Message::binary(vec![0, 1, 2])),
        ("no JSON", Message::text("}{")),
        ("a start without content", json!({"event": "start"}).to_string().into()),
        ("a start of another shape", json!({"event": "start", "start": ["x"]}).to_string().into()),
    ];
    for (what, frame) in first_frames {
        let mut socket = hand.socket().await.unwrap();
        socket.send(frame).await;
        assert_eq!(socket.close_code().await, Some(1008), "{what}");
    }

    // None of that used up the other call's token.
    let mut socket = hand.socket().await.unwrap();
    socket.send(hand.start(OTHER, Some(&fresh)).to_string()).await;
    assert_eq!(socket.event().await["streamSid"], "MZ00000000000000000000000000000001");
    let record = live.finished().await;
    assert_undisturbed(&record);
    assert_eq!(record.turns().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_wait_for_their_token_are_few_and_not_for_long() {
    let world = World::start_with(Setting::default(), |spec| spec.unauthenticated_sockets = 2).await;
    let hand = Hand::of(&world.host);
    let mut first = hand.socket().await.unwrap();
    let mut second = hand.socket().await.unwrap();
    second.send(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#).await;
    match hand.socket().await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 503),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a third socket was let in"),
    }
    assert_ready(&world).await;
    // Both never say whose they are.
    assert_eq!((first.close_code().await, second.close_code().await), (Some(1008), Some(1008)));
    until(|| async { hand.socket().await.ok().map(drop) }).await;
    let record = world.carrier.place_call(caller(&world, &["When do you open?"])).finished().await;
    assert_undisturbed(&record);
}
