//! What is said in a measured call: real speech from the caller, one reply from the model.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};

use crate::emulators::twilio::{CallSpec, Clip, What, When};
use crate::speech;

/// What the caller says in the four turns. No pause in them is long enough to end a turn.
const TURNS: [&str; 4] = [
    "Hello I would like to book a table for four people.",
    "Tomorrow evening at seven o'clock would be perfect.",
    "Do you have something close to the window.",
    "Great thank you very much for your help.",
];
/// What the caller interrupts with, and says in the turns that follow from it.
const INTERRUPTIONS: [&str; 3] =
    ["Sorry could you tell me the price first.", "No that is too late for us.", "Wait I meant the other restaurant."];
/// The agent's first words.
const GREETING: &str = "Hello. You have reached the front desk. How can I help you today?";
/// Every reply: about five seconds, so that there is something to interrupt. Its first sentence is short and has no comma
/// (see `delays`).
const REPLY: &str = "Of course. I have looked that up for you and everything is free at that time of the day.";
/// The agent must have been silent for this long before the caller speaks, in ms.
const PAUSE_MS: u64 = 700;
/// The caller interrupts when the agent has spoken for this long, in ms.
const INTERRUPT_AFTER_MS: u64 = 1_500;

/// Between two sentences to a server that does not answer, in ms.
const ECHO_PAUSE_MS: u64 = 5_000;

/// The kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// Greeting, four turns.
    Turns,
    /// The same, but each turn after the first interrupts the reply to the one before.
    BargeIns {
        /// The agent's `turn.interruption.min_speech_ms`.
        min_speech_ms: u32,
    },
    /// Four sentences to a server that sends them back.
    Echo,
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turns => formatter.write_str("four turns"),
            Self::Echo => formatter.write_str("echo server"),
            Self::BargeIns { min_speech_ms } => write!(formatter, "barge-ins at {min_speech_ms} ms of speech"),
        }
    }
}

/// The caller's side of a call, and what the emulators have to know of it.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) variant: Variant,
    clips: Vec<Clip>,
}

impl Script {
    pub(super) fn new(variant: Variant) -> Result<Self> {
        let texts: Vec<&str> = match variant {
            Variant::Turns | Variant::Echo => TURNS.to_vec(),
            Variant::BargeIns { .. } => TURNS.iter().take(1).chain(&INTERRUPTIONS).copied().collect(),
        };
        let clips = texts.into_iter().map(speech::say).collect::<Result<_, _>>()?;
        Ok(Self { variant, clips })
    }

    /// What the recogniser hears, in order.
    pub(super) fn utterances(&self) -> Vec<&str> {
        self.clips.iter().map(Clip::name).collect()
    }

    /// What the model answers, whatever was said.
    pub(super) fn reply(&self) -> &'static str {
        REPLY
    }

    /// Turns of a call that went as scripted.
    pub(super) fn turns(&self) -> usize {
        match self.variant {
            Variant::Turns | Variant::BargeIns { .. } => self.clips.len(),
            // What comes back begins before the caller has finished: no answer.
            Variant::Echo => 0,
        }
    }

    /// Interruptions of a call that went as scripted.
    pub(super) fn barge_ins(&self) -> usize {
        match self.variant {
            Variant::Turns | Variant::Echo => 0,
            Variant::BargeIns { .. } => self.clips.len().saturating_sub(1),
        }
    }

    /// Adds the caller's steps to a call.
    pub(super) fn played_by(&self, call: CallSpec) -> CallSpec {
        let speak = |call: CallSpec, (turn, clip): (usize, &Clip)| {
            let when = match self.variant {
                Variant::BargeIns { .. } if turn > 0 => When::AgentSpeaks(INTERRUPT_AFTER_MS),
                Variant::BargeIns { .. } | Variant::Turns => When::AgentSilent(PAUSE_MS),
                Variant::Echo => When::Then(ECHO_PAUSE_MS),
            };
            call.step(when, What::Say(clip.clone()))
        };
        let end = if self.variant == Variant::Echo { When::Then(ECHO_PAUSE_MS) } else { When::AgentSilent(PAUSE_MS) };
        self.clips.iter().enumerate().fold(call, speak).step(end, What::HangUp)
    }

    /// The agent's contract.
    pub(super) fn contract(&self, endpoint_ms: u32) -> Value {
        let min_speech_ms = match self.variant {
            Variant::Turns | Variant::Echo => 200,
            Variant::BargeIns { min_speech_ms } => min_speech_ms,
        };
        json!({
            "name": "bench",
            "prompt": {"instructions": "You answer the phone of a restaurant.", "greeting": GREETING},
            "llm": {"provider": "openai", "model": "m"},
            "stt": {"provider": "deepgram"},
            "tts": {"provider": "elevenlabs", "voice": "v"},
            "turn": {
                "endpointing": {"min_ms": endpoint_ms, "max_ms": 2_500.max(endpoint_ms), "strategy": "vad"},
                "interruption": {"min_speech_ms": min_speech_ms},
            },
        })
    }
}
