//! Conversations in a real terminal: what is typed and what appears.

use super::Place;
use crate::world::{Setting, World};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::host::program;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program in a terminal.
pub(super) struct Terminal {
    child: Child,
    keys: File,
    screen: mpsc::Receiver<String>,
    shown: String,
}

impl Terminal {
    pub(super) fn start(place: &Place, arguments: &[&str]) -> Self {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap();
        let side = || Stdio::from(open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
        let mut command = Command::new(program("trunkline", "TRUNKLINE_BIN").unwrap());
        command.args(arguments).current_dir(place.folder.path()).env_clear().env("TERM", "xterm");
        command.envs(place.env.iter().map(|(name, value)| (name, value)));
        let child = command.stdin(side()).stdout(side()).stderr(side()).kill_on_drop(true).spawn().unwrap();
        drop(command);
        let keys = File::from(keys);
        let mut output = keys.try_clone().unwrap();
        let (show, screen) = mpsc::channel(1_000);
        // A terminal is read by waiting, which is nothing for a runtime's thread.
        std::thread::spawn(move || {
            let mut piece = [0; 4_096];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                if show.blocking_send(String::from_utf8_lossy(&piece[..count]).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, screen, shown: String::new() }
    }

    /// Waits until a text appears, and gives everything up to its end.
    pub(super) async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.shown.find(text) {
                let rest = self.shown.split_off(at + text.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let piece = timeout(PATIENCE, self.screen.recv()).await;
            match piece {
                Ok(Some(piece)) => self.shown.push_str(&piece),
                _ => panic!("`{text}` does not appear in {:?}", self.shown),
            }
        }
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// What a terminal does for Ctrl-C.
    fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
    }

    pub(super) async fn ended(mut self) -> i32 {
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap().code().unwrap()
    }
}

fn setting() -> Setting {
    let tool = json!({"name": "caller_name", "value": "Eve"});
    Setting {
        script: vec![
            Rule::say("Noted.").after("save_data"),
            Rule::call("save_data", tool).when("Eve"),
            Rule::call("end_call", json!({"reason": "done"})).when("good-bye"),
            Rule::say("We open at **nine**.").when("open"),
        ],
        ..Setting::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_written_and_tools_are_shown() {
    let world = World::start(setting()).await;
    let mut terminal = Terminal::start(&Place::at(&world), &["chat", "Front desk"]);
    terminal.until("Welcome to Acme. How can I help you?").await;
    terminal.until("you> ").await;
    terminal.press("When do you open?\r");
    terminal.until("We open at **nine**.").await;
    terminal.until("you> ").await;
    terminal.press("I am Eve.\r");
    terminal.until("-> save_data").await;
    terminal.until("<- save_data").await;
    terminal.until("Noted.").await;
    terminal.until("you> ").await;
    terminal.press("/events\r");
    let events = terminal.until("\"I am Eve.\"").await;
    assert!(events.contains("user-turn \"When do you open?\""), "{events}");
    terminal.until("you> ").await;
    terminal.press("good-bye\r");
    terminal.until("the conversation is over").await;
    terminal.until("you> ").await;
    terminal.press("Hello?\r");
    terminal.until("the conversation is over: /new begins another").await;
    terminal.until("you> ").await;
    terminal.press("/new\r");
    terminal.until("Welcome to Acme.").await;
    terminal.until("you> ").await;
    terminal.press("\u{4}");
    assert_eq!(terminal.ended().await, 0);
    let threads = world.api.calls().await.unwrap();
    assert_eq!(threads.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_an_answer_and_not_the_conversation() {
    let slow = Setting { tokens_per_s: Some(2.0), script: vec![Rule::say("word ".repeat(200))], ..Setting::default() };
    let world = World::start(slow).await;
    let mut terminal = Terminal::start(&Place::at(&world), &["chat", "Front desk"]);
    terminal.until("you> ").await;
    terminal.press("Go on.\r");
    terminal.until("word").await;
    terminal.interrupt();
    terminal.until("stopped").await;
    terminal.until("you> ").await;
    terminal.press("/quit\r");
    assert_eq!(terminal.ended().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_said_and_the_conversation_can_go_on() {
    let mut world = World::start(setting()).await;
    let mut terminal = Terminal::start(&Place::at(&world), &["chat", "Front desk"]);
    terminal.until("you> ").await;
    world.host.kill().await.unwrap();
    terminal.press("When do you open?\r");
    terminal.until("cannot be reached").await;
    terminal.until("you> ").await;
    world.host.restart().await.unwrap();
    terminal.press("When do you open?\r");
    terminal.until("We open at **nine**.").await;
    terminal.until("you> ").await;
    terminal.press("\u{4}");
    assert_eq!(terminal.ended().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_hangs_a_simulated_caller_up() {
    let world = World::start(setting()).await;
    let place = Place::at(&world);
    place.record("open.wav", "When do you open?");
    let arguments = ["call", "simulate", "--agent", "Front desk", "--wav", "open.wav"];
    let mut terminal = Terminal::start(&place, &arguments);
    terminal.until("agent speaks").await;
    terminal.interrupt();
    terminal.until("caller-hangup").await;
    assert_eq!(terminal.ended().await, 130);
    assert_eq!(world.api.calls().await.unwrap()[0]["end_reason"], "caller-hangup");
}
