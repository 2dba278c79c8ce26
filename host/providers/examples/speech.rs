//! How quickly programs of this machine speak and listen: `cargo run --release -p trunkline-providers --example speech`.
//!
//! Speaking: from a sentence to its first audio. Listening: an utterance is fed in real time, and what counts is the time
//! from its end to its words, as a share of its length.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};
use trunkline_contract::agent;
use trunkline_contract::speech::AudioFormat;
use trunkline_providers::{Local, LocalConfig, Spoken, Stt, SttEvent, SttRequest, TtsRequest};

const SENTENCES: [&str; 8] = [
    "What are your business hours?",
    "I would like to order two hundred flyers.",
    "Can you tell me where you are?",
    "How much is a poster?",
    "Is there a place to leave my car in front of the house?",
    "Thank you, that is all I wanted to know.",
    "My telephone number is five five five, zero one four two.",
    "Please call me back tomorrow morning, if that is possible.",
];
const ROUNDS: usize = 5;
const MS: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> Outcome {
    let local = Local::new(&LocalConfig::default());
    for format in [AudioFormat::Pcm16 { hz: 16_000 }, AudioFormat::Mulaw8k] {
        for program in ["flite", "espeak-ng"] {
            let mut first = Vec::new();
            for sentence in SENTENCES.iter().cycle().take(SENTENCES.len() * ROUNDS) {
                first.push(Spoken::of(&local, speaks(program, format)?, sentence).await?.first_audio_ms as f64);
            }
            report(&format!("{program}, {format:?}: first audio, ms"), first);
        }
        let mut shares = Vec::new();
        for sentence in SENTENCES {
            let spoken = Spoken::of(&local, speaks("flite", format)?, sentence).await?;
            shares.push(listen(&local, format, &spoken.audio).await?);
        }
        report(&format!("pocketsphinx, {format:?}: end of the utterance to its words, share of its length"), shares);
    }
    Ok(())
}

fn speaks(program: &str, format: AudioFormat) -> Result<TtsRequest, serde_json::Error> {
    let tts: agent::Tts = serde_json::from_value(serde_json::json!({"provider": "local", "model": program}))?;
    Ok(TtsRequest::new(&tts, "en-US", format))
}

async fn listen(local: &Local, format: AudioFormat, audio: &[u8]) -> Outcome<f64> {
    let stt: agent::Stt = serde_json::from_value(serde_json::json!({"provider": "local", "stall_ms": 15_000}))?;
    let mut stream = local.connect(SttRequest { batch_ms: 100, ..SttRequest::new(&stt, "en-US", format) });
    let frame = if format == AudioFormat::Mulaw8k { 160 } else { 640 };
    let mut clock = interval(MS);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let silence = vec![if frame == 160 { 0xFF } else { 0 }; frame];
    // Half a second before the speech, as in a call: a program is kept ready meanwhile.
    for _ in 0..25 {
        clock.tick().await;
        stream.send(&silence);
    }
    stream.expect(true);
    for frame in audio.chunks(frame) {
        clock.tick().await;
        stream.send(frame);
    }
    let ended = Instant::now();
    stream.finalize();
    while let Some(event) = stream.next().await {
        if let SttEvent::Transcript(piece) = event?
            && piece.from_finalize
        {
            break;
        }
    }
    let length = audio.len() as f64 / frame as f64 * MS.as_secs_f64();
    Ok(ended.elapsed().as_secs_f64() / length)
}

fn report(what: &str, mut figures: Vec<f64>) {
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| figures.get(((figures.len() - 1) as f64 * share).round() as usize).copied().unwrap_or(0.0);
    println!("{what}: p50 {:.2}, p95 {:.2}, max {:.2} ({} of them)", at(0.5), at(0.95), at(1.0), figures.len());
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;
