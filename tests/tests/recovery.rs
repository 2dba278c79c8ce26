//! The host is killed in the middle of a call: the carrier comes back, and the call goes on.

use crate::golden;
use crate::logs::assert_whole;
use crate::world::{NUMBER, Setting, World, event_names, of_kind};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use trunkline_tests::emulators::elevenlabs::ElevenLabsRecord;
use trunkline_tests::emulators::openai::Rule;
use trunkline_tests::emulators::twilio::{AfterLoss, CallRecord, CarrierSettings, Outcome, What, When};
use trunkline_tests::host::{Api, Host};
use trunkline_tests::speech;

const GREETING: &str = "Welcome to Acme. How can I help you?";
const CUT_OFF: &str = "Sorry, we were cut off.";
/// Between two looks at the host.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a call may take to be over for the host once it is over for the carrier: its grace, and the load of a test.
const LOOKS: usize = 3_000;

/// The texts that were given to the synthesiser, in the order of speaking.
fn spoken(world: &World) -> Vec<String> {
    let records = world.elevenlabs.control.records();
    records.iter().flat_map(|record| &record.contexts).map(|context| context.text.trim().to_owned()).collect()
}

fn is_speaking(records: &[ElevenLabsRecord], text: &str, audio_ms: u64) -> bool {
    let mut contexts = records.iter().flat_map(|record| &record.contexts);
    contexts.any(|context| context.text.starts_with(text) && context.audio_ms >= audio_ms)
}

async fn rows_of(api: &Api, call: &Value) -> Vec<Value> {
    api.events(call["id"].as_str().unwrap()).await.unwrap()
}

