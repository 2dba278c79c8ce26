//! The log of a call is enough to decide everything again.

use crate::golden;
use crate::logs::assert_whole;
use crate::world::{NUMBER, Setting, World, event_names};
use serde_json::{Value, json};
use std::sync::OnceLock;
use tokio::process::Command;
use trunkline_contract::Action;
use trunkline_contract::log::{Entry, Row};
use trunkline_runtime::{Behaviour, Components, Config, Input, ReplayOutcome, Runtime, Warm, replay};
use trunkline_tests::emulators::twilio::{What, When};
use trunkline_tests::host::{Host, program};
use trunkline_tests::speech;

/// `trunkline call replay` on the data of a host that does not run: its exit code and what it said.
pub(crate) async fn replayed(host: &Host, call: &str, more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program("trunkline", "TRUNKLINE_BIN").unwrap());
    command.args(["call", "replay", call, "--config"]).arg(host.folder().join("trunkline.toml")).args(more);
    let output = command.kill_on_drop(true).output().await.unwrap();
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.code(), text)
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new(&Config { max_instances: 16, ..Config::new([7; 32]) }).unwrap())
}

/// A component by its name.
fn behaviour(name: &str) -> Behaviour {
    runtime().load(&std::fs::read(golden::component(name)).unwrap()).unwrap().behaviour().unwrap()
}

/// Who decides: a fresh instance for each event, or one that is kept.
enum Seat {
    Fresh(Behaviour),
    Warm(Warm),
}

impl Seat {
    async fn handle(&mut self, input: Input) -> (Vec<u8>, Vec<Action>) {
        let output = match self {
            Seat::Fresh(behaviour) => behaviour.handle(input).await,
            Seat::Warm(warm) => warm.handle(input).await,
        };
        output.map(|output| (output.state, output.actions)).unwrap()
    }
}

/// The state and the actions after each event that the behaviour answered; `seat` gives a component that begins.
async fn decisions(rows: &[Row], seat: impl Fn(&str) -> Seat) -> Vec<(Vec<u8>, Vec<Action>)> {
    let answered =
        |seq: u64| rows.iter().any(|row| matches!(row.entry, Entry::Actions { event_seq, .. } if event_seq == seq));
    let (mut current, mut all, mut state) = (None, Vec::new(), Vec::new());
    for row in rows {
        match &row.entry {
            Entry::Component { digest, .. } => {
                state.clear();
                current = Some(seat(digest));
            }
            Entry::Event { event, seed } if answered(row.seq) => {
                let input = Input { seq: row.seq, now_ms: row.at_ms, seed: *seed, state, event: event.clone() };
                let decision = current.as_mut().unwrap().handle(input).await;
                state = decision.0.clone();
                all.push(decision);
            }
            _ => {}
        }
    }
    all
}

/// The state that a call's log leads to.
pub(crate) async fn state_after(rows: &[Value]) -> Vec<u8> {
    let rows: Vec<Row> = rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let fresh = behaviour("conversation");
    let all = decisions(&rows, |_| Seat::Fresh(fresh.clone())).await;
    all.last().unwrap().0.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn golden_logs_replay_equal_with_fresh_and_with_warm_instances() {
    let logs = golden::logs();
    assert!(logs.len() >= 4, "{} golden logs", logs.len());
    for (name, rows) in logs {
        let find = |component: &str| Some(behaviour(component));
        let outcome = replay(&Components::Recorded(&find), &rows, None).await.unwrap();
        let fresh = decisions(&rows, |component| Seat::Fresh(behaviour(component))).await;
        assert_eq!(outcome, ReplayOutcome::Equal { events: fresh.len() as u64 }, "{name}");
        let warm = decisions(&rows, |component| Seat::Warm(behaviour(component).warm())).await;
        assert_eq!(fresh, warm, "{name}: a warm instance decides as fresh ones do");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_behaviour_shows_where_it_differs_first() {
    const TURNS: [&str; 3] = ["I would like to book a table.", "It is for four people.", "And we come at eight."];
    let folder = tempfile::tempdir().unwrap();
    for name in ["conversation", "echo"] {
        std::fs::copy(golden::component(name), folder.path().join(format!("{name}.wasm"))).unwrap();
    }
    let setting = Setting {
        utterances: TURNS.to_vec(),
        contract: json!({"behaviour": {"component": "echo", "settings": {"prefix": "Well. "}}}),
        ..Setting::default()
    };
    let mut world = World::start_with(setting, |spec| spec.components = folder.path().to_owned()).await;
    let mut call = world.host.inbound(NUMBER);
    for turn in TURNS {
        call = call.step(When::AgentSilent(400), What::Say(speech::say(turn).unwrap()));
    }
    // While the agent repeats the first turn, the host is killed; the caller goes on with the second.
    let live = world.carrier.place_call(call.step(When::AgentSilent(1_000), What::HangUp));
    let repeats = |text: &str| text.contains("You said I would like");
    let speaks = world.elevenlabs.control.wait_for(|records| {
        records.iter().flat_map(|record| &record.contexts).any(|c| repeats(&c.text) && c.audio_ms > 1_000)
    });
    speaks.await;
    world.deepgram.next_script([TURNS[1], TURNS[2]]);
    world.host.restart().await.unwrap();
    let record = live.finished().await;
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, world.host.output());
    let stored = world.api.ended(&record.call_sid).await.unwrap();
    let id = stored["id"].as_str().unwrap();
    let rows = world.api.events(id).await.unwrap();
    assert_whole(&rows);
    golden::keep("echo-host-restart", &rows);
    let turns: Vec<&Value> = rows.iter().filter(|row| row["event"]["event"] == "user-turn").collect();
    assert_eq!(turns.len(), 3, "{:?}", event_names(&rows));

    world.host.terminate().await.unwrap();
    let answered = rows.iter().filter(|row| row["kind"] == "actions").count();
    let (code, said) = replayed(&world.host, id, &["--json"]).await;
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!((code, &said), (Some(0), &json!({"equal": true, "events": answered})));

    let changed = golden::component("echo-changed");
    let changed = ["--component", changed.to_str().unwrap()];
    let (code, said) = replayed(&world.host, id, &[changed[0], changed[1], "--json"]).await;
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!((code, &said["equal"]), (Some(1), &json!(false)), "{said}");
    assert_eq!((&said["seq"], &said["event"]), (&turns[2]["seq"], &json!("user-turn")));
    let text = |side: &Value| side[0]["data"]["text"].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&said["expected"]), format!("Well. You said {}", TURNS[2]), "{said}");
    assert_eq!(text(&said["found"]["actions"]), format!("Well. I heard {}", TURNS[2]), "{said}");
    let (code, said) = replayed(&world.host, id, &changed).await;
    assert_eq!(code, Some(1));
    let first = format!("different at row {}, event user-turn", turns[2]["seq"]);
    assert!(said.contains(&first) && said.contains("- ") && said.contains("+ "), "{said}");

    let before = (turns[2]["seq"].as_u64().unwrap() - 1).to_string();
    let (code, said) = replayed(&world.host, id, &[changed[0], changed[1], "--until", &before]).await;
    assert_eq!(code, Some(0), "up to there nothing differs: {said}");
}
