//! A live call gets another agent.

use crate::by_hand::until;
use crate::web_calls::{flite, setting, ticket};
use crate::world::{World, contract, event_names, of_kind};
use reqwest::Method;
use serde_json::{Value, json};
use trunkline_tests::web_line::{Seen, WebLine};

async fn support(world: &World) -> String {
    let mut document = contract();
    document["name"] = json!("Support");
    document["prompt"]["greeting"] = json!("Support of {{ company }} here.");
    document["prompt"]["instructions"] = json!("You repair printers for {{ company }}.");
    document["tts"]["voice"] = json!("v2");
    world.api.create_agent(&document).await.unwrap()
}

async fn switch(world: &World, call: &str, agent: &Value) -> (u16, Value) {
    let body = json!({"agent_id": agent});
    world.api.request(Method::POST, &format!("/calls/{call}/agent"), Some(&body)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_call_goes_on_with_another_agent_its_voice_and_its_instructions() {
    let world = World::start(setting()).await;
    let ticket = ticket(&world).await;
    let call = ticket["call"].as_str().unwrap();
    let mut line = WebLine::open(world.host.port(), &ticket).await.unwrap();
    let greeted = line.until_spoken(&Seen::default()).await.unwrap();
    let support = support(&world).await;
    let (status, answer) = switch(&world, call, &json!(support)).await;
    assert_eq!((status, &answer["agent_id"], &answer["agent_version"]), (200, &json!(support), &json!(1)));
    let presented = line.until_spoken(&greeted).await.unwrap();
    line.say(&flite("When do you open?"));
    line.until_spoken(&presented).await.unwrap();

    let rows = world.api.events(call).await.unwrap();
    assert_eq!(of_kind(&rows, "agent")[0]["agent_id"], json!(support));
    assert_eq!(event_names(&rows).iter().filter(|name| *name == "started").count(), 2);
    let lines = world.api.transcript(call).await.unwrap();
    assert!(lines.iter().any(|line| line["text"] == "Support of Acme here."), "{lines:?}");
    let (_, stored) = world.api.request(Method::GET, &format!("/calls/{call}"), None).await.unwrap();
    assert_eq!(stored["agent_id"], json!(support));
    let asked = world.openai.control.records();
    assert!(asked.last().unwrap().body.to_string().contains("You repair printers for Acme."));
    assert_eq!(world.elevenlabs.control.records().last().unwrap().voice, "v2");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_cannot_take_a_call_over_leaves_it_as_it_is() {
    let world = World::start(setting()).await;
    let ticket = ticket(&world).await;
    let call = ticket["call"].as_str().unwrap();
    let mut line = WebLine::open(world.host.port(), &ticket).await.unwrap();
    let greeted = line.until_spoken(&Seen::default()).await.unwrap();
    let mut writer = contract();
    (writer["name"], writer["type"]) = (json!("Writer"), json!("conversational"));
    writer.as_object_mut().unwrap().retain(|key, _| key != "stt" && key != "tts");
    let writer = world.api.create_agent(&writer).await.unwrap();
    let (status, problem) = switch(&world, call, &json!(writer)).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("no speech"), "{problem}");
    let (status, _) = switch(&world, call, &json!("01890000-0000-7000-8000-000000000000")).await;
    assert_eq!(status, 404);
    let (status, _) = switch(&world, call, &json!("nobody")).await;
    assert_eq!(status, 422);
    let (status, _) = switch(&world, "01890000-0000-7000-8000-000000000000", &json!(world.agent)).await;
    assert_eq!(status, 404);
    line.say(&flite("When do you open?"));
    line.until_spoken(&greeted).await.unwrap();
    assert!(of_kind(&world.api.events(call).await.unwrap(), "agent").is_empty());

    world.api.request(Method::POST, &format!("/calls/{call}/hangup"), None).await.unwrap();
    until(|| async {
        let (status, problem) = switch(&world, call, &json!(world.agent)).await;
        (status == 409 && problem["type"] == "urn:trunkline:problem:ended").then_some(())
    })
    .await;
}
