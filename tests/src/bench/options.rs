//! What is measured, as the command line says it.

use std::time::Duration;

use clap::Parser;
use serde::Serialize;

use super::SetDelays;
use super::script::Variant;

/// Calls that begin per second while the lines are being taken into use.
const CALLS_PER_SECOND: u32 = 20;

/// Paced calls to the release binary, with every emulator in another process.
#[derive(Debug, Clone, Parser, Serialize)]
#[command(name = "trunkline-bench-calls")]
pub struct Options {
    /// How many calls at a time; one run for each number.
    #[arg(long, value_delimiter = ',', default_value = "1,20,50,200,400")]
    pub calls: Vec<u32>,
    /// The caller interrupts three of the four replies; one run for each of `--min-speech`.
    #[arg(long)]
    pub barge_in: bool,
    /// Speech that makes an interruption suspected, in ms.
    #[arg(long, value_delimiter = ',', default_value = "200,100")]
    pub min_speech: Vec<u32>,
    /// Measures a server that only sends the caller's audio back, instead of the host: what media cost at the least.
    #[arg(long)]
    pub yardstick: bool,
    /// TLS everywhere: webhooks, media sockets and providers.
    #[arg(long)]
    pub tls: bool,
    /// Asks the interface of 100 tenants with 100 agents each, 50 times a second, beside the calls; then switches the agent
    /// of a live call.
    #[arg(long)]
    pub http: bool,
    /// How long the steady part is, in seconds.
    #[arg(long, default_value_t = 60)]
    pub duration: u64,
    /// From the last line's first call to the begin of the steady part, in seconds.
    #[arg(long, default_value_t = 5)]
    pub settle: u64,
    /// Measures how long a start takes, instead of calls.
    #[arg(long)]
    pub startup: bool,
    /// How many starts are measured.
    #[arg(long, default_value_t = 10)]
    pub starts: u32,
    /// The recogniser's delay of final words, in ms.
    #[arg(long, default_value_t = 120)]
    pub stt_ms: u64,
    /// The model's time to its first token, in ms.
    #[arg(long, default_value_t = 150)]
    pub llm_ms: u64,
    /// The model's speed after that, in tokens per second.
    #[arg(long, default_value_t = 80.0)]
    pub tokens_per_s: f64,
    /// From text to the synthesiser's first audio, in ms.
    #[arg(long, default_value_t = 120)]
    pub tts_ms: u64,
    /// Silence that ends a turn, in ms.
    #[arg(long, default_value_t = 500)]
    pub endpoint_ms: u32,
    /// Round-trip time between carrier and host, in ms.
    #[arg(long, default_value_t = 0)]
    pub round_trip_ms: u64,
    /// Seed of the lines' phases.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The host's log, as in `RUST_LOG`.
    #[arg(long, default_value = "warn")]
    pub log: String,
    /// Prints JSON instead of tables.
    #[arg(long)]
    pub json: bool,
}

impl Options {
    /// The kinds of calls that are measured.
    pub(super) fn variants(&self) -> Vec<Variant> {
        if self.yardstick {
            vec![Variant::Echo]
        } else if self.barge_in {
            self.min_speech.iter().map(|&min_speech_ms| Variant::BargeIns { min_speech_ms }).collect()
        } else {
            vec![Variant::Turns]
        }
    }

    /// The delays that the emulators are given.
    pub(super) fn delays(&self) -> SetDelays {
        SetDelays {
            endpoint_ms: f64::from(self.endpoint_ms),
            stt_final_ms: self.stt_ms as f64,
            llm_first_token_ms: self.llm_ms as f64,
            token_ms: 1_000.0 / self.tokens_per_s,
            tts_first_byte_ms: self.tts_ms as f64,
            round_trip_ms: self.round_trip_ms as f64,
        }
    }

    /// Over how long the lines take up their first call.
    pub(super) fn ramp(&self, calls: u32) -> Duration {
        Duration::from_secs(u64::from(calls.div_ceil(CALLS_PER_SECOND)))
    }
}
