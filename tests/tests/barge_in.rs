//! The caller speaks while the agent does, on real audio: what stops, how soon, and what counts as heard.
//!
//! The yardstick is the carrier's own record of what it played. The emulated voice gives every character the same time,
//! so a number of played bytes is a place in the text.

use crate::golden;
use crate::logs::assert_whole;
use crate::world::{NUMBER, Setting, World, event_names, of_kind};
use serde_json::Value;
use trunkline_tests::emulators::elevenlabs::{ContextRecord, ElevenLabsSettings};
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::emulators::twilio::{CallRecord, CarrierSettings, What, When, ms};
use trunkline_tests::speech;

const GREETING: &str = "Welcome to Acme. How can I help you?";
const QUESTION: &str = "When do you open?";
const OBJECTION: &str = "I only want to know about Sunday.";
const LONG: &str = "On Monday we open at nine in the morning. On Tuesday we open at ten. On Wednesday we open at eleven. \
    On Thursday we are closed because the owner goes fishing. And on Friday we open at noon.";
const SHORT: &str = "On Sunday we open at noon.";
const FRAME_BYTES: u64 = 160;

/// Mu-law bytes of one character of the emulated voice.
fn char_bytes() -> u64 {
    ElevenLabsSettings::default().char_ms * 8
}

/// What the synthesiser was given, in the order of speaking.
fn contexts(world: &World) -> Vec<ContextRecord> {
    world.elevenlabs.control.records().into_iter().flat_map(|record| record.contexts).collect()
}

/// Mu-law bytes of a text, as the host sends them: whole frames.
fn spoken_bytes(text: &str) -> u64 {
    (text.chars().count() as u64 * char_bytes()).next_multiple_of(FRAME_BYTES)
}

