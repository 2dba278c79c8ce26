//! Frames that a correct carrier never sends, in a call that is live.

use trunkline_tests::emulators::twilio::{CallRecord, CallSpec, Hostile, What, When};
use trunkline_tests::speech;

use super::{assert_ready, assert_undisturbed, caller};
use crate::world::{NUMBER, Setting, World};

const QUESTION: &str = "When do you open?";

/// A caller who sends this in the middle of a call and asks something before and after it.
fn hostile(world: &World, frames: Vec<Hostile>) -> CallSpec {
    let ask = || What::Say(speech::say(QUESTION).unwrap());
    let call = world.host.inbound(NUMBER).step(When::AgentSilent(400), ask());
    let sends = |call: CallSpec, frame| call.step(When::Then(100), What::Send(frame));
    let call = frames.into_iter().fold(call, sends);
    call.step(When::AgentSilent(1_500), ask()).step(When::AgentSilent(400), What::HangUp)
}

/// Runs it beside an ordinary call, which must not notice.
async fn beside_an_ordinary_call(frames: Vec<Hostile>) -> (World, CallRecord) {
    let world = World::start(Setting { utterances: vec![QUESTION], ..Setting::default() }).await;
    let ordinary = world.carrier.place_call(caller(&world, &[QUESTION, QUESTION, QUESTION]));
    let record = world.carrier.place_call(hostile(&world, frames)).finished().await;
    assert_ready(&world).await;
    assert_undisturbed(&ordinary.finished().await);
    let call = world.api.ended(&record.call_sid).await.unwrap();
    assert_eq!(call["end_reason"], "caller-hangup", "{call}");
    let last = record.turns().pop();
    assert!(last.is_some_and(|turn| turn.reply_at.is_some()), "{:?}\n{}", record.turns(), world.host.output());
    (world, record)
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_without_sense_are_passed_over() {
    let mut frames = vec![Hostile::NotJson, Hostile::UnknownEvent, Hostile::WrongBase64, Hostile::Binary(vec![0; 100])];
    let texts = [
        "",
        "null",
        "[]",
        "{}",
        r#"{"event":7}"#,
        r#"{"event":"media"}"#,
        r#"{"event":"media","media":{"payload":7}}"#,
        r#"{"event":"media","media":{"timestamp":"-1","payload":"////"}}"#,
        r#"{"event":"mark","mark":{"name":"no such mark"}}"#,
        r#"{"event":"dtmf","dtmf":{"digit":""}}"#,
        r#"{"event":"start","start":{}}"#,
        r#"{"event":"stop","stop":7}"#,
        "\u{0}\u{202e}",
    ];
    frames.extend(texts.map(|text| Hostile::Text(text.to_owned())));
    let (_world, record) = beside_an_ordinary_call(frames).await;
    assert_undisturbed(&record);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_ten_megabytes_costs_no_more_than_its_stream() {
    let (world, record) = beside_an_ordinary_call(vec![Hostile::Huge(10 << 20)]).await;
    assert_eq!(record.streams.len(), 2, "{:?}", record.streams);
    assert!(world.host.usage().unwrap().rss_bytes < 400 << 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_costs_no_more_than_its_stream() {
    let (_world, record) = beside_an_ordinary_call(vec![Hostile::Flood { per_second: 10_000, for_ms: 2_000 }]).await;
    assert_eq!(record.streams.len(), 2, "{:?}", record.streams);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_breaks_is_taken_up_again() {
    let (_world, record) = beside_an_ordinary_call(vec![Hostile::Reset]).await;
    assert_eq!(record.streams.len(), 2, "{:?}", record.streams);
}
