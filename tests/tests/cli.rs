//! The command line against a running host: simulated callers over real sockets, conversations, calls in files.

mod chat;
mod keyless;
mod others;
mod simulate;
mod terminal;

use crate::world::World;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use trunkline_tests::host::{Host, program};
use trunkline_tests::speech::{Voice, microphone};

/// A folder from which a host is spoken to.
struct Place {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
}

/// What a command left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn at(world: &World) -> Self {
        let env = vec![("TRUNKLINE_SERVER", world.host.origin()), ("TRUNKLINE_TOKEN", world.api.token().to_owned())];
        Self { folder: tempfile::tempdir().unwrap(), env }
    }

    /// On the machine of a host, with its data directory and nothing else.
    fn beside(host: &Host) -> Self {
        let data = host.folder().join("data").to_str().unwrap().to_owned();
        let path = std::env::var("PATH").unwrap();
        Self { folder: tempfile::tempdir().unwrap(), env: vec![("TRUNKLINE_DATA", data), ("PATH", path)] }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A recording of a sentence, as a microphone delivers it.
    fn record(&self, name: &str, text: &str) {
        let samples = microphone(Voice::Flite("slt"), text).unwrap();
        let mut bytes =
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data".to_vec();
        bytes.extend(u32::try_from(samples.len() * 2).unwrap().to_le_bytes());
        bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        std::fs::write(self.path(name), bytes).unwrap();
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.typed(arguments, "").await
    }

    async fn typed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(program("trunkline", "TRUNKLINE_BIN").unwrap());
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let ran = child.wait_with_output().await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: ran.status.code().unwrap(), out: text(ran.stdout), err: text(ran.stderr) }
    }
}

impl Ran {
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}