fn prefix(text: &str, chars: u64) -> String {
    text.chars().take(usize::try_from(chars).unwrap()).collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

async fn transcript(world: &World, call: &Value) -> Vec<(String, String)> {
    let lines = world.api.transcript(call["id"].as_str().unwrap()).await.unwrap();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines.iter().map(|line| (text(line, "role"), text(line, "text"))).collect()
}

/// The messages of the model's newest request.
fn last_request(world: &World) -> Vec<Value> {
    let records = world.openai.control.records();
    records.last().unwrap().body["messages"].as_array().unwrap().clone()
}

/// A caller who barges in, over a network of this round trip and jitter.
async fn barge_in(round_trip_ms: u64, jitter_ms: u64) {
    let world = World::start(Setting {
        utterances: vec![QUESTION, OBJECTION],
        script: vec![Rule::say(LONG).when("when do you open"), Rule::say(SHORT).when("Sunday")],
        // Quicker than the voice, but so slow that it has not finished when it is interrupted.
        tokens_per_s: Some(6.0),
        carrier: CarrierSettings { round_trip_ms, jitter_ms, ..CarrierSettings::default() },
        ..Setting::default()
    })
    .await;
    let call = world
        .host
        .inbound(NUMBER)
        .step(When::AgentSilent(400), What::Say(speech::say(QUESTION).unwrap()))
        .step(When::AgentSpeaks(2_500), What::Say(speech::say(OBJECTION).unwrap()))
        .step(When::AgentSilent(700), What::HangUp);
    let record = world.carrier.place_call(call).finished().await;
    let call = world.api.ended(&record.call_sid).await.unwrap();
    let rows = world.api.events(call["id"].as_str().unwrap()).await.unwrap();
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, world.host.output());

    assert_whole(&rows);
    if round_trip_ms == 80 {
        golden::keep("interrupted", &rows);
    }

    // The carrier was told to be silent, once, and nothing of the long answer was played after that.
    assert_eq!(record.clears.len(), 1, "{:#?}", record.clears);
    let barge = record.barge_ins();
    let to_clear = barge.first().and_then(|barge| barge.speech_to_clear_ms).unwrap();
    let spoken = contexts(&world);
    assert_eq!(spoken[0].text.trim(), GREETING);
    assert!(LONG.starts_with(spoken[1].text.trim()), "{}", spoken[1].text);
    let played = record.clears[0].played - spoken_bytes(&spoken[0].text);
    let rest: u64 = record.timeline.iter().map(|passage| passage.bytes).sum::<u64>() - record.clears[0].played;
    assert_eq!(rest, spoken_bytes(&spoken[2].text), "after the clear only the second answer was played");

    // What counts as heard is what the carrier played.
    let lines = transcript(&world, &call).await;
    let [_, (_, question), (role, heard), (_, objection), (_, second)] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((question.as_str(), role.as_str(), objection.as_str()), (QUESTION, "assistant", OBJECTION));
    assert_eq!(second, SHORT);
    let by_carrier = prefix(LONG, played / char_bytes());
    assert!(LONG.starts_with(heard), "{heard}");
    let off = words(heard).abs_diff(words(&by_carrier));
    let off_chars = heard.chars().count() as i64 - (played / char_bytes()) as i64;
    println!(
        "round trip {round_trip_ms} ms, jitter {jitter_ms} ms: speech to clear {to_clear:.0} ms at the carrier, \
         heard off by {off} words, {off_chars} characters\n  heard:   {heard}\n  carrier: {by_carrier}"
    );
    assert!(off <= 1, "heard: {heard}\ncarrier: {by_carrier}");
    assert!(to_clear < 700.0 + round_trip_ms as f64 + 2.0 * jitter_ms as f64, "{to_clear} ms from speech to clear");

    // The model and the synthesiser were stopped.
    let requests = world.openai.control.records();
    assert!(requests[0].cancelled && !requests[0].complete, "{:?}", requests[0]);
    assert!(spoken[1].closed && spoken[1].text.trim().len() < LONG.len(), "{:?}", spoken[1]);

    // The model reads what was heard, and nothing else.
    let request = last_request(&world);
    let texts: Vec<&str> = request.iter().filter_map(|message| message["content"].as_str()).collect();
    assert_eq!(texts[1..], [GREETING, QUESTION, heard.as_str(), OBJECTION], "{request:#?}");

    // The behaviour learns of the interruption before it hears what the caller said.
    let names = event_names(&rows);
    let interrupted = names.iter().position(|name| name == "interrupted").unwrap();
    let turns: Vec<usize> = names.iter().enumerate().filter(|(_, n)| *n == "user-turn").map(|(at, _)| at).collect();
    assert!(turns[0] < interrupted && interrupted < turns[1], "{names:?}");
    let told = of_kind(&rows, "event").into_iter().find(|row| row["event"]["event"] == "interrupted").unwrap();
    assert_eq!(told["event"]["data"]["heard"], heard.as_str());
    let outcomes: Vec<&Value> = of_kind(&rows, "barge-in").iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["confirmed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_is_what_the_carrier_played() {
    barge_in(0, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_is_what_the_carrier_played_over_an_ordinary_network() {
    barge_in(80, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_is_what_the_carrier_played_over_a_slow_network() {
    barge_in(240, 40).await;
}

/// A caller makes a sound while the agent answers; the recogniser hears `sound` in it.
async fn false_alarm(sound: &'static str, clip: &str) -> (World, CallRecord, Value, Vec<Value>) {
    let world = World::start(Setting {
        utterances: vec![QUESTION, sound],
        script: vec![Rule::say(LONG).when("when do you open")],
        carrier: CarrierSettings { round_trip_ms: 80, jitter_ms: 20, ..CarrierSettings::default() },
        ..Setting::default()
    })
    .await;
    let mut call = world
        .host
        .inbound(NUMBER)
        .step(When::AgentSilent(400), What::Say(speech::say(QUESTION).unwrap()))
        .step(When::AgentSpeaks(2_500), What::Say(speech::say(clip).unwrap()))
        .step(When::AgentSilent(3_000), What::HangUp);
    call.patience_ms = 30_000;
    let record = world.carrier.place_call(call).finished().await;
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, world.host.output());
    let stored = world.api.ended(&record.call_sid).await.unwrap();
    let rows = world.api.events(stored["id"].as_str().unwrap()).await.unwrap();
    (world, record, stored, rows)
}

/// The agent said everything, and what had been cut came again from the start of the word.
async fn everything_was_heard(world: &World, record: &CallRecord, call: &Value, rows: &[Value]) {
    let lines = transcript(world, call).await;
    let expected = [("assistant", GREETING), ("user", QUESTION), ("assistant", LONG)];
    let expected: Vec<(String, String)> = expected.iter().map(|(r, t)| ((*r).to_owned(), (*t).to_owned())).collect();
    assert_eq!(lines, expected);
    let names = event_names(rows);
    assert!(!names.iter().any(|name| name == "interrupted"), "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "user-turn").count(), 1, "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "generated").count(), 1, "{names:?}");
    let spoken = contexts(world);
    let answer = &spoken[1].text;
    let mut position = 0;
    let mut clears = record.clears.iter().map(|clear| clear.played - spoken_bytes(&spoken[0].text)).peekable();
    let total = record.timeline.iter().map(|passage| passage.bytes).sum::<u64>() - spoken_bytes(&spoken[0].text);
    let mut counted = 0;
    while let Some(played) = clears.next() {
        position += played - counted;
        counted = played;
        let next = clears.peek().copied().unwrap_or(total);
        if clears.peek().is_none() {
            // What followed the last clear ends with the text: so it began there.
            let again = spoken_bytes(answer).saturating_sub(next - counted) / char_bytes();
            let (cut, from) = (prefix(answer, position / char_bytes()), prefix(answer, again));
            println!("cut after {cut:?}\nwent on after {from:?}");
            assert!(cut.starts_with(&from), "nothing was left out");
            assert!(words(&cut) - words(&from) <= 1, "at most the word that was cut came again");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backchannel_does_not_interrupt() {
    let (world, record, call, rows) = false_alarm("Mm-hm.", "Mm hmm.").await;
    everything_was_heard(&world, &record, &call, &rows).await;
    println!("backchannel: {} clears, {:?}", record.clears.len(), of_kind(&rows, "barge-in"));
    assert!(of_kind(&rows, "barge-in").iter().all(|row| row["outcome"] == "false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_noise_without_words_does_not_interrupt() {
    let (world, record, call, rows) = false_alarm("", "Ahem, ahem.").await;
    assert_eq!(record.clears.len(), 1, "the detector took it for speech: {:#?}", of_kind(&rows, "barge-in"));
    let cleared_at = record.clears[0].at;
    let goes_on = record.agent_speech.iter().find(|span| span.begin > cleared_at).unwrap();
    println!("noise: silent for {:.0} ms", ms(goes_on.begin - cleared_at));
    everything_was_heard(&world, &record, &call, &rows).await;
    let outcomes: Vec<&Value> = of_kind(&rows, "barge-in").iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["false"]);
}
