//! Providers that fail in a call.

use serde_json::{Value, json};
use trunkline_tests::emulators::deepgram::DeepgramMode;
use trunkline_tests::emulators::elevenlabs::ElevenLabsMode;
use trunkline_tests::emulators::openai::OpenAiMode;
use trunkline_tests::emulators::twilio::{CallRecord, Outcome, What, When};
use trunkline_tests::speech;

use super::{APOLOGY, assert_undisturbed, caller, failures, lines_of, provider_rows, rows_of};
use crate::world::{NUMBER, Setting, World};

const FIRST: &str = "When do you open?";
const SECOND: &str = "And on Sundays?";

async fn world(contract: Value) -> World {
    World::start(Setting { utterances: vec![FIRST, SECOND], contract, ..Setting::default() }).await
}

/// Two questions, each when the agent is silent.
async fn two_questions(world: &World) -> CallRecord {
    world.carrier.place_call(caller(world, &[FIRST, SECOND])).finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_that_refuses_the_key_ends_the_call_with_a_good_bye() {
    let world = world(json!({})).await;
    world.deepgram.control.set_mode(DeepgramMode::Refuse(401));
    let record = two_questions(&world).await;
    let call = world.api.ended(&record.call_sid).await.unwrap();
    assert_eq!(call["end_reason"], "failed", "{call}");
    assert!(record.succeeded(), "{:?}", record.errors);
    let rows = rows_of(&world.api, &record.call_sid).await;
    let failed = failures(&rows, "stt");
    assert!(failed.len() == 1 && failed[0]["code"] == "unauthorised", "{failed:?}");
    let lines = lines_of(&world.api, &record.call_sid).await;
    // A greeting that was decided before is heard; none is said after the last words.
    assert_eq!(lines.last().map(|(_, text)| text.as_str()), Some("Good-bye."), "{lines:?}");
    assert_eq!(world.deepgram.control.records().len(), 1, "a wrong key is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_that_is_lost_in_mid_sentence_is_opened_again_and_no_word_is_lost() {
    let world = world(json!({})).await;
    // In the middle of the first question, which begins about four seconds into the call.
    world.deepgram.control.next_mode(DeepgramMode::DropAfter(4_200));
    let record = two_questions(&world).await;
    assert_undisturbed(&record);
    let rows = rows_of(&world.api, &record.call_sid).await;
    assert_eq!(provider_rows(&rows, "stt"), ["reconnecting"]);
    let lines = lines_of(&world.api, &record.call_sid).await;
    let said = |text: &str| lines.iter().any(|(role, t)| role == "user" && t == text);
    assert!(said(FIRST), "{lines:?}");
    assert!(failures(&rows, "stt").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recogniser_that_falls_silent_leaves_no_turn_open() {
    let world = world(json!({})).await;
    world.deepgram.control.next_mode(DeepgramMode::SilentAfter(4_000));
    let call = world
        .host
        .inbound(NUMBER)
        .step(When::AgentSilent(400), What::Say(speech::say(FIRST).unwrap()))
        .step(When::Then(6_000), What::Say(speech::say(SECOND).unwrap()))
        .step(When::AgentSilent(400), What::HangUp);
    let record = world.carrier.place_call(call).finished().await;
    assert!(record.succeeded(), "{:?}\n{}", record.errors, world.host.output());
    assert!(record.turns().last().unwrap().reply_at.is_some(), "{:?}", record.turns());
    let rows = rows_of(&world.api, &record.call_sid).await;
    assert!(!provider_rows(&rows, "stt").is_empty(), "{rows:?}");
    assert!(failures(&rows, "stt").is_empty());
}

/// The model fails on the first question: the caller hears an apology, and the next question is answered.
async fn the_model_fails(mode: OpenAiMode, code: &str) -> (World, CallRecord) {
    let world = world(json!({"llm": {"timeout_ms": 2_000}})).await;
    // Also when it is asked once more.
    world.openai.control.set_mode(mode.clone());
    let call = world.carrier.place_call(caller(&world, &[FIRST, SECOND]));
    let sid = call.sid().to_owned();
    crate::by_hand::until(|| async {
        let call = world.api.call_of(&sid).await.unwrap()?;
        let rows = world.api.events(call["id"].as_str().unwrap()).await.unwrap();
        (!failures(&rows, "llm").is_empty()).then_some(())
    })
    .await;
    world.openai.control.set_mode(OpenAiMode::Normal);
    let record = call.finished().await;
    assert!(record.succeeded(), "{mode:?}: {:?}\n{}", record.errors, world.host.output());
    let lines = lines_of(&world.api, &sid).await;
    assert!(lines.iter().any(|(role, text)| role == "assistant" && text == APOLOGY), "{mode:?}: {lines:?}");
    assert!(lines.iter().any(|(_, text)| text.contains(&format!("You said: {SECOND}"))), "{mode:?}: {lines:?}");
    let rows = rows_of(&world.api, &sid).await;
    assert_eq!(failures(&rows, "llm")[0]["code"], code, "{mode:?}");
    (world, record)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_room_is_apologised_for() {
    the_model_fails(OpenAiMode::RateLimited(1), "rate-limited").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_broken_is_apologised_for() {
    the_model_fails(OpenAiMode::Status(500), "unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_never_answers_is_apologised_for() {
    the_model_fails(OpenAiMode::SilentBefore, "timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_stops_in_the_middle_is_apologised_for() {
    the_model_fails(OpenAiMode::SilentAfter(2), "timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_lost_in_the_middle_is_apologised_for() {
    the_model_fails(OpenAiMode::DropAfter(2), "unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_stops_making_sense_is_apologised_for() {
    the_model_fails(OpenAiMode::MalformedAfter(2), "protocol").await;
}

/// The synthesiser fails in the greeting: the call goes on, and both questions are answered aloud.
async fn the_voice_fails(mode: ElevenLabsMode, code: &str) {
    let world = world(json!({"tts": {"stall_ms": 1_000}})).await;
    world.elevenlabs.control.next_mode(mode.clone());
    let record = two_questions(&world).await;
    assert!(record.succeeded(), "{mode:?}: {:?}\n{}", record.errors, world.host.output());
    assert!(record.turns().iter().all(|turn| turn.reply_at.is_some()), "{mode:?}: {:?}", record.turns());
    let rows = rows_of(&world.api, &record.call_sid).await;
    let failed = failures(&rows, "tts");
    assert!(failed.len() == 1 && failed[0]["code"] == code, "{mode:?}: {failed:?}");
    let lines = lines_of(&world.api, &record.call_sid).await;
    // What came of the greeting, not what was meant.
    assert_eq!(lines[0], ("assistant".to_owned(), "Welcome to".to_owned()), "{mode:?}");
    for question in [FIRST, SECOND] {
        let answer = format!("You said: {question}");
        assert!(lines.iter().any(|(role, text)| role == "assistant" && *text == answer), "{mode:?}: {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_is_lost_is_opened_again() {
    the_voice_fails(ElevenLabsMode::DropAfter(800), "unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_falls_silent_is_opened_again() {
    the_voice_fails(ElevenLabsMode::SilentAfter(800), "timeout").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_stops_making_sense_is_opened_again() {
    the_voice_fails(ElevenLabsMode::MalformedAfter(800), "protocol").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_that_refuses_the_key_ends_the_call_and_tells_the_operator() {
    let world = world(json!({})).await;
    world.elevenlabs.control.set_mode(ElevenLabsMode::Refuse(401));
    let record = two_questions(&world).await;
    assert_eq!(record.outcome, Outcome::HostHungUp, "{:?}", record.errors);
    let call = world.api.ended(&record.call_sid).await.unwrap();
    assert_eq!(call["end_reason"], "failed", "{call}");
    let rows = rows_of(&world.api, &record.call_sid).await;
    assert_eq!(failures(&rows, "tts")[0]["code"], "unauthorised");
    let output = world.host.output();
    assert!(output.contains("a provider failed") && output.contains("unauthorised"), "{output}");
}
