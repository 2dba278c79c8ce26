//! More calls than there is room for, and a host that is told to stop.

use std::process::Output;

use tokio::process::Command;
use trunkline_tests::emulators::twilio::{CallSpec, Outcome, What, When};
use trunkline_tests::host::{HostSpec, Providers, program};

use super::{assert_undisturbed, caller, logged};
use crate::by_hand::{Answer, Hand, until};
use crate::world::{NUMBER, Setting, World};

const BUSY: &str = "We are full.";

fn setting() -> Setting {
    Setting {
        utterances: vec!["When do you open?"],
        contract: serde_json::json!({"prompt": {"busy": "We are {{ state }}."}, "context": {"state": "full"}}),
        ..Setting::default()
    }
}

/// A caller who stays until told otherwise.
fn patient(world: &World) -> CallSpec {
    world.host.inbound(NUMBER).step(When::At(60_000), What::HangUp)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_beyond_the_limit_hears_the_busy_line_until_there_is_room() {
    let world = World::start_with(setting(), |spec| spec.max_calls = 2).await;
    let live = [world.carrier.place_call(patient(&world)), world.carrier.place_call(patient(&world))];
    for call in &live {
        logged(&world.api, call.sid(), "media-started").await;
    }
    let burst: Vec<_> = (0..10).map(|_| world.carrier.place_call(patient(&world))).collect();
    for call in burst {
        let record = call.finished().await;
        assert_eq!((record.outcome, record.said), (Outcome::HostHungUp, vec![BUSY.to_owned()]));
    }
    let metrics = world.host.metrics().await.unwrap();
    assert!(metrics.contains("trunkline_calls_refused_total{reason=\"host\"} 10"), "{metrics}");
    assert!(metrics.contains("trunkline_calls_live 2"), "{metrics}");
    assert_eq!(world.api.calls().await.unwrap().len(), 2);

    let [first, second] = live;
    first.hang_up();
    assert!(first.finished().await.succeeded());
    until(|| async { world.host.metrics().await.unwrap().contains("trunkline_calls_live 1").then_some(()) }).await;
    let record = world.carrier.place_call(caller(&world, &["When do you open?"])).finished().await;
    assert_undisturbed(&record);
    second.hang_up();
    assert!(second.finished().await.succeeded());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_told_to_stop_lets_live_calls_end_and_takes_no_others() {
    let mut world = World::start_with(setting(), |spec| spec.drain_s = 60).await;
    let hand = Hand::of(&world.host);
    let call = caller(&world, &["When do you open?", "When do you open?"]);
    let other = patient(&world);
    let live = world.carrier.place_call(call);
    logged(&world.api, live.sid(), "media-started").await;
    let carrier = world.carrier.clone();
    let (status, record) = tokio::join!(world.host.terminate(), async {
        let ready = || Answer::of(hand.http.get(format!("{}/readyz", hand.origin)));
        until(|| async { (ready().await.status == 503).then_some(()) }).await;
        ready().await.problem(503);
        let refused = carrier.place_call(other).finished().await;
        assert_eq!((refused.outcome, refused.said), (Outcome::HostHungUp, vec![BUSY.to_owned()]));
        live.finished().await
    });
    assert_undisturbed(&record);
    assert_eq!(record.turns().len(), 2);
    assert!(status.unwrap().success(), "{}", world.host.output());

    world.host.relaunch().unwrap();
    world.host.wait_until_ready().await.unwrap();
    let call = world.api.call_of(&record.call_sid).await.unwrap().unwrap();
    assert_eq!((&call["state"], &call["end_reason"]), (&"ended".into(), &"caller-hangup".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_outlives_the_drain_is_ended() {
    let mut world = World::start_with(setting(), |spec| spec.drain_s = 1).await;
    let live = world.carrier.place_call(patient(&world));
    logged(&world.api, live.sid(), "media-started").await;
    let (status, record) = tokio::join!(world.host.terminate(), live.finished());
    assert!(status.unwrap().success(), "{}", world.host.output());
    world.host.relaunch().unwrap();
    world.host.wait_until_ready().await.unwrap();
    let call = world.api.call_of(&record.call_sid).await.unwrap().unwrap();
    assert_eq!((&call["state"], &call["end_reason"]), (&"ended".into(), &"drained".into()));
}

/// Runs `trunkline serve` with a configuration, to its end.
async fn serve(folder: &std::path::Path, config: &str) -> Output {
    let path = folder.join("second.toml");
    std::fs::write(&path, config).unwrap();
    let mut command = Command::new(program("trunkline", "TRUNKLINE_BIN").unwrap());
    command.arg("serve").arg("--config").arg(path).current_dir(folder).kill_on_drop(true);
    command.output().await.unwrap()
}

/// The one sentence that it ends with.
fn sentence(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_host_says_in_one_sentence_what_is_in_its_way() {
    let world = World::start(Setting::default()).await;
    let (deepgram, openai, elevenlabs) = (world.deepgram.url(), world.openai.url(), world.elevenlabs.url());
    let (folder, spec) = (world.host.folder(), HostSpec::new(Providers { deepgram, openai, elevenlabs }));
    let same_data = serve(folder, &spec.to_toml(1, &folder.join("data")).unwrap()).await;
    let said = sentence(&same_data);
    println!("{said}");
    assert!(said.contains("data"), "{said}");

    let same_port = serve(folder, &spec.to_toml(world.host.port(), &folder.join("data-2")).unwrap()).await;
    let said = sentence(&same_port);
    assert!(said.contains(&world.host.port().to_string()) && said.contains("--listen"), "{said}");
    super::assert_ready(&world).await;
}