/// What the model was asked last, without the instructions.
fn last_question(world: &World) -> Vec<(String, String)> {
    let records = world.openai.control.records();
    let messages = records.last().unwrap().body["messages"].as_array().unwrap().clone();
    let text = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
    messages.iter().skip(1).map(|message| (text(message, "role"), text(message, "content"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_after_its_host_was_killed() {
    const LONG: &str = "A table for two is ten euros, a table for four is twenty euros, and a table for six is thirty.";
    let mut world = World::start(Setting {
        utterances: vec!["When do you open?", "And what does a table cost?"],
        script: vec![Rule::say("We open at nine.").when("open"), Rule::say(LONG)],
        ..Setting::default()
    })
    .await;
    let mut call = world
        .host
        .inbound(NUMBER)
        .step(When::AgentSilent(400), What::Say(speech::say("When do you open?").unwrap()))
        .step(When::AgentSilent(400), What::Say(speech::say("And what does a table cost?").unwrap()))
        // Longer than the host is away.
        .step(When::AgentSilent(6_000), What::HangUp);
    call.patience_ms = 40_000;
    let live = world.carrier.place_call(call);
    world.elevenlabs.control.wait_for(|records| is_speaking(records, "A table", 1_000)).await;
    world.host.restart().await.unwrap();
    let record = live.finished().await;
    assert!(record.succeeded(), "{:#?}\n{}", record.errors, world.host.output());
    assert_eq!(record.streams.len(), 2, "the carrier came back once");

    let stored = world.api.ended(&record.call_sid).await.unwrap();
    assert_eq!((&stored["end_reason"], &stored["state"]), (&json!("caller-hangup"), &json!("ended")), "{stored}");
    let rows = rows_of(&world.api, &stored).await;
    assert_whole(&rows);
    golden::keep("host-restart", &rows);
    let names = event_names(&rows);
    let resumed = of_kind(&rows, "event").into_iter().filter(|row| row["event"]["event"] == "resumed");
    let reasons: Vec<&Value> = resumed.map(|row| &row["event"]["data"]["reason"]).collect();
    assert_eq!(reasons, ["host-restart"], "{names:?}");
    assert_eq!(of_kind(&rows, "media-started").len(), 2);

    // The state survived: the behaviour knows that it has not answered yet, and answers.
    let texts = spoken(&world);
    assert_eq!(texts, [GREETING, "We open at nine.", texts[2].as_str(), CUT_OFF, LONG]);
    let said = |role: &str, text: &str| (role.to_owned(), text.to_owned());
    let before = [
        said("assistant", GREETING),
        said("user", "When do you open?"),
        said("assistant", "We open at nine."),
        said("user", "And what does a table cost?"),
        said("assistant", CUT_OFF),
    ];
    assert_eq!(last_question(&world), before);
    let transcript = world.api.transcript(stored["id"].as_str().unwrap()).await.unwrap();
    let lines: Vec<(String, String)> =
        transcript.iter().map(|line| said(line["role"].as_str().unwrap(), line["text"].as_str().unwrap())).collect();
    assert_eq!(lines, [before.as_slice(), &[said("assistant", LONG)]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_carrier_does_not_come_back_ends_after_the_grace() {
    let mut world = World::start(Setting {
        carrier: CarrierSettings { after_loss: AfterLoss::Hangup, ..CarrierSettings::default() },
        ..Setting::default()
    })
    .await;
    let call = world.host.inbound(NUMBER).step(When::AgentSilent(10_000), What::HangUp);
    let live = world.carrier.place_call(call);
    world.elevenlabs.control.wait_for(|records| is_speaking(records, "Welcome", 1_000)).await;
    world.host.restart().await.unwrap();
    let record = live.finished().await;
    assert_eq!(record.outcome, Outcome::Failed("the media socket was lost".into()));
    let stored = over(&world.api, &record.call_sid).await.unwrap();
    assert_eq!(stored["end_reason"], "media-lost", "{stored}");
    let rows = rows_of(&world.api, &stored).await;
    assert_whole(&rows);
    assert!(!event_names(&rows).iter().any(|name| name == "resumed"));
}

/// The call, once the host says that it is over; none when the host does not know it. A host that is being restarted
/// gives no answer, which is no answer to this either.
async fn over(api: &Api, carrier_sid: &str) -> Option<Value> {
    // A timer because the interface has no way to wait; the number of looks is the limit.
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    for _ in 0..LOOKS {
        tick.tick().await;
        match api.call_of(carrier_sid).await {
            Ok(Some(call)) if call["state"] == "ended" => return Some(call),
            Ok(Some(call)) => last = Some(call),
            Ok(None) => return None,
            Err(_) => {}
        }
    }
    panic!("the call {carrier_sid} is not over: {last:?}")
}

/// Starts the host again whenever it has ended, this time without an end.
async fn keep_alive(host: &mut Host, deaths: &mut u32) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if host.check().is_err() {
            *deaths += 1;
            host.spec_mut().env.clear();
            host.relaunch().unwrap();
            host.wait_until_ready().await.unwrap();
        }
    }
}

/// What became of the scripted call.
struct Course {
    record: CallRecord,
    /// None: the host does not know the call.
    stored: Option<Value>,
    rows: Vec<Value>,
    deaths: u32,
    spoken: Vec<String>,
    commits: usize,
    replay: Option<(Option<i32>, String)>,
    /// The state that the host kept.
    state: Vec<u8>,
    /// The state that the log leads to.
    replayed_state: Vec<u8>,
}

/// A short call: a greeting, a turn that saves what the caller said, the end. The host ends abruptly right after so many
/// commits of the log. The caller repeats what was not answered.
async fn scripted(exit_after: Option<usize>) -> Course {
    const NAME: &str = "My name is Ada.";
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("commits");
    let mut env = vec![("TRUNKLINE_COMMIT_TRACE".to_owned(), trace.display().to_string())];
    env.extend(exit_after.map(|commits| ("TRUNKLINE_EXIT_AFTER_COMMITS".to_owned(), commits.to_string())));
    let setting = Setting {
        utterances: vec![NAME],
        script: vec![
            Rule::call("save_data", json!({"data": {"name": "Ada"}})).when("Ada"),
            Rule { say: "Thank you. ".into(), ..Rule::call("end_call", json!({})) }.after("save_data"),
        ],
        contract: json!({"prompt": {"greeting": "Your name?"}}),
        ..Setting::default()
    };
    let mut world = World::start_with(setting, |spec| spec.env = env).await;
    let clip = speech::say(NAME).unwrap();
    let mut call = world.host.inbound(NUMBER).step(When::AgentSilent(400), What::Say(clip.clone()));
    for _ in 0..3 {
        call = call.step(When::AgentSilent(3_000), What::Say(clip.clone()));
    }
    let live = world.carrier.place_call(call);
    let sid = live.sid().to_owned();
    let mut deaths = 0;
    let course = async {
        let record = live.finished().await;
        let stored = over(&world.api, &sid).await;
        (record, stored)
    };
    let (record, stored) = tokio::select! {
        course = course => course,
        () = keep_alive(&mut world.host, &mut deaths) => unreachable!("it goes on for ever"),
    };
    // The end may have been the last commit of a host that is dying.
    if world.host.check().is_err() {
        deaths += 1;
        world.host.spec_mut().env.clear();
        world.host.restart().await.unwrap();
    }
    let (mut rows, mut replay) = (Vec::new(), None);
    let (mut state, mut replayed_state) = (Vec::new(), Vec::new());
    if let Some(stored) = &stored {
        rows = rows_of(&world.api, stored).await;
        world.host.terminate().await.unwrap();
        replay = Some(crate::replay::replayed(&world.host, stored["id"].as_str().unwrap(), &["--json"]).await);
        state = kept_state(&world.host).await;
        replayed_state = crate::replay::state_after(&rows).await;
    }
    let commits = std::fs::read_to_string(&trace).unwrap_or_default().lines().count();
    Course { record, stored, rows, deaths, spoken: spoken(&world), commits, replay, state, replayed_state }
}

/// The state of the only call of a host that does not run.
async fn kept_state(host: &Host) -> Vec<u8> {
    let database = libsql::Builder::new_local(host.folder().join("data/trunkline.db")).build().await.unwrap();
    let rows = database.connect().unwrap().query("SELECT state FROM call_states", ()).await;
    rows.unwrap().next().await.unwrap().unwrap().get(0).unwrap()
}

/// What must be so whenever the host died. None: all is well.
fn check(undisturbed: &Course, course: &Course) {
    let record = &course.record;
    assert!(course.deaths <= 1, "the host died {} times", course.deaths);
    let answered = !record.streams.is_empty();
    let Some(stored) = &course.stored else {
        assert!(!answered, "a call that was answered is known");
        return;
    };
    assert_whole(&course.rows);
    let (code, said) = course.replay.as_ref().unwrap();
    assert_eq!(*code, Some(0), "the log replays equal: {said}");
    assert_eq!(course.state, course.replayed_state, "the state is what the log leads to");
    if !answered {
        // The carrier got no answer to its webhook and does not come back.
        assert_eq!(stored["end_reason"], "media-lost");
        return;
    }
    // The host may die while the socket is being opened; then the carrier asks what is next.
    let errors: Vec<&String> = record.errors.iter().filter(|error| !error.contains("could not be opened")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(record.errors.len() as u32 <= course.deaths, "{:#?}", record.errors);
    assert_eq!(record.outcome, Outcome::HostHungUp);
    assert_eq!(stored["end_reason"], "agent-hangup");
    let of = |course: &Course| course.stored.as_ref().unwrap()["result"].clone();
    assert_eq!(of(course), of(undisturbed));
    // The caller heard how it began, or that it goes on.
    let resumed = event_names(&course.rows).iter().any(|name| name == "resumed");
    assert!(course.spoken.iter().any(|text| text == "Your name?" || text == CUT_OFF), "{:?}", course.spoken);
    assert!(record.streams.len() == 1 || resumed || of_kind(&course.rows, "media-started").len() == 1);
    let last = record.streams.last().unwrap();
    assert!(record.agent_speech.iter().any(|span| span.begin >= last.begin), "the caller heard somebody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_survives_a_kill_between_any_two_commits() {
    use futures::StreamExt as _;
    let undisturbed = scripted(None).await;
    assert!(undisturbed.commits > 0, "the host has no fail points: build it with `--features failpoints`");
    check(&undisturbed, &undisturbed);
    assert_eq!((undisturbed.deaths, undisturbed.record.streams.len()), (0, 1));
    println!("undisturbed: {} commits, {} rows, {:?}", undisturbed.commits, undisturbed.rows.len(), undisturbed.spoken);
    let runs = futures::stream::iter(1..=undisturbed.commits).map(|n| async move { (n, scripted(Some(n)).await) });
    let mut runs = std::pin::pin!(runs.buffer_unordered(4));
    let mut failures = Vec::new();
    while let Some((n, course)) = runs.next().await {
        let end = course.stored.as_ref().map(|stored| stored["end_reason"].clone());
        println!(
            "killed after commit {n}: {} deaths, {} streams, {end:?}, {:?}",
            course.deaths,
            course.record.streams.len(),
            course.spoken
        );
        if std::panic::catch_unwind(|| check(&undisturbed, &course)).is_err() {
            failures.push(n);
            println!("{:#?}", course.record.requests);
            for row in &course.rows {
                println!("{row}");
            }
        }
    }
    assert!(failures.is_empty(), "killed after commit {failures:?}");
}
