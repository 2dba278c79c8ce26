//! The one entry for people and CI: reads the command and hands it to the module that does it.
//!
//! Each command does its own set-up, so that a fresh clone needs nothing but Rust and a C compiler. Progress goes to
//! stderr: stdout belongs to the program that was asked for (`bench ... --json` is read by machines).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks to people")]

mod bench;
mod build;
mod components;
mod lint;
mod run;
mod setup;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Usage: cargo xtask COMMAND

  up [-- ARGS]               set up, build components and host in release, run `trunkline serve ARGS`
  build [--release]          components and the `trunkline` binary
  components [NAME]          WebAssembly components into components/dist
  test [FILTER]              set up and run every test, or those whose name contains FILTER
  golden [--update] [FILTER] compare the golden files, or rewrite them
  freeze FOLDER              let a version of the contract, such as agent/0.1.0, never change any more
  lint                       formatting, clippy with warnings denied, cargo-deny where it is installed
  bench dispatch [ARGS]      reducer dispatch through the runtime with all limits on
  bench calls [ARGS]         paced calls against emulators in other processes
  bench http [ARGS]          the interface with 10,000 agents, 50 requests a second beside 50 calls
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        ["up", "--", rest @ ..] | ["up", rest @ ..] => up::up(rest),
        ["build"] => build::build(build::Profile::Dev),
        ["build", "--release"] => build::build(build::Profile::Release),
        ["components"] => components::build(None),
        ["components", name] if !name.starts_with('-') => components::build(Some(name)),
        ["test"] => test::test(None),
        ["test", filter] if !filter.starts_with('-') => test::test(Some(filter)),
        ["freeze", folder] if !folder.starts_with('-') => test::freeze(folder),
        ["golden", rest @ ..] => test::golden(rest),
        ["lint"] => lint::lint(),
        ["bench", "dispatch", rest @ ..] => bench::dispatch(rest),
        ["bench", "calls", rest @ ..] => bench::calls(rest),
        ["bench", "http", rest @ ..] => bench::calls(&[&["--http", "--calls", "50"][..], rest].concat()),
        other => bail!("`{}` is not a command; `cargo xtask help` lists them", other.join(" ")),
    }
}
