//! Runs emulators as a process of their own, so that benchmarks can tell their work from the host's.

use clap::Parser;
use trunkline_tests::emulators::server::Listen;
use trunkline_tests::emulators::{deepgram, elevenlabs, openai, twilio};

#[derive(Debug, Parser)]
#[command(name = "trunkline-emulators", about = "Twilio and the providers, emulated.")]
enum Emulator {
    /// Deepgram: live recognition.
    Deepgram(Provider),
    /// ElevenLabs: streaming synthesis.
    Elevenlabs(Provider),
    /// OpenAI: chat completions.
    Openai(Provider),
    /// Twilio: the carrier and its REST interface.
    #[command(subcommand)]
    Twilio(twilio::cli::Command),
}

/// A provider: says on standard output where it listens, as JSON, and serves until it is ended. `GET /_record` tells
/// what happened; `POST /_mode` with `{"mode": ..., "times": n}` sets what goes wrong.
#[derive(Debug, clap::Args)]
struct Provider {
    #[command(flatten)]
    listen: Listen,
    /// Settings as JSON, or `@` and the path of a file with them.
    #[arg(long)]
    settings: Option<String>,
}

// One thread: an emulator must not take more than one core from the host under test.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Emulator::parse() {
        Emulator::Deepgram(own) => deepgram::run(&own.listen, own.settings.as_deref()).await,
        Emulator::Elevenlabs(own) => elevenlabs::run(&own.listen, own.settings.as_deref()).await,
        Emulator::Openai(own) => openai::run(&own.listen, own.settings.as_deref()).await,
        Emulator::Twilio(command) => twilio::cli::run(command).await,
    }
}
