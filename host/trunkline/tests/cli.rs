//! The command line, run as the binary that people run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "cli/agents.rs"]
mod agents;
#[path = "cli/calls.rs"]
mod calls;
#[path = "cli/compiling.rs"]
mod compiling;
#[path = "cli/contracts.rs"]
mod contracts;
#[path = "cli/health.rs"]
mod health;
#[path = "cli/profiles.rs"]
mod profiles;
#[path = "cli/served.rs"]
mod served;
#[path = "cli/server.rs"]
mod server;
#[path = "cli/serving.rs"]
mod serving;
#[path = "cli/stores.rs"]
mod stores;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A working directory with a folder of components, and nothing of the outer environment.
struct Place {
    dir: TempDir,
    env: Vec<(String, String)>,
}

/// What a command left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("components/dist")).unwrap();
        // Only its name counts where nothing is run.
        std::fs::write(dir.path().join("components/dist/conversation.wasm"), "").unwrap();
        Self { dir, env: Vec::new() }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trunkline"));
        command.args(arguments).current_dir(self.dir.path()).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    /// A migrated database with one agent.
    fn with_agent() -> (Self, String) {
        let place = Self::new();
        let contract = place.write("agent.json", contract().to_string());
        let made = place.run(&["agent", "create", "--json", "--file", contract.to_str().unwrap()]).ok().json();
        let id = made["agent_id"].as_str().unwrap().to_owned();
        (place, id)
    }
}

impl Ran {
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// The one sentence that tells why it failed.
    #[track_caller]
    fn sentence(&self) -> &str {
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        self.err.trim().strip_prefix("error: ").unwrap()
    }
}

fn contract() -> Value {
    json!({
        "name": "Front desk",
        "prompt": {"instructions": "You work for {{ company }}.", "greeting": "Welcome to {{ company }}."},
        "llm": {"provider": "openai", "model": "gpt-4o-mini"},
        "stt": {"provider": "deepgram"},
        "tts": {"provider": "elevenlabs", "voice": "v1"},
        "tools": ["end_call"],
        "context": {"company": "Acme"},
    })
}

/// Where the components are that were built.
fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../components/dist")
}

/// The stock behaviour.
fn stock() -> Vec<u8> {
    std::fs::read(built().join("conversation.wasm"))
        .expect("the components are not built: run `cargo xtask components`")
}
