//! Runs emulators as a process of their own, so that benchmarks can tell their work from the host's.

use clap::Parser;
use trunkline_tests::emulators::twilio;

#[derive(Debug, Parser)]
#[command(name = "trunkline-emulators", about = "Twilio and the providers, emulated.")]
enum Emulator {
    /// Twilio: the carrier and its REST interface.
    #[command(subcommand)]
    Twilio(twilio::cli::Command),
}

// One thread: an emulator must not take more than one core from the host under test.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Emulator::parse() {
        Emulator::Twilio(command) => twilio::cli::run(command).await,
    }
}
