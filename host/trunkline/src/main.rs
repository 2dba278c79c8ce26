//! The binary: command line, configuration, composition, shutdown.
//!
//! `cli` says what can be asked, `commands` does it, `serve` puts the host together. Only this crate reads files and the
//! environment; what goes wrong ends here as one sentence and an exit code.

mod backend;
mod chat;
mod cli;
mod commands;
mod components;
mod config;
mod doctor;
mod first_run;
mod guests;
mod interface;
mod keys;
mod live;
mod logging;
mod masked;
mod outgoing;
mod output;
mod profiles;
mod progress;
mod running;
mod serve;
mod simulate;
mod sse;
mod trial;

use clap::Parser;
use cli::Cli;
use output::Out;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = guests::compile() {
        return code;
    }
    let cli = Cli::parse();
    let out = Out::new(cli.global.json);
    match run(cli, &out) {
        Ok(code) => code,
        Err(error) => out.failure(&error),
    }
}

fn run(cli: Cli, out: &Out) -> anyhow::Result<ExitCode> {
    logging::start(cli.global.log.as_deref(), cli.global.log_format, cli.command.is_service())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(commands::run(cli, out))
}
