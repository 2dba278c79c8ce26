use crate::{Place, contract, stock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Stdio};

/// A host that serves; ended when the test is over, however it ends.
struct Host {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Host {
    fn start(place: &Place) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the host ended").unwrap();
        let address = first.strip_prefix("listening on ").unwrap().to_owned();
        Self { child, lines, address }
    }

    /// Gives what it said after its address.
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let said: Vec<String> = self.lines.by_ref().map(Result::unwrap).collect();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        said.join("\n")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place() -> Place {
    let place = Place::new();
    place.write("components/dist/conversation.wasm", stock());
    place
}

#[test]
fn the_first_run_prints_a_token_and_no_other_does() {
    let place = place();
    let said = Host::start(&place).stop();
    let token = said.lines().find_map(|line| line.strip_prefix("operator token: ")).unwrap();
    assert!(token.starts_with("trk_"), "{said}");
    let said = Host::start(&place).stop();
    assert!(!said.contains("trk_"), "{said}");
}

#[test]
fn every_start_prints_a_login_link() {
    let place = place();
    let codes: Vec<String> = (0..2)
        .map(|_| {
            let host = Host::start(&place);
            let origin = host.address.clone();
            let said = host.stop();
            let line = said.lines().next().unwrap();
            let code = line.strip_prefix(&format!("open {origin}/#login=")).expect(line).to_owned();
            assert!(code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");
            code
        })
        .collect();
    assert_ne!(codes[0], codes[1]);
}

/// Names and versions of the agents in the database, newest first.
fn agents(place: &Place) -> Vec<(String, u64, bool)> {
    let list = place.run(&["agent", "list", "--json"]).ok().json();
    let agent = |agent: &serde_json::Value| {
        let name = agent["document"]["name"].as_str().unwrap().to_owned();
        (name, agent["version"].as_u64().unwrap(), agent["default"].as_bool().unwrap())
    };
    list["items"].as_array().unwrap().iter().map(agent).collect()
}

#[test]
fn the_first_run_makes_an_agent_as_the_environment_says_and_no_other_run_does() {
    let place = place()
        .env("TRUNKLINE_AGENT_NAME", "Flora")
        .env("TRUNKLINE_AGENT_GREETING", "This is {{ shop }}.")
        .env("TRUNKLINE_AGENT_INSTRUCTIONS", "You sell flowers.")
        .env("TRUNKLINE_AGENT_CONTEXT", r#"{"shop": "Bloom"}"#);
    Host::start(&place).stop();
    let first = agents(&place);
    let flora = ("Flora".to_owned(), 1, true);
    assert!(first.contains(&flora), "{first:?}");
    assert_eq!(first.iter().filter(|(_, _, default)| *default).count(), 1);
    let shown = place.run(&["agent", "show", "Flora"]).ok().json();
    assert_eq!((&shown["document"]["context"], &shown["author"]), (&json!({"shop": "Bloom"}), &json!("first run")));
    assert_eq!(shown["document"]["prompt"]["greeting"], "This is {{ shop }}.");
    Host::start(&place).stop();
    assert_eq!(agents(&place), first);
}

#[test]
fn a_database_that_has_agents_gets_none() {
    let (place, id) = Place::with_agent();
    place.write("components/dist/conversation.wasm", stock());
    Host::start(&place).stop();
    let list = place.run(&["agent", "list", "--json"]).ok().json();
    let ids: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|agent| agent["agent_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [id]);
}

#[test]
fn a_first_agent_that_cannot_be_is_found_before_serving() {
    let place = place().env("TRUNKLINE_AGENT_CONTEXT", "{company: 'Acme'}");
    let expected =
        "environment, TRUNKLINE_AGENT_CONTEXT: `agent.context` is no JSON (key must be a string at line 1 column 2)";
    for command in [["config", "check"].as_slice(), &["serve", "--listen", "127.0.0.1:0", "--log", "error"]] {
        let ran = place.run(command).failed(1);
        assert!(ran.sentence().starts_with(expected), "{}", ran.err);
    }
    assert!(!place.data().exists());
}

#[test]
fn a_running_server_answers_what_its_directory_cannot() {
    let place = place();
    let token = place.run(&["token", "issue", "--json"]).ok().json()["token"].as_str().unwrap().to_owned();
    let host = Host::start(&place);
    let place = place.env("TRUNKLINE_TOKEN", &token).env("TRUNKLINE_SERVER", &host.address);
    place.write("agent.json", contract().to_string());
    let made = place.run(&["agent", "create", "--file", "agent.json", "--json"]).ok().json();
    let id = made["agent_id"].as_str().unwrap();
    assert_eq!(place.run(&["agent", "show", "Front desk"]).ok().json()["agent_id"], id);
    let assigned = place.run(&["number", "assign", "+15550100", "Front desk", "--json"]).ok().json();
    assert_eq!((&assigned["e164"], &assigned["agent_id"]), (&json!("+15550100"), &json!(id)));
    assert_eq!(place.run(&["number", "list", "--json"]).ok().json()["items"][0]["e164"], "+15550100");
    assert_eq!(place.run(&["call", "list", "--json"]).ok().json(), json!({"items": [], "next_cursor": null}));
    let ran = place.run(&["call", "tail", id]).failed(1);
    assert_eq!(ran.sentence(), "the server refuses with 404: there is no such call");

    let mut faulty = contract();
    faulty["tts"].as_object_mut().unwrap().remove("voice");
    place.write("agent.json", faulty.to_string());
    let answer = place.run(&["agent", "validate", "agent.json", "--json"]).failed(1).json();
    assert_eq!(answer["errors"][0]["pointer"], "/tts/voice");
    host.stop();
}

#[test]
fn a_port_in_use_is_said_with_what_to_do() {
    let place = place();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = place.run(&["serve", "--listen", &address, "--log", "error"]).failed(1);
    assert!(ran.sentence().starts_with(&format!("cannot listen on {address} (")), "{}", ran.err);
    assert!(ran.sentence().ends_with("stop what uses it, or choose another address with --listen"), "{}", ran.err);
}

#[test]
fn serving_needs_components() {
    let place = Place::new();
    std::fs::remove_dir_all(place.path("components")).unwrap();
    let ran = place.run(&["serve", "--listen", "127.0.0.1:0", "--log", "error"]).failed(1);
    assert!(ran.sentence().contains("run `cargo xtask components`"), "{}", ran.err);
    assert!(!place.data().exists());
}

#[test]
fn commands_of_the_same_machine_find_the_server_and_need_no_token() {
    let place = place();
    let host = Host::start(&place);
    let left = std::fs::metadata(place.path("data/server.json")).unwrap();
    assert_eq!(left.permissions().mode() & 0o777, 0o600);
    place.write("agent.json", contract().to_string());
    let id = place.run(&["agent", "create", "--file", "agent.json", "--json"]).ok().json()["agent_id"].clone();
    place.run(&["agent", "default", "Front desk"]).ok();
    assert_eq!(place.run(&["agent", "show", "--json"]).ok().json()["agent_id"], id);
    let elsewhere = place.run(&["agent", "list", "--data", "elsewhere"]).failed(1);
    assert!(elsewhere.sentence().starts_with("elsewhere has no database"), "{}", elsewhere.err);
    let link = place.run(&["login", "--json"]).ok().json();
    assert!(link["url"].as_str().unwrap().starts_with(&format!("{}/#login=", host.address)), "{link}");
    host.stop();
    assert!(!place.path("data/server.json").exists());
    // Without a server the directory answers by itself.
    assert_eq!(place.run(&["agent", "show"]).ok().json()["agent_id"], id);
    let ran = place.run(&["login"]).failed(1);
    assert!(ran.sentence().starts_with("no server runs on data: start one with `trunkline serve`"), "{}", ran.err);
}

#[test]
fn the_token_of_a_host_that_was_killed_opens_nothing() {
    let place = place();
    let mut host = Host::start(&place);
    let read = || std::fs::read_to_string(place.path("data/server.json")).unwrap();
    let old: serde_json::Value = serde_json::from_str(&read()).unwrap();
    host.child.kill().unwrap();
    host.child.wait().unwrap();
    let ran = place.run(&["login"]).failed(1);
    assert!(
        ran.sentence().starts_with("no server runs on data"),
        "the file is there, and nobody is asked: {}",
        ran.err
    );
    let host = Host::start(&place);
    let new: serde_json::Value = serde_json::from_str(&read()).unwrap();
    assert_ne!(old["token"], new["token"]);
    let stranger = Place::new().env("TRUNKLINE_TOKEN", old["token"].as_str().unwrap());
    let ran = stranger.run(&["agent", "list", "--server", &host.address]).failed(1);
    assert!(ran.sentence().contains("refuses with 401"), "{}", ran.err);
    host.stop();
}
