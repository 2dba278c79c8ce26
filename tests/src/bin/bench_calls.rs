//! Measures calls through the real binary; `--help` says what can be measured.

use clap::Parser as _;
use trunkline_tests::bench::{self, Options};

// One thread: the carrier is this process, and it must not take more than one core from the host under test.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    bench::run(Options::parse()).await
}
